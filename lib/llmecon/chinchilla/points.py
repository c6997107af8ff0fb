"""Training runs as the fits take them: named columns, checked before any work."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from llmecon._checks import FloatArray
from llmecon._names import UnknownName
from llmecon.chinchilla._records import Domain

_RUN_COLUMNS = ("n_params", "n_tokens", "loss")
Table = pd.DataFrame | Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """Runs with size, tokens and loss.

    Attributes
    ----------
    n_params, n_tokens, loss : array
        A row a run. [parameters] [tokens] [nats/token]
    """

    n_params: FloatArray
    n_tokens: FloatArray
    loss: FloatArray

    def __len__(self) -> int:
        return int(self.loss.size)

    @property
    def means(self) -> tuple[float, float]:
        """Mean of ln N and of ln D, about which fits are centred. [1]"""
        return float(np.log(self.n_params).mean()), float(np.log(self.n_tokens).mean())

    @property
    def domain(self) -> Domain:
        """Ranges of the runs, for the extrapolation flag of a fitted law."""
        values = {
            "n_params": self.n_params,
            "n_tokens": self.n_tokens,
            "flop": 6 * self.n_params * self.n_tokens,
            "tokens_per_param": self.n_tokens / self.n_params,
        }
        ranges = {name: (float(v.min()), float(v.max())) for name, v in values.items()}
        return Domain(**ranges, note=f"{len(self)} runs given to the fit")


def as_points(points: Table | Points, *, duplicates: str = "refuse", fewest: int = 5) -> Points:
    """Check a table of runs.

    Parameters
    ----------
    points : DataFrame or mapping of arrays
        With columns ``n_params`` [parameters], ``n_tokens`` [tokens], ``loss`` [nats/token].
    duplicates : {"refuse", "keep"}, optional
        What to do with rows equal in all three columns. Runs of one size and data that differ
        in loss are repeats and always welcome.
    fewest : int, optional
        Constants to be fitted. [constants]

    Returns
    -------
    Points

    Raises
    ------
    UnknownName
        If a column is missing; the nearest ones are named.
    ValueError
        For a value that is missing, not finite or not positive, with its row; for two equal
        rows; for fewer runs than constants.
    """
    if isinstance(points, Points):
        return points
    columns = {name: _column(points, name) for name in _RUN_COLUMNS}
    sizes = {name: values.size for name, values in columns.items()}
    if len(set(sizes.values())) != 1:
        raise ValueError(f"columns must be of one length, got {sizes} [rows]")
    n = sizes["loss"]
    if n < fewest:
        raise ValueError(f"points must be >= {fewest}, one a fitted constant, got {n} [runs]")
    if duplicates not in ("refuse", "keep"):
        raise ValueError(f"duplicates must be 'refuse' or 'keep', got {duplicates!r}")
    frame = pd.DataFrame(columns)
    if duplicates == "refuse" and (same := np.flatnonzero(frame.duplicated())).size:
        first = np.flatnonzero((frame == frame.iloc[same[0]]).all(axis=1))[0]
        raise ValueError(
            f"points must be different runs, got row {same[0]} equal to row {first} "
            f"({same.size} such rows, counted from 0); duplicates='keep' accepts them"
        )
    return Points(**columns)


def _column(points: Table, name: str) -> FloatArray:
    if name not in points:
        raise UnknownName("column", name, list(points))
    try:
        values = np.asarray(points[name], dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{name} must be numbers: {error}") from error
    if values.ndim != 1:
        raise ValueError(f"{name} must be one column, got {values.ndim} dimensions")
    bad = np.flatnonzero(~(np.isfinite(values) & (values > 0)))
    if bad.size:
        row = int(bad[0])
        raise ValueError(
            f"{name} must be a finite number > 0, got {values[row]} in row {row} "
            f"({bad.size} such rows, counted from 0)"
        )
    return values
