"""Laws of mixture-of-experts models. Each counts N in its own way: never subtract across laws.

Training and serving FLOP use active parameters, memory uses all of them, and the separable law
has no agreed N here; these laws therefore take what their papers take, by name.
"""

from dataclasses import dataclass

import numpy as np

from llmecon._checks import Numbers, require
from llmecon.chinchilla._records import Array, Domain, Provenance, plain, positive


@dataclass(frozen=True, kw_only=True)
class RoutedLaw:
    r"""Loss of a routed model from its dense size and number of experts (Clark et al. 2022).

    .. math::

        \log_{10} L = a \log_{10} N + b \log_{10} \hat E + c \log_{10} N \log_{10} \hat E + d,
        \quad \frac{1}{\hat E} = \frac{1}{E - 1 + (1/E_{start} - 1/E_{max})^{-1}}
        + \frac{1}{E_{max}}

    Attributes
    ----------
    name : str
        Name of the preset.
    a, b, c, d : float
        Coefficients, base-10 logarithms. [1]
    e_start, e_max : float
        Where routing starts and stops to count. [experts]
    provenance, domain
        Source, conventions, range of the runs.

    Notes
    -----
    Every run saw 130e9 tokens: the law has no data term. The size where routing stops to help is
    10^(-b/c), but three-digit constants are too coarse for it (the paper prints 937e9, 85e9 and
    83e9; they give 1000e9, 32e9 and 215e9), so no method computes it.
    """

    name: str
    a: float
    b: float
    c: float
    d: float
    e_start: float
    e_max: float
    provenance: Provenance
    domain: Domain

    def effective_experts(self, n_experts: Numbers) -> Array:
        """Saturating expert count E-hat. [experts]"""
        experts = require("n_experts", n_experts, minimum=1, unit="experts")
        offset = 1 / (1 / self.e_start - 1 / self.e_max)
        return plain(1 / (1 / (experts - 1 + offset) + 1 / self.e_max))

    def loss(self, n_params: Numbers, n_experts: Numbers) -> Array:
        """Loss after 130e9 tokens.

        Parameters
        ----------
        n_params : float or array
            Parameters of the dense base model, those used for one token. [parameters]
        n_experts : float or array
            Experts in each routed layer; 1 is dense. [experts]

        Examples
        --------
        5M with 128 experts come close to a dense 55M.

        >>> from llmecon import chinchilla
        >>> chinchilla.CLARK_2022_S_BASE.loss([5e6, 55e6], [128, 1]).round(3)
        array([2.892, 2.878])
        """
        size = np.log10(positive("n_params", n_params, "parameters"))
        experts = np.log10(self.effective_experts(n_experts))
        return plain(10 ** (self.a * size + self.b * experts + self.c * size * experts + self.d))


@dataclass(frozen=True, kw_only=True)
class GranularLaw:
    r"""Loss of a fine-grained mixture of experts (Krajewski et al. 2024, arXiv:2402.07871).

    .. math:: L = c + (g/G^{\gamma} + a)/N^{\alpha} + b/D^{\beta}

    Attributes
    ----------
    name : str
        Name of the preset.
    a, alpha, b, beta, c : float
        Size, data and irreducible terms. [1]
    g, gamma : float
        Granularity term; g = 0 is the paper's dense law. [1]
    provenance, domain
        Source, conventions, range of the runs.

    Notes
    -----
    The mixture's law and the dense law count N differently: never compare them at equal N.
    """

    name: str
    a: float
    alpha: float
    b: float
    beta: float
    c: float
    g: float
    gamma: float
    provenance: Provenance
    domain: Domain

    def loss(self, n_params: Numbers, n_tokens: Numbers, granularity: Numbers = 1.0) -> Array:
        """Loss from size, tokens and granularity.

        Parameters
        ----------
        n_params, n_tokens : float or array
            Size as this law counts it, training tokens. [parameters] [tokens]
        granularity : float or array, optional
            How many times smaller an expert is than the dense feed-forward layer. [1]

        Examples
        --------
        >>> from llmecon import chinchilla
        >>> chinchilla.KRAJEWSKI_2024_MOE.loss(1e9, 1e11, [1, 4, 16]).round(3)
        array([3.078, 2.971, 2.923])
        """
        size = positive("n_params", n_params, "parameters")
        tokens = positive("n_tokens", n_tokens, "tokens")
        grain = positive("granularity", granularity, "1")
        size_term = (self.g / grain**self.gamma + self.a) / size**self.alpha
        return plain(self.c + size_term + self.b / tokens**self.beta)


@dataclass(frozen=True, kw_only=True)
class SparsityLaw:
    r"""Loss from total size, tokens and sparsity (Abnar et al. 2025, arXiv:2501.12370).

    .. math::

        L = \frac{a}{N^{\alpha}} + \frac{b}{D^{\beta}} + \frac{c}{(1-S)^{\lambda}}
            + \frac{d}{(1-S)^{\delta} N^{\gamma}} + e

    Attributes
    ----------
    name : str
        Name of the preset.
    a, alpha, b, beta, c, lambda_, d, delta, gamma, e : float
        Constants of the formula. [1]
    provenance, domain
        Source, conventions, range of the runs.

    Notes
    -----
    R^2 is 99% in sample but 68% on the held-out sparsity: do not extrapolate in S.
    """

    name: str
    a: float
    alpha: float
    b: float
    beta: float
    c: float
    lambda_: float
    d: float
    delta: float
    gamma: float
    e: float
    provenance: Provenance
    domain: Domain

    def loss(self, n_params: Numbers, n_tokens: Numbers, sparsity: Numbers = 0.0) -> Array:
        """Loss from total size, tokens and the share of experts that are idle.

        Parameters
        ----------
        n_params, n_tokens : float or array
            Total size, training tokens. [parameters] [tokens]
        sparsity : float or array, optional
            1 - active/total experts, from 0 to below 1. [1]

        Examples
        --------
        >>> from llmecon import chinchilla
        >>> chinchilla.ABNAR_2025.loss(1e9, 1e11, [0.0, 0.9]).round(4)
        array([2.3486, 2.4848])
        """
        size = positive("n_params", n_params, "parameters")
        tokens = positive("n_tokens", n_tokens, "tokens")
        idle = require("sparsity", sparsity, minimum=0, unit="1")
        active = positive("1 - sparsity", 1 - idle, "1")
        separable = self.a / size**self.alpha + self.b / tokens**self.beta + self.e
        routed = self.c / active**self.lambda_ + self.d / (active**self.delta * size**self.gamma)
        return plain(separable + routed)


@dataclass(frozen=True, kw_only=True)
class FarseerLaw:
    r"""Law whose data exponent depends on size (Farseer, arXiv:2506.10972).

    .. math:: L = e^{a_3 N^{g} + b_3} + e^{a_2 N^{b} + b_2} D^{-\exp(a_1 N^{a} + b_1)}

    No preset carries it, for its constants were not read in a primary source: give your own.

    Attributes
    ----------
    name : str
        Name to quote a result with.
    a1, b1, a, a2, b2, b, a3, b3, g : float
        Constants of the formula. [1]
    provenance, domain
        Source, conventions, range of the runs.
    """

    name: str
    a1: float
    b1: float
    a: float
    a2: float
    b2: float
    b: float
    a3: float
    b3: float
    g: float
    provenance: Provenance
    domain: Domain

    def loss(self, n_params: Numbers, n_tokens: Numbers) -> Array:
        """Loss from size and tokens. [nats/token]"""
        size = positive("n_params", n_params, "parameters")
        tokens = positive("n_tokens", n_tokens, "tokens")
        data_exponent = np.exp(self.a1 * size**self.a + self.b1)
        data_factor = np.exp(self.a2 * size**self.b + self.b2)
        return plain(
            np.exp(self.a3 * size**self.g + self.b3) + data_factor * tokens**-data_exponent
        )
