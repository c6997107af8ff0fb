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
from llmecon.chinchilla._roots import Positions, bracketed
from llmecon.chinchilla.separable import SeparableLaw

# A million optima in pieces that stay in the processor's cache.
_PIECE = 16_384
# Newton needs 6 to 8 steps for demand from 0 to 1e21 tokens; the rest is margin.
_MOST_STEPS = 100
_SECONDS_PER_HOUR = 3600.0


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
    served = _demand(tokens_served)
    per_token = positive("serve_flop_per_param_token", serve_flop_per_param_token, "FLOP")
    equivalent = served * per_token / law.flop_per_param_token
    if total_flop is not None:
        budget = positive("total_flop", total_flop, "FLOP")
        size, tokens = _most_quality(law, budget, equivalent)
        baseline = law.optimal(loss=law.loss(size, tokens))
    else:
        baseline = _reference(law, loss, reference_params)
        size, tokens = _least_compute(law, baseline, equivalent)
    return _lifetime(law, size, tokens, baseline, served, per_token)


def _demand(tokens_served: Numbers) -> Array:
    if np.any(np.isposinf(np.asarray(tokens_served, dtype=np.float64))):
        raise ValueError(
            "tokens_served must be finite, got inf [tokens]; "
            "the limit of unbounded demand is law.params_floor(loss)"
        )
    return require("tokens_served", tokens_served, minimum=0, unit="tokens")


def _reference(
    law: SeparableLaw, loss: Numbers | None, reference_params: Numbers | None
) -> Allocation:
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


# --- money -------------------------------------------------------------------------------


def equivalent_tokens_served(
    *,
    input_tokens: Numbers,
    output_tokens: Numbers,
    train_usd_per_hour: Numbers,
    train_flop_per_s: Numbers,
    train_mfu: Numbers,
    serve_usd_per_hour: Numbers,
    serve_flop_per_s: Numbers,
    input_mfu: Numbers,
    output_mfu: Numbers,
) -> Array:
    r"""Tokens served that would cost as much if served at training's price per FLOP.

    .. math::

        D_{eff} = \frac{c_{inf}}{c_{tr}}\,U_{tr}\left(\frac{T_{in}}{U_{in}}
                  + \frac{T_{out}}{U_{out}}\right)

    with c in dollars per peak FLOP.

    Parameters
    ----------
    input_tokens, output_tokens : float or array
        Tokens read and written over the model's life. [tokens]
    train_usd_per_hour, serve_usd_per_hour : float or array
        Rent of one accelerator. [USD/h]
    train_flop_per_s, serve_flop_per_s : float or array
        Its dense peak in the format used. [FLOP/s]
    train_mfu, input_mfu, output_mfu : float or array
        Share of the peak reached in training, prefill and decode, up to 1. [1]

    Returns
    -------
    float or array
        Equivalent tokens, for ``tokens_served``. [tokens]

    References
    ----------
    .. [1] N. Sardana et al., arXiv:2401.00448, 2024, Eq. 3 and the README of
       nikhilsardana/beyond-chinchilla.

    Examples
    --------
    The README's example.

    >>> float(equivalent_tokens_served(
    ...     input_tokens=1e13, output_tokens=2.5e12,
    ...     train_usd_per_hour=1.40, train_flop_per_s=312e12, train_mfu=0.5,
    ...     serve_usd_per_hour=0.60, serve_flop_per_s=624e12, input_mfu=0.4, output_mfu=0.2,
    ... )) / 1e12
    4.01786
    """
    read = require("input_tokens", input_tokens, minimum=0, unit="tokens")
    written = require("output_tokens", output_tokens, minimum=0, unit="tokens")
    train = usd_per_flop(train_usd_per_hour, train_flop_per_s, train_mfu)
    prefill = usd_per_flop(serve_usd_per_hour, serve_flop_per_s, input_mfu)
    decode = usd_per_flop(serve_usd_per_hour, serve_flop_per_s, output_mfu)
    return plain((read * prefill + written * decode) / train)


def usd_per_flop(usd_per_hour: Numbers, flop_per_s: Numbers, mfu: Numbers) -> Array:
    """Dollars for a FLOP that the model needs.

    Parameters
    ----------
    usd_per_hour : float or array
        Rent of one accelerator. [USD/h]
    flop_per_s : float or array
        Its dense peak. [FLOP/s]
    mfu : float or array
        Share of the peak reached. [1]

    Examples
    --------
    >>> float(usd_per_flop(3.0, 989e12, 0.4)) * 1e18
    2.10650
    """
    rent = positive("usd_per_hour", usd_per_hour, "USD/h") / _SECONDS_PER_HOUR
    peak = positive("flop_per_s", flop_per_s, "FLOP/s")
    return plain(rent / (peak * require("mfu", mfu, above=0, maximum=1, unit="1")))


@dataclass(frozen=True, slots=True, kw_only=True)
class CostOptimum(Allocation):
    """Model that costs least in dollars over training and serving.

    Attributes
    ----------
    tokens_served : array
        Tokens served over the model's life. [tokens]
    train_usd, serve_usd : array
        Dollars of training and of serving. [USD]
    baseline : Allocation
        Compute-optimal run of the same loss.
    baseline_usd : array
        Dollars of training and serving that one. [USD]
    """

    tokens_served: Array
    train_usd: Array
    serve_usd: Array
    baseline: Allocation
    baseline_usd: Array

    @property
    def total_usd(self) -> Array:
        """Dollars of training and serving. [USD]"""
        return plain(self.train_usd + self.serve_usd)

    @property
    def total_ratio(self) -> Array:
        """Dollars over those of the compute-optimal model. [1]"""
        return plain(self.total_usd / self.baseline_usd)

    @property
    def saved_fraction(self) -> Array:
        """Share of the compute-optimal model's dollars that is saved. [1]"""
        return plain(1 - self.total_ratio)

    @property
    def size_ratio(self) -> Array:
        """Size over the compute-optimal size. [1]"""
        return plain(self.params / self.baseline.params)

    @property
    def token_ratio(self) -> Array:
        """Training tokens over the compute-optimal tokens. [1]"""
        return plain(self.tokens / self.baseline.tokens)


def inference_optimal_usd(
    law: SeparableLaw,
    *,
    tokens_served: Numbers,
    usd_per_train_flop: Numbers,
    usd_per_served_token: Callable[[Array], Array],
    loss: Numbers | None = None,
    reference_params: Numbers | None = None,
) -> CostOptimum:
    r"""Size and data that cost least in dollars, with serving priced by any function of size.

    .. math:: \min_{N}\; c\,6 N D(N) + D_{inf}\,p(N), \quad D(N) \text{ from } L(N, D) = L

    The hook ``usd_per_served_token`` is where the price of really serving a model comes in:
    memory traffic, batching, network. With p(N) = 2 c' N it is :func:`inference_optimal` on
    :func:`equivalent_tokens_served`.

    Parameters
    ----------
    law : SeparableLaw
        Loss law.
    tokens_served : float or array
        Tokens served over the model's life. [tokens]
    usd_per_train_flop : float or array
        See :func:`usd_per_flop`. [USD/FLOP]
    usd_per_served_token : callable
        Takes sizes [parameters], gives the dollars of serving one token [USD/token]; positive,
        smooth, never falling with size.
    loss, reference_params : float or array, optional
        Quality to reach, as in :func:`inference_optimal`. [nats/token] [parameters]

    Returns
    -------
    CostOptimum
        With dollars of training and serving apart.

    Raises
    ------
    ValueError
        If the hook gives a price that is not positive, or one that falls with size.

    Notes
    -----
    Solves c k N D (1 - w) + D_inf dp/dlnN = 0 between the size floor and the compute-optimal
    size, the slope of the hook by central difference over 0.02% of the size. Where p has steps
    (a model that needs one more accelerator), the root is where the smoothed slopes balance:
    ask on both sides of the step.

    Examples
    --------
    >>> from llmecon import chinchilla
    >>> best = inference_optimal_usd(
    ...     chinchilla.DE_VRIES_2023, loss=1.947, tokens_served=2e12,
    ...     usd_per_train_flop=1e-18, usd_per_served_token=lambda n: 2e-18 * n,
    ... )
    >>> round(float(best.params) / 1e9, 2)
    24.18
    """
    exactly_one(loss=loss, reference_params=reference_params)
    baseline = _reference(law, loss, reference_params)
    served, rate, _ = np.broadcast_arrays(
        _demand(tokens_served),
        positive("usd_per_train_flop", usd_per_train_flop, "USD/FLOP"),
        baseline.params,
    )
    shape = served.shape
    served, rate = served.ravel(), rate.ravel()
    reducible = np.broadcast_to(np.asarray(baseline.loss) - law.E, shape).ravel()
    price = _checked_price(usd_per_served_token)
    share = _share_of_size(law, served, rate, reducible, price)
    size = np.asarray(law._size_at_share(reducible, share)).reshape(shape)
    tokens = np.asarray(law._tokens_at_share(reducible, 1 - share)).reshape(shape)
    run = law.predict(size, tokens)
    served, rate = served.reshape(shape), rate.reshape(shape)
    base_usd = rate * baseline.flop + served * price(np.broadcast_to(baseline.params, shape))
    return CostOptimum(
        law=law.name,
        params=run.params,
        tokens=run.tokens,
        flop=run.flop,
        loss=run.loss,
        decades=run.decades,
        tokens_served=plain(served),
        train_usd=plain(rate * run.flop),
        serve_usd=plain(served * price(size)),
        baseline=baseline,
        baseline_usd=plain(base_usd),
    )


# Half-width in ln N of the central difference of the hook: its error is of second order.
_SLOPE_STEP = 1e-4


def _share_of_size(
    law: SeparableLaw,
    served: Array,
    rate: Array,
    reducible: Array,
    price: Callable[[Array], Array],
) -> Array:
    """Share of the size term in the reducible loss where dollars are least.

    Works in v = ln(u/(1-u)), which has no ends to fall off: u = a is the compute optimum.
    """

    def equation(odds: Array, at: Positions) -> tuple[Array, Array]:
        share, rest = _logistic(odds), _logistic(-odds)
        size = np.asarray(law._size_at_share(reducible[at], share))
        tokens = np.asarray(law._tokens_at_share(reducible[at], rest))
        wedge = np.asarray(law.alpha) / law.beta * np.exp(odds)
        up, down = price(size * np.exp(_SLOPE_STEP)), price(size * np.exp(-_SLOPE_STEP))
        slope = served[at] * (up - down) / (2 * _SLOPE_STEP)
        if np.any(slope < 0):
            raise ValueError(
                "usd_per_served_token must not fall with size, "
                f"but it does at {size[slope < 0].flat[0]:.4g} [parameters]"
            )
        train = rate[at] * law.flop_per_param_token * size * tokens
        # Both sides in logarithms: they span many decades.
        with np.errstate(divide="ignore"):
            value = np.log(slope) - np.log(train) - np.log(np.maximum(wedge - 1, 0))
        return value, np.full_like(odds, np.nan)

    low = np.full(reducible.shape, float(np.log(law.a / law.b)))
    high = low + 80.0  # a size term e^80 times the data term: the floor to every digit
    return _logistic(np.asarray(bracketed(equation, low, high)))


def _logistic(odds: Array) -> Array:
    return plain(1 / (1 + np.exp(-odds)))


def _checked_price(hook: Callable[[Array], Array]) -> Callable[[Array], Array]:
    def price(size: Array) -> Array:
        usd = np.asarray(hook(size), dtype=np.float64)
        return positive("usd_per_served_token(n_params)", usd, "USD/token")

    return price


# --- equal loss, other sizes -------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class IsoLoss:
    """Runs of equal loss around a base run.

    Attributes
    ----------
    law : str
        Law it was computed with.
    size_factor, token_factor : array
        k_N and k_D; k_D is infinite at and below the floor. [1]
    size_floor_factor : array
        Smallest k_N at this loss. [1]
    """

    law: str
    size_factor: Array
    token_factor: Array
    size_floor_factor: Array

    @property
    def flop_overhead(self) -> Array:
        """Extra training compute over the base run, k_N k_D - 1. [1]"""
        return plain(self.size_factor * self.token_factor - 1)

    @property
    def serve_saving(self) -> Array:
        """Inference compute saved on every token, 1 - k_N. [1]"""
        return plain(1 - self.size_factor)


def iso_loss(
    law: SeparableLaw,
    *,
    size_factor: Numbers,
    n_params: Numbers | None = None,
    n_tokens: Numbers | None = None,
) -> IsoLoss:
    r"""Tokens that make up for a smaller model at equal loss.

    .. math:: k_D = [1 - q (k_N^{-\alpha} - 1)]^{-1/\beta}, \quad
              q = \frac{A N_0^{-\alpha}}{B D_0^{-\beta}}

    Parameters
    ----------
    law : SeparableLaw
        Loss law.
    size_factor : float or array
        k_N, size over the base run's. [1]
    n_params, n_tokens : float or array, optional
        The base run; without them any compute-optimal run, where q = beta/alpha whatever the
        budget. [parameters] [tokens]

    Returns
    -------
    IsoLoss
        Token factor, overhead, floor.

    References
    ----------
    .. [1] H. de Vries, "Go smol or go home", 2023, for a compute-optimal base.

    Examples
    --------
    Half the size costs 26% more training compute.

    >>> from llmecon import chinchilla
    >>> half = iso_loss(chinchilla.BESIROGLU_2024, size_factor=0.5)
    >>> float(half.flop_overhead)
    0.2593
    """
    factor = positive("size_factor", size_factor, "1")
    if (n_params is None) != (n_tokens is None):
        raise ValueError("n_params and n_tokens must be given together, or neither")
    alpha, beta = np.asarray(law.alpha), np.asarray(law.beta)
    if n_params is None or n_tokens is None:
        ratio = beta / alpha
    else:
        ratio = law.wedge(n_params, n_tokens) * beta / alpha
    left = 1 - ratio * np.expm1(-alpha * np.log(factor))
    grown = np.where(left > 0, left, 1.0) ** (-1 / beta)
    return IsoLoss(
        law=law.name,
        size_factor=plain(factor),
        token_factor=np.where(left > 0, grown, np.inf)[()],
        size_floor_factor=plain((1 + 1 / ratio) ** (-1 / alpha)),
    )


def critical_size(law: SeparableLaw, *, flop_overhead: Numbers = 1.0) -> Array:
    """Size over the compute-optimal size at which the overhead reaches a bound.

    De Vries 2023 calls about 30% of the optimal size, at about 100% overhead, critical.

    Parameters
    ----------
    law : SeparableLaw
        Loss law.
    flop_overhead : float or array, optional
        Extra training compute that is accepted. [1]

    Returns
    -------
    float or array
        k_N, between the floor and 1. [1]

    Examples
    --------
    >>> from llmecon import chinchilla
    >>> round(float(critical_size(chinchilla.DE_VRIES_2023)), 3)
    0.305
    """
    accepted = require("flop_overhead", flop_overhead, above=0, unit="1")
    bound = np.log1p(accepted)
    alpha, beta, a = (np.asarray(v, dtype=np.float64) for v in (law.alpha, law.beta, law.a))
    bound, alpha, beta, a = np.broadcast_arrays(bound, alpha, beta, a)
    shape = bound.shape
    bound, alpha, beta, a = (v.ravel() for v in (bound, alpha, beta, a))

    # In v = ln(u/(1-u)) with u the share of the size term; ln(k_N k_D) rises with it.
    def equation(odds: Array, at: Positions) -> tuple[Array, Array]:
        log_size = -np.log(_logistic(odds) / a[at]) / alpha[at]
        log_data = -np.log(_logistic(-odds) / (1 - a[at])) / beta[at]
        slope = _logistic(-odds) / alpha[at] - _logistic(odds) / beta[at]
        return bound[at] - log_size - log_data, slope

    low = np.log(a / (1 - a))
    odds = np.asarray(bracketed(equation, low, low + 700.0))
    return plain(((_logistic(odds) / a) ** (-1 / alpha)).reshape(shape))


def wedge(law: SeparableLaw, n_params: Numbers, n_tokens: Numbers) -> Array:
    """Over-training wedge of a run, :meth:`SeparableLaw.wedge`. [1]"""
    return law.wedge(n_params, n_tokens)


def implied_served_per_trained_token(
    law: SeparableLaw,
    n_params: Numbers,
    n_tokens: Numbers,
    *,
    serve_flop_per_param_token: float = SERVE_FLOP_PER_PARAM_TOKEN,
) -> Array:
    """Lifetime tokens served per training token that would justify a released model, 3 (w - 1).

    Negative where the model saw fewer tokens than even its training optimum.

    Parameters
    ----------
    law : SeparableLaw
        Loss law; an illustration only where the model has another corpus or tokenizer.
    n_params, n_tokens : float or array
        The released model. [parameters] [tokens]
    serve_flop_per_param_token : float, optional
        FLOP of serving per parameter and token. [FLOP/parameter/token]

    Examples
    --------
    Llama 3 8B on 15T tokens.

    >>> from llmecon import chinchilla
    >>> float(implied_served_per_trained_token(chinchilla.BESIROGLU_2024, 8e9, 15e12))
    12.65
    """
    ratio = law.flop_per_param_token / positive(
        "serve_flop_per_param_token", serve_flop_per_param_token, "FLOP"
    )
    return plain(ratio * (law.wedge(n_params, n_tokens) - 1))
