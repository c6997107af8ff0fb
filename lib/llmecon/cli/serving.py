"""Time and price of running a model: one step, one prompt, a server under load, a frontier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmecon.cli import inputs
from llmecon.cli.app import app
from llmecon.cli.output import Answer, Column, Table, command

if TYPE_CHECKING:
    import pandas as pd

    from llmecon.roofline import Profile

_Model = Annotated[str, typer.Argument(help="Name (llmecon models) or a config.json.")]
_Chip = Annotated[str, typer.Argument(help="Name (llmecon chips) or a JSON or YAML file.")]
_Degrees = Annotated[str, typer.Option(help="Accelerators that share a layer, with commas.")]
_Weights = Annotated[
    str, typer.Option(help="Format of the weights: bf16, fp8, int8, int4, fp4 ...")
]
_Kv = Annotated[str | None, typer.Option(help="Format of the KV cache; 16 bit if not given.")]
_Node = Annotated[int, typer.Option(help="Accelerators that the fast links join.")]
_Utilisation = Annotated[float | None, typer.Option(help="Share of the paid time with this load.")]
_Prompt = Annotated[str, typer.Option(help="Length of a prompt, with commas.")]
_ProfileName = Annotated[
    str, typer.Option("--profile", help="Constants of an engine: a name, ideal, or a JSON file.")
]

_PASSED_ON = (  # to the roofline, by the same names
    *("expert_parallel", "attention_data_parallel", "chips_per_node"),
    *("weights", "kv", "activations"),
)
_TP = Column("tensor_parallel", "TP", ".0f")
_PROMPT = Column("input_tokens", "prompt", ",.0f")
_PRICE = Column("usd_per_mtok", "USD/Mtok", ".3g")
_SHOWN = 20  # points of a frontier that people see; CSV and JSON have all


def _paid(utilisation: float | None) -> float:
    """Share of the paid time in which the load is there."""
    return 1.0 if utilisation is None else utilisation


@dataclass(kw_only=True)
class _Server:
    """A model on accelerators: options that the commands share, and what they stand for."""

    model: _Model
    chip: _Chip
    tensor_parallel: _Degrees = "1"
    expert_parallel: Annotated[int, typer.Option(help="Groups that hold whole experts.")] = 1
    attention_data_parallel: Annotated[
        int, typer.Option(help="Groups that attend for different sequences.")
    ] = 1
    weights: _Weights = "bf16"
    kv: _Kv = None
    activations: Annotated[
        str | None, typer.Option(help="Format of the arithmetic; as the weights if not given.")
    ] = None
    chips_per_node: _Node = 8
    usd_per_gpu_hour: Annotated[
        float | None, typer.Option(help="Rent of one accelerator, USD an hour.")
    ] = None
    utilisation: _Utilisation = None
    profile: _ProfileName = ""

    def __post_init__(self) -> None:
        if self.utilisation is not None and self.usd_per_gpu_hour is None:
            raise ValueError(
                "--utilisation needs --usd-per-gpu-hour: it changes nothing but the price"
            )
        shape, accelerator = inputs.model(self.model), inputs.chip(self.chip)
        self.where: dict[str, Any] = {
            "model": shape,
            "chip": accelerator,
            "profile": inputs.profile(self.profile),
        }
        self.where |= {name: getattr(self, name) for name in _PASSED_ON}

    def grid(self, **lists: str) -> dict[str, Any]:
        """Every combination of the listed numbers and degrees."""
        return inputs.grid(tensor_parallel=self.tensor_parallel, **lists)

    def answer(
        self,
        what: str,
        run: Any,
        found: dict[str, Any],
        columns: list[Column],
        *,
        made: str,
        most: str,
        notes: list[str],
    ) -> Answer:
        """A row a configuration: what was asked and found, the price of what is made, what fits."""
        import numpy as np
        import pandas as pd

        from llmecon import cost

        frame, model, chip = pd.DataFrame(found), self.where["model"], self.where["chip"]
        if self.usd_per_gpu_hour is not None:
            frame["usd_per_mtok"] = np.inf  # where no token is made
            some = frame[made] > 0
            frame.loc[some, "usd_per_mtok"] = cost.usd_per_mtok_from(
                seconds=1.0,
                chips=1,
                batch=frame[made][some].to_numpy(),
                usd_per_gpu_hour=self.usd_per_gpu_hour,
                utilisation=_paid(self.utilisation),
            )
            columns = [*columns, _PRICE]
        frame["fits"] = np.broadcast_to(run.fits, len(frame))
        frame[most] = np.broadcast_to(run.memory.max_batch, len(frame))
        columns = [*columns, Column("fits", "fits"), Column(most, "most that fit", ",.0f")]
        title = f"{what}: {model.name} on {chip.name}, {self.weights} weights"
        content = {
            "model": model.name,
            "chip": chip.name,
            "weights": self.weights,
            "kv": self.kv or "bf16",
            "profile": run.profile.name,
        }
        table = Table(frame, columns, title, [*notes, _constants(run.profile)])
        return Answer([table], content)


@command(
    app,
    'llmecon decode "Llama 3.1 70B" "H200 SXM 141GB" --batch 1,8,64 --context 8192 '
    "--tensor-parallel 8 --weights fp8 --usd-per-gpu-hour 3",
    'llmecon decode "Llama 3.1 70B" "H200 SXM 141GB" --weights fp8 --profile ideal',
    'llmecon decode path/to/config.json "H100 SXM 80GB" --tensor-parallel 1,2,4,8 --csv',
    shared=_Server,
)
def _decode(
    server: _Server,
    batch: Annotated[str, typer.Option(help="Sequences decoded together, with commas.")] = "1,8,64",
    context: Annotated[str, typer.Option(help="Tokens in the cache, with commas.")] = "8192",
    pipeline_parallel: Annotated[int, typer.Option(help="Stages of layers.")] = 1,
) -> Answer:
    """Time of one decode step: its terms, what binds, tokens a second, USD per million tokens."""
    from llmecon import roofline

    grid = server.grid(context=context, batch=batch)
    step = roofline.decode(**server.where, **grid, pipeline_parallel=pipeline_parallel)
    columns = [_TP, Column("context", "context", ",.0f")]
    return _stepped(server, "Decode", grid, step, columns, "ms per token", "tokens/s per user")


@command(
    app,
    'llmecon prefill "Llama 3.1 70B" "H200 SXM 141GB" --input-tokens 1000,8000 '
    "--tensor-parallel 8 --weights fp8",
    shared=_Server,
)
def _prefill(
    server: _Server,
    input_tokens: _Prompt = "1024",
    cached_tokens: Annotated[int, typer.Option(help="Those of them already in the cache.")] = 0,
    batch: Annotated[str, typer.Option(help="Prompts read together, with commas.")] = "1",
) -> Answer:
    """Time to read a prompt, which is the time to first token of an idle server."""
    from llmecon import roofline

    grid = server.grid(input_tokens=input_tokens, batch=batch)
    step = roofline.prefill(**server.where, **grid, cached_tokens=cached_tokens)
    return _stepped(server, "Prefill", grid, step, [_TP, _PROMPT], "ms", "input tokens/s")


def _stepped(
    server: _Server,
    what: str,
    grid: dict[str, Any],
    step: Any,
    asked: list[Column],
    time: str,
    speed: str,
) -> Answer:
    """One row a configuration; an error if none of them fits."""
    import numpy as np

    from llmecon.roofline.step import TERMS

    if not np.any(step.fits):
        step.require_fit()
    found = {"seconds": step.seconds} | {f"{t}_s": getattr(step.terms, t) for t in TERMS}
    for name in ("binds", "tokens_per_s", "tokens_per_s_per_chip"):
        found[name] = getattr(step, name)
    shown = ("weights", "kv_cache", "compute", "activations", "network", "overhead")
    headers = {"kv_cache": "KV cache", "overhead": "fixed"}
    columns = [
        *asked,
        Column("batch", "batch", ",.0f"),
        Column("seconds", time, ",.2f", 1e3),
        *(Column(f"{term}_s", headers.get(term, term), ".3g", 1e3) for term in shown),
        Column("binds", "binds"),
        Column("tokens_per_s", speed, ",.1f"),
        Column("tokens_per_s_per_chip", "per chip", ",.1f"),
    ]
    notes = ["Terms in ms, each as if it stood alone; reading and arithmetic overlap."]
    return server.answer(
        what, step, grid | found, columns, made=columns[-1].name, most="max_batch", notes=notes
    )


@command(
    app,
    'llmecon serve "Llama 3.1 70B" "H200 SXM 141GB" --concurrency 4,16,64 '
    "--input-tokens 1024 --output-tokens 1024 --tensor-parallel 8 --weights fp8 "
    "--usd-per-gpu-hour 3",
    shared=_Server,
)
def _serve(
    server: _Server,
    concurrency: Annotated[str, typer.Option(help="Requests in progress, with commas.")] = "16",
    input_tokens: _Prompt = "1024",
    output_tokens: Annotated[str, typer.Option(help="Length of an answer, with commas.")] = "1024",
    cached_share: Annotated[float, typer.Option(help="Share of a prompt found in a cache.")] = 0.0,
) -> Answer:
    """A server under steady load: waiting times with their band, tokens per accelerator."""
    import numpy as np

    from llmecon import roofline

    grid = server.grid(
        input_tokens=input_tokens, output_tokens=output_tokens, concurrency=concurrency
    )
    run = roofline.serve(**server.where, **grid, cached_share=cached_share)
    if not np.any(run.batch):  # no instance holds even one request
        run.require_fit()
    columns = [
        _TP,
        _PROMPT,
        Column("output_tokens", "answer", ",.0f"),
        Column("concurrency", "requests", ",.0f"),
        Column("ttft_s", "TTFT [ms]", ",.0f", 1e3),
        Column("tpot_s", "TPOT [ms]", ",.2f", 1e3),
        Column("tpot_low_s", "from", ",.2f", 1e3),
        Column("tpot_high_s", "to", ",.2f", 1e3),
        Column("tokens_per_s_per_user", "tokens/s per user", ",.1f"),
        Column("output_tokens_per_s_per_chip", "per chip", ",.1f"),
    ]
    names = [*(column.name for column in columns[4:]), "input_tokens_per_s_per_chip"]
    notes = [
        "From and to: 80 % band of TPOT. Requests beyond the most that fit wait their turn; "
        "if that is 0, the weights do not fit and nothing is served."
    ]
    if server.usd_per_gpu_hour is not None:
        notes.append("All dollars are put on output tokens.")
    found = grid | {name: getattr(run, name) for name in names}
    return server.answer(
        "Serving", run, found, columns, made=columns[-1].name, most="max_concurrency", notes=notes
    )


def _constants(profile: Profile) -> str:
    if profile.name == "ideal":
        return "Ideal hardware: every rate at its peak, nothing fixed. Real engines are slower."
    return f"Constants: {profile.name} ({profile.source})."


@command(
    app,
    'llmecon frontier "Llama 3.1 70B" "H200 SXM 141GB" --usd-per-gpu-hour 3 '
    "--weights fp8 --at-speed 50,100",
    'llmecon frontier "Llama 3.1 70B" "H200 SXM 141GB" --usd-per-gpu-hour 3 '
    '--draft "Llama 3.1 8B" --gammas 0,2,4 --csv',
)
def _frontier(
    model: _Model,
    chip: _Chip,
    usd_per_gpu_hour: Annotated[float, typer.Option(help="Rent of one accelerator, USD an hour.")],
    context: Annotated[float, typer.Option(help="Mean tokens in the cache.")] = 4096,
    weights: _Weights = "bf16",
    kv: _Kv = None,
    max_chips: Annotated[
        int, typer.Option(help="Most accelerators that share a layer.", min=1, max=4096)
    ] = 64,
    max_batch: Annotated[int, typer.Option(help="Largest batch.", min=1, max=65_536)] = 4096,
    pipeline_parallel: Annotated[
        str, typer.Option(help="Stages of layers to try, with commas.")
    ] = "1",
    draft: Annotated[
        str | None,
        typer.Option(help="Model that drafts tokens, with --gammas: a name or a config.json."),
    ] = None,
    acceptance: Annotated[
        float | None, typer.Option(help="Share of drafted tokens kept; .8.")
    ] = None,
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
    utilisation: _Utilisation = None,
    chips_per_node: _Node = 8,
    profile: _ProfileName = "",
) -> Answer:
    """Speed per user against cost per million output tokens, over batch, chips and their split."""
    from llmecon import cost

    shape, accelerator = inputs.model(model), inputs.chip(chip)
    rounds = inputs.whole("--gammas", gammas)
    if any(rounds) and not draft and not shape.n_mtp_layers:
        raise ValueError(f"--gammas needs --draft: {shape.name} has no prediction heads")
    if acceptance is not None and not any(rounds):
        raise ValueError("--acceptance needs --gammas: nothing is drafted")
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
        acceptance=0.8 if acceptance is None else acceptance,
        gammas=rounds,
        utilisation=_paid(utilisation),
        chips_per_node=chips_per_node,
        profile=inputs.profile(profile),
    )
    best = cost.preferred(line, alpha=alpha)
    columns = [
        Column("tokens_per_s", "tokens/s per user", ",.1f"),
        _PRICE,
        Column("batch", "batch", ",.0f"),
        Column("chips", "chips", ".0f"),
        _TP,
        Column("pipeline_parallel", "PP", ".0f"),
        Column("expert_parallel", "EP", ".0f"),
        Column("gamma", "drafted", ".0f"),
        Column("binds", "binds"),
    ]
    notes = [
        *_answers(line, at_speed, at_price),
        f"A provider picks {best.tokens_per_s:,.0f} tokens/s at {best.usd_per_mtok:.3g} USD/Mtok "
        f"(batch {best.batch:,}, {best.chips} chips), if alpha is {alpha:g}.",
        "Output tokens only: prompts are not charged. Only what fits in memory.",
    ]
    title = (
        f"Frontier: {shape.name} on {accelerator.name} at {usd_per_gpu_hour:g} USD/h, "
        f"{weights} weights, {context:,.0f} tokens of context"
    )
    content = {"model": shape.name, "chip": accelerator.name, "preferred": best.to_dict()}
    return Answer([Table(line, columns, title, notes, most=_SHOWN)], content)


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
