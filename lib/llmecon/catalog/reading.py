"""Read one table: every row checked, the first wrong one named with file, line and column."""

import csv
import json
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from importlib.resources import files
from io import StringIO
from pathlib import Path
from typing import Any, get_args

import pandas as pd
from pydantic import BaseModel, ValidationError

from llmecon._checks import extras
from llmecon._names import nearest
from llmecon.catalog.rows import Row, Sourced

_LONGEST_CELL = 131_072  # the limit of `csv`, which other packages lift for the whole process


class BadRow(ValueError):
    """A row of a table that breaks its schema."""


def data_folder() -> Path:
    """Where the tables are: ``LLMECON_DATA``, a wheel's own, or those beside the source."""
    if os.environ.get("LLMECON_DATA"):
        return Path(os.environ["LLMECON_DATA"])
    inside = Path(str(files("llmecon"))) / "_data"
    return inside if inside.is_dir() else Path(__file__).parents[3] / "data"


def read_text(path: Path) -> str:
    """Text of a file, with or without a byte-order mark.

    Raises
    ------
    ValueError
        If it is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name}: not text in UTF-8") from error


def read_json(path: Path) -> Any:
    """What a JSON file holds; a key comes once.

    Raises
    ------
    ValueError
        If it is not JSON: file, line and reason.
    """
    return parsed(path, lambda text: json.loads(text, object_pairs_hook=_once))


def parsed(path: Path, parse: Callable[[str], Any]) -> Any:
    """What a parser makes of a file; its complaints name the file, and the line where known."""
    text = read_text(path)
    try:
        return parse(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{path.name}, line {error.lineno}: not JSON: {error.msg}") from error
    except RecursionError as error:
        raise ValueError(f"{path.name}: brackets nested too deep") from error
    except ValueError as error:  # a number of thousands of digits, a key given twice
        raise ValueError(f"{path.name}: {error}") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"{key} is given twice")
        found[key] = value
    return found


def read_rows(
    path: Path, row_type: type[Row], keys: Mapping[str, Mapping[str, Sourced]] | None = None
) -> list[Row]:
    """All rows of a CSV file as checked records.

    Parameters
    ----------
    path : pathlib.Path
        UTF-8 CSV with one header line; an empty cell means unknown.
    row_type : type
        Class from `llmecon.catalog.rows` that describes a row.
    keys : mapping, optional
        By column that names rows of another table, those rows by name.

    Returns
    -------
    list
        One record a row, in the order of the file.

    Raises
    ------
    BadRow
        At the first wrong header, cell, unknown or repeated key: file, line, column and reason.
    """
    reader = csv.DictReader(StringIO(read_text(path)), strict=True)
    rows: list[Row] = []
    lines: dict[tuple[Any, ...], int] = {}
    line = 0  # the last that was read whole
    try:
        _check_header(path, reader.fieldnames or [], row_type)
        line = reader.line_num
        for cells in reader:
            if any(len(cell or "") > _LONGEST_CELL for cell in cells.values()):
                raise csv.Error(f"field larger than {_LONGEST_CELL:,} characters")
            row = _read_row(path, reader.line_num, cells, row_type, keys or {})
            line = reader.line_num
            key = tuple(getattr(row, name) for name in row_type.KEY)
            if key in lines:
                raise _bad(path, line, "+".join(row_type.KEY), f"repeats line {lines[key]}")
            lines[key] = line
            rows.append(row)
    except csv.Error as error:  # a quote that is not closed, or a cell of megabytes
        raise BadRow(f"{path.name}, line {line + 1}: {error}") from error
    if not rows:
        raise BadRow(f"{path.name}, line 1: no rows below the header")
    return rows


def frame_of(rows: Sequence[Sourced]) -> pd.DataFrame:
    """Rows as a frame, dates as pandas timestamps."""
    frame = pd.DataFrame([row.model_dump() for row in rows])
    for column, info in type(rows[0]).model_fields.items():
        if date in (info.annotation, *get_args(info.annotation)):
            frame[column] = pd.to_datetime(frame[column])
    return frame


def _bad(path: Path, line: int, column: str, reason: str) -> BadRow:
    return BadRow(f"{path.name}, line {line}, column {column}: {reason}")


def _check_header(path: Path, header: Any, row_type: type[Row]) -> None:
    for name in [*header, *row_type.model_fields]:
        if name not in row_type.model_fields:
            raise _bad(path, 1, name, "not a column of this table")
        if name not in header:
            raise _bad(path, 1, name, "missing")


def _read_row(
    path: Path,
    line: int,
    cells: dict[str, Any],
    row_type: type[Row],
    keys: Mapping[str, Mapping[str, Sourced]],
) -> Row:
    if None in cells or None in cells.values():
        raise BadRow(f"{path.name}, line {line}: wrong number of cells")
    try:
        row = row_type.model_validate({k: v for k, v in cells.items() if v.strip()})
    except ValidationError as error:
        column, reason = first_problem(error, row_type)
        raise _bad(path, line, column or "row", reason) from error
    for column, names in keys.items():
        mark = extras(row_type.model_fields[column]).get("unless")
        if not cells[column] or cells[column] in names or (mark and getattr(row, mark)):
            continue
        near = ", ".join(nearest(cells[column], names))
        other = f" If it is another, say so: {mark} is true" if mark else ""
        reason = f"{cells[column]!r} is in no row of its table: {near}?{other}"
        raise _bad(path, line, column, reason)
    try:
        if keys:
            row.agree(keys)
    except ValueError as error:
        raise _bad(path, line, *error.args) from error
    return row


def first_problem(error: ValidationError, record: type[BaseModel]) -> tuple[str, str]:
    """Field and reason, with its unit, of the first thing that is wrong with a record."""
    first = error.errors()[0]
    field = str(first["loc"][0]) if first["loc"] else ""
    if first["type"] == "missing":
        return field, "is empty"
    message = first["msg"].removeprefix("Value error, ")
    if field not in record.model_fields:
        return field, message
    unit = extras(record.model_fields[field]).get("unit")
    return field, f"{message}, got {first['input']!r}{f' [{unit}]' if unit else ''}"
