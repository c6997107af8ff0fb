r"""Optima when the model will be served: demand shifts size down and data up.

With x the tokens served, converted to their training equivalent, and D_c the tokens of the
compute-optimal run at the same loss, everything follows from one scalar t = ln(D/D_c):

.. math:: \beta t = \ln(1 + a\,(x/D_c)\,e^{-t})

The difference of the two sides is convex and falls in t, and t = 0 lies left of the root, so
Newton's steps from there only rise: no bracket, no grid. (Sardana et al. 2024,
arXiv:2401.00448, state the problem; this form of the solution is derived here.)
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from llmecon._checks import Numbers, require
from llmecon.chinchilla._records import (
    SERVE_FLOP_PER_PARAM_TOKEN,
    Allocation,
    Array,
    exactly_one,
    plain,
    positive,
)
from llmecon.chinchilla.separable import SeparableLaw

# A million optima in pieces that stay in the processor's cache.
_PIECE = 16_384
# Newton needs 6 to 8 steps for demand from 0 to 1e21 tokens; the rest is margin.
_MOST_STEPS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class LifetimeOptimum(Allocation):
    """Cheapest model over training and serving, beside the one cheapest to train.

    Attributes
    ----------
    tokens_served : array
        Tokens served over the model's life, in tokens that cost as much as
        ``serve_flop_per_param_token`` says. [tokens]
    serve_flop : array
        Lifetime inference compute (training-equivalent where costs differ). [FLOP]
    baseline : Allocation
        Compute-optimal run of the same loss.
    baseline_serve_flop : array
        What serving that one takes. [FLOP]
    wedge : array
        alpha A N^-alpha / (beta B D^-beta) = 1 + x/D, from the result itself. [1]
    """

    tokens_served: Array
    serve_flop: Array
    baseline: Allocation
    baseline_serve_flop: Array
    wedge: Array

    @property
    def total_flop(self) -> Array:
        """Training and serving together. [FLOP]"""
        return plain(self.flop + self.serve_flop)

    @property
    def baseline_total_flop(self) -> Array:
        """Training and serving the compute-optimal model. [FLOP]"""
        return plain(self.baseline.flop + self.baseline_serve_flop)

    @property
    def saved_flop(self) -> Array:
        """What the shift saves over the compute-optimal model's life. [FLOP]"""
        return plain(self.baseline_total_flop - self.total_flop)

    @property
    def saved_fraction(self) -> Array:
        """The saving as a share of the compute-optimal model's total. [1]"""
        return plain(self.saved_flop / self.baseline_total_flop)

    @property
    def size_ratio(self) -> Array:
        """Size over the compute-optimal size. [1]"""
        return plain(self.params / self.baseline.params)

    @property
    def token_ratio(self) -> Array:
        """Training tokens over the compute-optimal tokens. [1]"""
        return plain(self.tokens / self.baseline.tokens)

    @property
    def train_flop_ratio(self) -> Array:
        """Training compute over the compute-optimal. [1]"""
        return plain(self.flop / self.baseline.flop)

    @property
    def total_ratio(self) -> Array:
        """Lifetime compute (or cost) over the compute-optimal model's. [1]"""
        return plain(self.total_flop / self.baseline_total_flop)


def inference_optimal(
    law: SeparableLaw,
    *,
    tokens_served: Numbers,
    loss: Numbers | None = None,
    reference_params: Numbers | None = None,
    total_flop: Numbers | None = None,
    serve_flop_per_param_token: float = SERVE_FLOP_PER_PARAM_TOKEN,
) -> LifetimeOptimum:
    r"""Size and data that cost least over training and serving.

    .. math:: \min_{N, D}\; 6ND + 2N D_{inf} \quad\text{subject to}\quad L(N, D) = L

    or, with ``total_flop``, the lowest loss that a lifetime budget buys.

    Parameters
    ----------
    law : SeparableLaw
        Loss law; a result is quoted with its name.
    tokens_served : float or array
        Tokens read and written over the model's life, D_inf. [tokens]
    loss : float or array, optional
        Loss to reach. [nats/token]
    reference_params : float or array, optional
        Instead of a loss: as good as the compute-optimal model of this size. [parameters]
    total_flop : float or array, optional
        Instead of a loss: lifetime budget. [FLOP]
    serve_flop_per_param_token : float, optional
        FLOP of serving per parameter and token. [FLOP/parameter/token]

    Returns
    -------
    LifetimeOptimum
        With the compute-optimal run of the same loss as ``baseline``.

    Raises
    ------
    ValueError
        Unless exactly one of loss, reference_params, total_flop is given; for a loss at or
        below E; for infinite demand, whose limit is ``law.params_floor(loss)``.

    Notes
    -----
    Without demand it is the compute optimum; with growing demand the size falls to
    ``law.params_floor(loss)`` and the tokens grow without bound. Sardana et al. report that
    constants fitted at ordinary D/N overestimate what extra tokens are worth at D/N up to 10,000.

    References
    ----------
    .. [1] N. Sardana et al., "Beyond Chinchilla-Optimal", arXiv:2401.00448, 2024, Eq. 2. Its
       examples use the constants ``DE_VRIES_2023``.

    Examples
    --------
    As good as a 13B model, 2e12 tokens served: the paper prints 7B and 17% saved.

    >>> from llmecon import chinchilla
    >>> best = inference_optimal(
    ...     chinchilla.DE_VRIES_2023, reference_params=13e9, tokens_served=2e12
    ... )
    >>> round(float(best.params) / 1e9, 2), round(float(best.saved_fraction), 3)
    (6.97, 0.174)
    """
    exactly_one(loss=loss, reference_params=reference_params, total_flop=total_flop)
    served = finite_demand(tokens_served)
    per_token = positive("serve_flop_per_param_token", serve_flop_per_param_token, "FLOP")
    equivalent = served * per_token / law.flop_per_param_token
    if total_flop is not None:
        budget = positive("total_flop", total_flop, "FLOP")
        size, tokens = _most_quality(law, budget, equivalent)
        baseline = law.optimal(loss=law.loss(size, tokens))
    else:
        baseline = reference_run(law, loss, reference_params)
        size, tokens = _least_compute(law, baseline, equivalent)
    return _lifetime(law, size, tokens, baseline, served, per_token)


def finite_demand(tokens_served: Numbers) -> Array:
    """Tokens served, refused by name where negative or unbounded."""
    if np.any(np.isposinf(np.asarray(tokens_served, dtype=np.float64))):
        raise ValueError(
            "tokens_served must be finite, got inf [tokens]; "
            "the limit of unbounded demand is law.params_floor(loss)"
        )
    return require("tokens_served", tokens_served, minimum=0, unit="tokens")


def reference_run(
    law: SeparableLaw, loss: Numbers | None, reference_params: Numbers | None
) -> Allocation:
    """Compute-optimal run of the quality that was asked for."""
    if loss is not None:
        return law.optimal(loss=loss)
    size = positive("reference_params", 0 if reference_params is None else reference_params, "")
    return law.optimal(n_params=size)


def _least_compute(
    law: SeparableLaw, baseline: Allocation, equivalent: Array
) -> tuple[Array, Array]:
    """Size and tokens at the baseline's loss for a demand in training tokens."""
    demand = equivalent / baseline.tokens
    shift = _in_pieces(_log_token_ratio, demand, law.a, np.asarray(law.beta))
    tokens = baseline.tokens * np.exp(shift)
    log_size = (law.beta * shift - np.log1p(demand * np.exp(-shift))) / np.asarray(law.alpha)
    return plain(baseline.params * np.exp(log_size)), plain(tokens)


def _log_token_ratio(demand: Array, a: Array, beta: Array) -> Array:
    """t of the module's equation: beta t = ln(1 + a demand e^-t)."""
    scale = a * demand
    shift = np.zeros_like(scale)
    for _ in range(_MOST_STEPS):
        weight = scale * np.exp(-shift)
        step = (np.log1p(weight) - beta * shift) / (beta + weight / (1 + weight))
        shift += step
        if np.all(np.abs(step) <= 1e-15 * (1 + shift)):
            break
        if np.all(np.abs(step) <= 1e-9 * (1 + shift)):  # the next step is exact: Newton squares it
            weight = scale * np.exp(-shift)
            shift += (np.log1p(weight) - beta * shift) / (beta + weight / (1 + weight))
            break
    return shift


def _most_quality(law: SeparableLaw, budget: Array, equivalent: Array) -> tuple[Array, Array]:
    """Dual problem: N (D + x) = budget/k, same wedge identity, one root in ln D."""
    best = law.optimal(flop=budget)
    demand = equivalent / best.tokens
    shift = _in_pieces(_log_token_ratio_dual, demand, np.asarray(law.alpha), np.asarray(law.beta))
    tokens = best.tokens * np.exp(shift)
    return plain(budget / law.flop_per_param_token / (tokens + equivalent)), plain(tokens)


def _log_token_ratio_dual(demand: Array, alpha: Array, beta: Array) -> Array:
    """t = ln(D/D*) of (1 + beta) t = (1 - alpha) ln(e^t + demand)."""
    shift = np.zeros_like(demand)
    for _ in range(_MOST_STEPS):
        grown = np.exp(shift)
        value = (1 + beta) * shift - (1 - alpha) * np.log(grown + demand)
        step = -value / ((1 + beta) - (1 - alpha) * grown / (grown + demand))
        shift += step
        if np.all(np.abs(step) <= 1e-15 * (1 + np.abs(shift))):
            break
    return shift


def _in_pieces(solve: Callable[..., Array], *arguments: Array) -> Array:
    """Solve over broadcast arguments, in pieces that stay in cache."""
    shape = np.broadcast_shapes(*(np.shape(v) for v in arguments))
    flat = [np.broadcast_to(v, shape).ravel() if np.size(v) > 1 else v for v in arguments]
    flat[0] = np.broadcast_to(arguments[0], shape).ravel()
    size = flat[0].size
    result = np.empty(size)
    for start in range(0, size, _PIECE):
        piece = slice(start, start + _PIECE)
        result[piece] = solve(*(v[piece] if np.size(v) > 1 else np.ravel(v)[0] for v in flat))
    return plain(result.reshape(shape))


def _lifetime(
    law: SeparableLaw,
    size: Array,
    tokens: Array,
    baseline: Allocation,
    served: Array,
    per_token: Array,
) -> LifetimeOptimum:
    run = law.predict(size, tokens)
    return LifetimeOptimum(
        law=law.name,
        params=run.params,
        tokens=run.tokens,
        flop=run.flop,
        loss=run.loss,
        decades=run.decades,
        tokens_served=plain(served),
        serve_flop=plain(per_token * size * served),
        baseline=baseline,
        baseline_serve_flop=plain(per_token * baseline.params * served),
        wedge=law.wedge(size, tokens),
    )
