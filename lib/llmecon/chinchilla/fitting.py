r"""Fit the separable law to a table of runs: seeds, Newton, and a report that can say no.

Hoffmann et al. 2022, arXiv:2203.15556, Eq. 3; Besiroglu et al. 2024, arXiv:2404.10102. Published
pipelines stop before the optimum and report success, because absolute tolerances meet an
objective of 1e-3; here the stop rule has no scale.
"""

import warnings as _warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from llmecon._checks import FloatArray, require
from llmecon.chinchilla import _newton, _starts
from llmecon.chinchilla._diagnostics import REFUSE_CONDITION, design_is_a_line, fit_warnings
from llmecon.chinchilla._newton import N_CONSTANTS, Minimum, Problem
from llmecon.chinchilla._records import Domain, own_runs
from llmecon.chinchilla.points import Points, Table, as_points
from llmecon.chinchilla.separable import SeparableLaw

# Two starts agree when their objectives differ by less, relative.
_AGREEMENT, _ROUNDING = 1e-7, 4e-15
# Thresholds are easy down to this share of the root mean square residual, then in such steps.
_EASY, _LADDER = 0.1, 10.0
_RAW = ["log_A", "log_B", "log_E", "alpha", "beta"]


class FitWarning(UserWarning):
    """A fit that should not be used as it is; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A fitted law with what is needed to believe it or not.

    Attributes
    ----------
    law : SeparableLaw
        Fitted constants; its domain is the range of the runs.
    points : Points
        Runs as fitted.
    objective : float
        Sum at the optimum. [1]
    objective_name : str
        What was minimised, in words: another objective is another estimator.
    residuals : array
        Prediction minus observation, in log or in loss. [1 or nats/token]
    gradient_norm, decrement : float
        Norm of the gradient, and Newton decrement g' H^-1 g / 2, at the end. [1]
    iterations : int
        Newton steps of the quickest start that ended there.
    converged : bool
        Whether the stop rule was met.
    starts_tried : int
        Starts.
    starts_agreeing : float
        Share of them that ended within 1e-7 of the best objective, relative. [1]
    jacobian_condition : float
        Whether the runs can tell the constants apart: largest over smallest singular value of
        the derivative of ln L by the constants, in centred coordinates; infinite for a
        rank-deficient design. [1]
    smallest_curvature : float
        Smallest eigenvalue of the objective's Hessian; positive at a minimum. [1]
    warnings : tuple of str
        Why the result should not be used as it is; empty is healthy.
    """

    law: SeparableLaw
    points: Points = field(repr=False)
    objective: float
    objective_name: str
    residuals: FloatArray = field(repr=False)
    gradient_norm: float
    decrement: float
    iterations: int
    converged: bool
    starts_tried: int
    starts_agreeing: float
    jacobian_condition: float
    smallest_curvature: float
    warnings: tuple[str, ...]
    _theta: FloatArray = field(repr=False)
    _task: Problem = field(repr=False)
    _hessian: FloatArray = field(repr=False)

    @property
    def n_points(self) -> int:
        """Runs. [runs]"""
        return len(self.points)

    @property
    def at_minimum(self) -> bool:
        """True where the stop rule was met and the curvature is positive in every direction."""
        return self.converged and self.smallest_curvature > 0

    @property
    def residual_scale(self) -> float:
        """1.4826 times the median absolute deviation of the residuals. [1 or nats/token]"""
        middle = np.median(self.residuals)
        return float(1.4826 * np.median(np.abs(self.residuals - middle)))

    @property
    def outliers(self) -> NDArray[np.intp]:
        """Rows whose residual lies beyond 5 scales, worst first (counted from 0)."""
        away = np.abs(self.residuals)
        order = np.argsort(-away, kind="stable")
        return np.asarray(order[away[order] > 5 * self.residual_scale])

    @property
    def covariance(self) -> pd.DataFrame:
        """Covariance of (log_A, log_B, log_E, alpha, beta), sandwich estimate.

        H^-1 (sum of squared scores) H^-1: asymptotic, and noisy where delta is far below the
        residuals, for only runs within delta carry curvature. :func:`bootstrap` is the measure
        to publish.

        Raises
        ------
        ValueError
            If the runs cannot tell the constants apart.
        """
        self.require_identified()
        scores = _newton.slopes(self._task, self._theta)
        psi = np.clip(self.residuals, -self._task.delta, self._task.delta)
        bread = np.linalg.inv(self._hessian)
        centred = bread @ (scores.T * psi**2) @ scores @ bread
        back = np.linalg.inv(_centring(self.points))
        return pd.DataFrame(back @ centred @ back.T, index=_RAW, columns=_RAW)

    @property
    def standard_errors(self) -> Mapping[str, float]:
        """Sandwich standard errors of the constants and of a = beta/(alpha+beta).

        A and B are strongly correlated with their exponents and skewed: quote a, or a
        bootstrap interval of N*(C), before them.
        """
        covariance = self.covariance.to_numpy()
        alpha, beta = float(self.law.alpha), float(self.law.beta)
        slope = np.array([0, 0, 0, -beta, alpha]) / (alpha + beta) ** 2
        errors = dict(zip(_RAW, np.sqrt(np.diag(covariance)).tolist(), strict=True))
        for symbol in ("A", "B", "E"):
            errors[symbol] = errors[f"log_{symbol}"] * float(getattr(self.law, symbol))
        return errors | {"a": float(np.sqrt(slope @ covariance @ slope))}

    def without(self, rows: Sequence[int] | NDArray[Any]) -> "Fit":
        """The same fit without some rows, as :attr:`outliers`: show both."""
        kept = np.setdiff1d(np.arange(self.n_points), rows)
        names = ("n_params", "n_tokens", "loss")
        left = Points(**{name: getattr(self.points, name)[kept] for name in names})
        task = self._task
        finite = np.isfinite(task.delta)
        return fit(
            left,
            objective="huber" if finite else "squared",
            residual="log" if task.in_log else "loss",
            delta=task.delta if finite else 1e-3,
            warn=False,
        )

    def require_identified(self) -> None:
        """Refuse intervals where the runs cannot tell the constants apart, or off a minimum.

        Raises
        ------
        ValueError
            With the reason.
        """
        found = self.jacobian_condition
        if not found < REFUSE_CONDITION or design_is_a_line(self.points):
            raise ValueError(
                "points must tell the constants apart, got a design of condition "
                f"{found:.3g} (at most {REFUSE_CONDITION:.0g}) or on one line of ln N and "
                "ln D: vary size and data independently"
            )
        if not self.at_minimum:
            raise ValueError(f"fit must be at a minimum for an interval: {self.warnings[0]}")

    def table(self) -> pd.DataFrame:
        """Constants, the exponents a and b, and standard errors where there are any."""
        try:
            errors = self.standard_errors
        except ValueError:
            errors = {}
        names = ("a", "b", "E", "alpha", "beta", "A", "B")
        rows = [(name, float(getattr(self.law, name)), errors.get(name, np.nan)) for name in names]
        return pd.DataFrame(rows, columns=["constant", "value", "standard_error"])


def fit(
    points: Table | Points,
    *,
    objective: str = "huber",
    residual: str = "log",
    delta: float = 1e-3,
    starts: int | Sequence[SeparableLaw] | NDArray[Any] = 8,
    duplicates: str = "refuse",
    warn: bool = True,
    name: str = "own fit",
) -> Fit:
    r"""Fit L = E + A N^-alpha + B D^-beta to a table of runs.

    .. math:: \min \sum_i H_\delta(\ln \hat L(N_i, D_i) - \ln L_i)

    Parameters
    ----------
    points : DataFrame or mapping of arrays
        Columns ``n_params`` [parameters], ``n_tokens`` [tokens], ``loss`` [nats/token].
    objective : {"huber", "squared"}, optional
        Sum of Huber terms or of squares: different estimators.
    residual : {"log", "loss"}, optional
        Of the logarithm of the loss or of the loss.
    delta : float, optional
        Huber threshold in units of the residual: .001 is .1% of the loss. [1 or nats/token]
    starts : int, array or sequence of laws, optional
        How many of the best cells of a 16 x 16 grid of exponents to start from; or pairs
        (alpha, beta); or laws. For given exponents the other three constants are a linear
        problem and are solved, not guessed.
    duplicates : {"refuse", "keep"}, optional
        What to do with two equal rows.
    warn : bool, optional
        Raise a :class:`FitWarning` for what stands in ``Fit.warnings``.
    name : str, optional
        Name of the fitted law.

    Returns
    -------
    Fit
        With ``law``, standard errors and diagnostics.

    Raises
    ------
    UnknownName
        For a missing column.
    ValueError
        For missing or non-positive values, equal rows, fewer than five runs, an unknown
        objective.

    Notes
    -----
    On the 240 points of Besiroglu et al. the objective is 1.018274017800601e-3, a = .5139. Their
    printed constants are the optimum of least absolute residuals, another estimator.

    Examples
    --------
    >>> import numpy as np
    >>> from llmecon import chinchilla
    >>> n, d = np.meshgrid(np.logspace(7.5, 10, 8), np.logspace(9, 11.5, 8))
    >>> law = chinchilla.BESIROGLU_2024
    >>> runs = {"n_params": n.ravel(), "n_tokens": d.ravel(), "loss": law.loss(n, d).ravel()}
    >>> found = fit(runs)
    >>> round(found.law.A, 2), round(found.law.beta, 4), found.starts_agreeing
    (482.01, 0.3658, 1.0)
    """
    table = as_points(points, duplicates=duplicates)
    task = make_task(table, objective, residual, delta)
    theta, admissible = _seeds(task, starts)
    result = _report(table, task, _descend(task, theta), name, admissible)
    if warn and result.warnings:
        _warnings.warn("; ".join(result.warnings), FitWarning, stacklevel=2)
    return result


def make_task(
    table: Points,
    objective: str = "huber",
    residual: str = "log",
    delta: float = 1e-3,
) -> Problem:
    """What is minimised, in centred coordinates."""
    if objective not in ("huber", "squared"):
        raise ValueError(f"objective must be 'huber' or 'squared', got {objective!r}")
    if residual not in ("log", "loss"):
        raise ValueError(f"residual must be 'log' or 'loss', got {residual!r}")
    threshold = float(require("delta", delta, above=0))
    x, y = table.means
    return Problem(
        x=np.log(table.n_params) - x,
        y=np.log(table.n_tokens) - y,
        log_loss=np.log(table.loss),
        delta=np.inf if objective == "squared" else threshold,
        in_log=residual == "log",
    )


def _centring(table: Points) -> FloatArray:
    """Matrix from raw (ln A, ln B, ln E, alpha, beta) to the coordinates of the fit."""
    matrix = np.eye(N_CONSTANTS)
    matrix[0, 3], matrix[1, 4] = (-mean for mean in table.means)
    return matrix


def coordinates(law: SeparableLaw, table: Points) -> FloatArray:
    """Coordinates of the fit at the constants of a law."""
    raw = np.array([np.log(law.A), np.log(law.B), np.log(law.E), law.alpha, law.beta], dtype=float)
    return np.asarray(_centring(table) @ raw)


def constants_of(theta: FloatArray, table: Points) -> dict[str, FloatArray]:
    """E, A, B, alpha, beta of rows of coordinates."""
    raw = theta @ np.linalg.inv(_centring(table)).T
    with np.errstate(over="ignore"):
        a, b, e = np.exp(raw[..., 0]), np.exp(raw[..., 1]), np.exp(raw[..., 2])
    return {"E": e, "A": a, "B": b, "alpha": raw[..., 3], "beta": raw[..., 4]}


def objective_at(law: SeparableLaw, points: Table | Points, *, delta: float = 1e-3) -> float:
    """Objective of :func:`fit` at given constants, to compare published sets on one table.

    Parameters
    ----------
    law : SeparableLaw
        Constants.
    points, delta
        As in :func:`fit`.
    """
    table = as_points(points, duplicates="keep", fewest=1)
    task, theta = make_task(table, delta=delta), coordinates(law, table)[None]
    return float(_newton.evaluate(task, theta, np.ones((1, len(table))))[0][0])


def _seeds(
    task: Problem, starts: int | Sequence[SeparableLaw] | NDArray[Any]
) -> tuple[FloatArray, bool]:
    if isinstance(starts, int | np.integer):
        count = int(require("starts", int(starts), minimum=1, unit="starts"))
        return _starts.grid_starts(task, count)
    pairs = [
        (start.alpha, start.beta) if isinstance(start, SeparableLaw) else start for start in starts
    ]
    exponents = np.asarray(pairs, dtype=np.float64)
    if exponents.ndim != 2 or exponents.shape[1] != 2 or not np.all(np.isfinite(exponents)):
        raise ValueError(f"starts must be pairs (alpha, beta), got shape {exponents.shape}")
    return _starts.given_starts(task, exponents)


def _descend(task: Problem, theta: FloatArray) -> Minimum:
    """Minimise by way of easier thresholds where delta is far below the residuals.

    Newton stalls there, for only runs within delta carry curvature. Ten times lower each time,
    a few steps do.
    """
    r, weights = _newton.residuals(task, theta[:1])[0], np.ones((1, task.x.size))
    delta = _EASY * float(np.sqrt(np.mean(r * r)))
    while delta > _LADDER * task.delta:
        found = _newton.minimise(replace(task, delta=delta), theta, weights)
        theta, delta = found.theta, delta / _LADDER
    return _newton.minimise(task, theta, weights)


def _report(table: Points, task: Problem, found: Minimum, name: str, admissible: bool) -> Fit:
    """The best of the starts, with every reason to doubt it."""
    # starts that end in one place differ by rounding only: the one nearest to rest is the best
    tied = found.objective <= found.objective.min() * (1 + _ROUNDING)
    best = int(np.argmin(np.where(tied, found.decrement, np.inf)))
    theta, value = found.theta[best], float(found.objective[best])
    near = found.objective <= value + _AGREEMENT * max(value, np.finfo(float).tiny)
    exact = found.objective <= _newton.EXACT  # noise-free runs: every tiny sum agrees
    of = "log residual" if task.in_log else "residual"
    huber = np.isfinite(task.delta)
    words = f"sum Huber({of}, delta {task.delta:g})" if huber else f"sum of squares({of})/2"
    constants = {k: float(v) for k, v in constants_of(theta, table).items()}
    law, broken = _law(constants, table, name, words)
    _, gradient, hessian = _newton.evaluate(task, theta[None], np.ones((1, len(table))))
    result = Fit(
        law=law,
        points=table,
        objective=value,
        objective_name=words,
        residuals=_newton.residuals(task, theta[None])[0],
        gradient_norm=float(np.linalg.norm(gradient)),
        decrement=float(found.decrement[best]),
        iterations=int(found.iterations[tied].min()),
        converged=bool(found.converged[best]),
        starts_tried=len(found.objective),
        starts_agreeing=float((near | exact).mean()),
        jacobian_condition=float(np.linalg.cond(_newton.slopes(replace(task, in_log=True), theta))),
        smallest_curvature=float(np.linalg.eigvalsh(hessian[0]).min()),
        warnings=broken,
        _theta=theta,
        _task=task,
        _hessian=hessian[0],
    )
    return replace(result, warnings=(*broken, *fit_warnings(result, admissible=admissible)))


def _law(
    constants: Mapping[str, float], table: Points, name: str, words: str
) -> tuple[SeparableLaw, tuple[str, ...]]:
    """The law, or the nearest that exists where a fitted exponent ran out of range."""
    limits = np.finfo(np.float64)
    legal = {k: min(max(v, float(limits.tiny)), float(limits.max)) for k, v in constants.items()}
    changed = [k for k in constants if legal[k] != constants[k]]
    law = fitted_law(name, legal, table.domain, f"fit to {len(table)} runs", words)
    if not changed:
        return law, ()
    return law, (f"{', '.join(changed)} ran out of range: the law is not a minimum",)


def fitted_law(
    name: str, constants: Mapping[str, Any], domain: Domain, source: str, words: str
) -> SeparableLaw:
    """Law of constants that come from runs of the caller's own."""
    return SeparableLaw(name=name, provenance=own_runs(source, words), domain=domain, **constants)
