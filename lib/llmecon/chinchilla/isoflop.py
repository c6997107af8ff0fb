"""Approach 2 of Hoffmann et al. 2022: IsoFLOP profiles."""

import warnings

import numpy as np

from llmecon._checks import FloatArray, Numbers, require
from llmecon.chinchilla._records import Domain, own_runs
from llmecon.chinchilla.fitting import FitWarning
from llmecon.chinchilla.forms import PowerLaw
from llmecon.chinchilla.points import Points, Table, as_points


def approach_2(points: Table | Points, *, flop: Numbers, tolerance_dex: float = 0.05) -> PowerLaw:
    """IsoFLOP profiles: a parabola in log size at each budget, then regression of the minima.

    Parameters
    ----------
    points : DataFrame or mapping of arrays
        Columns ``n_params``, ``n_tokens``, ``loss``. [parameters] [tokens] [nats/token]
    flop : array
        Budgets; a run belongs to the nearest one in logarithm. [FLOP]
    tolerance_dex : float, optional
        Farthest that 6ND may lie from its budget. [decades]

    Returns
    -------
    PowerLaw
        Size and tokens as powers of the budget, fitted apart: the exponents need not add up to
        1, nor N*(C) D*(C) meet C/6.

    Raises
    ------
    ValueError
        If fewer than two budgets have a parabola with a minimum.

    Warns
    -----
    FitWarning
        If a minimum lies outside the sampled sizes.

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
    >>> round(found.exponent - float(law.a), 9)
    0.0
    """
    table = as_points(points, duplicates="keep", fewest=1)
    budgets = np.unique(np.atleast_1d(require("flop", flop, above=0, unit="FLOP")))
    tolerance = float(require("tolerance_dex", tolerance_dex, above=0, unit="decades"))
    away = np.abs(np.log10(6 * table.n_params * table.n_tokens)[:, None] - np.log10(budgets))
    owner = np.where(away.min(axis=1) < tolerance, away.argmin(axis=1), -1)
    minima = []
    for at, budget in enumerate(budgets):
        size, tokens, loss = (v[owner == at] for v in (table.n_params, table.n_tokens, table.loss))
        best = [_vertex(np.log10(values), loss) for values in (size, tokens)]
        if np.all(np.isfinite(best)):
            minima.append((budget, *(10 ** np.array(best))))
            if not size.min() <= minima[-1][1] <= size.max():
                text = f"budget {budget:.3g} FLOP: the minimum lies outside the sampled sizes"
                warnings.warn(text, FitWarning, stacklevel=2)
    if len(minima) < 2:
        raise ValueError(
            "flop must name at least two budgets with more than 3 runs within "
            f"{tolerance:g} decades and a minimum, got {len(minima)} [budgets]"
        )
    spent, sizes, data = np.array(minima).T
    factor, exponent = _regression(spent, sizes)
    return PowerLaw(
        name="isoflop fit",
        factor=factor,
        exponent=exponent,
        of="params",
        tokens_law=_regression(spent, data),
        provenance=own_runs(
            f"parabolas through {len(minima)} IsoFLOP profiles", "regression of their minima"
        ),
        domain=Domain(flop=(float(spent.min()), float(spent.max()))),
    )


def _vertex(position: FloatArray, loss: FloatArray) -> float:
    """Minimum of the least-squares parabola; NaN where there is none."""
    if np.unique(position).size < 3:
        return np.nan
    middle = float(position.mean())
    curvature, slope, _ = np.polyfit(position - middle, loss, 2)
    return middle - float(slope / (2 * curvature)) if curvature > 0 else np.nan


def _regression(flop: FloatArray, value: FloatArray) -> tuple[float, float]:
    """Factor and exponent of a power of the budget, by regression of logarithms."""
    exponent, constant = np.polyfit(np.log(flop), np.log(value), 1)
    return float(np.exp(constant)), float(exponent)
