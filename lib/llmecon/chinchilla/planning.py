"""Plan runs before they are paid for: designs, simulated losses, runs needed."""

import numpy as np
import pandas as pd

from llmecon._checks import FloatArray, Numbers, require
from llmecon.chinchilla import _newton
from llmecon.chinchilla.fitting import coordinates, fit, make_task
from llmecon.chinchilla.points import as_points
from llmecon.chinchilla.resampling import Seed
from llmecon.chinchilla.separable import SeparableLaw


def isoflop_design(
    law: SeparableLaw,
    *,
    flop: Numbers = (1e19, 1e20, 1e21),
    n_sizes: int = 13,
    half_width: float = 5.0,
) -> tuple[FloatArray, FloatArray]:
    """Sizes spread evenly in logarithm around the optimum of each budget.

    Parameters
    ----------
    law : SeparableLaw
        What is believed now; it sets the centres.
    flop : array, optional
        Budgets. [FLOP]
    n_sizes : int, optional
        Runs at each budget. [runs]
    half_width : float, optional
        Largest size over the centre, and centre over the smallest. [1]

    Returns
    -------
    n_params, n_tokens : array
        Budget by budget. [parameters] [tokens]

    Examples
    --------
    >>> from llmecon import chinchilla
    >>> n, d = isoflop_design(chinchilla.BESIROGLU_2024, flop=[1e20], n_sizes=3, half_width=2)
    >>> (6 * n * d / 1e20).round(12), (n / n[1]).round(12)
    (array([1., 1., 1.]), array([0.5, 1. , 2. ]))
    """
    budgets = np.atleast_1d(require("flop", flop, above=0, unit="FLOP"))
    count = int(require("n_sizes", n_sizes, minimum=1, unit="runs"))
    wide = float(require("half_width", half_width, above=1, unit="1"))
    centre = np.asarray(law.optimal(flop=budgets).params)
    factors = wide ** np.linspace(-1, 1, count) if count > 1 else np.ones(1)
    size = centre[:, None] * factors
    tokens = budgets[:, None] / (law.flop_per_param_token * size)
    return size.ravel(), tokens.ravel()


def simulate(
    law: SeparableLaw,
    n_params: Numbers,
    n_tokens: Numbers,
    *,
    noise: float,
    degrees_of_freedom: float | None = None,
    seed: Seed = 0,
) -> pd.DataFrame:
    """Losses of planned runs under a law, with multiplicative noise.

    Parameters
    ----------
    law : SeparableLaw
        The truth of the simulation.
    n_params, n_tokens : float or array
        Runs. [parameters] [tokens]
    noise : float
        Standard deviation of the logarithm of the loss (its scale, for Student noise): about
        .005 for well-tuned runs, 0 for none. [1]
    degrees_of_freedom : float, optional
        Of Student noise, for outliers; normal without it. [1]
    seed : int, Generator or RandomState, optional
        Source of the noise.

    Returns
    -------
    DataFrame
        ``n_params``, ``n_tokens``, ``loss``: what :func:`fit` takes.

    Examples
    --------
    >>> from llmecon import chinchilla
    >>> simulate(chinchilla.BESIROGLU_2024, 70e9, 1.4e12, noise=0.0)["loss"].item()
    1.97388
    """
    size = require("n_params", n_params, above=0, unit="parameters")
    tokens = require("n_tokens", n_tokens, above=0, unit="tokens")
    spread = float(require("noise", noise, minimum=0, unit="1"))
    size, tokens = (v.ravel() for v in np.broadcast_arrays(size, tokens))
    draw = np.random.default_rng(seed)
    if degrees_of_freedom is None:
        shock = draw.standard_normal(size.size)
    else:
        freedom = float(require("degrees_of_freedom", degrees_of_freedom, above=0, unit="1"))
        shock = draw.standard_t(freedom, size.size)
    loss = np.asarray(law.loss(size, tokens)) * np.exp(spread * shock)
    return pd.DataFrame({"n_params": size, "n_tokens": tokens, "loss": loss})


def runs_needed(n_runs: Numbers, *, width: Numbers, target_width: Numbers) -> FloatArray:
    """Runs for an interval of a wanted width, from the width at a known number.

    Widths fall with the square root of the number of runs, the design kept.

    Parameters
    ----------
    n_runs : float or array
        Runs behind the known width. [runs]
    width, target_width : float or array
        Known and wanted width of the interval, in one unit.

    Returns
    -------
    float or array
        Runs, not rounded. [runs]

    Examples
    --------
    Besiroglu et al. 2024: an 80% interval of a that is .001 wide, as Hoffmann et al. print from
    fewer than 500 runs, needs about 634,000.

    >>> round(float(runs_needed(240, width=0.0514135, target_width=0.001)), -3)
    634000.0
    """
    known = require("width", width, above=0)
    wanted = require("target_width", target_width, above=0)
    count = require("n_runs", n_runs, above=0, unit="runs")
    return np.asarray(count * (known / wanted) ** 2)[()]


def simulated_width(
    law: SeparableLaw,
    n_params: Numbers,
    n_tokens: Numbers,
    *,
    noise: float,
    n_simulations: int = 200,
    seed: Seed = 0,
) -> float:
    """Width of the 80% interval of a that a plan of runs would give, by fitting simulated losses.

    Parameters
    ----------
    law : SeparableLaw
        The truth of the simulation.
    n_params, n_tokens : array
        Planned runs. [parameters] [tokens]
    noise, seed
        As in :func:`simulate`.
    n_simulations : int, optional
        Simulated tables. [tables]

    Returns
    -------
    float
        Width of the exponent of the optimal size, for :func:`runs_needed`. [1]

    Raises
    ------
    ValueError
        If fewer than half of the simulated tables can be fitted at all.
    """
    count = int(require("n_simulations", n_simulations, minimum=2, unit="tables"))
    draw = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        runs = simulate(law, n_params, n_tokens, noise=noise, seed=draw)
        fitted = fit(runs, starts=1, warn=False, duplicates="keep")
        if fitted.at_minimum:
            found.append(float(fitted.law.a))
    if 2 * len(found) < count:
        raise ValueError(f"runs must tell the constants apart, got {len(found)} of {count} fits")
    low, high = np.percentile(found, [10, 90])
    return float(high - low)


def design_condition(law: SeparableLaw, n_params: Numbers, n_tokens: Numbers) -> float:
    """How badly a plan of runs tells the constants of a law apart, before any is run.

    Parameters
    ----------
    law : SeparableLaw
        What is believed now.
    n_params, n_tokens : array
        Planned runs. [parameters] [tokens]

    Returns
    -------
    float
        Condition of the centred Jacobian of ln L: about 60 is good, above 1e3 doubtful, above
        1e5 (all runs at one D, at one D/N, or on the compute-optimal frontier) useless. [1]

    Examples
    --------
    >>> import numpy as np
    >>> from llmecon import chinchilla
    >>> n = np.logspace(7.7, 10.2, 40)
    >>> design_condition(chinchilla.BESIROGLU_2024, n, 20 * n) > 1e7
    True
    """
    runs = simulate(law, n_params, n_tokens, noise=0)
    plan = as_points(runs, duplicates="keep", fewest=1)
    return float(np.linalg.cond(_newton.slopes(make_task(plan), coordinates(law, plan))))
