"""The serving model beside its peers: how fast, how much memory, how far off.

Peers are run as their documentation says, on the same case: Llama 3.1 70B in 8 bit. All are timed
by processor time of one process; peers that read tables are timed after they have read them.
"""

from __future__ import annotations

import logging
import multiprocessing
import re
import resource
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import cache, partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import harness
from llmecon import catalog, cost, roofline
from llmecon.roofline.measured import predictable

TITLE = "Serving: evaluations a second, memory, error on measured times"
AICONFIGURATOR, LLM_ANALYSIS = "aiconfigurator", "llm-analysis"
PEERS = (AICONFIGURATOR, LLM_ANALYSIS)
MODEL, CHIP, TENSOR_PARALLEL = "Llama 3.1 70B", "H100 SXM 80GB", 4
SPLITS = 7 * 4  # tensor parallel 1 to 64, pipeline 1 to 8
GRIDS = (36, 10_000, 1_000_000)
GOAL_PER_S, GOAL_FRONTIER_S, GOAL_BYTES, GOAL_AGAIN_US = 5e6, 1.0, 1e9, 60.0

Work = Callable[[], object]


# --- how fast ------------------------------------------------------------------------------


def decode_grid(points: int) -> object:
    """Decode steps on a square grid of batch and context; a single one if one is asked for."""
    side = round(points**0.5)
    batch = np.linspace(1.0, 256.0, side)[:, None] if points > 1 else 16
    context = np.linspace(500.0, 100_000.0, side) if points > 1 else 1536
    return roofline.decode(
        catalog.transformer(MODEL),
        catalog.accelerator(CHIP),
        batch=batch,
        context=context,
        tensor_parallel=TENSOR_PARALLEL,
        weights="fp8",
    )


@cache
def deployment() -> roofline.Deployment:
    """The same server, checked once."""
    return roofline.Deployment(
        catalog.transformer(MODEL),
        catalog.accelerator(CHIP),
        tensor_parallel=TENSOR_PARALLEL,
        weights="fp8",
    )


def decode_again(times: int) -> None:
    """Decode steps of one deployment, one number a call."""
    for _ in range(times):
        deployment().decode(batch=16, context=1536)


def serve_grid(points: int) -> object:
    """The same for continuous batching, prompts included."""
    side = round(points**0.5)
    return roofline.serve(
        catalog.transformer(MODEL),
        catalog.accelerator(CHIP),
        concurrency=np.linspace(1.0, 256.0, side)[:, None],
        input_tokens=np.linspace(500.0, 100_000.0, side),
        output_tokens=1024,
        tensor_parallel=TENSOR_PARALLEL,
        weights="fp8",
    )


def frontier(configurations: int) -> object:
    """Best speed and price over batch, chips and their split."""
    return cost.frontier(
        catalog.transformer(MODEL),
        catalog.accelerator(CHIP),
        usd_per_gpu_hour=3.0,
        weights="fp8",
        batches=np.arange(1, -(-configurations // SPLITS) + 1),
        pipeline_parallel=(1, 2, 4, 8),
        max_chips=64,
    )


def hot_steps(points: int) -> None:
    """Decode steps of aiconfigurator's compiled engine, batch and prompt varied."""
    engine = _engine("h100_sxm", TENSOR_PARALLEL)
    side = round(points**0.5)
    batches = np.linspace(1, 128, side).astype(int)
    prompts = np.linspace(500, 8000, side).astype(int)
    for batch, prompt in product(batches.tolist(), prompts.tolist()):
        engine.decode_step_latency(batch, prompt, 1024)


def whole_estimate() -> object:
    """One estimate of aiconfigurator with its scheduler, all tables read before."""
    return _estimate("h100_sxm", 16, 1024, 1024, TENSOR_PARALLEL)


def analyses(points: int) -> None:
    """Calls of llm-analysis, batch varied."""
    analysis = _analysis(CHIP, TENSOR_PARALLEL)
    for batch in np.linspace(1, 64, points).astype(int).tolist():
        analysis.inference(batch_size_per_gpu=batch, seq_len=1535, num_tokens_to_generate=1)


def _speed_jobs(quick: bool) -> Iterator[tuple[str, str, int, Work, int]]:
    """Tool, call, evaluations of one call, the call, how often it is timed."""
    largest = 10_000 if quick else 1_000_000
    yield "llmecon", "roofline.decode", 1, partial(decode_grid, 1), 100
    for points in GRIDS:
        if points <= largest:
            repeats = 100 if points < 1000 else 7
            yield "llmecon", "roofline.decode", points, partial(decode_grid, points), repeats
    yield "llmecon", "Deployment.decode", 100, partial(decode_again, 100), 30
    yield "llmecon", "roofline.serve", largest, partial(serve_grid, largest), 5
    configurations = 16_000 if quick else 160_000
    size = -(-configurations // SPLITS) * SPLITS
    yield "llmecon", "cost.frontier", size, partial(frontier, configurations), 7
    steps = 36 if quick else 10_000
    yield AICONFIGURATOR, "decode step, hot", steps, partial(hot_steps, steps), 3
    yield AICONFIGURATOR, "estimate with scheduler", 1, whole_estimate, 3
    calls = 10 if quick else 500
    yield LLM_ANALYSIS, "inference", calls, partial(analyses, calls), 3


def _speed(say: harness.Say, quick: bool) -> list[dict[str, Any]]:
    rows = []
    for tool, call, points, work, repeats in _speed_jobs(quick):
        row: dict[str, Any] = {"tool": tool, "call": call, "points": points}
        rows.append(row)
        if harness.version(tool) is None:
            row["remark"] = "not installed"
            continue
        say(f"{tool}: {call}, {points:,} evaluations a call")
        with _quiet():
            _, timing = harness.timed(work, repeats=repeats, warm=1)
        row |= {
            "per_s": points / timing.cpu_s,
            "us": timing.cpu_s / points * 1e6,
            "call_ms": timing.cpu_s * 1e3,
            "mb": _peak_mb(work),
        }
        row["remark"] = _goal(call, points, row)
    return rows


def _goal(call: str, points: int, row: dict[str, Any]) -> str:
    """Whether a goal that was set for this line is met."""
    if (call, points) == ("roofline.decode", 1_000_000):
        met = row["per_s"] >= GOAL_PER_S and row["mb"] * 1e6 < GOAL_BYTES
        return f"goal {GOAL_PER_S:.0e} a second, under 1 GB: {'met' if met else 'missed'}"
    if call == "Deployment.decode":
        met = row["us"] <= GOAL_AGAIN_US
        return f"goal {GOAL_AGAIN_US:g} µs a step: {'met' if met else 'missed'}"
    if call == "cost.frontier" and points >= 160_000:
        met = row["call_ms"] / 1e3 < GOAL_FRONTIER_S
        return f"goal under {GOAL_FRONTIER_S:g} s: {'met' if met else 'missed'}"
    return ""


# --- how much memory -----------------------------------------------------------------------


def _peak_mb(work: Work) -> float:
    """Most memory that a process of its own held: interpreter, libraries, tables and work."""
    spawn = multiprocessing.get_context("spawn")  # a fork would inherit what is held here
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        return pool.submit(_peak_bytes, work).result() / 1e6


def _peak_bytes(work: Work) -> float:
    with _quiet():
        work()
    status = Path("/proc/self/status")
    if status.is_file():  # getrusage would count what the parent held when it made this process
        held = re.search(r"^VmHWM:\s*(\d+) kB", status.read_text("utf-8"), re.M)
        if held:
            return float(held[1]) * 1024.0
    unit = 1 if sys.platform == "darwin" else 1024
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)


# --- how far off ---------------------------------------------------------------------------

SYSTEMS = {"H100 SXM 80GB": "h100_sxm", "H200 SXM 141GB": "h200_sxm"}  # aiconfigurator's names


def measured() -> pd.DataFrame:
    """Times per output token of the table that every tool here can predict."""
    table = catalog.measurements()
    rows = predictable(table[table.metric == "tpot"])
    known = rows.hardware.isin(list(SYSTEMS)) & (rows.model == MODEL) & (rows.precision == "FP8")
    rows = rows[known].reset_index(drop=True)
    return rows.assign(batch=rows.batch_or_concurrency.astype(int))


def by_roofline(rows: pd.DataFrame, profile: roofline.Profile) -> pd.Series:
    """This library's predictions. [ms]"""
    return roofline.predict(rows.drop(columns="batch"), profile).predicted


def by_scheduler(rows: pd.DataFrame, say: harness.Say) -> pd.Series:
    """Time per token of aiconfigurator with its scheduler, its ``agg`` mode. [ms]"""
    found = []
    for done, row in enumerate(rows.itertuples()):
        if done % 10 == 0:
            say(f"aiconfigurator: row {done + 1} of {len(rows)}")
        case = (SYSTEMS[row.hardware], row.batch, int(row.input_tokens), int(row.output_tokens))
        try:
            found.append(_estimate(*case, row.n_gpus).tpot)
        except RuntimeError as error:
            if not str(error).startswith("OOM"):
                raise
            found.append(np.nan)  # more requests than memory holds: it has no answer
    return pd.Series(found)


def by_step(rows: pd.DataFrame) -> pd.Series:
    """Decode step of aiconfigurator, its ``static`` mode: prompts cost nothing. [ms]"""
    found = []
    for row in rows.itertuples():
        engine = _engine(SYSTEMS[row.hardware], row.n_gpus)
        case = (row.batch, int(row.input_tokens), int(row.output_tokens))
        found.append(engine.decode_step_latency(*case))
    return pd.Series(found)


def by_llm_analysis(rows: pd.DataFrame) -> pd.Series:
    """Decode step of llm-analysis with its default efficiencies of 1. [ms]"""
    found = []
    for row in rows.itertuples():
        context = int(row.input_tokens + row.output_tokens / 2)
        analysis = _analysis(row.hardware, row.n_gpus)
        try:
            made = analysis.inference(
                batch_size_per_gpu=row.batch, seq_len=context - 1, num_tokens_to_generate=1
            )
            found.append(1e3 * made["decode_latency"])
        except AssertionError:
            found.append(np.nan)  # more requests than memory holds: it has no answer
    return pd.Series(found)


def _tools(say: harness.Say) -> list[tuple[str, str, Callable[[pd.DataFrame], pd.Series]]]:
    def newest(rows: pd.DataFrame) -> pd.Series:
        return by_roofline(rows, roofline.CURRENT)

    def ideal(rows: pd.DataFrame) -> pd.Series:
        return by_roofline(rows, roofline.IDEAL)

    return [
        ("llmecon", "newest profile", newest),
        ("llmecon", "ideal", ideal),
        (AICONFIGURATOR, "agg mode", partial(by_scheduler, say=say)),
        (AICONFIGURATOR, "static mode", by_step),
        (LLM_ANALYSIS, "defaults", by_llm_analysis),
    ]


def _accuracy(say: harness.Say, quick: bool) -> list[dict[str, Any]]:
    rows = measured()
    rows = rows.groupby("split").head(3).reset_index(drop=True) if quick else rows
    lines = []
    for tool, mode, predict in _tools(say):
        if harness.version(tool) is None:
            lines.append({"tool": tool, "mode": mode, "remark": "not installed"})
            continue
        say(f"{tool}, {mode}: {len(rows)} measured times")
        with _quiet():
            predicted = predict(rows)
        of_tool = rows.assign(predicted=predicted.to_numpy())
        for split, part in of_tool.groupby("split"):
            chips = ", ".join(part.hardware.unique())
            answered = part.dropna(subset=["predicted"])
            line = {"tool": tool, "mode": mode, "rows_judged": chips, "asked": len(part)}
            lines.append(line | _errors(answered) | {"remark": _seen(tool, mode, str(split))})
    return lines


def _errors(rows: pd.DataFrame) -> dict[str, float]:
    error = roofline.judge(rows.assign(all="all"), "all").iloc[0].to_dict()
    error["rows"] = int(error["rows"])
    error["rank"] = float(rows.predicted.rank().corr(rows.value.rank()))
    return error


def _seen(tool: str, mode: str, split: str) -> str:
    """Who knew the rows before."""
    if tool == AICONFIGURATOR:
        return "its own test set"
    if tool == "llmecon" and mode != "ideal":
        return "fitted to these rows" if split == "calibrate" else "not fitted to these rows"
    return ""


# --- the peers -----------------------------------------------------------------------------


@contextmanager
def _quiet() -> Iterator[None]:
    """Peers speak through logging; their warnings are about models that are not used here."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


@cache
def _engine(system: str, tensor_parallel: int) -> Any:
    from aiconfigurator_core.sdk.engine import EngineHandle

    return EngineHandle.compile(
        "meta-llama/Meta-Llama-3.1-70B",
        system,
        "vllm",
        tp_size=tensor_parallel,
        gemm_quant_mode="fp8",
    )


def _estimate(system: str, batch: int, prompt: int, answer: int, tensor_parallel: int) -> Any:
    from aiconfigurator.cli.api import cli_estimate

    return cli_estimate(
        "meta-llama/Meta-Llama-3.1-70B",
        system,
        mode="agg",
        backend_name="vllm",
        isl=prompt,
        osl=answer,
        batch_size=batch,
        tp_size=tensor_parallel,
        gemm_quant_mode="fp8",
    )


@cache
def _analysis(accelerator: str, tensor_parallel: int) -> Any:
    """The same shape and data sheet for llm-analysis, which knows neither model nor H200."""
    from llm_analysis.analysis import LLMAnalysis
    from llm_analysis.config import DtypeConfig, GPUConfig, ModelConfig, ParallelismConfig

    model, chip = catalog.transformer(MODEL), catalog.accelerator(accelerator)
    return LLMAnalysis(
        ModelConfig(
            name=model.name,
            num_layers=model.n_layers,
            n_head=model.n_heads,
            hidden_dim=model.d_model,
            vocab_size=model.vocab_size,
            num_key_value_heads=model.n_kv_heads,
            ffn_embed_dim=model.d_ff,
            expansion_ratio=model.d_ff / model.d_model,
        ),
        GPUConfig(
            name=chip.name,
            mem_per_GPU_in_GB=chip.hbm_bytes / 1e9,
            hbm_bandwidth_in_GB_per_sec=chip.hbm_bytes_per_s / 1e9,
            intra_node_bandwidth_in_GB_per_sec=chip.scaleup_bytes_per_s_per_direction / 1e9,
            intra_node_min_message_latency=8e-6,  # its own figure for H100
            peak_fp16_TFLOPS=chip.bf16_dense_flop_per_s / 1e12,
        ),
        DtypeConfig(name="w8a8e16", weight_bits=8, activation_bits=8, embedding_bits=16),
        ParallelismConfig(tp_size=tensor_parallel),
    )


# --- the tables ----------------------------------------------------------------------------


def run(say: harness.Say, *, quick: bool = False) -> Sequence[harness.Result]:
    """Speed and memory, then accuracy."""
    column, missing = harness.Column, harness.absent(PEERS)
    speed = harness.Result(
        name="serving",
        title=f"{MODEL} in 8 bit on {TENSOR_PARALLEL} accelerators: speed and memory",
        columns=[
            column("tool", "tool"),
            column("call", "call"),
            column("points", "evaluations a call", ",d"),
            column("call_ms", "one call [ms]", ",.3g"),
            column("us", "one evaluation [µs]", ",.3g"),
            column("per_s", "evaluations a second", ",.0f"),
            column("mb", "peak memory [MB]", ",.0f"),
            column("remark", "remark"),
        ],
        rows=_speed(say, quick),
        notes=[
            "Processor time, median of several calls, everything loaded before. Memory is the "
            "most that a fresh process held, libraries and tables included."
        ],
        missing=missing,
    )
    accuracy = harness.Result(
        name="serving_accuracy",
        title=f"Time per output token of {MODEL} in FP8, vLLM 2025: error on the same rows",
        columns=[
            column("tool", "tool"),
            column("mode", "mode"),
            column("rows_judged", "rows on"),
            column("asked", "rows", "d"),
            column("rows", "answered", "d"),
            column("mape", "mean absolute error [%]", ".1f"),
            column("bias", "median bias [%]", "+.1f"),
            column("p90", "90th percentile [%]", ".1f"),
            column("rank", "rank correlation", ".3f"),
            column("remark", "remark"),
        ],
        rows=_accuracy(say, quick),
        notes=[
            "Context is the prompt and half of the answer, batch the concurrency. A tool gives no "
            "answer where, by its own count, memory does not hold the requests."
        ],
        missing=missing,
    )
    return speed, accuracy
