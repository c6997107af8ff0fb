"""How a forecast is scored: by its direction, and by proper rules where it has more."""

import math
from dataclasses import dataclass

from llmecon._checks import require


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What was said of a number before it was known; the article gives no more than a direction.

    Attributes
    ----------
    direction : {-1, 1}, optional
        Below or above ``reference``.
    reference : float, optional
        What a direction is counted from: no change, or a rate that was said to end.

    Examples
    --------
    >>> Forecast(direction=1, reference=0.152).hit(2.48), Forecast().hit(2.48)
    (True, None)
    """

    direction: int | None = None
    reference: float | None = None

    def __post_init__(self) -> None:
        if self.direction not in (None, -1, 1):
            raise ValueError(f"direction must be -1 or 1, got {self.direction!r}")
        if (self.direction is None) != (self.reference is None):
            raise ValueError("direction and reference must be given together")

    def hit(self, observed: float | None) -> bool | None:
        """Whether the direction was right; None where none was given or nothing came."""
        if self.direction is None or self.reference is None or observed is None:
            return None
        return (observed - self.reference) * self.direction > 0


def brier(probability: float, happened: bool) -> float:
    """Squared distance of a probability from what happened; 0.25 is that of a coin. [1]

    References
    ----------
    .. [1] G. W. Brier, "Verification of Forecasts Expressed in Terms of Probability", Monthly
       Weather Review 78, 1950 (the form for two outcomes, half of the original).

    Examples
    --------
    >>> brier(0.5, True), brier(1.0, True)
    (0.25, 0.0)
    """
    chance = float(require("probability", probability, minimum=0, maximum=1, unit="1"))
    return (chance - float(happened)) ** 2


def interval_score(low: float, high: float, observed: float, share: float) -> float:
    r"""Width of an interval in decades, and a penalty for each decade that it misses by.

    .. math:: (u - l) + \tfrac{2}{\alpha} (l - x)^+ + \tfrac{2}{\alpha} (x - u)^+,
              \quad \alpha = 1 - \text{share}

    with l, u, x the base-10 logarithms of ends and outcome. An honest forecaster has the least
    expected score.

    Parameters
    ----------
    low, high : float
        The interval, in the unit of the outcome.
    observed : float
        The outcome.
    share : float
        Share of cases the interval is meant to hold. [1]

    References
    ----------
    .. [1] T. Gneiting and A. E. Raftery, "Strictly Proper Scoring Rules, Prediction, and
       Estimation", JASA 102, 2007, Eq. 43.

    Examples
    --------
    >>> interval_score(1e10, 1e12, 1e11, 0.8), interval_score(1e10, 1e12, 1e13, 0.8)
    (2.0, 12.0)
    """
    missed = 1 - float(require("share", share, above=0, maximum=0.9999, unit="1"))
    ends = [math.log10(float(require(n, v, above=0))) for n, v in (("low", low), ("high", high))]
    if ends[0] > ends[1]:
        raise ValueError(f"low must be <= high, got {low:g} and {high:g}")
    came = math.log10(float(require("observed", observed, above=0)))
    below, above = max(ends[0] - came, 0.0), max(came - ends[1], 0.0)
    return ends[1] - ends[0] + 2 / missed * (below + above)
