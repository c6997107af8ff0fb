"""The outlook of 2024, scored now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from llmecon.cli.output import AsCsv, AsJson, Column, console, emit, print_json

if TYPE_CHECKING:
    import pandas as pd

    from llmecon_book.scorecard import Scored


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
    from llmecon_book import scorecard as room

    ids = None if explain is None else [explain]
    scored = room.compute(ids, until=room.SCORED_ON if until is None else until)
    if explain is not None:
        _explain(scored[0], as_json)
    else:
        _list(scored, as_json, as_csv)


def _list(scored: list[Scored], as_json: bool, as_csv: bool) -> None:
    from llmecon_book import scorecard as room

    right, told = room.directions(scored)
    verdicts = ", ".join(f"{n} {verdict}" for verdict, n in room.counts(scored).items() if n)
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
        title=f"Outlook of {scored[0].made.date()}, scored on {scored[0].until.date()}",
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

    return pd.DataFrame(
        {
            "id": one.id,
            "verdict": one.verdict,
            "proposition": one.proposition,
            "said": one.said,
            "article": one.article,
            "measure": one.measure,
            "observed": one.observed,
            "low": one.low,
            "high": one.high,
            "unit": one.unit,
            "rule": one.score.rule,
            "points": one.score.points,
            "direction": _SIDES[one.score.hit],
            "decades": one.decades,
            "stated_rule": one.rule,
            "claims": " ".join(one.claims),
            "came": one.came,
        }
        for one in scored
    )


def _explain(one: Scored, as_json: bool) -> None:
    from dataclasses import asdict

    from llmecon_book import scorecard as room

    if as_json:
        print_json({**asdict(one), "article": one.article, "decades": one.decades})
        return
    from rich.markup import escape

    out = console(width=100)
    out.print(f"[bold]{one.id} · {one.verdict}[/bold]  {escape(one.proposition)}")
    out.print(escape(f"{one.came[0].upper()}{one.came[1:]}."))
    lines = {
        "rule": one.rule,
        "measure": f"{one.measure} [{one.unit}]",
        "observed": _observed(one),
        "article says so": one.said,
        "article is": one.article,
        "scored by": one.score.rule,
        "direction": room.direction(one).removeprefix("Direction: "),
        "days": f"expected on {one.made:%Y-%m-%d}, scored on {one.until:%Y-%m-%d}",
        "claims": ", ".join(one.claims),
    }
    for name, text in lines.items():
        if text:
            out.print(f"[dim]{name}:[/dim] {escape(text)}")


def _observed(one: Scored) -> str:
    if one.observed is None:
        return ""
    ends = "" if one.low is None else f" ({one.low:.3g} to {one.high:.3g})"
    return f"{one.observed:.3g}{ends}"
