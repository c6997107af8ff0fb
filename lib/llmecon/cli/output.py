"""Results as a table for people, CSV or JSON for programs."""

from __future__ import annotations

import errno
import json
import math
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console
    from rich.table import Table

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, in base units.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV, in base units.")]

_WIDE = 200  # characters of a table that no terminal shows
_NARROW = 18  # characters of a word in a text that are kept together where there is little room


@dataclass(frozen=True, kw_only=True)
class Column:
    """How people see a column: header, unit of display, digits."""

    name: str
    header: str
    scale: float = 1.0
    form: str | Callable[[Any], str] = ""

    def cell(self, value: Any) -> str:
        """A value as text; empty where it is missing."""
        if value is None or str(value) in ("nan", "NaT", "<NA>"):
            return ""
        if callable(self.form):
            return self.form(value)
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, int | float):
            if math.isinf(value):
                return "-"
            return format(value * self.scale, self.form or ".4g")
        return str(value)


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


def console(width: int | None = None) -> Console:
    """Standard output; wide when it is not a terminal, so that nothing is cut."""
    from rich.console import Console

    # A pipe or a file has no width: let the table be as wide as it is.
    wide = None if sys.stdout.isatty() else width or _WIDE
    return Console(width=wide, soft_wrap=False, highlight=False)


def one_form(as_json: bool, as_csv: bool) -> None:
    """Refuse two forms at once."""
    if as_json and as_csv:
        raise ValueError("--json and --csv exclude each other")


def emit(
    frame: pd.DataFrame,
    columns: Sequence[Column],
    *,
    title: str = "",
    notes: Sequence[str] = (),
    as_json: bool = False,
    as_csv: bool = False,
    extra: dict[str, Any] | None = None,
) -> None:
    """Print a frame in the form that was asked for.

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows in base units; CSV and JSON hold all its columns.
    columns : sequence of Column
        What people see of it.
    title : str, optional
        Above the table.
    notes : sequence of str, optional
        Below the table; in JSON under ``notes``.
    extra : dict, optional
        Further entries of the JSON object.
    """
    one_form(as_json, as_csv)
    if as_json:
        print_json({**(extra or {}), "rows": records(frame), "notes": list(notes)})
    elif as_csv:
        sys.stdout.write(frame.to_csv(index=False, lineterminator="\n"))
    else:
        _show(frame, columns, title, notes)


def _show(frame: pd.DataFrame, columns: Sequence[Column], title: str, notes: Sequence[str]) -> None:
    from rich.text import Text

    out = console()
    cells = [
        [column.cell(row[column.name]) for column in columns] for row in frame.to_dict("records")
    ]
    numeric = [frame[column.name].dtype.kind in "iuf" for column in columns]
    headers = [column.header for column in columns]
    # Names and sources hold square brackets: Text is not read as markup.
    if title:  # not the table's own: that would wrap at the table's width
        out.print(Text(title), style="italic")
    shape = (headers, cells, numeric, out.width)
    for table in _upright(*shape) or _turned(*shape):
        out.print(table)
    for note in notes:
        out.print(Text(note), style="dim")


def _upright(
    headers: list[str], cells: list[list[str]], numeric: list[bool], room: int
) -> list[Table]:
    """A row a row, first with lines and then without; none if numbers would be cut.

    Headers and texts wrap between words, numbers never.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    columns = list(zip(headers, numeric, *cells, strict=True))
    natural = [max(len(header), 1, *map(len, column)) for header, _, *column in columns]
    lined = partial(Table, box=box.HEAVY_HEAD)
    bare = partial(
        Table, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False
    )
    n = len(headers)
    for longest in (room, _NARROW):  # words are folded only if it must be
        least = [_least(*column, longest=longest) for column in columns]
        for made, between in ((lined, 3 * n + 1), (bare, 2 * n - 1)):
            if sum(least) + between > room:
                continue
            table = made(header_style="bold")
            widths = _squeezed(natural, least, room - between)
            for header, is_number, width in zip(headers, numeric, widths, strict=True):
                table.add_column(
                    Text(header),
                    justify="right" if is_number else "left",
                    width=width,
                    overflow="fold",
                )
            for row in cells:
                table.add_row(*map(Text, row))
            return [table]
    return []


def _least(header: str, is_number: bool, *cells: str, longest: int) -> int:
    """Width that cuts no word of a header, no number, and no word of a text up to a length."""
    words = [cell if is_number else max(cell.split(), key=len, default="") for cell in cells]
    widest = max(map(len, words), default=0)
    return max(1, *map(len, header.split()), widest if is_number else min(widest, longest))


def _squeezed(natural: list[int], least: list[int], room: int) -> list[int]:
    """Widths of columns in the room there is: the widest give way, none below its least."""
    widths = list(natural)
    while sum(widths) > room:
        widest = max(range(len(widths)), key=lambda at: (widths[at] > least[at], widths[at]))
        widths[widest] -= 1
    return widths


def _turned(
    headers: list[str], cells: list[list[str]], numeric: list[bool], room: int
) -> list[Table]:
    """Headers downwards and the rows side by side, as many as there is room for."""
    from rich.table import Table
    from rich.text import Text

    label = max(map(len, headers))
    side: Literal["right", "left"] = "right" if 2 * sum(numeric) >= len(numeric) else "left"
    widths = [min(max(map(len, row)), room - label - 2) for row in cells]
    tables, begin = [], 0
    while begin < len(cells):
        end, used = begin, label
        while end < len(cells) and (end == begin or used + 2 + widths[end] <= room):
            used += 2 + widths[end]
            end += 1
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(style="bold", width=label)
        for width in widths[begin:end]:
            table.add_column(justify=side, width=width, overflow="fold")
        for at, header in enumerate(headers):
            table.add_row(Text(header), *(Text(row[at]) for row in cells[begin:end]))
        if end < len(cells):
            table.add_row()
        tables.append(table)
        begin = end
    return tables


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as plain objects that JSON can hold."""
    return [
        {str(key): plain(value) for key, value in row.items()} for row in frame.to_dict("records")
    ]


def plain(value: Any) -> Any:
    """A value as JSON knows it; missing and infinite become null, dates ISO text."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if hasattr(value, "isoformat"):
        return None if str(value) == "NaT" else value.isoformat()[:10]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int | bool):
        return value
    return None if str(value) in ("<NA>", "NaT") else str(value)


def print_json(content: Any) -> None:
    """An object as indented JSON on standard output."""
    sys.stdout.write(json.dumps(plain(content), indent=2, ensure_ascii=False) + "\n")


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[..., None]]:
    """A progress bar on standard error, so that standard output stays the result.

    Yields a function that takes how much is done, and a new text beside the bar if it changes.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    )
    with bar:
        task = bar.add_task(what, total=total)

        def update(done: int, text: str = what) -> None:
            bar.update(task, completed=done, description=text)

        yield update


def write(path: Path, text: str) -> None:
    """A whole file or none."""
    with whole_file(path) as beside:
        beside.write_text(text, encoding="utf-8")


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A path beside the wanted one, renamed to it at the end; nothing stays if that fails."""
    refuse_unwritable(path)
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
