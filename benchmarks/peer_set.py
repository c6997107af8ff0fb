"""The serving model on aiconfigurator's own test set.

The package ships measured serving points, ``silicon_sample.csv``. They are read where it is
installed and never copied. Half of them may be looked at, to find what the model lacks; the other
half is scored only. The band of the current profile is set by the half that may be looked at. After
every change of the model::

    python -m benchmarks.peer_set --store [--file PATH]
"""

from __future__ import annotations

import argparse
import hashlib
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib import resources
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks import harness
from llmecon import catalog, roofline
from llmecon.roofline.calibration import log_bands

PEER, FILE = "aiconfigurator", "systems/silicon_sample.csv"

MODELS = {
    "MiniMaxAI/MiniMax-M2.5": "MiniMax-M2.5",
    "Qwen/Qwen3-235B-A22B-FP8": "Qwen3-235B-A22B",
    "Qwen/Qwen3-32B": "Qwen3-32B",
    "Qwen/Qwen3.5-397B-A17B": "Qwen3.5-397B-A17B",
    "deepseek-ai/DeepSeek-R1": "DeepSeek-R1",
    "deepseek-ai/DeepSeek-V3": "DeepSeek-V3",
    "meta-llama/Llama-3.1-70B": "Llama 3.1 70B",
    "meta-llama/Llama-3.1-8B-Instruct": "Llama 3.1 8B",
    "moonshotai/Kimi-K2.5": "Kimi K2.5",
    "nvidia/DeepSeek-R1-NVFP4": "DeepSeek-R1",
    "nvidia/Llama-3.1-8B-Instruct-FP8": "Llama 3.1 8B",
    "nvidia/Qwen3-32B-NVFP4": "Qwen3-32B",
    "openai/gpt-oss-120b": "gpt-oss-120b",
    "zhipuai/GLM-5": "GLM-5",
}
FAMILIES = {"DeepSeek-R1": "DeepSeek-V3, R1", "DeepSeek-V3": "DeepSeek-V3, R1"}  # one shape
CHIPS = {
    "h100_sxm": "H100 SXM 80GB",
    "h200_sxm": "H200 SXM 141GB",
    "b200_sxm": "B200 SXM 180GB",
    "b300_sxm": "B300 SXM",
    "gb200": "GB200 NVL72",
    "gb300": "GB300 NVL72",
}
ENGINES = {"vllm": "vLLM", "sglang": "SGLang", "trtllm": "TensorRT-LLM"}
WEIGHTS = {"": "bf16", "bf16": "bf16", "fp8": "fp8", "fp4": "nvfp4", "int4": "int4_g32"}
# Runs that draft tokens by the model's own heads; the set has no column for it. The public runs
# do: SemiAnalysisAI/InferenceX, pull requests 392, 632, 642 and 1487 to 1489.
DRAFTING = {
    ("trtllm", "1.1.0rc2.post2", "2026-01-14"),
    ("trtllm", "1.2.0rc6.post3", "2026-02-05"),
    ("trtllm", "1.2.0rc6.post3", "2026-02-06"),
}
NODE = 8  # accelerators of a server; those of a rack are one scale-up domain

# What two copies of one measurement share: the same run stands in several dumps of the set.
MEASUREMENT = ["system", "backend", "isl", "osl", "concurrency", "tpot_ms", "ttft_ms"]


# --- the two halves ------------------------------------------------------------------------


def half(row_id: str) -> str:
    """``look`` or ``unseen``, by the parity of the SHA-256 of a row's id."""
    even = int(hashlib.sha256(row_id.encode()).hexdigest(), 16) % 2 == 0
    return "look" if even else "unseen"


def halves(rows: pd.DataFrame) -> pd.Series:
    """Half of each row; a measurement is unseen only if none of its copies may be looked at."""
    seen = rows.id.map(half) == "look"
    shared = seen.groupby([rows[name] for name in MEASUREMENT], dropna=False).transform("any")
    return pd.Series(np.where(shared, "look", "unseen"), index=rows.index)


# --- the rows ------------------------------------------------------------------------------


def default_file() -> Path | None:
    """The set inside the installed package; None where that is absent."""
    for package in ("aiconfigurator_core", PEER):
        try:
            found = Path(str(resources.files(package))) / FILE
        except ModuleNotFoundError:
            continue
        if found.is_file():
            return found
    return None


def read(path: Path) -> pd.DataFrame:
    """Rows of the set as the file has them, with concurrency and date from their source."""
    rows = pd.read_csv(path, dtype={"id": str})
    said = rows.silicon_data_source
    texts = ["backend_version", "precision"]
    return rows.assign(
        **{name: rows[name].fillna("").astype(str) for name in texts},
        concurrency=said.str.extract(r"silicon_concurrency=(\d+)")[0].astype(float),
        measured_on=said.str.extract(r"measured=(\d{4}-\d\d-\d\d)")[0],
        tpot_ms=rows.silicon_tpot_ms.round(4),
        ttft_ms=rows.silicon_ttft_ms.round(4),
    )


def split_of(row: Any) -> tuple[int, int, int] | None:
    """Accelerators, expert-parallel and attention-data-parallel degree; None where unclear.

    The degrees of the file multiply where they lie over the same accelerators: copies of one
    measurement say "tensor 8, experts 8" once as 8, 1 x 8 and once as 64, 8 x 8. Ids that
    name the degrees decide which is meant.
    """
    tensor, data = row.tp_size, row.attention_dp_size
    data = 1.0 if pd.isna(data) or data == 0 else data
    slices, groups = row.moe_tp_size, row.moe_ep_size
    if not catalog.transformer(MODELS[row.model_path]).n_experts:
        slices, groups = tensor, 1.0  # a dense model has none; the file then says 0 or 1
    several = row.pp_size != 1 or row.concurrency / row.batch_size != data
    if several or tensor * data != slices * groups:
        return None
    if slices > 1 and groups > 1:
        chips = groups if slices == groups else tensor
    elif tensor > 1 and data > 1:
        chips = tensor
    else:
        chips = tensor * data
    named = re.search(r"_tp(\d+)_", row.id)
    if named and int(named[1]) != chips:
        return None
    return int(chips), int(min(groups, chips)), int(min(data, chips))


def cache_of(row: Any) -> str:
    """Format of the cache, as the public runs start their servers (SemiAnalysisAI/InferenceX)."""
    if row.precision not in ("fp8", "fp4"):
        return "bf16"
    blackwell = bool(catalog.accelerator(CHIPS[row.system]).fp4_dense_flop_per_s)
    model = MODELS[row.model_path]
    eight = {
        "trtllm": True,
        "sglang": blackwell or model == "Qwen3.5-397B-A17B",
        "vllm": blackwell and model == "gpt-oss-120b",
    }
    return "fp8" if eight[row.backend] else "bf16"


def why_not(row: Any) -> str:
    """Why a row cannot be asked; empty if it can."""
    if row.mode != "agg":
        return "prompts and answers on separate accelerators"
    if row.model_path not in MODELS:
        return "model not in the catalogue"
    if row.system not in CHIPS or row.backend not in ENGINES or row.precision not in WEIGHTS:
        return "chip, engine or format not in the catalogue"
    if pd.isna(row.concurrency):
        return "concurrency not said"
    if (row.backend, row.backend_version, row.measured_on) in DRAFTING:
        return "drafts tokens, and how many are kept is not said"
    return "" if split_of(row) else "split over accelerators unclear"


def mapped(raw: pd.DataFrame) -> pd.DataFrame:
    """Every row in the library's names, with its half and the reason why it is left out."""
    asked = []
    for row in raw.itertuples():
        why = why_not(row)
        chips, experts, data = (not why and split_of(row)) or (0, 0, 0)
        kv = "" if why else cache_of(row)
        asked.append({"skipped": why, "chips": chips, "experts": experts, "data": data, "kv": kv})
    rows = pd.concat([raw.reset_index(drop=True), pd.DataFrame(asked)], axis=1)
    weights = rows.precision.map(WEIGHTS)
    model = rows.model_path.map(MODELS)
    return pd.DataFrame(
        {
            "id": rows.id,
            "half": halves(rows),
            "skipped": rows.skipped.where(rows.skipped != "", _fitted(rows)),
            "model": model,
            "family": model.replace(FAMILIES),
            "chip": rows.system.map(CHIPS),
            "engine": rows.backend.map(ENGINES),
            "engine_version": rows.backend_version,
            "weights": _native(model).where(_native(model) != "", weights),
            "kv": rows.kv,
            "n_chips": rows.chips,
            "expert_parallel": rows.experts,
            "attention_data_parallel": rows.data,
            "input_tokens": rows.isl,
            "output_tokens": rows.osl,
            "concurrency": rows.concurrency,
            "measured_on": rows.measured_on,
            "value": rows.silicon_tpot_ms,
            "ttft_ms": rows.silicon_ttft_ms,
            "measurement": rows.groupby(MEASUREMENT, dropna=False).ngroup(),
        }
    )


def _native(models: pd.Series) -> pd.Series:
    """Format that a model is published in, where every run keeps it; else empty."""
    known = {name: catalog.transformer(name).native_weights for name in models.dropna().unique()}
    return models.map(known).fillna("")


def _fitted(rows: pd.DataFrame) -> npt.NDArray[np.str_]:
    """Rows that our constants were fitted to are no test of them."""
    ours = catalog.measurements()
    ours = ours[(ours.split == "calibrate") & (ours.engine == "vLLM 2025")]
    ours = ours[ours.metric == "tpot"].assign(load=ours.batch_or_concurrency.astype(float))
    names = ["model", "hardware", "n_gpus", "input_tokens", "output_tokens", "load"]
    fitted = set(ours[names].itertuples(index=False, name=None))
    asked = rows.assign(  # all of ours are of vLLM in FP8
        model=rows.model_path.map(MODELS).where(rows.backend + rows.precision == "vllmfp8"),
        hardware=rows.system.map(CHIPS),
    )[["model", "hardware", "chips", "isl", "osl", "concurrency"]]
    hit = [row in fitted for row in asked.itertuples(index=False, name=None)]
    return np.where(hit, "our constants were fitted to it", "")


# --- the predictions -----------------------------------------------------------------------

_SAME = ["model", "chip", "weights", "kv", "n_chips", "expert_parallel", "attention_data_parallel"]


def predictions(rows: pd.DataFrame, profile: roofline.Profile | None = None) -> pd.DataFrame:
    """Rows with ``predicted``, its 80 % band [ms] and ``fits``, or why the library refuses."""
    rows = rows.assign(predicted=np.nan, low=np.nan, high=np.nan, fits=True)
    for _, group in rows[rows.skipped == ""].groupby(_SAME):
        try:
            run = _serve(group, profile)
        except ValueError:
            rows.loc[group.index, "skipped"] = "split does not divide the model"
            continue
        rows.loc[group.index, "predicted"] = 1e3 * run.tpot_s
        rows.loc[group.index, "low"] = 1e3 * run.tpot_low_s
        rows.loc[group.index, "high"] = 1e3 * run.tpot_high_s
        rows.loc[group.index, "fits"] = run.fits
    return rows


def _serve(group: pd.DataFrame, profile: roofline.Profile | None) -> roofline.Serving:
    first = group.iloc[0]
    chip = catalog.accelerator(first.chip)
    blackwell = bool(chip.fp4_dense_flop_per_s)
    mixed = ("fp8" if blackwell else "bf16") if first.weights == "mxfp4" else None
    rack = "NVL72" in first.chip
    return roofline.serve(
        catalog.transformer(first.model),
        chip,
        concurrency=group.concurrency.to_numpy(float),
        input_tokens=group.input_tokens.to_numpy(float),
        output_tokens=group.output_tokens.to_numpy(float),
        tensor_parallel=int(first.n_chips),
        expert_parallel=int(first.expert_parallel),
        attention_data_parallel=int(first.attention_data_parallel),
        chips_per_node=chip.scaleup_domain_size if rack else NODE,
        weights=first.weights,
        kv=first.kv,
        activations=mixed,
        profile=profile,
    )


def load(path: Path | None = None, profile: roofline.Profile | None = None) -> pd.DataFrame:
    """Every row of the set: measured (``value``) and ``predicted`` [ms], half, reason if skipped.

    Copies of a measurement share its number in ``measurement``.
    """
    path = default_file() if path is None else path
    if path is None:
        raise FileNotFoundError(harness.not_installed(PEER))
    return predictions(mapped(read(path)), profile)


def scored(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with a prediction, each measurement once, with the number of its copies."""
    kept = rows[rows.skipped == ""]
    copies = kept.groupby("measurement").id.transform("size")
    return kept.assign(copies=copies).sort_values("id").drop_duplicates("measurement")


def bands(rows: pd.DataFrame) -> dict[str, float]:
    """Half-widths of the 80 % band, from the measurements that may be looked at."""
    look = scored(rows)
    look = look[look.half == "look"]
    wide = log_bands(look.model, np.log(look.predicted / look.value).to_numpy(float))
    return {name: round(value, 3) for name, value in wide.items()}


def fingerprint(profile: roofline.Profile | None = None) -> str:
    """Hash of predictions for invented loads: it changes with constants, formulas and mapping."""
    made = predictions(_invented(), profile)
    said = [made.skipped.tolist(), [f"{value:.4g}" for value in made.predicted]]
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]


def _invented() -> pd.DataFrame:
    """Every model on every chip under a few loads; nothing of it was measured."""
    columns = ["model", "chip", "concurrency", "input_tokens"]
    cases = product(dict.fromkeys(MODELS.values()), CHIPS.values(), (1, 16, 256), (1024, 8192))
    rows = pd.DataFrame(cases, columns=columns)
    native = _native(rows.model)
    return rows.assign(
        skipped="",
        weights=native.where(native != "", "fp8"),
        kv="bf16",
        n_chips=8,
        expert_parallel=np.where(rows.model.str.contains("DeepSeek"), 8, 1),
        attention_data_parallel=1,
        output_tokens=1024,
    )


# --- the tables ----------------------------------------------------------------------------

GROUPINGS = {"model": "family", "accelerator": "chip", "engine": "engine", "weights": "weights"}
FEWEST = 20  # rows of a group that is shown: fewer would show single rows of the unseen half
EACH, COPIES = "each measurement once", "copies counted"
ANSWERED = "each once, waiting less than answering"
LEFT_OUT = "left out"
SAME, OURS = "same rows", "this roofline"
EVERY = 4  # an estimate of the peer takes about a second: every fourth measurement, by its id


def errors(rows: pd.DataFrame) -> dict[str, float]:
    """Errors of the time per token over rows. [%]"""
    error = 100.0 * (rows.predicted / rows.value - 1.0).to_numpy(float)
    size = np.sort(np.abs(error))
    return {
        "n_rows": len(error),
        "mape": float(size.mean()),
        "median": float(np.median(size)),
        "bias": float(np.median(error)),
        "p90": float(size[int(0.9 * len(size))]),
        "in_band": 100.0 * float(rows.value.between(rows.low, rows.high).mean()),
    }


def table(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Errors by half and group, then how many rows of the file were left out, and why."""
    lines: list[dict[str, Any]] = []
    for name, part in scored(rows).groupby("half"):
        counted = part.loc[part.index.repeat(part.copies)]
        # Where a first token takes longer than the answer after it, most requests only wait: the
        # row's concurrency is not what decodes.
        answered = part[part.ttft_ms < part.output_tokens * part.value]
        groups = [("all", EACH, part), ("all", COPIES, counted), ("all", ANSWERED, answered)]
        for grouping, column in GROUPINGS.items():
            groups += [(grouping, group, some) for group, some in part.groupby(column)]
        for grouping, group, some in groups:
            if grouping == "all" or len(some) >= FEWEST:
                lines.append({"half": name, "grouping": grouping, "group": group} | errors(some))
    left = rows[rows.skipped != ""].value_counts(["half", "skipped"]).sort_index()
    for (name, why), count in left.items():
        lines.append({"half": name, "grouping": LEFT_OUT, "group": why, "n_rows": int(count)})
    return sorted(lines, key=lambda line: line["half"])  # stable: groups keep their order


# --- the peer itself, on the same measurements ---------------------------------------------

# Names under which the peer ships a configuration; others it would fetch.
ITS_NAMES = {
    "meta-llama/Llama-3.1-70B": "meta-llama/Meta-Llama-3.1-70B",
    "meta-llama/Llama-3.1-8B-Instruct": "meta-llama/Meta-Llama-3.1-8B",
    "nvidia/Llama-3.1-8B-Instruct-FP8": "meta-llama/Meta-Llama-3.1-8B",
}
Estimate = Callable[[Any, Any], float]


def estimate(row: Any, raw: Any) -> float:
    """Time per token by the peer with its scheduler [ms]; NaN where it has no answer."""
    from aiconfigurator.cli.api import cli_estimate

    modes = {name: getattr(raw, name) for name in ("gemm_quant_mode", "moe_quant_mode")}
    if not catalog.transformer(row.model).n_experts:
        del modes["moe_quant_mode"]
    else:
        modes["moe_ep_size"] = row.expert_parallel
        modes["moe_tp_size"] = row.n_chips // row.expert_parallel
    try:
        made = cli_estimate(
            ITS_NAMES.get(raw.model_path, raw.model_path),
            raw.system,
            mode="agg",
            backend_name=raw.backend,
            isl=row.input_tokens,
            osl=row.output_tokens,
            batch_size=max(round(row.concurrency / row.attention_data_parallel), 1),
            tp_size=row.n_chips // row.attention_data_parallel,
            attention_dp_size=row.attention_data_parallel,
            **{name: mode for name, mode in modes.items() if not pd.isna(mode)},
        )
    except Exception:  # a model, kernel or format that its tables lack, or memory: each its own
        return float("nan")
    return float(made.tpot)


def same_rows(
    rows: pd.DataFrame, raw: pd.DataFrame, ask: Estimate, say: harness.Say
) -> list[dict[str, Any]]:
    """Errors of both on every fourth measurement that the peer answers."""
    asked, raw = scored(rows).iloc[::EVERY], raw.set_index("id")
    found = []
    for done, row in enumerate(asked.itertuples()):
        if done % 20 == 0:
            say(f"{PEER}: measurement {done + 1} of {len(asked)}")
        found.append(ask(row, raw.loc[row.id]))
    lines = []
    for name, part in asked.assign(peer=found).dropna(subset="peer").groupby("half"):
        theirs = errors(part.assign(predicted=part.peer))
        del theirs["in_band"]  # it gives none
        lines.append({"half": name, "grouping": SAME, "group": OURS} | errors(part))
        lines.append({"half": name, "grouping": SAME, "group": PEER} | theirs)
    return lines


def results(
    path: Path | None,
    *,
    ask: Estimate = estimate,
    say: harness.Say = lambda _: None,
    missing: Sequence[str] = (),
) -> list[harness.Result]:
    """Errors, and what they were computed from; empty where the set is absent."""
    column = harness.Column
    own = catalog.peers().set_index(["tool", "mode", "rows_judged"])
    published = own.loc[PEER, "agg mode", "434 public points"]
    lines: list[dict[str, Any]] = []
    wide: dict[str, float] = {}
    if path is not None:
        wide = bands(load(path))
        rows = load(path, replace(roofline.CURRENT, **wide))
        lines = table(rows) + same_rows(rows, read(path), ask, say)
        lines.sort(key=lambda line: line["half"])
    for line in lines:
        if line["group"] == "Llama 3.1 70B":
            line["peer"] = f"{published.mape_percent:.1f} on its {published.n_rows} rows"
    score = harness.Result(
        name="serving_peer_set",
        title="Time per output token on the test set that aiconfigurator ships",
        columns=[
            column("half", "half"),
            column("grouping", "grouping"),
            column("group", "group"),
            column("n_rows", "rows", "d"),
            column("mape", "mean absolute error [%]", ".1f"),
            column("median", "median absolute error [%]", ".1f"),
            column("bias", "median bias [%]", "+.1f"),
            column("p90", "90th percentile [%]", ".1f"),
            column("in_band", "in the 80 % band [%]", ".1f"),
            column("peer", "aiconfigurator's own [%]"),
        ],
        rows=lines,
        notes=[
            f"Groups of fewer than {FEWEST} rows are in the totals only. Same rows: what {PEER} "
            f"answers of every {EVERY}th measurement, in the order of ids."
        ],
        missing=missing,
    )
    about = harness.Result(
        name="serving_peer_set_about",
        title="Computed from",
        columns=[column("what", "what"), column("value", "value")],
        rows=[{"what": k, "value": v} for k, v in (_about(path) | wide).items()] if path else [],
        missing=missing,
    )
    return [score, about]


def _about(path: Path) -> dict[str, Any]:
    return {
        "date (UTC)": f"{datetime.now(UTC):%Y-%m-%d}",
        "profile": roofline.CURRENT.name,
        "fingerprint of the predictions": fingerprint(),
        "aiconfigurator-core": _release(path),
        "rows of the set": f"{len(read(path)):,}",
        "hash of the set (SHA-256)": hashlib.sha256(path.read_bytes()).hexdigest()[:16],
    }


def _release(path: Path) -> str:
    """Version of the package that the set lies in."""
    beside = next(path.parents[2].glob("aiconfigurator_core-*.dist-info"), None)
    return beside.stem.split("-")[1] if beside else "unknown"


# --- the book's copy -----------------------------------------------------------------------

ROOT = Path(__file__).parents[1]


def data_rows(lines: Sequence[dict[str, Any]], day: str) -> pd.DataFrame:
    """The same lines with the columns of ``data/peer_set.csv``."""
    rounded = pd.DataFrame(
        {
            "half": line["half"],
            "grouping": line["grouping"],
            "group": line["group"],
            "n_rows": line["n_rows"],
            "mape_percent": line.get("mape"),
            "median_absolute_percent": line.get("median"),
            "median_bias_percent": line.get("bias"),
            "p90_percent": line.get("p90"),
            "in_band_percent": line.get("in_band"),
        }
        for line in lines
    ).round(1)
    return rounded.assign(
        profile=roofline.CURRENT.name,
        date=day,
        note="time per output token; the measured rows stay in the package",
        source="benchmarks/peer_set.py, rows of silicon_sample.csv in aiconfigurator",
        source_url="https://github.com/ai-dynamo/aiconfigurator",
        licence="Apache-2.0",
    )


def store(
    path: Path,
    folder: Path = harness.RESULTS,
    data: Path = ROOT / "data",
    *,
    ask: Estimate = estimate,
    say: harness.Say = lambda _: None,
) -> None:
    """Write both tables of the benchmark, the book's copy, and the band of the current profile."""
    score, about = results(path, ask=ask, say=say)
    for result in (score, about):
        harness.store(result, folder)
    rows = data_rows(score.rows, about.rows[0]["value"])
    rows.to_csv(data / "peer_set.csv", index=False, lineterminator="\n")
    profiles = pd.read_csv(data / "serving_profiles.csv", dtype=str, keep_default_na=False)
    for line in about.rows[-2:]:
        profiles.loc[profiles.current == "true", line["what"]] = str(line["value"])
    profiles.to_csv(data / "serving_profiles.csv", index=False, lineterminator="\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the errors of one half; with ``--store`` keep those of both for the book."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peer_set",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--file", type=Path, help="the set; from the installed package if left out")
    parser.add_argument(
        "--half", choices=["look", "unseen"], default="look", help="look if not said"
    )
    parser.add_argument("--store", action="store_true", help="both halves and the band")
    chosen = parser.parse_args(arguments)
    path = chosen.file or default_file()
    if path is None:
        print(f"Skipped: {harness.not_installed(PEER)}")
        return 0
    if chosen.store:
        if default_file() is None:  # the set alone is not enough: the peer is asked, too
            print(f"Not stored: {harness.not_installed(PEER)}")
            return 2
        store(path, say=lambda line: print(f"  {line}", file=sys.stderr, flush=True))
        subprocess.run([sys.executable, ROOT / "tools" / "data_readme.py"], check=True)
        print("Stored. Next: python -m llmecon_book.run.execution notebooks/validation.ipynb")
        return 0
    lines = [line for line in table(load(path)) if line["half"] == chosen.half]
    print(pd.DataFrame(lines).round(1).to_string(index=False, na_rep=""))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
