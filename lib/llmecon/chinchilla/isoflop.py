"""Approaches 1 and 2 of Hoffmann et al. 2022: the envelope and the IsoFLOP profiles."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from llmecon._checks import Numbers, require
from llmecon._names import UnknownName
from llmecon.chinchilla._records import Allocation, Array, Domain, plain, positive
from llmecon.chinchilla.points import Points, Table, as_points

# Runs at a budget, and distance of the minimum from the middle of the sampled sizes (0) towards
# an end (1), beyond which a profile is doubted.
_FEWEST_RUNS, _OFF_CENTRE = 5, 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerFit:
    """A quantity as a power of the budget, by regression of logarithms.

    Attributes
    ----------
    factor, exponent : float
        c and x in c C^x, C in FLOP. [per FLOP^x] [1]
    exponent_standard_error : float
        Of ordinary regression; NaN with two budgets. [1]
    """

    factor: float
    exponent: float
    exponent_standard_error: float

    def at(self, flop: Numbers) -> Array:
        """Value at a budget."""
        return plain(self.factor * positive("flop", flop, "FLOP") ** self.exponent)


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationFit:
    """Optimal size and tokens as powers of the budget, fitted apart.

    Attributes
    ----------
    params, tokens : PowerFit
        N*(C) and D*(C). Their exponents need not add up to 1.
    profiles : DataFrame
        What each budget contributed.
    warnings : tuple of str
        Why the result should not be used as it is.
    domain : Domain
        Budgets behind it.
    """

    params: PowerFit
    tokens: PowerFit
    profiles: pd.DataFrame
    warnings: tuple[str, ...]
    domain: Domain

    @property
    def a(self) -> float:
        """Exponent of the optimal size. [1]"""
        return self.params.exponent

    @property
    def b(self) -> float:
        """Exponent of the optimal tokens. [1]"""
        return self.tokens.exponent

    def optimal(self, *, flop: Numbers) -> Allocation:
        """Optimal size and tokens of a budget; their product need not meet C/6."""
        budget = positive("flop", flop, "FLOP")
        size, tokens = self.params.at(budget), self.tokens.at(budget)
        return Allocation(
            law="isoflop fit",
            params=size,
            tokens=tokens,
            flop=plain(budget),
            loss=None,
            decades=self.domain.decades(flop=budget),
        )


def approach_2(
    points: Table | Points,
    *,
    flop: Numbers,
    tolerance_dex: float = 0.05,
    degree: int = 2,
) -> AllocationFit:
    """IsoFLOP profiles: a polynomial in log size at each budget, then regression of the minima.

    Parameters
    ----------
    points : DataFrame or mapping of arrays
        Columns ``n_params``, ``n_tokens``, ``loss``. [parameters] [tokens] [nats/token]
    flop : array
        Budgets; a run belongs to the nearest one in logarithm. [FLOP]
    tolerance_dex : float, optional
        Farthest that 6ND may lie from its budget. [decades]
    degree : {2, 3}, optional
        Parabola, or a cubic, which removes most of the parabola's bias.

    Returns
    -------
    AllocationFit
        With ``profiles``: runs, vertices, range and centring of each budget.

    Raises
    ------
    ValueError
        If fewer than two budgets have more runs than the polynomial has coefficients.

    Notes
    -----
    On a noise-free surface with alpha != beta the parabola biases the intercept (5% of D* at
    1e24 for profiles 16 times wide, arXiv:2603.22339); grids off centre bias the exponent too.
    On the 240 points a moves from .483 to .514 with the tolerance, and a + b is not 1.

    Examples
    --------
    >>> from llmecon import chinchilla
    >>> law, budgets = chinchilla.BESIROGLU_2024, [1e19, 1e20, 1e21]
    >>> size, tokens = chinchilla.isoflop_design(law, flop=budgets)
    >>> runs = {"n_params": size, "n_tokens": tokens, "loss": law.loss(size, tokens)}
    >>> found = approach_2(runs, flop=budgets)
    >>> round(found.a - float(law.a), 9)
    0.0
    """
    table = as_points(points, duplicates="keep", fewest=1)
    budgets = np.unique(np.atleast_1d(require("flop", flop, above=0, unit="FLOP")))
    tolerance = float(require("tolerance_dex", tolerance_dex, above=0, unit="decades"))
    if degree not in (2, 3):
        raise ValueError(f"degree must be 2 or 3, got {degree}")
    owner = _nearest_budget(table, budgets, tolerance)
    profiles = pd.DataFrame(
        [_profile(table, owner == i, float(c), degree) for i, c in enumerate(budgets)]
    )
    used = profiles[profiles["used"]]
    if len(used) < 2:
        raise ValueError(
            f"flop must name at least two budgets with more than {degree + 1} runs within "
            f"{tolerance:g} decades and a minimum, got {len(used)} [budgets]"
        )
    return AllocationFit(
        params=_power_fit(used["flop"], used["params"]),
        tokens=_power_fit(used["flop"], used["tokens"]),
        profiles=profiles,
        warnings=_profile_warnings(profiles),
        domain=Domain(flop=(float(used["flop"].min()), float(used["flop"].max()))),
    )


def _nearest_budget(table: Points, budgets: Array, tolerance: float) -> NDArray[np.intp]:
    spent = np.log10(6 * table.n_params * table.n_tokens)
    away = np.abs(spent[:, None] - np.log10(budgets))
    nearest = away.argmin(axis=1)
    return np.where(away.min(axis=1) < tolerance, nearest, -1)


def _profile(
    table: Points, mine: NDArray[np.bool_], budget: float, degree: int
) -> Mapping[str, Any]:
    size, tokens = np.log10(table.n_params[mine]), np.log10(table.n_tokens[mine])
    loss = table.loss[mine]
    row: dict[str, Any] = {"flop": budget, "n_runs": int(mine.sum()), "used": False}
    best_size, loss_at = _vertex(size, loss, degree)
    best_tokens, _ = _vertex(tokens, loss, degree)
    row |= {"params": 10**best_size, "tokens": 10**best_tokens, "loss": loss_at}
    if np.isfinite(best_size) and np.isfinite(best_tokens):
        low, high = float(size.min()), float(size.max())
        row |= {
            "used": True,
            "vertex_inside_range": bool(
                low <= best_size <= high and tokens.min() <= best_tokens <= tokens.max()
            ),
            "decades_wide": high - low,
            # 0 is centred, 1 is at an end of the sampled sizes
            "off_centre": abs(2 * best_size - low - high) / (high - low),
        }
    return row


def _vertex(position: Array, loss: Array, degree: int) -> tuple[float, float]:
    """Minimum of the least-squares polynomial; NaN where there is none."""
    if np.unique(position).size <= degree:
        return np.nan, np.nan
    middle = float(position.mean())
    series = np.polynomial.Polynomial.fit(position - middle, loss, degree)
    slope = series.deriv()
    stops = [
        float(root.real)
        for root in slope.roots()
        if abs(root.imag) < 1e-9 and slope.deriv()(root.real) > 0
    ]
    if not stops:
        return np.nan, np.nan
    # a cubic has one minimum and one maximum; a parabola only the minimum
    best = min(stops, key=abs)
    return middle + best, float(series(best))


def _power_fit(flop: Any, value: Any) -> PowerFit:
    x, y = np.log(np.asarray(flop, dtype=float)), np.log(np.asarray(value, dtype=float))
    centred = x - x.mean()
    spread = float(centred @ centred)
    exponent = float(centred @ y) / spread
    misfit = y - y.mean() - exponent * centred
    free = x.size - 2
    error = float(np.sqrt(misfit @ misfit / free / spread)) if free > 0 else np.nan
    factor = float(np.exp(y.mean() - exponent * x.mean()))
    return PowerFit(factor=factor, exponent=exponent, exponent_standard_error=error)


def _profile_warnings(profiles: pd.DataFrame) -> tuple[str, ...]:
    found = []
    for row in profiles.to_dict("records"):
        where = f"budget {float(row['flop']):.3g} FLOP"
        if not row["used"]:
            found.append(f"{where}: too few runs or no minimum, left out")
            continue
        if int(row["n_runs"]) < _FEWEST_RUNS:
            found.append(f"{where}: only {row['n_runs']} runs")
        if not row["vertex_inside_range"]:
            found.append(f"{where}: the minimum lies outside the sampled sizes")
        elif float(row["off_centre"]) > _OFF_CENTRE:
            found.append(f"{where}: the sampled sizes are off centre, which biases the exponent")
    return tuple(found)


def approach_1(
    curves: Table,
    *,
    n_grid: int = 1500,
    smooth: int = 1,
) -> AllocationFit:
    """Envelope of training curves: at each budget the run with the lowest loss.

    Parameters
    ----------
    curves : DataFrame or mapping of arrays
        A row a logged step: ``run`` (label), ``n_params`` [parameters], ``n_tokens`` seen so
        far [tokens], ``loss`` [nats/token].
    n_grid : int, optional
        Budgets, spaced evenly in logarithm, as in the paper. [budgets]
    smooth : int, optional
        Width of a running mean over logged steps; 1 leaves the curves as they are. [steps]

    Returns
    -------
    AllocationFit
        With ``profiles``: budget, run, size, tokens and loss of each envelope point.

    Raises
    ------
    UnknownName
        If a column is missing.
    ValueError
        If fewer than two runs overlap in compute.

    Notes
    -----
    Valid only where each point's learning-rate schedule ends at its tokens: a curve read before
    its end has not decayed and lies above what a shorter run would reach.
    """
    if "run" not in curves:
        raise UnknownName("column", "run", list(curves))
    table = as_points(curves, duplicates="keep", fewest=2)
    labels = np.asarray(curves["run"])
    width = int(require("smooth", smooth, minimum=1, unit="steps"))
    lines = [_curve(table, labels == label, width) for label in pd.unique(labels)]
    lines = [line for line in lines if line.flop.size >= 2]
    if len(lines) < 2:
        raise ValueError(f"curves must have at least two runs of two steps, got {len(lines)}")
    low, high = min(c.flop[0] for c in lines), max(c.flop[-1] for c in lines)
    grid = np.geomspace(low, high, int(require("n_grid", n_grid, minimum=2, unit="budgets")))
    found = _envelope(lines, grid)
    if found["n_params"].nunique() < 2:
        raise ValueError("curves must overlap in compute: one size is lowest everywhere [FLOP]")
    spent = found["flop"]
    return AllocationFit(
        params=_power_fit(spent, found["n_params"]),
        tokens=_power_fit(spent, found["n_tokens"]),
        profiles=found,
        warnings=(),
        domain=Domain(flop=(float(spent.min()), float(spent.max()))),
    )


@dataclass(frozen=True, slots=True)
class _Curve:
    size: float
    flop: Array
    log_loss: Array


def _curve(table: Points, mine: NDArray[np.bool_], width: int) -> _Curve:
    order = np.argsort(table.n_tokens[mine], kind="stable")
    size = table.n_params[mine]
    if np.unique(size).size != 1:
        raise ValueError(f"n_params must be one value a run, got {np.unique(size)[:2]}")
    spent = 6 * size[order] * table.n_tokens[mine][order]
    log_loss = np.log(table.loss[mine][order])
    if width > 1 and log_loss.size >= width:
        kernel = np.ones(width) / width
        log_loss = np.convolve(log_loss, kernel, mode="valid")
        spent = np.exp(np.convolve(np.log(spent), kernel, mode="valid"))
    return _Curve(float(size[0]), spent, log_loss)


def _envelope(lines: list[_Curve], grid: Array) -> pd.DataFrame:
    """Lowest curve at each budget that at least two curves cover."""
    at = np.log(grid)
    losses = np.array(
        [np.interp(at, np.log(c.flop), c.log_loss, left=np.inf, right=np.inf) for c in lines]
    )
    contested = np.isfinite(losses).sum(axis=0) >= 2
    best = losses.argmin(axis=0)[contested]
    size = np.array([c.size for c in lines])[best]
    spent = grid[contested]
    return pd.DataFrame(
        {
            "flop": spent,
            "n_params": size,
            "n_tokens": spent / (6 * size),
            "loss": np.exp(losses.min(axis=0)[contested]),
        }
    )
