"""The ledger of claims, computed now."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmecon.cli.output import AsCsv, AsJson, Column, console, emit, print_json

if TYPE_CHECKING:
    import pandas as pd

    from llmecon_book.claims import Finding


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command(
        epilog="llmecon claims\n\nllmecon claims --chapter reversal --verdict wrong\n\n"
        "llmecon claims --explain E05"
    )(claims)


def claims(
    chapter: Annotated[str | None, typer.Option(help="Only this chapter.")] = None,
    verdict: Annotated[
        str | None,
        typer.Option(help="Only this one: right, imprecise, wrong, unsupported, unverifiable."),
    ] = None,
    explain: Annotated[str | None, typer.Option(help="One claim in full, such as E05.")] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Compute the article's claims and compare each verdict with the ledger.

    Exit status 1 if a computed verdict differs from the ledger's or a value leaves its tolerance.
    """
    from llmecon.catalog import UnknownName
    from llmecon_book import claims as room

    if verdict is not None and verdict not in room.VERDICTS:
        raise UnknownName("verdict", verdict, room.VERDICTS)
    if explain is not None:
        found = [room.compute_one(explain)]
        _explain(found[0], as_json)
    else:
        found = [f for f in room.compute(chapter) if verdict in (None, f.verdict)]
        _list(found, as_json, as_csv)
    if any(map(_is_off, found)):
        raise typer.Exit(1)


def _is_off(found: Finding) -> bool:
    """Whether the numbers no longer say what the ledger says."""
    return found.verdict != found.ledger_verdict or found.holds is False


def _list(found: list[Finding], as_json: bool, as_csv: bool) -> None:
    from llmecon_book import claims as room

    off = [f.id for f in found if _is_off(f)]
    said = ", ".join(f"{n} {verdict}" for verdict, n in room.counts(found).items() if n)
    emit(
        _frame(found),
        [
            Column(name="id", header="id"),
            Column(name="chapter", header="chapter"),
            Column(name="verdict", header="verdict"),
            Column(name="claim", header="claim"),
            Column(name="stated", header="stated"),
            Column(name="computed", header="computed"),
            Column(name="unit", header="unit"),
            Column(name="as_in_ledger", header="as in ledger"),
        ],
        notes=[
            f"{len(found)} claims: {said}." if found else "No such claim.",
            f"Not as in the ledger: {', '.join(off)}." if off else "All as in the ledger.",
        ],
        as_json=as_json,
        as_csv=as_csv,
    )


def _frame(found: list[Finding]) -> pd.DataFrame:
    import pandas as pd

    rows = [
        {
            "id": f.id,
            "chapter": f.chapter,
            "verdict": f.verdict,
            "ledger_verdict": f.ledger_verdict,
            "claim": f.claim,
            "stated": _said(f.stated_value, f.stated_value_high),
            "computed": _said(f.value),
            "expected": _said(f.expected),
            "tolerance": f.tolerance,
            "unit": f.unit,
            "as_in_ledger": not _is_off(f),
            "checked_by": f.checked_by,
        }
        for f in found
    ]
    return pd.DataFrame(rows, columns=list(rows[0]) if rows else _COLUMNS)


_COLUMNS = ["id", "chapter", "verdict", "claim", "stated", "computed", "unit", "as_in_ledger"]


def _said(value: object, high: float | None = None) -> str:
    text = "" if value is None else _written(value)
    return f"{text} to {high:.6g}" if high is not None else text


def _written(value: object) -> str:
    """A number with six digits, a day in ISO form, other things as they are."""
    if isinstance(value, date):  # asked to format itself by ".6g", a date gives that back
        return f"{value:%Y-%m-%d}"
    return f"{value:.6g}" if isinstance(value, int | float) else str(value)


def _explain(found: Finding, as_json: bool) -> None:
    from dataclasses import asdict

    content: dict[str, Any] = asdict(found)
    if as_json:
        print_json(content)
        return
    from rich.markup import escape

    out = console(width=100)
    out.print(f"[bold]{found.id} · {found.verdict}[/bold]  {escape(found.claim)}")
    out.print(escape(found.explanation))
    numbers = [f"{name} = {_said(value)}" for name, value in content["values"].items()]
    lines = {
        "rule": found.rule,
        "code": f"llmecon.{found.computation}",
        "stated": f"{_said(found.stated_value, found.stated_value_high)} [{found.unit}]",
        "computed": f"{_said(found.value)} by {found.checked_by}",
        "expected": f"{_said(found.expected)} within {found.tolerance}" if found.tolerance else "",
        "numbers": "; ".join(numbers),
        "source": f"{found.source} {found.source_url}".strip(),
        "ledger": f"{found.ledger_verdict}, which the numbers no longer say"
        if _is_off(found)
        else "",
    }
    for name, text in lines.items():
        if text:
            out.print(f"[dim]{name}:[/dim] {escape(text)}")
