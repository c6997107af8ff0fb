"""Rows of one's own laid over the tables for a run: checked like ours, in no table of the book.

A row is a line of a CSV file named after its table, an accelerator's file, a model's
``config.json`` or what ``llmecon law fit --output`` wrote.
"""

from __future__ import annotations

import csv
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from llmecon import catalog
from llmecon._names import UnknownName
from llmecon.catalog import chip_file, hf_config
from llmecon.catalog.reading import read_json, read_text
from llmecon.catalog.rows import column_names, foreign_keys

_Cells = dict[str, str]


@dataclass(frozen=True)
class OwnRow:
    """A row to be laid over a table.

    Attributes
    ----------
    table : str
        Table of the catalogue.
    cells : dict
        What the row says, by column; empty ones are left out.
    where : str
        File, and line in it.
    """

    table: str
    cells: _Cells
    where: str

    @property
    def key(self) -> tuple[str, ...]:
        """What tells the row from the others of its table."""
        return tuple(self.cells.get(name, "") for name in catalog.TABLES[self.table].KEY)

    @property
    def title(self) -> str:
        """The row in words."""
        return f"{self.table}: {', '.join(filter(None, self.key[:2]))}"


def read(path: Path) -> list[OwnRow]:
    """Own rows of a file, or of the files of a folder, those first that others name.

    Parameters
    ----------
    path : pathlib.Path
        ``TABLE.csv`` with the columns that are known; a ``.yml`` or ``.json`` that describes an
        accelerator, a model's ``config.json``, the output of ``llmecon law fit``; or a folder of
        such files.

    Raises
    ------
    ValueError, UnknownName
        If there is no such file, or it describes none of these; with file, line and reason.
    """
    if not path.exists():
        raise ValueError(f"{path}: no such file or folder")
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    wanted = [file for file in files if file.suffix in (".csv", ".yml", ".yaml", ".json")]
    rows = [row for file in wanted for row in _rows(file)]
    if not rows:
        raise ValueError(f"{path}: no own rows: it holds no .csv, .yml or .json file with any")
    return sorted(rows, key=lambda row: _depth(row.table))


def _rows(file: Path) -> list[OwnRow]:
    if file.suffix == ".csv":
        return _of_table(file)
    content: Any = read_json(file) if file.suffix == ".json" else {}
    if "constants" in content:
        return [_own("scaling_laws", _law(content), file)]
    if file.suffix == ".json" and "hbm_bytes" not in content:
        shape = hf_config.read(file).model_dump(exclude_none=True)
        return [_own("architectures", shape | {"status": "disclosed"}, file)]
    return [_own("accelerators", chip_file.read(file).model_dump(exclude_none=True), file)]


def _of_table(file: Path) -> list[OwnRow]:
    if file.stem not in catalog.TABLES:
        raise UnknownName("table", file.stem, catalog.TABLES)
    reader = csv.DictReader(StringIO(read_text(file)), strict=True)
    known = column_names(catalog.TABLES[file.stem])
    for name in reader.fieldnames or []:
        if name not in known:
            raise UnknownName(f"column of {file.name}", name, known)
    found = []
    for cells in reader:
        if None in cells or None in cells.values():
            raise ValueError(f"{file}, line {reader.line_num}: wrong number of cells")
        found.append(_own(file.stem, cells, file, reader.line_num))
    return found


def _own(table: str, cells: Mapping[str, Any], file: Path, line: int = 1) -> OwnRow:
    provenance = {
        "source": f"own data: {file.name}",
        "source_url": "https://example.org/",  # reserved: it leads to nobody's page
        "licence": "not published",
    }
    given = {name: _cell(value) for name, value in cells.items()}
    said = {name: text for name, text in given.items() if text}
    return OwnRow(table, provenance | said, f"{file}, line {line}")


def _cell(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else " ".join(str(value).split())


def _law(content: Mapping[str, Any]) -> _Cells:
    """A row for what ``llmecon law fit`` wrote."""
    name = re.sub(r"[^A-Z0-9]+", "_", str(content["law"]).upper()).strip("_")
    found = {row["constant"]: row["value"] for row in content["constants"]}
    constants = "; ".join(f"{name}={found[name]!r}" for name in ("E", "A", "B", "alpha", "beta"))
    return {
        "name": name if name[:1].isalpha() else f"OWN_{name}",
        "title": str(content["law"]),
        "form": "separable",
        "constants": constants,
        "status": "recomputed",
        "place": "own fit",
        "rounding": "none",
        **dict.fromkeys(("params_convention", "tokens_convention", "flop_convention"), "own runs"),
        **dict.fromkeys(("loss_unit", "corpus"), "own runs"),
    }


def _depth(table: str) -> int:
    """0 for a table that names no other, else one more than those it names."""
    others = set(foreign_keys(catalog.TABLES[table]).values()) - {table}
    return 1 + max(map(_depth, others)) if others else 0


def contradictions(rows: Sequence[OwnRow]) -> list[str]:
    """Where an own row says otherwise of what a row of the book describes; both, in words."""
    found = []
    for row in rows:
        base = _base(row.table).get(row.key)
        differing = {
            name: (base[name], text)
            for name, text in row.cells.items()
            if base
            and name not in ("note", "source", "source_url", "licence")
            and not _same(base[name], text)
        }
        told = ", ".join(
            f"{name} is {old or 'empty'} in the book, {new} in yours"
            for name, (old, new) in differing.items()
        )
        if differing:
            found.append(f"{row.where}: {row.title}: {told}")
    return found


def _same(one: str, other: str) -> bool:
    try:
        return float(one) == float(other)
    except ValueError:
        return one == other


def _base(table: str) -> dict[tuple[str, ...], _Cells]:
    """Cells of the book's rows by key, as the file has them."""
    path = catalog.data_folder() / f"{table}.csv"
    rows = csv.DictReader(StringIO(read_text(path)))
    return {tuple(row[name] for name in catalog.TABLES[table].KEY): row for row in rows}


@contextmanager
def laid(rows: Sequence[OwnRow], folder: Path) -> Iterator[None]:
    """The tables with own rows, for this process and the kernels it starts.

    A row with the key of a row of the book takes its place; see `contradictions`.

    Parameters
    ----------
    rows : sequence of OwnRow
        Own rows.
    folder : pathlib.Path
        Where the tables are written; it is made new.

    Raises
    ------
    ValueError
        If an own row breaks the schema of its table: file, line, column and reason.
    """
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(catalog.data_folder(), folder)
    starts = {table: _lay(table, rows, folder) for table in dict.fromkeys(r.table for r in rows)}
    before = os.environ.get("LLMECON_DATA")
    os.environ["LLMECON_DATA"] = str(folder.resolve())
    try:
        for table, start in starts.items():
            _check(table, start, [row for row in rows if row.table == table])
        yield
    finally:
        if before is None:
            del os.environ["LLMECON_DATA"]
        else:
            os.environ["LLMECON_DATA"] = before


def _lay(table: str, rows: Sequence[OwnRow], folder: Path) -> int:
    """Write a table with own rows at its end; the line before the first of them."""
    own = [row for row in rows if row.table == table]
    text = StringIO()
    writer = csv.DictWriter(text, column_names(catalog.TABLES[table]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        cells for key, cells in _base(table).items() if key not in {r.key for r in own}
    )
    start = text.getvalue().count("\n")
    writer.writerows(row.cells for row in own)
    (folder / f"{table}.csv").write_text(text.getvalue(), encoding="utf-8")
    return start


def _check(table: str, start: int, own: Sequence[OwnRow]) -> None:
    """Read the table, a complaint about an own row by the place where its author finds it."""
    try:
        catalog.rows(table)
    except catalog.BadRow as error:
        found = re.match(r"\w+\.csv, line (\d+)(.*)", str(error))
        at = int(found[1]) - start - 1 if found else -1
        if not found or at < 0:
            raise
        raise ValueError(f"{own[at].where}{found[2]}") from error
