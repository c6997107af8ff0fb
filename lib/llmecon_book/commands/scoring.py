"""The ledger of claims and the scorecard of the outlook, computed now."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmecon.cli.output import Answer, Column, Table, command

if TYPE_CHECKING:
    from llmecon_book.ledger import Claim, Scored

_SIDES = {True: "right", False: "wrong", None: ""}


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    of_one = "llmecon claims --explain E05"
    command(app, "llmecon claims", "llmecon claims --chapter reversal --verdict wrong", of_one)(
        claims
    )
    of_one, by_then = "llmecon scorecard --explain P1a", "llmecon scorecard --until 2025-12-31"
    command(app, "llmecon scorecard", by_then, of_one)(scorecard)


def claims(
    chapter: Annotated[str | None, typer.Option(help="Only this chapter.")] = None,
    verdict: Annotated[
        str | None,
        typer.Option(help="Only this one: right, imprecise, wrong, unsupported, unverifiable."),
    ] = None,
    explain: Annotated[str | None, typer.Option(help="One claim in full, such as E05.")] = None,
) -> Answer:
    """Compute the article's claims and compare each verdict with the ledger.

    Exit status 1 if a computed verdict differs from the ledger's or a value leaves its tolerance.
    """
    import pandas as pd

    from llmecon.catalog import UnknownName
    from llmecon_book import ledger

    if verdict is not None and verdict not in ledger.OF_CLAIMS:
        raise UnknownName("verdict", verdict, ledger.OF_CLAIMS)
    if explain is not None:
        return _claim_in_full(ledger.claim(explain))
    found = [f for f in ledger.claims(chapter) if verdict in (None, f.verdict)]
    off = [f.id for f in found if f.is_off]
    said = ", ".join(f"{n} {verdict}" for verdict, n in ledger.counts(found).items() if n)
    shown = ["id", "chapter", "verdict", "claim", "stated", "computed", "unit", "as_in_ledger"]
    table = Table(
        frame=pd.DataFrame(map(_claim_row, found), columns=None if found else shown),
        columns=[Column(name, name.replace("_", " ")) for name in shown],
        notes=[
            f"{len(found)} claims: {said}." if found else "No such claim.",
            f"Not as in the ledger: {', '.join(off)}." if off else "All as in the ledger.",
        ],
    )
    return Answer([table], status=1 if off else 0)


def _claim_row(one: Claim) -> dict[str, Any]:
    row = one.row
    return {
        "id": one.id,
        "chapter": row.chapter,
        "verdict": one.verdict,
        "ledger_verdict": row.verdict,
        "claim": row.claim,
        "stated": _said(one.stated, row.stated_value_high),
        "computed": _said(one.value),
        "expected": _said(one.expected),
        "tolerance": row.tolerance,
        "unit": row.unit,
        "as_in_ledger": not one.is_off,
        "checked_by": row.checked_by,
    }


def _said(value: object, high: float | None = None) -> str:
    """A number with six digits, a day in ISO form, other things as they are."""
    if isinstance(value, date):  # asked to format itself by ".6g", a date gives that back
        return f"{value:%Y-%m-%d}"
    text = "" if value is None else f"{value:.6g}" if isinstance(value, int | float) else str(value)
    return f"{text} to {high:.6g}" if high is not None else text


def _claim_in_full(one: Claim) -> Answer:
    row, stated = one.row, _said(one.stated, one.row.stated_value_high)
    lines = {
        "claim": row.claim,
        "finding": one.explanation,
        "rule": one.rule,
        "code": one.computation,
        "stated": f"{stated} [{row.unit}]",
        "computed": f"{_said(one.value)} by {row.checked_by}",
        "expected": f"{_said(one.expected)} within {row.tolerance}" if row.tolerance else "",
        "numbers": "; ".join(f"{name} = {_said(value)}" for name, value in one.numbers.items()),
        "source": f"{row.source} {row.source_url}".strip(),
        "ledger": f"{row.verdict}, which the numbers no longer say" if one.is_off else "",
    }
    content = {
        **row.model_dump(exclude={"verdict", "expected_value", "note", "source_date"}),
        "stated_value": one.stated,
        **{name: getattr(one, name) for name in ("expected", "value")},
        "values": one.numbers,
        **{name: getattr(one, name) for name in ("holds", "verdict")},
        "ledger_verdict": row.verdict,
        **{name: getattr(one, name) for name in ("rule", "explanation", "computation")},
    }
    return Answer([_in_full(one, lines)], content, status=1 if one.is_off else 0)


def _in_full(one: Claim | Scored, lines: dict[str, str]) -> Table:
    """One entry in full, a line for each thing to know."""
    told = [(name, text) for name, text in lines.items() if text]
    return Table.of(told, [Column("what", ""), Column("text", "")], f"{one.id} · {one.verdict}")


def scorecard(
    until: Annotated[
        str | None, typer.Option(help="Last day whose facts count; the book's own by default.")
    ] = None,
    explain: Annotated[str | None, typer.Option(help="One proposition, such as P1a.")] = None,
) -> Answer:
    """Score the article's outlook against what came, by the strictest rule each part allows."""
    import pandas as pd

    from llmecon_book import facts, ledger

    ids = None if explain is None else [explain]
    scored = ledger.score(ids, until=facts.SCORED_ON if until is None else until)
    if explain is not None:
        return _score_in_full(scored[0])
    right, told = ledger.directions(scored)
    verdicts = ", ".join(f"{n} {verdict}" for verdict, n in ledger.counts(scored).items() if n)
    days = scored[0].days
    heads = {"said": "article says so", "article": "article is", "low": "from", "high": "to"}
    heads |= {"rule": "scored by"}
    shown = ("id", "verdict", "proposition", "said", "article", "observed", "low", "high", "unit")
    numbers = ("observed", "low", "high")
    table = Table(
        frame=pd.DataFrame(map(_score_row, scored)),
        columns=[
            Column(name, heads.get(name, name), ".3g" if name in numbers else "")
            for name in (*shown, "rule", "direction")
        ],
        title=f"Outlook of {days.made.date()}, scored on {days.until.date()}",
        notes=[
            f"{len(scored)} propositions: {verdicts}.",
            f"Directions: {right} right of {told} that can be scored.",
            "Measure and rule of one: llmecon scorecard --explain P1a.",
            "The article gives no probability and no interval, so at most a direction is scored.",
        ],
    )
    return Answer([table])


def _score_row(one: Scored) -> dict[str, Any]:
    return {
        "id": one.id,
        "verdict": one.verdict,
        "proposition": one.row.proposition,
        "said": one.said,
        "article": one.article,
        "measure": one.measure,
        "observed": one.observed,
        "low": one.low,
        "high": one.high,
        "unit": one.row.unit,
        "rule": one.scored_by,
        "direction": _SIDES[one.hit],
        "decades": one.decades,
        "stated_rule": one.rule,
        "claims": " ".join(one.claims),
        "came": one.came,
    }


def _score_in_full(one: Scored) -> Answer:
    from llmecon_book import ledger

    days, result = one.days, one.result
    ends = "" if one.low is None else f" ({one.low:.3g} to {one.high:.3g})"
    lines = {
        "proposition": one.row.proposition,
        "what came": f"{one.came[0].upper()}{one.came[1:]}.",
        "rule": one.rule,
        "measure": one.measure,
        "observed": "" if one.observed is None else f"{one.observed:.3g}{ends}",
        "article says so": one.said,
        "article is": one.article,
        "scored by": one.scored_by,
        "direction": ledger.direction(one).removeprefix("Direction: "),
        "days": f"expected on {days.made:%Y-%m-%d}, scored on {days.until:%Y-%m-%d}",
        "claims": ", ".join(one.claims),
    }
    content = {
        **_score_row(one),
        "rule": one.rule,
        "score": {"rule": one.scored_by, "hit": one.hit},
        "in_short": one.row.in_short,
        "claims": one.claims,
        "made": days.made,
        "until": days.until,
        "forecast": {"direction": result.direction, "reference": result.reference},
        "numbers": one.numbers,
    }
    return Answer([_in_full(one, lines)], content)
