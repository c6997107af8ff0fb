"""Numbers that papers print beside their laws, and the 6ND rule that they share."""

from types import MappingProxyType
from typing import NamedTuple

import pandas as pd

from llmecon import catalog
from llmecon._checks import FloatArray, Numbers
from llmecon.chinchilla._records import TRAIN_FLOP_PER_PARAM_TOKEN, plain, positive


def training_flop(n_params: Numbers, n_tokens: Numbers) -> FloatArray:
    """Training compute by the 6ND rule.

    Parameters
    ----------
    n_params : float or array
        Parameters used for one token. [parameters]
    n_tokens : float or array
        Training tokens. [tokens]

    Returns
    -------
    float or array
        Compute. [FLOP]

    Notes
    -----
    Leaves out attention over the context: 1.02 to 1.10 times short for the shapes of Hoffmann
    et al., Table A4.

    Examples
    --------
    >>> float(training_flop(405e9, 15.6e12)) / 1e25
    3.7908
    """
    size = positive("n_params", n_params, "parameters")
    return plain(TRAIN_FLOP_PER_PARAM_TOKEN * size * positive("n_tokens", n_tokens, "tokens"))


def tokens_per_param(n_params: Numbers, n_tokens: Numbers) -> FloatArray:
    """Training tokens for each parameter. [tokens/parameter]

    Examples
    --------
    >>> float(tokens_per_param(70e9, 1.4e12))
    20.0
    """
    tokens = positive("n_tokens", n_tokens, "tokens")
    return plain(tokens / positive("n_params", n_params, "parameters"))


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
    frame = catalog.table("printed_optima")
    rows = frame[frame.law == f"HOFFMANN_2022_APPROACH_{approach}"]
    if rows.empty:
        raise ValueError(f"approach must be 1, 2 or 3, got {approach!r}")
    return rows[["n_params", "flop", "n_tokens", "misprint"]].reset_index(drop=True)


# Hoffmann et al. 2022, Table 2: a and b with 10th and 90th percentiles. Approach 1 prints
# b = .50 outside its own interval; Approach 3's is .001 wide, a mark of the averaging bug.
HOFFMANN_2022_TABLE_2 = MappingProxyType(
    {
        "approach 1": {"a": (0.50, 0.488, 0.502), "b": (0.50, 0.501, 0.512)},
        "approach 2": {"a": (0.49, 0.462, 0.534), "b": (0.51, 0.483, 0.529)},
        "approach 3": {"a": (0.46, 0.454, 0.455), "b": (0.54, 0.542, 0.543)},
    }
)


class _PorianStep(NamedTuple):
    """One correction between Kaplan's exponent and Hoffmann's, on top of those before.

    ``a`` is the exponent of the optimal size on RefinedWeb, with its 95% interval. [1]
    """

    step: str
    a: float
    a_low: float
    a_high: float


# Porian et al. 2024, arXiv:2406.19146, Table 1 (printed, not recomputed).
PORIAN_2024_TABLE_1 = (
    _PorianStep("Kaplan reproduction", 0.835, 0.82, 0.85),
    _PorianStep("count last-layer FLOP", 0.706, 0.69, 0.72),
    _PorianStep("scale warm-up", 0.602, 0.59, 0.62),
    _PorianStep("match cosine to budget", 0.571, 0.56, 0.59),
    _PorianStep("tune learning rate, batch, beta2", 0.497, 0.49, 0.50),
)


class _TradeSpan(NamedTuple):
    """Decades of training and of inference compute that a technique exchanges. [decades]"""

    technique: str
    train_decades: float
    serve_decades: float


# Villalobos and Atkinson 2023, summary table; pruning is stated as about 1 each.
EPOCH_2023_SPANS = (
    _TradeSpan("scaling policy", 1.2, 0.7),
    _TradeSpan("Monte Carlo tree search", 1.6, 1.6),
    _TradeSpan("pruning", 1.0, 1.0),
    _TradeSpan("resampling, cheap verification", 3.0, 6.0),
    _TradeSpan("resampling, expensive verification", 1.0, 1.45),
)
