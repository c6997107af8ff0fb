"""What a run found, for people and for programs: tables on the terminal, a page, a CSV file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from llmecon.cli.output import Answer, Column, Table, whole_file, write

if TYPE_CHECKING:
    from llmecon_book.run.execution import Result, Task
    from llmecon_book.run.parameters import Parameter
    from llmecon_book.run.scenario import Scenario
    from llmecon_book.run.sweep import Axis

MOST_ROWS = 15  # on the terminal, and before the fold of a page
_MOST_DRAWN = 4  # numbers of a sweep that are drawn unasked


@dataclass(frozen=True)
class Made:
    """A run that ended.

    Attributes
    ----------
    plan : Scenario
        What was asked for.
    known : mapping
        Declared parameters by chapter.
    name, folder : str, pathlib.Path
        What the run is called, and where its results go.
    runs, results : sequence
        Point and task of each run, and its executed notebook or why there is none.
    """

    plan: Scenario
    known: Mapping[str, Mapping[str, Parameter]]
    name: str
    folder: Path
    runs: Sequence[tuple[dict[str, Any], Task]]
    results: Sequence[Result]

    @property
    def done(self) -> list[tuple[dict[str, Any], Task, str]]:
        """Point, task and executed notebook of each run that went well."""
        pairs = zip(self.runs, self.results, strict=True)
        return [(*run, result) for run, result in pairs if isinstance(result, str)]

    @property
    def failed(self) -> list[str]:
        """Point and reason of each run that did not."""
        pairs = zip(self.runs, self.results, strict=True)
        return [
            ", ".join([*(f"{n}={v}" for n, v in point.items()), str(result)])
            for (point, _), result in pairs
            if not isinstance(result, str)
        ]

    @cached_property
    def settings(self) -> pd.DataFrame:
        """What was set: ``parameter``, ``book``, ``here``, ``unit``, ``help``."""
        rows = [
            (p.label, p.default, value, p.unit, p.help)
            for chapter, values in self.plan.parameters.items()
            for p, value in ((self.known[chapter][name], value) for name, value in values.items())
        ]
        columns = ["parameter", "book", "here", "unit", "help"]
        return pd.DataFrame(rows, columns=columns).astype({"book": object, "here": object})

    @property
    def title(self) -> str:
        """The run in words."""
        rows = zip(self.settings.parameter, self.settings.here, strict=True)
        said = ", ".join(f"{label} = {value}" for label, value in rows)
        return self.plan.description or said or self.plan.name


def compared(made: Made, moved: Sequence[str], front: Path | None, all_: bool) -> Answer:
    """The book before and after.

    Parameters
    ----------
    made : Made
        The run.
    moved : sequence of str
        What each row of own data moved.
    front : pathlib.Path, optional
        First page of the book's site with these numbers, if it was built.
    all_ : bool
        Show every key number.
    """
    from llmecon_book.run import numbers
    from llmecon_book.run import scenario as scenarios
    from llmecon_book.run.export import write_copy
    from llmecon_book.site.report import Comparison

    plan, sources = made.plan, made.runs[0][1].source.parent.glob("*.ipynb")
    runs = [(task.chapter, task.text, text) for _, task, text in made.done]
    frame = numbers.changes(runs)
    pages = {path.stem: path.read_text("utf-8") for path in sources}
    page = Comparison(made.title, made.settings, frame, runs, pages, moved).html(MOST_ROWS)
    table = shown_changes(frame, ("book", "here"), made.title, all_)
    for chapter, _, text in runs:
        write_copy(text, made.folder / f"{chapter}.ipynb")
    notes = [*table.notes, *moved, *keep(made.folder, made.name, frame, page)]
    notes += [f"The whole book: {front}"] if front else []
    content = {"name": plan.name, "parameters": plan.parameters, "rows": frame, "notes": notes}
    return Answer(
        [replace(table, notes=notes)],
        content,
        csv=frame,
        warnings=[*scenarios.idle(plan, made.known), *_still(plan, frame, bool(moved))],
    )


def _still(plan: Scenario, frame: pd.DataFrame, own: bool) -> list[str]:
    """What was given and moved nothing, as the run showed."""
    ran, moving = set(frame.chapter), set(frame.chapter[frame.changed])
    still = [
        f"{', '.join(f'{chapter}.{name}' for name in values)} moved no key number of {chapter}"
        for chapter, values in plan.parameters.items()
        if values and chapter in ran - moving
    ]
    if own and not moving:
        still.append(
            "no own row moved a key number; a chapter takes a chip, a model or a law by its name: "
            "see llmecon parameters"
        )
    return still


def swept(made: Made, axes: Sequence[Axis], of: str | None) -> Answer:
    """Key numbers over the points of a sweep: a table, and lines or a heat map."""
    from llmecon_book.run import numbers
    from llmecon_book.site import report

    names = [name for name, _ in axes]
    frame = numbers.sweep_table(made.done)
    wide = numbers.side_by_side(frame, names)
    texts = {task.chapter: text for _, task, text in reversed(made.done)}
    drawn = _asked_for(of, texts) if of else _most_important(wide, texts)
    title = f"Key numbers over {', '.join(names)}"
    points = [name for name in wide.columns if name not in ("chapter", "key", "name", "unit")]
    heads = {"chapter": "Chapter", "name": "What", **{p: p for p in points}, "unit": "Unit"}
    charts = [report.chart(spec) for spec in _drawings(frame, names, drawn, made.known)]
    missing = [f"not in the table: {line}" for line in made.failed]
    still = [f"{' and '.join(names)} moved no key number"] if wide.empty and not missing else []
    page = report.page(
        title,
        report.part("Points that failed", report.lines(missing)),
        report.part("How the numbers go", *charts),
        report.part("Numbers that differ between the points", report.table(wide, heads)),
    )
    notes = keep(made.folder, made.name, frame, page)
    columns = [Column(name, name, numbers.shown) for name in ("chapter", "name", *points, "unit")]
    plan = made.plan
    content = {"name": plan.name, "parameters": plan.parameters, "rows": frame, "notes": notes}
    tables = [_at_points(frame, names, number) for number in drawn] if of else []
    *others, last = tables or [Table(wide, columns, title)]
    shown = [*others, replace(last, notes=notes)]
    return Answer(shown, content, csv=frame, warnings=[*missing, *still])


def _at_points(frame: pd.DataFrame, swept: Sequence[str], number: tuple[str, str]) -> Table:
    """One number over a sweep, a row a point."""
    from llmecon_book.run import numbers

    rows = frame[(frame.chapter == number[0]) & (frame.key == number[1])]
    told = numbers.named(*number)
    unit = f" [{told.unit}]" if told.unit not in ("", "1") else ""
    columns = [Column(name, name, numbers.shown) for name in swept]
    columns.append(Column("value", told.name, numbers.shown))
    return Table(rows, columns, f"{number[0]}: {told.name}{unit}")


def _asked_for(of: str, texts: Mapping[str, str]) -> list[tuple[str, str]]:
    """Chapter and key of a number, in each of the chapters that has it."""
    from llmecon_book.run import numbers

    found, reasons = [], []
    for chapter, text in texts.items():
        try:
            found.append((chapter, numbers.find(chapter, of, numbers.key_numbers(text))))
        except LookupError as error:
            reasons.append(error)
    if not found:
        raise reasons[0]
    return found


def _most_important(wide: pd.DataFrame, texts: Mapping[str, str]) -> list[tuple[str, str]]:
    """Chapter and key of the numbers that a sweep moves in answers and takeaways, then others."""
    from llmecon_book.run import numbers

    where = {chapter: numbers.places(text) for chapter, text in texts.items()}
    points = wide.drop(columns=["chapter", "key", "name", "unit"])
    numeric = wide[points.map(numbers.is_number).all(axis=1)]
    rank = [
        numbers.PLACES.index(where[chapter].get(key, "text"))
        for chapter, key in zip(numeric.chapter, numeric.key, strict=True)
    ]
    first = numeric.assign(rank=rank).sort_values("rank", kind="stable").head(_MOST_DRAWN)
    return list(zip(first.chapter, first.key, strict=True))


def _drawings(
    frame: pd.DataFrame,
    swept: Sequence[str],
    drawn: list[tuple[str, str]],
    known: Mapping[str, Mapping[str, Parameter]],
) -> Iterator[dict[str, Any]]:
    """Charts of some numbers over one or two parameters; of more there is no picture."""
    from llmecon_book.charts import rerun as charts
    from llmecon_book.charts import theme
    from llmecon_book.run import numbers

    theme.enable()
    for chapter, key in drawn:
        rows = frame[(frame.chapter == chapter) & (frame.key == key)]
        rows = rows.assign(number=rows.value.astype(float))
        told = numbers.named(chapter, key)
        if len(swept) == 1:
            home, _, name = swept[0].partition(".")
            unit = known[home][name].unit or "1"
            data = rows.assign(at=rows[swept[0]].infer_objects())
            yield charts.over_one(data, swept[0], unit, *told).to_dict()
        elif len(swept) == 2:
            data = rows.assign(across=rows[swept[0]].astype(str), up=rows[swept[1]].astype(str))
            yield charts.over_two(data, (swept[0], swept[1]), *told).to_dict()


def shown_changes(frame: pd.DataFrame, headers: tuple[str, str], title: str, all_: bool) -> Table:
    """Key numbers before and after for the terminal, most important first."""
    from llmecon_book.run import numbers

    changed = frame[frame.changed]
    rows = frame if all_ else changed.head(MOST_ROWS)
    hidden = len(changed) - len(rows)
    others = f"{hidden} others that do are" if hidden > 1 else "other that does is"
    more = f"; the {others} shown with --all" if hidden > 0 else ""
    flips = int((changed.place == "verdict").sum())
    notes = [f"{len(changed)} of {len(frame)} key numbers change{more}."]
    notes += (
        [f"Of them {flips} {'is a verdict' if flips == 1 else 'are verdicts'}."] if flips else []
    )
    columns = [
        Column("chapter", "chapter"),
        Column("name", "key number"),
        Column("before", headers[0], numbers.shown),
        Column("after", headers[1], numbers.shown),
        Column("ratio", "times", ".3g"),
        Column("unit", "unit", lambda unit: "" if unit == "1" else unit),
    ]
    return Table(frame=rows, columns=columns, title=title, notes=notes)


def in_words(changed: pd.DataFrame) -> str:
    """Key numbers that changed, as a sentence without its beginning."""
    from llmecon_book.run.numbers import shown

    told = [
        f"{row.chapter}, {row['name']} {shown(row.before)} to {shown(row.after)}"
        for _, row in changed.head(3).iterrows()
    ]
    if not told:
        return "moves no key number of the chapters that ran"
    return f"moves {len(changed)} key numbers, first of all {'; '.join(told)}"


def keep(folder: Path, name: str, frame: pd.DataFrame, page: str) -> list[str]:
    """Write the results of a run for programs and for people; says where they are."""
    write(folder / "run.json", {"run": name})
    with whole_file(folder / "results.csv") as beside:
        frame.to_csv(beside, index=False, lineterminator="\n")
    with whole_file(folder / "index.html") as beside:
        beside.write_text(page, encoding="utf-8")
    return [f"To read: {folder / 'index.html'}", f"All numbers: {folder / 'results.csv'}"]
