"""Predict what a table of measurements holds, row by row."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from llmecon import catalog
from llmecon.accelerator import Accelerator
from llmecon.roofline.deployment import Deployment
from llmecon.roofline.profiles import BY_ENGINE, Profile
from llmecon.transformer import FloatArray, Transformer

ModelOf = Callable[[str], Transformer]
ChipOf = Callable[[str], Accelerator]

KINDS = (
    *("serving", "first token", "static batch", "maximum load"),
    *("decode", "decode latency", "prefill"),
)
"""What a row of measurements may measure."""

MAX_SEQUENCES = 2048
"""Requests in progress that a scheduler allows at most, where a row says maximum load."""

# As the rows name them: stored weights, arithmetic.
_FORMATS: dict[str, tuple[str, str | None]] = {
    "FP8": ("fp8", None),
    "FP16": ("bf16", None),
    "BF16": ("bf16", None),
    "FP4": ("nvfp4", None),
    "INT8 weight-only": ("int8", "bf16"),
    "INT8 weights": ("int8", "bf16"),
    "INT4 weight-only g32": ("int4_g32", "bf16"),
}
_TIMES = {"ms": 1e3, "s": 1.0}
_SERVED = ("serving", "first token", "maximum load")


def engine(source: str, date: pd.Timestamp) -> str:
    """Engine and generation that a row was measured with; empty if it names none."""
    if "gpt-fast" in source:
        return "gpt-fast 2023"
    if "aiconfigurator" in source:  # public runs of October 2025, all of vLLM in this table
        return "vLLM 2025"
    return f"TensorRT-LLM {date.year}" if "TensorRT-LLM" in source else ""


def predict(
    measurements: pd.DataFrame,
    profile: Profile | Mapping[str, Profile] | None = None,
    *,
    model_of: ModelOf = catalog.transformer,
    chip_of: ChipOf = catalog.accelerator,
) -> pd.DataFrame:
    """Measured and predicted value of every row that the roofline can predict.

    Parameters
    ----------
    measurements : pandas.DataFrame
        As :func:`llmecon.catalog.measurements`.
    profile : Profile or mapping, optional
        One for all rows, or one by engine, as ``engine`` names them; that of the row's
        generation if not given, and the newest one where it has none.
    model_of, chip_of : callable, optional
        Look-up of records by name.

    Returns
    -------
    pandas.DataFrame
        The rows with ``kind`` (one of ``KINDS``), ``engine``, ``predicted`` in the row's own
        unit, and ``seconds_ratio``: predicted over measured time. Rows whose prompt length,
        batch or model is unknown are left out.
    """
    rows = predictable(measurements, model_of)
    predicted = np.full(len(rows), np.nan)
    for run in runs_of(rows, model_of, chip_of):
        chosen = BY_ENGINE if profile is None else profile
        constants = chosen.get(run.engine) if isinstance(chosen, Mapping) else chosen
        predicted[run.where] = run.values(constants)
    rows["predicted"] = predicted
    slower = rows.predicted / rows.value
    rows["seconds_ratio"] = slower.where(rows.unit.isin(list(_TIMES)), 1.0 / slower)
    return rows


def predictable(measurements: pd.DataFrame, model_of: ModelOf) -> pd.DataFrame:
    """Rows that say enough, with their engine and kind."""
    rows = measurements.reset_index(drop=True)
    rows["engine"] = [
        engine(source, date) for source, date in zip(rows.source, rows.date, strict=True)
    ]
    rows["kind"] = [_kind(row) for row in rows.to_dict("records")]
    known = {name: _is_known(name, model_of) for name in rows.model.unique()}
    return rows[(rows.kind != "") & rows.model.map(known)].reset_index(drop=True)


def _is_known(name: str, model_of: ModelOf) -> bool:
    try:
        model_of(name)
    except LookupError:
        return False
    return True


def _kind(row: dict[Any, Any]) -> str:
    """Which of ``KINDS`` a row measures; empty if it cannot be predicted."""
    load = str(row["batch_or_concurrency"])
    if row["precision"] not in _FORMATS or not row["input_tokens"] > 0:
        return ""
    if not (load.isdigit() or load == "max"):
        return ""
    metric, answered = row["metric"], row["output_tokens"] > 1
    if metric == "tpot":
        return "serving"
    if metric == "ttft" and answered:
        return "first token"
    if metric in ("ttft", "prefill_latency"):
        return "prefill"
    if metric == "decode_throughput":
        return "decode"
    if metric == "decode_latency_64_tokens":
        return "decode latency"
    if metric.startswith("output_throughput"):
        return "maximum load" if load == "max" else "static batch"
    return ""


@dataclass(frozen=True)
class Run:
    """Rows of one model on one chip, ready to be predicted with any profile."""

    where: npt.NDArray[np.intp]
    engine: str
    kind: str
    model: Transformer
    chip: Accelerator
    options: dict[str, Any]
    load: FloatArray
    input_tokens: FloatArray
    output_tokens: FloatArray
    scale: FloatArray

    def values(self, constants: Profile | None) -> FloatArray:
        """Predictions in the rows' own units."""
        server = Deployment(self.model, self.chip, profile=constants, **self.options)
        return np.asarray(self.scale * self._plain(server))

    def _plain(self, server: Deployment) -> FloatArray:
        """Seconds, or tokens per second of the whole instance."""
        load, asked, answer = self.load, self.input_tokens, self.output_tokens
        if self.kind in _SERVED:
            run = server.serve(concurrency=load, input_tokens=asked, output_tokens=answer)
            if self.kind == "maximum load":
                return np.asarray(run.batch / run.tpot_s)
            return run.tpot_s if self.kind == "serving" else run.ttft_s
        reading = server.prefill(input_tokens=asked, batch=load).seconds
        if self.kind == "prefill":
            return reading
        step = server.decode(batch=load, context=asked + answer / 2.0).seconds
        if self.kind == "decode latency":
            return np.asarray(answer * step)
        if self.kind == "decode":
            return np.asarray(load / step)
        return np.asarray(answer * load / (reading + answer * step))


def runs_of(rows: pd.DataFrame, model_of: ModelOf, chip_of: ChipOf) -> list[Run]:
    """Rows grouped by what they share; ``where`` are their places in the frame."""
    keyed = rows.assign(
        spread=rows.note.str.startswith("DEP"), die=rows.note.str.contains("one of the two dies")
    )
    by = ["engine", "kind", "hardware", "model", "precision", "spread", "die"]
    return [_run(group, model_of, chip_of) for _, group in keyed.groupby(by)]


def _run(rows: pd.DataFrame, model_of: ModelOf, chip_of: ChipOf) -> Run:
    first = rows.iloc[0]
    model, chip = model_of(first.model), chip_of(first.hardware)
    chip = _half(chip) if first.die else chip
    weights, arithmetic = _FORMATS[first.precision]
    if "gpt-oss" in model.name:  # published in MXFP4; chips without it multiply in bf16
        weights, arithmetic = "mxfp4", None if chip.fp4_dense_flop_per_s else "bf16"
    n_chips = rows.n_gpus.to_numpy(np.float64)
    options: dict[str, Any] = {
        "weights": weights,
        "activations": arithmetic,
        "tensor_parallel": n_chips,
    }
    # TensorRT-LLM keeps an FP8 cache beside FP8 and FP4 checkpoints (its perf-overview).
    if "TensorRT-LLM" in first.engine and first.precision in ("FP8", "FP4"):
        options["kv"] = "fp8"
    if first.spread:
        options |= {"expert_parallel": n_chips, "attention_data_parallel": n_chips}
    if chip.scaleup_topology == "torus":
        options |= {"two_d": True, "chips_per_node": n_chips}
    of_chip = np.where(rows.metric.str.endswith("per_gpu"), 1.0 / n_chips, 1.0)
    load = rows.batch_or_concurrency.replace("max", str(MAX_SEQUENCES))
    return Run(
        where=rows.index.to_numpy(),
        engine=first.engine,
        kind=first.kind,
        model=model,
        chip=chip,
        options=options,
        load=load.to_numpy(np.float64),
        input_tokens=rows.input_tokens.to_numpy(np.float64),
        output_tokens=rows.output_tokens.to_numpy(np.float64),
        scale=np.asarray(rows.unit.map(_TIMES).fillna(1.0).to_numpy(np.float64) * of_chip),
    )


def _half(chip: Accelerator) -> Accelerator:
    """One of the two dies that act as devices of their own."""
    halved = ("bf16_dense_flop_per_s", "int8_dense_op_per_s", "hbm_bytes", "hbm_bytes_per_s")
    return chip.model_copy(update={name: getattr(chip, name) / 2 for name in halved})
