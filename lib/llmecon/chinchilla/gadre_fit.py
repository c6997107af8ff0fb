"""Fit the over-training law and the error law of Gadre et al. 2024 by variable projection."""

from collections.abc import Callable

import numpy as np

from llmecon._checks import Numbers, require
from llmecon.chinchilla._records import Array, Domain, Provenance
from llmecon.chinchilla._roots import Positions, bracketed
from llmecon.chinchilla.gadre import ErrorLaw, OvertrainingLaw
from llmecon.chinchilla.points import Points, Table, as_points

_EXPONENT_RANGE = (0.01, 1.5)
_RATE_RANGE = (0.05, 3.0)
_SCAN = 60


def fit_overtraining(points: Table | Points, *, name: str = "own fit") -> OvertrainingLaw:
    """Least-squares fit of L = E + A N^-x + B D^-x, one exponent for both terms.

    For a fixed x the rest is linear, so one scalar is searched: a scan for the valley, then
    the point where the misfit is flat.

    Parameters
    ----------
    points : DataFrame or mapping of arrays
        Columns ``n_params`` [parameters], ``n_tokens`` [tokens], ``loss`` [nats/token]; at least
        four runs.
    name : str, optional
        Name of the fitted law.

    Returns
    -------
    OvertrainingLaw
        Four constants; with four or five runs no residual can show a misfit.

    Raises
    ------
    ValueError
        For fewer than four runs, or where no positive constants fit.
    """
    table = as_points(points, fewest=4)
    size, data = np.log(table.n_params), np.log(table.n_tokens)
    x, y = size - size.mean(), data - data.mean()

    def columns(exponent: float) -> Array:
        return np.column_stack([np.ones_like(x), np.exp(-exponent * x), np.exp(-exponent * y)])

    def slopes(exponent: float) -> Array:
        outer: Array = np.column_stack([np.zeros_like(x), -x, -y])
        return columns(exponent) * outer

    exponent, (e, a, b), misfit = _project(columns, slopes, table.loss, _EXPONENT_RANGE)
    if min(a, b) <= 0 or e < 0:
        raise ValueError(
            f"points must allow positive constants, got E {e:.3g}, size term {a:.3g}, "
            f"data term {b:.3g}: a term is not identified"
        )
    return OvertrainingLaw(
        name=name,
        E=e,
        A=float(a * np.exp(exponent * size.mean())),
        B=float(b * np.exp(exponent * data.mean())),
        alpha=exponent,
        beta=exponent,
        provenance=Provenance(
            source=f"fit to {len(table)} runs",
            source_url="",
            place=f"sum of squares {misfit:.6g}, alpha = beta",
            rounding="none",
            status="fitted",
        ),
        domain=table.domain if len(table) > 1 else Domain(),
    )


def fit_error(loss: Numbers, error: Numbers) -> ErrorLaw:
    """Least-squares fit of Err = epsilon - k exp(-gamma L).

    Parameters
    ----------
    loss, error : array
        Losses and mean top-1 errors of the same models, at least three. [nats/token] [1]

    Returns
    -------
    ErrorLaw

    Raises
    ------
    ValueError
        For fewer than three models or pairs that do not match.

    Examples
    --------
    >>> import numpy as np
    >>> law = ErrorLaw(epsilon=0.85, k=2.0, gamma=0.75)
    >>> found = fit_error(np.linspace(2.5, 4, 6), law.error(np.linspace(2.5, 4, 6)))
    >>> round(found.k, 6), round(found.gamma, 6)
    (2.0, 0.75)
    """
    nats = np.atleast_1d(require("loss", loss, above=0, unit="nats/token"))
    errors = np.atleast_1d(require("error", error, minimum=0, maximum=1, unit="1"))
    if nats.shape != errors.shape or nats.size < 3:
        raise ValueError(
            f"loss and error must pair, at least 3, got {nats.size} and {errors.size} [models]"
        )
    middle = float(nats.mean())

    def columns(gamma: float) -> Array:
        return np.column_stack([np.ones_like(nats), -np.exp(-gamma * (nats - middle))])

    def slopes(gamma: float) -> Array:
        return columns(gamma) * np.column_stack([np.zeros_like(nats), middle - nats])

    gamma, (epsilon, k), _ = _project(columns, slopes, errors, _RATE_RANGE)
    return ErrorLaw(epsilon=float(epsilon), k=float(k * np.exp(gamma * middle)), gamma=gamma)


def _project(
    columns: Callable[[float], Array],
    slopes: Callable[[float], Array],
    target: Array,
    limits: tuple[float, float],
) -> tuple[float, Array, float]:
    """Best scalar, its linear constants and misfit: scan for the valley, then its flat point.

    With c the linear constants and r what they leave, the misfit r'r has the slope
    -2 r' (d columns/d scalar) c, for r is orthogonal to the columns.
    """

    def solve(scalar: float) -> tuple[Array, Array]:
        table = columns(scalar)
        linear = np.linalg.lstsq(table, target, rcond=None)[0]
        return np.asarray(linear, dtype=np.float64), np.asarray(target - table @ linear)

    def falls(points: Array, at: Positions) -> tuple[Array, Array]:
        values = []
        for scalar in points:
            linear, left = solve(float(scalar))
            values.append(2 * left @ (slopes(float(scalar)) @ linear))
        return np.array(values), np.full(len(points), np.nan)

    scan = np.geomspace(*limits, _SCAN)
    misfits = [float(left @ left) for _, left in map(solve, scan)]
    at = int(np.argmin(misfits))
    low, high = scan[max(at - 1, 0)], scan[min(at + 1, _SCAN - 1)]
    best = float(bracketed(falls, np.array([low]), np.array([high]))[0])
    linear, left = solve(best)
    return best, linear, float(left @ left)
