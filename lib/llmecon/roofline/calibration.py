"""Fit a profile to measurements, and judge it on others."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from llmecon import catalog
from llmecon.accelerator import Accelerator
from llmecon.roofline.profiles import BY_ENGINE, KNOWN, Profile
from llmecon.roofline.serving import serve
from llmecon.roofline.step import decode, prefill
from llmecon.transformer import FloatArray, Transformer

MAX_SEQUENCES = 2048
"""Requests in progress that a scheduler allows at most, where a row says maximum load."""

FITTED = ("bandwidth_share", "flop_share", "kernel_s", "sequence_s")
"""Constants that the measurements can tell apart."""

_START = {
    "bandwidth_share": 0.8,
    "flop_share": 0.7,
    "kernel_s": 4e-6,
    "sequence_s": 2e-5,
    "kv_rereads": 0.1,
    "request_s": 0.01,
}
_LIMIT = {
    "bandwidth_share": 1.0,
    "flop_share": 1.0,
    "kernel_s": 1e-4,
    "sequence_s": 1e-2,
    "kv_rereads": 1.0,
    "request_s": 1.0,
}
_SOFT = 0.1  # residuals of log time beyond 10 % count linearly: single rows cannot rule

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
_RUNS = [  # engine generations by what a row's source says
    ("gpt-fast", "gpt-fast 2023"),
    ("aiconfigurator", "vLLM 2025"),
    ("TensorRT-LLM", "TensorRT-LLM"),
]


def engine(source: str, date: pd.Timestamp) -> str:
    """Engine and generation that a row was measured with; empty if it names none."""
    for word, name in _RUNS:
        if word in source:
            if name != "TensorRT-LLM":
                return name
            return f"{name} {date.year}"
    return ""


ModelOf = Callable[[str], Transformer]
ChipOf = Callable[[str], Accelerator]


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
        One for all rows, or one by engine, as :func:`engine` names them; that of the row's
        generation if not given, and the newest one where it has none.
    model_of, chip_of : callable, optional
        Look-up of records by name.

    Returns
    -------
    pandas.DataFrame
        The rows with ``kind`` (``serving``, ``first token``, ``static batch``,
        ``maximum load``, ``decode``, ``prefill``), ``engine``, ``predicted`` in the row's own
        unit, and ``seconds_ratio``: predicted over measured time. Rows whose prompt length,
        batch or model is unknown are left out.
    """
    rows = measurements.reset_index(drop=True)
    rows["engine"] = [
        engine(source, date) for source, date in zip(rows.source, rows.date, strict=True)
    ]
    rows["kind"] = [_kind(row) for row in rows.to_dict("records")]
    known = {name: _is_known(name, model_of) for name in rows.model.unique()}
    rows = rows[(rows.kind != "") & rows.model.map(known)].reset_index(drop=True)
    predicted = np.full(len(rows), np.nan)
    for key, group in rows.groupby(["engine", "kind", "hardware", "model", "precision", "note"]):
        chosen = BY_ENGINE if profile is None else profile
        constants = chosen.get(str(key[0])) if isinstance(chosen, Mapping) else chosen
        run = _Run.of(group, model_of, chip_of, constants)
        predicted[group.index] = run.predict(group)
    rows["predicted"] = predicted
    slower = rows.predicted / rows.value
    rows["seconds_ratio"] = slower.where(rows.unit.isin(list(_TIMES)), 1.0 / slower)
    return rows


_TIMES = {"ms": 1e3, "s": 1.0}


def _is_known(name: str, model_of: ModelOf) -> bool:
    try:
        model_of(name)
    except LookupError:
        return False
    return True


def _kind(row: dict[Any, Any]) -> str:
    """What a row measures; empty if it cannot be predicted."""
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
    if metric in ("decode_throughput", "decode_latency_64_tokens"):
        return "decode"
    if metric.startswith("output_throughput"):
        return "maximum load" if load == "max" else "static batch"
    return ""


@dataclass(frozen=True)
class _Run:
    """What the rows of one group share."""

    model: Transformer
    chip: Accelerator
    constants: Profile | None
    options: dict[str, Any]

    @classmethod
    def of(
        cls, rows: pd.DataFrame, model_of: ModelOf, chip_of: ChipOf, constants: Profile | None
    ) -> "_Run":
        first = rows.iloc[0]
        model, chip = model_of(first.model), chip_of(first.hardware)
        if "one of the two dies" in first.note:
            chip = _half(chip)
        weights, arithmetic = _FORMATS[first.precision]
        if "gpt-oss" in model.name:  # published in MXFP4; chips without it multiply in bf16
            weights, arithmetic = "mxfp4", None if chip.fp4_dense_flop_per_s else "bf16"
        n_chips = rows.n_gpus.to_numpy(np.float64)
        options: dict[str, Any] = {
            "weights": weights,
            "activations": arithmetic,
            "tensor_parallel": n_chips,
            "profile": constants,
        }
        # TensorRT-LLM keeps an FP8 cache beside FP8 and FP4 checkpoints (its perf-overview).
        if "TensorRT-LLM" in first.engine and first.precision in ("FP8", "FP4"):
            options["kv"] = "fp8"
        if first.note.startswith("DEP"):
            options |= {"expert_parallel": n_chips, "attention_data_parallel": n_chips}
        if chip.scaleup_topology == "torus":
            options |= {"two_d": True, "chips_per_node": n_chips}
        return cls(model, chip, constants, options)

    def predict(self, rows: pd.DataFrame) -> FloatArray:
        """Values in the rows' own units."""
        kind, metric = rows.iloc[0].kind, rows.iloc[0].metric
        asked, answer = rows.input_tokens.to_numpy(float), rows.output_tokens.to_numpy(float)
        n_chips = rows.n_gpus.to_numpy(np.float64)
        times = rows.unit.map(_TIMES).to_numpy(np.float64)
        if kind in ("serving", "first token", "maximum load"):
            load = rows.batch_or_concurrency.replace("max", MAX_SEQUENCES).to_numpy(float)
            run = serve(
                self.model,
                self.chip,
                concurrency=load,
                input_tokens=asked,
                output_tokens=answer,
                **self.options,
            )
            if kind != "maximum load":
                return times * (run.tpot_s if kind == "serving" else run.ttft_s)
            per_chip = run.batch / run.tpot_s / run.chips
            return per_chip * (n_chips if metric.endswith("total") else 1.0)
        batch = rows.batch_or_concurrency.to_numpy(float)
        reading = prefill(
            self.model, self.chip, input_tokens=asked, batch=batch, **self.options
        ).seconds
        if kind == "prefill":
            return times * reading
        step = decode(
            self.model, self.chip, batch=batch, context=asked + answer / 2.0, **self.options
        ).seconds
        if kind == "decode":
            return times * answer * step if metric.endswith("64_tokens") else batch / step
        rate = answer * batch / (reading + answer * step)
        return np.asarray(rate / (1.0 if metric.endswith("total") else n_chips))


def _half(chip: Accelerator) -> Accelerator:
    """One of the two dies that act as devices of their own."""
    halved = ("bf16_dense_flop_per_s", "int8_dense_op_per_s", "hbm_bytes", "hbm_bytes_per_s")
    return chip.model_copy(update={name: getattr(chip, name) / 2 for name in halved})


def calibrate(
    measurements: pd.DataFrame,
    *,
    engines: Iterable[str] = ("vLLM 2025", "TensorRT-LLM 2025"),
    kinds: Iterable[str] = ("serving", "maximum load", "static batch", "decode"),
    free: Iterable[str] = FITTED,
    start: Profile = KNOWN,
    model_of: ModelOf = catalog.transformer,
    chip_of: ChipOf = catalog.accelerator,
) -> Profile:
    """Constants of an engine generation from the rows marked ``calibrate``.

    Least squares on the logarithm of predicted over measured time, with a soft loss. The
    time of a request outside the steps is fitted last, to first-token times at a
    concurrency of at most 16, where there are any. Rows marked ``validate`` are never
    looked at.

    Parameters
    ----------
    measurements : pandas.DataFrame
        As :func:`llmecon.catalog.measurements`.
    engines, kinds : iterable of str
        Generations and kinds of rows to fit, as :func:`predict` names them.
    free : iterable of str
        Constants to fit.
    start : Profile
        Constants that are not fitted.

    Returns
    -------
    Profile
        With standard errors, and with the standard deviation of the residuals as
        ``log_sd``; dated by the newest row.

    Raises
    ------
    ValueError
        If there are no more rows than constants, or a constant cannot be fitted.
    """
    wanted = list(engines)
    rows = predict(
        measurements[measurements.split == "calibrate"],
        start,
        model_of=model_of,
        chip_of=chip_of,
    )
    rows = rows[rows.engine.isin(wanted)]
    fit = _Fit(model_of, chip_of)
    steps = rows[rows.kind.isin(list(kinds))]
    profile = fit.fitted(steps, start, tuple(free))
    few = rows[(rows.kind == "first token") & rows.batch_or_concurrency.isin(_UNCROWDED)]
    if len(few) > 1:
        with_request = fit.fitted(few, profile, ("request_s",))
        errors = {**profile.standard_errors, **with_request.standard_errors}
        profile = replace(with_request, log_sd=profile.log_sd, standard_errors=errors)
    return replace(
        profile,
        name=", ".join(wanted),
        engine=", ".join(wanted),
        date=steps.date.max().date().isoformat(),
        source=f"{len(steps)} rows of data/measurements.csv marked calibrate",
    )


_UNCROWDED = [str(n) for n in range(1, 17)]


@dataclass(frozen=True)
class _Fit:
    """Least squares on log times."""

    model_of: ModelOf
    chip_of: ChipOf

    def fitted(self, rows: pd.DataFrame, start: Profile, names: tuple[str, ...]) -> Profile:
        """The start with some constants fitted to rows."""
        from scipy.optimize import least_squares  # slow to import, and only a fit needs it

        for name in names:
            if name not in _START:
                raise ValueError(f"free must be among {', '.join(_START)}, got {name!r}")
        if len(rows) <= len(names):
            raise ValueError(f"{len(names)} constants need more than {len(rows)} rows to calibrate")

        def profile(logs: FloatArray) -> Profile:
            values = dict(zip(names, np.exp(logs).tolist(), strict=True))
            if "flop_share" in values:  # decode and prefill run the same matrix kernels
                values["prefill_flop_share"] = values["flop_share"]
            return replace(start, **values)

        def residuals(logs: FloatArray) -> FloatArray:
            again = predict(rows, profile(logs), model_of=self.model_of, chip_of=self.chip_of)
            return np.asarray(np.log(again.seconds_ratio.to_numpy(np.float64)))

        found = least_squares(
            residuals,
            np.log([_START[name] for name in names]),
            bounds=(np.full(len(names), -np.inf), np.log([_LIMIT[name] for name in names])),
            loss="soft_l1",
            f_scale=_SOFT,
        )
        left, best = residuals(found.x), profile(found.x)
        slopes = np.asarray(found.jac, dtype=np.float64)
        variance = float(left @ left) / (len(left) - len(names))
        errors = np.sqrt(np.diag(np.linalg.pinv(slopes.T @ slopes)) * variance)
        return replace(
            best,
            log_sd=float(np.std(left)),
            standard_errors={
                name: float(getattr(best, name) * error)
                for name, error in zip(names, errors, strict=True)
            },
        )


def judge(predictions: pd.DataFrame, by: str | list[str] = "kind") -> pd.DataFrame:
    """Error of predictions by group: rows, MAPE, median bias, P90, maximum. [%]

    The 90th percentile is the element at index floor(0.9 n) of the sorted errors.
    """
    table = {key: _errors(rows) for key, rows in predictions.groupby(by)}
    frame = pd.DataFrame.from_dict(table, orient="index")
    names = [by] if isinstance(by, str) else by
    frame.index = frame.index.set_names(names)
    return frame.astype({"rows": int})


def _errors(rows: pd.DataFrame) -> dict[str, float]:
    error = 100.0 * (rows.predicted / rows.value - 1.0).to_numpy(np.float64)
    size = np.sort(np.abs(error))
    return {
        "rows": len(error),
        "mape": float(size.mean()),
        "bias": float(np.median(error)),
        "p90": float(size[int(0.9 * len(size))]),
        "max": float(size[-1]),
    }
