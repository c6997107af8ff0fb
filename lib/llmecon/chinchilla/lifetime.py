r"""Optima when the model will be served: demand shifts size down and data up.

With x the tokens served, converted to their training equivalent, and D_c the tokens of the
compute-optimal run at the same loss, everything follows from one scalar t = ln(D/D_c):

.. math:: \beta t = \ln(1 + a\,(x/D_c)\,e^{-t})

The difference of the two sides is convex and falls in t, and t = 0 lies left of the root, so
Newton's steps from there only rise: no bracket, no grid. (Sardana et al. 2024,
arXiv:2401.00448, state the problem; this form of the solution is derived here.)
"""

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
from scipy.optimize.elementwise import find_root

from llmecon._checks import FloatArray, Numbers, require
from llmecon.chinchilla._records import (
    SERVE_FLOP_PER_PARAM_TOKEN,
    Allocation,
    exactly_one,
    logistic,
    plain,
    positive,
)
from llmecon.chinchilla.separable import SeparableLaw

_SECONDS_PER_HOUR = 3600.0
# Newton needs 6 to 8 steps for demand from 0 to 1e21 tokens; the rest is margin.
_MOST_STEPS = 100
# Newton squares its error: after a step this small, relative, nothing is left of it.
_LAST_STEP = 1e-9
# Half-width in ln N of the central difference of a price: its error is of second order.
_SLOPE_STEP = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class LifetimeOptimum(Allocation):
    """Model that takes least compute, or dollars, over training and serving.

    Attributes
    ----------
    tokens_served : array
        Tokens served over the model's life. [tokens]
    baseline : Allocation
        Compute-optimal run of the same loss.
    total : array
        Training and serving together. [FLOP or USD]
    saved_fraction : array
        Share saved of what the compute-optimal run takes. [1]
    """

    tokens_served: FloatArray
    baseline: Allocation
    total: FloatArray
    saved_fraction: FloatArray

    @property
    def size_ratio(self) -> FloatArray:
        """Size over the compute-optimal size. [1]"""
        return plain(self.params / self.baseline.params)

    @property
    def token_ratio(self) -> FloatArray:
        """Training tokens over the compute-optimal tokens. [1]"""
        return plain(self.tokens / self.baseline.tokens)


def inference_optimal(
    law: SeparableLaw,
    *,
    tokens_served: Numbers,
    loss: Numbers | None = None,
    reference_params: Numbers | None = None,
) -> LifetimeOptimum:
    r"""Size and data that take least compute over training and serving.

    .. math:: \min_{N, D}\; 6ND + 2N D_{inf} \quad\text{subject to}\quad L(N, D) = L

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

    Returns
    -------
    LifetimeOptimum
        With the compute-optimal run of the same loss as ``baseline``.

    Raises
    ------
    ValueError
        Unless exactly one of loss and reference_params is given; for a loss at or below E; for
        infinite demand, whose limit is ``law.params_floor(loss)``.

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
    served, baseline = _asked(law, tokens_served, loss, reference_params)
    equivalent = served * SERVE_FLOP_PER_PARAM_TOKEN / law.flop_per_param_token
    demand = equivalent / baseline.tokens
    shift = _log_token_ratio(demand, law.a, np.asarray(law.beta))
    tokens = baseline.tokens * np.exp(shift)
    log_size = (law.beta * shift - np.log1p(demand * np.exp(-shift))) / np.asarray(law.alpha)
    run = law.predict(baseline.params * np.exp(log_size), tokens)
    per_param = SERVE_FLOP_PER_PARAM_TOKEN * served
    total, compared = (each.flop + per_param * each.params for each in (run, baseline))
    return _optimum(run, baseline, served, total, compared)


def _asked(
    law: SeparableLaw,
    tokens_served: Numbers,
    loss: Numbers | None,
    reference_params: Numbers | None,
) -> tuple[FloatArray, Allocation]:
    """Tokens served, bounded, and the compute-optimal run of the quality that was asked for."""
    if np.any(np.isposinf(np.asarray(tokens_served, dtype=np.float64))):
        raise ValueError(
            "tokens_served must be finite, got inf [tokens]; "
            "the limit of unbounded demand is law.params_floor(loss)"
        )
    served = require("tokens_served", tokens_served, minimum=0, unit="tokens")
    exactly_one(loss=loss, reference_params=reference_params)
    if reference_params is not None:
        size = positive("reference_params", reference_params, "parameters")
        return served, law.optimal(n_params=size)
    return served, law.optimal(loss=loss)


def _optimum(
    run: Allocation,
    baseline: Allocation,
    served: FloatArray,
    total: FloatArray,
    compared: FloatArray,
) -> LifetimeOptimum:
    """The run with what it takes in total, and what the compute-optimal one takes."""
    return LifetimeOptimum(
        **{field.name: getattr(run, field.name) for field in fields(Allocation)},
        tokens_served=plain(served),
        baseline=baseline,
        total=plain(total),
        saved_fraction=plain((compared - total) / compared),
    )


def _log_token_ratio(demand: FloatArray, a: FloatArray, beta: FloatArray) -> FloatArray:
    """t of the module's equation: beta t = ln(1 + a demand e^-t)."""
    scale = a * demand
    shift = np.zeros_like(scale)
    for _ in range(_MOST_STEPS):
        weight = scale * np.exp(-shift)
        step = (np.log1p(weight) - beta * shift) / (beta + weight / (1 + weight))
        shift += step
        if np.all(np.abs(step) <= _LAST_STEP * (1 + shift)):
            break
    return shift


# --- in dollars --------------------------------------------------------------------------


def usd_per_flop(usd_per_hour: Numbers, flop_per_s: Numbers, mfu: Numbers) -> FloatArray:
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


def inference_optimal_usd(
    law: SeparableLaw,
    *,
    tokens_served: Numbers,
    usd_per_train_flop: Numbers,
    usd_per_served_token: Callable[[FloatArray], FloatArray],
    loss: Numbers | None = None,
    reference_params: Numbers | None = None,
) -> LifetimeOptimum:
    r"""Size and data that cost least in dollars, with serving priced by any function of size.

    .. math:: \min_{N}\; c\,6 N D(N) + D_{inf}\,p(N), \quad D(N) \text{ from } L(N, D) = L

    The hook ``usd_per_served_token`` is where the price of really serving a model comes in:
    memory traffic, batching, network. With p(N) = 2 c N it is :func:`inference_optimal`.

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
    LifetimeOptimum
        With the share of the compute-optimal model's dollars that is saved.

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
    rate = positive("usd_per_train_flop", usd_per_train_flop, "USD/FLOP")
    if np.ndim(law.alpha):
        raise ValueError(f"law must hold one set of constants, got {np.size(law.alpha)} in it")
    served, baseline = _asked(law, tokens_served, loss, reference_params)

    def price(size: FloatArray) -> FloatArray:
        usd = np.asarray(usd_per_served_token(size), dtype=np.float64)
        return positive("usd_per_served_token(n_params)", usd, "USD/token")

    served, rate, base = np.broadcast_arrays(served, rate, baseline.params)
    reducible = np.broadcast_to(np.asarray(baseline.loss) - law.E, base.shape)
    odds = _odds_of_size(law, served, rate, reducible, price)
    size = law._size_at_share(reducible, logistic(odds))
    run = law.predict(size, law._tokens_at_share(reducible, logistic(-odds)))
    total = rate * run.flop + served * price(run.params)
    return _optimum(run, baseline, served, total, rate * baseline.flop + served * price(base))


def _odds_of_size(
    law: SeparableLaw,
    served: FloatArray,
    rate: FloatArray,
    reducible: FloatArray,
    price: Callable[[FloatArray], FloatArray],
) -> FloatArray:
    """Log odds of the size term's share u in the reducible loss where dollars are least.

    ln(u/(1-u)) has no ends to fall off; u = a is the compute optimum.
    """

    def gain(
        odds: FloatArray, served: FloatArray, rate: FloatArray, left: FloatArray
    ) -> FloatArray:
        """What a smaller model saves in serving, less what its training costs more."""
        size = np.asarray(law._size_at_share(left, logistic(odds)))
        tokens = np.asarray(law._tokens_at_share(left, logistic(-odds)))
        up, down = price(size * np.exp(_SLOPE_STEP)), price(size * np.exp(-_SLOPE_STEP))
        if np.any(up < down):
            raise ValueError(
                "usd_per_served_token must not fall with size, "
                f"but it does at {size[up < down].flat[0]:.4g} [parameters]"
            )
        slope = served * (up - down) / (2 * _SLOPE_STEP)
        wedge = np.asarray(law.alpha) / law.beta * np.exp(odds)
        train = rate * law.flop_per_param_token * size * tokens
        # Angle of the logarithm of their ratio: both span many decades, and either may be zero.
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.log(slope) - np.log(train) - np.log(wedge - 1)
        return np.where(wedge > 1, np.arctan(ratio), np.pi / 2)

    # from just above the compute-optimal size, where serving always gains
    low = np.full(reducible.shape, float(np.log(law.a / law.b)) - 1e-6)
    high = low + 80.0  # a size term e^80 times the data term: the floor to every digit
    return np.asarray(find_root(gain, (low, high), args=(served, rate, reducible)).x)
