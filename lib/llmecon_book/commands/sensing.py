"""What moves a number most: ``llmecon sensitivity``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmecon.cli.output import Answer, Column, Table, command
from llmecon_book.commands.rerunning import Book, Cluster, Fresh, Output, mark_folder, run_all

if TYPE_CHECKING:
    from llmecon_book.run.execution import Result


def register(app: typer.Typer) -> None:
    """Add ``sensitivity`` to the command line."""
    command(
        app,
        "llmecon sensitivity reversal --of gpt4_at_ten",
        "llmecon sensitivity mechanism --of 'top speed of the larger model' --over chips=4,8,16",
    )(sensitivity)


def sensitivity(
    chapter: Annotated[str, typer.Argument(help="A chapter.")],
    of: Annotated[str, typer.Option(help="Number of the chapter, by key or by name.")],
    over: Annotated[
        list[str] | None,
        typer.Option(help="PARAMETER=VALUE,VALUE,... in place of its range; may be repeated."),
    ] = None,
    output: Output = None,
    cluster: Cluster = None,
    fresh: Fresh = False,
    book: Book = None,
) -> Answer:
    """Move each parameter of a chapter over its range, one at a time, and see what moves a number.

    A parameter goes to the ends of its declared range; where it has none, or the chapter refuses
    an end, an amount is halved or doubled, and a share between 0 and 1 goes half of the way to
    either end. A switch is turned. Names, days and lists stay unless --over gives them values.
    """
    from llmecon_book.charts import rerun as charts
    from llmecon_book.charts import theme
    from llmecon_book.commands.outcomes import keep
    from llmecon_book.run import numbers
    from llmecon_book.run import scenario as scenarios
    from llmecon_book.run import sensitivity as sensitivities
    from llmecon_book.run.digest import of_text, surroundings
    from llmecon_book.run.parameters import demand_known
    from llmecon_book.run.sweep import parse_axis
    from llmecon_book.site import report

    home = scenarios.find_book(book or Path.cwd())
    known = scenarios.known_parameters(home)
    demand_known("chapter", chapter, known)
    stored = numbers.key_numbers((home / "notebooks" / f"{chapter}.ipynb").read_text("utf-8"))
    key = numbers.find(chapter, of, stored)
    given = [parse_axis(t if f"{chapter}." in t else f"{chapter}.{t}", known) for t in over or []]
    tried, stay = sensitivities.axes(known[chapter], given)
    around = surroundings(home)
    name = f"sensitivity-{chapter}-{key}-{of_text(around, str(tried))[:8]}"
    folder = output or home / "_build" / "rerun" / name
    mark_folder(folder, name)
    none = scenarios.Scenario(name="sensitivity", parameters={})

    def run(points: list[tuple[str, Any]]) -> list[tuple[str, Any, Result]]:
        tasks = [
            task
            for label, value in points
            for task in scenarios.tasks(
                scenarios.with_values(none, {label: value}, name), home, folder, around
            )
        ]
        results = run_all(tasks, fresh, cluster) if tasks else []
        return [(*point, result) for point, result in zip(points, results, strict=True)]

    tries = run([(label, value) for label, values in tried for value in values])
    by_hand = dict(given)
    tries += run(
        [
            (label, value)
            for label, refused, result in tries
            if not isinstance(result, str) and label not in by_hand
            for value in sensitivities.nearer(known[chapter][label.partition(".")[2]], refused)
        ]
    )
    found = [
        (label.partition(".")[2], value, numbers.key_numbers(result)[key])
        for label, value, result in tries
        if isinstance(result, str)
    ]
    failed = [
        f"not tried: {label}={value}, {result}"
        for label, value, result in tries
        if not isinstance(result, str)
    ]
    if not found:
        told = "; ".join(failed) or f"{chapter} has no parameter with a range: use --over"
        raise ValueError(told)
    frame = sensitivities.table(found, stored[key])
    idle = frame[frame.swing == 0].parameter.unique()
    moving = frame[frame.swing > 0]
    called = numbers.named(chapter, key)
    if moving.empty:
        raise ValueError(f"no parameter moves the {called.name}; tried: {', '.join(idle)}")
    theme.enable()
    chart = charts.tornado(moving, *called, stored[key]).to_dict()
    unit = "" if called.unit == "1" else f" {called.unit}"
    notes = [f"The book: {numbers.shown(stored[key])}{unit}. {sensitivities.RULE}"]
    notes += [f"Moved nothing: {', '.join(idle)}."] if len(idle) else []
    names = [label.partition(".")[2] for label in stay]
    notes += [f"Left as they are: {', '.join(names)}."] if names else []
    heads = {"parameter": "Parameter", "value": "Value", "number": called.name, "change": "Change"}
    page = report.page(
        f"What moves the {called.name} most",
        report.chart(chart),
        report.part("Numbers", report.table(frame, heads), report.lines([*notes, *failed])),
    )
    most = float(frame.change.abs().max())
    columns = [
        Column("parameter", "parameter"),
        Column("value", "value", numbers.shown),
        Column("number", called.name, numbers.shown),
        Column("bar", f"from {numbers.shown(stored[key])}"),
    ]
    shown = moving.assign(bar=[sensitivities.bar(change, most) for change in moving.change])
    notes += keep(folder, name, frame, page)
    content = {
        "chapter": chapter,
        "key": key,
        **called._asdict(),
        "book": stored[key],
        "rows": frame,
    }
    title = f"What moves the {called.name} most{f' [{called.unit}]' if unit else ''}"
    return Answer([Table(shown, columns, title, notes)], content, csv=frame, warnings=failed)
