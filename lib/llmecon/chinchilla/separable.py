r"""The separable law L(N, D) = E + A N^-alpha + B D^-beta and everything it has in closed form.

Hoffmann et al. 2022, arXiv:2203.15556, Eq. 2 and 4; the form is Rosenfeld et al. 2020,
arXiv:1909.12673. Constants may be arrays, so that one record can hold a thousand bootstrap
refits; every method broadcasts over them.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from llmecon._checks import FloatArray, Numbers, require
from llmecon.chinchilla._records import (
    TRAIN_FLOP_PER_PARAM_TOKEN,
    Allocation,
    Law,
    exactly_one,
    plain,
    positive,
)

_Constant = float | FloatArray


@dataclass(frozen=True, kw_only=True)
class SeparableLaw(Law):
    r"""Loss of a dense transformer from its size and its training tokens.

    .. math:: L(N, D) = E + A N^{-\alpha} + B D^{-\beta}

    Attributes
    ----------
    E : float or array
        Irreducible loss. [nats/token]
    A, alpha : float or array
        Coefficient and exponent of the size term. [nats parameters^alpha] [1]
    B, beta : float or array
        Coefficient and exponent of the data term. [nats tokens^beta] [1]
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

    E: _Constant
    A: _Constant
    B: _Constant
    alpha: _Constant
    beta: _Constant
    flop_per_param_token: float = TRAIN_FLOP_PER_PARAM_TOKEN

    def __post_init__(self) -> None:
        for symbol in ("A", "B", "alpha", "beta", "flop_per_param_token"):
            value = getattr(self, symbol)
            if not (isinstance(value, float) and 0 < value < np.inf):  # the usual case, at once
                positive(symbol, value, "")
        require("E", self.E, minimum=0, unit="nats/token")

    # --- constants derived from the five -------------------------------------------------

    @property
    def a(self) -> FloatArray:
        """Exponent of the optimal size, N* ~ C^a, a = beta/(alpha+beta). [1]"""
        return plain(np.asarray(self.beta) / (np.asarray(self.alpha) + self.beta))

    @property
    def b(self) -> FloatArray:
        """Exponent of the optimal tokens, D* ~ C^b, b = alpha/(alpha+beta). [1]"""
        return plain(np.asarray(self.alpha) / (np.asarray(self.alpha) + self.beta))

    @property
    def G(self) -> FloatArray:
        """(alpha A / (beta B))^(1/(alpha+beta)), Hoffmann Eq. 4. [parameters^b tokens^-a]"""
        ratio = np.asarray(self.alpha) * self.A / (np.asarray(self.beta) * self.B)
        return plain(ratio ** (1 / (np.asarray(self.alpha) + self.beta)))

    @property
    def size_floor_ratio(self) -> FloatArray:
        """Smallest size over compute-optimal size at one loss, a^(1/alpha). [1]"""
        return plain(self.a ** (1 / np.asarray(self.alpha)))

    # --- loss ----------------------------------------------------------------------------

    def loss(self, n_params: Numbers, n_tokens: Numbers) -> FloatArray:
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

    def _size_term(self, size: FloatArray) -> FloatArray:
        return plain(np.asarray(self.A) * size ** -np.asarray(self.alpha))

    def _data_term(self, tokens: FloatArray) -> FloatArray:
        return plain(np.asarray(self.B) * tokens ** -np.asarray(self.beta))

    def _allocation(
        self, size: FloatArray, tokens: FloatArray, flop: FloatArray | None = None
    ) -> Allocation:
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
            Its ``decades_outside`` says how far it lies from the runs the law was fitted on.

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
        >>> round(float(best.decades_outside), 1)
        1.6
        """
        given = exactly_one(flop=flop, loss=loss, n_params=n_params, n_tokens=n_tokens)
        if given == "loss":
            left = self._reducible(loss)
            size = self._size_at_share(left, self.a)
            return self._allocation(size, self._tokens_at_share(left, self.b))
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

    def _reducible(self, loss: Any) -> FloatArray:
        """Loss above E, refused by name where nothing of any size reaches it."""
        target = positive("loss", loss, "nats/token")
        above: FloatArray = target - np.asarray(self.E)
        if np.any(above <= 0):
            worst = np.broadcast_to(target, above.shape)[above <= 0].flat[0]
            irreducible = np.broadcast_to(self.E, above.shape)[above <= 0].flat[0]
            raise ValueError(
                f"loss must be > {irreducible:g}, the irreducible loss E of {self.name} "
                f"that no size and no data reach, got {worst:g} [nats/token]"
            )
        return above

    def _size_at_share(self, reducible: FloatArray, share: FloatArray | float) -> FloatArray:
        """Size whose term is a given share of the reducible loss."""
        return plain((np.asarray(self.A) / (share * reducible)) ** (1 / np.asarray(self.alpha)))

    def _tokens_at_share(self, reducible: FloatArray, share: FloatArray | float) -> FloatArray:
        return plain((np.asarray(self.B) / (share * reducible)) ** (1 / np.asarray(self.beta)))

    # --- one quantity from the others ----------------------------------------------------

    def params_floor(self, loss: Numbers) -> FloatArray:
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

    def tokens_for(self, n_params: Numbers, loss: Numbers) -> FloatArray:
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
        reached = left > 0
        tokens = self._tokens_at_share(np.where(reached, left, 1.0), 1.0)
        return plain(np.where(reached, tokens, np.inf))

    def wedge(self, n_params: Numbers, n_tokens: Numbers) -> FloatArray:
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
