"""The outlook of 2024, scored now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmecon.cli.output import AsCsv, AsJson, Column, emit, print_json
from llmecon_book.commands.ledger import print_entry

if TYPE_CHECKING:
    import pandas as pd

    from llmecon_book.ledger import Scored


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command(
        epilog="llmecon scorecard\n\nllmecon scorecard --until 2025-12-31\n\n"
        "llmecon scorecard --explain P1a"
    )(scorecard)


def scorecard(
    until: Annotated[
        str | None, typer.Option(help="Last day whose facts count; the book's own by default.")
    ] = None,
    explain: Annotated[str | None, typer.Option(help="One proposition, such as P1a.")] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Score the article's outlook against what came, by the strictest rule each part allows."""
    from llmecon_book import facts, ledger

    ids = None if explain is None else [explain]
    scored = ledger.score(ids, until=facts.SCORED_ON if until is None else until)
    if explain is not None:
        _explain(scored[0], as_json)
    else:
        _list(scored, as_json, as_csv)


def _list(scored: list[Scored], as_json: bool, as_csv: bool) -> None:
    from llmecon_book import ledger

    right, told = ledger.directions(scored)
    verdicts = ", ".join(f"{n} {verdict}" for verdict, n in ledger.counts(scored).items() if n)
    emit(
        _frame(scored),
        [
            Column(name="id", header="id"),
            Column(name="verdict", header="verdict"),
            Column(name="proposition", header="proposition"),
            Column(name="said", header="article says so"),
            Column(name="article", header="article is"),
            Column(name="observed", header="observed", form=".3g"),
            Column(name="low", header="from", form=".3g"),
            Column(name="high", header="to", form=".3g"),
            Column(name="unit", header="unit"),
            Column(name="rule", header="scored by"),
            Column(name="direction", header="direction"),
        ],
        title=f"Outlook of {scored[0].days.made.date()}, scored on {scored[0].days.until.date()}",
        notes=[
            f"{len(scored)} propositions: {verdicts}.",
            f"Directions: {right} right of {told} that can be scored.",
            "Measure and rule of one: llmecon scorecard --explain P1a.",
            "The article gives no probability and no interval, so at most a direction is scored.",
        ],
        as_json=as_json,
        as_csv=as_csv,
    )


_SIDES = {True: "right", False: "wrong", None: ""}


def _frame(scored: list[Scored]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(_row(one) for one in scored)


def _row(one: Scored) -> dict[str, Any]:
    return {
        "id": one.id,
        "verdict": one.verdict,
        "proposition": one.row.proposition,
        "said": one.said,
        "article": one.article,
        "measure": one.row.measure,
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


def _explain(one: Scored, as_json: bool) -> None:
    from llmecon_book import ledger

    row, days = one.row, one.days
    if as_json:
        forecast = one.result.forecast
        print_json(
            {
                **_row(one),
                "rule": one.rule,
                "score": {"rule": one.scored_by, "hit": one.hit},
                "in_short": row.in_short,
                "claims": one.claims,
                "made": days.made,
                "until": days.until,
                "forecast": {"direction": forecast.direction, "reference": forecast.reference},
                "numbers": dict(one.numbers),
            }
        )
        return
    print_entry(
        f"{one.id} · {one.verdict}",
        row.proposition,
        f"{one.came[0].upper()}{one.came[1:]}.",
        {
            "rule": one.rule,
            "measure": f"{row.measure} [{row.unit}]",
            "observed": _observed(one),
            "article says so": one.said,
            "article is": one.article,
            "scored by": one.scored_by,
            "direction": ledger.direction(one).removeprefix("Direction: "),
            "days": f"expected on {days.made:%Y-%m-%d}, scored on {days.until:%Y-%m-%d}",
            "claims": ", ".join(one.claims),
        },
    )


def _observed(one: Scored) -> str:
    if one.observed is None:
        return ""
    ends = "" if one.low is None else f" ({one.low:.3g} to {one.high:.3g})"
    return f"{one.observed:.3g}{ends}"
