"""The chapters with other numbers: parameters, scenarios, sweeps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llmecon.cli.output import Answer, Column, Table, command, progress, refuse_unwritable, write

if TYPE_CHECKING:
    from llmecon_book.run.execution import Result, Task
    from llmecon_book.run.parameters import Parameter
    from llmecon_book.run.scenario import Scenario

Book = Annotated[
    Path | None, typer.Option(help="Folder of the book; found upwards from here if not given.")
]
_File = Annotated[
    Path | None, typer.Argument(help="Scenario file (YAML or JSON).", show_default=False)
]
_Output = Annotated[
    Path | None,
    typer.Option(help="Folder for executed chapters; _build/rerun/NAME-... if not given."),
]
_Only = Annotated[list[str] | None, typer.Option(help="Only this chapter; may be repeated.")]
_Set = Annotated[
    list[str] | None, typer.Option("--set", help="CHAPTER.PARAMETER=VALUE; may be repeated.")
]
_Sweep = Annotated[
    list[str] | None, typer.Option(help="CHAPTER.PARAMETER=VALUE,VALUE,...; repeated, a grid.")
]
_Cluster = Annotated[
    str | None, typer.Option(help="Address of a Dask scheduler that does the work.")
]
_Fresh = Annotated[bool, typer.Option("--fresh", help="Run finished chapters again.")]
_All = Annotated[bool, typer.Option("--all", help="Show the key numbers that stay as well.")]

_ADDRESS = "tcp://HOST:8786"


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    command(app, "llmecon parameters", "llmecon parameters reversal")(parameters)
    command(
        app,
        "llmecon rerun scenarios/cheap-h200.yml",
        "llmecon rerun --set reversal.usd_per_gpu_hour=1.0",
        "llmecon rerun --sweep reversal.usd_per_gpu_hour=1,2,3 --csv > sweep.csv",
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
    output: _Output = None,
    chapter: _Only = None,
    set_: _Set = None,
    sweep: _Sweep = None,
    cluster: _Cluster = None,
    fresh: _Fresh = False,
    all_: _All = False,
    book: Book = None,
) -> Answer:
    """Run chapters with other numbers and show which key numbers of the book change.

    Everything is checked before anything starts. Finished chapters are not run again while
    chapter, numbers, library and data are the same, so an interrupted run goes on where it was.
    """
    from llmecon_book.run import numbers
    from llmecon_book.run import scenario as scenarios
    from llmecon_book.run.digest import of_text, surroundings
    from llmecon_book.run.sweep import parse_axis, points

    home = scenarios.find_book(*([book] if book else [scenario or Path.cwd(), Path.cwd()]))
    known = scenarios.known_parameters(home)
    plan = _plan(scenarios.load(scenario) if scenario else None, set_ or [], bool(sweep), known)
    axes = [parse_axis(text, known) for text in sweep or []]
    around = surroundings(home)
    asked = json.dumps([plan.parameters, axes, chapter])  # two at once must not share a folder
    own = f"{plan.name}-{of_text(around, asked)[:8]}"
    folder = output or home / "_build" / "rerun" / own
    refuse_unwritable(folder / "results.json")
    runs = [
        (point, task)
        for point in points(axes)  # without axes: one point that sets nothing
        for task in scenarios.tasks(
            scenarios.with_values(plan, point, plan.name), home, folder, around, chapter
        )
    ]
    results = _run([task for _, task in runs], fresh, cluster)
    done, failed = [], []
    for (point, task), result in zip(runs, results, strict=True):
        if isinstance(result, str):
            done.append((point, task, result))
        else:
            failed.append(", ".join([*(f"{n}={v}" for n, v in point.items()), str(result)]))
    if failed and not (axes and done):
        raise ValueError("; ".join(dict.fromkeys(failed)))
    notes = [f"Executed chapters and all numbers: {folder}"]
    if axes:
        swept, headers = [name for name, _ in axes], {}
        frame = numbers.sweep_table(done)
        table = numbers.side_by_side(frame, swept)
        title = f"Key numbers that change over {', '.join(swept)}"
    else:
        frame = numbers.changes((task, text) for _, task, text in done)
        table, title = frame if all_ else frame[frame.changed], plan.description or plan.name
        headers = {"key": "key number", "before": "book", "after": plan.name, "ratio": "times"}
        kept = len(frame) - int(frame.changed.sum())
        hidden = "" if all_ or not kept else f"; the {kept} that stay are shown with --all"
        notes.insert(0, f"{len(frame) - kept} of {len(frame)} key numbers change{hidden}.")
    write(folder / "results.json", plan.model_dump() | {"rows": frame})
    shown = [name for name in table.columns if name != "changed"]
    columns = [Column(name, headers.get(name, name), numbers.shown) for name in shown]
    content = {"name": plan.name, "parameters": plan.parameters, "rows": frame, "notes": notes}
    warnings = [f"not in the table: {line}" for line in failed]
    tables = [Table(frame=table, columns=columns, title=title, notes=notes)]
    return Answer(tables, content, csv=frame, warnings=warnings)


def _plan(
    given: Scenario | None, settings: list[str], sweep: bool, known: dict[str, dict[str, Parameter]]
) -> Scenario:
    """The scenario, with what the command line adds to it."""
    from llmecon_book.run.scenario import Scenario, with_values
    from llmecon_book.run.sweep import parse_axis, points

    if given is None and not settings and not sweep:
        raise ValueError("give a scenario file, --set or --sweep")
    axes = [parse_axis(text, known) for text in settings]
    for text, (_, values) in zip(settings, axes, strict=True):
        if len(values) != 1:
            raise ValueError(f"--set takes one value, got {text!r}; use --sweep for several")
    (point,), suffix = points(axes), "sweep" if sweep else "set"
    if given is None:
        return with_values(Scenario(name=suffix, parameters={}), point, suffix)
    return with_values(given, point, f"{given.name}-{suffix}" if settings or sweep else given.name)


def _run(tasks: list[Task], fresh: bool, cluster: str | None) -> list[Result]:
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
