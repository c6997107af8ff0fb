"""The trade of speed against price."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from llmecon.cli import inputs
from llmecon.cli.output import AsCsv, AsJson, Column, emit
from llmecon.cli.serving import Chip, Kv, Model, Node, ProfileName, Utilisation, Weights

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = 20  # points of a line that people see; CSV and JSON have all


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command(
        epilog='llmecon frontier "Llama 3.1 70B" "H200 SXM 141GB" --usd-per-gpu-hour 3 '
        "--weights fp8 --at-speed 50,100\n\n"
        'llmecon frontier "Llama 3.1 70B" "H200 SXM 141GB" --usd-per-gpu-hour 3 '
        '--draft "Llama 3.1 8B" --gammas 0,2,4 --csv'
    )(frontier)


def frontier(
    model: Model,
    chip: Chip,
    usd_per_gpu_hour: Annotated[float, typer.Option(help="Rent of one accelerator, USD an hour.")],
    context: Annotated[float, typer.Option(help="Mean tokens in the cache.")] = 4096,
    weights: Weights = "bf16",
    kv: Kv = None,
    max_chips: Annotated[int, typer.Option(help="Most accelerators that share a layer.")] = 64,
    max_batch: Annotated[int, typer.Option(help="Largest batch.")] = 4096,
    pipeline_parallel: Annotated[
        str, typer.Option(help="Stages of layers to try, with commas.")
    ] = "1",
    draft: Annotated[
        str | None,
        typer.Option(help="Model that drafts tokens, with --gammas: a name or a config.json."),
    ] = None,
    acceptance: Annotated[float, typer.Option(help="Share of drafted tokens kept.")] = 0.8,
    gammas: Annotated[str, typer.Option(help="Tokens drafted a round to try, with commas.")] = "0",
    at_speed: Annotated[
        str | None, typer.Option(help="Least cost at these tokens/s per user, with commas.")
    ] = None,
    at_price: Annotated[
        str | None, typer.Option(help="Highest speed at these USD/Mtok, with commas.")
    ] = None,
    alpha: Annotated[
        float, typer.Option(help="A provider picks the most of speed^alpha over price.")
    ] = 3.0,
    utilisation: Utilisation = 1.0,
    chips_per_node: Node = 8,
    profile: ProfileName = "",
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Speed per user against cost per million output tokens, over batch, chips and their split."""
    from llmecon import cost

    shape, accelerator = inputs.model(model), inputs.chip(chip)
    line = cost.frontier(
        shape,
        accelerator,
        usd_per_gpu_hour=usd_per_gpu_hour,
        context=context,
        weights=weights,
        kv=kv,
        max_chips=max_chips,
        max_batch=max_batch,
        pipeline_parallel=inputs.whole("--pipeline-parallel", pipeline_parallel),
        draft=inputs.model(draft) if draft else None,
        acceptance=acceptance,
        gammas=inputs.whole("--gammas", gammas),
        utilisation=utilisation,
        chips_per_node=chips_per_node,
        profile=inputs.profile(profile),
    )
    best = cost.preferred(line, alpha=alpha)
    answers = _answers(line, at_speed, at_price)
    notes = [
        *answers,
        f"A provider picks {best.tokens_per_s:,.0f} tokens/s at {best.usd_per_mtok:.3g} USD/Mtok "
        f"(batch {best.batch:,}, {best.chips} chips), if alpha is {alpha:g}.",
        "Output tokens only: prompts are not charged. Only what fits in memory.",
    ]
    emit(
        line if as_json or as_csv else _thinned(line),
        [
            Column(name="tokens_per_s", header="tokens/s per user", form=",.1f"),
            Column(name="usd_per_mtok", header="USD/Mtok", form=".3g"),
            Column(name="batch", header="batch", form=",.0f"),
            Column(name="chips", header="chips", form=".0f"),
            Column(name="tensor_parallel", header="TP", form=".0f"),
            Column(name="pipeline_parallel", header="PP", form=".0f"),
            Column(name="expert_parallel", header="EP", form=".0f"),
            Column(name="gamma", header="drafted", form=".0f"),
            Column(name="binds", header="binds"),
        ],
        title=f"Frontier: {shape.name} on {accelerator.name} at {usd_per_gpu_hour:g} USD/h, "
        f"{weights} weights, {context:,.0f} tokens of context",
        notes=notes,
        as_json=as_json,
        as_csv=as_csv,
        extra={"model": shape.name, "chip": accelerator.name, "preferred": best.to_dict()},
    )


def _answers(line: pd.DataFrame, at_speed: str | None, at_price: str | None) -> list[str]:
    """What was asked of the line, in sentences."""
    import numpy as np

    from llmecon import cost

    said = []
    for speed in inputs.numbers("--at-speed", at_speed) if at_speed else []:
        usd = float(cost.cheapest_at(line, speed))
        found = f"costs {usd:.3g} USD/Mtok at least" if np.isfinite(usd) else "is out of reach"
        said.append(f"{speed:g} tokens/s {found}.")
    for price in inputs.numbers("--at-price", at_price) if at_price else []:
        fastest = float(cost.fastest_at(line, price))
        found = f"buys {fastest:,.1f} tokens/s at most" if fastest else "buys nothing"
        said.append(f"{price:g} USD/Mtok {found}.")
    return said


def _thinned(line: pd.DataFrame) -> pd.DataFrame:
    """Points evenly spread over the line, both ends kept."""
    import numpy as np

    if len(line) <= _SHOWN:
        return line
    at = np.unique(np.linspace(0, len(line) - 1, _SHOWN).round().astype(int))
    return line.iloc[at]
