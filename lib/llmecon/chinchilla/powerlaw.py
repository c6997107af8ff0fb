"""Laws that only allocate: size or tokens as a power of the budget, no loss."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from llmecon._checks import Numbers
from llmecon.chinchilla._records import (
    EVERYWHERE,
    TRAIN_FLOP_PER_PARAM_TOKEN,
    Allocation,
    Array,
    Domain,
    Provenance,
    exactly_one,
    plain,
    positive,
)


@dataclass(frozen=True, kw_only=True)
class PowerLaw:
    r"""Compute-optimal allocation as a power law of the budget.

    .. math::

        N^* = c\,C^{a}, \; D^* = C/(kN^*) \quad\text{or}\quad
        D^* = c\,C^{b}, \; N^* = C/(kD^*)

    Attributes
    ----------
    name : str
        Name to quote a result with.
    factor, exponent : float
        c and the exponent of the budget in FLOP. [parameters or tokens per FLOP^exponent] [1]
    of : {"params", "tokens"}
        The quantity that the power law gives; the other follows from the budget.
    provenance : Provenance
        Source and conventions.
    domain : Domain
        Runs behind it.
    flop_per_param_token : float
        k in C = k N D. [FLOP/parameter/token]
    """

    name: str
    factor: float
    exponent: float
    of: Literal["params", "tokens"]
    provenance: Provenance
    domain: Domain = EVERYWHERE
    flop_per_param_token: float = TRAIN_FLOP_PER_PARAM_TOKEN

    def __post_init__(self) -> None:
        positive("factor", self.factor, "")
        positive("exponent", self.exponent, "1")
        if self.of not in ("params", "tokens"):
            raise ValueError(f"of must be 'params' or 'tokens', got {self.of!r}")

    @property
    def a(self) -> float:
        """Exponent of the optimal size in compute. [1]"""
        return self.exponent if self.of == "params" else 1 - self.exponent

    @property
    def b(self) -> float:
        """Exponent of the optimal tokens in compute. [1]"""
        return 1 - self.a

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

        Examples
        --------
        >>> from llmecon import chinchilla
        >>> best = chinchilla.LLAMA_3_2024.optimal(flop=3.8e25)
        >>> round(float(best.tokens) / 1e12, 2)
        16.29
        """
        exactly_one(flop=flop, n_params=n_params, n_tokens=n_tokens)
        k = self.flop_per_param_token
        if flop is not None:
            budget = positive("flop", flop, "FLOP")
        elif n_params is not None:
            budget = self._budget(positive("n_params", n_params, "parameters"), "params")
        else:
            tokens = positive("n_tokens", 0 if n_tokens is None else n_tokens, "tokens")
            budget = self._budget(tokens, "tokens")
        first = plain(self.factor * budget**self.exponent)
        other = plain(budget / (k * first))
        size, tokens = (first, other) if self.of == "params" else (other, first)
        return Allocation(
            law=self.name,
            params=size,
            tokens=tokens,
            flop=plain(budget),
            loss=None,
            decades=self.domain.decades(n_params=size, n_tokens=tokens, flop=budget),
        )

    def _budget(self, value: Array, of: str) -> Array:
        """Budget at which the optimal size (or tokens) has a value."""
        if of == self.of:
            return plain((value / self.factor) ** (1 / self.exponent))
        # the other quantity is C^(1-exponent)/(k c)
        return plain((value * self.flop_per_param_token * self.factor) ** (1 / (1 - self.exponent)))


def allocation(
    factor: float,
    exponent: float,
    *,
    of: Literal["params", "tokens"] = "params",
    name: str = "own",
    source: str = "given by the caller",
) -> PowerLaw:
    """Power-law allocation from its two numbers.

    Parameters
    ----------
    factor, exponent : float
        c and x in N* = c C^x (or D* = c C^x), C in FLOP. [parameters/FLOP^x] [1]
    of : {"params", "tokens"}, optional
        What the law gives.
    name, source : str, optional
        How results quote it.

    Examples
    --------
    >>> float(allocation(0.29, 0.53, of="tokens").optimal(flop=3.8e25).tokens) / 1e12
    10.46365
    """
    provenance = Provenance(source=source, source_url="", place="", status="given")
    return PowerLaw(name=name, factor=factor, exponent=exponent, of=of, provenance=provenance)


def regress_allocation(flop: Numbers, n_params: Numbers) -> tuple[float, float]:
    """Factor and exponent of N* = c C^a by ordinary regression of ln N on ln C.

    Parameters
    ----------
    flop, n_params : array
        Rows of a printed table of budgets and sizes. [FLOP] [parameters]

    Returns
    -------
    factor, exponent : float
        c and a. [parameters/FLOP^a] [1]

    Raises
    ------
    ValueError
        With fewer than two different budgets.
    """
    budget = np.log(positive("flop", flop, "FLOP")).ravel()
    size = np.log(positive("n_params", n_params, "parameters")).ravel()
    if budget.shape != size.shape:
        raise ValueError(f"flop and n_params must pair, got {budget.size} and {size.size} rows")
    centred = budget - budget.mean()
    spread = float(centred @ centred)
    if not spread > 0:
        raise ValueError("flop must have at least two different budgets [FLOP]")
    exponent = float(centred @ size) / spread
    return float(np.exp(size.mean() - exponent * budget.mean())), exponent


@dataclass(frozen=True, kw_only=True)
class DeepSeekLaw:
    r"""Allocation in FLOP per token instead of parameters (DeepSeek LLM, arXiv:2401.02954).

    .. math:: M^* = 0.1715\,C^{0.5243}, \quad D^* = 5.8316\,C^{0.4757}, \quad C = M D

    M is non-embedding FLOP per token, :math:`72 n d^2 + 12 n d\,l`: about 6 times the
    parameters of Hoffmann's convention, less the embeddings, plus attention.

    Attributes
    ----------
    name : str
        Name of the preset.
    size_factor, size_exponent, tokens_factor, tokens_exponent : float
        Of M* and D*. [FLOP/token] [tokens]
    learning_rate_factor, learning_rate_exponent, batch_factor, batch_exponent : float
        Of the best learning rate and batch. [1] [tokens]
    provenance : Provenance
        Source and conventions.
    domain : Domain
        Runs behind it.
    """

    name: str
    size_factor: float
    size_exponent: float
    tokens_factor: float
    tokens_exponent: float
    learning_rate_factor: float
    learning_rate_exponent: float
    batch_factor: float
    batch_exponent: float
    provenance: Provenance
    domain: Domain = EVERYWHERE

    def flop_per_token(self, flop: Numbers) -> Array:
        """Best size as non-embedding training FLOP per token, M*. [FLOP/token]"""
        return plain(self.size_factor * positive("flop", flop, "FLOP") ** self.size_exponent)

    def tokens(self, flop: Numbers) -> Array:
        """Best number of training tokens, D*. [tokens]"""
        return plain(self.tokens_factor * positive("flop", flop, "FLOP") ** self.tokens_exponent)

    def learning_rate(self, flop: Numbers) -> Array:
        """Best peak learning rate. [1]"""
        budget = positive("flop", flop, "FLOP")
        return plain(self.learning_rate_factor * budget**self.learning_rate_exponent)

    def batch_tokens(self, flop: Numbers) -> Array:
        """Best batch. [tokens]"""
        return plain(self.batch_factor * positive("flop", flop, "FLOP") ** self.batch_exponent)

    def optimal(self, *, flop: Numbers | None = None) -> Allocation:
        """Run of a budget; ``params`` is M*/6, the size 6ND would charge the same for.

        Parameters
        ----------
        flop : float or array
            Training budget C = M D. [FLOP]
        """
        exactly_one(flop=flop)
        budget = positive("flop", 0 if flop is None else flop, "FLOP")
        size, tokens = self.flop_per_token(budget) / TRAIN_FLOP_PER_PARAM_TOKEN, self.tokens(budget)
        return Allocation(
            law=self.name,
            params=plain(size),
            tokens=tokens,
            flop=plain(budget),
            loss=None,
            decades=self.domain.decades(flop=budget),
        )
