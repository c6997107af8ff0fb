"""How good a size from price and speed is, on models whose size is known."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from types import MappingProxyType
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from llmecon._checks import FloatArray, require, require_memory
from llmecon.sizing.line import Known, Line, offers, readings

TARGETS = ("total_params", "active_params")
LINE, CURVE = "line through price and speed", "curve through price and speed"

Rule = Callable[[pd.DataFrame, FloatArray, pd.DataFrame], FloatArray]


def _one_way(column: str) -> Rule:
    """Least squares on one of the two numbers."""

    def rule(models: pd.DataFrame, log_size: FloatArray, asked: pd.DataFrame) -> FloatArray:
        slope, level = np.polyfit(models[column], log_size, 1)
        return np.asarray(level + slope * asked[column])

    return rule


def _curve(models: pd.DataFrame, log_size: FloatArray, asked: pd.DataFrame) -> FloatArray:
    """Least squares on both numbers, their squares and their product.

    Any physics of serving is some curve through the two: this is the simplest that can bend.
    """

    def design(frame: pd.DataFrame) -> FloatArray:
        price, speed = frame.log_price.to_numpy(float), frame.log_speed.to_numpy(float)
        ones = np.ones(len(frame))
        return np.column_stack([ones, price, speed, price**2, speed**2, price * speed])

    return np.asarray(design(asked) @ np.linalg.lstsq(design(models), log_size, rcond=None)[0])


def _square_root(models: pd.DataFrame, log_size: FloatArray, asked: pd.DataFrame) -> FloatArray:
    """Speed falls with the square root of size (Erdil 2025); its constant is the median."""
    return np.asarray(np.median(log_size + 2 * models.log_speed) - 2 * asked.log_speed)


def _line(models: pd.DataFrame, log_size: FloatArray, asked: pd.DataFrame) -> FloatArray:
    line = Line.through(models.log_price.to_numpy(), models.log_speed.to_numpy(), log_size)
    return line.log_size(asked.log_price, asked.log_speed)


def _typical(models: pd.DataFrame, log_size: FloatArray, asked: pd.DataFrame) -> FloatArray:
    return np.full(len(asked), np.median(log_size))


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        LINE: _line,
        CURVE: _curve,
        "price alone": _one_way("log_price"),
        "speed alone": _one_way("log_speed"),
        "square-root rule": _square_root,
        "typical size": _typical,
    }
)
METHODS = tuple(RULES)


def evaluate(
    rows: pd.DataFrame | None = None, *, out: Literal["family", "date"] = "family"
) -> pd.DataFrame:
    """Read every model by the others: without its family, or without its list.

    Parameters
    ----------
    rows : pandas.DataFrame, optional
        Offers; all of `offers` if not given.
    out : {"family", "date"}, optional
        What is left out together with the model that is read.

    Returns
    -------
    pandas.DataFrame
        ``method``, ``of`` (kind of size), ``model``, ``family``, ``date``, ``hosts``, ``true``,
        ``predicted``, ``factor`` (of the error, at least 1), and for the line ``low`` and
        ``high`` of its 80 % interval and ``below_true``, the chance that it gives to a smaller
        model. [parameters, times]

    Raises
    ------
    ValueError
        If there is but one family or list.
    """
    models = readings(offers() if rows is None else rows)
    require(f"different values of {out}", models[out].nunique(), minimum=2)
    tables = []
    for value in models[out].unique():
        asked, rest = models[models[out] == value], models[models[out] != value]
        known = Known.of(rest.reset_index(drop=True))
        for part in _read(rest, asked):
            by_line = part.method.iloc[0] == LINE
            tables.append(_with_interval(part, known, asked) if by_line else part)
    found = pd.concat(tables, ignore_index=True)
    return found.sort_values(["of", "method", "date", "model"], kind="stable", ignore_index=True)


def _read(rest: pd.DataFrame, asked: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Some models as the rest reads them, by every rule and for both kinds of size."""
    for kind, (method, rule) in product(TARGETS, RULES.items()):
        true = asked[kind].to_numpy(float)
        predicted = np.exp(rule(rest, np.log(rest[kind].to_numpy(float)), asked))
        yield asked[["model", "family", "date", "hosts"]].assign(
            method=method,
            of=kind,
            true=true,
            predicted=predicted,
            factor=np.exp(np.abs(np.log(predicted / true))),
        )


def _with_interval(part: pd.DataFrame, known: Known, asked: pd.DataFrame) -> pd.DataFrame:
    kind, pairs = part.of.iloc[0], zip(asked.log_price, asked.log_speed, strict=True)
    sizes = [known.sizes(price, speed)[kind] for price, speed in pairs]
    low, high = np.transpose([size.interval(0.8) for size in sizes])
    below = [size.chance_below(true) for size, true in zip(sizes, part.true, strict=True)]
    return part.assign(low=low, high=high, below_true=below)


def firsts(rows: pd.DataFrame | None = None) -> pd.DataFrame:
    """How often each method has the smallest median error when one family had never been seen.

    Parameters
    ----------
    rows : pandas.DataFrame, optional
        Offers; all of `offers` if not given.

    Returns
    -------
    pandas.DataFrame
        Times by method (rows) and kind of size (columns); a column adds up to the families.
    """
    models = readings(offers() if rows is None else rows)
    found = []
    for without in models.family.unique():
        left = models[models.family != without]
        tables = [
            part
            for family in left.family.unique()
            for part in _read(left[left.family != family], left[left.family == family])
        ]
        medians = pd.concat(tables).groupby(["of", "method"], sort=False).factor.median()
        found.append({kind: medians[kind].idxmin() for kind in TARGETS})
    first = pd.DataFrame(found)
    counts = {kind: [int((first[kind] == name).sum()) for name in METHODS] for kind in TARGETS}
    return pd.DataFrame(counts, index=list(METHODS))


def summary(rows: pd.DataFrame, *, draws: int = 1000, seed: int = 0) -> pd.DataFrame:
    """Errors of each method: the middle, the worst tenth, and how sure the middle is.

    Parameters
    ----------
    rows : pandas.DataFrame
        Of `evaluate`, or a part of it.
    draws : int, optional
        Bootstrap samples of families. [samples]
    seed : int, optional
        Of the samples.

    Returns
    -------
    pandas.DataFrame
        By ``of`` and ``method``: ``n``, ``median_factor`` with ``low`` and ``high`` (80 %
        bootstrap by family), ``p90_factor``, and for the line ``coverage`` of its 80 % interval.
    """
    require("rows", len(rows), minimum=1)
    found = []
    for (kind, method), part in rows.groupby(["of", "method"], sort=False):
        low, high = np.quantile(_medians(part, ["factor"], draws, seed), [0.1, 0.9])
        inside = (part.low <= part.true) & (part.true <= part.high)
        found.append(
            {
                "of": kind,
                "method": method,
                "n": len(part),
                "median_factor": part.factor.median(),
                "low": low,
                "high": high,
                "p90_factor": part.factor.quantile(0.9),
                "coverage": float(inside.mean()) if part.low.notna().all() else np.nan,
            }
        )
    return pd.DataFrame(found).set_index(["of", "method"])


def lead(
    rows: pd.DataFrame, other: str, *, of: str = "total_params", draws: int = 1000, seed: int = 0
) -> tuple[float, float, float]:
    """Median error of the line over that of another rule, with its 80 % interval. [times]

    Below 1 the line is ahead; the lead is established if the interval lies below 1.

    Parameters
    ----------
    rows : pandas.DataFrame
        Of `evaluate`.
    other : str
        One of `METHODS`.
    of : str, optional
        Kind of size.
    draws, seed : int, optional
        Bootstrap samples of families. [samples]
    """
    part = rows[rows.of == of].pivot_table(
        index=["family", "date", "model"], columns="method", values="factor"
    )
    part = part.reset_index()
    medians = _medians(part, [LINE, other], draws, seed)
    low, high = np.quantile(medians[:, 0] / medians[:, 1], [0.1, 0.9])
    return float(np.median(part[LINE]) / np.median(part[other])), float(low), float(high)


def _medians(rows: pd.DataFrame, columns: Sequence[str], draws: int, seed: int) -> FloatArray:
    """Medians of columns over samples of whole families with replacement, one row a sample."""
    names, family = np.unique(rows.family, return_inverse=True)
    require_memory("draws", draws, 64.0 * len(rows))
    picks = np.random.default_rng(seed).integers(len(names), size=(draws, len(names)))
    times = (picks[:, :, None] == np.arange(len(names))).sum(axis=1)[:, family]  # a row is drawn
    return np.stack([_medians_of(rows[name].to_numpy(float), times) for name in columns], axis=1)


def _medians_of(values: FloatArray, times: npt.NDArray[np.int_]) -> FloatArray:
    """Median of values of which each stands so many times, for each row of ``times``."""
    order = np.argsort(values)
    up_to = np.cumsum(times[:, order], axis=1)
    n = up_to[:, -1:]
    middle = [values[order][(up_to > rank).argmax(axis=1)] for rank in ((n - 1) // 2, n // 2)]
    return np.asarray(np.mean(middle, axis=0))
