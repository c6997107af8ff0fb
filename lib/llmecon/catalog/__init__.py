"""The tables of ``data/``: each row checked, returned as records and frames.

A frame's dates are pandas timestamps; an empty cell is missing, never zero. Every call returns a
fresh copy, so a reader may change it.
"""

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pandas as pd

from llmecon._checks import iso_date
from llmecon._names import UnknownName
from llmecon.accelerator import Accelerator
from llmecon.catalog.package import datapackage
from llmecon.catalog.reading import BadRow, data_folder, read_rows
from llmecon.catalog.rows import TABLES, AcceleratorRow, ArchitectureRow, Sourced, foreign_keys
from llmecon.transformer import Transformer

__all__ = [
    "TABLES",
    "BadRow",
    "UnknownName",
    "accelerator",
    "accelerators",
    "architectures",
    "data_folder",
    "datapackage",
    "gpu_prices",
    "measurements",
    "models",
    "peer_set",
    "peers",
    "price_on",
    "prices",
    "rows",
    "score",
    "score_gap",
    "scores",
    "serving_profiles",
    "size_estimates",
    "speed_readings",
    "speeds",
    "table",
    "transformer",
    "value",
]


@cache
def _rows(name: str, folder: Path) -> tuple[Sourced, ...]:
    keys = {
        column: {getattr(row, row.KEY[0]) for row in _rows(other, folder)}
        for column, other in foreign_keys(TABLES[name]).items()
    }
    return tuple(read_rows(folder / f"{name}.csv", TABLES[name], keys))


def rows(name: str) -> tuple[Sourced, ...]:
    """Rows of a table as checked records.

    Raises
    ------
    UnknownName
        If there is no such table.
    BadRow
        If a row breaks the schema: file, line, column, reason.
    """
    if name not in TABLES:
        raise UnknownName("table", name, TABLES)
    return _rows(name, data_folder())


@cache
def _frame(name: str, folder: Path) -> pd.DataFrame:
    frame = pd.DataFrame([row.model_dump() for row in _rows(name, folder)])
    for column, info in TABLES[name].model_fields.items():
        if date in (info.annotation, *get_args(info.annotation)):
            frame[column] = pd.to_datetime(frame[column])
    return frame


def table(name: str) -> pd.DataFrame:
    """A table as a frame, in the order of the file.

    Parameters
    ----------
    name : str
        Name of the table, without ``.csv``.

    Returns
    -------
    pandas.DataFrame
        One row a row; columns and units as in ``data/README.md``.

    Raises
    ------
    UnknownName
        If there is no such table; the three nearest names are suggested.
    BadRow
        If a row breaks the schema: file, line, column, reason.

    Examples
    --------
    >>> table("models").loc[1, "model"]
    'GPT-1'
    >>> table("model")
    Traceback (most recent call last):
    llmecon._names.UnknownName: no table is called 'model'; nearest: models
    """
    rows(name)
    return _frame(name, data_folder()).copy()


def models() -> pd.DataFrame:
    """Language models: dates, sizes and how sure they are, training. See `table`."""
    return table("models")


def size_estimates() -> pd.DataFrame:
    """Published size estimates of undisclosed models. See `table`."""
    return table("size_estimates")


def prices() -> pd.DataFrame:
    """List prices from a day on. [USD per million tokens] See `table`."""
    return table("prices")


def speeds() -> pd.DataFrame:
    """Readings of output speed. [tokens/s] See `table`."""
    return table("speeds")


def scores() -> pd.DataFrame:
    """Benchmark scores with list dates. See `table`."""
    return table("scores")


def gpu_prices() -> pd.DataFrame:
    """Dated accelerator prices. [USD per accelerator-hour] See `table`."""
    return table("gpu_prices")


def measurements() -> pd.DataFrame:
    """Published serving measurements. See `table`."""
    return table("measurements")


def serving_profiles() -> pd.DataFrame:
    """What engines achieve: constants fitted to measurements. See `table`."""
    return table("serving_profiles")


def peers() -> pd.DataFrame:
    """Accuracy of other tools on measured times per token. See `table`."""
    return table("peers")


def peer_set() -> pd.DataFrame:
    """Accuracy of this library on another tool's test set. See `table`."""
    return table("peer_set")


def architectures() -> pd.DataFrame:
    """Shapes of transformers. See `table`."""
    return table("architectures")


def accelerators() -> pd.DataFrame:
    """Data sheets of accelerators. See `table`."""
    return table("accelerators")


def transformer(name: str) -> Transformer:
    """Shape of a model by name.

    Parameters
    ----------
    name : str
        Name in ``architectures.csv``.

    Returns
    -------
    llmecon.transformer.Transformer
        The record.

    Raises
    ------
    UnknownName
        If the name is unknown; the three nearest are suggested.

    Examples
    --------
    >>> transformer("Llama 3.1 70B").n_layers
    80
    >>> transformer("Llama 3.1 70")
    Traceback (most recent call last):
    llmecon._names.UnknownName: no model is called 'Llama 3.1 70'; nearest: Llama 3.1 70B
    """
    row = _named("model", "architectures", name)
    assert isinstance(row, ArchitectureRow)
    return Transformer(**{field: getattr(row, field) for field in Transformer.model_fields})


def accelerator(name: str) -> Accelerator:
    """Data sheet of an accelerator by name.

    Parameters
    ----------
    name : str
        Name in ``accelerators.csv``.

    Returns
    -------
    llmecon.accelerator.Accelerator
        The record.

    Raises
    ------
    UnknownName
        If the name is unknown; the three nearest are suggested.

    Examples
    --------
    >>> accelerator("H200 SXM 141GB").hbm_bytes_per_s
    4800000000000.0
    """
    row = _named("accelerator", "accelerators", name)
    assert isinstance(row, AcceleratorRow)
    return Accelerator(**{field: getattr(row, field) for field in Accelerator.model_fields})


def _named(kind: str, table_name: str, name: str) -> Sourced:
    by_name = {str(getattr(row, row.KEY[0])): row for row in rows(table_name)}
    if name not in by_name:
        raise UnknownName(kind, name, by_name)
    return by_name[name]


def value(table_name: str, key: str, column: str) -> Any:
    """One cell of a table whose key is one column.

    Parameters
    ----------
    table_name : str
        Table, such as ``"models"``.
    key : str
        Value of its key column.
    column : str
        Column to read.

    Returns
    -------
    object
        The cell; ``None`` where it is empty.

    Raises
    ------
    UnknownName
        If table, key or column is unknown.
    ValueError
        If the table's key has several columns.

    Examples
    --------
    >>> value("models", "GPT-1", "total_params")
    117000000.0
    """
    row_type = type(rows(table_name)[0])
    if len(row_type.KEY) != 1:
        raise ValueError(f"table {table_name} has the key {'+'.join(row_type.KEY)}: use its frame")
    if column not in row_type.model_fields:
        raise UnknownName(f"column of {table_name}", column, row_type.model_fields)
    return getattr(_named(f"row of {table_name}", table_name, key), column)


def score(model: str, benchmark: str, date: str) -> float:
    """Score of a model on the list of one day.

    Raises
    ------
    UnknownName
        If the model has no score on that list.

    Examples
    --------
    >>> score("GPT-4", "Arena text score", "2024-12-13")
    1186.0
    """
    frame = scores()
    on_list = frame[
        (frame.benchmark == benchmark) & (frame.date == pd.Timestamp(iso_date("date", date)))
    ]
    found = on_list.loc[on_list.model == model, "score"]
    if found.empty:
        raise UnknownName(f"model with {benchmark} on {date}", model, on_list.model)
    return float(found.iloc[0])


def score_gap(
    model: str, other: str, benchmark: str, date: str, other_date: str | None = None
) -> float:
    """How far one model scores above another, on one list.

    Arena scores drift from list to list: two list dates are refused for them.

    Raises
    ------
    UnknownName
        If one of them has no score on that list.
    ValueError
        If Arena scores of two dates are asked for.

    Examples
    --------
    >>> score_gap("GPT-4o", "GPT-4", "Arena text score", "2024-12-13")
    99.0
    """
    if benchmark.startswith("Arena") and other_date not in (None, date):
        raise ValueError(f"Arena scores compare within one list date, got {date} and {other_date}")
    return score(model, benchmark, date) - score(other, benchmark, other_date or date)


def speed_readings(
    model: str,
    *,
    versions: tuple[str, ...] | None = None,
    since: str | None = None,
    until: str | None = None,
) -> pd.DataFrame:
    """Speed readings of one model on GPUs, in order of date.

    Parameters
    ----------
    model : str
        Model, as in ``speeds.csv``.
    versions : tuple of str, optional
        Versions to keep; all by default.
    since, until : str, optional
        First and last day, ISO.

    Returns
    -------
    pandas.DataFrame
        Rows of ``speeds.csv``; readings on wafer-scale chips are left out.

    Raises
    ------
    UnknownName
        If nothing is left.

    Examples
    --------
    >>> float(speed_readings("GPT-4 Turbo").output_tokens_per_s.max())
    47.3
    """
    frame = speeds()
    keep = (frame.model == model) & ~frame.wafer_scale
    if versions is not None:
        keep &= frame.version.isin(versions)
    if since:
        keep &= frame.date >= pd.Timestamp(iso_date("since", since))
    if until:
        keep &= frame.date <= pd.Timestamp(iso_date("until", until))
    if not keep.any():
        raise UnknownName("model with such speed readings", model, frame.model)
    return frame[keep].sort_values("date", kind="stable").reset_index(drop=True)


def price_on(model: str, date: str, provider: str | None = None) -> pd.Series:
    """Row of ``prices.csv`` in force for a model on a day.

    Raises
    ------
    UnknownName
        If no price was known by that day.

    Examples
    --------
    >>> float(price_on("GPT-4o", "2024-12-13").output_usd_per_mtok)
    10.0
    """
    frame = prices()
    keep = (frame.model == model) & (frame.effective_date <= pd.Timestamp(iso_date("date", date)))
    if provider is not None:
        keep &= frame.provider == provider
    if not keep.any():
        raise UnknownName(f"model with a price by {date}", model, frame.model)
    return frame[keep].sort_values("effective_date", kind="stable").iloc[-1]
