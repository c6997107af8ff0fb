"""The essay's own way to read a size off price and speed."""

from __future__ import annotations

from typing import Annotated

import typer

from llmecon.cli.output import AsCsv, AsJson, Column, emit


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("essay-size", epilog="llmecon essay-size --price 15 --speed 60")(essay_size)


def essay_size(
    price: Annotated[float, typer.Option(help="Output price, USD per million tokens.")],
    speed: Annotated[float, typer.Option(help="Output speed of one answer, tokens/s.")],
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """The article's own reading of a size: GPT-4 and its halvings on an H200."""
    from llmecon_book import essay

    emit(
        essay.readings(price, speed),
        [
            Column(name="margin", header="price over cost", form="g"),
            Column(name="context", header="context [tokens]", form=",.0f"),
            Column(name="total_params", header="parameters [10⁹]", scale=1e-9, form=",.3g"),
        ],
        notes=["Between 1/16 of GPT-4 and the whole; empty where fewer than two sizes sell."],
        as_json=as_json,
        as_csv=as_csv,
    )
