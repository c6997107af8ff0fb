"""The essay's own way to read a size off price and speed."""

from __future__ import annotations

from typing import Annotated

import typer

from llmecon.cli.output import Answer, Column, Table, command


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    command(app, "llmecon essay-size --price 15 --speed 60", name="essay-size")(essay_size)


def essay_size(
    price: Annotated[float, typer.Option(help="Output price, USD per million tokens.")],
    speed: Annotated[float, typer.Option(help="Output speed of one answer, tokens/s.")],
) -> Answer:
    """The article's own reading of a size: GPT-4 and its halvings on an H200."""
    from llmecon._checks import require
    from llmecon_book import essay

    require("--price", price, minimum=0.001, maximum=10_000, unit="USD/Mtok")
    require("--speed", speed, minimum=1, maximum=10_000, unit="tokens/s")
    columns = [
        Column("margin", "price over cost", "g"),
        Column("context", "context [tokens]", ",.0f"),
        Column("total_params", "parameters [10⁹]", ",.3g", 1e-9),
    ]
    notes = ["Between 1/16 of GPT-4 and the whole; empty where fewer than two sizes sell."]
    return Answer([Table(frame=essay.readings(price, speed), columns=columns, notes=notes)])
