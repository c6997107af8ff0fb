"""Least absolute residuals by successive linear programs."""

import numpy as np

from llmecon.chinchilla._newton import Problem, residuals, shares
from llmecon.chinchilla._records import Array

# Radius of the first trust region, in the coordinates of the fit (logarithms and exponents).
_FIRST_RADIUS = 0.1
# Relative decrease below which the vertex is the optimum.
_ENOUGH = 1e-14
_MOST_PROGRAMS = 100


def jacobian(task: Problem, theta: Array) -> Array:
    """Derivative of each residual by the five coordinates, at one point."""
    p1, p2, p3, log_prediction = (part[0] for part in shares(task, theta[None]))
    slopes = np.stack([p1, p2, p3, -p1 * task.x, -p2 * task.y], axis=1)
    return np.asarray(slopes if task.in_log else slopes * np.exp(log_prediction)[:, None])


def least_absolute(task: Problem, theta: Array, weights: Array) -> tuple[Array, float, bool, int]:
    """Minimum of the weighted sum of absolute residuals, from a near start.

    Each program minimises sum w s with -s <= r + J d <= s and |d| within the radius; its
    solution is a vertex, where as many residuals are zero as there are constants.
    """
    value, radius = _sum(task, theta, weights), _FIRST_RADIUS
    for program in range(1, _MOST_PROGRAMS + 1):
        step, promised = _program(task, theta, weights, radius)
        trial = theta + step
        new = _sum(task, trial, weights)
        if new < value:
            theta, value = trial, new
        else:
            radius = min(radius, float(np.abs(step).max())) / 4
        if value - promised <= _ENOUGH * value or radius < 1e-12:
            return theta, value, True, program
    return theta, value, False, _MOST_PROGRAMS


def _sum(task: Problem, theta: Array, weights: Array) -> float:
    r = residuals(task, theta[None])[0]
    return float((weights * _tilt(task, r)) @ np.abs(r))


def _tilt(task: Problem, r: Array) -> Array:
    return np.where(r > 0, task.over_weight, 1.0)


def _program(task: Problem, theta: Array, weights: Array, radius: float) -> tuple[Array, float]:
    from scipy.optimize import linprog  # only this estimator needs scipy

    r, slopes = residuals(task, theta[None])[0], jacobian(task, theta)
    n, k = slopes.shape
    # s >= over (r + J d) and s >= -(r + J d)
    cost = np.concatenate([np.zeros(k), weights])
    above = np.hstack([task.over_weight * slopes, -np.eye(n)])
    below = np.hstack([-slopes, -np.eye(n)])
    bounds = [(-radius, radius)] * k + [(0.0, None)] * n
    answer = linprog(
        cost,
        A_ub=np.vstack([above, below]),
        b_ub=np.concatenate([-task.over_weight * r, r]),
        bounds=bounds,
        method="highs",
        options={
            "primal_feasibility_tolerance": 1e-10,
            "dual_feasibility_tolerance": 1e-10,
        },
    )
    if answer.x is None or answer.fun is None:
        return np.zeros(k), np.inf
    return np.asarray(answer.x[:k]), float(answer.fun)
