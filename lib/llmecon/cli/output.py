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
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, in base units.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV, in base units.")]

_WIDE = 200  # columns of a table that no terminal shows


@dataclass(frozen=True, kw_only=True)
class Column:
    """How people see a column: header, unit of display, digits."""

    name: str
    header: str
    scale: float = 1.0
    form: str | Callable[[Any], str] = ""

    def cell(self, value: Any) -> str:
        """A value as text; empty where it is missing."""
        if value is None or (isinstance(value, float) and math.isnan(value)):
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


def console(width: int = _WIDE) -> Console:
    """Standard output; wide when it is not a terminal, so that nothing is cut."""
    from rich.console import Console

    # A pipe or a file has no width: let the table be as wide as it is.
    wide = None if sys.stdout.isatty() else width
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
    from rich.markup import escape
    from rich.table import Table

    out = console()
    # Names and sources hold square brackets, which would be read as markup.
    shown = Table(header_style="bold")
    numeric = {c.name: frame[c.name].dtype.kind in "iuf" for c in columns}
    for column in columns:
        shown.add_column(escape(column.header), justify="right" if numeric[column.name] else "left")
    for row in frame.to_dict("records"):
        shown.add_row(*(escape(column.cell(row[column.name])) for column in columns))
    if title:  # not the table's own: that would wrap at the table's width
        out.print(escape(title), style="italic")
    out.print(shown)
    for note in notes:
        out.print(escape(note), style="dim")


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
