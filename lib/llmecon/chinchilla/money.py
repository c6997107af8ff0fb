"""The inference-aware optimum in dollars: rents, utilisations, or any price of serving."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from llmecon._checks import Numbers, require
from llmecon.chinchilla._records import Allocation, Array, exactly_one, logistic, plain, positive
from llmecon.chinchilla._roots import Positions, bracketed
from llmecon.chinchilla.lifetime import finite_demand, inference_optimal, reference_run
from llmecon.chinchilla.separable import SeparableLaw

_SECONDS_PER_HOUR = 3600.0


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
    usd_per_served_token: Callable[[Array], Array] | None = None,
    usd_per_served_flop: Numbers | None = None,
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
    usd_per_served_token : callable, optional
        Takes sizes [parameters], gives the dollars of serving one token [USD/token]; positive,
        smooth, never falling with size.
    usd_per_served_flop : float or array, optional
        Instead of the hook: a price for each of the 2 N FLOP a token. [USD/FLOP]
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
    exactly_one(usd_per_served_token=usd_per_served_token, usd_per_served_flop=usd_per_served_flop)
    served = finite_demand(tokens_served)
    rate = positive("usd_per_train_flop", usd_per_train_flop, "USD/FLOP")
    if usd_per_served_token is None:
        serving = require(
            "usd_per_served_flop",
            0 if usd_per_served_flop is None else usd_per_served_flop,
            above=0,
            unit="USD/FLOP",
        )
        return _at_flop_price(law, served, rate, serving, loss, reference_params)
    if np.ndim(law.alpha):
        raise ValueError(f"law must hold one set of constants, got {np.size(law.alpha)} in it")
    baseline = reference_run(law, loss, reference_params)
    price = _checked_price(usd_per_served_token)
    served, rate, base = np.broadcast_arrays(served, rate, baseline.params)
    reducible = np.broadcast_to(np.asarray(baseline.loss) - law.E, base.shape)
    odds = _odds_of_size(law, served.ravel(), rate.ravel(), reducible.ravel(), price)
    odds = odds.reshape(base.shape)
    size = law._size_at_share(reducible, logistic(odds))
    run = law.predict(size, law._tokens_at_share(reducible, logistic(-odds)))
    return _cost_optimum(
        run, baseline, served, rate, served * price(run.params), served * price(base)
    )


def _at_flop_price(
    law: SeparableLaw,
    served: Array,
    rate: Array,
    serving: Array,
    loss: Numbers | None,
    reference_params: Numbers | None,
) -> CostOptimum:
    """The FLOP optimum, with demand converted at the two prices."""
    best = inference_optimal(
        law, tokens_served=served * serving / rate, loss=loss, reference_params=reference_params
    )
    return _cost_optimum(
        best, best.baseline, served, rate, rate * best.serve_flop, rate * best.baseline_serve_flop
    )


def _cost_optimum(
    run: Allocation,
    baseline: Allocation,
    served: Array,
    rate: Array,
    serve_usd: Array,
    baseline_serve_usd: Array,
) -> CostOptimum:
    return CostOptimum(
        law=run.law,
        params=run.params,
        tokens=run.tokens,
        flop=run.flop,
        loss=run.loss,
        decades=run.decades,
        tokens_served=plain(served),
        train_usd=plain(rate * run.flop),
        serve_usd=plain(serve_usd),
        baseline=baseline,
        baseline_usd=plain(rate * baseline.flop + baseline_serve_usd),
    )


# Half-width in ln N of the central difference of the hook: its error is of second order.
_SLOPE_STEP = 1e-4


def _odds_of_size(
    law: SeparableLaw,
    served: Array,
    rate: Array,
    reducible: Array,
    price: Callable[[Array], Array],
) -> Array:
    """Log odds of the size term's share u in the reducible loss where dollars are least.

    ln(u/(1-u)) has no ends to fall off; u = a is the compute optimum.
    """

    def equation(odds: Array, at: Positions) -> tuple[Array, Array]:
        share, rest = logistic(odds), logistic(-odds)
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
    return np.asarray(bracketed(equation, low, high))


def _checked_price(hook: Callable[[Array], Array]) -> Callable[[Array], Array]:
    def price(size: Array) -> Array:
        usd = np.asarray(hook(size), dtype=np.float64)
        return positive("usd_per_served_token(n_params)", usd, "USD/token")

    return price
