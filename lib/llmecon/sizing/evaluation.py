"""The inference where the truth is known, beside the rules that a reader might use."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from llmecon import catalog
from llmecon._checks import FloatArray, require
from llmecon.sizing.baseline import OFFER, design, solve
from llmecon.sizing.inference import SIZES, infer
from llmecon.sizing.open_models import family

# log10 size as a line in log10 price and log10 speed: which of them a rule uses, and exponents
# that it does not fit.
_RULES: dict[str, tuple[tuple[str, ...], tuple[str, float] | None]] = {
    "price and speed, log-linear": (OFFER, None),
    "price only": (OFFER[:1], None),
    "speed only": (OFFER[1:], None),
    "typical size": ((), None),
    "square-root rule": ((), ("output_tokens_per_s", -2.0)),
    "price-scaled": ((), ("output_usd_per_mtok", 1.0)),
}
RULES = tuple(_RULES)
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
    widths : sequence of float, optional
        Widths to choose from; a single one is not chosen, but given. [times]
    **assumptions
        Passed to `infer`; not ``widened``, which is what ``widths`` are for.

    Returns
    -------
    pandas.DataFrame
        One row for each served row, method and size (``total_params``, ``active_params``):
        ``true``, ``predicted``, ``error`` [times]; for the inference also the ends ``low_80``
        and ``high_80``, ``below_true`` (probability of a smaller size than the true one) and
        ``widened``.

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
    tried = pd.concat(
        _inferred(row, width, draws, assumptions) for width in widths for _, row in frame.iterrows()
    )
    naive = [_naive(frame, of, rule) for of in SIZES for rule in RULES]
    return pd.concat([_each_by_the_others(tried), *naive], ignore_index=True)


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
    hit = _inside(tried).groupby([tried.widened, tried.model.map(family)]).mean()
    off = (hit.groupby("widened").mean() - _AIMED).abs()
    return float(off.index[int(np.argmin(off))])  # the least of equals


def _inferred(
    row: pd.Series, width: float, draws: int, assumptions: dict[str, Any]
) -> pd.DataFrame:
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
    for of in SIZES:
        low, high = found.interval(of=of)
        middle = float(found.quantile(0.5, of=of))
        below = found.chance_below(float(row[of]), of=of)
        ends = {"low_80": low, "high_80": high, "below_true": below, "widened": width}
        lines.append({**_about(row, of, METHOD, middle), **ends})
    return pd.DataFrame(lines, index=[row.name] * len(lines))


def _about(row: pd.Series, of: str, method: str, predicted: float) -> dict[str, object]:
    about = {"model": row["model"], "date": row["date"], "host": row["host_or_basis"]}
    true = float(row[of])
    about |= {"of": of, "method": method, "true": true}
    return {**about, "predicted": predicted, "error": predicted / true}


def _naive(frame: pd.DataFrame, of: str, rule: str) -> pd.DataFrame:
    """A rule's prediction of every row, from the rows of the other families."""
    families = frame.model.map(family).to_numpy()
    predicted = np.empty(len(frame))
    for name in np.unique(families):
        out = families == name
        predicted[out] = _fitted(frame[~out] if not out.all() else frame, frame[out], of, rule)
    rows = zip(frame.iterrows(), predicted, strict=True)
    return pd.DataFrame([_about(row, of, rule, float(size)) for (_, row), size in rows])


def _fitted(known: pd.DataFrame, asked: pd.DataFrame, of: str, rule: str) -> FloatArray:
    columns, given = _RULES[rule]
    size = np.log10(known[of].to_numpy(dtype=float))
    if given is None:
        return np.asarray(10 ** (design(asked, columns) @ solve(design(known, columns), size)))
    column, exponent = given
    level = np.median(size - exponent * np.log10(known[column].to_numpy(dtype=float)))
    return np.asarray(10**level * asked[column].to_numpy(dtype=float) ** exponent)


def summary(evaluation: pd.DataFrame) -> pd.DataFrame:
    """Errors and coverage of each method.

    Parameters
    ----------
    evaluation : pandas.DataFrame
        From `evaluate`.

    Returns
    -------
    pandas.DataFrame
        ``median_factor`` and ``factor_90`` by which sizes are missed either way, ``bias``
        (geometric mean of predicted over true), ``coverage_80`` of the inference's
        intervals, ``n``.
    """
    frame = evaluation.assign(
        factor=10 ** np.log10(evaluation.error).abs(),
        log_error=np.log10(evaluation.error),
        in_80=_inside(evaluation),
    )
    grouped = frame.groupby(["of", "method"], sort=False)
    columns = {
        "median_factor": grouped.factor.median(),
        "factor_90": grouped.factor.quantile(0.9),
        "bias": 10 ** grouped.log_error.mean(),
        "coverage_80": grouped.in_80.mean(),
        "n": grouped.size(),
    }
    return pd.DataFrame(columns).reset_index()


def by_true_size(evaluation: pd.DataFrame, edges: Sequence[float]) -> pd.DataFrame:
    """Errors of the inference in classes of the size that is to be found, all parameters.

    An inference that learns from other models pulls towards them: large models are read too
    small, small ones too large. This says how much.

    Parameters
    ----------
    evaluation : pandas.DataFrame
        From `evaluate`.
    edges : sequence of float
        Ends of the classes, rising; the lower one does not belong. [parameters]

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
    rows = _totals_of_the_inference(evaluation)
    classes = pd.cut(rows.true, list(edges), labels=False)
    grouped = rows.assign(log_error=np.log10(rows.error), under=rows.error < 1).groupby(classes)
    counts = pd.DataFrame({"n": grouped.size(), "n_under": grouped.under.sum()})
    counts = counts.reindex(range(len(edges) - 1), fill_value=0)
    ends = pd.DataFrame({"above": list(edges)[:-1], "up_to": list(edges)[1:]})
    return pd.concat([ends, counts, (10 ** grouped.log_error.mean()).rename("bias")], axis=1)


def read_per_tenfold(evaluation: pd.DataFrame) -> float:
    r"""How many times larger a model is read that is ten times larger. [times]

    .. math:: 10^{\,b}, \quad \log \hat N = a + b \log N

    by least squares: 10 where nothing is lost, 1 where the reading says nothing.
    """
    rows = _totals_of_the_inference(evaluation)
    return float(10 ** np.polyfit(np.log10(rows.true), np.log10(rows.predicted), 1)[0])


def _totals_of_the_inference(evaluation: pd.DataFrame) -> pd.DataFrame:
    return evaluation[(evaluation.method == METHOD) & (evaluation.of == "total_params")]


def _inside(evaluation: pd.DataFrame) -> pd.Series:
    inside = evaluation.true.between(evaluation.low_80, evaluation.high_80)
    return inside.astype(float).where(evaluation.low_80.notna())
