"""Training on too few unique tokens: what repeats are worth (Muennighoff et al. 2023)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize.elementwise import find_root

from llmecon._checks import FloatArray, Numbers
from llmecon.chinchilla._records import Allocation, plain, positive
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

    unique_tokens: FloatArray
    constrained: NDArray[np.bool_]

    @property
    def epochs(self) -> FloatArray:
        """Passes over the unique tokens; below 1 where not all are used. [epochs]"""
        return plain(self.tokens / self.unique_tokens)


def effective_epochs(epochs: Numbers, r_d_star: Numbers) -> FloatArray:
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

    def effective_tokens(self, n_tokens: Numbers, unique_tokens: Numbers) -> FloatArray:
        """Fresh tokens worth as much as the tokens processed, D'. [tokens]"""
        tokens = positive("n_tokens", n_tokens, "tokens")
        unique = positive("unique_tokens", unique_tokens, "tokens")
        return plain(unique * effective_epochs(tokens / unique, self.r_d_star))

    def effective_params(
        self, n_params: Numbers, n_tokens: Numbers, unique_tokens: Numbers
    ) -> FloatArray:
        """Size worth as much as the size given, for so few unique tokens, N'. [parameters]"""
        size = positive("n_params", n_params, "parameters")
        tokens = positive("n_tokens", n_tokens, "tokens")
        unique = np.minimum(tokens, positive("unique_tokens", unique_tokens, "tokens"))
        useful = np.minimum(size, super().optimal(n_tokens=unique).params)
        return plain(useful * (1 - self.r_n_star * np.expm1(-(size / useful - 1) / self.r_n_star)))

    def loss(
        self, n_params: Numbers, n_tokens: Numbers, *, unique_tokens: Numbers | None = None
    ) -> FloatArray:
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


def data_constrained(
    law: RepeatableLaw, *, flop: Numbers, unique_tokens: Numbers
) -> RepeatedAllocation:
    """Best run of a budget on limited unique tokens.

    Solves the first-order condition (one monotone scalar equation, no grid): both more
    repeats and more parameters than the unique tokens deserve are bought until their worth
    per FLOP is equal.

    Parameters
    ----------
    law : RepeatableLaw
        ``MUENNIGHOFF_2023``.
    flop : float or array
        Training budget. [FLOP]
    unique_tokens : float or array
        Unique tokens available. [tokens]

    Returns
    -------
    RepeatedAllocation
        With ``epochs`` and ``constrained``.

    Raises
    ------
    ValueError
        If an argument is not positive.

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
    unique = positive("unique_tokens", unique_tokens, "tokens")
    budget, unique = np.broadcast_arrays(positive("flop", flop, "FLOP"), unique)
    free = law.optimal(flop=budget)
    limited = np.asarray(free.tokens > unique)
    size = np.array(free.params)
    if limited.any():
        size[limited] = _limited_size(law, budget[limited], unique[limited])
    tokens = budget / (law.flop_per_param_token * size)
    loss = np.where(limited, law.loss(size, tokens, unique_tokens=unique), law.loss(size, tokens))
    return RepeatedAllocation(
        law=law.name,
        params=plain(size),
        tokens=plain(tokens),
        flop=plain(budget),
        loss=plain(loss),
        decades=law.domain.decades(n_params=size, n_tokens=tokens, flop=budget),
        unique_tokens=plain(unique),
        constrained=limited[()],
    )


def _limited_size(law: RepeatableLaw, budget: FloatArray, unique: FloatArray) -> FloatArray:
    """Size at which a larger model and one more repeat are worth the same.

    Between the size that the unique tokens deserve and the one that sees each of them once.
    """
    k = law.flop_per_param_token
    useful = np.asarray(law.optimal(n_tokens=unique).params)

    def pull(log_size: FloatArray, c: FloatArray, few: FloatArray, best: FloatArray) -> FloatArray:
        """Logarithm of the gain from size over the gain from data: falls with size."""
        size, tokens = np.exp(log_size), c / (k * np.exp(log_size))
        surplus = (size / best - 1) / law.r_n_star
        repeats = (tokens / few - 1) / law.r_d_star
        worth_n = best * (1 - law.r_n_star * np.expm1(-surplus))
        worth_d = few * (1 - law.r_d_star * np.expm1(-repeats))
        # exponentials stay in log form: exp(-repeats) underflows for few unique tokens
        for_size = np.log(law.alpha * np.asarray(law.A)) - (law.alpha + 1) * np.log(worth_n)
        for_data = np.log(law.beta * np.asarray(law.B)) - (law.beta + 1) * np.log(worth_d)
        return plain(for_size + log_size - surplus - for_data - np.log(tokens) + repeats)

    ends = np.log(useful), np.log(budget / (k * unique))
    found = find_root(pull, ends, args=(budget, unique, useful))
    return plain(np.exp(found.x))
