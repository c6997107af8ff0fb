"""Over-training law and error law of Gadre et al. 2024, arXiv:2403.08540."""

from dataclasses import dataclass

import numpy as np

from llmecon._checks import Numbers, require
from llmecon.chinchilla._records import (
    TRAIN_FLOP_PER_PARAM_TOKEN,
    Array,
    Domain,
    Provenance,
    plain,
    positive,
)
from llmecon.chinchilla.separable import SeparableLaw


@dataclass(frozen=True, kw_only=True)
class ErrorLaw:
    r"""Mean top-1 error of a set of tasks from the loss, Gadre Eq. 5.

    .. math:: Err(L) = \epsilon - k e^{-\gamma L}

    Attributes
    ----------
    epsilon : float
        Error of a model that knows nothing. [1]
    k : float
        Depth of the fall. [1]
    gamma : float
        Rate of the fall. [tokens/nat]
    """

    epsilon: float
    k: float
    gamma: float

    def error(self, loss: Numbers) -> Array:
        """Mean error at a loss. [1]"""
        return plain(self.epsilon - self.k * np.exp(-self.gamma * require("loss", loss, above=0)))

    def loss_for(self, error: Numbers) -> Array:
        """Loss at which the mean error is reached. [nats/token]"""
        wanted = require("error", error, above=self.epsilon - self.k, unit="1")
        left = positive("epsilon - error", self.epsilon - wanted, "1")
        return plain(np.log(self.k / left) / self.gamma)


@dataclass(frozen=True, kw_only=True)
class OvertrainingLaw(SeparableLaw):
    r"""Separable law with equal exponents, told by compute and tokens per parameter.

    .. math::

        L(C, M) = E + (a M^{\eta} + b M^{-\eta}) C^{-\eta},
        \quad M = D/N, \; \alpha = \beta = 2\eta

    Attributes
    ----------
    error_law : ErrorLaw or None
        Downstream error of the same models.

    Notes
    -----
    Five runs fix four constants: no residual can show a misfit. Tuned at M = 20 only.
    """

    error_law: ErrorLaw | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not np.array_equal(self.alpha, self.beta):
            raise ValueError(f"alpha must equal beta, got {self.alpha} and {self.beta}")

    @property
    def eta(self) -> Array:
        """Half the common exponent. [1]"""
        return plain(np.asarray(self.alpha) / 2)

    @property
    def a_paper(self) -> Array:
        """The paper's a; its authors' code keeps a/6^eta. [nats FLOP^eta]"""
        return plain(np.asarray(self.A) * self.flop_per_param_token**self.eta)

    @property
    def b_paper(self) -> Array:
        """The paper's b. [nats FLOP^eta]"""
        return plain(np.asarray(self.B) * self.flop_per_param_token**self.eta)

    @property
    def optimal_tokens_per_param(self) -> Array:
        """M* = (b/a)^(1/(2 eta)), the same at every budget. [tokens/parameter]"""
        return plain((np.asarray(self.B) / self.A) ** (1 / np.asarray(self.alpha)))

    def loss_at(self, *, flop: Numbers, tokens_per_param: Numbers) -> Array:
        """Loss from compute and token multiplier, the paper's Eq. 4.

        Parameters
        ----------
        flop : float or array
            Training compute C = 6 N D. [FLOP]
        tokens_per_param : float or array
            M = D/N. [tokens/parameter]

        Examples
        --------
        >>> from llmecon import chinchilla
        >>> float(chinchilla.GADRE_2024_C4.loss_at(flop=1e20, tokens_per_param=20))
        2.7679
        """
        budget = positive("flop", flop, "FLOP")
        ratio = positive("tokens_per_param", tokens_per_param, "tokens/parameter")
        bracket = self.a_paper * ratio**self.eta + self.b_paper * ratio**-self.eta
        return plain(self.E + bracket * budget**-self.eta)

    def error(self, n_params: Numbers, n_tokens: Numbers) -> Array:
        """Mean downstream error of a run. [1]"""
        if self.error_law is None:
            raise ValueError(f"error_law must be given: {self.name} has none")
        return self.error_law.error(self.loss(n_params, n_tokens))


def overtraining_law(
    *,
    name: str,
    E: float,
    a_code: float,
    b_code: float,
    x: float,
    provenance: Provenance,
    domain: Domain,
    error_law: ErrorLaw | None = None,
) -> OvertrainingLaw:
    """The law from the constants that the authors' code fits.

    The code's form is L = a_code N^-x + b_code 6^(-x/2) (M N)^-x + E, so A = a_code and
    B = b_code 6^(-x/2).
    """
    return OvertrainingLaw(
        name=name,
        E=E,
        A=a_code,
        B=b_code * TRAIN_FLOP_PER_PARAM_TOKEN ** (-x / 2),
        alpha=x,
        beta=x,
        provenance=provenance,
        domain=domain,
        error_law=error_law,
    )


def overtraining_loss_factor(eta: Numbers, multiple_over_optimum: Numbers) -> Array:
    r"""Factor on the reducible loss at equal compute, cosh(eta ln(M/M*)).

    Parameters
    ----------
    eta : float or array
        Half the common exponent. [1]
    multiple_over_optimum : float or array
        M/M*, tokens per parameter over their optimum. [1]

    Examples
    --------
    >>> float(overtraining_loss_factor(0.125, 32))
    1.0953
    """
    half = positive("eta", eta, "1")
    multiple = positive("multiple_over_optimum", multiple_over_optimum, "1")
    return plain(np.cosh(half * np.log(multiple)))


def overtraining_flop_factor(eta: Numbers, multiple_over_optimum: Numbers) -> Array:
    """Factor on the compute at equal loss, cosh(eta ln(M/M*))^(1/eta). [1]"""
    half = positive("eta", eta, "1")
    return plain(overtraining_loss_factor(half, multiple_over_optimum) ** (1 / half))
