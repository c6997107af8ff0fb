"""Training on too few unique tokens: what repeats are worth (Muennighoff et al. 2023)."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from llmecon._checks import Numbers, require
from llmecon.chinchilla._records import Allocation, Array, exactly_one, plain, positive
from llmecon.chinchilla._roots import Positions, bracketed
from llmecon.chinchilla.separable import SeparableLaw


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatedAllocation(Allocation):
    """A run on limited unique data.

    Attributes
    ----------
    unique_tokens : array
        Unique tokens available. [tokens]
    constrained : array of bool
        True where the ordinary optimum would need more than there are.
    """

    unique_tokens: Array
    constrained: Any

    @property
    def epochs(self) -> Array:
        """Passes over the unique tokens; below 1 where not all are used. [epochs]"""
        return plain(self.tokens / self.unique_tokens)


def effective_epochs(epochs: Numbers, r_d_star: Numbers) -> Array:
    r"""What repeated data are worth, in passes over fresh data.

    .. math:: D'/U = 1 + R^* (1 - e^{-R/R^*}), \quad R = \text{epochs} - 1

    Parameters
    ----------
    epochs : float or array
        Passes over the unique tokens; up to 1 nothing is repeated. [epochs]
    r_d_star : float or array
        Repetitions after which a repeat is worth 1/e of fresh data. [epochs]

    Returns
    -------
    float or array
        Effective epochs, at most 1 + r_d_star. [epochs]

    References
    ----------
    .. [1] N. Muennighoff et al., "Scaling Data-Constrained Language Models",
       arXiv:2305.16264, 2023, Eq. 5.

    Examples
    --------
    Four passes cost 7% of the value.

    >>> from llmecon import chinchilla
    >>> float(effective_epochs(4, chinchilla.MUENNIGHOFF_2023.r_d_star)) / 4
    0.9314
    """
    passes = positive("epochs", epochs, "epochs")
    scale = positive("r_d_star", r_d_star, "epochs")
    repeats = np.maximum(passes - 1, 0)
    return plain(np.minimum(passes, 1) - scale * np.expm1(-repeats / scale))


@dataclass(frozen=True, kw_only=True)
class RepeatableLaw(SeparableLaw):
    r"""A separable law that also says what repeated data and excess parameters are worth.

    .. math::

        L = E + A N'^{-\alpha} + B D'^{-\beta}, \quad
        D' = U_D + U_D R_D^* (1 - e^{-R_D/R_D^*}), \quad
        N' = U_N + U_N R_N^* (1 - e^{-R_N/R_N^*})

    with U_D = min(D, unique tokens), R_D = D/U_D - 1, U_N = min(N, N_opt(U_D)),
    R_N = N/U_N - 1. Without ``unique_tokens`` every method is the ordinary separable law.

    Attributes
    ----------
    r_d_star, r_n_star : float
        Repetitions of data, multiples of parameters, after which more is worth 1/e. [1]

    Notes
    -----
    The fit left out runs whose loss rose with more epochs or parameters, so the law cannot
    show harm from repeating too often.
    """

    r_d_star: float
    r_n_star: float

    def effective_tokens(self, n_tokens: Numbers, unique_tokens: Numbers) -> Array:
        """Fresh tokens worth as much as the tokens processed, D'. [tokens]"""
        tokens = positive("n_tokens", n_tokens, "tokens")
        unique = positive("unique_tokens", unique_tokens, "tokens")
        return plain(unique * effective_epochs(tokens / unique, self.r_d_star))

    def effective_params(
        self, n_params: Numbers, n_tokens: Numbers, unique_tokens: Numbers
    ) -> Array:
        """Size worth as much as the size given, for so few unique tokens, N'. [parameters]"""
        size = positive("n_params", n_params, "parameters")
        tokens = positive("n_tokens", n_tokens, "tokens")
        unique = np.minimum(tokens, positive("unique_tokens", unique_tokens, "tokens"))
        useful = np.minimum(size, super().optimal(n_tokens=unique).params)
        return plain(useful * (1 - self.r_n_star * np.expm1(-(size / useful - 1) / self.r_n_star)))

    def loss(
        self, n_params: Numbers, n_tokens: Numbers, *, unique_tokens: Numbers | None = None
    ) -> Array:
        """Loss after training on ``n_tokens`` drawn from ``unique_tokens``.

        Parameters
        ----------
        n_params, n_tokens : float or array
            Size and tokens processed, all epochs together. [parameters] [tokens]
        unique_tokens : float or array, optional
            Unique tokens available; None for the ordinary law of one pass. [tokens]

        Returns
        -------
        float or array
            Loss on C4. [nats/token]

        Examples
        --------
        >>> from llmecon import chinchilla
        >>> law = chinchilla.MUENNIGHOFF_2023
        >>> float(law.loss(6.34e9, 242e9, unique_tokens=25e9))
        2.2256440890
        """
        if unique_tokens is None:
            return super().loss(n_params, n_tokens)
        size = self.effective_params(n_params, n_tokens, unique_tokens)
        return super().loss(size, self.effective_tokens(n_tokens, unique_tokens))

    def loss_floor(self, unique_tokens: Numbers) -> Array:
        """Loss that no size and no repetition get below with so few unique tokens. [nats/token]"""
        unique = positive("unique_tokens", unique_tokens, "tokens")
        useful = super().optimal(n_tokens=unique).params
        return super().loss(useful * (1 + self.r_n_star), unique * (1 + self.r_d_star))

    def optimal(
        self,
        *,
        flop: Numbers | None = None,
        loss: Numbers | None = None,
        n_params: Numbers | None = None,
        n_tokens: Numbers | None = None,
        unique_tokens: Numbers | None = None,
    ) -> Allocation:
        """Compute-optimal run; with ``unique_tokens`` a :class:`RepeatedAllocation`.

        Parameters
        ----------
        flop, loss, n_params, n_tokens : float or array, optional
            Exactly one, as in :meth:`SeparableLaw.optimal`. [FLOP] [nats/token] [parameters]
            [tokens]
        unique_tokens : float or array, optional
            Unique tokens available; needs ``flop`` or ``loss``. [tokens]

        Examples
        --------
        >>> from llmecon import chinchilla
        >>> run = chinchilla.MUENNIGHOFF_2023.optimal(flop=1e22, unique_tokens=1e11)
        >>> round(float(run.params) / 1e9, 3), round(float(run.epochs), 3)
        (8.559, 1.947)
        """
        if unique_tokens is None:
            return super().optimal(flop=flop, loss=loss, n_params=n_params, n_tokens=n_tokens)
        if n_params is not None or n_tokens is not None:
            raise ValueError("unique_tokens goes with flop or loss, not with n_params or n_tokens")
        exactly_one(flop=flop, loss=loss)
        unique = positive("unique_tokens", unique_tokens, "tokens")
        if flop is not None:
            return self._optimal_budget(positive("flop", flop, "FLOP"), unique)
        return self._optimal_loss(0 if loss is None else loss, unique)

    def _useful(self, unique: Array) -> Array:
        """Size beyond which parameters are in excess of the unique tokens."""
        return super().optimal(n_tokens=unique).params

    def _pull(self, size: Array, tokens: Array, unique: Array, useful: Array) -> Array:
        """ln of (N dL/dN) / (D dL/dD): positive where a larger model is worth it."""
        surplus = (size / useful - 1) / self.r_n_star
        repeats = (tokens / unique - 1) / self.r_d_star
        big = useful * (1 - self.r_n_star * np.expm1(-surplus))
        much = unique * (1 - self.r_d_star * np.expm1(-repeats))
        # exponentials stay in log form: exp(-repeats) underflows for few unique tokens
        for_size = np.log(self.alpha * np.asarray(self.A)) - (self.alpha + 1) * np.log(big)
        for_data = np.log(self.beta * np.asarray(self.B)) - (self.beta + 1) * np.log(much)
        return plain(for_size + np.log(size) - surplus - for_data - np.log(tokens) + repeats)

    def _optimal_budget(self, budget: Array, unique: Array) -> RepeatedAllocation:
        shape = np.broadcast_shapes(budget.shape, unique.shape)
        budget, unique = (v.ravel() for v in np.broadcast_arrays(budget, unique))
        free = super().optimal(flop=budget)
        limited = np.asarray(free.tokens > unique)
        size = np.array(free.params, ndmin=1)
        budgets, uniques = budget[limited], unique[limited]
        useful = np.asarray(self._useful(uniques))
        k = self.flop_per_param_token

        def equation(log_size: Array, at: Positions) -> tuple[Array, Array]:
            n, u, few = np.exp(log_size), useful[at], uniques[at]
            d = budgets[at] / (k * n)
            surplus, repeats = (n / u - 1) / self.r_n_star, (d / few - 1) / self.r_d_star
            big = 1 - self.r_n_star * np.expm1(-surplus)
            much = 1 - self.r_d_star * np.expm1(-repeats)
            slope = 2 - n / u / self.r_n_star - d / few / self.r_d_star
            slope -= (self.alpha + 1) * n / u * np.exp(-surplus) / big
            slope -= (self.beta + 1) * d / few * np.exp(-repeats) / much
            return self._pull(n, d, few, u), slope

        low, high = np.log(useful), np.log(budgets / (k * uniques))
        size[limited] = np.exp(bracketed(equation, low, high))
        return self._repeated(size, budget / (k * size), budget, unique, limited, shape)

    def _optimal_loss(self, loss: Numbers, unique: Array) -> RepeatedAllocation:
        target = positive("loss", loss, "nats/token")
        floor = np.asarray(self.loss_floor(unique))
        if np.any(target <= floor):
            at = np.broadcast_to(target <= floor, np.broadcast_shapes(target.shape, floor.shape))
            worst = np.broadcast_to(target, at.shape)[at].flat[0]
            bound = np.broadcast_to(floor, at.shape)[at].flat[0]
            raise ValueError(
                f"loss must be > {bound:g}, which no size and no repetition of the unique "
                f"tokens get below, got {worst:g} [nats/token]"
            )
        shape = np.broadcast_shapes(target.shape, unique.shape)
        target, unique = (v.ravel() for v in np.broadcast_arrays(target, unique))
        free = super().optimal(loss=target)
        limited = np.asarray(free.tokens > unique)
        size, tokens = np.array(free.params, ndmin=1), np.array(free.tokens, ndmin=1)
        size[limited], tokens[limited] = self._iso_loss_root(target[limited], unique[limited])
        spent = self.flop_per_param_token * size * tokens
        return self._repeated(size, tokens, spent, unique, limited, shape)

    def _iso_loss_root(self, target: Array, unique: Array) -> tuple[Array, Array]:
        """Cheapest size and tokens on an iso-loss line, by the share of the size term."""
        useful = np.asarray(self._useful(unique))
        reducible = np.asarray(self._reducible(target))
        # Shares at which the size, or the data, is used up to its limit or not repeated at all.
        least = self._size_term(useful * (1 + self.r_n_star)) / reducible
        most = 1 - self._data_term(unique * (1 + self.r_d_star)) / reducible
        most = np.minimum(most, self._size_term(useful) / reducible)
        least = np.maximum(least, 1 - self._data_term(unique) / reducible)

        def run(share: Array, at: Positions) -> tuple[Array, Array]:
            few, u = unique[at], useful[at]
            big = np.asarray(self._size_at_share(reducible[at], share)) / u
            much = np.asarray(self._tokens_at_share(reducible[at], 1 - share)) / few
            excess = _needed(big - 1, self.r_n_star)
            return u * (1 + excess), few * (1 + _needed(much - 1, self.r_d_star))

        def equation(share: Array, at: Positions) -> tuple[Array, Array]:
            size, tokens = run(share, at)
            # A larger share of the size term is a smaller model, hence the sign.
            value = -self._pull(size, tokens, unique[at], useful[at])
            return np.asarray(value), np.full_like(share, np.nan)

        root = np.asarray(bracketed(equation, least, most))
        return run(root, np.arange(root.size))

    def _repeated(
        self,
        size: Array,
        tokens: Array,
        budget: Array,
        unique: Array,
        limited: Any,
        shape: tuple[int, ...],
    ) -> RepeatedAllocation:
        loss = np.where(
            limited,
            self.loss(size, tokens, unique_tokens=unique),
            super().loss(size, tokens),
        )
        n, d, c, u, spread, held = (
            np.asarray(v).reshape(shape)[()] for v in (size, tokens, budget, unique, loss, limited)
        )
        return RepeatedAllocation(
            law=self.name,
            params=n,
            tokens=d,
            flop=c,
            loss=spread,
            decades=self.domain.decades(n_params=n, n_tokens=d, flop=c),
            unique_tokens=u,
            constrained=held,
        )


def _needed(worth: Array, scale: float) -> Array:
    """Repetitions that are worth a given number of fresh ones; the end is cut at 1 ulp."""
    used = np.clip(worth / scale, 0.0, 1 - np.finfo(np.float64).epsneg)
    return plain(-scale * np.log1p(-used))


def data_constrained(
    law: RepeatableLaw,
    *,
    unique_tokens: Numbers,
    flop: Numbers | None = None,
    loss: Numbers | None = None,
) -> RepeatedAllocation:
    """Best run of a budget, or cheapest run to a loss, on limited unique tokens.

    Solves the first-order condition (one monotone scalar equation, no grid): both more
    repeats and more parameters than the unique tokens deserve are bought until their worth
    per FLOP is equal.

    Parameters
    ----------
    law : RepeatableLaw
        ``MUENNIGHOFF_2023`` or :func:`with_repeats` of another law.
    unique_tokens : float or array
        Unique tokens available. [tokens]
    flop : float or array, optional
        Training budget. [FLOP]
    loss : float or array, optional
        Loss to reach. [nats/token]

    Returns
    -------
    RepeatedAllocation
        With ``epochs`` and ``constrained``.

    Raises
    ------
    ValueError
        Unless one of flop and loss is given and reachable.

    References
    ----------
    .. [1] N. Muennighoff et al., arXiv:2305.16264, 2023, section 3 and appendix A; their code
       searches a grid of 500.

    Examples
    --------
    >>> from llmecon import chinchilla
    >>> run = data_constrained(chinchilla.MUENNIGHOFF_2023, flop=1e21, unique_tokens=1e10)
    >>> float(run.epochs)
    7.22727
    """
    run = law.optimal(flop=flop, loss=loss, unique_tokens=unique_tokens)
    if not isinstance(run, RepeatedAllocation):
        raise ValueError("unique_tokens must be given [tokens]")
    return run


def with_repeats(law: SeparableLaw, *, r_d_star: float, r_n_star: float) -> RepeatableLaw:
    """A separable law with the worth of repeats measured elsewhere.

    Parameters
    ----------
    law : SeparableLaw
        Base law.
    r_d_star, r_n_star : float
        Decay of repeated tokens and of excess parameters. [1]
    """
    require("r_d_star", r_d_star, above=0)
    require("r_n_star", r_n_star, above=0)
    return RepeatableLaw(
        name=f"{law.name} with repeats",
        E=law.E,
        A=law.A,
        B=law.B,
        alpha=law.alpha,
        beta=law.beta,
        provenance=law.provenance,
        domain=law.domain,
        flop_per_param_token=law.flop_per_param_token,
        r_d_star=r_d_star,
        r_n_star=r_n_star,
    )
