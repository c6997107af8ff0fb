"""The inference where the truth is known, beside the rules that a reader might use."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from llmecon import catalog
from llmecon._checks import require
from llmecon.sizing.inference import infer
from llmecon.sizing.open_models import family

FloatArray = npt.NDArray[np.float64]

# log10 size as a line in log10 price and log10 speed: which of them a rule uses.
_LINES = {
    "price and speed, log-linear": ("output_usd_per_mtok", "output_tokens_per_s"),
    "price only": ("output_usd_per_mtok",),
    "speed only": ("output_tokens_per_s",),
    "typical size": (),
}
_SQUARE_ROOT, _PRICE_SCALED = "square-root rule", "price-scaled"
RULES = (*_LINES, _SQUARE_ROOT, _PRICE_SCALED)
"""Naive rules, each fitted without the family that it predicts.

``price-scaled`` takes so many parameters per dollar, as published estimates of closed models do:
plotted against price such values show only the price.
"""

METHOD = "inference"

WIDTHS = (1.0, 1.5, 2.0)
"""Widths of the residuals that `evaluate` tries, as few as so few offers can tell apart."""
_AIMED = 0.8  # share of true sizes that intervals are to hold


def evaluate(
    served: pd.DataFrame | None = None,
    *,
    draws: int = 4000,
    use_input_price: bool = False,
    widths: Sequence[float] = WIDTHS,
    **assumptions: Any,
) -> pd.DataFrame:
    """Predicted against true sizes of open models, each predicted without its family.

    Neither the inference nor the width of its intervals knows the family that is judged: of
    ``widths`` it gets the one that `calibrated_width` finds for the other families. So the
    coverage is a test. (The others were inferred with this family among their training rows.)

    Parameters
    ----------
    served : pandas.DataFrame, optional
        Rows such as `llmecon.catalog.served_open_models`, the default.
    draws : int, optional
        Samples for each row.
    use_input_price : bool, optional
        Whether the inference sees the price of the prompt.
    widths : sequence of float, optional
        Widths to choose from; a single one is not chosen, but given. [times]
    **assumptions
        Passed to `infer`; not ``widened``, which is what ``widths`` are for.

    Returns
    -------
    pandas.DataFrame
        One row for each served row, method and size (``total_params``, ``active_params``):
        ``true``, ``predicted``, ``error`` [times]; for the inference also the ends ``low_50``,
        ``high_50``, ``low_80``, ``high_80``, ``below_true`` (probability of a smaller size
        than the true one) and ``widened``.

    Raises
    ------
    ValueError
        If a column is missing, or there is no row or no width.
    """
    frame = catalog.served_open_models() if served is None else served
    if frame.empty:
        raise ValueError("served must have at least one row")
    if not len(widths):
        raise ValueError("widths must have at least one width [times]")
    frame = frame.reset_index(drop=True)
    parts = []
    for of in ("total_params", "active_params"):
        parts += [_naive(frame, of, rule) for rule in RULES]
    tried = pd.concat(
        _inferred(row, width, draws, use_input_price, assumptions)
        for width in widths
        for _, row in frame.iterrows()
    )
    return pd.concat([_each_by_the_others(tried), *parts], ignore_index=True)


def _each_by_the_others(tried: pd.DataFrame) -> pd.DataFrame:
    """Of every width, the families for which the others choose it; in the order of the rows."""
    families = tried.model.map(family)
    chosen = {}
    for name in families.unique():
        others = tried[families != name]
        chosen[name] = calibrated_width(tried if others.empty else others)
    return tried[tried.widened == families.map(chosen)].sort_index(kind="stable")


def calibrated_width(tried: pd.DataFrame) -> float:
    """Width at which 80 % intervals come nearest to holding 80 % of the true sizes. [times]

    All parameters and active ones count alike, and each family once.

    Parameters
    ----------
    tried : pandas.DataFrame
        Rows of the inference from `evaluate`, with several values of ``widened``.
    """
    hit = _inside(tried, 80).groupby([tried.widened, tried.model.map(family)]).mean()
    off = (hit.groupby("widened").mean() - _AIMED).abs()
    return float(off.index[int(np.argmin(off))])  # the least of equals


def _inferred(
    row: pd.Series, width: float, draws: int, use_input_price: bool, assumptions: dict[str, Any]
) -> pd.DataFrame:
    if use_input_price:
        assumptions = {**assumptions, "input_usd_per_mtok": row.input_usd_per_mtok}
    found = infer(
        float(row["output_usd_per_mtok"]),
        float(row["output_tokens_per_s"]),
        row["date"],
        draws=draws,
        leave_out=(str(row["model"]),),
        widened=width,
        **assumptions,
    )
    lines = []
    for of in ("total_params", "active_params"):
        middle = float(found.quantile(0.5, of=of))
        (low_50, high_50), (low_80, high_80) = found.interval(0.5, of=of), found.interval(of=of)
        lines.append(
            {
                **_about(row, of, METHOD, middle),
                "low_50": low_50,
                "high_50": high_50,
                "low_80": low_80,
                "high_80": high_80,
                "below_true": found.chance_below(float(row[of]), of=of),
                "widened": width,
            }
        )
    return pd.DataFrame(lines, index=[row.name] * len(lines))


def _about(row: pd.Series, of: str, method: str, predicted: float) -> dict[str, object]:
    true = float(row[of])
    return {
        "model": row["model"],
        "date": row["date"],
        "host": row["host_or_basis"],
        "of": of,
        "method": method,
        "true": true,
        "predicted": predicted,
        "error": predicted / true,
    }


def _naive(frame: pd.DataFrame, of: str, rule: str) -> pd.DataFrame:
    families = frame.model.map(family).to_numpy()
    predicted = np.empty(len(frame))
    for name in np.unique(families):
        out = families == name
        rest = frame[~out] if not out.all() else frame
        predicted[out] = _fitted(rest, of, rule)(frame[out])
    rows = [
        _about(row, of, rule, float(size))
        for (_, row), size in zip(frame.iterrows(), predicted, strict=True)
    ]
    return pd.DataFrame(rows)


def _fitted(known: pd.DataFrame, of: str, rule: str) -> Callable[[pd.DataFrame], FloatArray]:
    size = np.log10(known[of].to_numpy(dtype=float))
    if rule in _LINES:
        columns = _LINES[rule]
        coefficients = np.linalg.lstsq(_design(known, columns), size, rcond=None)[0]
        return lambda frame: np.asarray(10 ** (_design(frame, columns) @ coefficients))
    column, exponent = (
        ("output_tokens_per_s", -2.0) if rule == _SQUARE_ROOT else ("output_usd_per_mtok", 1.0)
    )
    level = np.median(size - exponent * np.log10(known[column].to_numpy(dtype=float)))
    return lambda frame: np.asarray(10**level * frame[column].to_numpy(dtype=float) ** exponent)


def _design(frame: pd.DataFrame, columns: tuple[str, ...]) -> FloatArray:
    logs = [np.log10(frame[column].to_numpy(dtype=float)) for column in columns]
    return np.column_stack([np.ones(len(frame)), *logs])


def summary(evaluation: pd.DataFrame, by: str | None = None) -> pd.DataFrame:
    """Errors and coverage of each method.

    Parameters
    ----------
    evaluation : pandas.DataFrame
        From `evaluate`.
    by : str, optional
        A column to split by as well, such as ``"date"`` or ``"host"``.

    Returns
    -------
    pandas.DataFrame
        ``median_factor`` and ``factor_90`` by which sizes are missed either way, ``bias``
        (geometric mean of predicted over true), ``coverage_50`` and ``coverage_80`` of the
        inference's intervals, ``n``.
    """
    keys = ["of", "method"] + ([by] if by else [])
    frame = evaluation.assign(
        factor=10 ** np.log10(evaluation.error).abs(),
        log_error=np.log10(evaluation.error),
        in_50=_inside(evaluation, 50),
        in_80=_inside(evaluation, 80),
    )
    grouped = frame.groupby(keys, sort=False)
    return pd.DataFrame(
        {
            "median_factor": grouped.factor.median(),
            "factor_90": grouped.factor.quantile(0.9),
            "bias": 10 ** grouped.log_error.mean(),
            "coverage_50": grouped.in_50.mean(),
            "coverage_80": grouped.in_80.mean(),
            "n": grouped.size(),
        }
    ).reset_index()


def by_true_size(
    evaluation: pd.DataFrame, edges: Sequence[float], *, of: str = "total_params"
) -> pd.DataFrame:
    """Errors of the inference in classes of the size that is to be found.

    An inference that learns from other models pulls towards them: large models are read too
    small, small ones too large. This says how much.

    Parameters
    ----------
    evaluation : pandas.DataFrame
        From `evaluate`.
    edges : sequence of float
        Ends of the classes, rising; the lower one does not belong. [parameters]
    of : str, optional
        ``total_params`` or ``active_params``.

    Returns
    -------
    pandas.DataFrame
        ``above``, ``up_to``: the class [parameters]; ``n``; ``n_under``, read too small;
        ``bias``, geometric mean of predicted over true.

    Raises
    ------
    ValueError
        If the edges do not rise.
    """
    if not (np.diff(require("edges", edges, minimum=0, unit="parameters")) > 0).all():
        raise ValueError(f"edges must rise, got {list(edges)} [parameters]")
    rows = _of_the_inference(evaluation, of)
    classes = pd.cut(rows.true, list(edges), labels=False)
    grouped = rows.assign(log_error=np.log10(rows.error), under=rows.error < 1).groupby(classes)
    found = pd.DataFrame(
        {
            "n": grouped.size(),
            "n_under": grouped.under.sum(),
            "bias": 10 ** grouped.log_error.mean(),
        }
    ).reindex(range(len(edges) - 1))
    counts = found[["n", "n_under"]].fillna(0).astype(int)
    ends = pd.DataFrame({"above": list(edges)[:-1], "up_to": list(edges)[1:]})
    return pd.concat([ends, counts, found[["bias"]]], axis=1)


def read_per_tenfold(evaluation: pd.DataFrame, *, of: str = "total_params") -> float:
    r"""How many times larger a model is read that is ten times larger. [times]

    .. math:: 10^{\,b}, \quad \log \hat N = a + b \log N

    by least squares: 10 where nothing is lost, 1 where the reading says nothing.
    """
    rows = _of_the_inference(evaluation, of)
    slope = np.polyfit(np.log10(rows.true), np.log10(rows.predicted), 1)[0]
    return float(10**slope)


def _of_the_inference(evaluation: pd.DataFrame, of: str) -> pd.DataFrame:
    kinds = list(evaluation.of.unique())
    if of not in kinds:
        raise catalog.UnknownName("size", of, kinds)
    return evaluation[(evaluation.method == METHOD) & (evaluation.of == of)]


def _inside(evaluation: pd.DataFrame, share: int) -> pd.Series:
    low, high = evaluation[f"low_{share}"], evaluation[f"high_{share}"]
    inside = (low <= evaluation.true) & (evaluation.true <= high)
    return inside.astype(float).where(low.notna())
