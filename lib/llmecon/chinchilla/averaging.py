r"""The averaging bug: a general optimiser whose tolerances have a scale, on an objective of 1e-6.

:func:`fit` does not work this way. It is here to be shown, and to be looked for in other code.
"""

from dataclasses import replace
from typing import Literal, NamedTuple

import numpy as np
from scipy import optimize

from llmecon._checks import FloatArray, require
from llmecon.chinchilla import _newton
from llmecon.chinchilla.fitting import fitted_law, make_task
from llmecon.chinchilla.points import Points, Table, as_points
from llmecon.chinchilla.separable import SeparableLaw

_Scale = Literal["mean", "sum", "scaled"]
_NAMES = ("A", "B", "E", "alpha", "beta")


class Stop(NamedTuple):
    """Where a general optimiser stopped, and what it said.

    Attributes
    ----------
    law : SeparableLaw
        Where it stopped.
    objective : float
        Sum of the Huber terms there, however they were scaled for the optimiser. [1]
    success : bool
        The optimiser's own word.
    """

    law: SeparableLaw
    objective: float
    success: bool


def general_stop(
    points: Table | Points, *, start: SeparableLaw, scale: _Scale = "mean", delta: float = 1e-3
) -> Stop:
    r"""Stop of SciPy's L-BFGS-B with its default tolerances, as published pipelines use it.

    .. math:: s \sum_i H_\delta(\ln \hat L(N_i, D_i) - \ln L_i), \quad
              s = 1/n, \; 1 \; \text{or} \; 1/\delta

    Parameters
    ----------
    points : DataFrame or mapping of arrays
        Columns ``n_params``, ``n_tokens``, ``loss``. [parameters] [tokens] [nats/token]
    start : SeparableLaw
        Constants to begin with.
    scale : {"mean", "sum", "scaled"}, optional
        Whether the terms are averaged, summed, or summed and divided by `delta`.
    delta : float, optional
        Huber threshold. [1]

    Returns
    -------
    Stop
        With ``success``, which is no proof of a minimum.

    Raises
    ------
    ValueError
        For another scale, and for tables that :func:`fit` refuses.

    Notes
    -----
    L-BFGS-B stops when the gradient is below 1e-5 or the decrease below 2.2e-9 max(\|F\|, 1).
    Both are absolute here: the mean is about 4e-6 at the optimum of Hoffmann's runs. Coordinates
    are the raw (ln A, ln B, ln E, alpha, beta) of the paper, in which the problem is a thousand
    times worse conditioned than centred.

    References
    ----------
    .. [1] T. Besiroglu et al., arXiv:2404.10102, 2024: the cause of the narrow
       intervals of J. Hoffmann et al., arXiv:2203.15556, 2022.

    Examples
    --------
    >>> from llmecon import chinchilla
    >>> law, start = chinchilla.BESIROGLU_2024, chinchilla.HOFFMANN_2022_TEX
    >>> runs = chinchilla.simulate(law, *chinchilla.isoflop_design(law), noise=0.005, seed=1)
    >>> stop = general_stop(runs, start=start)
    >>> stop.success, stop.objective / chinchilla.fit(runs).objective > 1.05
    (True, True)
    """
    if scale not in ("mean", "sum", "scaled"):
        raise ValueError(f"scale must be 'mean', 'sum' or 'scaled', got {scale!r}")
    threshold = float(require("delta", delta, above=0, unit="1"))
    table = as_points(points, duplicates="keep")
    factor = {"mean": 1 / len(table), "sum": 1.0, "scaled": 1 / threshold}[scale]
    centred = make_task(table, delta=threshold)
    task = replace(centred, x=np.log(table.n_params), y=np.log(table.n_tokens))

    def both(theta: FloatArray) -> tuple[float, FloatArray]:
        value, gradient, _ = _newton.evaluate(task, theta[None], np.ones((1, len(table))))
        return float(value[0]) * factor, gradient[0] * factor

    first = np.array([np.log(start.A), np.log(start.B), np.log(start.E), start.alpha, start.beta])
    end = optimize.minimize(both, first, jac=True, method="L-BFGS-B")
    law = fitted_law(
        f"stop of the {scale}",
        dict(zip(_NAMES, [*np.exp(end.x[:3]), *end.x[3:]], strict=True)),
        table.domain,
        f"L-BFGS-B on {len(table)} runs",
        f"Huber terms, {scale}",
    )
    return Stop(law, float(end.fun) / factor, bool(end.success))
