"""The tables of ``data/``: each row checked, returned as records and frames.

Each table has a function of its name: ``catalog.models()`` is ``catalog.table("models")``.
A frame's dates are pandas timestamps; an empty cell is missing, never zero. Every call returns a
fresh copy, so a reader may change it.
"""

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import TypeVar

import pandas as pd

from llmecon._checks import iso_date
from llmecon._names import UnknownName
from llmecon.accelerator import Accelerator
from llmecon.catalog.reading import BadRow, data_folder, frame_of, read_rows
from llmecon.catalog.rows import TABLES, Sourced, foreign_keys
from llmecon.transformer import Transformer

__all__ = ["TABLES", "BadRow", "UnknownName", "data_folder"]

ARENA = "Arena text score"  # benchmark of ``arena_lists.csv``

_Record = TypeVar("_Record", Accelerator, Transformer)


@cache
def _rows(name: str, folder: Path) -> tuple[Sourced, ...]:
    keys = {
        column: {getattr(row, row.KEY[0]): row for row in _rows(other, folder)}
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
    return frame_of(_rows(name, folder))


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


def scores() -> pd.DataFrame:
    """Scores of models: rows of ``scores.csv``, and of ``arena_lists.csv`` what has a model.

    Examples
    --------
    >>> scores().query("model == 'GPT-4' and unit == 'Arena points'").score.tolist()
    [1288.0, 1186.0, 1186.0, 1210.0]
    """
    own = table("scores")
    listed = table("arena_lists").dropna(subset=["model"]).rename(columns={"name": "variant"})
    listed = listed.assign(benchmark=ARENA, unit="Arena points", date_basis="list date")
    return pd.concat([own, listed[own.columns]], ignore_index=True)


def __getattr__(name: str) -> Callable[[], pd.DataFrame]:
    if name not in TABLES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return partial(table, name)


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
    return _named("model", "architectures", name, Transformer)


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
    return _named("accelerator", "accelerators", name, Accelerator)


def _named(kind: str, table_name: str, name: str, record: type[_Record]) -> _Record:
    by_name = {str(getattr(row, row.KEY[0])): row for row in rows(table_name)}
    if name not in by_name:
        raise UnknownName(kind, name, by_name)
    return record(**by_name[name].model_dump(include=set(record.model_fields)))


def _day(name: str, text: str) -> pd.Timestamp:
    return pd.Timestamp(iso_date(name, text))


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
    frame, day = scores(), _day("date", date)
    on_list = frame[(frame.benchmark == benchmark) & (frame.date == day)]
    found = on_list.loc[on_list.model == model, "score"]
    if found.empty:
        raise UnknownName(f"model with {benchmark} on {date}", model, on_list.model)
    return float(found.iloc[0])


def score_gap(model: str, other: str, benchmark: str, date: str) -> float:
    """How far one model scores above another, on one list: scores drift from list to list.

    Raises
    ------
    UnknownName
        If one of them has no score on that list.

    Examples
    --------
    >>> score_gap("GPT-4o", "GPT-4", "Arena text score", "2024-12-13")
    99.0
    """
    return score(model, benchmark, date) - score(other, benchmark, date)


def speed_readings(
    model: str,
    *,
    versions: tuple[str, ...] | None = None,
    since: str = "2000-01-01",
    until: str = "2100-01-01",
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
    frame = table("speeds")
    keep = (frame.model == model) & ~frame.wafer_scale
    keep &= frame.date.between(_day("since", since), _day("until", until))
    if versions is not None:
        keep &= frame.version.isin(versions)
    if not keep.any():
        raise UnknownName("model with such speed readings", model, frame.model)
    return frame[keep].sort_values("date", kind="stable").reset_index(drop=True)


def price_on(model: str, date: str) -> pd.Series:
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
    frame = table("prices")
    frame = frame[frame.effective_date <= _day("date", date)]
    found = frame[frame.model == model].sort_values("effective_date", kind="stable")
    if found.empty:
        raise UnknownName(f"model with a price by {date}", model, frame.model)
    return found.iloc[-1]
