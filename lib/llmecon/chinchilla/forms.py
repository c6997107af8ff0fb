"""Forms of published laws beside the separable one: allocation by budget, progress by the year."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from llmecon._checks import FloatArray, Numbers
from llmecon.chinchilla._records import (
    TRAIN_FLOP_PER_PARAM_TOKEN,
    Allocation,
    Law,
    exactly_one,
    plain,
    positive,
)
from llmecon.chinchilla.separable import SeparableLaw


@dataclass(frozen=True, kw_only=True)
class PowerLaw(Law):
    r"""Compute-optimal allocation as a power law of the budget.

    .. math::

        N^* = c\,(C/u)^{a}, \; D^* = C/(kN^*) \quad\text{or}\quad
        D^* = c\,(C/u)^{b}, \; N^* = C/(kD^*)

    Attributes
    ----------
    factor, exponent : float
        c and the exponent of the budget. [parameters or tokens] [1]
    of : {"params", "tokens"}
        The quantity that the power law gives.
    tokens_law : tuple of float or None
        Factor and exponent of the tokens, where the source gives both; without it the other
        quantity follows from the budget. [tokens] [1]
    flop_unit : float
        u, what the source counts the budget in. [FLOP]
    """

    factor: float
    exponent: float
    of: Literal["params", "tokens"]
    tokens_law: tuple[float, float] | None = None
    flop_unit: float = 1.0

    def __post_init__(self) -> None:
        for name in ("factor", "exponent", "flop_unit"):
            positive(name, getattr(self, name), "")

    @property
    def efficient_size(self) -> tuple[float, float]:
        """Factor and exponent of the size in ``flop_unit``. [parameters] [1]"""
        return (self.factor, self.exponent) if self.of == "params" else self._rest()

    @property
    def efficient_tokens(self) -> tuple[float, float]:
        """Factor and exponent of the tokens in ``flop_unit``. [tokens] [1]"""
        if self.tokens_law is not None:
            return self.tokens_law
        return (self.factor, self.exponent) if self.of == "tokens" else self._rest()

    def _rest(self) -> tuple[float, float]:
        """The other quantity, C/(k c (C/u)^x)."""
        return self.flop_unit / (TRAIN_FLOP_PER_PARAM_TOKEN * self.factor), 1 - self.exponent

    def optimal(
        self,
        *,
        flop: Numbers | None = None,
        n_params: Numbers | None = None,
        n_tokens: Numbers | None = None,
    ) -> Allocation:
        """Compute-optimal run of a budget, a size or a number of tokens.

        Parameters
        ----------
        flop : float or array, optional
            Training budget. [FLOP]
        n_params, n_tokens : float or array, optional
            Size or tokens whose budget is asked. [parameters] [tokens]

        Returns
        -------
        Allocation
            Its ``loss`` is None: the law says nothing about it.

        Raises
        ------
        ValueError
            Unless exactly one is given, and positive.

        Examples
        --------
        >>> from llmecon import chinchilla
        >>> best = chinchilla.LLAMA_3_2024.optimal(flop=3.8e25)
        >>> round(float(best.tokens) / 1e12, 2)
        16.29
        """
        exactly_one(flop=flop, n_params=n_params, n_tokens=n_tokens)
        if flop is not None:
            budget = positive("flop", flop, "FLOP")
        elif n_params is not None:
            budget = self._budget(self.efficient_size, positive("n_params", n_params, ""))
        else:
            tokens = positive("n_tokens", 0 if n_tokens is None else n_tokens, "tokens")
            budget = self._budget(self.efficient_tokens, tokens)
        size, tokens = (
            plain(factor * (budget / self.flop_unit) ** exponent)
            for factor, exponent in (self.efficient_size, self.efficient_tokens)
        )
        return Allocation(
            law=self.name,
            params=size,
            tokens=tokens,
            flop=plain(budget),
            loss=self._loss(budget),
            decades=self.domain.decades(n_params=size, n_tokens=tokens, flop=budget),
        )

    def _budget(self, power: tuple[float, float], value: FloatArray) -> FloatArray:
        factor, exponent = power
        return plain(self.flop_unit * (value / factor) ** (1 / exponent))

    def _loss(self, budget: FloatArray) -> FloatArray | None:
        return None


@dataclass(frozen=True, kw_only=True)
class KaplanLaw(PowerLaw):
    r"""Allocation of Kaplan et al. 2020, with the loss that a budget reaches.

    .. math:: N^* = 1.3\cdot10^9\,C_{min}^{.73}, \quad L = (3.1\cdot10^8/C_{min})^{.050}

    with C_min in PF-days of 8.64e19 FLOP. A budget is what is spent at the critical batch
    size, twice C_min: the convention in which Hoffmann et al. (appendix D.4) quote 4.68B
    parameters at 1e21, hence ``flop_unit``. N counts parameters without embeddings.

    Attributes
    ----------
    compute_min : tuple of float
        Scale and exponent of L(C_min). [PF-days] [1]
    """

    compute_min: tuple[float, float]

    def _loss(self, budget: FloatArray) -> FloatArray:
        scale, exponent = self.compute_min
        return plain((scale / (budget / self.flop_unit)) ** exponent)

    def optimal(
        self,
        *,
        flop: Numbers | None = None,
        loss: Numbers | None = None,
        n_params: Numbers | None = None,
        n_tokens: Numbers | None = None,
    ) -> Allocation:
        """Compute-efficient run of a budget, a loss, a size or a number of tokens.

        Parameters
        ----------
        flop, loss, n_params, n_tokens : float or array, optional
            Exactly one. [FLOP] [nats/token] [parameters] [tokens]

        Examples
        --------
        >>> from llmecon import chinchilla
        >>> round(float(chinchilla.KAPLAN_2020.optimal(flop=1e21).params) / 1e9, 2)
        4.68
        """
        exactly_one(flop=flop, loss=loss, n_params=n_params, n_tokens=n_tokens)
        if loss is not None:
            scale, exponent = self.compute_min
            target = positive("loss", loss, "nats/token")
            flop = self.flop_unit * scale * target ** (-1 / exponent)
        return super().optimal(flop=flop, n_params=n_params, n_tokens=n_tokens)


@dataclass(frozen=True, kw_only=True)
class ProgressLaw(Law):
    r"""How fast the same loss needs less size and data (Ho et al. 2024, model 7).

    .. math::

        T_N = \ln 2\,\alpha_{param}/\alpha_{year}, \quad T_D = \ln 2\,\beta_{data}/\beta_{year}

    Attributes
    ----------
    alpha_year, beta_year : float
        Progress on the size and on the data side. [1/year]
    alpha_param, beta_data : float
        Exponents of size and data. [1]
    doubling_months_interval : tuple of float
        Months in which progress is worth twice the compute: 2.5, 50 and 97.5 percentile of the
        bootstrap, as printed. [months]
    """

    alpha_year: float
    alpha_param: float
    beta_year: float
    beta_data: float
    doubling_months_interval: tuple[float, float, float]

    @property
    def params_doubling_years(self) -> float:
        """Years in which progress is worth twice the parameters. [years]"""
        return float(np.log(2) * self.alpha_param / self.alpha_year)

    @property
    def tokens_doubling_years(self) -> float:
        """Years in which progress is worth twice the data. [years]"""
        return float(np.log(2) * self.beta_data / self.beta_year)


@dataclass(frozen=True, kw_only=True)
class StatedLaw(Law):
    """A law to be looked up: its constants, with the formula in the note of its source.

    Attributes
    ----------
    constants : mapping of str to float
        As printed.
    """

    constants: Mapping[str, float]


# Laws that turn a training budget into size and data.
Allocates = SeparableLaw | PowerLaw
