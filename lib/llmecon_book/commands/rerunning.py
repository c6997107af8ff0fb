"""The chapters with other numbers: parameters, scenarios, sweeps, own data."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llmecon.cli.output import Answer, Column, Table, command, progress, refuse_unwritable

if TYPE_CHECKING:
    from llmecon_book.run.execution import Result, Task
    from llmecon_book.run.overlay import OwnRow
    from llmecon_book.run.parameters import Parameter
    from llmecon_book.run.scenario import Scenario
    from llmecon_book.run.sweep import Axis

Book = Annotated[
    Path | None, typer.Option(help="Folder of the book; found upwards from here if not given.")
]
Output = Annotated[
    Path | None, typer.Option(help="Folder for the results; _build/rerun/NAME-... if not given.")
]
Cluster = Annotated[
    str | None, typer.Option(help="Address of a Dask scheduler that does the work.")
]
Fresh = Annotated[bool, typer.Option("--fresh", help="Run finished chapters again.")]
All = Annotated[bool, typer.Option("--all", help="Show every key number.")]
_File = Annotated[
    Path | None, typer.Argument(help="Scenario file (YAML or JSON).", show_default=False)
]
_Only = Annotated[list[str] | None, typer.Option(help="Only this chapter; may be repeated.")]
_Set = Annotated[
    list[str] | None, typer.Option("--set", help="CHAPTER.PARAMETER=VALUE; may be repeated.")
]
_Sweep = Annotated[
    list[str] | None,
    typer.Option(help="CHAPTER.PARAMETER=VALUE,VALUE,... or START:STOP:N; repeated, a grid."),
]
_Of = Annotated[str | None, typer.Option(help="Number that a sweep draws, by key or by name.")]
_Data = Annotated[
    Path | None, typer.Option(help="Own rows: a folder, a table, an accelerator or a model.")
]
_Replace = Annotated[
    bool, typer.Option("--replace", help="An own row takes the place of the book's row.")
]
_Site = Annotated[bool, typer.Option("--site", help="Build the whole book with these numbers.")]

_ADDRESS = "tcp://HOST:8786"
_MOST_APART = 5  # own rows that are run one by one


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    command(app, "llmecon parameters", "llmecon parameters reversal")(parameters)
    command(
        app,
        "llmecon rerun scenarios/cheap-h200.yml",
        "llmecon rerun --set reversal.usd_per_gpu_hour=1.0 --site",
        "llmecon rerun --sweep reversal.usd_per_gpu_hour=1:4:7 --of gpt4_at_ten",
        "llmecon rerun --data scenarios/own --set 'mechanism.chip=Acme 1'",
        f"llmecon rerun --sweep reversal.usd_per_gpu_hour=1,2,3 --cluster {_ADDRESS}",
    )(rerun)


def parameters(
    chapter: Annotated[str, typer.Argument(help="A chapter; all if left out.")] = "",
    book: Book = None,
) -> Answer:
    """List what the chapters let you change: names, types, units, defaults."""
    from llmecon_book.run.parameters import demand_known
    from llmecon_book.run.scenario import find_book, known_parameters

    known = known_parameters(find_book(book or Path.cwd()))
    if chapter:
        demand_known("chapter", chapter, known)
    columns = ["chapter", "parameter", "type", "default", "unit", "help"]
    rows = [
        (p.chapter, p.name, p.type, json.dumps(p.default, ensure_ascii=False), p.unit, p.help)
        for name in ([chapter] if chapter else known)
        for p in known[name].values()
    ]
    return Answer([Table.of(rows, [Column(name, name) for name in columns])])


def rerun(
    scenario: _File = None,
    output: Output = None,
    chapter: _Only = None,
    set_: _Set = None,
    sweep: _Sweep = None,
    of: _Of = None,
    data: _Data = None,
    replace: _Replace = False,
    site: _Site = False,
    cluster: Cluster = None,
    fresh: Fresh = False,
    all_: All = False,
    book: Book = None,
) -> Answer:
    """Run chapters with other numbers and show what that moves in the book.

    Everything is checked before anything starts. Finished chapters are not run again while
    chapter, numbers, library and data are the same, so an interrupted run goes on where it was.
    The folder that is named at the end holds a page to read, index.html, and results.csv.
    """
    from llmecon_book.commands import outcomes
    from llmecon_book.run import overlay, whole_book
    from llmecon_book.run import scenario as scenarios
    from llmecon_book.run.digest import of_text
    from llmecon_book.run.sweep import parse_axis, points

    if site and sweep:
        raise ValueError("--site builds one book: it goes without --sweep")
    if data and cluster:
        raise ValueError(
            "--data reaches the kernels of this machine only: it goes without --cluster"
        )
    home = scenarios.find_book(*([book] if book else [scenario or Path.cwd(), Path.cwd()]))
    known = scenarios.known_parameters(home)
    own = overlay.read(data) if data else []
    clashes = overlay.contradictions(own)
    if clashes and not replace:
        raise ValueError(f"{'; '.join(clashes)}; --replace lets yours take its place")
    with tables(home, own) as around:
        given = scenarios.load(scenario) if scenario else None
        axes = [parse_axis(text, known) for text in sweep or []]
        plan = _plan(given, set_ or [], axes, data, known)
        asked = json.dumps([plan.parameters, axes, chapter])
        name = f"{plan.name}-{of_text(around, asked)[:8]}"
        folder = output or home / "_build" / "rerun" / name
        mark_folder(folder, name)
        runs = [
            (point, task)
            for point in points(axes)  # without axes: one point that sets nothing
            for task in scenarios.tasks(
                scenarios.with_values(plan, point, plan.name), home, folder, around, chapter
            )
        ]
        made = outcomes.Made(
            plan, known, name, folder, runs, run_all([t for _, t in runs], fresh, cluster)
        )
        if made.failed and not (axes and made.done):
            raise ValueError("; ".join(dict.fromkeys(made.failed)))
        texts = {task.chapter: text for _, task, text in made.done}
        front = (
            whole_book.build(home, folder / "site", plan.name, made.title, texts) if site else None
        )
    if axes:
        return outcomes.swept(made, axes, of)
    moved = _moved(plan, own, home, folder, chapter, fresh)
    return outcomes.compared(made, moved, front, all_)


@contextmanager
def tables(home: Path, own: Sequence[OwnRow]) -> Iterator[str]:
    """The tables that a run sees, own rows among them; gives their digest and the library's."""
    from llmecon_book.run import overlay
    from llmecon_book.run.digest import library_digest, surroundings

    around = surroundings(home)
    if not own:
        yield around
        return
    temporary = tempfile.TemporaryDirectory(prefix="llmecon-data-")
    with temporary as folder, overlay.laid(own, Path(folder) / "data"):
        yield library_digest()


def mark_folder(folder: Path, name: str) -> None:
    """Take a folder for a run, unless it holds another one.

    Raises
    ------
    ValueError
        If it does.
    OSError
        If no file can be made there.
    """
    mark = folder / "run.json"
    refuse_unwritable(mark)
    if mark.exists() and json.loads(mark.read_text("utf-8")) != {"run": name}:
        raise ValueError(f"{folder}: holds another run; choose another folder")
    if not mark.exists() and (folder / "results.csv").exists():
        raise ValueError(f"{folder}: holds results of something else; choose another folder")


def _plan(
    given: Scenario | None,
    settings: list[str],
    axes: Sequence[Axis],
    data: Path | None,
    known: dict[str, dict[str, Parameter]],
) -> Scenario:
    """The scenario, with what the command line adds to it, under a name of what is changed."""
    from llmecon_book.run import scenario as scenarios
    from llmecon_book.run.sweep import parse_axis, points

    if given is None and not settings and not axes and not data:
        raise ValueError("give a scenario file, --set, --sweep or --data")
    single = [parse_axis(text, known) for text in settings]
    for text, (_, values) in zip(settings, single, strict=True):
        if len(values) != 1:
            raise ValueError(f"--set takes one value, got {text!r}; use --sweep for several")
    (point,) = points(single)
    names = [given.name] if given else []
    names += [scenarios.called(point)] if point else []
    names += ["over-" + "-".join(name.partition(".")[2] for name, _ in axes)] if axes else []
    names += [f"data-{scenarios.called({'.': data.stem})}"] if data else []
    base = given or scenarios.Scenario(name="set", parameters={})
    if not base.parameters and not point and not axes:
        base = base.model_copy(update={"parameters": {chapter: {} for chapter in known}})
    plan = scenarios.with_values(base, point, "-".join(names))
    scenarios.demand_names(plan, known)
    n_values = sum(map(len, plan.parameters.values()))
    same = scenarios.unchanged(plan, known)
    if n_values and len(same) == n_values and not axes and not data:
        raise ValueError(
            f"{plan.name} changes nothing: the book has these values of " + ", ".join(same)
        )
    return plan


def run_all(tasks: Sequence[Task], fresh: bool, cluster: str | None = None) -> list[Result]:
    """Run tasks behind a progress bar."""
    from llmecon_book.run.execution import run

    done = 0
    with progress("chapters", len({task.target for task in tasks})) as bar:

        def on_done(task: Task, result: Result, was_there: bool) -> None:
            nonlocal done
            done += 1
            bar(done, f"{task.chapter}: {'as before' if was_there else 'done'}")

        def on_stop() -> None:
            bar(done, "stopping: the chapters that run are finished and kept")

        return run(tasks, fresh=fresh, cluster=cluster, on_done=on_done, on_stop=on_stop)


def _moved(
    plan: Scenario,
    own: Sequence[OwnRow],
    home: Path,
    folder: Path,
    chapter: Sequence[str] | None,
    fresh: bool,
) -> list[str]:
    """What each own row moved, added after those before it, with the book's own parameters.

    A row that the run's parameters name does its work through them: in the comparison itself.
    """
    from llmecon_book.commands import outcomes
    from llmecon_book.run import numbers
    from llmecon_book.run import scenario as scenarios

    apart = len(own) <= _MOST_APART
    stages = [own[: at + 1] for at in range(len(own))] if apart else [own]
    bare = plan.model_copy(update={"parameters": {name: {} for name in plan.parameters}})
    before: list[str] | None = None
    said = []
    for rows in stages:
        with tables(home, rows) as around:
            tasks = scenarios.tasks(bare, home, folder, around, chapter)
            results = run_all(tasks, fresh)
        texts = [result for result in results if isinstance(result, str)]
        what = rows[-1].title if apart else f"all {len(own)} own rows together"
        if len(texts) < len(results):
            failed = next(result for result in results if not isinstance(result, str))
            said.append(f"{what}: {failed}")
            break
        earlier = before or [task.text for task in tasks]
        chapters = [task.chapter for task in tasks]
        frame = numbers.changes(zip(chapters, earlier, texts, strict=True))
        alone = outcomes.in_words(frame[frame.changed])
        named = [label for row in (rows[-1:] if apart else own) for label in _naming(plan, row)]
        through = f"is {', '.join(named)}: what that moves, the table shows; by itself it "
        said.append(f"{what}: {through if named else ''}{alone}")
        before = texts
    return said


def _naming(plan: Scenario, row: OwnRow) -> list[str]:
    """Parameters of a run that name an own row, as ``chapter.parameter``."""
    return [
        f"{chapter}.{name}"
        for chapter, values in plan.parameters.items()
        for name, value in values.items()
        if row.key[0] in (value if isinstance(value, list) else [value])
    ]
