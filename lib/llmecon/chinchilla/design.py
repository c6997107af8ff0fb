"""Plan runs before they are paid for: designs, simulated losses, runs needed."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from llmecon._checks import Numbers, require
from llmecon.chinchilla._records import Array
from llmecon.chinchilla.fitting import Quantity, fit
from llmecon.chinchilla.resampling import Seed
from llmecon.chinchilla.separable import SeparableLaw


def isoflop_design(
    law: SeparableLaw,
    *,
    flop: Numbers = (1e19, 1e20, 1e21),
    n_sizes: int = 13,
    half_width: float = 5.0,
) -> tuple[Array, Array]:
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
    draw = np.random.default_rng(seed) if isinstance(seed, int | np.integer) else seed
    if degrees_of_freedom is None:
        shock = draw.standard_normal(size.size)
    else:
        freedom = float(require("degrees_of_freedom", degrees_of_freedom, above=0, unit="1"))
        shock = draw.standard_t(freedom, size.size)
    loss = np.asarray(law.loss(size, tokens)) * np.exp(spread * shock)
    return pd.DataFrame({"n_params": size, "n_tokens": tokens, "loss": loss})


def runs_needed(n_runs: Numbers, *, width: Numbers, target_width: Numbers) -> Array:
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
    quantity: str | Quantity = "a",
    level: float = 0.8,
    n_simulations: int = 200,
    degrees_of_freedom: float | None = None,
    seed: Seed = 0,
    progress: Callable[[int, int], None] | None = None,
) -> float:
    """Width of the interval that a plan of runs would give, by fitting simulated losses.

    Parameters
    ----------
    law : SeparableLaw
        The truth of the simulation.
    n_params, n_tokens : array
        Planned runs. [parameters] [tokens]
    noise, degrees_of_freedom, seed
        As in :func:`simulate`.
    quantity : str or callable, optional
        A property of a law, or a function of one.
    level : float, optional
        Share of the simulations inside the interval. [1]
    n_simulations : int, optional
        Simulated tables. [tables]
    progress : callable, optional
        Called with tables done and tables in all.

    Returns
    -------
    float
        Width, for :func:`runs_needed`.

    Raises
    ------
    ValueError
        If fewer than half of the simulated tables can be fitted at all.
    """
    count = int(require("n_simulations", n_simulations, minimum=2, unit="tables"))
    inside = float(require("level", level, above=0, maximum=1 - 1e-12, unit="1"))
    draw = np.random.default_rng(seed) if isinstance(seed, int | np.integer) else seed
    found = []
    for done in range(count):
        runs = simulate(
            law,
            n_params,
            n_tokens,
            noise=noise,
            degrees_of_freedom=degrees_of_freedom,
            seed=draw,
        )
        fitted = fit(runs, starts=1, warn=False, duplicates="keep")
        if fitted.at_minimum:
            value = quantity(fitted.law) if callable(quantity) else getattr(fitted.law, quantity)
            found.append(float(value))
        if progress is not None:
            progress(done + 1, count)
    if 2 * len(found) < count:
        raise ValueError(f"runs must tell the constants apart, got {len(found)} of {count} fits")
    low, high = np.percentile(found, [50 * (1 - inside), 50 * (1 + inside)])
    return float(high - low)
