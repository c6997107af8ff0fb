"""Time and price of running a model: one step, one prompt, a server under load."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmecon.cli import inputs
from llmecon.cli.output import AsCsv, AsJson, Column, emit

if TYPE_CHECKING:
    import pandas as pd

    from llmecon.roofline import Profile, Serving, Step

Model = Annotated[str, typer.Argument(help="Name (llmecon models) or a config.json.")]
Chip = Annotated[str, typer.Argument(help="Name (llmecon chips) or a JSON or YAML file.")]
Prompt = Annotated[str, typer.Option(help="Length of a prompt, with commas.")]
TensorParallel = Annotated[str, typer.Option(help="Accelerators that share a layer, with commas.")]
ExpertParallel = Annotated[int, typer.Option(help="Groups that hold whole experts.")]
AttentionDataParallel = Annotated[
    int, typer.Option(help="Groups that attend for different sequences.")
]
Weights = Annotated[str, typer.Option(help="Format of the weights: bf16, fp8, int8, int4, fp4 ...")]
Kv = Annotated[str | None, typer.Option(help="Format of the KV cache; 16 bit if not given.")]
Activations = Annotated[
    str | None, typer.Option(help="Format of the arithmetic; as the weights if not given.")
]
ProfileName = Annotated[
    str, typer.Option("--profile", help="Constants of an engine: a name, ideal, or a JSON file.")
]
Rent = Annotated[float | None, typer.Option(help="Rent of one accelerator, USD an hour.")]
Utilisation = Annotated[float, typer.Option(help="Share of the paid time with this load.")]
Node = Annotated[int, typer.Option(help="Accelerators that the fast links join.")]

TP = Column(name="tensor_parallel", header="TP", form=".0f")
PROMPT = Column(name="input_tokens", header="prompt", form=",.0f")
PRICE = Column(name="usd_per_mtok", header="USD/Mtok", form=".3g")
TERMS_ALONE = "Terms in ms, each as if it stood alone; reading and arithmetic overlap."
SERVED = [
    "ttft_s",
    "tpot_s",
    "tpot_low_s",
    "tpot_high_s",
    "tokens_per_s_per_user",
    "output_tokens_per_s_per_chip",
    "input_tokens_per_s_per_chip",
]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command(
        epilog='llmecon decode "Llama 3.1 70B" "H200 SXM 141GB" --batch 1,8,64 --context 8192 '
        "--tensor-parallel 8 --weights fp8 --usd-per-gpu-hour 3\n\n"
        'llmecon decode "Llama 3.1 70B" "H200 SXM 141GB" --weights fp8 --profile ideal\n\n'
        'llmecon decode path/to/config.json "H100 SXM 80GB" --tensor-parallel 1,2,4,8 --csv'
    )(decode)
    app.command(
        epilog='llmecon prefill "Llama 3.1 70B" "H200 SXM 141GB" --input-tokens 1000,8000 '
        "--tensor-parallel 8 --weights fp8"
    )(prefill)
    app.command(
        epilog='llmecon serve "Llama 3.1 70B" "H200 SXM 141GB" --concurrency 4,16,64 '
        "--input-tokens 1024 --output-tokens 1024 --tensor-parallel 8 --weights fp8 "
        "--usd-per-gpu-hour 3"
    )(serve)


def decode(
    model: Model,
    chip: Chip,
    batch: Annotated[str, typer.Option(help="Sequences decoded together, with commas.")] = "1,8,64",
    context: Annotated[str, typer.Option(help="Tokens in the cache, with commas.")] = "8192",
    tensor_parallel: TensorParallel = "1",
    pipeline_parallel: Annotated[int, typer.Option(help="Stages of layers.")] = 1,
    expert_parallel: ExpertParallel = 1,
    attention_data_parallel: AttentionDataParallel = 1,
    weights: Weights = "bf16",
    kv: Kv = None,
    activations: Activations = None,
    chips_per_node: Node = 8,
    usd_per_gpu_hour: Rent = None,
    utilisation: Utilisation = 1.0,
    profile: ProfileName = "",
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Time of one decode step: its terms, what binds, tokens a second, USD per million tokens."""
    from llmecon import roofline

    grid = inputs.grid(tensor_parallel=tensor_parallel, context=context, batch=batch)
    shape, accelerator = inputs.model(model), inputs.chip(chip)
    step = roofline.decode(
        shape,
        accelerator,
        **grid,
        pipeline_parallel=pipeline_parallel,
        expert_parallel=expert_parallel,
        attention_data_parallel=attention_data_parallel,
        weights=weights,
        kv=kv,
        activations=activations,
        chips_per_node=chips_per_node,
        profile=inputs.profile(profile),
    )
    emit(
        _steps(grid, step, usd_per_gpu_hour, utilisation),
        [
            TP,
            Column(name="context", header="context", form=",.0f"),
            *_columns("ms per token", "tokens/s per user", usd_per_gpu_hour is not None),
        ],
        title=f"Decode: {shape.name} on {accelerator.name}, {weights} weights",
        notes=[TERMS_ALONE, _constants(step.profile)],
        as_json=as_json,
        as_csv=as_csv,
        extra=_extra(shape.name, accelerator.name, weights, kv, step.profile),
    )


def prefill(
    model: Model,
    chip: Chip,
    input_tokens: Prompt = "1024",
    cached_tokens: Annotated[int, typer.Option(help="Those of them already in the cache.")] = 0,
    batch: Annotated[str, typer.Option(help="Prompts read together, with commas.")] = "1",
    tensor_parallel: TensorParallel = "1",
    weights: Weights = "bf16",
    kv: Kv = None,
    activations: Activations = None,
    chips_per_node: Node = 8,
    usd_per_gpu_hour: Rent = None,
    utilisation: Utilisation = 1.0,
    profile: ProfileName = "",
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Time to read a prompt, which is the time to first token of an idle server."""
    from llmecon import roofline

    grid = inputs.grid(tensor_parallel=tensor_parallel, input_tokens=input_tokens, batch=batch)
    shape, accelerator = inputs.model(model), inputs.chip(chip)
    step = roofline.prefill(
        shape,
        accelerator,
        **grid,
        cached_tokens=cached_tokens,
        weights=weights,
        kv=kv,
        activations=activations,
        chips_per_node=chips_per_node,
        profile=inputs.profile(profile),
    )
    emit(
        _steps(grid, step, usd_per_gpu_hour, utilisation),
        [
            TP,
            PROMPT,
            *_columns("ms", "input tokens/s", usd_per_gpu_hour is not None),
        ],
        title=f"Prefill: {shape.name} on {accelerator.name}, {weights} weights",
        notes=[TERMS_ALONE, _constants(step.profile)],
        as_json=as_json,
        as_csv=as_csv,
        extra=_extra(shape.name, accelerator.name, weights, kv, step.profile),
    )


def serve(
    model: Model,
    chip: Chip,
    concurrency: Annotated[str, typer.Option(help="Requests in progress, with commas.")] = "16",
    input_tokens: Prompt = "1024",
    output_tokens: Annotated[str, typer.Option(help="Length of an answer, with commas.")] = "1024",
    tensor_parallel: TensorParallel = "1",
    expert_parallel: ExpertParallel = 1,
    attention_data_parallel: AttentionDataParallel = 1,
    cached_share: Annotated[float, typer.Option(help="Share of a prompt found in a cache.")] = 0.0,
    weights: Weights = "bf16",
    kv: Kv = None,
    activations: Activations = None,
    chips_per_node: Node = 8,
    usd_per_gpu_hour: Rent = None,
    utilisation: Utilisation = 1.0,
    profile: ProfileName = "",
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """A server under steady load: waiting times with their band, tokens per accelerator."""
    from llmecon import roofline

    grid = inputs.grid(
        tensor_parallel=tensor_parallel,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        concurrency=concurrency,
    )
    shape, accelerator = inputs.model(model), inputs.chip(chip)
    run = roofline.serve(
        shape,
        accelerator,
        **grid,
        expert_parallel=expert_parallel,
        attention_data_parallel=attention_data_parallel,
        cached_share=cached_share,
        weights=weights,
        kv=kv,
        activations=activations,
        chips_per_node=chips_per_node,
        profile=inputs.profile(profile),
    )
    priced = usd_per_gpu_hour is not None
    emit(
        _served(grid, run, usd_per_gpu_hour, utilisation),
        [
            TP,
            PROMPT,
            Column(name="output_tokens", header="answer", form=",.0f"),
            Column(name="concurrency", header="requests", form=",.0f"),
            Column(name="ttft_s", header="TTFT [ms]", scale=1e3, form=",.0f"),
            Column(name="tpot_s", header="TPOT [ms]", scale=1e3, form=",.2f"),
            Column(name="tpot_low_s", header="from", scale=1e3, form=",.2f"),
            Column(name="tpot_high_s", header="to", scale=1e3, form=",.2f"),
            Column(name="tokens_per_s_per_user", header="tokens/s per user", form=",.1f"),
            Column(name="output_tokens_per_s_per_chip", header="per chip", form=",.1f"),
            *([PRICE] if priced else []),
            Column(name="fits", header="fits"),
            Column(name="max_concurrency", header="most that fit", form=",.0f"),
        ],
        title=f"Serving: {shape.name} on {accelerator.name}, {weights} weights",
        notes=[
            "From and to: 80 % band of TPOT. Requests beyond the most that fit wait their turn; "
            "if that is 0, the weights do not fit and nothing is served.",
            *(["All dollars are put on output tokens."] if priced else []),
            _constants(run.profile),
        ],
        as_json=as_json,
        as_csv=as_csv,
        extra=_extra(shape.name, accelerator.name, weights, kv, run.profile),
    )


def _served(
    grid: dict[str, Any], run: Serving, usd_per_gpu_hour: float | None, utilisation: float
) -> pd.DataFrame:
    """One row a load, in base units; an error if no instance holds even one request."""
    import numpy as np
    import pandas as pd

    from llmecon import cost
    from llmecon._checks import require

    require("--utilisation", utilisation, above=0, maximum=1)
    if not np.any(run.batch):
        run.require_fit()
    frame = pd.DataFrame(grid | {name: getattr(run, name) for name in SERVED})
    if usd_per_gpu_hour is not None:
        made = np.broadcast_to(run.output_tokens_per_s_per_chip, len(frame))
        frame["usd_per_mtok"] = np.inf  # where nothing is served
        frame.loc[made > 0, "usd_per_mtok"] = cost.usd_per_mtok_from(
            seconds=1.0,
            chips=1,
            batch=made[made > 0],
            usd_per_gpu_hour=usd_per_gpu_hour,
            utilisation=utilisation,
        )
    frame["fits"] = np.broadcast_to(run.fits, len(frame))
    frame["max_concurrency"] = np.broadcast_to(run.memory.max_batch, len(frame))
    return frame


def _steps(
    grid: dict[str, Any], step: Step, usd_per_gpu_hour: float | None, utilisation: float
) -> pd.DataFrame:
    """One row a configuration, in base units; an error if none of them fits."""
    import numpy as np
    import pandas as pd

    from llmecon import cost
    from llmecon._checks import require
    from llmecon.roofline.step import TERMS

    require("--utilisation", utilisation, above=0, maximum=1)
    if not np.any(step.fits):
        step.require_fit()
    frame = pd.DataFrame(grid | {"seconds": step.seconds})
    for term in TERMS:
        frame[f"{term}_s"] = getattr(step.terms, term)
    frame["binds"] = step.binds
    frame["tokens_per_s"] = step.tokens_per_s
    frame["tokens_per_s_per_chip"] = step.tokens_per_s_per_chip
    if usd_per_gpu_hour is not None:
        frame["usd_per_mtok"] = cost.usd_per_mtok(
            step, usd_per_gpu_hour=usd_per_gpu_hour, utilisation=utilisation
        )
    frame["fits"] = np.broadcast_to(step.fits, len(frame))
    frame["max_batch"] = np.broadcast_to(step.memory.max_batch, len(frame))
    return frame


def _columns(time: str, speed: str, priced: bool) -> list[Column]:
    def ms(term: str, header: str) -> Column:
        return Column(name=f"{term}_s", header=header, scale=1e3, form=".3g")

    return [
        Column(name="batch", header="batch", form=",.0f"),
        Column(name="seconds", header=time, scale=1e3, form=",.2f"),
        ms("weights", "weights"),
        ms("kv_cache", "KV cache"),
        ms("compute", "compute"),
        ms("activations", "activations"),
        ms("network", "network"),
        ms("overhead", "fixed"),
        Column(name="binds", header="binds"),
        Column(name="tokens_per_s", header=speed, form=",.1f"),
        Column(name="tokens_per_s_per_chip", header="per chip", form=",.1f"),
        *([PRICE] if priced else []),
        Column(name="fits", header="fits"),
        Column(name="max_batch", header="most that fit", form=",.0f"),
    ]


def _constants(profile: Profile) -> str:
    if profile.name == "ideal":
        return "Ideal hardware: every rate at its peak, nothing fixed. Real engines are slower."
    return f"Constants: {profile.name} ({profile.source})."


def _extra(
    model: str, chip: str, weights: str, kv: str | None, profile: Profile
) -> dict[str, str | None]:
    return {
        "model": model,
        "chip": chip,
        "weights": weights,
        "kv": kv or (weights if profile.kv == "weights" else "bf16"),
        "profile": profile.name,
    }
