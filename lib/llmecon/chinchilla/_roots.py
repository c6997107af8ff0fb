"""Roots of monotone scalar equations, many at once."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from llmecon.chinchilla._records import Array

Positions = NDArray[np.intp]

# A bracketed step halves the bracket at worst: 200 cover every pair of doubles.
_MOST_STEPS = 200


def bracketed(
    equation: Callable[[Array, Positions], tuple[Array, Array]],
    low: Array,
    high: Array,
    *,
    tolerance: float = 4e-16,
) -> Array:
    """Root of each falling function between its ends: Newton, bisection where that leaves.

    Parameters
    ----------
    equation : callable
        Takes points and the flat positions they belong to, gives values and slopes. Values
        fall with the point; where one is not finite its sign still counts.
    low, high : array
        Ends of the brackets: positive (or zero) at ``low``, negative (or zero) at ``high``.
    tolerance : float, optional
        Relative width at which a bracket counts as closed.

    Returns
    -------
    array
        Roots, in the shape of ``low`` and ``high`` together.
    """
    low, high = (np.array(end, dtype=np.float64) for end in np.broadcast_arrays(low, high))
    shape = low.shape
    low, high = low.ravel(), high.ravel()
    point = 0.5 * (low + high)
    open_ = np.arange(point.size)
    for _ in range(_MOST_STEPS):
        if open_.size == 0:
            break
        at = point[open_]
        value, slope = equation(at, open_)
        low[open_] = np.where(value >= 0, at, low[open_])
        high[open_] = np.where(value <= 0, at, high[open_])
        with np.errstate(divide="ignore", invalid="ignore"):
            newton = at - value / slope
        inside = (newton > low[open_]) & (newton < high[open_])
        step = np.where(inside, newton, 0.5 * (low[open_] + high[open_]))
        scale = tolerance * np.maximum(np.abs(at), 1.0)
        closed = (np.abs(step - at) <= scale) | (value == 0)
        point[open_] = np.where(value == 0, at, step)
        open_ = open_[~closed]
    return point.reshape(shape)[()]
