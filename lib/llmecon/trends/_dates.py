"""Dates as years."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from llmecon._checks import DAYS_PER_YEAR, FloatArray, Numbers, iso_date, require

Day = str | date | pd.Timestamp
Dates = Day | Iterable[Day]


def timestamps(name: str, dates: Any) -> pd.DatetimeIndex:
    """Dates as an index of timestamps, or an error that names the wrong one.

    Text is ISO; timestamps keep their time of the day; a number is no date.
    """
    try:
        given = [dates] if isinstance(dates, str | date) else list(dates)
    except TypeError:
        given = [dates]
    days = [
        pd.Timestamp(day if isinstance(day, pd.Timestamp | np.datetime64) else iso_date(name, day))
        for day in given
    ]
    for day in days:
        if pd.isna(day) or day.tzinfo is not None:
            raise ValueError(f"{name} must be an ISO date, got {day!r}")
    return pd.DatetimeIndex(days)


def points(dates: Dates, sizes: Numbers) -> tuple[pd.DatetimeIndex, FloatArray]:
    """Days, and the logarithms of as many positive sizes."""
    days = timestamps("dates", dates)
    values = np.atleast_1d(require("sizes", sizes, above=0))
    if values.shape != (len(days),):
        raise ValueError(f"sizes must be as many as dates, got {values.size} and {len(days)}")
    return days, np.log10(values)


def years_since(origin: Day, dates: Dates) -> FloatArray:
    """Years of 365.25 days from one day to each date. [years]

    Examples
    --------
    >>> years_since("2020-01-01", ["2019-01-01", "2022-01-01"]).round(3)
    array([-0.999,  2.001])
    """
    zero = timestamps("origin", origin)[0]
    seconds = np.asarray((timestamps("dates", dates) - zero).total_seconds(), dtype=np.float64)
    return seconds / (86_400 * DAYS_PER_YEAR)


def about_the_mean(days: pd.DatetimeIndex) -> tuple[pd.Timestamp, FloatArray]:
    """Mean of at least two different days, and years from it to each."""
    if days.nunique() < 2:
        raise ValueError(f"growth needs two different days, got {days.nunique()}")
    origin = days[0] + (days - days[0]).mean()
    return origin, years_since(origin, days)


def whole_days(years: FloatArray) -> npt.NDArray[np.timedelta64]:
    """Years as time in whole days."""
    return np.round(years * DAYS_PER_YEAR).astype("int64").astype("timedelta64[D]")


def elapsed_years(start: Day, end: Day) -> float:
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
