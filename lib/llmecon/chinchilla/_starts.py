"""Starting points by variable projection: for given exponents the rest is a linear problem."""

import numpy as np

from llmecon._checks import FloatArray
from llmecon.chinchilla._newton import Problem

# Exponents of published laws lie between .07 and .6; the grid leaves room on both sides.
_LOWEST, _HIGHEST, _GRID = 0.05, 1.2, 16


def _project(task: Problem, alpha: FloatArray, beta: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Linear constants (E, A', B') and misfit for pairs of exponents, by normal equations.

    Misfit is relative to the loss where residuals are in logarithms.
    """
    loss = np.exp(task.log_loss)
    w = 1 / (loss * loss) if task.in_log else np.ones_like(loss)
    # each exponent once: a grid of 256 pairs has 16
    (alphas, i), (betas, j) = (np.unique(v, return_inverse=True) for v in (alpha, beta))
    size, data = np.exp(-np.outer(alphas, task.x)), np.exp(-np.outer(betas, task.y))
    gram = np.empty((alpha.size, 3, 3))
    gram[:, 0, 0] = w.sum()
    gram[:, 0, 1] = gram[:, 1, 0] = (size @ w)[i]
    gram[:, 0, 2] = gram[:, 2, 0] = (data @ w)[j]
    gram[:, 1, 1] = ((size * size) @ w)[i]
    gram[:, 2, 2] = ((data * data) @ w)[j]
    gram[:, 1, 2] = gram[:, 2, 1] = ((size * w) @ data.T)[i, j]
    of_loss = w * loss
    right = np.stack(
        [np.full(alpha.size, of_loss.sum()), (size @ of_loss)[i], (data @ of_loss)[j]], axis=1
    )
    return _solve(gram, right, float(of_loss @ loss))


def _solve(gram: FloatArray, right: FloatArray, total: float) -> tuple[FloatArray, FloatArray]:
    # Scaled to unit diagonal, a singular cell (two columns alike) shows in its determinant.
    scale = 1 / np.sqrt(np.einsum("ijj->ij", gram))
    scaled = gram * scale[:, :, None] * scale[:, None, :]
    usable = np.linalg.det(scaled) > 1e-13
    scaled[~usable] = np.eye(3)
    linear = np.linalg.solve(scaled, (right * scale)[:, :, None])[:, :, 0] * scale
    linear[~usable] = -1.0  # marks the cell as not admissible
    misfit = total - np.einsum("ij,ij->i", linear, right)
    return linear, np.where(usable, misfit, np.inf)


def _theta(linear: FloatArray, alpha: FloatArray, beta: FloatArray) -> FloatArray:
    e, a, b = np.log(linear).T
    return np.stack([a, b, e, alpha, beta], axis=1)


def grid_starts(task: Problem, most: int) -> tuple[FloatArray, bool]:
    """The best cells of the grid, best first, and true; a last resort where none is admissible."""
    exponents = np.linspace(_LOWEST, _HIGHEST, _GRID)
    alpha, beta = np.repeat(exponents, _GRID), np.tile(exponents, _GRID)
    linear, misfit = _project(task, alpha, beta)
    admissible = (linear > 0).all(axis=1)
    if not admissible.any():
        return _last_resort(task), False
    best = np.argsort(np.where(admissible, misfit, np.inf))[: min(most, int(admissible.sum()))]
    return _theta(linear[best], alpha[best], beta[best]), True


def _last_resort(task: Problem) -> FloatArray:
    """Middling exponents, the lowest loss shared out: a term is not identified anyway."""
    share = float(task.log_loss.min()) + np.log([0.25, 0.25, 0.5])
    return np.array([[share[0], share[1], share[2], 0.35, 0.35]])


def given_starts(task: Problem, exponents: FloatArray) -> tuple[FloatArray, bool]:
    """Starts at given (alpha, beta); where not admissible, at the nearest cell that is.

    Also whether all three linear constants came out positive for any of them.
    """
    alpha, beta = np.clip(exponents, _LOWEST, _HIGHEST).T
    linear, _ = _project(task, alpha, beta)
    good = (linear > 0).all(axis=1)
    theta = np.empty((len(alpha), 5))
    theta[good] = _theta(linear[good], alpha[good], beta[good])
    if not good.all():
        cells = grid_starts(task, _GRID * _GRID)[0]
        distance = np.hypot(
            alpha[~good, None] - cells[None, :, 3], beta[~good, None] - cells[None, :, 4]
        )
        theta[~good] = cells[distance.argmin(axis=1)]
    return theta, bool(good.any())
