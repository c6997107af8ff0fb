"""What became of one claim: number, verdict and sentence, beside those of the ledger."""

import importlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from llmecon._names import UnknownName
from llmecon.catalog.rows import ClaimRow
from llmecon_book.claims.registry import READING, Computation, Result, rule
from llmecon_book.claims.rules import Verdict
from llmecon_book.words import fill

_DATES = ("date",)  # units whose values are ISO text


class BadClaim(ValueError):
    """A row of the ledger that cannot be checked as it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One claim, computed.

    Attributes
    ----------
    id, chapter, kind, claim : str
        Name, chapter, sort and wording of the statement.
    stated_value, stated_value_high : float, str or None
        Number or date that the article states; the upper end of a range.
    unit : str
        Unit of stated, computed and expected value.
    value : float, str or None
        The computed number; a date is ISO text; ``None`` where reading decides.
    values : mapping
        Every number of the explanation, by name.
    expected, tolerance : float, str or None; str
        What the ledger says the computation must give, and how far it may differ.
    holds : bool or None
        Whether the value is within the tolerance; ``None`` where nothing is expected.
    verdict, ledger_verdict : str
        What the rule makes of the numbers, and what the ledger says.
    rule : str
        How the verdict follows from the numbers.
    explanation : str
        What a reader should take from it, with the computed numbers.
    statement_matches : bool
        Whether the explanation fits the verdict: it was written for the ledger's.
    source, source_url : str
        The source that decides.
    checked_by : str
        Computation that the value rests on, as ``room.function`` of the library.
    computation : str
        The claim's own function, which holds the rule: ``claims.module.function``.
    """

    id: str
    chapter: str
    kind: str
    claim: str
    stated_value: float | str | None
    stated_value_high: float | None
    unit: str
    value: float | str | None
    values: Mapping[str, Any]
    expected: float | str | None
    tolerance: str
    holds: bool | None
    verdict: Verdict
    ledger_verdict: Verdict
    rule: str
    explanation: str
    statement_matches: bool
    source: str
    source_url: str
    checked_by: str
    computation: str


def check(row: ClaimRow, computation: Computation) -> Finding:
    """Compute one row of the ledger.

    Raises
    ------
    BadClaim
        If the row lacks a tolerance, its numbers cannot be read, or its explanation has a
        placeholder that the computation does not fill.
    UnknownName
        If ``checked_by`` names nothing in the library.
    """
    require_computation(row)
    expected = _number(row, row.expected_value)
    if expected is not None and not row.tolerance:
        raise BadClaim(f"claim {row.id}: expected_value without tolerance")
    result = computation(row)
    verdict = _verdict(row, result)
    return Finding(
        id=row.id,
        chapter=row.chapter,
        kind=row.kind,
        claim=row.claim,
        stated_value=_number(row, row.stated_value),
        stated_value_high=row.stated_value_high,
        unit=row.unit,
        value=result.value,
        values=result.numbers,
        expected=expected,
        tolerance=row.tolerance,
        holds=_holds(row, result.value, expected),
        verdict=verdict,
        ledger_verdict=row.verdict,
        rule=rule(computation),
        explanation=_explanation(row, result, verdict),
        statement_matches=verdict == row.verdict,
        source=row.source,
        source_url=row.source_url,
        checked_by=row.checked_by,
        computation=f"{computation.__module__}.{computation.__qualname__}".removeprefix("llmecon."),
    )


def require_computation(row: ClaimRow) -> None:
    """Refuse a row whose ``checked_by`` is not a name of the library."""
    if row.checked_by == READING:
        return
    room, _, path = row.checked_by.partition(".")
    found: Any = None
    if room in ROOMS and path:
        found = importlib.import_module(ROOMS[room])
        for name in path.split("."):
            found = getattr(found, name, None)
    if found is None:
        raise UnknownName(f"computation (claim {row.id})", row.checked_by, _public_names())


# Rooms whose functions may decide a claim.
ROOMS = {
    **{
        room: f"llmecon.{room}"
        for room in ("catalog", "chinchilla", "cost", "roofline", "sizing", "transformer", "trends")
    },
    "essay": "llmecon_book.essay",
    "parity": "llmecon_book.parity",
}


def _public_names() -> list[str]:
    names = [READING]
    for room in ROOMS:
        module = importlib.import_module(ROOMS[room])
        names += [f"{room}.{name}" for name in dir(module) if not name.startswith("_")]
    return names


def _number(row: ClaimRow, text: str) -> float | str | None:
    if not text:
        return None
    if row.unit in _DATES:
        return text
    try:
        number = float(text)
    except ValueError as error:
        raise BadClaim(f"claim {row.id}: not a number of unit {row.unit!r}: {text!r}") from error
    if not math.isfinite(number):
        raise BadClaim(f"claim {row.id}: not a finite number: {text!r}")
    return number


def _holds(row: ClaimRow, value: float | str | None, expected: float | str | None) -> bool | None:
    if expected is None:
        return None
    if isinstance(value, str) or isinstance(expected, str):
        return value == expected
    if value is None or not math.isfinite(value):
        return False
    return within(value, expected, row.tolerance)


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
    BadClaim
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
        raise BadClaim(f"tolerance must be like 0.1, 1% or x2, got {tolerance!r}") from error


def _not_negative(text: str) -> float:
    number = float(text)
    if not 0 <= number < math.inf:
        raise ValueError(text)
    return number


def _verdict(row: ClaimRow, result: Result) -> Verdict:
    if result.verdict is not None:
        return result.verdict
    if row.checked_by != READING:
        raise BadClaim(f"claim {row.id}: {row.checked_by} gives no verdict")
    return row.verdict  # decided by reading: the ledger is the record of it


def _explanation(row: ClaimRow, result: Result, verdict: Verdict) -> str:
    numbers = {"value": result.value, **result.numbers}
    try:
        sentence = fill(row.explanation, numbers)
    except (LookupError, ValueError, TypeError) as error:
        raise BadClaim(f"claim {row.id}: explanation: {error}") from error
    if verdict == row.verdict:
        return sentence
    return f"The numbers now say {verdict}; what follows was written for {row.verdict}. {sentence}"
