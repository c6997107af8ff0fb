"""Results as a table for people, CSV or JSON for programs."""

from __future__ import annotations

import errno
import json
import math
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from inspect import Parameter, signature
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console, RenderableType
    from rich.table import Table as Grid

_AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, in base units.")]
_AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV, in base units.")]

_WIDE = 200  # characters of a table that no terminal shows


@dataclass(frozen=True)
class Column:
    """How people see a column: header, form, unit of display."""

    name: str
    header: str
    form: str | Callable[[Any], str] = ""
    scale: float = 1.0

    def cell(self, value: Any) -> str:
        """A value as text; empty where it is missing."""
        if value is None or str(value) in ("nan", "NaT", "<NA>"):
            return ""
        if callable(self.form):
            return self.form(value)
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, int | float):
            return "-" if math.isinf(value) else format(value * self.scale, self.form or ".4g")
        return str(value)


@dataclass(frozen=True)
class Table:
    """A frame in base units, and what people see of it.

    Attributes
    ----------
    frame : pandas.DataFrame
        Rows in base units; CSV and JSON hold all its columns.
    columns : sequence of Column
        What people see.
    title, notes : str, sequence of str
        Above and below the table.
    most : int, optional
        Rows that people see, spread evenly; all if not given.
    """

    frame: pd.DataFrame
    columns: Sequence[Column]
    title: str = ""
    notes: Sequence[str] = ()
    most: int | None = None

    @classmethod
    def of(
        cls,
        rows: Iterable[Sequence[Any]],
        columns: Sequence[Column],
        title: str = "",
        notes: Sequence[str] = (),
    ) -> Table:
        """A table whose rows hold what its columns show, in their order."""
        import pandas as pd

        frame = pd.DataFrame(rows, columns=[column.name for column in columns])
        return cls(frame, columns, title, notes)


@dataclass(frozen=True)
class Answer:
    """What a command found: tables for people, the first of them as CSV, and a JSON object.

    Attributes
    ----------
    tables : sequence of Table
        In the order in which they are read.
    content : dict
        The JSON object; the rows and notes of an only table join it, unless it has its own.
    csv : pandas.DataFrame, optional
        In place of the first table.
    warnings : sequence of str
        For standard error; with any of them the exit status is 1.
    status : int
        Exit status without warnings.
    """

    tables: Sequence[Table]
    content: dict[str, Any] = field(default_factory=dict)
    csv: pd.DataFrame | None = None
    warnings: Sequence[str] = ()
    status: int = 0


def command(
    app: typer.Typer,
    *examples: str,
    shared: Callable[..., Any] | None = None,
    name: str | None = None,
) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
    """Register a function as a command whose answer is printed as table, CSV or JSON.

    Parameters
    ----------
    app : typer.Typer
        Where it is registered.
    *examples : str
        Calls, shown below the command's help.
    shared : callable, optional
        Its options come before the command's own; its result is the command's first argument.
    name : str, optional
        Name of the command, if it is not the function's.
    """

    def register(function: Callable[..., Answer]) -> Callable[..., Answer]:
        before = {option.name: option for option in _options(shared)} if shared else {}
        own = _options(function)[1 if shared else 0 :]
        forms = [
            Parameter(form, Parameter.KEYWORD_ONLY, default=False, annotation=kind)
            for form, kind in (("as_json", _AsJson), ("as_csv", _AsCsv))
        ]

        @wraps(function)
        def run(as_json: bool = False, as_csv: bool = False, **given: Any) -> None:
            if as_json and as_csv:
                raise ValueError("--json and --csv exclude each other")
            first = [shared(**{key: given.pop(key) for key in before})] if shared else []
            show(function(*first, **given), as_json, as_csv)

        options = [*before.values(), *own, *forms]
        run.__signature__ = signature(function).replace(  # type: ignore[attr-defined]
            parameters=[option.replace(kind=Parameter.KEYWORD_ONLY) for option in options],
            return_annotation=None,
        )
        run.__annotations__ = {option.name: option.annotation for option in options}
        known_as = name or function.__name__.strip("_")
        app.command(known_as, epilog="\n\n".join(examples))(run)
        return function

    return register


def _options(function: Callable[..., Any]) -> list[Parameter]:
    """Parameters of a function, their annotations as objects where a module keeps text."""
    kinds = get_type_hints(function, include_extras=True)
    parameters = signature(function).parameters.values()
    return [parameter.replace(annotation=kinds[parameter.name]) for parameter in parameters]


def show(answer: Answer, as_json: bool, as_csv: bool) -> None:
    """Print an answer; leave with its status."""
    first = answer.tables[0]
    if as_json:
        rows = {"rows": first.frame, "notes": first.notes} if len(answer.tables) == 1 else {}
        sys.stdout.write(_json(rows | answer.content, indent=2))
    elif as_csv:
        frame = first.frame if answer.csv is None else answer.csv
        sys.stdout.write(frame.to_csv(index=False, lineterminator="\n"))
    else:
        for table in answer.tables:
            _print(table)
    for warning in answer.warnings:
        print(f"llmecon: WARNING: {printable(warning)}", file=sys.stderr)
    if answer.warnings or answer.status:
        raise typer.Exit(answer.status or 1)


def printable(text: str) -> str:
    """Text without what would move a terminal's cursor or change its colours."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def short(value: float) -> str:
    """A count as the field writes it.

    Examples
    --------
    >>> short(1.79e13), short(7.06e10), short(1e17)
    ('17.9T', '70.6B', '1e+17')
    """
    for scale, letter in ((1e15, ""), (1e12, "T"), (1e9, "B"), (1e6, "M")):
        if value >= scale * 0.9995:
            return f"{value / scale:.3g}{letter}" if letter else f"{value:.3g}"
    return f"{value:.3g}"


def _print(table: Table) -> None:
    from rich.console import Console
    from rich.text import Text

    # A pipe or a file has no width: let the table be as wide as it is.
    out = Console(width=None if sys.stdout.isatty() else _WIDE, highlight=False)
    # Names and sources hold square brackets: Text is not read as markup.
    if table.title:  # not the table's own: that would wrap at the table's width
        out.print(Text(printable(table.title)), style="italic")
    out.print(_fitting(table, out))
    for note in table.notes:
        out.print(Text(printable(note)), style="dim")


def _fitting(table: Table, out: Console) -> RenderableType:
    """A row a row where numbers keep their digits, else one block a row, side by side."""
    from rich.columns import Columns
    from rich.measure import Measurement
    from rich.table import Table as Grid
    from rich.text import Text

    frame = table.frame
    if table.most is not None and len(frame) > table.most:
        step = (len(frame) - 1) / (table.most - 1)
        frame = frame.iloc[sorted({round(step * at) for at in range(table.most)})]
    rows = [
        [printable(c.cell(row[c.name])) for c in table.columns] for row in frame.to_dict("records")
    ]
    # Rich cuts what cannot wrap: ask first how wide a form wants, and how narrow it can be.
    boundless = out.options.update(width=10_000)
    wide, narrow = (_upright(table.columns, frame, rows, folded) for folded in (False, True))
    if Measurement.get(out, boundless, wide).maximum <= out.width:
        return wide
    if Measurement.get(out, boundless, narrow).minimum <= out.width:
        return narrow
    blocks = []
    for row in rows:
        block = Grid.grid(padding=(0, 1, 0, 0))
        for column, cell in zip(table.columns, row, strict=True):
            block.add_row(Text(column.header, style="bold"), Text(cell))
        blocks.append(block)
    return Columns(blocks, padding=(1, 3))


def _upright(
    columns: Sequence[Column], frame: pd.DataFrame, rows: list[list[str]], folded: bool
) -> Grid:
    """One row a row; with headers of numbers folded to the width of their longest word."""
    from rich import box
    from rich.table import Table as Grid
    from rich.text import Text

    grid = Grid(
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        show_edge=False,
        pad_edge=False,
        show_header=any(column.header for column in columns),
    )
    for at, column in enumerate(columns):
        header, number = column.header, frame[column.name].dtype.kind in "iuf"
        if number and folded:  # the column never needs to wrap
            words = [*header.split(), *(row[at] for row in rows)]
            header = "\n".join(wrap(header, max(map(len, words), default=1)))
        justify: Any = "right" if number else "left"
        heading = Text(header, style="bold")
        grid.add_column(heading, justify=justify, no_wrap=number, overflow="fold")
    for row in rows:
        grid.add_row(*map(Text, row))
    return grid


def plain(value: Any) -> Any:
    """A value as JSON knows it; missing and infinite become null, dates ISO text."""
    if hasattr(value, "to_dict"):
        value = value.to_dict("records")
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if str(value) in ("<NA>", "NaT"):
        return None
    return value.isoformat()[:10] if hasattr(value, "isoformat") else str(value)


def _json(content: Any, indent: int) -> str:
    return json.dumps(plain(content), indent=indent, ensure_ascii=False) + "\n"


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[..., None]]:
    """A progress bar on standard error, so that standard output stays the result.

    Yields a function that takes how much is done, and a new text beside the bar if it changes.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    with bar:
        task = bar.add_task(what, total=total)

        def update(done: int, text: str = what) -> None:
            bar.update(task, completed=done, description=text)

        yield update


def write(path: Path, content: Any) -> None:
    """An object as JSON in a file, whole or not at all."""
    with whole_file(path) as beside:
        beside.write_text(_json(content, indent=1), encoding="utf-8")


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A path beside the wanted one, renamed to it at the end; nothing stays if that fails.

    A device or a pipe is written to as it is: the rename would put a file in its place.
    """
    refuse_unwritable(path)
    if path.exists() and not path.is_file():
        yield path
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"part-{path.name}")  # the ending may say the format
    try:
        yield beside
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def refuse_unwritable(*paths: Path | None) -> None:
    """Say that a file cannot be written before the work that would fill it.

    Raises
    ------
    OSError
        If a path is a folder, or no file can be made where it is.
    """
    for path in filter(None, paths):
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        folder = path.parent
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        if not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
