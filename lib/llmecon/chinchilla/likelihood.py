"""Published constants judged on one table: objective and likelihood without a fit."""

from math import erf, pi, sqrt

import numpy as np

from llmecon._checks import Numbers, require
from llmecon.chinchilla import _newton
from llmecon.chinchilla._objective import Objective, Residual, centring_of, make_task
from llmecon.chinchilla._records import Array
from llmecon.chinchilla.points import Points, Table, as_points
from llmecon.chinchilla.separable import SeparableLaw


def objective_at(
    law: SeparableLaw,
    points: Table | Points,
    *,
    objective: Objective = "huber",
    residual: Residual = "log",
    delta: float = 1e-3,
    weights: Numbers | None = None,
    overestimate_weight: float = 1.0,
) -> float:
    """Objective of :func:`fit` at given constants, to compare published sets on one table.

    Parameters
    ----------
    law : SeparableLaw
        Constants.
    points, objective, residual, delta, weights, overestimate_weight
        As in :func:`fit`.
    """
    table = as_points(points, weights=weights, duplicates="keep", fewest=1)
    task = make_task(table, objective, residual, delta, overestimate_weight)
    raw = np.array([np.log(law.A), np.log(law.B), np.log(law.E), law.alpha, law.beta])
    theta = (centring_of(table) @ raw)[None]
    if objective == "absolute":
        r = _newton.residuals(task, theta)[0]
        return float((table.weights * np.where(r > 0, task.over_weight, 1.0)) @ np.abs(r))
    return float(_newton.objective(task, theta, table.weights[None])[0])


def huber_log_likelihood(
    law: SeparableLaw, points: Table | Points, *, delta: float = 1e-3
) -> tuple[float, float]:
    r"""Log-likelihood of a Huber density whose scale is set to its best value.

    .. math:: \sum_i \left[-H_\delta(r_i/s) - \ln s\right] - n \ln Z, \quad
              Z = \sqrt{2\pi}\,\mathrm{erf}(\delta/\sqrt 2) + \tfrac{2}{\delta} e^{-\delta^2/2}

    Parameters
    ----------
    law : SeparableLaw
        Constants.
    points : DataFrame or mapping
        Runs.
    delta : float, optional
        Threshold, in scales. [1]

    Returns
    -------
    log_likelihood, log_scale : float
        At the best scale s. [1]

    Notes
    -----
    With a free scale the effective threshold delta s is about 5e-9 on the 240 points, so that
    maximum likelihood is least absolute deviation, whatever the delta: that is how the printed
    constants of Besiroglu et al. come about.
    """
    table = as_points(points, duplicates="keep", fewest=1)
    threshold = float(require("delta", delta, above=0, unit="1"))
    r = np.abs(np.log(law.loss(table.n_params, table.n_tokens)) - np.log(table.loss))
    return _best_scale(r, threshold)


def _best_scale(r: Array, delta: float) -> tuple[float, float]:
    z = sqrt(2 * pi) * erf(delta / sqrt(2)) + 2 / delta * np.exp(-(delta**2) / 2)

    # d/d ln s of the likelihood: sum psi(r/s) r/s - n, falling in ln s.
    def slope(log_scale: float) -> float:
        scaled = r * np.exp(-log_scale)
        return float((np.minimum(scaled, delta) * scaled).sum()) - r.size

    low, high = -60.0, 20.0
    for _ in range(200):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if slope(middle) > 0 else (low, middle)
    scaled = r * np.exp(-low)
    psi = np.minimum(scaled, delta)
    likelihood = -(psi * (scaled - 0.5 * psi)).sum() - r.size * (low + np.log(z))
    return float(likelihood), low
