r"""Damped Newton on the fitting objective, for many weightings of the same runs at once.

Coordinates are (a, b, e, alpha, beta) with a = ln A - alpha mean(ln N), b = ln B - beta mean(ln D),
e = ln E: centred, so that the Hessian's condition number is a thousand times smaller than in the
raw ones. A start or a bootstrap resample is a row; a resample is a vector of counts as weights.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from llmecon.chinchilla._records import Array

N_CONSTANTS = 5
_EXPONENT_LIMIT = 700.0  # exp overflows beyond
_FIRST_DAMPING = 1e-3
_DAMPING_SCALE = 0.01
_ACCEPTED, _REJECTED = 0.2, 6.0
_CURVATURE_FLOOR = 1e-10
# Newton decrement over the objective at which a row counts as converged. Free of scale: the
# objective may be summed, averaged or multiplied without moving it.
DECREMENT = 1e-10
# Objective per run below which residuals are rounding.
EXACT = 1e-20


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Runs and objective, in the coordinates above.

    Attributes
    ----------
    x, y : array
        Centred ln N and ln D. [1]
    log_loss : array
        Observed ln L: one for all rows, or a row each. [1]
    delta : float
        Huber threshold on the residual; infinite for least squares. [1]
    in_log : bool
        Whether residuals are of the logarithm of the loss or of the loss.
    over_weight : float
        Weight of a prediction above the observed loss, relative to one below. [1]
    table : array
        1, x, x^2, y, y^2, xy in columns: every sum is a product with it.
    """

    x: Array
    y: Array
    log_loss: Array
    delta: float
    in_log: bool
    over_weight: float
    table: Array

    @property
    def n(self) -> int:
        """Runs."""
        return int(self.x.size)


def problem(
    x: Array, y: Array, loss: Array, *, delta: float, in_log: bool, over_weight: float
) -> Problem:
    """Problem with its table of products."""
    table = np.column_stack([np.ones_like(x), x, x * x, y, y * y, x * y])
    return Problem(
        x=x,
        y=y,
        log_loss=np.log(loss),
        delta=delta,
        in_log=in_log,
        over_weight=over_weight,
        table=table,
    )


def shares(task: Problem, theta: Array) -> tuple[Array, Array, Array, Array]:
    """Shares of the size, data and irreducible terms, and ln of their sum, row by row."""
    e = theta[:, 2:3]
    size = np.exp(np.minimum(theta[:, 0:1] - e - theta[:, 3:4] * task.x, _EXPONENT_LIMIT))
    data = np.exp(np.minimum(theta[:, 1:2] - e - theta[:, 4:5] * task.y, _EXPONENT_LIMIT))
    both = size + data
    rest = 1 / (1 + both)
    return size * rest, data * rest, rest, np.log1p(both) + e


def at_rows(task: Problem, rows: NDArray[np.bool_]) -> Problem:
    """The problem of some rows only, where each has its own observations."""
    return task if task.log_loss.ndim == 1 else replace(task, log_loss=task.log_loss[rows])


def at_row(task: Problem, row: int) -> Problem:
    """The problem of one row."""
    return task if task.log_loss.ndim == 1 else replace(task, log_loss=task.log_loss[row])


def residuals(task: Problem, theta: Array) -> Array:
    """Prediction minus observation, in log or in loss, row by row."""
    log_prediction = shares(task, theta)[3]
    if task.in_log:
        return np.asarray(log_prediction - task.log_loss)
    return np.asarray(np.exp(log_prediction) - np.exp(task.log_loss))


def objective(task: Problem, theta: Array, weights: Array) -> Array:
    """Sum of weighted Huber terms, row by row."""
    r = residuals(task, theta)
    psi = np.clip(r, -task.delta, task.delta)
    return np.asarray((_tilted(task, r, weights) * psi * (r - 0.5 * psi)).sum(axis=1))


def _tilted(task: Problem, r: Array, weights: Array) -> Array:
    if task.over_weight == 1.0:
        return weights
    return np.asarray(weights * np.where(r > 0, task.over_weight, 1.0))


def evaluate(task: Problem, theta: Array, weights: Array) -> tuple[Array, Array, Array]:
    """Objective, gradient and generalised Hessian, row by row.

    With z = ln of the prediction and p its shares, T the derivative of each term's logarithm:
    grad z = sum p T, and Hess z = sum p T T' - grad z grad z'.
    """
    p1, p2, p3, log_prediction = shares(task, theta)
    if task.in_log:
        r = log_prediction - task.log_loss
    else:
        prediction = np.exp(log_prediction)
        r = prediction - np.exp(task.log_loss)
    w = _tilted(task, r, weights)
    psi = np.clip(r, -task.delta, task.delta)
    first = w * psi
    value = np.einsum("ij,ij->i", first, r - 0.5 * psi)
    inside = np.abs(r) < task.delta
    if task.in_log:
        second = w * inside - first
    else:
        first = first * prediction
        second = w * inside * prediction * prediction
    return value, *_gradient_and_hessian(task, first, second, p1, p2, p3)


def _gradient_and_hessian(
    task: Problem, first: Array, second: Array, p1: Array, p2: Array, p3: Array
) -> tuple[Array, Array]:
    rows, n = first.shape
    # a row's nine products lie together: small matrix products, which BLAS does not thread
    work = np.empty((rows, 9, n))
    np.multiply(first, p1, out=work[:, 0])
    np.multiply(first, p2, out=work[:, 1])
    np.multiply(first, p3, out=work[:, 2])
    s1, s2, s3 = second * p1, second * p2, second * p3
    np.multiply(s1, p1, out=work[:, 3])
    np.multiply(s1, p2, out=work[:, 4])
    np.multiply(s1, p3, out=work[:, 5])
    np.multiply(s2, p2, out=work[:, 6])
    np.multiply(s2, p3, out=work[:, 7])
    np.multiply(s3, p3, out=work[:, 8])
    g1, g2, g3, q11, q12, q13, q22, q23, q33 = (work @ task.table).transpose(1, 0, 2)
    # columns of the table: 0 is 1, 1 is x, 2 is x^2, 3 is y, 4 is y^2, 5 is xy
    gradient = np.empty((rows, N_CONSTANTS))
    gradient[:, 0], gradient[:, 1], gradient[:, 2] = g1[:, 0], g2[:, 0], g3[:, 0]
    gradient[:, 3], gradient[:, 4] = -g1[:, 1], -g2[:, 3]
    h = np.empty((rows, N_CONSTANTS, N_CONSTANTS))
    h[:, 0, 0] = q11[:, 0] + g1[:, 0]
    h[:, 1, 1] = q22[:, 0] + g2[:, 0]
    h[:, 2, 2] = q33[:, 0] + g3[:, 0]
    h[:, 3, 3] = q11[:, 2] + g1[:, 2]
    h[:, 4, 4] = q22[:, 4] + g2[:, 4]
    h[:, 0, 1] = h[:, 1, 0] = q12[:, 0]
    h[:, 0, 2] = h[:, 2, 0] = q13[:, 0]
    h[:, 1, 2] = h[:, 2, 1] = q23[:, 0]
    h[:, 0, 3] = h[:, 3, 0] = -q11[:, 1] - g1[:, 1]
    h[:, 0, 4] = h[:, 4, 0] = -q12[:, 3]
    h[:, 1, 3] = h[:, 3, 1] = -q12[:, 1]
    h[:, 1, 4] = h[:, 4, 1] = -q22[:, 3] - g2[:, 3]
    h[:, 2, 3] = h[:, 3, 2] = -q13[:, 1]
    h[:, 2, 4] = h[:, 4, 2] = -q23[:, 3]
    h[:, 3, 4] = h[:, 4, 3] = q12[:, 5]
    return gradient, h


@dataclass(frozen=True, slots=True, kw_only=True)
class Minimum:
    """Where each row ended.

    Attributes
    ----------
    theta : array
        Coordinates, a row each.
    objective, decrement, gradient_norm : array
        At the end; the decrement is g' H^-1 g / 2.
    iterations : array of int
        Newton steps.
    converged : array of bool
        Whether the stop rule was met.
    """

    theta: Array
    objective: Array
    decrement: Array
    gradient_norm: Array
    iterations: NDArray[np.intp]
    converged: NDArray[np.bool_]


def minimise(task: Problem, theta: Array, weights: Array, *, most: int = 500) -> Minimum:
    """Run every row to its minimum: weights (1 or rows) x runs.

    A step divides the gradient, in the Hessian's own axes, by the size of the curvature plus
    damping. Stop on two successive decrements below ``DECREMENT`` of the objective.
    """
    rows = len(theta)
    weights = np.broadcast_to(weights, (rows, task.n))
    end = Minimum(
        theta=theta.copy(),
        objective=np.empty(rows),
        decrement=np.full(rows, np.inf),
        gradient_norm=np.empty(rows),
        iterations=np.full(rows, most, dtype=np.intp),
        converged=np.zeros(rows, dtype=bool),
    )
    active, theta, weights = np.arange(rows), end.theta.copy(), np.ascontiguousarray(weights)
    value, gradient, hessian = evaluate(task, theta, weights)
    damping, calm = np.full(rows, _FIRST_DAMPING), np.zeros(rows, dtype=np.intp)
    negligible = EXACT * weights.sum(axis=1)
    for iteration in range(1, most + 1):
        step, decrement = _newton_step(gradient, hessian, damping)
        still = decrement <= np.maximum(DECREMENT * value, negligible)
        calm = np.where(still, calm + 1, 0)
        trial = theta + step
        new, new_gradient, new_hessian = evaluate(task, trial, weights)
        better = new <= value
        if better.all():
            theta, value, gradient, hessian = trial, new, new_gradient, new_hessian
        else:
            theta, value = np.where(better[:, None], trial, theta), np.where(better, new, value)
            gradient = np.where(better[:, None], new_gradient, gradient)
            hessian = np.where(better[:, None, None], new_hessian, hessian)
        damping *= np.where(better, _ACCEPTED, _REJECTED)
        done = (calm >= 2) | (iteration == most)
        if done.any():
            rows_done = active[done]
            end.theta[rows_done], end.objective[rows_done] = theta[done], value[done]
            end.decrement[rows_done] = decrement[done]
            end.gradient_norm[rows_done] = np.sqrt((gradient[done] ** 2).sum(axis=1))
            end.iterations[rows_done], end.converged[rows_done] = iteration, calm[done] >= 2
            left = ~done
            if not left.any():
                break
            active, task, weights = active[left], at_rows(task, left), weights[left]
            theta, value, gradient, hessian = (v[left] for v in (theta, value, gradient, hessian))
            damping, calm, negligible = damping[left], calm[left], negligible[left]
    return end


def _newton_step(gradient: Array, hessian: Array, damping: Array) -> tuple[Array, Array]:
    curvature, axes = np.linalg.eigh(hessian)
    size = np.abs(curvature)
    largest = size.max(axis=1, keepdims=True)
    size = np.maximum(size, _CURVATURE_FLOOR * largest)
    along = np.matmul(gradient[:, None, :], axes)[:, 0, :]
    decrement = 0.5 * (along**2 / size).sum(axis=1)
    shrunk = along / (size + _DAMPING_SCALE * largest * damping[:, None])
    return -np.matmul(axes, shrunk[:, :, None])[:, :, 0], decrement
