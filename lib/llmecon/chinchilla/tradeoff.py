"""Equal loss with other sizes: what a smaller model costs in data, and how small it can get."""

from dataclasses import dataclass

import numpy as np

from llmecon._checks import Numbers, require
from llmecon.chinchilla._records import SERVE_FLOP_PER_PARAM_TOKEN, Array, logistic, plain, positive
from llmecon.chinchilla._roots import Positions, bracketed
from llmecon.chinchilla.separable import SeparableLaw


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
        log_size = -np.log(logistic(odds) / a[at]) / alpha[at]
        log_data = -np.log(logistic(-odds) / (1 - a[at])) / beta[at]
        slope = logistic(-odds) / alpha[at] - logistic(odds) / beta[at]
        return bound[at] - log_size - log_data, slope

    low = np.log(a / (1 - a))
    odds = np.asarray(bracketed(equation, low, low + 700.0))
    return plain(((logistic(odds) / a) ** (-1 / alpha)).reshape(shape))


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
