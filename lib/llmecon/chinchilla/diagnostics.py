"""What a fit must tell besides its constants: can they be told apart, is this a minimum."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llmecon._checks import Numbers, require
from llmecon.chinchilla._records import Array
from llmecon.chinchilla.points import Points
from llmecon.chinchilla.separable import SeparableLaw

# Condition of the centred Jacobian: 62 on the 240 points of Besiroglu et al., 63 on three
# IsoFLOP profiles, 3e7 for runs that all have D = 20 N.
WARN_CONDITION, REFUSE_CONDITION = 1e3, 1e5
_LOWEST_SHARE = 1e-3
# Largest size below which the column was surely not a plain count.
_FEWEST_PARAMS = 1e4
_EXPONENTS = (0.02, 2.0)
_DECREMENT = 1e-8
_AGREEING = 0.5
# Range of tokens per parameter below which size and data were varied together.
_RATIO_RANGE = 3.0
# Scatter of ln D about a straight line in ln N (and the reverse) below which no fit can tell
# the constants apart, whatever its condition at the place where it stopped.
_SCATTER = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifiability:
    """Whether the runs can tell the five constants apart.

    Attributes
    ----------
    jacobian_singular_values : array
        Of the derivative of ln L by the constants, in centred coordinates. [1]
    jacobian_condition, jacobian_condition_raw : float
        Largest over smallest, centred and raw; infinite for a rank-deficient design. [1]
    hessian_condition, hessian_condition_raw : float
        Of the objective's Hessian; NaN where it has none (least absolute residuals). [1]
    smallest_curvature : float
        Smallest eigenvalue of the Hessian; positive at a minimum. [1]
    """

    jacobian_singular_values: Array
    jacobian_condition: float
    jacobian_condition_raw: float
    hessian_condition: float
    hessian_condition_raw: float
    smallest_curvature: float


def identifiability(slopes: Array, hessian: Array | None, centring: Array) -> Identifiability:
    """From the Jacobian (and Hessian) in centred coordinates."""
    singular, raw = _singular(slopes), _singular(slopes @ centring)
    curvature = np.array([1.0]) if hessian is None else np.linalg.eigvalsh(hessian)
    raw_curvature = (
        np.array([1.0]) if hessian is None else np.linalg.eigvalsh(centring.T @ hessian @ centring)
    )
    return Identifiability(
        jacobian_singular_values=singular,
        jacobian_condition=_ratio(singular),
        jacobian_condition_raw=_ratio(raw),
        hessian_condition=np.nan if hessian is None else _ratio(np.abs(curvature)),
        hessian_condition_raw=np.nan if hessian is None else _ratio(np.abs(raw_curvature)),
        smallest_curvature=float(curvature.min()),
    )


def _singular(matrix: Array) -> Array:
    return np.asarray(np.linalg.svd(matrix, compute_uv=False), dtype=np.float64)


def _ratio(values: Array) -> float:
    smallest = float(values.min())
    return float(values.max()) / smallest if smallest > 0 else np.inf


def design_condition(law: SeparableLaw, n_params: Numbers, n_tokens: Numbers) -> float:
    """How badly a plan of runs tells the constants of a law apart, before any is run.

    Parameters
    ----------
    law : SeparableLaw
        What is believed now.
    n_params, n_tokens : array
        Planned runs. [parameters] [tokens]

    Returns
    -------
    float
        Condition of the centred Jacobian of ln L: about 60 is good, above 1e3 doubtful, above
        1e5 (all runs at one D, at one D/N, or on the compute-optimal frontier) useless. [1]

    Examples
    --------
    >>> import numpy as np
    >>> from llmecon import chinchilla
    >>> n = np.logspace(7.7, 10.2, 40)
    >>> design_condition(chinchilla.BESIROGLU_2024, n, 20 * n) > 1e7
    True
    """
    size = require("n_params", n_params, above=0, unit="parameters")
    tokens = require("n_tokens", n_tokens, above=0, unit="tokens")
    size, tokens = (v.ravel() for v in np.broadcast_arrays(size, tokens))
    return _ratio(_singular(log_loss_slopes(law, size, tokens)))


def log_loss_slopes(law: SeparableLaw, size: Array, tokens: Array) -> Array:
    """Derivative of ln L by (ln A, ln B, ln E, alpha, beta), centred."""
    total = law.loss(size, tokens)
    of_size = law.A * size ** -np.asarray(law.alpha) / total
    of_data = law.B * tokens ** -np.asarray(law.beta) / total
    x, y = np.log(size), np.log(tokens)
    x, y = x - x.mean(), y - y.mean()
    return np.column_stack([of_size, of_data, law.E / total, -of_size * x, -of_data * y])


def fit_warnings(
    *,
    law: SeparableLaw,
    points: Points,
    identifiability: Identifiability,
    objective: float,
    decrement: float,
    converged: bool,
    agreeing: float,
    admissible: bool,
) -> tuple[str, ...]:
    """Every reason not to use a fit as it is, in sentences."""
    found = [
        *_not_a_minimum(objective, decrement, converged, identifiability, len(points)),
        *_not_identified(law, points, identifiability, agreeing, admissible),
    ]
    if len(points) == identifiability.jacobian_singular_values.size:
        found.append("as many runs as constants: no residual can show a misfit")
    return tuple(found)


def _not_a_minimum(
    objective: float, decrement: float, converged: bool, known: Identifiability, n: int
) -> list[str]:
    found = []
    stationary = decrement <= max(_DECREMENT * objective, 1e-18 * n)
    if not (converged and stationary):
        found.append(
            f"NOT AT A MINIMUM: the Newton decrement is {decrement:.2g} "
            f"at an objective of {objective:.6g}"
        )
    if not known.smallest_curvature > 0:
        found.append(
            f"NOT A MINIMUM: the smallest curvature is {known.smallest_curvature:.2g}, "
            "so a direction is flat or falls"
        )
    return found


def _not_identified(
    law: SeparableLaw, points: Points, known: Identifiability, agreeing: float, admissible: bool
) -> list[str]:
    found = []
    if not admissible:
        found.append("no pair of exponents gives positive constants: a term is not identified")
    if agreeing < _AGREEING:
        found.append(f"only {agreeing:.0%} of the starts reached the best objective")
    condition = known.jacobian_condition
    if condition > REFUSE_CONDITION:
        found.append(
            f"condition {condition:.2g}: these runs cannot tell the constants apart "
            "(one size, one D, one D/N or only compute-optimal runs)"
        )
    elif condition > WARN_CONDITION:
        found.append(f"condition {condition:.2g}: the constants are poorly told apart")
    if design_is_a_line(points):
        found.append("ln D is a straight line in ln N: size and data were not varied apart")
    ratio = points.n_tokens / points.n_params
    if ratio.max() < _RATIO_RANGE * ratio.min():
        found.append(
            f"tokens per parameter span only {ratio.max() / ratio.min():.2g} times: "
            "size and data were varied together"
        )
    return found + _out_of_range(law, points)


def design_is_a_line(points: Points) -> bool:
    """True where all runs share a size, a D, a D/N, a budget, or lie on one power law."""
    plane = np.column_stack([np.log(points.n_params), np.log(points.n_tokens)])
    spread = _singular(plane - plane.mean(axis=0)) / np.sqrt(len(points))
    return bool(spread.min() < _SCATTER)


def _out_of_range(law: SeparableLaw, points: Points) -> list[str]:
    found = []
    if points.n_params.max() < _FEWEST_PARAMS:
        found.append(
            f"n_params reach only {points.n_params.max():.3g}: give plain counts, not billions "
            "(exponents stand, but A, sizes and budgets do not)"
        )
    total = law.loss(points.n_params, points.n_tokens)
    terms = {
        "size": law.A * points.n_params ** -np.asarray(law.alpha) / total,
        "data": law.B * points.n_tokens ** -np.asarray(law.beta) / total,
    }
    for name, share in terms.items():
        if share.max() < _LOWEST_SHARE:
            found.append(f"the {name} term is below {_LOWEST_SHARE:.1%} of the loss in every run")
    for name in ("alpha", "beta"):
        value = float(getattr(law, name))
        if not _EXPONENTS[0] < value < _EXPONENTS[1]:
            found.append(f"{name} = {value:.3g} lies outside {_EXPONENTS[0]} to {_EXPONENTS[1]}")
    if not 1e-3 * points.loss.min() < law.E:
        found.append(f"E = {float(law.E):.2g} collapsed to zero: it is not identified")
    return found


def outlying_rows(residuals: Array, scales: float = 5.0) -> NDArray[np.intp]:
    """Rows beyond some scales (1.4826 median absolute deviations), worst first."""
    spread = 1.4826 * np.median(np.abs(residuals - np.median(residuals)))
    order = np.argsort(-np.abs(residuals), kind="stable")
    return np.asarray(order[np.abs(residuals)[order] > scales * spread])
