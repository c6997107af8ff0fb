"""Read one table: every row checked, the first wrong one named with file, line and column."""

import csv
import json
from importlib.resources import files
from io import StringIO
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from llmecon.catalog.rows import Row


class BadRow(ValueError):
    """A row of a table that breaks its schema."""


def data_folder() -> Path:
    """Where the tables are: inside an installed wheel, else beside the library's source."""
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
    """What a JSON file holds.

    Raises
    ------
    ValueError
        If it is not JSON: file, line and reason.
    """
    text = read_text(path)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{path.name}, line {error.lineno}: not JSON: {error.msg}") from error
    except RecursionError as error:
        raise ValueError(f"{path.name}: brackets nested too deep") from error
    except ValueError as error:  # a number of thousands of digits
        raise ValueError(f"{path.name}: {error}") from error


def read_rows(path: Path, row_type: type[Row]) -> list[Row]:
    """All rows of a CSV file as checked records.

    Parameters
    ----------
    path : pathlib.Path
        UTF-8 CSV with one header line; an empty cell means unknown.
    row_type : type
        Class from `llmecon.catalog.rows` that describes a row.

    Returns
    -------
    list
        One record a row, in the order of the file.

    Raises
    ------
    BadRow
        At the first wrong header, cell or repeated key: file, line, column and reason.
    """
    with StringIO(read_text(path)) as file:
        reader = csv.DictReader(file, strict=True)
        _check_header(path, reader.fieldnames or [], row_type)
        rows: list[Row] = []
        lines: dict[tuple[Any, ...], int] = {}
        for cells in reader:
            row = _read_row(path, reader.line_num, cells, row_type)
            key = tuple(getattr(row, name) for name in row_type.KEY)
            if key in lines:
                raise BadRow(
                    f"{path.name}, line {reader.line_num}, column {'+'.join(row_type.KEY)}: "
                    f"repeats line {lines[key]}"
                )
            lines[key] = reader.line_num
            rows.append(row)
    return rows


def _check_header(path: Path, header: Any, row_type: type[Row]) -> None:
    wanted = list(row_type.model_fields)
    for name in header:
        if name not in wanted:
            raise BadRow(f"{path.name}, line 1, column {name}: not a column of this table")
    for name in wanted:
        if name not in header:
            raise BadRow(f"{path.name}, line 1, column {name}: missing")


def _read_row(path: Path, line: int, cells: dict[str, Any], row_type: type[Row]) -> Row:
    if None in cells or None in cells.values():
        raise BadRow(f"{path.name}, line {line}: wrong number of cells")
    try:
        return row_type.model_validate({k: v for k, v in cells.items() if v.strip()})
    except ValidationError as error:
        first = error.errors()[0]
        column = str(first["loc"][0]) if first["loc"] else "row"
        cell = cells.get(column, "")
        reason = "is empty" if first["type"] == "missing" else f"{first['msg']}, got {cell!r}"
        raise BadRow(f"{path.name}, line {line}, column {column}: {reason}") from error
