"""Dates as years."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

FloatArray = npt.NDArray[np.float64]
Dates = str | date | pd.Timestamp | Iterable[str | date | pd.Timestamp]

DAYS_PER_YEAR = 365.25  # Julian year, as in the ledger of claims
_SECONDS_PER_DAY = 86_400


def timestamps(name: str, dates: Any) -> pd.DatetimeIndex:
    """Dates as an index of timestamps, or an error that names the wrong one."""
    single = isinstance(dates, str | date)
    try:
        index = pd.DatetimeIndex(pd.to_datetime([dates] if single else list(dates)))
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be ISO dates, got {dates!r}") from error
    if index.isna().any():
        raise ValueError(f"{name} must be dates, got an empty one")
    return index


def years_since(origin: str | date | pd.Timestamp, dates: Dates) -> FloatArray:
    """Years of 365.25 days from one day to each date. [years]

    Examples
    --------
    >>> years_since("2020-01-01", ["2019-01-01", "2022-01-01"]).round(3)
    array([-0.999,  2.001])
    """
    zero = timestamps("origin", origin)[0]
    seconds = np.asarray((timestamps("dates", dates) - zero).total_seconds(), dtype=np.float64)
    return seconds / (_SECONDS_PER_DAY * DAYS_PER_YEAR)


def elapsed_years(start: str | date | pd.Timestamp, end: str | date | pd.Timestamp) -> float:
    r"""Years between two days, negative if the second comes first.

    .. math:: \Delta t = \mathrm{days} / 365.25

    Parameters
    ----------
    start, end : str or datetime.date
        Two days; text is ISO.

    Returns
    -------
    float
        Time from the first to the second. [years]

    Raises
    ------
    ValueError
        If one of them is not a date.

    Examples
    --------
    GPT-1 to GPT-3.

    >>> elapsed_years("2018-06-11", "2020-05-28")
    1.963
    """
    first = timestamps("start", start)[0]
    return float(years_since(first, timestamps("end", end))[0])
