"""The chapters with other numbers: parameters, scenarios, sweeps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmecon.cli.output import (
    AsCsv,
    AsJson,
    Column,
    emit,
    one_form,
    plain,
    progress,
    records,
    refuse_unwritable,
    write,
)

if TYPE_CHECKING:
    import pandas as pd

    from llmecon_book.run import Scenario, Task

Book = Annotated[
    Path | None, typer.Option(help="Folder of the book; found upwards from here if not given.")
]

_ADDRESS = "tcp://HOST:8786"


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command(epilog="llmecon parameters\n\nllmecon parameters reversal")(parameters)
    app.command(
        epilog="llmecon rerun scenarios/cheap-h200.yml\n\n"
        "llmecon rerun --set reversal.usd_per_gpu_hour=1.0\n\n"
        "llmecon rerun --sweep reversal.usd_per_gpu_hour=1,2,3 --csv > sweep.csv\n\n"
        f"llmecon rerun --sweep reversal.usd_per_gpu_hour=1,2,3 --cluster {_ADDRESS}"
    )(rerun)


def parameters(
    chapter: Annotated[str, typer.Argument(help="A chapter; all if left out.")] = "",
    book: Book = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """List what the chapters let you change: names, types, units, defaults."""
    import json

    import pandas as pd

    from llmecon.catalog import UnknownName
    from llmecon_book.run import find_book, known_parameters

    known = known_parameters(find_book(book or Path.cwd()))
    if chapter and chapter not in known:
        raise UnknownName("chapter", chapter, known)
    rows = [
        {
            "chapter": p.chapter,
            "parameter": p.name,
            "type": p.type,
            "default": json.dumps(p.default, ensure_ascii=False),
            "unit": p.unit,
            "help": p.help,
        }
        for name, declared in known.items()
        if chapter in ("", name)
        for p in declared.values()
    ]
    columns = ["chapter", "parameter", "type", "default", "unit", "help"]
    emit(
        pd.DataFrame(rows, columns=columns),
        [Column(name=name, header=name) for name in columns],
        as_json=as_json,
        as_csv=as_csv,
    )


def rerun(
    scenario: Annotated[
        Path | None, typer.Argument(help="Scenario file (YAML or JSON).", show_default=False)
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(help="Folder for executed chapters; _build/rerun/NAME if not given."),
    ] = None,
    chapter: Annotated[
        list[str] | None, typer.Option(help="Only this chapter; may be repeated.")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="CHAPTER.PARAMETER=VALUE; may be repeated."),
    ] = None,
    sweep: Annotated[
        list[str] | None,
        typer.Option(help="CHAPTER.PARAMETER=VALUE,VALUE,...; repeated, a grid."),
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler that does the work.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Run finished chapters again.")] = False,
    all_: Annotated[
        bool, typer.Option("--all", help="Show the key numbers that stay as well.")
    ] = False,
    book: Book = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Run chapters with other numbers and show which key numbers of the book change.

    Everything is checked before anything starts. Finished chapters are not run again while
    chapter, numbers, library and data are the same, so an interrupted run goes on where it was.
    """
    from llmecon_book import run as room

    one_form(as_json, as_csv)
    home = room.find_book(*([book] if book else [scenario or Path.cwd(), Path.cwd()]))
    plan = _plan(room.load(scenario) if scenario else None, set_ or [], sweep or [], home)
    folder = output or home / "_build" / "rerun" / plan.name
    refuse_unwritable(folder / "results.json")
    if sweep:
        _sweep(plan, sweep, home, folder, chapter, cluster, fresh, as_json, as_csv)
        return
    tasks = room.tasks(plan, home, folder, chapter)
    _run(tasks, fresh, cluster)
    frame = room.table(room.compare(tasks))
    write(folder / "results.json", _results(plan, tasks, frame))
    changed, kept = int(frame.changed.sum()), int((~frame.changed).sum())
    hidden = "" if all_ or not kept else f"; the {kept} that stay are shown with --all"
    emit(
        frame if all_ or as_json or as_csv else frame[frame.changed],
        [
            Column(name="chapter", header="chapter"),
            Column(name="key", header="key number"),
            Column(name="before", header="book"),
            Column(name="after", header=plan.name),
            Column(name="ratio", header="times", form=".3g"),
        ],
        title=plan.description or plan.name,
        notes=[
            f"{changed} of {len(frame)} key numbers change{hidden}.",
            f"Executed chapters and all numbers: {folder}",
        ],
        as_json=as_json,
        as_csv=as_csv,
        extra={"name": plan.name, "parameters": plan.parameters},
    )


def _plan(given: Scenario | None, settings: list[str], sweep: list[str], home: Path) -> Scenario:
    """The scenario, with what the command line adds to it."""
    from llmecon_book import run as room

    if given is None and not settings and not sweep:
        raise ValueError("give a scenario file, --set or --sweep")
    known = room.known_parameters(home)
    values: dict[str, dict[str, Any]] = {}
    for text in settings:
        name, parameter, items = room.parse_axis(text, known)
        if len(items) != 1:
            raise ValueError(f"--set takes one value, got {text!r}; use --sweep for several")
        values.setdefault(name, {})[parameter] = items[0]
    base = given or room.Scenario(name="set", parameters={})
    if not (values or sweep):
        return base
    suffix = "sweep" if sweep else "set"
    return room.with_values(base, values, f"{base.name}-{suffix}" if given else suffix)


def _sweep(
    plan: Scenario,
    sweep: list[str],
    home: Path,
    folder: Path,
    chapters: list[str] | None,
    cluster: str | None,
    fresh: bool,
    as_json: bool,
    as_csv: bool,
) -> None:
    from llmecon_book import run as room

    known = room.known_parameters(home)
    axes = [room.parse_axis(text, known) for text in sweep]
    runs = []
    for point in room.points(axes):
        values = room.with_values(plan, point, plan.name)
        runs.append((point, room.tasks(values, home, folder, chapters, many=True)))
    _run([task for _, tasks in runs for task in tasks], fresh, cluster)
    frame = room.sweep_table(runs)
    content = {"name": plan.name, "base": plan.parameters, "rows": records(frame)}
    write(folder / "results.json", _json(content))
    swept = [f"{name}.{parameter}" for name, parameter, _ in axes]
    if as_json or as_csv:
        emit(frame, [], as_json=as_json, as_csv=as_csv, extra={"base": plan.parameters})
        return
    wide = room.side_by_side(frame, swept)
    emit(
        wide,
        [Column(name=name, header=name) for name in wide.columns],
        title=f"Key numbers that change over {', '.join(swept)}",
        notes=[f"{len(runs)} runs. Executed chapters: {folder}"],
    )


def _run(tasks: list[Task], fresh: bool, cluster: str | None) -> None:
    from llmecon_book import run as room

    done = 0
    with progress("chapters", len({task.target for task in tasks})) as bar:

        def on_done(task: Task, was_there: bool) -> None:
            nonlocal done
            done += 1
            bar(done, f"{task.chapter}: {'as before' if was_there else 'done'}")

        def on_stop() -> None:
            bar(done, "stopping: the chapters that run are finished and kept")

        try:
            room.run(tasks, fresh=fresh, cluster=cluster, on_done=on_done, on_stop=on_stop)
        except room.ChapterFailed as error:
            raise ValueError(str(error)) from error


def _results(plan: Scenario, tasks: list[Task], frame: pd.DataFrame) -> str:
    return _json(
        {
            "name": plan.name,
            "description": plan.description,
            "parameters": {task.chapter: task.numbers for task in tasks},
            "rows": records(frame),
        }
    )


def _json(content: Any) -> str:
    import json

    return json.dumps(plain(content), indent=1, ensure_ascii=False) + "\n"
