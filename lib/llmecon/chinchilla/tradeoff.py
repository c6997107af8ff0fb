"""Equal loss with other sizes: what a smaller model costs in data, and how small it can get."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize.elementwise import find_root

from llmecon._checks import FloatArray, Numbers
from llmecon.chinchilla._records import SERVE_FLOP_PER_PARAM_TOKEN, logistic, plain, positive
from llmecon.chinchilla.separable import SeparableLaw


@dataclass(frozen=True, slots=True, kw_only=True)
class IsoLoss:
    """Runs of the loss of a compute-optimal one, with other sizes.

    Attributes
    ----------
    size_factor, token_factor : array
        Size and tokens over those of the compute-optimal run; the tokens are infinite at and
        below the floor. [1]
    """

    size_factor: FloatArray
    token_factor: FloatArray

    @property
    def flop_overhead(self) -> FloatArray:
        """Extra training compute over the compute-optimal run, k_N k_D - 1. [1]"""
        return plain(self.size_factor * self.token_factor - 1)

    @property
    def serve_decades(self) -> FloatArray:
        """Orders of magnitude of inference compute saved. [decades]"""
        return plain(-np.log10(self.size_factor))


def iso_loss(law: SeparableLaw, *, size_factor: Numbers) -> IsoLoss:
    r"""Tokens that make up for a smaller model at the loss of a compute-optimal one.

    .. math:: k_D = [1 - q (k_N^{-\alpha} - 1)]^{-1/\beta}, \quad q = \beta/\alpha

    Parameters
    ----------
    law : SeparableLaw
        Loss law.
    size_factor : float or array
        k_N, size over that of the compute-optimal run, whatever its budget. [1]

    Returns
    -------
    IsoLoss
        Token factor, overhead.

    References
    ----------
    .. [1] H. de Vries, "Go smol or go home", 2023.

    Examples
    --------
    Half the size costs 26% more training compute.

    >>> from llmecon import chinchilla
    >>> half = iso_loss(chinchilla.BESIROGLU_2024, size_factor=0.5)
    >>> float(half.flop_overhead)
    0.2593
    """
    factor = positive("size_factor", size_factor, "1")
    alpha, beta = np.asarray(law.alpha), np.asarray(law.beta)
    left = 1 - beta / alpha * np.expm1(-alpha * np.log(factor))
    grown = np.where(left > 0, left, 1.0) ** (-1 / beta)
    return IsoLoss(size_factor=plain(factor), token_factor=np.where(left > 0, grown, np.inf)[()])


def critical_size(law: SeparableLaw) -> FloatArray:
    """Size over the compute-optimal size at which training takes twice the compute.

    De Vries 2023 calls about 30% of the optimal size, at about 100% overhead, critical.

    Parameters
    ----------
    law : SeparableLaw
        Loss law.

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
    alpha, beta = np.asarray(law.alpha, dtype=float), np.asarray(law.beta, dtype=float)
    a = beta / (alpha + beta)

    # In v = ln(u/(1-u)) with u the share of the size term; ln(k_N k_D) rises with it.
    def excess(odds: FloatArray, alpha: FloatArray, beta: FloatArray, a: FloatArray) -> FloatArray:
        log_size = -np.log(logistic(odds) / a) / alpha
        log_data = -np.log(logistic(-odds) / (1 - a)) / beta
        return plain(log_size + log_data - np.log(2))

    low = np.log(a / (1 - a))
    odds = find_root(excess, (low, low + 100.0), args=(alpha, beta, a)).x
    return plain((logistic(odds) / a) ** (-1 / alpha))


def exchange(law: SeparableLaw, *, wedge: Numbers) -> IsoLoss:
    r"""From the compute optimum towards smaller models, until the wedge is reached.

    Along equal loss d ln C/d ln N = 1 - w, so w = 7 is where one more order of magnitude of
    inference saved costs six of training. With
    :math:`u = (w\beta/\alpha)/(1 + w\beta/\alpha)` the share of the size term,

    .. math:: k_N = (u/a)^{-1/\alpha}, \quad k_D = ((1-u)/b)^{-1/\beta}

    Parameters
    ----------
    law : SeparableLaw
        Loss law.
    wedge : float or array
        Wedge at which to stop; 1 stays at the optimum. [1]

    Returns
    -------
    IsoLoss
        Factors on size and tokens, decades of compute paid and saved.

    References
    ----------
    .. [1] P. Villalobos and D. Atkinson, "Trading off compute in training and inference",
       Epoch AI, 2023. Its printed span is 1.2 decades of training for 0.7 of inference; the
       TeX constants of Hoffmann et al. give 1.21 and 0.80, so the 0.7 is not reproduced.

    Examples
    --------
    >>> from llmecon import chinchilla
    >>> span = exchange(chinchilla.HOFFMANN_2022_TEX, wedge=7)
    >>> float(np.log10(1 + span.flop_overhead)), float(span.serve_decades)
    (1.21, 0.80)
    """
    odds = positive("wedge", wedge, "1") * law.beta / np.asarray(law.alpha)
    return IsoLoss(
        size_factor=plain((odds / (1 + odds) / law.a) ** (-1 / np.asarray(law.alpha))),
        token_factor=plain((1 / (1 + odds) / law.b) ** (-1 / np.asarray(law.beta))),
    )


def implied_served_per_trained_token(
    law: SeparableLaw, n_params: Numbers, n_tokens: Numbers
) -> FloatArray:
    """Lifetime tokens served per training token that would justify a released model, 3 (w - 1).

    Negative where the model saw fewer tokens than even its training optimum.

    Parameters
    ----------
    law : SeparableLaw
        Loss law; an illustration only where the model has another corpus or tokenizer.
    n_params, n_tokens : float or array
        The released model. [parameters] [tokens]

    Examples
    --------
    Llama 3 8B on 15T tokens.

    >>> from llmecon import chinchilla
    >>> float(implied_served_per_trained_token(chinchilla.BESIROGLU_2024, 8e9, 15e12))
    12.65
    """
    ratio = law.flop_per_param_token / SERVE_FLOP_PER_PARAM_TOKEN
    return plain(ratio * (law.wedge(n_params, n_tokens) - 1))
