"""The outlook of 2024, put as propositions and scored against what came.

>>> from llmecon import scorecard
>>> found = scorecard.compute_one("P1a")
>>> found.verdict, found.article
('failed', 'right')

The article gives no probability and no interval for anything ahead, so no forecast of it can be
scored by a proper scoring rule: only directions can. `score` takes the strictest rule that a
forecast allows, and the same functions score simple rivals that do have intervals (`rivals`).
"""

from collections.abc import Iterable
from datetime import date

import pandas as pd

from llmecon._names import UnknownName
from llmecon.scorecard import laws, market, serving, sizes
from llmecon.scorecard.facts import (
    cheapest_at_level,
    closed_frontier,
    closed_sizes,
    usable_estimates,
)
from llmecon.scorecard.laws import facts_by_size, largest_trained, thinking_shift
from llmecon.scorecard.market import flagship_path, flagship_speeds
from llmecon.scorecard.record import (
    ESSAY_DAY,
    PROPOSITIONS,
    SCORED_ON,
    TREND_FROM,
    VERDICTS,
    Days,
    Scored,
    Verdict,
)
from llmecon.scorecard.scoring import (
    Forecast,
    Score,
    brier,
    interval_score,
    magnitude_error,
    score,
)
from llmecon.scorecard.serving import cache_by_shape, over_an_eighth, servable, speed_kept
from llmecon.scorecard.sizes import rivals

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
    "how_we_know",
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


def as_markdown(scored: Iterable[Scored]) -> str:
    """The scorecard as a list in CommonMark: proposition, verdict, how the article fares, why.

    Parameters
    ----------
    scored : iterable of Scored
        What to print.

    Returns
    -------
    str
        One item a proposition; nothing in it is read as markup of MyST.
    """
    return "\n".join(
        f"- **{one.id} · {one.verdict}.** {_plain(one.proposition)}. "
        f"{_SAID[one.said]}{_fares(one)} *{_plain(one.came[0].upper() + one.came[1:])}.*\\\n"
        f"  <small>{_plain(how_we_know(one))}</small>"
        for one in scored
    )


def how_we_know(one: Scored) -> str:
    """Measure, rule, score and days of a proposition, in a line.

    Examples
    --------
    >>> print(how_we_know(compute_one("P9")).split(" Rule:")[0])
    Measure: large makers whose model within four months was larger than all they had [makers]: 3.
    """
    found = "" if one.observed is None else f": {one.observed:.3g}"
    ends = "" if one.low is None else f" ({one.low:.3g} to {one.high:.3g})"
    return (
        f"Measure: {one.measure} [{one.unit}]{found}{ends}. Rule: {one.rule} {direction(one)} "
        f"Expected on {one.made:%Y-%m-%d}, scored on {one.until:%Y-%m-%d}; claims "
        f"{', '.join(one.claims)}."
    )


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


_SAID = {
    "yes": "The article says so: ",
    "no": "The article says the opposite: ",
    "takes for granted": "The article takes it for granted: ",
    "may mean": "The article may mean that: ",
    "nothing": "The article does not say: ",
}


def _fares(one: Scored) -> str:
    return "no score." if one.article == "said nothing" else f"{one.article}."


def _plain(text: str) -> str:
    """Text whose marks are read as text."""
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]<>#|$~^" else letter for letter in text)
