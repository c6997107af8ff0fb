"""One small function an entry of the ledger, and the few rules by which numbers become a verdict.

The function of a claim is asked about its row of ``claims.csv``, that of a proposition about the
days that count. It returns numbers and a verdict; the sentence around them is in the row. The
function's docstring is the rule. Where the answer hangs on what a chapter lets one change, the
function takes that parameter under its name, with the book's value where it is not given. A
sentence that is a proposition as well has one rule: its claim takes the answer of the proposition.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import signature
from typing import Any, Literal, cast, get_args

import pandas as pd

from llmecon._checks import require

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
class Result:
    """What a function found.

    Attributes
    ----------
    value : float, str or None
        The number that decides; a date is ISO text; None where there is none.
    verdict : str or None
        What the rule makes of the numbers; None where reading decides.
    numbers : mapping
        Numbers, days and rows of tables that the sentence reads, by name; ``each`` is a list of
        mappings, the numbers of the items of a list in the sentence.
    interval : tuple of float
        Ends of the value; None where it has none.
    direction : {-1, 1} or None
        Whether the article expects the value below or above ``reference``; it gives no more.
    reference : float or None
        What a direction is counted from: no change, or a rate that was said to end.
    template : str
        Column of the row that holds the sentence of a proposition.
    """

    value: float | str | None
    verdict: Verdict | None
    numbers: Mapping[str, Any]
    interval: tuple[float | None, float | None] = (None, None)
    direction: int | None = None
    reference: float | None = None
    template: str = "came"


def found(
    value: Any,
    verdict: Verdict | None,
    *,
    interval: tuple[float, float] | None = None,
    above: float | None = None,
    below: float | None = None,
    template: str = "came",
    **numbers: Any,
) -> Result:
    """A `Result`: `above` or `below` what the article expects the value, its numbers by name."""
    if value is not None and not isinstance(value, str):
        value = float(value)
    ends = (None, None) if interval is None else (float(interval[0]), float(interval[1]))
    if above is None and below is None:
        return Result(value, verdict, numbers, ends, template=template)
    direction, reference = (1, above) if below is None else (-1, below)
    return Result(value, verdict, numbers, ends, direction, reference, template)


def unanswered(**numbers: Any) -> Result:
    """A proposition for which the facts of the day hold no number."""
    return found(None, UNSCORED, template="unanswered", **numbers)


Function = Callable[..., Result]
FUNCTIONS: dict[str, Function] = {}
FOLLOWS: dict[str, str] = {}  # claims that are decided by a proposition


def decides(*names: str) -> Callable[[Function], Function]:
    """Register the function of an entry, or of several that ask the same, under their ids.

    Claims named after a proposition take its answer: see `FOLLOWS`.

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
            if names[0].startswith("P") and name != names[0]:
                FOLLOWS[name] = names[0]
        return function

    return register


def assumptions(name: str) -> list[str]:
    """Parameters of its chapter that the rule of an entry takes."""
    return [*signature(FUNCTIONS[FOLLOWS.get(name, name)]).parameters][1:]


def asked(name: str, about: Any, values: Mapping[str, Any]) -> Result:
    """What the function of an entry finds under these values of parameters."""
    taken = {key: values[key] for key in assumptions(name) if key in values}
    return FUNCTIONS[name](about, **taken)


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
    near = any(same_order(stated, reading) for reading in (computed, *others))
    return verdict(right=rounded(stated, computed), imprecise=near)


def by_range(value: float, low: float, high: float) -> Verdict:
    """Right if inside the range; imprecise within a factor of two of an end; else wrong.

    Examples
    --------
    >>> by_range(9, 8, 10), by_range(5, 8, 10), by_range(21, 8, 10)
    ('right', 'imprecise', 'wrong')
    """
    near = same_order(value, low) or same_order(value, high)
    return verdict(right=low <= value <= high, imprecise=near)


def rounded(stated: float, computed: float) -> bool:
    """Whether a stated number is the computed one, but for rounding.

    Examples
    --------
    >>> rounded(10.0, 10.286), rounded(3.0, 2.793)
    (True, False)
    """
    return abs(stated - computed) <= ROUNDED * abs(computed)


def same_order(a: float, b: float) -> bool:
    """Whether two positive numbers lie within a factor of two.

    Examples
    --------
    >>> same_order(1000.0, 1495.7), same_order(10.0, 21.0)
    (True, False)
    """
    first = float(require("a", a, above=0))
    second = float(require("b", b, above=0))
    return max(first / second, second / first) <= SAME_ORDER
