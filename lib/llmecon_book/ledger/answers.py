"""An entry of the ledger with its answer: numbers, verdict and sentence, beside the row."""

import importlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from llmecon._names import UnknownName
from llmecon.catalog.rows import ClaimRow, PropositionRow
from llmecon_book.ledger.registry import UNSCORED, Asked, Days, Function, Result, Verdict, rule
from llmecon_book.words import fill

READING = "reading"  # `checked_by` of rows that no number decides

_RATIOS = ("times per year", "ratio")  # units whose numbers compare by powers of ten
# Rooms whose functions a claim may rest on.
_ROOMS = {
    **{
        room: f"llmecon.{room}"
        for room in ("catalog", "chinchilla", "cost", "roofline", "sizing", "transformer", "trends")
    },
    "essay": "llmecon_book.essay",
    "facts": "llmecon_book.facts",
}


class BadEntry(ValueError):
    """A row of the ledger that cannot be answered as it stands."""


@dataclass(frozen=True)
class Answered:
    """An entry of the ledger with its answer.

    Attributes
    ----------
    row : ClaimRow or PropositionRow
        What the ledger says of it.
    result : Result
        What its function found.
    rule : str
        How the verdict follows from the numbers.
    computation : str
        The function, which holds the rule: ``llmecon_book.ledger.module.function``.
    days : Days
        Day of the forecast, and day of the score; a claim is judged by all that is known.
    """

    row: Any
    result: Result
    rule: str
    computation: str
    days: Days

    @property
    def id(self) -> str:
        """Name: a letter and a number; a letter after it sets parts of one proposition apart."""
        return str(self.row.id)

    @property
    def numbers(self) -> Mapping[str, Any]:
        """Every number of the sentence, by name."""
        return self.result.numbers


class Claim(Answered):
    """A statement of the article, computed."""

    row: ClaimRow

    @property
    def value(self) -> float | str | None:
        """The computed number; a date is ISO text; None where reading decides."""
        return self.result.value

    @property
    def verdict(self) -> Verdict:
        """What the rule makes of the numbers; the ledger's, where reading decides."""
        return self.row.verdict if self.result.verdict is None else self.result.verdict

    @property
    def stated(self) -> float | str | None:
        """Number or date that the article states, the lower end of a range."""
        return _number(self.row, self.row.stated_value)

    @property
    def expected(self) -> float | str | None:
        """What the ledger says the computation must give."""
        return _number(self.row, self.row.expected_value)

    @property
    def holds(self) -> bool | None:
        """Whether the value is within the tolerance; None where nothing is expected."""
        value, expected = self.value, self.expected
        if expected is None:
            return None
        if isinstance(value, str) or isinstance(expected, str):
            return value == expected
        if value is None or not math.isfinite(value):
            return False
        return within(value, expected, self.row.tolerance)

    @property
    def is_off(self) -> bool:
        """Whether the numbers no longer say what the ledger says."""
        return self.verdict != self.row.verdict or self.holds is False

    @property
    def explanation(self) -> str:
        """What a reader should take from it, with the computed numbers."""
        sentence = _sentence(self.row, self.row.explanation, self.result)
        if self.verdict == self.row.verdict:
            return sentence
        return (
            f"The numbers now say {self.verdict}; what follows was written for "
            f"{self.row.verdict}. {sentence}"
        )

    @property
    def rests_on(self) -> str:
        """Full name of the function of the library that the value rests on; none by reading."""
        return resolved(self.row)


class Scored(Answered):
    """A proposition with what came."""

    row: PropositionRow

    @property
    def said(self) -> str:
        """Whether the article says it, denies it, takes it for granted, may mean it, or not."""
        return self.row.said

    @property
    def claims(self) -> tuple[str, ...]:
        """Claims that it belongs to."""
        return tuple(self.row.claims.split())

    @property
    def verdict(self) -> Verdict:
        """What became of the proposition."""
        return UNSCORED if self.result.verdict is None else self.result.verdict

    @property
    def observed(self) -> float | None:
        """The number that decides; None where there is none."""
        value = self.result.value
        return None if value is None else float(value)

    @property
    def low(self) -> float | None:
        """Lower end of its interval."""
        return self.result.low

    @property
    def high(self) -> float | None:
        """Upper end of its interval."""
        return self.result.high

    @property
    def came(self) -> str:
        """What came, in a sentence with the computed numbers."""
        return _sentence(self.row, getattr(self.row, self.result.template or "came"), self.result)

    @property
    def hit(self) -> bool | None:
        """Whether the direction was right; None where there is none to score."""
        return self.result.forecast.hit(self.observed)

    @property
    def scored_by(self) -> str:
        """The strictest rule that the forecast allows: its direction, or none."""
        return "none" if self.hit is None else "direction"

    @property
    def article(self) -> str:
        """How the article fares: right, wrong, partly right, not supported, or not to be scored.

        Of a sentence that only may mean the proposition, a failure shows no more than that the
        proposition does not support it.
        """
        if self.said == "nothing":
            return "said nothing"
        if self.verdict == UNSCORED:
            return UNSCORED
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
        start = self.result.forecast.reference
        if self.row.unit not in _RATIOS or not self.observed or not start:
            return None
        return math.log10(self.observed / start)


def answer(row: ClaimRow | PropositionRow, function: Function, days: Days) -> Claim | Scored:
    """Ask the function of an entry, and check that its row fits what it found.

    Raises
    ------
    BadEntry
        If the row lacks a tolerance, its numbers cannot be read, or its sentence has a
        placeholder that the function does not fill.
    UnknownName
        If ``checked_by`` names nothing in the library.
    """
    if isinstance(row, ClaimRow):
        _check(row)
    kind = Claim if isinstance(row, ClaimRow) else Scored
    name = f"{function.__module__}.{function.__qualname__}"
    found = kind(row, function(Asked(row, days)), rule(function), name, days)
    if isinstance(found, Scored):
        _ = found.came
    elif found.result.verdict is None and found.row.checked_by != READING:
        raise BadEntry(f"claim {row.id}: {found.row.checked_by} gives no verdict")
    else:
        _ = found.explanation, found.holds
    return found


def _check(row: ClaimRow) -> None:
    resolved(row)
    _number(row, row.stated_value)
    if _number(row, row.expected_value) is not None and not row.tolerance:
        raise BadEntry(f"claim {row.id}: expected_value without tolerance")


def resolved(row: ClaimRow) -> str:
    """Full name of what ``checked_by`` names; empty for a claim decided by reading.

    Raises
    ------
    UnknownName
        If it names no function of a room that claims may rest on.
    """
    if row.checked_by == READING:
        return ""
    room, _, path = row.checked_by.partition(".")
    found: Any = importlib.import_module(_ROOMS[room]) if room in _ROOMS and path else None
    for name in path.split("."):
        found = getattr(found, name, None)
    if found is None:
        raise UnknownName(f"computation (claim {row.id})", row.checked_by, _public_names())
    return f"{_ROOMS[room]}.{path}"


def _public_names() -> list[str]:
    return [READING] + [
        f"{room}.{name}"
        for room, module in _ROOMS.items()
        for name in dir(importlib.import_module(module))
        if not name.startswith("_")
    ]


def _number(row: ClaimRow, text: str) -> float | str | None:
    if not text or row.unit == "date":
        return text or None
    try:
        number = float(text)
    except ValueError as error:
        raise BadEntry(f"claim {row.id}: not a number of unit {row.unit!r}: {text!r}") from error
    if not math.isfinite(number):
        raise BadEntry(f"claim {row.id}: not a finite number: {text!r}")
    return number


def _sentence(row: ClaimRow | PropositionRow, template: str, result: Result) -> str:
    """A sentence with its numbers; ``{each}`` is a list, the mark after its last item dropped."""
    numbers = {"value": result.value, "low": result.low, "high": result.high, **result.numbers}
    try:
        if isinstance(row, PropositionRow):
            items = " ".join(fill(row.each, item) for item in result.each)
            numbers["each"] = items.rstrip(",;")
        return fill(template, numbers)
    except (LookupError, ValueError, TypeError) as error:
        raise BadEntry(f"{row.id}: sentence: {error}") from error


def within(value: float, expected: float, tolerance: str) -> bool:
    """Whether a number is near enough to another.

    Parameters
    ----------
    value, expected : float
        The two numbers.
    tolerance : str
        ``0.1`` absolute, ``1%`` relative to the expected one, ``x2`` a factor either way.

    Raises
    ------
    BadEntry
        If the tolerance is of no such form, or negative.

    Examples
    --------
    >>> within(1495.73, 1495.7, "0.1"), within(1.01, 1.0, "2%"), within(5.0, 1.0, "x2")
    (True, True, False)
    """
    form = tolerance.strip()
    try:
        if form.startswith("x"):
            factor = _not_negative(form[1:])
            return value > 0 and expected / factor <= value <= expected * factor
        if form.endswith("%"):
            return abs(value - expected) <= _not_negative(form[:-1]) / 100 * abs(expected)
        return abs(value - expected) <= _not_negative(form)
    except (ValueError, ZeroDivisionError) as error:
        raise BadEntry(f"tolerance must be like 0.1, 1% or x2, got {tolerance!r}") from error


def _not_negative(text: str) -> float:
    number = float(text)
    if not 0 <= number < math.inf:
        raise ValueError(text)
    return number
