"""Progress of algorithms, and compute moved between training and inference."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from llmecon._checks import Numbers, require
from llmecon.chinchilla._records import (
    SERVE_FLOP_PER_PARAM_TOKEN,
    Array,
    Domain,
    Provenance,
    plain,
    positive,
)
from llmecon.chinchilla.separable import SeparableLaw

_MONTHS_PER_YEAR = 12.0


@dataclass(frozen=True, kw_only=True)
class ProgressLaw:
    r"""How fast the same loss needs less size, data and compute (Ho et al. 2024, model 7).

    .. math::

        T_N = \ln 2\,\alpha_{param}/\alpha_{year}, \quad T_D = \ln 2\,\beta_{data}/\beta_{year},
        \quad T_C = (1/T_N + 1/T_D)^{-1}

    Attributes
    ----------
    name : str
        Name of the preset.
    alpha_year, beta_year : float
        Progress on the size and on the data side. [1/year]
    alpha_param, beta_data : float
        Exponents of size and data. [1]
    doubling_months_interval : tuple of float
        2.5, 50 and 97.5 percentile of the bootstrap, as printed. [months]
    doubling_months_interval_optimised : tuple of float
        The same where each bootstrap fit is numerically optimal, as printed. [months]
    compute_gain : mapping of float to tuple of float
        Compute-equivalent gain of the transformer with its 95% interval, by budget in FLOP, as
        printed. [1]
    provenance, domain
        Source, conventions, range of the results.
    """

    name: str
    alpha_year: float
    alpha_param: float
    beta_year: float
    beta_data: float
    provenance: Provenance
    domain: Domain
    doubling_months_interval: tuple[float, float, float] | None = None
    doubling_months_interval_optimised: tuple[float, float, float] | None = None
    compute_gain: Mapping[float, tuple[float, float, float]] = field(default_factory=dict)

    @property
    def params_doubling_years(self) -> float:
        """Years in which progress is worth twice the parameters. [years]"""
        return float(np.log(2) * self.alpha_param / self.alpha_year)

    @property
    def tokens_doubling_years(self) -> float:
        """Years in which progress is worth twice the data. [years]"""
        return float(np.log(2) * self.beta_data / self.beta_year)

    @property
    def flop_doubling_months(self) -> float:
        """Months in which progress is worth twice the compute. [months]"""
        rate = 1 / self.params_doubling_years + 1 / self.tokens_doubling_years
        return _MONTHS_PER_YEAR / rate

    def loss(
        self,
        n_params: Numbers,
        n_tokens: Numbers,
        years: Numbers,
        *,
        alpha_const: float,
        beta_const: float,
        least_params: float,
        least_tokens: float,
    ) -> Array:
        r"""Model 7: size and data terms that both shrink with the years.

        .. math::

            L = e^{\alpha_0 - \alpha_{year} t - \alpha_{param} \ln(N/N_0)}
              + e^{\beta_0 - \beta_{year} t - \beta_{data} \ln(D/D_0)}

        Parameters
        ----------
        n_params, n_tokens : float or array
            Size and training tokens. [parameters] [tokens]
        years : float or array
            Years since the first result. [years]
        alpha_const, beta_const : float
            Logarithms of the two terms at the start; one pair a benchmark. [1]
        least_params, least_tokens : float
            N_0 and D_0, the least size and data among the results. [parameters] [tokens]
        """
        size = np.log(positive("n_params", n_params, "parameters") / least_params)
        data = np.log(positive("n_tokens", n_tokens, "tokens") / least_tokens)
        elapsed = require("years", years, unit="years")
        size_term = np.exp(alpha_const - self.alpha_year * elapsed - self.alpha_param * size)
        data_term = np.exp(beta_const - self.beta_year * elapsed - self.beta_data * data)
        return plain(size_term + data_term)

    def effective_flop_factor(self, years: Numbers) -> Array:
        """Factor on effective compute after some years of progress. [1]"""
        elapsed = require("years", years, unit="years")
        return plain(2 ** (elapsed * _MONTHS_PER_YEAR / self.flop_doubling_months))


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """Training compute paid for inference compute saved, at equal loss.

    Attributes
    ----------
    law : str
        Law it was computed with.
    wedge : array
        Wedge of the smaller model; one more factor saved costs w - 1 factors. [1]
    size_factor, token_factor : array
        Size and tokens over those of the compute optimum. [1]
    """

    law: str
    wedge: Array
    size_factor: Array
    token_factor: Array

    @property
    def train_flop_factor(self) -> Array:
        """Training compute over the optimum's. [1]"""
        return plain(self.size_factor * self.token_factor)

    @property
    def train_decades(self) -> Array:
        """Orders of magnitude of training compute paid. [decades]"""
        return plain(np.log10(self.train_flop_factor))

    @property
    def serve_decades(self) -> Array:
        """Orders of magnitude of inference compute saved. [decades]"""
        return plain(-np.log10(self.size_factor))


def exchange(law: SeparableLaw, *, wedge: Numbers) -> Exchange:
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
    Exchange
        Factors on size, tokens, training compute.

    References
    ----------
    .. [1] P. Villalobos and D. Atkinson, "Trading off compute in training and inference",
       Epoch AI, 2023. Its printed span is 1.2 decades of training for 0.7 of inference; the
       TeX constants of Hoffmann et al. give 1.21 and 0.80, so the 0.7 is not reproduced.

    Examples
    --------
    >>> from llmecon import chinchilla
    >>> span = exchange(chinchilla.HOFFMANN_2022_TEX, wedge=7)
    >>> round(float(span.train_decades), 2), round(float(span.serve_decades), 2)
    (1.21, 0.8)
    """
    w = positive("wedge", wedge, "1")
    odds = w * law.beta / np.asarray(law.alpha)
    size_factor = (odds / (1 + odds) / law.a) ** (-1 / np.asarray(law.alpha))
    token_factor = (1 / (1 + odds) / law.b) ** (-1 / np.asarray(law.beta))
    return Exchange(
        law=law.name,
        wedge=plain(w),
        size_factor=plain(size_factor),
        token_factor=plain(token_factor),
    )


def loss_from_compute(
    law: SeparableLaw, *, train_flop: Numbers, serve_flop_per_token: Numbers
) -> Array:
    r"""Loss from training compute and inference compute per token.

    .. math:: L = E + A (IC/2)^{-\alpha} + B (TC/(3\,IC))^{-\beta}

    Parameters
    ----------
    law : SeparableLaw
        Loss law.
    train_flop : float or array
        TC = 6 N D. [FLOP]
    serve_flop_per_token : float or array
        IC = 2 N. [FLOP/token]

    Returns
    -------
    float or array
        Loss. [nats/token]
    """
    per_token = positive("serve_flop_per_token", serve_flop_per_token, "FLOP/token")
    size = per_token / SERVE_FLOP_PER_PARAM_TOKEN
    tokens = positive("train_flop", train_flop, "FLOP") / (law.flop_per_param_token * size)
    return law.loss(size, tokens)
