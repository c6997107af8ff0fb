"""The outlook of 2024, put as propositions and scored against what came.

>>> from llmecon_book import scorecard
>>> found = scorecard.compute_one("P1a")
>>> found.verdict, found.article
('failed', 'right')

The article gives no probability and no interval for anything ahead, so no forecast of it can be
scored by a proper scoring rule: only directions can. `score` takes the strictest rule that a
forecast allows, and the same functions score simple rivals that do have intervals (`rivals`).
"""

from collections.abc import Iterable
from datetime import date
from html import escape

import pandas as pd

from llmecon._names import UnknownName
from llmecon_book.scorecard import laws, market, serving, sizes
from llmecon_book.scorecard.facts import (
    cheapest_at_level,
    closed_frontier,
    closed_sizes,
    usable_estimates,
)
from llmecon_book.scorecard.laws import facts_by_size, largest_trained, thinking_shift
from llmecon_book.scorecard.market import flagship_path, flagship_speeds
from llmecon_book.scorecard.record import (
    ESSAY_DAY,
    PROPOSITIONS,
    SCORED_ON,
    TREND_FROM,
    VERDICTS,
    Days,
    Scored,
    Verdict,
)
from llmecon_book.scorecard.scoring import (
    Forecast,
    Score,
    brier,
    interval_score,
    magnitude_error,
    score,
)
from llmecon_book.scorecard.serving import cache_by_shape, over_an_eighth, servable, speed_kept
from llmecon_book.scorecard.sizes import rivals

__all__ = [
    "ESSAY_DAY",
    "PROPOSITIONS",
    "SCORED_ON",
    "TREND_FROM",
    "VERDICTS",
    "Days",
    "Forecast",
    "Score",
    "Scored",
    "Verdict",
    "as_markdown",
    "brier",
    "cache_by_shape",
    "cheapest_at_level",
    "closed_frontier",
    "closed_sizes",
    "compute",
    "compute_one",
    "counts",
    "days",
    "direction",
    "directions",
    "facts_by_size",
    "flagship_path",
    "flagship_speeds",
    "interval_score",
    "largest_trained",
    "laws",
    "magnitude_error",
    "market",
    "over_an_eighth",
    "rivals",
    "score",
    "servable",
    "serving",
    "sizes",
    "speed_kept",
    "thinking_shift",
    "usable_estimates",
    "what_came",
]

Day = str | date | pd.Timestamp


def days(*, made: Day = ESSAY_DAY, until: Day = SCORED_ON, since: Day = TREND_FROM) -> Days:
    """Days of a scoring, checked.

    Parameters
    ----------
    made, until : str or datetime.date, optional
        Day of the forecast; last day whose facts count.
    since : str or datetime.date, optional
        First day of the trends of open frontier models.

    Raises
    ------
    ValueError
        If a day is none, or the forecast is not older than the score.
    """
    given = {"made": made, "until": until, "since": since}
    stamps = {}
    for name, value in given.items():
        try:
            stamps[name] = pd.Timestamp(value)
        except ValueError as error:
            raise ValueError(f"{name} must be an ISO date, got {value!r}") from error
        if pd.isna(stamps[name]):
            raise ValueError(f"{name} must be a date, got {value!r}")
    if not stamps["made"] < stamps["until"]:
        raise ValueError(f"until must be after made, got {until} and {made}")
    return Days(**stamps)


def compute(
    ids: Iterable[str] | None = None,
    *,
    made: Day = ESSAY_DAY,
    until: Day = SCORED_ON,
    since: Day = TREND_FROM,
) -> list[Scored]:
    """Score the outlook, or some propositions of it.

    Parameters
    ----------
    ids : iterable of str, optional
        Propositions, in this order; all by default.
    made, until, since
        As of `days`.

    Returns
    -------
    list of Scored

    Raises
    ------
    UnknownName
        If no proposition is called so.
    ValueError
        If the days leave too few facts, or are none.

    Examples
    --------
    >>> [found.id for found in compute(["P1a", "P9"])]
    ['P1a', 'P9']
    """
    when = days(made=made, until=until, since=since)
    names = sorted(PROPOSITIONS, key=_in_order) if ids is None else list(ids)
    for name in names:
        if name not in PROPOSITIONS:
            raise UnknownName("proposition", name, PROPOSITIONS)
    return [PROPOSITIONS[name].scored(when) for name in names]


def _in_order(name: str) -> tuple[int, str]:
    digits = "".join(letter for letter in name if letter.isdigit())
    return int(digits), name


def compute_one(name: str) -> Scored:
    """Score one proposition.

    Raises
    ------
    UnknownName
        If none is called so; the nearest are suggested.
    """
    (found,) = compute([name])
    return found


def counts(scored: Iterable[Scored]) -> dict[str, int]:
    """How many propositions have each verdict, in a fixed order."""
    found = [one.verdict for one in scored]
    return {verdict: found.count(verdict) for verdict in VERDICTS}


def as_markdown(scored: Iterable[Scored], *, claims_page: str = "") -> str:
    """The scorecard in CommonMark: a table at a glance, then a list with the reasons.

    Parameters
    ----------
    scored : iterable of Scored
        What to print.
    claims_page : str, optional
        Address of the table of claims, which the names of claims then lead to.

    Returns
    -------
    str
        A row and an item a proposition; nothing in them is read as markup of MyST.
    """
    found = list(scored)
    return f"{_table(found)}\n\n" + "\n".join(_item(one, claims_page) for one in found)


def _table(scored: Iterable[Scored]) -> str:
    heads = ("Proposition", "Verdict", "The article", "Its direction", "What came")
    head = "".join(f'<th scope="col">{text}</th>' for text in heads)
    rows = "\n".join(_row(one) for one in scored)
    return (
        '<div class="table-scroll" role="region" tabindex="0" aria-label="Scorecard at a glance">\n'
        f'<table class="table scorecard">\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{rows}\n</tbody>\n</table>\n</div>"
    )


def _row(one: Scored) -> str:
    mark = one.verdict.replace(" ", "-")
    name = f'<a href="#{one.id.lower()}">{one.id}</a> {escape(one.in_short)}'
    verdict = f'<span class="verdict verdict-{mark}">{one.verdict}</span>'
    came = f"<strong>{escape(what_came(one))}</strong>: {escape(one.measure)}"
    cells = (verdict, _EXPECTED[one.said], _SIDES[one.score.hit], came)
    told = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr><th scope="row">{name}</th>{told}</tr>'


def _item(one: Scored, claims_page: str) -> str:
    came = one.came[0].upper() + one.came[1:]
    return (
        f'- <a id="{one.id.lower()}"></a>**{one.id} · {one.verdict}.** {_plain(one.proposition)}. '
        f"{_SAID[one.said]}{_fares(one)} *{_plain(came)}.*\n"
        f'  <details class="rule"><summary>Rule of {one.id}</summary>'
        f"{escape(one.rule)} {direction(one)} {_claims(one, claims_page)}</details>"
    )


def _claims(one: Scored, page: str) -> str:
    names = [
        f'<a href="{page}#claim-{name.lower()}">{name}</a>' if page else name for name in one.claims
    ]
    return f"Claim{'s' if len(names) > 1 else ''} {', '.join(names)}."


def what_came(one: Scored) -> str:
    """The number that decided a proposition, in the unit of its measure, with its ends.

    Examples
    --------
    >>> what_came(compute_one("P9")), what_came(compute_one("P10"))
    ('3 makers', '67%')
    """
    if one.observed is None:
        return "no number"
    if one.unit in ("1", "share"):
        return f"{one.observed:.0%}"
    ends = "" if one.low is None else f" ({one.low:.3g} to {one.high:.3g})"
    unit = "times" if one.unit == "ratio" else one.unit
    return f"{one.observed:.3g} {unit}{ends}"


def direction(one: Scored) -> str:
    """Whether the direction was right, and by how many powers of ten, as a sentence.

    Examples
    --------
    >>> direction(compute_one("P1a")), direction(compute_one("P2"))
    ('Direction: right, 1.2 powers of ten above 0.152.', 'No direction to score.')
    """
    if one.score.hit is None:
        return "No direction to score."
    far = ""
    if one.decades is not None:
        side = "above" if one.decades > 0 else "below"
        far = f", {abs(one.decades):.1f} powers of ten {side} {one.forecast.reference:.3g}"
    return f"Direction: {'right' if one.score.hit else 'wrong'}{far}."


def directions(scored: Iterable[Scored]) -> tuple[int, int]:
    """How many directions were right, of how many that can be scored.

    Examples
    --------
    >>> directions(compute(["P1a", "P2", "P9"]))
    (1, 2)
    """
    hits = [one.score.hit for one in scored if one.score.hit is not None]
    return sum(hits), len(hits)


_EXPECTED = {
    "yes": "says so",
    "no": "says the opposite",
    "takes for granted": "takes it for granted",
    "may mean": "may mean it",
    "nothing": "is silent",
}
_SIDES = {True: "right", False: "wrong", None: "none"}
_SAID = {
    "yes": "The article says so: ",
    "no": "The article says the opposite: ",
    "takes for granted": "The article takes it for granted: ",
    "may mean": "The article may mean that: ",
    "nothing": "The article does not say: ",
}


def _fares(one: Scored) -> str:
    unscored = one.article in ("said nothing", "cannot be scored")
    return "no score." if unscored else f"{one.article}."


def _plain(text: str) -> str:
    """Text whose marks are read as text."""
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]<>#|$~^" else letter for letter in text)
