"""Starting points by variable projection: for given exponents the rest is a linear problem."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llmecon.chinchilla._newton import Problem
from llmecon.chinchilla._records import Array

# Exponents of published laws lie between .07 and .6; the grid leaves room on both sides.
LOWEST_EXPONENT, HIGHEST_EXPONENT, GRID = 0.05, 1.2, 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """Exponent pairs with their best linear constants.

    Attributes
    ----------
    theta : array
        Starts in the coordinates of the fit, best first.
    admissible : array of bool
        Whether all three linear constants came out positive.
    """

    theta: Array
    admissible: NDArray[np.bool_]


def project(task: Problem, weights: Array, alpha: Array, beta: Array) -> tuple[Array, Array]:
    """Linear constants (E, A', B') and misfit for pairs of exponents, by normal equations.

    Misfit is relative to the loss where residuals are in logarithms.
    """
    loss = np.exp(task.log_loss)
    w = weights / (loss * loss) if task.in_log else weights
    size, data = np.exp(-np.outer(alpha, task.x)), np.exp(-np.outer(beta, task.y))
    gram = np.empty((alpha.size, 3, 3))
    gram[:, 0, 0] = w.sum()
    gram[:, 0, 1] = gram[:, 1, 0] = size @ w
    gram[:, 0, 2] = gram[:, 2, 0] = data @ w
    gram[:, 1, 1] = (size * size) @ w
    gram[:, 2, 2] = (data * data) @ w
    gram[:, 1, 2] = gram[:, 2, 1] = ((size * w) * data).sum(axis=1)
    right = np.stack([np.full(alpha.size, w @ loss), size @ (w * loss), data @ (w * loss)], axis=1)
    return _solve(gram, right, float(w @ (loss * loss)))


def _grid(task: Problem, weights: Array) -> tuple[Array, Array, Array, Array]:
    """The same on a square grid, where the products factor."""
    loss = np.exp(task.log_loss)
    w = weights / (loss * loss) if task.in_log else weights
    exponents = np.linspace(LOWEST_EXPONENT, HIGHEST_EXPONENT, GRID)
    size, data = np.exp(-np.outer(exponents, task.x)), np.exp(-np.outer(exponents, task.y))
    gram = np.empty((GRID, GRID, 3, 3))
    gram[..., 0, 0] = w.sum()
    gram[..., 0, 1] = gram[..., 1, 0] = (size @ w)[:, None]
    gram[..., 0, 2] = gram[..., 2, 0] = (data @ w)[None, :]
    gram[..., 1, 1] = ((size * size) @ w)[:, None]
    gram[..., 2, 2] = ((data * data) @ w)[None, :]
    gram[..., 1, 2] = gram[..., 2, 1] = (size * w) @ data.T
    right = np.empty((GRID, GRID, 3))
    right[..., 0] = w @ loss
    right[..., 1] = (size @ (w * loss))[:, None]
    right[..., 2] = (data @ (w * loss))[None, :]
    linear, misfit = _solve(gram.reshape(-1, 3, 3), right.reshape(-1, 3), float(w @ (loss * loss)))
    return np.repeat(exponents, GRID), np.tile(exponents, GRID), linear, misfit


def _solve(gram: Array, right: Array, total: float) -> tuple[Array, Array]:
    # Scaled to unit diagonal, a singular cell (two columns alike) shows in its determinant.
    scale = 1 / np.sqrt(np.einsum("ijj->ij", gram))
    scaled = gram * scale[:, :, None] * scale[:, None, :]
    usable = np.linalg.det(scaled) > 1e-13
    scaled[~usable] = np.eye(3)
    linear = np.linalg.solve(scaled, (right * scale)[:, :, None])[:, :, 0] * scale
    linear[~usable] = -1.0  # marks the cell as not admissible
    misfit = total - np.einsum("ij,ij->i", linear, right)
    return linear, np.where(usable, misfit, np.inf)


def _theta(linear: Array, alpha: Array, beta: Array) -> Array:
    e, a, b = np.log(linear).T
    return np.stack([a, b, e, alpha, beta], axis=1)


def grid_starts(task: Problem, weights: Array, most: int) -> Cells:
    """The best cells of the grid; one last resort where none is admissible."""
    alpha, beta, linear, misfit = _grid(task, weights)
    admissible = (linear > 0).all(axis=1)
    if not admissible.any():
        return Cells(theta=_last_resort(task), admissible=np.array([False]))
    best = np.argsort(np.where(admissible, misfit, np.inf))[: min(most, int(admissible.sum()))]
    theta = _theta(linear[best], alpha[best], beta[best])
    return Cells(theta=theta, admissible=np.ones(len(best), dtype=bool))


def _last_resort(task: Problem) -> Array:
    """Middling exponents, the lowest loss shared out: a term is not identified anyway."""
    share = float(task.log_loss.min()) + np.log([0.25, 0.25, 0.5])
    return np.array([[share[0], share[1], share[2], 0.35, 0.35]])


def given_starts(task: Problem, weights: Array, exponents: Array) -> Cells:
    """Starts at given (alpha, beta); where not admissible, at the nearest cell that is."""
    alpha, beta = np.clip(exponents, LOWEST_EXPONENT, HIGHEST_EXPONENT).T
    linear, _ = project(task, weights, alpha, beta)
    good = (linear > 0).all(axis=1)
    theta = np.empty((len(alpha), 5))
    theta[good] = _theta(linear[good], alpha[good], beta[good])
    if not good.all():
        cells = grid_starts(task, weights, GRID * GRID).theta
        distance = np.hypot(
            alpha[~good, None] - cells[None, :, 3], beta[~good, None] - cells[None, :, 4]
        )
        theta[~good] = cells[distance.argmin(axis=1)]
    return Cells(theta=theta, admissible=np.asarray(good))
