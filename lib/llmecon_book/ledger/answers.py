"""An entry of the ledger with its answer: numbers, verdict and sentence, beside the row."""

import importlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from llmecon import catalog
from llmecon._names import UnknownName
from llmecon_book import words
from llmecon_book.facts import ClaimRow, PropositionRow
from llmecon_book.ledger.registry import (
    FOLLOWS,
    FUNCTIONS,
    UNSCORED,
    Days,
    Function,
    OfClaim,
    Result,
    Verdict,
    asked,
)

READING = "reading"  # `checked_by` of rows that no number decides

_FARES = {"imprecise": "partly right", "unsupported": "not supported", "unverifiable": UNSCORED}
_RATIOS = ("times per year", "ratio")  # units whose numbers compare by powers of ten
# Rooms whose functions a claim may rest on.
_OF_LIBRARY = ("catalog", "chinchilla", "cost", "roofline", "sizing", "transformer", "trends")
_ROOMS = {room: f"llmecon.{room}" for room in _OF_LIBRARY}
_ROOMS |= {room: f"llmecon_book.{room}" for room in ("essay", "facts")}


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
    function : callable
        The function, whose docstring is the rule.
    days : Days
        Day of the forecast, and day of the score; a claim is judged by all that is known.
    """

    row: Any
    result: Result
    function: Function
    days: Days

    @property
    def id(self) -> str:
        """Name: a letter and a number; a letter after it sets parts of one proposition apart."""
        return str(self.row.id)

    @property
    def rule(self) -> str:
        """How the verdict follows from the numbers, as the function states it, on one line."""
        return " ".join(str(self.function.__doc__).split())

    @property
    def computation(self) -> str:
        """The function, which holds the rule: ``llmecon_book.ledger.module.function``."""
        return f"{self.function.__module__}.{self.function.__qualname__}"

    @property
    def _template(self) -> str:
        return str(self.row.explanation)

    def _values(self) -> dict[str, Any]:
        low, high = self.result.interval
        return {"value": self.result.value, "low": low, "high": high, **self.result.numbers}

    @property
    def numbers(self) -> dict[str, Any]:
        """Every number of the sentence but the value, by its placeholder."""
        read = words.used(self._template, self._values())
        plain = {k: v.item() if isinstance(v, np.generic) else v for k, v in read.items()}
        return {name: number for name, number in plain.items() if name not in ("value", "each")}

    def _sentence(self) -> str:
        try:
            return words.fill(self._template, self._values())
        except (AttributeError, LookupError, ValueError, TypeError) as error:
            raise BadEntry(f"{self.id}: sentence: {error}") from error


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
        if not (isinstance(value, float) and isinstance(expected, float)):
            return value == expected
        return math.isfinite(value) and within(value, expected, self.row.tolerance)

    @property
    def is_off(self) -> bool:
        """Whether the numbers no longer say what the ledger says."""
        return self.verdict != self.row.verdict or self.holds is False

    @property
    def explanation(self) -> str:
        """What a reader should take from it, with the computed numbers."""
        sentence, written_for = self._sentence(), self.row.verdict
        if self.verdict == written_for:
            return sentence
        told = f"The numbers now say {self.verdict}; what follows was written for {written_for}."
        return f"{told} {sentence}"

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
        return None if self.result.value is None else float(self.result.value)

    @property
    def low(self) -> float | None:
        """Lower end of its interval."""
        return self.result.interval[0]

    @property
    def high(self) -> float | None:
        """Upper end of its interval."""
        return self.result.interval[1]

    @property
    def _template(self) -> str:
        return str(getattr(self.row, self.result.template))

    def _values(self) -> dict[str, Any]:
        values = super()._values()
        items = " ".join(words.fill(self.row.each, item) for item in values.get("each", ()))
        return values | {"each": items.rstrip(",;")}  # the mark after the last item goes

    @property
    def came(self) -> str:
        """What came, in a sentence with the computed numbers."""
        return self._sentence()

    @property
    def measure(self) -> str:
        """The number that decides with its ends and, after a colon, what it measures."""
        told = str(self.row.measure)
        if self.observed is None:
            return f"no number: {told.partition(': ')[2]}"
        return words.fill(told, self._values())

    @property
    def hit(self) -> bool | None:
        """Whether the direction was right; None where there is none to score."""
        direction, reference = self.result.direction, self.result.reference
        if direction is None or reference is None or self.observed is None:
            return None
        return (self.observed - reference) * direction > 0

    @property
    def scored_by(self) -> str:
        """The strictest rule that the forecast allows: its direction, or none."""
        return "none" if self.hit is None else "direction"

    @property
    def article(self) -> str:
        """How the article fares: right, wrong, partly right, not supported, or not to be scored."""
        if self.said == "nothing":
            return "said nothing"
        fares = of_claim(self.verdict, self.said)
        return _FARES.get(fares, fares)

    @property
    def decades(self) -> float | None:
        """Powers of ten from the number that the direction is counted from to the one that came.

        Only where both are rates or ratios; points and shares have no powers of ten. [decades]
        """
        start = self.result.reference
        if self.row.unit not in _RATIOS or not self.observed or not start:
            return None
        return math.log10(self.observed / start)


def of_claim(verdict: Verdict, said: str) -> OfClaim:
    """Verdict on a sentence of the article from what became of its proposition.

    Of a sentence that only may mean the proposition, a failure shows no more than that the
    proposition does not support it.

    Parameters
    ----------
    verdict : str
        What became of the proposition.
    said : str
        Whether the article says it, denies it, takes it for granted, or may mean it.

    Examples
    --------
    >>> of_claim("failed", "no"), of_claim("failed", "may mean"), of_claim("mixed", "yes")
    ('right', 'unsupported', 'imprecise')
    """
    if verdict in (UNSCORED, "mixed"):
        return "unverifiable" if verdict == UNSCORED else "imprecise"
    if (verdict == "held") == (said != "no"):
        return "right"
    return "unsupported" if said == "may mean" else "wrong"


def claimed(row: ClaimRow, days: Days) -> Claim:
    """Ask the function of a claim, and check that its row fits what it found.

    Raises
    ------
    BadEntry
        If the row lacks a tolerance, its numbers cannot be read, or its sentence has a
        placeholder that the function does not fill.
    UnknownName
        If no function has the id of the row, or ``checked_by`` names nothing in the library.
    """
    function = _function("claim", row.id)
    resolved(row)
    _number(row, row.stated_value)
    if _number(row, row.expected_value) is not None and not row.tolerance:
        raise BadEntry(f"claim {row.id}: expected_value without tolerance")
    found = Claim(row, answer(row, days, {}), function, days)
    if found.result.verdict is None and row.checked_by != READING:
        raise BadEntry(f"claim {row.id}: {row.checked_by} gives no verdict")
    _ = found.explanation, found.holds
    return found


def answer(row: ClaimRow, days: Days, values: Mapping[str, Any]) -> Result:
    """What the function of a claim finds, or the proposition that decides the claim."""
    if row.id not in FOLLOWS:
        return asked(row.id, row, values)
    rows = {r.id: r for r in catalog.rows("propositions") if isinstance(r, PropositionRow)}
    of = rows[FOLLOWS[row.id]]
    found = Scored(of, asked(of.id, days, values), FUNCTIONS[of.id], days)
    return replace(
        found.result, verdict=of_claim(found.verdict, found.said), numbers=found._values()
    )


def scored(row: PropositionRow, days: Days, values: Mapping[str, Any] | None = None) -> Scored:
    """Ask the function of a proposition, and check that its sentence fits what it found.

    Parameters
    ----------
    row : PropositionRow
        The proposition.
    days : Days
        Of the forecast and the score.
    values : mapping, optional
        Parameters of the chapter, by name; the book's where there is none.

    Raises
    ------
    BadEntry
        If the sentence has a placeholder that the function does not fill.
    UnknownName
        If no function has the id of the row.
    """
    function = _function("proposition", row.id)
    found = Scored(row, asked(row.id, days, values or {}), function, days)
    _ = found.came
    return found


def _function(kind: str, name: str) -> Function:
    if name not in FUNCTIONS:
        raise UnknownName(kind, name, FUNCTIONS)
    return FUNCTIONS[name]


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
        rooms = {room: importlib.import_module(module) for room, module in _ROOMS.items()}
        known = [f"{room}.{name}" for room, module in rooms.items() for name in dir(module)]
        raise UnknownName(f"computation (claim {row.id})", row.checked_by, [READING, *known])
    return f"{_ROOMS[room]}.{path}"


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
