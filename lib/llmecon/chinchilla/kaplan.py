"""Laws of Kaplan et al. 2020, arXiv:2001.08361. N counts parameters without embeddings."""

from dataclasses import dataclass

import numpy as np

from llmecon._checks import Numbers
from llmecon.chinchilla._records import (
    Allocation,
    Array,
    Domain,
    Provenance,
    exactly_one,
    plain,
    positive,
)

# 1e15 FLOP/s for a day, Kaplan section 1.3.
FLOP_PER_PF_DAY = 1e15 * 86_400.0


@dataclass(frozen=True, kw_only=True)
class KaplanLaw:
    r"""Univariate laws, the joint law and the efficient allocation of Kaplan et al.

    The univariate constants and the joint law's constants differ on purpose: do not mix them.
    Each pair is (scale, exponent).

    Attributes
    ----------
    name : str
        Name of the preset.
    size, data, compute_min, compute_fixed_batch : tuple of float
        L(N), L(D), L(C_min), L(C) at a fixed batch. Scales in [parameters], [tokens],
        [PF-days], [PF-days].
    joint_size, joint_data : tuple of float
        Of Eq. 1.5. [parameters] [tokens]
    steps_size, steps : tuple of float
        Of L(N, S_min). [parameters] [steps]
    critical_batch : tuple of float
        Of B_crit = B* / L^(1/alpha_B). [tokens]
    efficient_size, efficient_tokens, efficient_batch, efficient_steps, fixed_batch_size
        : tuple of float
        Factor and exponent of the budget in PF-days.
    overfit : tuple of float
        Of D >= factor N^exponent. [tokens]
    provenance, domain
        Source, conventions, range of the runs.
    """

    name: str
    size: tuple[float, float]
    data: tuple[float, float]
    compute_min: tuple[float, float]
    compute_fixed_batch: tuple[float, float]
    joint_size: tuple[float, float]
    joint_data: tuple[float, float]
    steps_size: tuple[float, float]
    steps: tuple[float, float]
    critical_batch: tuple[float, float]
    efficient_size: tuple[float, float]
    efficient_tokens: tuple[float, float]
    efficient_batch: tuple[float, float]
    efficient_steps: tuple[float, float]
    fixed_batch_size: tuple[float, float]
    overfit: tuple[float, float]
    provenance: Provenance
    domain: Domain

    # --- loss ----------------------------------------------------------------------------

    def loss(self, n_params: Numbers, n_tokens: Numbers) -> Array:
        r"""Joint law, Eq. 1.5.

        .. math:: L = \left[(N_c/N)^{\alpha_N/\alpha_D} + D_c/D\right]^{\alpha_D}

        Parameters
        ----------
        n_params : float or array
            Parameters without embeddings. [parameters]
        n_tokens : float or array
            Training tokens. [tokens]

        Returns
        -------
        float or array
            Loss on WebText2. [nats/token]

        Examples
        --------
        >>> from llmecon import chinchilla
        >>> float(chinchilla.KAPLAN_2020.loss(175e9, 300e9))
        1.660957
        """
        size = positive("n_params", n_params, "parameters")
        tokens = positive("n_tokens", n_tokens, "tokens")
        exponent = self.joint_data[1]
        term = (self.joint_size[0] / size) ** (self.joint_size[1] / exponent)
        return plain((term + self.joint_data[0] / tokens) ** exponent)

    def predict(self, n_params: Numbers, n_tokens: Numbers) -> Allocation:
        """Loss as a record that says how far outside the fitted runs it is."""
        size, tokens = np.broadcast_arrays(
            positive("n_params", n_params, "parameters"), positive("n_tokens", n_tokens, "tokens")
        )
        flop = 6.0 * size * tokens
        decades = self.domain.decades(n_params=size, n_tokens=tokens, flop=flop)
        return Allocation(
            law=self.name,
            params=plain(size),
            tokens=plain(tokens),
            flop=plain(flop),
            loss=self.loss(size, tokens),
            decades=decades,
        )

    def loss_from_params(self, n_params: Numbers) -> Array:
        """L(N) with enough data, trained to convergence. [nats/token]"""
        return _falling(self.size, positive("n_params", n_params, "parameters"))

    def loss_from_tokens(self, n_tokens: Numbers) -> Array:
        """L(D) of a large model stopped early. [nats/token]"""
        return _falling(self.data, positive("n_tokens", n_tokens, "tokens"))

    def loss_from_flop_min(self, flop_min: Numbers) -> Array:
        """L(C_min), compute used at a batch far below the critical one. [nats/token]

        ``flop_min`` is in FLOP; one PF-day is 8.64e19 FLOP.
        """
        return _falling(self.compute_min, positive("flop_min", flop_min, "FLOP") / FLOP_PER_PF_DAY)

    def loss_from_flop_fixed_batch(self, flop: Numbers) -> Array:
        """Naive L(C) of runs at one fixed batch. [nats/token]"""
        return _falling(self.compute_fixed_batch, positive("flop", flop, "FLOP") / FLOP_PER_PF_DAY)

    def loss_from_steps(self, n_params: Numbers, steps_min: Numbers) -> Array:
        """L(N, S_min), Eq. 1.6 with the constants of Table 3. [nats/token]"""
        size = _falling(self.steps_size, positive("n_params", n_params, "parameters"))
        return plain(size + _falling(self.steps, positive("steps_min", steps_min, "steps")))

    def tokens_for(self, n_params: Numbers, loss: Numbers) -> Array:
        """Tokens for a loss by the joint law; infinite at and below the floor. [tokens]"""
        size = positive("n_params", n_params, "parameters")
        target = positive("loss", loss, "nats/token")
        exponent = self.joint_data[1]
        left = target ** (1 / exponent) - (self.joint_size[0] / size) ** (
            self.joint_size[1] / exponent
        )
        return np.where(left > 0, self.joint_data[0] / np.where(left > 0, left, 1.0), np.inf)[()]

    def params_floor(self, loss: Numbers) -> Array:
        """Size below which no data reach the loss by the joint law. [parameters]"""
        target = positive("loss", loss, "nats/token")
        return plain(self.joint_size[0] * target ** (-1 / self.joint_size[1]))

    # --- allocation ----------------------------------------------------------------------

    def optimal(
        self,
        *,
        flop: Numbers | None = None,
        flop_min: Numbers | None = None,
        loss: Numbers | None = None,
    ) -> Allocation:
        """Compute-efficient allocation, N = 1.3e9 C_min^.73 with C_min in PF-days.

        Parameters
        ----------
        flop : float or array, optional
            Compute spent at the critical batch size, twice C_min: the convention in which
            Hoffmann et al. (appendix D.4) quote 4.68B parameters at 1e21. [FLOP]
        flop_min : float or array, optional
            C_min itself, the argument of Kaplan's own formulas. [FLOP]
        loss : float or array, optional
            Loss to reach by L(C_min). [nats/token]

        Returns
        -------
        Allocation
            ``params`` without embeddings, ``flop`` = 2 C_min, ``loss`` from L(C_min).

        Examples
        --------
        >>> from llmecon import chinchilla
        >>> round(float(chinchilla.KAPLAN_2020.optimal(flop=1e21).params) / 1e9, 2)
        4.68
        """
        exactly_one(flop=flop, flop_min=flop_min, loss=loss)
        if flop is not None:
            least = positive("flop", flop, "FLOP") / 2
        elif flop_min is not None:
            least = positive("flop_min", flop_min, "FLOP")
        else:
            target = positive("loss", 0 if loss is None else loss, "nats/token")
            scale, exponent = self.compute_min
            least = scale * target ** (-1 / exponent) * FLOP_PER_PF_DAY
        size, tokens = (
            self._power(self.efficient_size, least),
            self._power(self.efficient_tokens, least),
        )
        decades = self.domain.decades(n_params=size, n_tokens=tokens, flop=2 * least)
        return Allocation(
            law=self.name,
            params=size,
            tokens=tokens,
            flop=plain(2 * least),
            loss=self.loss_from_flop_min(least),
            decades=decades,
        )

    def batch_tokens(self, flop_min: Numbers) -> Array:
        """Batch of the efficient run, B = 2.0e6 C_min^.24. [tokens]"""
        return self._power(self.efficient_batch, positive("flop_min", flop_min, "FLOP"))

    def steps_min(self, flop_min: Numbers) -> Array:
        """Steps of the efficient run, S_min = 5.4e3 C_min^.03. [steps]"""
        return self._power(self.efficient_steps, positive("flop_min", flop_min, "FLOP"))

    def params_fixed_batch(self, flop: Numbers) -> Array:
        """Best size at a fixed batch, unadjusted: N = 1.6e9 C^.88. [parameters]"""
        return self._power(self.fixed_batch_size, positive("flop", flop, "FLOP"))

    def critical_batch_tokens(self, loss: Numbers) -> Array:
        """Critical batch 2e8/L^(1/.21), Eq. 1.4; the summary table prints 2.1e8. [tokens]"""
        scale, exponent = self.critical_batch
        return plain(scale / positive("loss", loss, "nats/token") ** (1 / exponent))

    def tokens_to_avoid_overfit(self, n_params: Numbers) -> Array:
        """Tokens that keep the overfitting penalty small, D >= 5e3 N^.74. [tokens]"""
        factor, exponent = self.overfit
        return plain(factor * positive("n_params", n_params, "parameters") ** exponent)

    @staticmethod
    def _power(pair: tuple[float, float], flop: Array) -> Array:
        return plain(pair[0] * (flop / FLOP_PER_PF_DAY) ** pair[1])


def _falling(pair: tuple[float, float], value: Array) -> Array:
    return plain((pair[0] / value) ** pair[1])


def kaplan_compute_exponent(alpha_s: Numbers, alpha_b: Numbers, alpha_n: Numbers) -> Array:
    r"""Exponent of L(C_min), Kaplan Eq. 6.7.

    .. math:: \alpha_C^{min} = 1/(1/\alpha_S + 1/\alpha_B + 1/\alpha_N)

    Parameters
    ----------
    alpha_s, alpha_b, alpha_n : float or array
        Exponents of steps, critical batch and size. [1]

    Examples
    --------
    >>> round(float(kaplan_compute_exponent(0.76, 0.21, 0.077)), 4)
    0.0525
    """
    parts = (("alpha_s", alpha_s), ("alpha_b", alpha_b), ("alpha_n", alpha_n))
    return plain(1 / sum(1 / positive(name, value, "1") for name, value in parts))
