"""The ledger: every checkable statement of the article, and what it expected, computed.

An entry is a row and one small function: a row of ``data/claims.csv`` for a statement, of
``data/propositions.csv`` for what was to come. The row holds the sentences, the function computes
their numbers and a verdict by a stated rule. A changed fact changes all three.

>>> from llmecon_book import ledger
>>> claim = ledger.claim("E05")
>>> round(claim.value, 1), claim.verdict
(1492.3, 'imprecise')
>>> came = ledger.proposition("P1a")
>>> came.verdict, came.article
('failed', 'right')

The article gives no probability and no interval for anything ahead, so no forecast of it can be
scored by a proper scoring rule: only directions can. Simple rivals that do have intervals are
scored by them (`rivals`).
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, TypeVar

import pandas as pd

from llmecon import catalog
from llmecon._names import UnknownName
from llmecon_book.facts import ESSAY_DAY, SCORED_ON, TREND_FROM, ClaimRow, Day, PropositionRow
from llmecon_book.ledger import causes, evolution, outlook, propositions, reversal  # noqa: F401
from llmecon_book.ledger.answers import (
    READING,
    BadEntry,
    Claim,
    Scored,
    answer,
    claimed,
    scored,
    within,
)
from llmecon_book.ledger.listing import direction, directions, scorecard
from llmecon_book.ledger.measures import (
    brier,
    cache_by_shape,
    facts_by_size,
    rivals,
    servable,
    speed_kept,
    thinking_shift,
)
from llmecon_book.ledger.registry import (
    FOLLOWS,
    FUNCTIONS,
    OF_CLAIMS,
    OF_PROPOSITIONS,
    Days,
    assumptions,
    decides,
)

# fmt: off
__all__ = [
    "FUNCTIONS", "OF_CLAIMS", "OF_PROPOSITIONS", "READING", "BadEntry", "Claim", "Days", "Scored",
    "brier", "cache_by_shape", "claim", "claims", "counts", "days", "decides",
    "direction", "directions", "facts_by_size", "proposition", "rivals", "score", "scorecard",
    "servable", "speed_kept", "thinking_shift", "verdicts", "within",
]
# fmt: on

Entry = TypeVar("Entry")


def days(*, made: Day = ESSAY_DAY, until: Day = SCORED_ON, since: Day = TREND_FROM) -> Days:
    """Days of a scoring, checked.

    Parameters
    ----------
    made, until : day, optional
        Day of the forecast; last day whose facts count.
    since : day, optional
        First day of the trends of open frontier models.

    Raises
    ------
    ValueError
        If a day is none, or the forecast is not older than the score.
    """
    stamps = {}
    for name, value in {"made": made, "until": until, "since": since}.items():
        try:
            iso = date.fromisoformat(value) if isinstance(value, str) else value
        except ValueError as error:
            raise ValueError(f"{name} must be an ISO date, got {value!r}") from error
        stamps[name] = pd.Timestamp(iso)
        if pd.isna(stamps[name]):
            raise ValueError(f"{name} must be a date, got {value!r}")
    if not stamps["made"] < stamps["until"]:
        raise ValueError(f"until must be after made, got {until} and {made}")
    return Days(**stamps)


def claims(chapter: str | None = None, *, ids: Iterable[str] | None = None) -> list[Claim]:
    """The article's statements, computed: all, or those of one chapter.

    Parameters
    ----------
    chapter : str, optional
        ``evolution``, ``reversal``, ``causes`` or ``outlook``.
    ids : iterable of str, optional
        Names of the claims to compute, in this order.

    Raises
    ------
    UnknownName
        If there is no such chapter or claim, or a row has no function of that name.
    BadEntry
        If a row cannot be checked as it stands.

    Examples
    --------
    >>> [found.id for found in claims("evolution")][:3]
    ['E01', 'E02', 'E03']
    """
    rows = {row.id: row for row in catalog.rows("claims") if isinstance(row, ClaimRow)}
    chosen = [_named("claim", name, rows) for name in (rows if ids is None else ids)]
    if chapter is not None:
        chosen = [row for row in chosen if row.chapter == chapter]
        if not chosen:
            raise UnknownName("chapter", chapter, {row.chapter for row in rows.values()})
    when = days()
    return [claimed(row, when) for row in chosen]


def verdicts(chapter: str, values: Mapping[str, Any]) -> dict[str, str]:
    """Verdicts of a chapter that hang on its parameters, under their values.

    Parameters
    ----------
    chapter : str
        Name of the chapter.
    values : mapping
        Its parameters, by name; ``globals()`` in the chapter.

    Returns
    -------
    dict
        Verdicts under keys such as ``verdict-R01``; a claim whose rule takes no parameter of its
        chapter cannot change and is left out.

    Examples
    --------
    >>> verdicts("causes", {"usd_per_gpu_hour": 2.94})["verdict-C05"]
    'imprecise'
    """
    rows = {row.id: row for row in catalog.rows("claims") if isinstance(row, ClaimRow)}
    looks_ahead = chapter == "outlook"
    when = _days_of(values) if looks_ahead else days()
    return {
        f"verdict-{name}": str(answer(row, when, values).verdict)
        for name, row in rows.items()
        if row.chapter == chapter and (assumptions(name) or (looks_ahead and name in FOLLOWS))
    }


def _days_of(values: Mapping[str, Any]) -> Days:
    """Days of the chapter on the outlook, by its parameters."""
    return days(
        made=values.get("forecast_made", ESSAY_DAY),
        until=values.get("scored_until") or SCORED_ON,
        since=values.get("trend_from", TREND_FROM),
    )


def claim(name: str) -> Claim:
    """One claim, computed.

    Raises
    ------
    UnknownName
        If no claim is called so; the nearest are suggested.

    Examples
    --------
    >>> claim("E5")
    Traceback (most recent call last):
    llmecon._names.UnknownName: no claim is called 'E5'; nearest: E05, E15, E25
    """
    (found,) = claims(ids=[name])
    return found


def score(
    ids: Iterable[str] | None = None,
    *,
    made: Day = ESSAY_DAY,
    until: Day = SCORED_ON,
    since: Day = TREND_FROM,
    values: Mapping[str, Any] | None = None,
) -> list[Scored]:
    """Score the outlook, or some propositions of it.

    Parameters
    ----------
    ids : iterable of str, optional
        Propositions, in this order; all by default.
    made, until, since
        As of `days`.
    values : mapping, optional
        Parameters of the chapter on the outlook, by name; the book's where there is none.

    Raises
    ------
    UnknownName
        If no proposition is called so.
    ValueError
        If the days leave too few facts, or are none.

    Examples
    --------
    >>> [found.id for found in score(["P1a", "P9"])]
    ['P1a', 'P9']
    """
    when = days(made=made, until=until, since=since)
    rows = {r.id: r for r in catalog.rows("propositions") if isinstance(r, PropositionRow)}
    chosen = [_named("proposition", name, rows) for name in (rows if ids is None else ids)]
    return [scored(row, when, values) for row in chosen]


def proposition(name: str) -> Scored:
    """One proposition, scored.

    Raises
    ------
    UnknownName
        If none is called so; the nearest are suggested.
    """
    (found,) = score([name])
    return found


def _named(kind: str, name: str, known: Mapping[str, Entry]) -> Entry:
    if name not in known:
        raise UnknownName(kind, name, known)
    return known[name]


def counts(found: Iterable[Claim | Scored] | None = None) -> dict[str, int]:
    """How many claims, or propositions, have each verdict, in a fixed order.

    Examples
    --------
    >>> counts()
    {'right': 25, 'imprecise': 25, 'wrong': 1, 'unsupported': 2, 'unverifiable': 7}
    """
    entries: list[Claim | Scored] = [*(claims() if found is None else found)]
    verdicts: list[str] = [one.verdict for one in entries]
    names = OF_PROPOSITIONS if any(isinstance(one, Scored) for one in entries) else OF_CLAIMS
    return {name: verdicts.count(name) for name in names}
