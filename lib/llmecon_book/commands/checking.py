"""How fresh the facts are: ``llmecon facts``."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from llmecon.cli.output import Answer, Column, Table, command


def register(app: typer.Typer) -> None:
    """Add ``facts`` and its commands to the command line."""
    facts = typer.Typer(no_args_is_help=True, help="The tables: how fresh they are.")
    command(facts, "llmecon facts state", "llmecon facts state --csv")(state)
    command(facts, "llmecon facts check", "llmecon facts check --all --csv > prices.csv")(check)
    app.add_typer(facts, name="facts")


def state() -> Answer:
    """Newest row of each table, and which tables are stale."""
    from llmecon_book import freshness

    columns = [
        Column("table", "table"),
        Column("rows", "rows", ",.0f"),
        Column("column", "date"),
        Column("newest", "newest", lambda day: f"{day:%Y-%m-%d}"),
        Column("days_behind", "days behind", ",.0f"),
        Column("stale", "stale"),
    ]
    notes = [
        f"Days behind the newest row of all tables; stale after {freshness.STALE_DAYS}. "
        "Measurements and shapes do not go stale by age alone."
    ]
    return Answer([Table(frame=freshness.state(), columns=columns, notes=notes)])


def check(
    all_: Annotated[bool, typer.Option("--all", help="Show prices that agree as well.")] = False,
) -> Answer:
    """Compare our prices with the package genai-prices: what differs, what is new, what is old.

    Exit status 1 if a price differs.
    """
    from llmecon_book import freshness

    found = freshness.compare_prices()
    differ = int((found.finding == "differs").sum())
    counts = ", ".join(f"{n} {what}" for what, n in found.finding.value_counts().items())
    columns = [
        Column("finding", "finding"),
        Column("provider", "maker"),
        Column("model", "model"),
        Column("effective_date", "from", lambda day: f"{day:%Y-%m-%d}"),
        Column("input_usd_per_mtok", "input", "g"),
        Column("output_usd_per_mtok", "output", "g"),
        Column("there", "name there"),
        Column("input_there", "input there", "g"),
        Column("output_there", "output there", "g"),
    ]
    shown = found if all_ else found[found.finding.isin(["differs", "not there"])]
    notes = [f"Prices in USD per million tokens. {counts}. New ones are shown with --all or --csv."]
    waiting = freshness.days_without_a_row(date.today())
    old = [
        Column("provider", "maker"),
        Column("newest", "newest price", lambda day: f"{day:%Y-%m-%d}"),
        Column("days", "days without a row", ",.0f"),
    ]
    tables = [
        Table(frame=shown, columns=columns, title="Prices beside genai-prices", notes=notes),
        Table(frame=waiting, columns=old, title="Days without a row"),
    ]
    content = {"prices": found, "days_without_a_row": waiting}
    return Answer(tables, content, csv=found, status=1 if differ else 0)
