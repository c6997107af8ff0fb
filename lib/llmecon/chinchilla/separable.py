r"""The separable law L(N, D) = E + A N^-alpha + B D^-beta and everything it has in closed form.

Hoffmann et al. 2022, arXiv:2203.15556, Eq. 2 and 4; the form is Rosenfeld et al. 2020,
arXiv:1909.12673. Constants may be arrays, so that one record can hold a thousand bootstrap
refits; every method broadcasts over them.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from llmecon._checks import Numbers, require
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

Constant = float | Array


@dataclass(frozen=True, kw_only=True)
class SeparableLaw:
    r"""Loss of a dense transformer from its size and its training tokens.

    .. math:: L(N, D) = E + A N^{-\alpha} + B D^{-\beta}

    Attributes
    ----------
    name : str
        Name to quote a result with.
    E : float or array
        Irreducible loss. [nats/token]
    A, alpha : float or array
        Coefficient and exponent of the size term. [nats parameters^alpha] [1]
    B, beta : float or array
        Coefficient and exponent of the data term. [nats tokens^beta] [1]
    provenance : Provenance
        Source and conventions.
    domain : Domain
        Runs the constants were fitted on; results beyond it are flagged.
    flop_per_param_token : float
        k in C = k N D. [FLOP/parameter/token]

    Raises
    ------
    ValueError
        If a constant is not positive (E may be zero).

    Notes
    -----
    Valid for one pass over the data and one tokenizer and corpus. Losses of two
    tokenizers cannot be compared without conversion to bits per byte.

    Examples
    --------
    >>> from llmecon import chinchilla
    >>> float(chinchilla.BESIROGLU_2024.loss(70e9, 1.4e12))
    1.97388186316
    """

    name: str
    E: Constant
    A: Constant
    B: Constant
    alpha: Constant
    beta: Constant
    provenance: Provenance
    domain: Domain = EVERYWHERE
    flop_per_param_token: float = TRAIN_FLOP_PER_PARAM_TOKEN

    def __post_init__(self) -> None:
        for symbol in ("A", "B", "alpha", "beta", "flop_per_param_token"):
            value = getattr(self, symbol)
            if not (isinstance(value, float) and 0 < value < np.inf):  # the usual case, at once
                positive(symbol, value, "")
        require("E", self.E, minimum=0, unit="nats/token")

    # --- constants derived from the five -------------------------------------------------

    @property
    def a(self) -> Array:
        """Exponent of the optimal size, N* ~ C^a, a = beta/(alpha+beta). [1]"""
        return plain(np.asarray(self.beta) / (np.asarray(self.alpha) + self.beta))

    @property
    def b(self) -> Array:
        """Exponent of the optimal tokens, D* ~ C^b, b = alpha/(alpha+beta). [1]"""
        return plain(np.asarray(self.alpha) / (np.asarray(self.alpha) + self.beta))

    @property
    def G(self) -> Array:
        """(alpha A / (beta B))^(1/(alpha+beta)), Hoffmann Eq. 4. [parameters^b tokens^-a]"""
        ratio = np.asarray(self.alpha) * self.A / (np.asarray(self.beta) * self.B)
        return plain(ratio ** (1 / (np.asarray(self.alpha) + self.beta)))

    @property
    def gamma(self) -> Array:
        """Exponent of the reducible loss in compute, alpha beta/(alpha+beta). [1]"""
        return plain(self.b * self.beta)

    @property
    def K(self) -> Array:
        """Coefficient of the frontier, L* = E + K (C/k)^-gamma. [nats FLOP^gamma]"""
        size = np.asarray(self.A) * self.G ** -np.asarray(self.alpha)
        return plain(size + np.asarray(self.B) * self.G ** np.asarray(self.beta))

    @property
    def size_floor_ratio(self) -> Array:
        """Smallest size over compute-optimal size at one loss, a^(1/alpha). [1]"""
        return plain(self.a ** (1 / np.asarray(self.alpha)))

    @property
    def tokens_floor_ratio(self) -> Array:
        """Fewest tokens over compute-optimal tokens at one loss, b^(1/beta). [1]"""
        return plain(self.b ** (1 / np.asarray(self.beta)))

    # --- loss ----------------------------------------------------------------------------

    def loss(self, n_params: Numbers, n_tokens: Numbers) -> Array:
        """Loss after one pass over the tokens.

        Parameters
        ----------
        n_params : float or array
            Parameters N, counted as ``provenance.params_convention`` says. [parameters]
        n_tokens : float or array
            Training tokens D. [tokens]

        Returns
        -------
        float or array
            Loss. [nats/token]

        Raises
        ------
        ValueError
            If an argument is not positive.
        """
        size = positive("n_params", n_params, "parameters")
        tokens = positive("n_tokens", n_tokens, "tokens")
        return plain(self.E + self._size_term(size) + self._data_term(tokens))

    def predict(self, n_params: Numbers, n_tokens: Numbers) -> Allocation:
        """Loss as a record that also says how far outside the fitted runs it is."""
        size = positive("n_params", n_params, "parameters")
        tokens = positive("n_tokens", n_tokens, "tokens")
        return self._allocation(size, tokens)

    def _size_term(self, size: Array) -> Array:
        return plain(np.asarray(self.A) * size ** -np.asarray(self.alpha))

    def _data_term(self, tokens: Array) -> Array:
        return plain(np.asarray(self.B) * tokens ** -np.asarray(self.beta))

    def _allocation(self, size: Array, tokens: Array, flop: Array | None = None) -> Allocation:
        spent = self.flop_per_param_token * size * tokens if flop is None else flop
        loss = plain(self.E + self._size_term(size) + self._data_term(tokens))
        size, tokens, spent = (plain(np.broadcast_to(v, loss.shape)) for v in (size, tokens, spent))
        decades = self.domain.decades(n_params=size, n_tokens=tokens, flop=spent)
        return Allocation(
            law=self.name, params=size, tokens=tokens, flop=spent, loss=loss, decades=decades
        )

    # --- optima --------------------------------------------------------------------------

    def optimal(
        self,
        *,
        flop: Numbers | None = None,
        loss: Numbers | None = None,
        n_params: Numbers | None = None,
        n_tokens: Numbers | None = None,
    ) -> Allocation:
        r"""Compute-optimal run, named by any one of its four quantities.

        .. math::

            N^* = G (C/k)^a, \quad D^* = (C/k)^b / G, \quad
            N_c = \left(\frac{A (1 + \alpha/\beta)}{L - E}\right)^{1/\alpha}

        Parameters
        ----------
        flop : float or array, optional
            Training budget C. [FLOP]
        loss : float or array, optional
            Loss to reach with least compute, above E. [nats/token]
        n_params, n_tokens : float or array, optional
            Size or tokens of a compute-optimal run. [parameters] [tokens]

        Returns
        -------
        Allocation
            With ``extrapolated`` set where the run lies outside the law's domain.

        Raises
        ------
        ValueError
            Unless exactly one is given, positive, and the loss is above E.

        References
        ----------
        .. [1] J. Hoffmann et al., arXiv:2203.15556, 2022, Eq. 4. The inverse from tokens
           is C = k (D G)^(1/b): k stands outside the power, unlike in the code of
           arXiv:2401.00448.

        Examples
        --------
        >>> from llmecon import chinchilla
        >>> best = chinchilla.BESIROGLU_2024.optimal(flop=5.76e23)
        >>> round(float(best.params) / 1e9, 2), round(float(best.tokens_per_param), 2)
        (72.25, 18.39)
        >>> bool(best.extrapolated)
        True
        """
        given = exactly_one(flop=flop, loss=loss, n_params=n_params, n_tokens=n_tokens)
        if given == "loss":
            return self._optimal_at_loss(self._reducible(loss))
        k, g = self.flop_per_param_token, self.G
        if flop is not None:
            budget = positive("flop", flop, "FLOP")
            size = g * (budget / k) ** self.a
            return self._allocation(size, (budget / k) ** self.b / g, budget * np.ones_like(size))
        if n_params is not None:
            size = positive("n_params", n_params, "parameters")
            return self._allocation(size, (size / g) ** (self.b / self.a) / g)
        tokens = positive("n_tokens", n_tokens if n_tokens is not None else 0, "tokens")
        return self._allocation(g * (tokens * g) ** (self.a / self.b), tokens)

    def _optimal_at_loss(self, reducible: Array) -> Allocation:
        size = self._size_at_share(reducible, self.a)
        return self._allocation(size, self._tokens_at_share(reducible, self.b))

    def _reducible(self, loss: Any) -> Array:
        """Loss above E, refused by name where nothing of any size reaches it."""
        target = positive("loss", loss, "nats/token")
        above: Array = target - np.asarray(self.E)
        if np.any(above <= 0):
            worst = np.broadcast_to(target, above.shape)[above <= 0].flat[0]
            irreducible = np.broadcast_to(self.E, above.shape)[above <= 0].flat[0]
            raise ValueError(
                f"loss must be > {irreducible:g}, the irreducible loss E of {self.name} "
                f"that no size and no data reach, got {worst:g} [nats/token]"
            )
        return above

    def _size_at_share(self, reducible: Array, share: Array | float) -> Array:
        """Size whose term is a given share of the reducible loss."""
        return plain((np.asarray(self.A) / (share * reducible)) ** (1 / np.asarray(self.alpha)))

    def _tokens_at_share(self, reducible: Array, share: Array | float) -> Array:
        return plain((np.asarray(self.B) / (share * reducible)) ** (1 / np.asarray(self.beta)))

    def at_ratio(self, *, flop: Numbers, tokens_per_param: Numbers) -> Allocation:
        """Run of a budget at a fixed ratio M = D/N: N = sqrt(C/(k M)).

        Parameters
        ----------
        flop : float or array
            Training budget. [FLOP]
        tokens_per_param : float or array
            Training tokens for each parameter. [tokens/parameter]
        """
        budget = positive("flop", flop, "FLOP")
        ratio = positive("tokens_per_param", tokens_per_param, "tokens/parameter")
        size = np.sqrt(budget / (self.flop_per_param_token * ratio))
        return self._allocation(size, size * ratio)

    # --- one quantity from the others ----------------------------------------------------

    def params_floor(self, loss: Numbers) -> Array:
        """Size below which no amount of data reaches the loss, (A/(L-E))^(1/alpha).

        Parameters
        ----------
        loss : float or array
            Loss to reach, above E. [nats/token]

        Returns
        -------
        float or array
            Smallest size, reached only with infinite data. [parameters]
        """
        return self._size_at_share(self._reducible(loss), 1.0)

    def tokens_floor(self, loss: Numbers) -> Array:
        """Tokens below which no size reaches the loss, (B/(L-E))^(1/beta). [tokens]"""
        return self._tokens_at_share(self._reducible(loss), 1.0)

    def tokens_for(self, n_params: Numbers, loss: Numbers) -> Array:
        """Tokens with which a model of a given size reaches a loss.

        Parameters
        ----------
        n_params : float or array
            Parameters. [parameters]
        loss : float or array
            Loss to reach, above E. [nats/token]

        Returns
        -------
        float or array
            Training tokens; infinite at and below ``params_floor(loss)``. [tokens]

        Examples
        --------
        The loss of 70B parameters on 1.4T tokens is out of an 8B model's reach.

        >>> from llmecon import chinchilla
        >>> law = chinchilla.BESIROGLU_2024
        >>> law.tokens_for([35e9, 8e9], law.loss(70e9, 1.4e12)).round(-9)
        array([3.647e+12,       inf])
        """
        size = positive("n_params", n_params, "parameters")
        left = self._reducible(loss) - self._size_term(size)
        return plain(_inverse(left, self.B, self.beta))

    def params_for(self, n_tokens: Numbers, loss: Numbers) -> Array:
        """Size that reaches a loss on given tokens; infinite below ``tokens_floor``."""
        tokens = positive("n_tokens", n_tokens, "tokens")
        left = self._reducible(loss) - self._data_term(tokens)
        return plain(_inverse(left, self.A, self.alpha))

    def wedge(self, n_params: Numbers, n_tokens: Numbers) -> Array:
        r"""How far a run is from the compute optimum, towards small and long.

        .. math:: w = \frac{\alpha A N^{-\alpha}}{\beta B D^{-\beta}}

        1 at the optimum, above 1 for a small model on much data. Along equal loss
        d ln D / d ln N = -w and d ln C / d ln N = 1 - w.

        Parameters
        ----------
        n_params, n_tokens : float or array
            Size and training tokens. [parameters] [tokens]
        """
        size = positive("n_params", n_params, "parameters")
        tokens = positive("n_tokens", n_tokens, "tokens")
        towards_size = np.asarray(self.alpha) * self._size_term(size)
        return plain(towards_size / (np.asarray(self.beta) * self._data_term(tokens)))

    def isoflop_penalty(self, *, flop: Numbers, size_factor: Numbers) -> Array:
        """Loss added at a fixed budget when the size is f times the optimum. [nats/token]"""
        best = self.optimal(flop=flop)
        factor = positive("size_factor", size_factor, "1")
        size_term = self._size_term(best.params) * np.expm1(
            -np.asarray(self.alpha) * np.log(factor)
        )
        data_term = self._data_term(best.tokens) * np.expm1(np.asarray(self.beta) * np.log(factor))
        return plain(size_term + data_term)

    def isoflop_penalty_estimate(self, *, flop: Numbers, size_factor: Numbers) -> Array:
        """Second-order estimate (L* - E)(alpha beta/2) ln(f)^2, 5% for f in 1/4..4."""
        factor = positive("size_factor", size_factor, "1")
        above = self._reducible(self.optimal(flop=flop).loss)
        return plain(above * np.asarray(self.alpha) * self.beta / 2 * np.log(factor) ** 2)


def _inverse(term: Array, coefficient: Constant, exponent: Constant) -> Array:
    """Solve coefficient * x**-exponent = term; infinite where the term is not positive."""
    safe = np.where(term > 0, term, 1.0)
    value = (np.asarray(coefficient) / safe) ** (1 / np.asarray(exponent))
    return np.where(term > 0, value, np.inf)
