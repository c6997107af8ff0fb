"""What a fit must tell besides its constants: can they be told apart, is this a minimum."""

from typing import TYPE_CHECKING

import numpy as np

from llmecon.chinchilla._newton import N_CONSTANTS
from llmecon.chinchilla.points import Points
from llmecon.chinchilla.separable import SeparableLaw

if TYPE_CHECKING:
    from llmecon.chinchilla.fitting import Fit

# Condition of the centred Jacobian: 62 on the 240 points of Besiroglu et al., 63 on three
# IsoFLOP profiles, 3e7 for runs that all have D = 20 N.
_WARN_CONDITION, REFUSE_CONDITION = 1e3, 1e5
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


def fit_warnings(found: "Fit", *, admissible: bool) -> list[str]:
    """Every reason not to use a fit as it is, in sentences."""
    said = []
    enough = max(_DECREMENT * found.objective, 1e-18 * found.n_points)
    if not (found.converged and found.decrement <= enough):
        said.append(
            f"NOT AT A MINIMUM: the Newton decrement is {found.decrement:.2g} "
            f"at an objective of {found.objective:.6g}"
        )
    if not found.smallest_curvature > 0:
        said.append(
            f"NOT A MINIMUM: the smallest curvature is {found.smallest_curvature:.2g}, "
            "so a direction is flat or falls"
        )
    if not admissible:
        said.append("no pair of exponents gives positive constants: a term is not identified")
    if found.starts_agreeing < _AGREEING:
        said.append(f"only {found.starts_agreeing:.0%} of the starts reached the best objective")
    said += _narrow(found.points, found.jacobian_condition)
    said += _out_of_range(found.law, found.points)
    if found.n_points == N_CONSTANTS:
        said.append("as many runs as constants: no residual can show a misfit")
    return said


def _narrow(points: Points, condition: float) -> list[str]:
    """What the plan of the runs cannot tell apart."""
    found = []
    if condition > REFUSE_CONDITION:
        found.append(
            f"condition {condition:.2g}: these runs cannot tell the constants apart "
            "(one size, one D, one D/N or only compute-optimal runs)"
        )
    elif condition > _WARN_CONDITION:
        found.append(f"condition {condition:.2g}: the constants are poorly told apart")
    if design_is_a_line(points):
        found.append("ln D is a straight line in ln N: size and data were not varied apart")
    ratio = points.n_tokens / points.n_params
    if ratio.max() < _RATIO_RANGE * ratio.min():
        found.append(
            f"tokens per parameter span only {ratio.max() / ratio.min():.2g} times: "
            "size and data were varied together"
        )
    return found


def design_is_a_line(points: Points) -> bool:
    """True where all runs share a size, a D, a D/N, a budget, or lie on one power law."""
    plane = np.column_stack([np.log(points.n_params), np.log(points.n_tokens)])
    spread = np.linalg.svd(plane - plane.mean(axis=0), compute_uv=False)
    return bool(spread.min() < _SCATTER * np.sqrt(len(points)))


def _out_of_range(law: SeparableLaw, points: Points) -> list[str]:
    found = []
    if points.n_params.max() < _FEWEST_PARAMS:
        found.append(
            f"n_params reach only {points.n_params.max():.3g}: give plain counts, not billions "
            "(exponents stand, but A, sizes and budgets do not)"
        )
    total = law.loss(points.n_params, points.n_tokens)
    terms = {
        "size": law._size_term(points.n_params) / total,
        "data": law._data_term(points.n_tokens) / total,
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
