r"""Fit the separable law to a table of runs: seeds, Newton, and a report that can say no.

Hoffmann et al. 2022, arXiv:2203.15556, Eq. 3; Besiroglu et al. 2024, arXiv:2404.10102. Published
pipelines stop before the optimum and report success, because absolute tolerances meet an
objective of 1e-3; here the stop rule has no scale.
"""

import warnings as _warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from llmecon._checks import Numbers, require
from llmecon.chinchilla import _absolute, _newton, _starts
from llmecon.chinchilla._newton import Minimum, Problem
from llmecon.chinchilla._objective import (
    Objective,
    Residual,
    centring_of,
    constants_of,
    in_log,
    make_task,
    means_of,
    objective_name,
)
from llmecon.chinchilla._records import Allocation, Array, Provenance
from llmecon.chinchilla.diagnostics import (
    REFUSE_CONDITION,
    Identifiability,
    design_is_a_line,
    fit_warnings,
    identifiability,
    outlying_rows,
)
from llmecon.chinchilla.points import Points, Table, as_points
from llmecon.chinchilla.separable import SeparableLaw

# Two starts agree when their objectives differ by less, relative.
AGREEMENT = 1e-7
# Thresholds are easy down to this share of the root mean square residual, then in such steps.
_EASY, _LADDER = 0.1, 10.0


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
    objective_kind, residual, delta, overestimate_weight
        The same as arguments of :func:`fit`.
    residuals : array
        Prediction minus observation, in log or in loss. [1 or nats/token]
    gradient_norm, decrement : float
        Norm of the gradient, and Newton decrement g' H^-1 g / 2, at the end. [1]
    iterations : int
        Newton steps (linear programs for ``absolute``) of the best start.
    converged : bool
        Whether the stop rule was met.
    starts_tried : int
        Starts.
    starts_agreeing : float
        Share of them that ended within 1e-7 of the best objective, relative. [1]
    identifiability : Identifiability
        Whether the runs can tell the constants apart.
    warnings : tuple of str
        Why the result should not be used as it is; empty is healthy.
    """

    law: SeparableLaw
    points: Points = field(repr=False)
    objective: float
    objective_name: str
    objective_kind: Objective
    residual: Residual
    delta: float
    overestimate_weight: float
    residuals: Array = field(repr=False)
    gradient_norm: float
    decrement: float
    iterations: int
    converged: bool
    starts_tried: int
    starts_agreeing: float
    identifiability: Identifiability
    warnings: tuple[str, ...]
    _theta: Array = field(repr=False)
    _task: Problem = field(repr=False)
    _hessian: Array = field(repr=False)

    @property
    def n_points(self) -> int:
        """Runs. [runs]"""
        return len(self.points)

    @property
    def at_minimum(self) -> bool:
        """True where the stop rule was met and the curvature is positive in every direction."""
        return self.converged and self.identifiability.smallest_curvature > 0

    @property
    def residual_scale(self) -> float:
        """1.4826 times the median absolute deviation of the residuals. [1 or nats/token]"""
        return float(1.4826 * np.median(np.abs(self.residuals - np.median(self.residuals))))

    @property
    def outliers(self) -> NDArray[np.intp]:
        """Rows whose residual lies beyond 5 scales, worst first (counted from 0)."""
        return outlying_rows(self.residuals)

    @property
    def covariance(self) -> pd.DataFrame:
        """Covariance of (log_A, log_B, log_E, alpha, beta), sandwich estimate.

        H^-1 (sum of squared scores) H^-1: asymptotic, and noisy where delta is far below the
        residuals, for only runs within delta carry curvature. :func:`bootstrap` is the measure
        to publish.

        Raises
        ------
        ValueError
            If the runs cannot tell the constants apart, or for least absolute residuals,
            whose objective has no curvature.
        """
        self.require_identified()
        if self.objective_kind == "absolute":
            raise ValueError("objective must not be 'absolute' for a covariance: use bootstrap")
        scores = _absolute.jacobian(self._task, self._theta)
        psi = np.clip(self.residuals, -self.delta, self.delta) * self.points.weights
        psi = psi * np.where(self.residuals > 0, self.overestimate_weight, 1.0)
        bread = np.linalg.inv(self._hessian)
        centred = bread @ (scores.T * psi**2) @ scores @ bread
        back = np.linalg.inv(centring_of(self.points))
        names = ["log_A", "log_B", "log_E", "alpha", "beta"]
        return pd.DataFrame(back @ centred @ back.T, index=names, columns=names)

    @property
    def standard_errors(self) -> Mapping[str, float]:
        """Sandwich standard errors of the constants and of a = beta/(alpha+beta).

        A and B are strongly correlated with their exponents and skewed: quote a, or a
        bootstrap interval of N*(C), before them.
        """
        table = self.covariance
        covariance = table.to_numpy()
        alpha, beta = float(self.law.alpha), float(self.law.beta)
        slope = np.array([0, 0, 0, -beta, alpha]) / (alpha + beta) ** 2
        root = np.sqrt(np.diag(covariance))
        errors = dict(zip(table.index, root.tolist(), strict=True))
        for symbol in ("A", "B", "E"):
            errors[symbol] = errors[f"log_{symbol}"] * float(getattr(self.law, symbol))
        errors["a"] = float(np.sqrt(slope @ covariance @ slope))
        return MappingProxyType(errors)

    def predict(self, n_params: Numbers, n_tokens: Numbers) -> Allocation:
        """Loss of a run that was not made, with its distance from those that were."""
        return self.law.predict(n_params, n_tokens)

    def leverage(self, n_params: Numbers, n_tokens: Numbers) -> Array:
        """Leverage j (J'J)^-1 j' of a run, over the largest among the fitted ones. [1]

        Above 1 the prediction leans on the form of the law more than on any run.
        """
        size = np.log(require("n_params", n_params, above=0, unit="parameters"))
        data = np.log(require("n_tokens", n_tokens, above=0, unit="tokens"))
        size, data = np.broadcast_arrays(size, data)
        x, y = means_of(self.points)
        new = _newton.problem(
            size.ravel() - x,
            data.ravel() - y,
            np.ones(size.size),
            delta=1.0,
            in_log=True,
            over_weight=1.0,
        )
        old = _absolute.jacobian(in_log(self._task), self._theta)
        inverse = np.linalg.pinv(old.T @ old)
        asked = _absolute.jacobian(new, self._theta)
        among = np.einsum("ij,jk,ik->i", old, inverse, old).max()
        result: Array = np.einsum("ij,jk,ik->i", asked, inverse, asked) / among
        return result.reshape(size.shape)[()]

    def without(self, rows: Sequence[int] | NDArray[Any]) -> "Fit":
        """The same fit without some rows, as :attr:`outliers`: show both."""
        kept = np.ones(self.n_points, dtype=bool)
        kept[np.asarray(rows, dtype=np.intp)] = False
        return fit(
            Points(
                n_params=self.points.n_params[kept],
                n_tokens=self.points.n_tokens[kept],
                loss=self.points.loss[kept],
                weights=self.points.weights[kept],
            ),
            objective=self.objective_kind,
            residual=self.residual,
            delta=self.delta if np.isfinite(self.delta) and self.delta > 0 else 1e-3,
            overestimate_weight=self.overestimate_weight,
            warn=False,
        )

    def influence(self) -> pd.DataFrame:
        """Refit without each run in turn: what each one does to a and to the constants.

        Returns
        -------
        DataFrame
            Row, size, tokens, loss, residual, ``change_in_a`` (without the run, less with it)
            and the constants without it; largest change first.
        """
        weights = np.tile(self.points.weights, (self.n_points, 1))
        np.fill_diagonal(weights, 0.0)
        theta = refit(self, weights).theta
        constants = constants_of(theta, self.points)
        a = constants["beta"] / (constants["alpha"] + constants["beta"])
        frame = pd.DataFrame(
            {
                "row": np.arange(self.n_points),
                "n_params": self.points.n_params,
                "n_tokens": self.points.n_tokens,
                "loss": self.points.loss,
                "residual": self.residuals,
                "change_in_a": a - float(self.law.a),
                "a": a,
                **constants,
            }
        )
        order = frame["change_in_a"].abs().sort_values(ascending=False, kind="stable").index
        return frame.loc[order].reset_index(drop=True)

    def jackknife_standard_error(self) -> float:
        """Standard error of a from leaving out each run in turn. [1]"""
        a = self.influence()["a"].to_numpy()
        n = len(a)
        return float(np.sqrt((n - 1) / n * ((a - a.mean()) ** 2).sum()))

    def require_identified(self) -> None:
        """Refuse intervals where the runs cannot tell the constants apart, or off a minimum.

        Raises
        ------
        ValueError
            With the reason.
        """
        condition = self.identifiability.jacobian_condition
        if not condition < REFUSE_CONDITION or design_is_a_line(self.points):
            raise ValueError(
                "points must tell the constants apart, got a design of condition "
                f"{condition:.3g} (at most {REFUSE_CONDITION:.0g}) or on one line of ln N and "
                "ln D: vary size and data independently"
            )
        if not self.at_minimum:
            raise ValueError(f"fit must be at a minimum for an interval: {self.warnings[0]}")

    def table(self) -> pd.DataFrame:
        """Constants, the exponents a and b, and standard errors where there are any."""
        law = self.law
        values = {name: float(getattr(law, name)) for name in _REPORTED}
        try:
            errors: Mapping[str, float] = self.standard_errors
        except ValueError:
            errors = {}
        rows = [(name, value, errors.get(name, np.nan)) for name, value in values.items()]
        return pd.DataFrame(rows, columns=["constant", "value", "standard_error"])


_REPORTED = ("a", "b", "E", "alpha", "beta", "A", "B")


def fit(
    points: Table | Points,
    *,
    objective: Objective = "huber",
    residual: Residual = "log",
    delta: float = 1e-3,
    weights: Numbers | None = None,
    overestimate_weight: float = 1.0,
    starts: int | Sequence[SeparableLaw] | NDArray[Any] = 8,
    duplicates: str = "refuse",
    max_iterations: int = 500,
    warn: bool = True,
    name: str = "own fit",
) -> Fit:
    r"""Fit L = E + A N^-alpha + B D^-beta to a table of runs.

    .. math:: \min \sum_i w_i H_\delta(\ln \hat L(N_i, D_i) - \ln L_i)

    Parameters
    ----------
    points : DataFrame or mapping of arrays
        Columns ``n_params`` [parameters], ``n_tokens`` [tokens], ``loss`` [nats/token].
    objective : {"huber", "squared", "absolute"}, optional
        Sum of Huber terms, of squares, of absolute values: different estimators.
    residual : {"log", "loss"}, optional
        Of the logarithm of the loss or of the loss.
    delta : float, optional
        Huber threshold in units of the residual: .001 is .1% of the loss. [1 or nats/token]
    weights : array, optional
        Weight of each run. [1]
    overestimate_weight : float, optional
        Weight of a prediction above the observation relative to one below; above 1 the law
        follows the best-tuned runs. [1]
    starts : int, array or sequence of laws, optional
        How many of the best cells of a 16 x 16 grid of exponents to start from; or pairs
        (alpha, beta); or laws. For given exponents the other three constants are a linear
        problem and are solved, not guessed.
    duplicates : {"refuse", "keep"}, optional
        What to do with two equal rows.
    max_iterations : int, optional
        Most Newton steps.
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
    printed constants are the optimum of ``objective="absolute"``.

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
    table = as_points(points, weights=weights, duplicates=duplicates)
    task = make_task(table, objective, residual, delta, overestimate_weight)
    seeds = _seeds(task, table.weights, starts)
    found = _descend(task, seeds.theta, table.weights[None], max_iterations)
    result = _fit_absolute(table, task, found) if objective == "absolute" else _best(found)
    return _report(
        table,
        task,
        result,
        objective=objective,
        residual=residual,
        name=name,
        admissible=bool(seeds.admissible.any()),
        warn=warn,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    theta: Array
    objective: float
    decrement: float
    gradient_norm: float
    iterations: int
    converged: bool
    starts: int
    agreeing: float


def _seeds(
    task: Problem, weights: Array, starts: int | Sequence[SeparableLaw] | NDArray[Any]
) -> _starts.Cells:
    if isinstance(starts, int | np.integer):
        count = int(require("starts", int(starts), minimum=1, unit="starts"))
        return _starts.grid_starts(task, weights, count)
    pairs = [
        (start.alpha, start.beta) if isinstance(start, SeparableLaw) else start for start in starts
    ]
    exponents = np.asarray(pairs, dtype=np.float64)
    if exponents.ndim != 2 or exponents.shape[1] != 2 or not np.all(np.isfinite(exponents)):
        raise ValueError(f"starts must be pairs (alpha, beta), got shape {exponents.shape}")
    return _starts.given_starts(task, weights, exponents)


def _descend(task: Problem, theta: Array, weights: Array, most: int) -> Minimum:
    """Minimise by way of easier thresholds where delta is far below the residuals.

    Newton stalls there, for only runs within delta carry curvature. Ten times lower each time,
    a few steps do.
    """
    r = _newton.residuals(task, theta[:1])[0]
    delta = _EASY * float(np.sqrt(np.mean(r * r)))
    while delta > _LADDER * task.delta:
        found = _newton.minimise(replace(task, delta=delta), theta, weights, most=most)
        theta, delta = found.theta, delta / _LADDER
    return _newton.minimise(task, theta, weights, most=most)


def _best(found: Minimum) -> _End:
    best = int(np.argmin(found.objective))
    value = float(found.objective[best])
    near = found.objective <= value + AGREEMENT * max(value, np.finfo(float).tiny)
    exact = found.objective <= _newton.EXACT  # noise-free runs: every tiny sum agrees
    return _End(
        theta=found.theta[best],
        objective=value,
        decrement=float(found.decrement[best]),
        gradient_norm=float(found.gradient_norm[best]),
        iterations=int(found.iterations[best]),
        converged=bool(found.converged[best]),
        starts=len(found.objective),
        agreeing=float((near | exact).mean()),
    )


def _fit_absolute(table: Points, task: Problem, found: Minimum) -> _End:
    """Least absolute residuals, from the optimum of a Huber objective near it."""
    near = _best(found)
    theta, value, converged, programs = _absolute.least_absolute(task, near.theta, table.weights)
    return _End(
        theta=theta,
        objective=value,
        decrement=0.0 if converged else np.inf,
        gradient_norm=0.0,
        iterations=programs,
        converged=converged,
        starts=near.starts,
        agreeing=near.agreeing,
    )


def _report(
    table: Points,
    task: Problem,
    end: _End,
    *,
    objective: Objective,
    residual: Residual,
    name: str,
    admissible: bool,
    warn: bool,
) -> Fit:
    constants = {k: float(v) for k, v in constants_of(end.theta, table).items()}
    words = objective_name(objective, residual, task)
    law, broken = _law(constants, table, name, words)
    r = _newton.residuals(task, end.theta[None])[0]
    _, _, hessian = _newton.evaluate(task, end.theta[None], table.weights[None])
    known = identifiability(
        _absolute.jacobian(in_log(task), end.theta),
        hessian[0] if objective != "absolute" else None,
        centring_of(table),
    )
    messages = broken + fit_warnings(
        law=law,
        points=table,
        identifiability=known,
        objective=end.objective,
        decrement=end.decrement,
        converged=end.converged,
        agreeing=end.agreeing,
        admissible=admissible,
    )
    if warn and messages:
        _warnings.warn("; ".join(messages), FitWarning, stacklevel=3)
    return Fit(
        law=law,
        points=table,
        objective=end.objective,
        objective_name=words,
        objective_kind=objective,
        residual=residual,
        delta=task.delta if objective != "absolute" else 0.0,
        overestimate_weight=task.over_weight,
        residuals=r,
        gradient_norm=end.gradient_norm,
        decrement=end.decrement,
        iterations=end.iterations,
        converged=end.converged,
        starts_tried=end.starts,
        starts_agreeing=end.agreeing,
        identifiability=known,
        warnings=messages,
        _theta=end.theta,
        _task=task,
        _hessian=hessian[0],
    )


def _law(
    constants: Mapping[str, float], table: Points, name: str, words: str
) -> tuple[SeparableLaw, tuple[str, ...]]:
    """The law, or the nearest that exists where a fitted exponent ran out of range."""
    tiny = np.finfo(np.float64).tiny
    legal = {k: min(max(v, tiny), np.finfo(np.float64).max) for k, v in constants.items()}
    changed = [k for k in constants if legal[k] != constants[k]]
    law = SeparableLaw(
        name=name,
        provenance=Provenance(
            source=f"fit to {len(table)} runs",
            source_url="",
            place=words,
            rounding="none",
            status="fitted",
        ),
        domain=table.domain,
        **legal,
    )
    if not changed:
        return law, ()
    return law, (f"{', '.join(changed)} ran out of range: the law is not a minimum",)


def refit(found: Fit, weights: Array, log_loss: Array | None = None) -> Minimum:
    """Refits under other weights, or other observations, from the full optimum."""
    task = found._task if log_loss is None else replace(found._task, log_loss=log_loss)
    rows = len(weights)
    start = np.tile(found._theta, (rows, 1))
    if found.objective_kind != "absolute":
        return _newton.minimise(task, start, weights)
    return _refit_absolute(task, start, weights)


def _refit_absolute(task: Problem, start: Array, weights: Array) -> Minimum:
    ends = [
        _absolute.least_absolute(_newton.at_row(task, row), start[row], weights[row])
        for row in range(len(weights))
    ]
    value = np.array([end[1] for end in ends])
    return Minimum(
        theta=np.array([end[0] for end in ends]),
        objective=value,
        decrement=np.zeros_like(value),
        gradient_norm=np.zeros_like(value),
        iterations=np.array([end[3] for end in ends], dtype=np.intp),
        converged=np.array([end[2] for end in ends], dtype=bool),
    )


# Takes a law, gives the number an interval is wanted for.
Quantity = Callable[[SeparableLaw], Array]
