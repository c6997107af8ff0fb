"""Growth by a constant factor per year: through two points, or fitted to many."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from llmecon._checks import DAYS_PER_YEAR, FloatArray, Numbers, require
from llmecon.trends._dates import Dates, about_the_mean, points, years_since


def ratio(a: Numbers, b: Numbers) -> FloatArray:
    """How many times ``b`` goes into ``a``.

    Parameters
    ----------
    a, b : float or array
        Two values of one unit. [same unit]

    Returns
    -------
    numpy.ndarray
        Quotient. [times]

    Raises
    ------
    ValueError
        If ``b`` is not positive or ``a`` is negative.

    Examples
    --------
    >>> float(ratio(175e9, 117e6))
    1495.7
    """
    return np.asarray(require("a", a, minimum=0) / require("b", b, above=0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    r"""Growth by a constant factor per year, :math:`\log_{10} N = a + b (t - t_0)`.

    Attributes
    ----------
    origin : pandas.Timestamp
        Day :math:`t_0` that years are counted from, the mean of the data.
    log10_level : float
        :math:`a`, logarithm of the size on that day.
    log10_slope : float
        :math:`b`, change of the logarithm. [1/year]
    standard_error : float
        Of :math:`b`; infinite with two points, which leave nothing to judge by. [1/year]
    residual_sd : float
        Scatter of the logarithms about the line; infinite with two points.
    n : int
        Points.
    confidence : float
        Share that the intervals are meant to hold.
    sum_squares : float
        Of the points' distances from the origin. [years^2]
    """

    origin: pd.Timestamp
    log10_level: float
    log10_slope: float
    standard_error: float
    residual_sd: float
    n: int
    confidence: float
    sum_squares: float

    @property
    def factor_per_year(self) -> float:
        """Growth in one year. [times per year]"""
        return float(10.0**self.log10_slope)

    @property
    def interval(self) -> tuple[float, float]:
        """Interval of the factor per year (Student's t). [times per year]"""
        half = self._quantile() * self.standard_error
        return float(10.0 ** (self.log10_slope - half)), float(10.0 ** (self.log10_slope + half))

    @property
    def doubling_years(self) -> float:
        """Time to double; negative: to halve. [years]"""
        return doubling_time(self.factor_per_year)

    def at(self, dates: Dates) -> FloatArray:
        """Size on the line on each day. [unit of the data]"""
        return np.asarray(10.0 ** self._log10_at(years_since(self.origin, dates)))

    def band(self, dates: Dates) -> tuple[FloatArray, FloatArray]:
        """Interval of the size of a new model, which scatters about the line, on each day.

        Parameters
        ----------
        dates : str, date or sequence
            Days.

        Returns
        -------
        tuple of numpy.ndarray
            Lower and upper end. [unit of the data]

        Raises
        ------
        ValueError
            With two points.
        """
        if self.n < 3:
            raise ValueError(f"a band needs at least 3 points, got {self.n}")
        years = years_since(self.origin, dates)
        spread = 1.0 / self.n + years**2 / self.sum_squares + 1.0
        half = self._quantile() * self.residual_sd * np.sqrt(spread)
        middle = self._log10_at(years)
        return np.asarray(10.0 ** (middle - half)), np.asarray(10.0 ** (middle + half))

    def _log10_at(self, years: FloatArray) -> FloatArray:
        return self.log10_level + self.log10_slope * years

    def date_of(self, size: float) -> pd.Timestamp:
        """Day on which the line reaches a size.

        Raises
        ------
        ValueError
            If the line is flat or the day lies beyond the calendar.
        """
        wanted = math.log10(float(require("size", size, above=0)))
        if self.log10_slope == 0:
            raise ValueError("size is never reached: the line is flat")
        years = (wanted - self.log10_level) / self.log10_slope
        try:
            return (self.origin + pd.Timedelta(days=years * DAYS_PER_YEAR)).normalize()
        except (OverflowError, ValueError) as error:
            raise ValueError(
                f"size {size:g} is reached {years:.0f} years away, beyond the calendar"
            ) from error

    def _quantile(self) -> float:
        if self.n == 2:
            return math.inf
        return float(special.stdtrit(self.n - 2, 0.5 + self.confidence / 2))  # Student's t


def growth_rate(dates: Dates, sizes: Numbers, *, confidence: float = 0.8) -> Growth:
    r"""Factor per year, through two points or by least squares on the logarithm.

    .. math:: N(t) = N_1 (N_2 / N_1)^{(t - t_1) / (t_2 - t_1)}

    for two points; for more, the line that minimises the squares of
    :math:`\log_{10} N_i - a - b (t_i - \bar t)`.

    Parameters
    ----------
    dates : sequence of str or datetime.date
        When; at least two different days.
    sizes : array
        What grew, positive. [any unit]
    confidence : float, optional
        Share that intervals are meant to hold, between 0 and 1.

    Returns
    -------
    Growth
        Factor per year with standard error, interval and number of points.

    Raises
    ------
    ValueError
        If there are fewer than two points or days, lengths differ, or a size is not positive.

    Notes
    -----
    The interval takes the points as independent. Successive models of one frontier are not
    quite, so it is rather too narrow than too wide.

    Examples
    --------
    GPT-1 to GPT-3, then GPT-3 to GPT-4.

    >>> growth_rate(["2018-06-11", "2020-05-28"], [117e6, 175e9]).factor_per_year
    41.4
    >>> growth_rate(["2020-05-28", "2023-03-14"], [175e9, 1.8e12]).factor_per_year
    2.304
    """
    require("confidence", confidence, above=0, maximum=0.9999)
    days, values = points(dates, sizes)
    origin, years = about_the_mean(days)
    level, squares = float(values.mean()), float((years**2).sum())
    slope = float((years * (values - level)).sum()) / squares
    free, sd = len(days) - 2, math.inf
    if free:
        sd = math.sqrt(float(((values - level - slope * years) ** 2).sum()) / free)
    return Growth(
        origin=origin,
        log10_level=level,
        log10_slope=slope,
        standard_error=sd / math.sqrt(squares),
        residual_sd=sd,
        n=len(days),
        confidence=confidence,
        sum_squares=squares,
    )


def doubling_time(factor_per_year: float) -> float:
    r"""Years in which a size doubles.

    .. math:: \ln 2 / \ln g

    Parameters
    ----------
    factor_per_year : float
        Growth :math:`g`. [times per year]

    Returns
    -------
    float
        Negative where the size halves in that time, infinite where it rests. [years]

    Raises
    ------
    ValueError
        If the factor is not positive.

    Examples
    --------
    >>> doubling_time(4.0), doubling_time(0.5)
    (0.5, -1.0)
    """
    factor = float(require("factor_per_year", factor_per_year, above=0, unit="times per year"))
    return math.inf if factor == 1.0 else math.log(2) / math.log(factor)


def records(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """Rows that were the largest so far on their ``release_date``, in order.

    Rows without a value are left out: what is not known sets no record.

    Raises
    ------
    ValueError
        If no row has a value.
    """
    known = frame[frame[column].notna()].sort_values("release_date", kind="stable")
    if known.empty:
        raise ValueError(f"no row has a value of {column}")
    before = known[column].cummax().shift(fill_value=0.0)
    return known[known[column] > before].reset_index(drop=True)
