"""Fit a profile to measurements, and judge it on others."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from llmecon import catalog
from llmecon.roofline import profiles
from llmecon.roofline.measured import predictable, runs_of
from llmecon.roofline.profiles import Profile
from llmecon.transformer import FloatArray

OURS = "data/measurements.csv"
FITTED = ("bandwidth_share", "flop_share", "kernel_s", "sequence_s")
"""Constants that the measurements can tell apart."""

BANDS = ("dense_log_band", "experts_log_band")

_RANGE = {  # of a constant that can be fitted: where the search starts, and its upper limit
    "bandwidth_share": (0.8, 1.0),
    "flop_share": (0.7, 1.0),
    "kernel_s": (4e-6, 1e-4),
    "sequence_s": (2e-5, 1e-2),
    "kv_rereads": (0.1, 1.0),
    "request_s": (0.01, 1.0),
}
_UNCROWDED = [str(n) for n in range(1, 17)]
_SOFT = 0.1  # residuals of log time beyond 10 % count linearly: single rows cannot rule


def calibrate(
    measurements: pd.DataFrame,
    *,
    engines: Iterable[str] = ("vLLM 2025", "TensorRT-LLM 2025"),
    kinds: Iterable[str] = ("serving", "maximum load", "static batch", "decode"),
    free: Iterable[str] = FITTED,
    start: Profile | None = None,
    table: str = OURS,
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
    start : Profile, optional
        Constants that are not fitted; ``KNOWN`` if not given.
    table : str
        Where the measurements were read, for the profile's source.

    Returns
    -------
    Profile
        With standard errors, and with the band that holds 80 % of the rows it was fitted to;
        dated by the newest row.

    Raises
    ------
    ValueError
        If there are no more rows than constants, or a constant cannot be fitted.
    """
    wanted = list(engines)
    rows = predictable(measurements[measurements.split == "calibrate"])
    rows = rows[rows.engine.isin(wanted)]
    steps = rows[rows.kind.isin(list(kinds))]
    profile = _fitted(steps, start or profiles.KNOWN, tuple(free))
    few = rows[(rows.kind == "first token") & rows.batch_or_concurrency.isin(_UNCROWDED)]
    if len(few) > 1:
        with_request = _fitted(few, profile, ("request_s",))
        errors = {**profile.standard_errors, **with_request.standard_errors}
        bands = {name: getattr(profile, name) for name in BANDS}
        profile = replace(with_request, standard_errors=errors, **bands)
    fitted = ", ".join(wanted)
    return replace(
        profile,
        name=fitted,
        engine=fitted,
        date=steps.date.max().date().isoformat(),
        source=f"{len(steps)} rows of {table} marked calibrate",
        n_rows=len(steps),
    )


def _fitted(rows: pd.DataFrame, start: Profile, names: tuple[str, ...]) -> Profile:
    """The start with some constants fitted to rows."""
    from scipy.optimize import least_squares  # slow to import, and only a fit needs it

    for name in names:
        if name not in _RANGE:
            raise ValueError(f"free must be among {', '.join(_RANGE)}, got {name!r}")
    if len(rows) <= len(names):
        raise ValueError(f"{len(names)} constants need more than {len(rows)} rows to calibrate")

    def profile(logs: FloatArray) -> Profile:
        return replace(start, **dict(zip(names, np.exp(logs).tolist(), strict=True)))

    again = rows.reset_index(drop=True)
    measured = again.value.to_numpy(np.float64)
    sign = np.where(again.unit.isin(["ms", "s"]), 1.0, -1.0)  # rates fall as times grow
    runs = runs_of(again)

    def residuals(logs: FloatArray) -> FloatArray:
        constants, made = profile(logs), np.empty(len(again))
        for run in runs:
            made[run.where] = run.values(constants)
        return np.asarray(sign * np.log(made / measured))

    start_at, limit = np.log([_RANGE[name] for name in names]).T
    bounds = np.full(len(names), -np.inf), limit
    found = least_squares(residuals, start_at, bounds=bounds, loss="soft_l1", f_scale=_SOFT)
    left, best = residuals(found.x), profile(found.x)
    slopes = np.asarray(found.jac, dtype=np.float64)
    variance = float(left @ left) / (len(left) - len(names))
    errors = np.sqrt(np.diag(np.linalg.pinv(slopes.T @ slopes)) * variance)
    known = {name: float(getattr(best, name) * e) for name, e in zip(names, errors, strict=True)}
    return replace(best, **log_bands(again.model, left), standard_errors=known)


def log_bands(models: pd.Series, log_errors: FloatArray) -> dict[str, Any]:
    """Half-widths of the 80 % band: what 80 % of the rows of each kind of model are off at most.

    A kind without rows has the band of all.
    """
    off = np.abs(log_errors)
    experts = models.map(lambda name: catalog.transformer(name).n_experts > 0).to_numpy(bool)
    kinds = dict(zip(BANDS, (~experts, experts), strict=True))
    return {
        name: float(np.quantile(off[kind] if kind.any() else off, 0.8))
        for name, kind in kinds.items()
    }


def judge(predictions: pd.DataFrame, by: str | list[str] = "kind") -> pd.DataFrame:
    """Error of predictions by group: rows, MAPE, median bias, P90, maximum. [%]

    The 90th percentile is the element at index floor(0.9 n) of the sorted errors.
    """
    table = {key: _errors(rows) for key, rows in predictions.groupby(by)}
    frame = pd.DataFrame.from_dict(table, orient="index").astype({"rows": int})
    return frame.rename_axis(by)


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
