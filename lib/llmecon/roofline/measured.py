"""Predict what a table of measurements holds, row by row."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from llmecon import catalog
from llmecon._names import nearest
from llmecon.accelerator import Accelerator
from llmecon.catalog import BadRow
from llmecon.catalog.reading import frame_of, read_rows
from llmecon.roofline import profiles
from llmecon.roofline.deployment import Deployment
from llmecon.roofline.profiles import Profile
from llmecon.transformer import FloatArray

KINDS = (
    *("serving", "first token", "static batch", "maximum load"),
    *("decode", "decode latency", "prefill"),
)
"""What a row of measurements may measure."""

_MAX_SEQUENCES = 2048  # in progress, as a scheduler allows, where a row says maximum load

_BEYOND_IDEAL = 10  # no row of ours comes near, not even one whose prompt was in a cache

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
_KIND_OF_METRIC = {
    "tpot": "serving",
    "prefill_latency": "prefill",
    "decode_throughput": "decode",
    "decode_latency_64_tokens": "decode latency",
}
_TIMES = {"ms": 1e3, "s": 1.0}
_LOAD = "batch_or_concurrency"
_SERVED = ("serving", "first token", "maximum load")


def predict(measurements: pd.DataFrame, profile: Profile | None = None) -> pd.DataFrame:
    """Measured and predicted value of every row that the roofline can predict.

    Parameters
    ----------
    measurements : pandas.DataFrame
        As :func:`llmecon.catalog.measurements`.
    profile : Profile, optional
        One for all rows; that of each row's engine if not given, and the newest one where it
        has none.

    Returns
    -------
    pandas.DataFrame
        The rows with ``kind`` (one of ``KINDS``), ``engine``, ``predicted`` in the row's own
        unit, and ``seconds_ratio``: predicted over measured time. Rows whose prompt length,
        batch or model is unknown are left out.
    """
    rows = predictable(measurements)
    predicted = np.full(len(rows), np.nan)
    for run in runs_of(rows):
        predicted[run.where] = run.values(profile or profiles.BY_ENGINE.get(run.engine))
    rows["predicted"] = predicted
    slower = rows.predicted / rows.value
    rows["seconds_ratio"] = slower.where(rows.unit.isin(list(_TIMES)), 1.0 / slower)
    return rows


def read_measurements(path: Path) -> pd.DataFrame:
    """Measurements of one's own: a file with the columns of ``data/measurements.csv``.

    What our own table does not know would be left out of every fit without a word, so it is
    refused: models, chips, formats, metrics, and units that do not belong to their metric. So is a
    value that no accelerator could reach.

    Raises
    ------
    BadRow
        If a row breaks the schema or says what nobody knows: file, line, column, reason.
    """
    rows = frame_of(read_rows(path, catalog.TABLES["measurements"]))
    ours = catalog.measurements()
    units = {metric: set(of.unit) for metric, of in ours.groupby("metric")}
    known = {
        "model": {*catalog.architectures().name, *ours.model},
        "hardware": {*catalog.accelerators().name, *ours.hardware},
        **{name: set(ours[name]) for name in ("precision", "metric", "engine")},
    }
    for line, row in enumerate(rows.to_dict("records"), start=2):
        of_metric = units.get(row["metric"], set())
        timed = set(_TIMES) if of_metric & set(_TIMES) else set()
        load = str(row[_LOAD])
        loads = {load} if load.isdigit() and int(load) else {*ours[_LOAD], "a whole number >= 1"}
        for name, allowed in {**known, "unit": of_metric | timed, _LOAD: loads}.items():
            if row[name] not in allowed:
                names = nearest(str(row[name]), allowed) or sorted(allowed)
                raise BadRow(
                    f"{path.name}, line {line}, column {name}: unknown {row[name]!r}; "
                    f"nearest: {', '.join(names)}"
                )
        for column, value in row.items():
            if isinstance(value, float) and np.isinf(value):
                raise BadRow(f"{path.name}, line {line}, column {column}: must be finite, got inf")
    ideal = predict(rows.assign(line=range(2, len(rows) + 2)), profiles.IDEAL)
    for row in ideal[ideal.seconds_ratio > _BEYOND_IDEAL].to_dict("records"):
        unit, best = row["unit"], row["predicted"]
        raise BadRow(
            f"{path.name}, line {row['line']}, column value: {row['value']:g} {unit} is more than "
            f"{_BEYOND_IDEAL} times as fast as {row['hardware']} can be: {best:.3g} {unit}"
        )
    return rows


def predictable(measurements: pd.DataFrame) -> pd.DataFrame:
    """Rows that say enough, with their kind."""
    rows = measurements.reset_index(drop=True)
    rows["kind"] = [_kind(row) for row in rows.to_dict("records")]
    known = rows.model.isin(catalog.architectures().name)
    return rows[(rows.kind != "") & known].reset_index(drop=True)


def _kind(row: dict[Any, Any]) -> str:
    """Which of ``KINDS`` a row measures; empty if it cannot be predicted."""
    load = str(row[_LOAD])
    if row["precision"] not in _FORMATS or not row["input_tokens"] > 0:
        return ""
    if not (load.isdigit() or load == "max"):
        return ""
    if row["metric"] == "ttft":
        return "first token" if row["output_tokens"] > 1 else "prefill"
    if row["metric"] in ("output_throughput_total", "output_throughput_per_gpu"):
        return "maximum load" if load == "max" else "static batch"
    return _KIND_OF_METRIC.get(row["metric"], "")


@dataclass(frozen=True)
class Run:
    """Rows of one model on one chip, ready to be predicted with any profile."""

    where: npt.NDArray[np.intp]
    engine: str
    kind: str
    deploy: Callable[..., Deployment]
    load: FloatArray
    input_tokens: FloatArray
    output_tokens: FloatArray
    scale: FloatArray

    def values(self, constants: Profile | None) -> FloatArray:
        """Predictions in the rows' own units."""
        return np.asarray(self.scale * self._plain(self.deploy(profile=constants)))

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


def runs_of(rows: pd.DataFrame) -> list[Run]:
    """Rows grouped by what they share; ``where`` are their places in the frame."""
    by = ["engine", "kind", "hardware", "model", "precision"]
    by += ["experts_spread", "devices_per_accelerator"]
    return [_run(group) for _, group in rows.groupby(by)]


def _run(rows: pd.DataFrame) -> Run:
    first = rows.iloc[0]
    model, chip = catalog.transformer(first.model), catalog.accelerator(first.hardware)
    chip = _part(chip, int(first.devices_per_accelerator))
    weights, arithmetic = _FORMATS[first.precision]
    if model.native_weights:  # chips that do not multiply in it do so in bf16
        weights = model.native_weights
        arithmetic = None if weights in chip.precisions else "bf16"
    n_chips = rows.n_gpus.to_numpy(np.float64)
    options: dict[str, Any] = {"weights": weights, "activations": arithmetic}
    options["tensor_parallel"] = n_chips
    # TensorRT-LLM keeps an FP8 cache beside FP8 and FP4 checkpoints (its perf-overview).
    if "TensorRT-LLM" in first.engine and first.precision in ("FP8", "FP4"):
        options["kv"] = "fp8"
    if first.experts_spread:
        options |= {"expert_parallel": n_chips, "attention_data_parallel": n_chips}
    if chip.scaleup_topology == "torus":
        options |= {"two_d": True, "chips_per_node": n_chips}
    of_chip = np.where(rows.metric.str.endswith("per_gpu"), 1.0 / n_chips, 1.0)
    load = rows.batch_or_concurrency.replace("max", str(_MAX_SEQUENCES))
    return Run(
        where=rows.index.to_numpy(),
        engine=first.engine,
        kind=first.kind,
        deploy=partial(Deployment, model, chip, **options),
        load=load.to_numpy(np.float64),
        input_tokens=rows.input_tokens.to_numpy(np.float64),
        output_tokens=rows.output_tokens.to_numpy(np.float64),
        scale=np.asarray(rows.unit.map(_TIMES).fillna(1.0).to_numpy(np.float64) * of_chip),
    )


def _part(chip: Accelerator, devices: int) -> Accelerator:
    """One of the dies that act as devices of their own."""
    if devices == 1:
        return chip
    parted = ("bf16_dense_flop_per_s", "int8_dense_op_per_s", "hbm_bytes", "hbm_bytes_per_s")
    return chip.model_copy(update={name: getattr(chip, name) / devices for name in parted})
