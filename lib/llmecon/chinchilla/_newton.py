r"""Damped Newton on the fitting objective, for many weightings of the same runs at once.

**Coordinates** are (a, b, e, alpha, beta) with a = ln A - alpha mean(ln N),
b = ln B - beta mean(ln D), e = ln E. In logarithms A, B and E cannot turn negative, and the
prediction is a sum of exponentials, so that ln L and all its derivatives are products of the three
terms' shares. Centred, a change of an exponent no longer needs a large change of its coefficient
to keep the loss of the runs: the Hessian's condition number is a thousand times smaller than in
the raw constants, and Newton's model of the objective holds over longer steps.

**Rows.** A start of a fit or a resample of a bootstrap is a row of one array; a resample is a
vector of counts as weights, never a copy of runs. All rows step together, and those that are done
leave.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from llmecon._checks import FloatArray

N_CONSTANTS = 5
# exp overflows beyond.
_EXPONENT_LIMIT = 700.0
# Damping is a share of the largest curvature. It starts small, for starts are solved to be near,
# falls to a fifth with each step that lowers the objective (the last steps are pure Newton, whose
# error squares) and rises sixfold with each that does not, which is then not taken.
_FIRST_DAMPING = 1e-3 * 0.01
_ACCEPTED, _REJECTED = 0.2, 6.0
# Directions flatter than this share of the largest curvature count as so curved: a flat valley
# must not throw a step out of it.
_CURVATURE_FLOOR = 1e-10
# A row has converged when the Newton decrement g' H^-1 g / 2, the decrease that the quadratic
# model still promises, is below this share of the objective, twice running. The rule has no
# scale: an objective that is summed, averaged or multiplied stops at the same place, which is
# where published pipelines with absolute tolerances fail.
_DECREMENT = 1e-10
_MOST_STEPS = 500
# Objective per run below which residuals are rounding.
EXACT = 1e-20
# Index of each coordinate's share (size, data, irreducible) and the sign of its derivative:
# d ln(term)/d(a, b, e, alpha, beta) is 1, 1, 1, -x, -y.
_SHARE = np.array([0, 1, 2, 0, 1])
_SIGN = np.outer([1, 1, 1, -1, -1], [1, 1, 1, -1, -1])
# Column of 1, x, x^2, y, y^2, xy that is the product of two derivatives; and which of the
# products of shares 11, 12, 13, 22, 23, 33 goes with it.
_COLUMN = np.array(
    [[0, 0, 0, 1, 3], [0, 0, 0, 1, 3], [0, 0, 0, 1, 3], [1, 1, 1, 2, 5], [3, 3, 3, 5, 4]]
)
_PAIR = np.array([[0, 1, 2], [1, 3, 4], [2, 4, 5]])[np.ix_(_SHARE, _SHARE)]
_SAME = _SHARE[:, None] == _SHARE


@dataclass(frozen=True, kw_only=True)
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
    """

    x: FloatArray
    y: FloatArray
    log_loss: FloatArray
    delta: float
    in_log: bool

    @cached_property
    def table(self) -> FloatArray:
        """1, x, x^2, y, y^2, xy in columns: every sum over the runs is a product with it."""
        x, y = self.x, self.y
        return np.column_stack([np.ones_like(x), x, x * x, y, y * y, x * y])


def _shares(
    task: Problem, theta: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Shares of the size, data and irreducible terms, and ln of their sum, row by row."""
    e = theta[:, 2:3]
    size = np.exp(np.minimum(theta[:, 0:1] - e - theta[:, 3:4] * task.x, _EXPONENT_LIMIT))
    data = np.exp(np.minimum(theta[:, 1:2] - e - theta[:, 4:5] * task.y, _EXPONENT_LIMIT))
    both = size + data
    rest = 1 / (1 + both)
    return size * rest, data * rest, rest, np.log1p(both) + e


def residuals(task: Problem, theta: FloatArray) -> FloatArray:
    """Prediction minus observation, in log or in loss, row by row."""
    log_prediction = _shares(task, theta)[3]
    if task.in_log:
        return np.asarray(log_prediction - task.log_loss)
    return np.asarray(np.exp(log_prediction) - np.exp(task.log_loss))


def slopes(task: Problem, theta: FloatArray) -> FloatArray:
    """Derivative of each residual by the five coordinates, at one point."""
    p1, p2, p3, log_prediction = (part[0] for part in _shares(task, theta[None]))
    found = np.stack([p1, p2, p3, -p1 * task.x, -p2 * task.y], axis=1)
    return np.asarray(found if task.in_log else found * np.exp(log_prediction)[:, None])


def evaluate(
    task: Problem, theta: FloatArray, weights: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Objective, gradient and generalised Hessian, row by row.

    With z = ln of the prediction and p its shares, T the derivative of each term's logarithm:
    grad z = sum p T, and Hess z = sum p T T' - grad z grad z'.
    """
    *parts, log_prediction = _shares(task, theta)
    prediction = 1.0 if task.in_log else np.exp(log_prediction)
    r = log_prediction - task.log_loss if task.in_log else prediction - np.exp(task.log_loss)
    psi = np.clip(r, -task.delta, task.delta)
    first = weights * psi
    value = np.einsum("ij,ij->i", first, r - 0.5 * psi)
    inside = np.abs(r) < task.delta
    if task.in_log:
        second = weights * inside - first
    else:
        first = first * prediction
        second = weights * inside * prediction * prediction
    return value, *_gradient_and_hessian(task, first, second, parts)


def _gradient_and_hessian(
    task: Problem, first: FloatArray, second: FloatArray, parts: list[FloatArray]
) -> tuple[FloatArray, FloatArray]:
    """Sums over the runs, every one a product with the table of 1, x, x^2, y, y^2, xy."""
    rows, n = first.shape
    # a row's nine products lie together: small matrix products, which BLAS does not thread
    work = np.empty((rows, 9, n))
    for i, part in enumerate(parts):
        np.multiply(first, part, out=work[:, i])
    pairs = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
    curved = [second * part for part in parts]
    for at, (i, j) in enumerate(pairs, start=3):
        np.multiply(curved[i], parts[j], out=work[:, at])
    sums = work @ task.table
    g, q = sums[:, :3], sums[:, 3:]
    gradient = g[:, _SHARE, _COLUMN[0]] * _SIGN[0]
    # sum p T T' where both derivatives are of one term, less the outer product of all terms
    hessian = _SIGN * (q[:, _PAIR, _COLUMN] + _SAME * g[:, _SHARE[:, None], _COLUMN])
    return gradient, hessian


@dataclass(frozen=True, slots=True, kw_only=True)
class Minimum:
    """Where each row ended.

    Attributes
    ----------
    theta : array
        Coordinates, a row each.
    objective, decrement : array
        At the end; the decrement is g' H^-1 g / 2.
    iterations : array of int
        Newton steps.
    converged : array of bool
        Whether the stop rule was met.
    """

    theta: FloatArray
    objective: FloatArray
    decrement: FloatArray
    iterations: NDArray[np.intp]
    converged: NDArray[np.bool_]


def minimise(task: Problem, theta: FloatArray, weights: FloatArray) -> Minimum:
    """Run every row to its minimum: weights (1 or rows) x runs.

    Each row steps until two successive decrements are below ``_DECREMENT`` of its objective.
    """
    rows = len(theta)
    weights = np.broadcast_to(weights, (rows, task.x.size))
    end = Minimum(
        theta=theta.copy(),
        objective=np.empty(rows),
        decrement=np.full(rows, np.inf),
        iterations=np.full(rows, _MOST_STEPS, dtype=np.intp),
        converged=np.zeros(rows, dtype=bool),
    )
    active, theta, weights = np.arange(rows), end.theta.copy(), np.ascontiguousarray(weights)
    value, gradient, hessian = evaluate(task, theta, weights)
    damping, calm = np.full(rows, _FIRST_DAMPING), np.zeros(rows, dtype=np.intp)
    negligible = EXACT * weights.sum(axis=1)
    for iteration in range(1, _MOST_STEPS + 1):
        step, decrement = _newton_step(gradient, hessian, damping)
        still = decrement <= np.maximum(_DECREMENT * value, negligible)
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
        done = (calm >= 2) | (iteration == _MOST_STEPS)
        if done.any():
            rows_done = active[done]
            end.theta[rows_done], end.objective[rows_done] = theta[done], value[done]
            end.decrement[rows_done] = decrement[done]
            end.iterations[rows_done], end.converged[rows_done] = iteration, calm[done] >= 2
            left = ~done
            if not left.any():
                break
            active, weights = active[left], weights[left]
            if task.log_loss.ndim == 2:  # each row has its own observations
                task = replace(task, log_loss=task.log_loss[left])
            theta, value, gradient, hessian = (v[left] for v in (theta, value, gradient, hessian))
            damping, calm, negligible = damping[left], calm[left], negligible[left]
    return end


def _newton_step(
    gradient: FloatArray, hessian: FloatArray, damping: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Step and decrement of each row.

    In the Hessian's own axes a step divides the gradient by the size of the curvature plus
    damping: along an axis of negative curvature (far from the optimum, and beyond the Huber
    threshold) it goes downhill instead of up to the saddle.
    """
    curvature, axes = np.linalg.eigh(hessian)
    size = np.abs(curvature)
    largest = size.max(axis=1, keepdims=True)
    size = np.maximum(size, _CURVATURE_FLOOR * largest)
    along = np.matmul(gradient[:, None, :], axes)[:, 0, :]
    decrement = 0.5 * (along**2 / size).sum(axis=1)
    shrunk = along / (size + largest * damping[:, None])
    return -np.matmul(axes, shrunk[:, :, None])[:, :, 0], decrement
