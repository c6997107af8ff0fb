"""One proposition of the outlook: what was said, what is measured, what came."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from llmecon_book.scorecard.scoring import Forecast, Score, score

Verdict = Literal["held", "failed", "mixed", "cannot be scored"]
VERDICTS: tuple[Verdict, ...] = ("held", "failed", "mixed", "cannot be scored")
Said = Literal["yes", "no", "takes for granted", "may mean", "nothing"]

ESSAY_DAY = "2024-12-13"  # of the essay that the article retells; the article has no date
SCORED_ON = "2026-11-30"
TREND_FROM = "2024-07-01"  # open frontier "since July 2024", as in the ledger's O01
IN_SHORT = {  # as the table at a glance names them
    "P1a": "Open totals go on falling",
    "P1b": "Closed totals go on falling",
    "P2": "Active parameters go on falling",
    "P3": "Size for a given ability goes on falling",
    "P4": "Size has a floor at a given ability",
    "P5": "The change of laws was a one-off",
    "P6a": "Thinking changes the balance",
    "P6b": "Hardware serves larger models",
    "P7a": "Long context favours large models in cost",
    "P7b": "A steady speed shows a large model",
    "P8a": "Flagship prices go on falling",
    "P8b": "Price of a given quality goes on falling",
    "P8c": "Models go on getting faster",
    "P9": "The race for size ends",
    "P10": "Closed sizes can be known from outside",
    "P11": "Open models stand for closed ones",
}
_RATIOS = ("times per year", "ratio")  # units whose numbers compare by powers of ten


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """When the forecast was made, when it is scored, and from when trends are fitted."""

    made: pd.Timestamp
    until: pd.Timestamp
    since: pd.Timestamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a proposition's function found.

    Attributes
    ----------
    verdict : str
        What became of the proposition.
    observed : float or None
        The number that decides; None where there is none.
    low, high : float or None
        Its interval.
    forecast : Forecast
        What was said of that number.
    came : str
        What came, in a sentence with the computed numbers.
    numbers : mapping
        Every number behind the verdict, by name.
    """

    verdict: Verdict
    observed: float | None
    came: str
    forecast: Forecast = field(default_factory=Forecast)
    low: float | None = None
    high: float | None = None
    numbers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A proposition with its score.

    Attributes
    ----------
    id : str
        P1a and so on; a letter sets parts of one proposition apart.
    proposition : str
        A sentence that data can decide.
    in_short : str
        The same in a few words.
    said : str
        Whether the article says it (yes), denies it (no), takes it for granted, may mean it, or
        says nothing.
    claims : tuple of str
        Rows of the ledger that it belongs to.
    made, until : pandas.Timestamp
        Day of the forecast, and day of the score.
    measure, unit : str
        What is measured.
    verdict, observed, low, high, forecast, came, numbers
        As in `Outcome`.
    score : Score
        Of the forecast's number, by the strictest rule it allows.
    rule : str
        How the verdict follows from the numbers.
    """

    id: str
    proposition: str
    in_short: str
    said: Said
    claims: tuple[str, ...]
    made: pd.Timestamp
    until: pd.Timestamp
    measure: str
    unit: str
    verdict: Verdict
    observed: float | None
    low: float | None
    high: float | None
    forecast: Forecast
    came: str
    numbers: Mapping[str, Any]
    score: Score
    rule: str

    @property
    def article(self) -> str:
        """How the article fares: right, wrong, partly right, not supported, or not to be scored.

        Of a sentence that only may mean the proposition, a failure shows no more than that the
        proposition does not support it.
        """
        if self.verdict == "cannot be scored" or self.said == "nothing":
            return self.verdict if self.said != "nothing" else "said nothing"
        if self.verdict == "mixed":
            return "partly right"
        if (self.verdict == "held") == (self.said != "no"):
            return "right"
        return "not supported" if self.said == "may mean" else "wrong"

    @property
    def decades(self) -> float | None:
        """Powers of ten from the number that the direction is counted from to the one that came.

        Only where both are rates or ratios; points and shares have no powers of ten. [decades]
        """
        start = self.forecast.reference
        if self.unit not in _RATIOS or not self.observed or not start:
            return None
        return math.log10(self.observed / start)


Computation = Callable[[Days], Outcome]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposition:
    """What is asked, with the function that answers."""

    id: str
    proposition: str
    said: Said
    claims: tuple[str, ...]
    measure: str
    unit: str
    computation: Computation

    def scored(self, days: Days) -> Scored:
        """Answer it for some days."""
        found = self.computation(days)
        return Scored(
            id=self.id,
            proposition=self.proposition,
            in_short=IN_SHORT[self.id],
            said=self.said,
            claims=self.claims,
            made=days.made,
            until=days.until,
            measure=self.measure,
            unit=self.unit,
            verdict=found.verdict,
            observed=found.observed,
            low=found.low,
            high=found.high,
            forecast=found.forecast,
            came=found.came,
            numbers=found.numbers,
            score=score(found.forecast, observed=found.observed),
            rule=" ".join(str(self.computation.__doc__).split()),
        )


PROPOSITIONS: dict[str, Proposition] = {}


def proposition(
    name: str, sentence: str, *, said: Said, claims: tuple[str, ...], measure: str, unit: str
) -> Callable[[Computation], Computation]:
    """Register the function that answers a proposition; its docstring is the rule.

    Raises
    ------
    ValueError
        If the name is taken or the function states no rule.
    """

    def register(function: Computation) -> Computation:
        if name in PROPOSITIONS:
            raise ValueError(f"proposition {name} has two computations")
        if not function.__doc__:
            raise ValueError(f"the computation of proposition {name} states no rule")
        PROPOSITIONS[name] = Proposition(
            id=name,
            proposition=sentence,
            said=said,
            claims=claims,
            measure=measure,
            unit=unit,
            computation=function,
        )
        return function

    return register


def by_parts(*parts: bool) -> Verdict:
    """Held if all parts did, failed if none did, else mixed.

    Examples
    --------
    >>> by_parts(True, True), by_parts(True, False), by_parts(False)
    ('held', 'mixed', 'failed')
    """
    return "held" if all(parts) else "mixed" if any(parts) else "failed"
