"""Trends through sizes that are only estimated: every draw has its own sizes and its own line."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from llmecon._checks import FloatArray, central_interval, require, require_memory
from llmecon.trends._dates import Dates, about_the_mean, timestamps, whole_days, years_since

_CALENDAR_YEARS = 246.0  # pandas counts until 2262
_NINETY = special.ndtri(0.95)  # published ranges are read as 90 % intervals


def sample_sizes(
    models: pd.DataFrame, *, draws: int = 4000, seed: int = 0, column: str = "total_params"
) -> FloatArray:
    """Sizes as sure as they are: disclosed ones fixed, the others within their ranges.

    Parameters
    ----------
    models : pandas.DataFrame
        Rows such as `llmecon.catalog.models`, with ``size_status``, ``size_low``,
        ``size_high`` and the column.
    draws : int, optional
        Samples.
    seed : int, optional
        Of the random numbers.
    column : str, optional
        ``total_params`` or ``active_params``. A range is that of the total; an active size
        that is not disclosed gets the same relative range.

    Returns
    -------
    numpy.ndarray
        Draws by models. [parameters]

    Raises
    ------
    ValueError
        If a size is missing.

    Notes
    -----
    Reported and estimated sizes are log-normal on either side of the central value, so that
    5 % lie below ``size_low`` and 5 % above ``size_high``; without a range they are fixed,
    and the result is too sure.
    """
    count = int(require("draws", draws, minimum=1))
    require_memory("draws", count, 64.0 * len(models))
    middle = require(column, models[column].to_numpy(dtype=float), above=0, unit="parameters")
    total = models["total_params"].to_numpy(dtype=float)
    sure = (models["size_status"] == "disclosed").to_numpy()
    ends = [models[end].to_numpy(dtype=float) / total for end in ("size_low", "size_high")]
    below, above = (np.abs(np.log(np.nan_to_num(end, nan=1.0))) / _NINETY for end in ends)
    z = np.random.default_rng(seed).normal(size=(count, len(models)))
    spread = np.where(sure, 0.0, np.where(z < 0, below, above))
    return np.asarray(middle * np.exp(z * spread))


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowthSamples:
    """Lines through sampled sizes.

    Attributes
    ----------
    origin : pandas.Timestamp
        Day that years are counted from.
    log10_level, log10_slope : numpy.ndarray
        Line of each draw: sizes as sampled, and the line as uncertain as its scatter makes it.
    residual_sd : numpy.ndarray
        Scatter of each draw's models about its line. [decades]
    share_from_sizes : float
        Share of the variance of the slope that comes from unsure sizes; the rest is scatter.
    """

    origin: pd.Timestamp
    log10_level: FloatArray
    log10_slope: FloatArray
    residual_sd: FloatArray
    share_from_sizes: float

    @property
    def factor_per_year(self) -> FloatArray:
        """Growth of each draw. [times per year]"""
        return np.asarray(10.0**self.log10_slope)

    def interval(self, share: float = 0.8) -> tuple[float, float]:
        """Central interval of the growth. [times per year]"""
        low, high = central_interval(self.factor_per_year, share)
        return float(low), float(high)

    def at(self, dates: Dates) -> FloatArray:
        """Size on the line of each draw: draws by days. [parameters]"""
        years = years_since(self.origin, dates)
        return np.asarray(10.0 ** (self.log10_level[:, None] + np.outer(self.log10_slope, years)))

    def dates_of(self, size: float) -> npt.NDArray[np.datetime64]:
        """Day on which each draw's line reaches a size; not a time where it never does."""
        wanted = np.log10(float(require("size", size, above=0, unit="parameters")))
        with np.errstate(divide="ignore", invalid="ignore"):
            years = (wanted - self.log10_level) / self.log10_slope
        reached = (self.log10_slope > 0) & (np.abs(years) < _CALENDAR_YEARS)
        dates = np.datetime64(self.origin.date(), "D") + whole_days(np.where(reached, years, 0.0))
        return np.asarray(np.where(reached, dates, np.datetime64("NaT", "D")))


def growth_samples(
    models: pd.DataFrame, *, column: str = "total_params", draws: int = 4000, seed: int = 0
) -> GrowthSamples:
    """Growth through sizes that are only partly known, by Monte Carlo.

    Parameters
    ----------
    models : pandas.DataFrame
        As in `sample_sizes`, with ``release_date``; at least three rows.
    column, draws, seed
        As in `sample_sizes`.

    Returns
    -------
    GrowthSamples

    Raises
    ------
    ValueError
        With fewer than three models or two days, or a size missing.

    Examples
    --------
    >>> from llmecon import catalog
    >>> models = catalog.models()
    >>> chosen = models[models.frontier & models.total_params.notna()]
    >>> found = growth_samples(chosen[chosen.release_date < "2023-06-01"])
    >>> low, high = found.interval(0.8)
    >>> low < np.median(found.factor_per_year) < high
    np.True_
    """
    if len(models) < 3:
        raise ValueError(f"growth with an interval needs at least 3 models, got {len(models)}")
    values = np.log10(sample_sizes(models, draws=draws, seed=seed, column=column))
    origin, years = about_the_mean(timestamps("dates", models["release_date"]))
    squares = float((years**2).sum())
    level, slope = values.mean(axis=1), values @ years / squares
    away = values - level[:, None] - slope[:, None] * years[None, :]
    sd = np.sqrt((away**2).sum(axis=1) / (len(years) - 2))
    # One line's own error: Student's t about the slope and the level of each draw.
    t = np.random.default_rng(seed + 1).standard_t(len(years) - 2, size=(2, len(slope)))
    noisy = slope + t[0] * sd / np.sqrt(squares)
    share = float(np.var(slope) / np.var(noisy)) if np.var(noisy) > 0 else 0.0
    return GrowthSamples(
        origin=origin,
        log10_level=level + t[1] * sd / np.sqrt(len(years)),
        log10_slope=noisy,
        residual_sd=sd,
        share_from_sizes=min(share, 1.0),
    )


def fan(
    samples: GrowthSamples, dates: Dates, *, levels: tuple[float, ...] = (0.5, 0.8)
) -> pd.DataFrame:
    """Sizes of a new model, which scatters about the line, with intervals: a fan chart.

    Parameters
    ----------
    samples : GrowthSamples
        From `growth_samples`.
    dates : sequence
        Days.
    levels : tuple of float, optional
        Shares that the intervals hold.

    Returns
    -------
    pandas.DataFrame
        ``date``, ``level``, ``low``, ``median``, ``high``: one row a day and level.

    Raises
    ------
    ValueError
        If a level is not between 0 and 1.
    """
    require("levels", levels, above=0, maximum=0.9999)
    days = timestamps("dates", dates)
    noise = np.random.default_rng(0).normal(size=len(samples.residual_sd))
    values = samples.at(days) * 10 ** (noise * samples.residual_sd)[:, None]
    middle = np.median(values, axis=0)
    parts = []
    for level in levels:
        low, high = central_interval(values, level)
        ends = {"low": low, "median": middle, "high": high}
        parts.append(pd.DataFrame({"date": days, "level": level, **ends}))
    return pd.concat(parts, ignore_index=True)
