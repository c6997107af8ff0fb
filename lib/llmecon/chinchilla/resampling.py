"""Intervals by refitting: resampled runs, resampled clusters of runs, or resampled residuals."""

import warnings as _warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from llmecon._checks import FloatArray, Numbers, require, require_memory
from llmecon.chinchilla import _newton
from llmecon.chinchilla.fitting import Fit, FitWarning, constants_of, fitted_law
from llmecon.chinchilla.separable import SeparableLaw

# Takes a law, gives the number an interval is wanted for.
_Quantity = Callable[[SeparableLaw], FloatArray]
Seed = int | np.random.Generator | np.random.RandomState

# Resamples refitted together: their work arrays stay in the processor's cache.
_CHUNK = 250
_BYTES_A_REFIT = 500.0  # kept: its constants, and what intervals are taken of
# Share of resamples without a usable fit above which the intervals are doubted aloud.
_FAILED = 0.05
_LOGS = ("log_A", "log_B", "log_E")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bootstrap:
    """Refits of resampled runs.

    Attributes
    ----------
    fit : Fit
        Full-data fit.
    laws : SeparableLaw
        Constants of every usable refit, as arrays of shape (refits, 1): ask it anything that a
        law answers, and axis 0 of the result runs over the refits.
    n_resamples : int
        Resamples drawn.
    n_failed : int
        Refits that were left out: not converged, or with a constant out of range.
    """

    fit: Fit
    laws: SeparableLaw
    n_resamples: int
    n_failed: int

    def values(self, quantity: str | _Quantity) -> FloatArray:
        """A quantity of every refit, along axis 0.

        Parameters
        ----------
        quantity : str or callable
            ``"a"``, ``"b"``, ``"E"``, ``"A"``, ``"B"``, ``"alpha"``, ``"beta"``, ``"log_A"``,
            ``"log_B"``, ``"log_E"`` or any property of a law; or a function of a law.
        """
        if callable(quantity):
            values = np.asarray(quantity(self.laws), dtype=np.float64)
        elif quantity in _LOGS:
            values = np.log(np.asarray(getattr(self.laws, quantity.removeprefix("log_"))))
        elif isinstance(getattr(SeparableLaw, quantity, None), property) or quantity in _CONSTANTS:
            values = np.asarray(getattr(self.laws, quantity))
        else:
            raise ValueError(f"quantity must be a constant or property of a law, got {quantity!r}")
        return values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values

    def interval(self, quantity: str | _Quantity, *, level: float = 0.95) -> FloatArray:
        """Percentile interval of a quantity: low and high along the first axis.

        Parameters
        ----------
        quantity : str or callable
            As in :meth:`values`.
        level : float, optional
            Share of the refits inside. [1]

        Examples
        --------
        >>> import numpy as np
        >>> from llmecon import chinchilla
        >>> law = chinchilla.BESIROGLU_2024
        >>> runs = chinchilla.simulate(law, *chinchilla.isoflop_design(law), noise=0.005, seed=1)
        >>> refits = bootstrap(chinchilla.fit(runs), n_resamples=500, seed=1)
        >>> low, high = refits.interval(lambda law: law.optimal(flop=1e22).params)
        >>> bool(low < law.optimal(flop=1e22).params < high)
        True
        """
        inside = float(require("level", level, above=0, maximum=1 - 1e-12, unit="1"))
        edges = [50 * (1 - inside), 50 * (1 + inside)]
        return np.asarray(np.percentile(self.values(quantity), edges, axis=0))

    def width(self, quantity: str | _Quantity, *, level: float = 0.8) -> FloatArray:
        """Width of the interval."""
        low, high = self.interval(quantity, level=level)
        return np.asarray(high - low)

    def optimal_interval(self, *, flop: Numbers, level: float = 0.95) -> pd.DataFrame:
        """N*(C), D*(C), D/N and L*(C) with intervals, a row a budget.

        Parameters
        ----------
        flop : float or array
            Budgets. [FLOP]
        level : float, optional
            Share of the refits inside. [1]

        Returns
        -------
        DataFrame
            ``flop``, and for ``params``, ``tokens``, ``tokens_per_param`` and ``loss`` the
            full-data value with ``_low`` and ``_high``; ``decades_outside`` the runs.
        """
        budgets = np.atleast_1d(require("flop", flop, above=0, unit="FLOP")).ravel()
        best, all_ = self.fit.law.optimal(flop=budgets), self.laws.optimal(flop=budgets)
        columns: dict[str, Any] = {"flop": budgets}
        edges = [50 * (1 - level), 50 * (1 + level)]
        for name in ("params", "tokens", "tokens_per_param", "loss"):
            low, high = np.percentile(np.asarray(getattr(all_, name)), edges, axis=0)
            columns |= {name: getattr(best, name), f"{name}_low": low, f"{name}_high": high}
        columns["decades_outside"] = best.decades_outside
        return pd.DataFrame(columns)


_CONSTANTS = ("E", "A", "B", "alpha", "beta")


def bootstrap(
    fit: Fit,
    *,
    n_resamples: int = 4000,
    kind: str = "runs",
    clusters: Any = None,
    seed: Seed = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Bootstrap:
    """Refit resamples of the runs, each to convergence.

    Parameters
    ----------
    fit : Fit
        Full-data fit; every refit starts at its optimum.
    n_resamples : int, optional
        Resamples. [resamples]
    kind : {"runs", "clusters", "wild"}, optional
        ``runs`` draws rows with replacement. ``clusters`` draws whole groups of rows, for rows
        that share a training run or a family. ``wild`` keeps the rows and flips the signs of
        their residuals at random (all rows of a cluster together, where ``clusters`` is given):
        for few runs, where a resample may lose the design.
    clusters : array, optional
        Label of each row's cluster; required for ``kind="clusters"``.
    seed : int, Generator or RandomState, optional
        Source of the draws.
    progress : callable, optional
        Called with resamples done and resamples in all, after each chunk.

    Returns
    -------
    Bootstrap
        All refits as one law of arrays, and intervals of anything that a law answers.

    Raises
    ------
    ValueError
        Where the runs cannot tell the constants apart (no interval would mean anything), for
        fewer than two resamples or clusters, for labels that do not pair with rows.

    Warns
    -----
    FitWarning
        If more than 5% of the refits had to be left out.

    References
    ----------
    .. [1] T. Besiroglu et al., arXiv:2404.10102, 2024, Table 1: 4,000 resamples, of which 86 of
       the published refits had not converged to 1e-9.
    """
    fit.require_identified()
    count = int(require("n_resamples", n_resamples, minimum=2, unit="resamples"))
    require_memory("n_resamples", count, _BYTES_A_REFIT)
    if kind not in ("runs", "clusters", "wild"):
        raise ValueError(f"kind must be 'runs', 'clusters' or 'wild', got {kind!r}")
    groups = _groups(clusters, fit.n_points, required=kind == "clusters")
    draw = np.random.default_rng(seed) if isinstance(seed, int | np.integer) else seed
    theta, converged = [], []
    for start in range(0, count, _CHUNK):
        size = min(_CHUNK, count - start)
        # every refit starts at the full optimum, a few Newton steps from its own
        task, weights = fit._task, np.ones((size, fit.n_points))
        if kind == "wild":
            task = replace(task, log_loss=_flipped(fit, groups, size, draw))
        else:
            weights = _counts(groups, size, draw)
        found = _newton.minimise(task, np.tile(fit._theta, (size, 1)), weights)
        theta.append(found.theta)
        converged.append(found.converged)
        if progress is not None:
            progress(start + size, count)
    return _gather(fit, np.concatenate(theta), np.concatenate(converged), kind)


def _groups(clusters: Any, n: int, *, required: bool) -> NDArray[np.intp]:
    """Cluster of each row, numbered from 0."""
    if clusters is None:
        if required:
            raise ValueError("clusters must be given for kind='clusters', a label a run")
        return np.arange(n)
    labels = np.asarray(clusters)
    if labels.shape != (n,):
        raise ValueError(f"clusters must be a label a run, got {labels.shape} for {n} runs")
    groups = np.unique(labels, return_inverse=True)[1].astype(np.intp)
    if groups.max() < 1:
        raise ValueError("clusters must be at least two, got 1 [clusters]")
    return groups


def _counts(
    groups: NDArray[np.intp], size: int, draw: np.random.Generator | np.random.RandomState
) -> FloatArray:
    """How often each row is drawn, a resample a row: a resample never copies runs."""
    n = int(groups.max()) + 1
    drawn = draw.choice(n, size=(size, n), replace=True)
    offset = n * np.arange(size)[:, None]
    counts = np.bincount((drawn + offset).ravel(), minlength=size * n).reshape(size, n)
    return np.asarray(counts[:, groups], dtype=np.float64)


def _flipped(
    fit: Fit, groups: NDArray[np.intp], size: int, draw: np.random.Generator | np.random.RandomState
) -> FloatArray:
    """ln L of the fitted law with residuals of random sign (Rademacher)."""
    predicted = np.log(fit.law.loss(fit.points.n_params, fit.points.n_tokens))
    r = predicted - np.log(fit.points.loss)
    sign = 2.0 * draw.choice(2, size=(size, int(groups.max()) + 1)) - 1.0
    return np.asarray(predicted - sign[:, groups] * r)


def _gather(fit: Fit, theta: FloatArray, converged: NDArray[np.bool_], kind: str) -> Bootstrap:
    constants = constants_of(theta, fit.points)
    usable = converged.copy()
    for values in constants.values():
        usable &= np.isfinite(values) & (values > 0)
    failed = int((~usable).sum())
    if failed > _FAILED * len(usable):
        _warnings.warn(
            f"{failed} of {len(usable)} refits were left out: not converged, or a constant out "
            "of range; the intervals are too narrow",
            FitWarning,
            stacklevel=3,
        )
    if failed > len(usable) - 2:
        raise ValueError(f"refits must converge, got {failed} of {len(usable)} that did not")
    laws = fitted_law(
        f"{fit.law.name}, {len(usable)} refits",
        {name: values[usable][:, None] for name, values in constants.items()},
        fit.law.domain,
        f"bootstrap of {kind}",
        fit.objective_name,
    )
    return Bootstrap(fit=fit, laws=laws, n_resamples=len(usable), n_failed=failed)
