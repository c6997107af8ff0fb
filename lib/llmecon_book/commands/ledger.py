"""The ledger of claims, computed now."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmecon.cli.output import AsCsv, AsJson, Column, console, emit, print_json

if TYPE_CHECKING:
    import pandas as pd

    from llmecon_book.ledger import Claim


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
    from llmecon_book import ledger

    if verdict is not None and verdict not in ledger.OF_CLAIMS:
        raise UnknownName("verdict", verdict, ledger.OF_CLAIMS)
    if explain is not None:
        found = [ledger.claim(explain)]
        _explain(found[0], as_json)
    else:
        found = [f for f in ledger.claims(chapter) if verdict in (None, f.verdict)]
        _list(found, as_json, as_csv)
    if any(f.is_off for f in found):
        raise typer.Exit(1)


def _list(found: list[Claim], as_json: bool, as_csv: bool) -> None:
    from llmecon_book import ledger

    off = [f.id for f in found if f.is_off]
    said = ", ".join(f"{n} {verdict}" for verdict, n in ledger.counts(found).items() if n)
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


def _frame(found: list[Claim]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame([_row(f) for f in found], columns=_COLUMNS)


_COLUMNS = [
    *("id", "chapter", "verdict", "ledger_verdict", "claim", "stated", "computed", "expected"),
    *("tolerance", "unit", "as_in_ledger", "checked_by"),
]


def _row(one: Claim) -> dict[str, Any]:
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
    text = "" if value is None else _written(value)
    return f"{text} to {high:.6g}" if high is not None else text


def _written(value: object) -> str:
    """A number with six digits, a day in ISO form, other things as they are."""
    if isinstance(value, date):  # asked to format itself by ".6g", a date gives that back
        return f"{value:%Y-%m-%d}"
    return f"{value:.6g}" if isinstance(value, int | float) else str(value)


def _explain(one: Claim, as_json: bool) -> None:
    row, numbers = one.row, one.numbers
    if as_json:
        print_json(
            {
                **row.model_dump(exclude={"verdict", "expected_value", "note", "source_date"}),
                "stated_value": one.stated,
                "expected": one.expected,
                "value": one.value,
                "values": dict(numbers),
                "holds": one.holds,
                "verdict": one.verdict,
                "ledger_verdict": row.verdict,
                "rule": one.rule,
                "explanation": one.explanation,
                "computation": one.computation,
            }
        )
        return
    print_entry(
        f"{one.id} · {one.verdict}",
        row.claim,
        one.explanation,
        {
            "rule": one.rule,
            "code": one.computation,
            "stated": f"{_said(one.stated, row.stated_value_high)} [{row.unit}]",
            "computed": f"{_said(one.value)} by {row.checked_by}",
            "expected": f"{_said(one.expected)} within {row.tolerance}" if row.tolerance else "",
            "numbers": "; ".join(f"{name} = {_said(value)}" for name, value in numbers.items()),
            "source": f"{row.source} {row.source_url}".strip(),
            "ledger": f"{row.verdict}, which the numbers no longer say" if one.is_off else "",
        },
    )


def print_entry(head: str, said: str, sentence: str, lines: dict[str, str]) -> None:
    """One entry in full: what is said, the sentence, then a line for each thing to know."""
    from rich.markup import escape

    out = console(width=100)
    out.print(f"[bold]{head}[/bold]  {escape(said)}")
    out.print(escape(sentence))
    for name, text in lines.items():
        if text:
            out.print(f"[dim]{name}:[/dim] {escape(text)}")
