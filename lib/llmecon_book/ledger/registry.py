"""One small function an entry of the ledger, and the few rules by which numbers become a verdict.

A function is asked about its row of ``claims.csv`` or ``propositions.csv`` and returns numbers and
a verdict; the sentence around them is in the row. The function's docstring is the rule.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast, get_args

import numpy as np
import pandas as pd

from llmecon._checks import require
from llmecon.catalog.rows import ClaimRow, PropositionRow
from llmecon_book import facts
from llmecon_book.ledger.scoring import Forecast

OfClaim = Literal["right", "imprecise", "wrong", "unsupported", "unverifiable"]
OfProposition = Literal["held", "failed", "mixed", "cannot be scored"]
Verdict = OfClaim | OfProposition
OF_CLAIMS: tuple[str, ...] = get_args(OfClaim)
OF_PROPOSITIONS: tuple[str, ...] = get_args(OfProposition)
UNSCORED: Verdict = "cannot be scored"

ROUNDED = 0.05  # a stated number this near to the computed one is only rounded
SAME_ORDER = 2.0  # beyond this factor a stated number is another number


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """When the forecast was made, when it is scored, and from when trends are fitted."""

    made: pd.Timestamp
    until: pd.Timestamp
    since: pd.Timestamp


@dataclass(frozen=True, slots=True)
class Asked:
    """What a function is asked: a row of the ledger, and the days that count.

    Attributes
    ----------
    row : ClaimRow or PropositionRow
        The entry.
    days : Days
        For propositions; a claim is judged by all that is known.
    """

    row: ClaimRow | PropositionRow
    days: Days

    @property
    def claim(self) -> ClaimRow:
        """The row of a claim."""
        assert isinstance(self.row, ClaimRow), f"{self.row.id} is no claim"
        return self.row

    @property
    def stated(self) -> float:
        """The number that the article states, the lower end of a range."""
        return facts.stated(self.claim)

    @property
    def stated_range(self) -> tuple[float, float]:
        """Both ends of a range that the article states."""
        return facts.stated_range(self.claim)

    @property
    def model(self) -> str:
        """Model that a claim is about."""
        return self.claim.model

    @property
    def source_day(self) -> pd.Timestamp:
        """Day of the source that decides a claim."""
        if self.claim.source_date is None:
            raise ValueError(f"claim {self.claim.id} has no source_date")
        return pd.Timestamp(self.claim.source_date)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a function found.

    Attributes
    ----------
    value : float, str or None
        The number that decides; a date is ISO text; None where there is none.
    verdict : str or None
        What the rule makes of the numbers; None where reading decides.
    low, high : float or None
        Interval of the value.
    forecast : Forecast
        What was said of the value before it was known.
    numbers : mapping
        Every number of the sentence, by name.
    each : sequence of mapping
        Numbers of the items of a list in the sentence.
    template : str
        Column of the row that holds the sentence.
    """

    value: float | str | None
    verdict: Verdict | None
    low: float | None = None
    high: float | None = None
    forecast: Forecast = field(default_factory=Forecast)
    numbers: Mapping[str, Any] = field(default_factory=dict)
    each: Sequence[Mapping[str, Any]] = ()
    template: str = ""


def found(
    value: float | str | None,
    verdict: Verdict | None,
    *,
    interval: tuple[float, float] | None = None,
    forecast: Forecast | None = None,
    each: Sequence[Mapping[str, Any]] = (),
    template: str = "",
    **numbers: Any,
) -> Result:
    """A `Result`, its numbers by name and plain."""
    low, high = (None, None) if interval is None else map(float, interval)
    return Result(
        value=_plain(value),
        verdict=verdict,
        low=low,
        high=high,
        forecast=Forecast() if forecast is None else forecast,
        numbers={name: _plain(number) for name, number in numbers.items()},
        each=each,
        template=template,
    )


def unanswered(**numbers: Any) -> Result:
    """A proposition for which the facts of the day hold no number."""
    return found(None, UNSCORED, template="unanswered", **numbers)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic | np.ndarray) else value


Function = Callable[[Asked], Result]
FUNCTIONS: dict[str, Function] = {}


def decides(*names: str) -> Callable[[Function], Function]:
    """Register the function of an entry, or of several that ask the same, under their ids.

    Raises
    ------
    ValueError
        If an id is taken or the function's docstring states no rule.
    """

    def register(function: Function) -> Function:
        for name in names:
            if name in FUNCTIONS:
                raise ValueError(f"{name} has two functions")
            if not function.__doc__:
                raise ValueError(f"the function of {name} states no rule")
            FUNCTIONS[name] = function
        return function

    return register


def rule(function: Function) -> str:
    """The rule of a verdict, as the function states it, on one line."""
    return " ".join(str(function.__doc__).split())


# ---- how numbers become a verdict ------------------------------------------------------------


def verdict(*, otherwise: Verdict = "wrong", **conditions: bool) -> Verdict:
    """The first verdict whose condition holds.

    Parameters
    ----------
    otherwise : str, optional
        Verdict if none holds.
    **conditions : bool
        Verdicts and their conditions, the strictest first.

    Examples
    --------
    >>> verdict(right=False, imprecise=True), verdict(right=False, imprecise=False)
    ('imprecise', 'wrong')
    """
    for name in conditions:
        if name not in (*OF_CLAIMS, *OF_PROPOSITIONS):
            raise ValueError(f"no verdict is called {name!r}")
    holding = (name for name, holds in conditions.items() if holds)
    return cast(Verdict, next(holding, otherwise))


def by_parts(*parts: bool) -> Verdict:
    """Held if all parts did, failed if none did, else mixed.

    Examples
    --------
    >>> by_parts(True, True), by_parts(True, False), by_parts(False)
    ('held', 'mixed', 'failed')
    """
    return verdict(held=all(parts), failed=not any(parts), otherwise="mixed")


def by_size(stated: float, computed: float, *others: float) -> Verdict:
    """Right if only rounded; imprecise if within a factor of two of some reading; else wrong.

    Parameters
    ----------
    stated : float
        Number of the article.
    computed : float
        The reading that the sentence means.
    *others : float
        Readings that it might mean.

    Examples
    --------
    >>> by_size(1000, 116.7, 1495.7)
    'imprecise'
    """
    near = any(apart(stated, reading) <= SAME_ORDER for reading in (computed, *others))
    return verdict(right=rounded(stated, computed), imprecise=near)


def rounded(stated: float, computed: float) -> bool:
    """Whether a stated number is the computed one, but for rounding.

    Examples
    --------
    >>> rounded(10.0, 10.286), rounded(3.0, 2.793)
    (True, False)
    """
    return abs(stated - computed) <= ROUNDED * abs(computed)


def apart(a: float, b: float) -> float:
    """Factor between two positive numbers, at least 1. [times]

    Examples
    --------
    >>> apart(1000.0, 1495.7)
    1.4957
    """
    first = float(require("a", a, above=0))
    second = float(require("b", b, above=0))
    return max(first / second, second / first)
