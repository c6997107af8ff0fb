"""How a forecast is scored: by its probability, interval, number or direction, whichever it has."""

import math
from dataclasses import dataclass
from typing import Literal

from llmecon._checks import require

Rule = Literal["probability", "interval", "magnitude", "direction", "none"]
_RULE_UNITS: dict[Rule, str] = {
    "probability": "1",
    "interval": "decades",
    "magnitude": "decades",
    "direction": "",
    "none": "",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What was said of a positive number before it was known; most of it may be missing.

    Attributes
    ----------
    probability : float, optional
        That the proposition comes true. [1]
    low, high, share : float, optional
        Interval, and the share of cases it is meant to hold.
    value : float, optional
        The number itself.
    direction : {-1, 1}, optional
        Below or above ``reference``.
    reference : float, optional
        What a direction is counted from: no change, or a rate that was said to end.
    """

    probability: float | None = None
    low: float | None = None
    high: float | None = None
    share: float | None = None
    value: float | None = None
    direction: int | None = None
    reference: float | None = None

    def __post_init__(self) -> None:
        ends = (self.low, self.high, self.share)
        if any(end is None for end in ends) and any(end is not None for end in ends):
            raise ValueError("low, high and share must be given together")
        if self.direction is not None and self.direction not in (-1, 1):
            raise ValueError(f"direction must be -1 or 1, got {self.direction!r}")
        if (self.direction is None) != (self.reference is None):
            raise ValueError("direction and reference must be given together")

    @property
    def rule(self) -> Rule:
        """The strictest way in which it can be scored."""
        if self.probability is not None:
            return "probability"
        if self.low is not None:
            return "interval"
        if self.value is not None:
            return "magnitude"
        return "direction" if self.direction is not None else "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Outcome of the scoring.

    Attributes
    ----------
    rule : str
        How it was scored.
    points : float or None
        0 is perfect; None where only right or wrong can be told.
    unit : str
        Of the points.
    hit : bool or None
        Whether the direction was right, the interval held the number, or the likelier side came
        true; None where that cannot be told.
    """

    rule: Rule
    points: float | None
    unit: str
    hit: bool | None


def score(
    forecast: Forecast, *, observed: float | None = None, happened: bool | None = None
) -> Score:
    """Score a forecast by the strictest rule that it allows.

    Parameters
    ----------
    forecast : Forecast
        What was said.
    observed : float, optional
        The number that came; None where it is not known.
    happened : bool, optional
        Whether the proposition came true, for a forecast with a probability.

    Returns
    -------
    Score
        With rule ``none`` where nothing was said or nothing is known.

    Examples
    --------
    >>> score(Forecast(direction=1, reference=0.152), observed=2.48)
    Score(rule='direction', points=None, unit='', hit=True)
    >>> score(Forecast(value=10e12), observed=1e12).points
    1.0
    >>> score(Forecast(probability=0.9), happened=False).points
    0.81
    """
    rule = forecast.rule
    known = happened is not None if rule == "probability" else observed is not None
    if rule == "none" or not known:
        return Score(rule="none", points=None, unit="", hit=None)
    points, hit = _scored(forecast, rule, observed, happened)
    return Score(rule=rule, points=points, unit=_RULE_UNITS[rule], hit=hit)


def _scored(
    forecast: Forecast, rule: Rule, observed: float | None, happened: bool | None
) -> tuple[float | None, bool | None]:
    if rule == "probability":
        chance = forecast.probability
        assert chance is not None and happened is not None
        even = chance == 0.5
        return brier(chance, happened), None if even else (chance > 0.5) == happened
    assert observed is not None
    if rule == "interval":
        assert forecast.low is not None
        assert forecast.high is not None and forecast.share is not None
        points = interval_score(forecast.low, forecast.high, observed, forecast.share)
        return points, forecast.low <= observed <= forecast.high
    if rule == "magnitude":
        assert forecast.value is not None
        return magnitude_error(forecast.value, observed), _right_way(forecast, observed)
    return None, _right_way(forecast, observed)


def _right_way(forecast: Forecast, observed: float) -> bool | None:
    if forecast.direction is None or forecast.reference is None:
        return None
    return (observed - forecast.reference) * forecast.direction > 0


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


def magnitude_error(value: float, observed: float) -> float:
    """Distance of a number from the outcome. [decades]"""
    said = float(require("value", value, above=0))
    return abs(math.log10(float(require("observed", observed, above=0)) / said))
