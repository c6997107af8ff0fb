"""Printed tables that presets and tests stand on, as their papers print them."""

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

# Sizes of both tables. [parameters]
_SIZES = (4e8, 1e9, 1e10, 6.7e10, 1.75e11, 2.8e11, 5.2e11, 1e12, 1e13)
_APPROACH_1 = (
    (1.92e19, 1.21e20, 1.23e22, 5.76e23, 3.85e24, 9.90e24, 3.43e25, 1.27e26, 1.30e28),
    (8.0e9, 20.2e9, 205.1e9, 1.5e12, 3.7e12, 5.9e12, 11.0e12, 21.2e12, 216.2e12),
)
_APPROACH_2 = (
    (1.84e19, 1.20e20, 1.32e22, 6.88e23, 4.54e24, 1.18e25, 4.19e25, 1.59e26, 1.75e28),
    (7.7e9, 20.0e9, 219.5e9, 1.7e12, 4.3e12, 7.1e12, 13.4e12, 26.5e12, 292.0e12),
)
# The 175B row prints 1.26e24 FLOP where 6ND is 1.26e25.
_APPROACH_3 = (
    (2.21e19, 1.62e20, 2.46e22, 1.71e24, 1.26e24, 3.52e25, 1.36e26, 5.65e26, 8.55e28),
    (9.2e9, 27.1e9, 410.1e9, 4.1e12, 12.0e12, 20.1e12, 43.5e12, 94.1e12, 1425.5e12),
)
_MISPRINT = 4


def hoffmann_2022_table(approach: int) -> pd.DataFrame:
    """Compute-optimal budgets and tokens of nine sizes, as Hoffmann et al. 2022 print them.

    Parameters
    ----------
    approach : {1, 2, 3}
        1 is Table 3, 2 and 3 are Table A3 of arXiv:2203.15556.

    Returns
    -------
    DataFrame
        ``n_params`` [parameters], ``flop`` [FLOP], ``n_tokens`` [tokens] and ``misprint``, true
        for the 175B row of approach 3, whose budget is ten times too small.

    Raises
    ------
    ValueError
        For another approach.

    Examples
    --------
    >>> float(hoffmann_2022_table(1)["flop"].iloc[3])
    5.76e+23
    """
    tables = {1: _APPROACH_1, 2: _APPROACH_2, 3: _APPROACH_3}
    if approach not in tables:
        raise ValueError(f"approach must be 1, 2 or 3, got {approach!r}")
    flop, tokens = tables[approach]
    misprint = np.arange(len(_SIZES)) == (_MISPRINT if approach == 3 else -1)
    return pd.DataFrame(
        {"n_params": _SIZES, "flop": flop, "n_tokens": tokens, "misprint": misprint}
    )


# Hoffmann et al. 2022, Table 2: a and b with 10th and 90th percentiles. Approach 1 prints
# b = .50 outside its own interval; Approach 3's is .001 wide, a mark of the averaging bug.
HOFFMANN_2022_TABLE_2 = MappingProxyType(
    {
        "approach 1": {"a": (0.50, 0.488, 0.502), "b": (0.50, 0.501, 0.512)},
        "approach 2": {"a": (0.49, 0.462, 0.534), "b": (0.51, 0.483, 0.529)},
        "approach 3": {"a": (0.46, 0.454, 0.455), "b": (0.54, 0.542, 0.543)},
        "Kaplan": {"a": (0.73, None, None), "b": (0.27, None, None)},
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PorianStep:
    """One correction between Kaplan's exponent and Hoffmann's (Porian et al. 2024, Table 1).

    Attributes
    ----------
    step : str
        What was corrected, on top of the steps before.
    a, a_low, a_high : float
        Exponent of the optimal size on RefinedWeb, with its 95% interval. [1]
    a_openwebtext2 : float
        The same on OpenWebText2. [1]
    params_at_chinchilla_budget : float
        Implied optimal size at 5.88e23 FLOP. [parameters]
    """

    step: str
    a: float
    a_low: float
    a_high: float
    a_openwebtext2: float
    params_at_chinchilla_budget: float


# Porian et al. 2024, arXiv:2406.19146, Table 1 (printed, not recomputed).
PORIAN_2024_TABLE_1 = tuple(
    PorianStep(
        step=step,
        a=a,
        a_low=low,
        a_high=high,
        a_openwebtext2=other,
        params_at_chinchilla_budget=size,
    )
    for step, a, low, high, other, size in (
        ("Kaplan reproduction", 0.835, 0.82, 0.85, 0.864, 3e12),
        ("count last-layer FLOP", 0.706, 0.69, 0.72, 0.699, 787e9),
        ("scale warm-up", 0.602, 0.59, 0.62, 0.603, 292e9),
        ("match cosine to budget", 0.571, 0.56, 0.59, 0.574, 183e9),
        ("tune learning rate, batch, beta2", 0.497, 0.49, 0.50, 0.518, 77e9),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeSpan:
    """Span of one technique, as printed by Villalobos and Atkinson 2023.

    Attributes
    ----------
    technique : str
        What is varied.
    train_decades, serve_decades : float
        Orders of magnitude of training and of inference compute it exchanges. [decades]
    """

    technique: str
    train_decades: float
    serve_decades: float


# Villalobos and Atkinson 2023, summary table; pruning is stated as about 1 each.
EPOCH_2023_SPANS = tuple(
    TradeSpan(technique=technique, train_decades=train, serve_decades=serve)
    for technique, train, serve in (
        ("scaling policy", 1.2, 0.7),
        ("Monte Carlo tree search", 1.6, 1.6),
        ("pruning", 1.0, 1.0),
        ("resampling, cheap verification", 3.0, 6.0),
        ("resampling, expensive verification", 1.0, 1.45),
    )
)
