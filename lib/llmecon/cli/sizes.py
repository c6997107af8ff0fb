"""How large a model is, judged by its price and its speed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from llmecon.cli import inputs
from llmecon.cli.app import app
from llmecon.cli.output import Answer, Column, Table, command

if TYPE_CHECKING:
    import pandas as pd

_FAR = 10  # times beyond the offers, where a warning is due
_OLD_DAYS = 730  # after the newest offer
_LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
_KINDS = {"total_params": "all", "active_params": "at work on a token"}


@command(
    app,
    "llmecon size --price 10 --speed 109 --date 2025-01-26 --input-price 2.5",
    "llmecon size --price 10,12 --speed 109,80 --date 2025-08-08",
    "llmecon size --price 10 --speed 109 --date 2024-12-13 --later",
)
def _size(
    price: Annotated[str, typer.Option(help="Output price, USD/Mtok; hosts with commas.")],
    speed: Annotated[str, typer.Option(help="Output speed, tokens/s; hosts with commas.")],
    on: Annotated[str, typer.Option("--date", help="Day of both, ISO.")],
    input_price: Annotated[
        str | None, typer.Option(help="Input price, USD/Mtok; a quarter of --price if not given.")
    ] = None,
    later: Annotated[
        bool, typer.Option("--later", help="Use offers of later days too, not only those known.")
    ] = False,
    leave_out: Annotated[
        str, typer.Option(help="Open models that may not inform the answer, with commas.")
    ] = "",
) -> Answer:
    """Sizes that agree with a price, a speed and a day: all parameters, and those at work."""
    import pandas as pd

    from llmecon import sizing

    left_out = inputs.words(leave_out)
    prices, speeds = inputs.numbers("--price", price), inputs.numbers("--speed", speed)
    found = sizing.infer(
        prices,
        speeds,
        on,
        input_usd_per_mtok=inputs.numbers("--input-price", input_price) if input_price else None,
        later=later,
        leave_out=left_out,
    )
    quantiles = {kind: getattr(found, kind).quantile(_LEVELS) for kind in _KINDS}
    names = [f"{level:.0%}" for level in _LEVELS]
    frame = pd.DataFrame.from_dict(quantiles, orient="index", columns=names)
    frame.insert(0, "parameters", list(_KINDS.values()))
    columns = [
        Column("parameters", "parameters [10⁹]"),
        *(Column(name, f"{name[:-1]} %", ",.3g", 1e-9) for name in names),
    ]
    notes = [
        "10 % to 90 % is the 80 % interval, from open models whose families the line did not see.",
        f"Learned from {found.n_offers} offers of {found.n_models} open models up to "
        f"{found.newest:%Y-%m-%d}. A maker who is alone with a model may ask more than a host: "
        "its size is then read too large.",
        "How often this is right where the size is known: chapter reversal.",
    ]
    title = f"Sizes at {price} USD/Mtok, {speed} tokens/s, {on}: quantiles"
    content = {
        "n_models": found.n_models,
        "n_offers": found.n_offers,
        "newest_offer": found.newest,
        **{kind: {"interval_80": getattr(found, kind).interval()} for kind in _KINDS},
    }
    known = sizing.offers(on, later=later, leave_out=left_out)
    far = [
        *_far("--price", prices, known.blended_usd_per_mtok, "USD/Mtok"),
        *_far("--speed", speeds, known.output_tokens_per_s, "tokens/s"),
    ]
    if pd.Timestamp(on) - found.newest > pd.Timedelta(days=_OLD_DAYS):
        far.append(f"--date {on} is more than {_OLD_DAYS} days after the newest offer known")
    return Answer([Table(frame, columns, title, notes)], content, warnings=far)


def _far(option: str, given: Sequence[float], known: pd.Series, unit: str) -> list[str]:
    """That a line is carried far beyond the offers that it was drawn through."""
    low, high = known.min(), known.max()
    return [
        f"{option} {value:g} is far from all offers, {low:.3g} to {high:.3g} {unit}: "
        "the sizes are a line carried beyond what it learned from"
        for value in given
        if not low / _FAR <= value <= high * _FAR
    ]
