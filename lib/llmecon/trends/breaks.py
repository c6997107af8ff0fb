"""Where a trend turned: two lines that meet, and how sure the day is."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from llmecon._checks import DAYS_PER_YEAR, FloatArray, Numbers, require, require_memory
from llmecon.trends._dates import Dates, points, timestamps, whole_days, years_since
from llmecon.trends.uncertain import sample_sizes

_EACH_SIDE = 3  # points that each line must have, or it fits what it likes
_GRID_YEARS = 1 / 48  # a week or so: finer than any interval found
_FINER = 61  # days tried between two neighbours of the best
_COEFFICIENTS = 4  # level, two slopes, the day


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    r"""Two growth rates that meet on one day.

    .. math:: \log_{10} N = a + b_1 \min(t - \tau, 0) + b_2 \max(t - \tau, 0)

    Attributes
    ----------
    date, earliest, latest : pandas.Timestamp
        The day :math:`\tau` of least squares, and the ends of its interval.
    before, after : float
        Growth on the two sides. [times per year]
    level : float
        Size on the day of the break. [unit of the sizes]
    p_value : float
        Chance of so great an improvement over one line if there is no break.
    n : int
        Points.
    confidence : float
        Share that the interval is meant to hold.
    """

    date: pd.Timestamp
    earliest: pd.Timestamp
    latest: pd.Timestamp
    before: float
    after: float
    level: float
    p_value: float
    n: int
    confidence: float

    def at(self, dates: Dates) -> FloatArray:
        """Size on the broken line on each day. [unit of the sizes]"""
        years = years_since(self.date, dates)
        return np.asarray(self.level * np.where(years < 0, self.before, self.after) ** years)


def break_point(
    dates: Dates, sizes: Numbers, *, confidence: float = 0.8, draws: int = 999, seed: int = 0
) -> Break:
    r"""Day on which growth changed, by least squares over every possible day.

    Parameters
    ----------
    dates, sizes
        As in `growth_rate`; at least eight points.
    confidence : float, optional
        Share that the interval of the day is meant to hold.
    draws : int, optional
        Made-up frontiers for interval and p-value.
    seed : int, optional
        Of the random numbers.

    Returns
    -------
    Break

    Raises
    ------
    ValueError
        With fewer than eight points, or none between which both sides have three days.

    Notes
    -----
    The interval holds every day on which the sum of squares exceeds the least by no more than
    it would by chance if that were the day (profile likelihood). No table gives the
    distribution of the least over all days, so both it and the p-value are simulated, with
    normal errors on the same dates: about the broken line for the interval, about one line
    for the p-value. Days are tried in steps of a week, and the interval is rounded outwards to
    them. Models of one frontier are not independent, so that both are too sure rather than
    not sure enough.

    Examples
    --------
    Tenfold a year until 2022, then halving.

    >>> dates = [f"{year}-{month}-01" for year in range(2019, 2025) for month in ("01", "07")]
    >>> years = years_since("2022-01-01", dates)
    >>> turn = break_point(dates, 1e11 * 10 ** np.where(years < 0, years, -0.3 * years))
    >>> str(turn.date)[:7], round(turn.before, 1), round(turn.after, 2), turn.p_value < 0.01
    ('2022-01', 10.0, 0.5, True)
    >>> float(turn.at(turn.date)[0] / 1e11)
    1.0
    """
    require("confidence", confidence, above=0, maximum=0.9999)
    count = int(require("draws", draws, minimum=1))
    days, values = points(dates, sizes)
    require_memory("draws", count, 64.0 * len(days))
    origin = days.min()
    years = years_since(origin, days)
    turns = _candidates(years)
    bases = _broken_lines(years, turns)
    squares = _left_over(bases, values[:, None])[:, 0]
    least = int(squares.argmin())
    bound = _bound(values, bases[least], bases, confidence, _noise(values, count, seed + 1))
    inside = squares <= squares[least] * bound
    inside[least] = True
    low, high = np.flatnonzero(inside)[[0, -1]]
    # The best day to a fraction of one, between the neighbours of the best of the grid.
    last = len(turns) - 1
    finer = np.linspace(turns[max(least - 1, 0)], turns[min(least + 1, last)], _FINER)
    turn = finer[_left_over(_broken_lines(years, finer), values[:, None]).argmin()]
    level, before, after = (float(10**number) for number in _line(years, values, turn))
    return Break(
        date=_day(origin, turn),
        earliest=_day(origin, turns[max(low - 1, 0)]),
        latest=_day(origin, turns[min(high + 1, last)]),
        before=before,
        after=after,
        level=level,
        p_value=_p_value(years, values, bases, squares[least], _noise(values, count, seed)),
        n=len(days),
        confidence=confidence,
    )


def _noise(values: FloatArray, draws: int, seed: int) -> FloatArray:
    return np.random.default_rng(seed).normal(size=(len(values), draws))


def _candidates(years: FloatArray) -> FloatArray:
    """Days on which the lines may meet: three different days on either side.

    Raises
    ------
    ValueError
        If there is none, or too few points.
    """
    if len(years) < 2 * _COEFFICIENTS:
        raise ValueError(f"a break needs at least {2 * _COEFFICIENTS} points, got {len(years)}")
    days = np.unique(years)
    if len(days) < 2 * _EACH_SIDE:
        raise ValueError(f"a break needs {2 * _EACH_SIDE} different days, got {len(days)}")
    first, last = days[_EACH_SIDE - 1], days[-_EACH_SIDE]
    steps = max(2, int(np.ceil((last - first) / _GRID_YEARS)) + 1)
    return np.linspace(first, last, steps)


def _broken_lines(years: FloatArray, turns: FloatArray) -> FloatArray:
    """Orthonormal columns of the broken line for each possible day."""
    return np.asarray(np.linalg.qr(_design(years[None, :] - turns[:, None]))[0])


def _design(away: FloatArray) -> FloatArray:
    """Columns of the broken line: level, years before and years after the turn."""
    return np.stack([np.ones_like(away), np.minimum(away, 0.0), np.maximum(away, 0.0)], axis=-1)


def _left_over(bases: FloatArray, values: FloatArray) -> FloatArray:
    """Sum of squares about the broken lines: possible days by columns of values."""
    kept = np.einsum("kni,nd->kid", bases, values)
    return np.asarray(np.maximum((values**2).sum(axis=0) - (kept**2).sum(axis=1), 0.0))


def _line(years: FloatArray, values: FloatArray, turn: float) -> FloatArray:
    """Level on the day of the turn, slopes before and after it. [1, 1/year]"""
    return np.asarray(np.linalg.lstsq(_design(years - turn), values, rcond=None)[0])


def _bound(
    values: FloatArray, basis: FloatArray, bases: FloatArray, confidence: float, noise: FloatArray
) -> float:
    """Sum of squares on the true day over the least, that a share of made-up frontiers keeps.

    The frontiers are the broken line that was found with normal errors of its own scatter.
    """
    line = basis @ (basis.T @ values)
    sd = np.sqrt(((values - line) ** 2).sum() / (len(values) - _COEFFICIENTS))
    made_up = line[:, None] + sd * noise
    on_the_day = _left_over(basis[None], made_up)[0]
    least = _left_over(bases, made_up).min(axis=0)
    return float(np.quantile(on_the_day / np.maximum(least, 1e-300), confidence))


def _p_value(
    years: FloatArray, values: FloatArray, bases: FloatArray, least: float, noise: FloatArray
) -> float:
    """Share of made-up straight frontiers that a broken line improves as much."""
    line, _ = np.linalg.qr(np.column_stack([np.ones_like(years), years]))

    def improvement(columns: FloatArray, broken: FloatArray) -> FloatArray:
        straight = (columns**2).sum(axis=0) - ((line.T @ columns) ** 2).sum(axis=0)
        return np.asarray(straight / np.maximum(broken, 1e-300))

    seen = improvement(values[:, None], np.array([least]))[0]
    by_chance = improvement(noise, _left_over(bases, noise).min(axis=0))
    return float((1 + (by_chance >= seen).sum()) / (noise.shape[1] + 1))


def _day(origin: pd.Timestamp, years: float) -> pd.Timestamp:
    return (origin + pd.Timedelta(days=float(years) * DAYS_PER_YEAR)).round("D")


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakSamples:
    """Where each draw of the sizes turned.

    Attributes
    ----------
    dates : numpy.ndarray
        Day of the break.
    before, after : numpy.ndarray
        Growth on the two sides. [times per year]
    """

    dates: npt.NDArray[np.datetime64]
    before: FloatArray
    after: FloatArray

    @property
    def chance_of_shrinking(self) -> float:
        """Share of the draws in which sizes fell after the break."""
        return float((self.after < 1).mean())


def break_samples(
    models: pd.DataFrame, *, column: str = "total_params", draws: int = 2000, seed: int = 0
) -> BreakSamples:
    """Day of the break when sizes are only partly known, by Monte Carlo.

    The models are drawn anew with replacement as well, so that the spread has both parts:
    unsure sizes, and which models there happened to be.

    Parameters
    ----------
    models, column, draws, seed
        As in `growth_samples`; at least eight rows.

    Raises
    ------
    ValueError
        With too few models or days, or a size missing.
    """
    days = timestamps("dates", models["release_date"])
    values = np.log10(sample_sizes(models, draws=draws, seed=seed, column=column)).T
    origin = days.min()
    years = years_since(origin, days)
    turns = _candidates(years)
    rng = np.random.default_rng(seed + 1)
    best, growth = np.empty(draws), np.empty((2, draws))
    for k in range(draws):
        rows, possible = _resampled(rng, years, turns)
        squares = _left_over(_broken_lines(years[rows], possible), values[rows, [k]][:, None])
        best[k] = possible[squares.argmin()]
        growth[:, k] = [10**slope for slope in _line(years[rows], values[rows, k], best[k])[1:]]
    dates = np.datetime64(origin.date(), "D") + whole_days(best)
    return BreakSamples(dates=dates, before=growth[0], after=growth[1])


def _resampled(
    rng: np.random.Generator, years: FloatArray, turns: FloatArray
) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """Rows drawn with replacement, and the turns that leave both sides days enough."""
    while True:
        rows = rng.integers(0, len(years), len(years))
        days = np.unique(years[rows])
        if len(days) >= 2 * _EACH_SIDE:
            possible = turns[(turns >= days[_EACH_SIDE - 1]) & (turns <= days[-_EACH_SIDE])]
            if possible.size:
                return rows, possible
