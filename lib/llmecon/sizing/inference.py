"""From a price, a speed and a day to a distribution of sizes."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date as Day
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from llmecon import catalog
from llmecon._checks import TEN_PERCENT, FloatArray, central_interval, iso_date, require
from llmecon.sizing.open_models import (
    income_usd_per_mtok,
    left_out,
    mean_and_covariance,
    population,
    residual_rows,
)
from llmecon.sizing.set_ups import LOG10_ACTIVE, LOG10_RATIO, set_ups

Range = float | tuple[float, float]
SIZES = ("total_params", "active_params")

# What `evaluation.calibrated_width` gives for all open models as sold: few hosts show too little
# of the spread. So the coverage of these rows at this width is no test; `evaluate` sets the width
# of each family by the others.
WIDENED = 1.5
_TAILS = 5.0  # degrees of freedom of the residuals: some hosts are far from the others
_FIXED_SD = 0.04  # a margin given as one number is still known to 10 % only [decades]
_DOMAIN: dict[str, dict[str, Any]] = {
    "input_usd_per_mtok": {"above": 0, "unit": "USD per million tokens"},
    "context": {"above": 0, "unit": "tokens"},
    "usd_per_gpu_hour": {"above": 0, "unit": "USD/h"},
    "utilisation": {"above": 0, "maximum": 1},
    "wide": {"minimum": 0, "maximum": 1},
    "widened": {"above": 0, "unit": "times"},
    "margin": {"minimum": 0.01, "unit": "times"},
    "sparsity": {"minimum": 1.0, "maximum": 10.0 ** LOG10_RATIO[-1], "unit": "times"},  # the grid's
}
_FAR = 3.0  # standard deviations beyond the limits at which nothing can be served


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """What is taken as known beside price, speed and day; the rest has a prior.

    Attributes
    ----------
    input_usd_per_mtok : float, optional
        Price of the prompt; it carries news of the size. [USD per million tokens]
    margin : float or pair, optional
        Price over the lowest cost at that utilisation, or its 80 % range; learned from open
        models otherwise. [times]
    utilisation : float
        Share of the paid time under full load, used with ``margin``. [1]
    sparsity : float or pair, optional
        All parameters over those at work, or its range. [times]
    chip, weights : str, optional
        Accelerator, and format of the weights.
    context : float, optional
        Length of a prompt. [tokens]
    usd_per_gpu_hour : float, optional
        Price of an accelerator-hour. [USD/h]
    wide : float
        Weight of the prior that holds every size alike; the rest is that of open models.
    widened : float
        Covariance of the residuals over that of the open models they are learned from. [times]
    leave_out : tuple of str
        Open models that may not inform the answer, such as the one that is asked about.
    """

    input_usd_per_mtok: float | None = None
    margin: Range | None = None
    utilisation: float = 1.0
    sparsity: Range | None = None
    chip: str | None = None
    weights: str | None = None
    context: float | None = None
    usd_per_gpu_hour: float | None = None
    wide: float = 0.2
    widened: float = WIDENED
    leave_out: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if isinstance(self.leave_out, str):  # its letters would be taken for names
            raise ValueError(f"leave_out must be a tuple of names, got {self.leave_out!r}")
        for name, bounds in _DOMAIN.items():
            if getattr(self, name) is not None:
                require(name, getattr(self, name), **bounds)
        for name in ("margin", "sparsity"):
            if getattr(self, name) is not None:
                _range(name, getattr(self, name))


def _range(name: str, given: Range) -> tuple[float, float]:
    ends = given if isinstance(given, tuple) else (given, given)
    if len(ends) != 2:
        raise ValueError(f"{name} must be a number or a pair, got {given!r}")
    if ends[0] > ends[1]:
        raise ValueError(f"{name} must rise from low to high, got {given!r} [times]")
    return float(ends[0]), float(ends[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Sizes that a model may have, as samples.

    Attributes
    ----------
    total_params, active_params : numpy.ndarray
        One sample a draw. [parameters]
    """

    total_params: FloatArray
    active_params: FloatArray

    def quantile(self, q: float | list[float], *, of: str = "total_params") -> FloatArray:
        """Quantiles of ``total_params`` or ``active_params``. [parameters]

        Raises
        ------
        UnknownName
            If ``of`` is neither.
        """
        return np.asarray(np.quantile(self._samples(of), require("q", q, minimum=0, maximum=1)))

    def interval(self, share: float = 0.8, *, of: str = "total_params") -> tuple[float, float]:
        """Central interval that holds a share of the samples. [parameters]"""
        low, high = central_interval(self._samples(of), share)
        return float(low), float(high)

    def chance_below(self, params: float, *, of: str = "total_params") -> float:
        """Share of the samples below a size."""
        size = float(require("params", params, above=0, unit="parameters"))
        return float(np.mean(self._samples(of) < size))

    def _samples(self, of: str) -> FloatArray:
        if of not in SIZES:
            raise catalog.UnknownName("size", of, SIZES)
        return np.asarray(getattr(self, of))


@dataclass(frozen=True, slots=True, kw_only=True)
class Inference(Sizes):
    """Sizes that agree with a price and a speed, as samples.

    Attributes
    ----------
    margin : numpy.ndarray
        Price over the lowest cost of that size. [times]
    speed_share : numpy.ndarray
        Speed over the highest of that size; above 1 with speculation or faster engines.
    set_up : pandas.DataFrame
        Chip, format and prompt length of each draw.
    assumptions : Assumptions
        What was taken as known.
    """

    margin: FloatArray
    speed_share: FloatArray
    set_up: pd.DataFrame
    assumptions: Assumptions

    @property
    def drivers(self) -> pd.DataFrame:
        """Share of the variance of log size that each assumption would explain alone.

        Rows are the assumptions, columns ``total_params`` and ``active_params``. Shares
        overlap and need not add up to one: a dear model is large or sold at a high margin.
        """
        columns = {
            "margin": _bins(self.margin),
            "speed share": _bins(self.speed_share),
            "sparsity": _bins(self.total_params / self.active_params),
            "chip": self.set_up.chip.to_numpy(),
            "weights": self.set_up.weights.to_numpy(),
            "context": self.set_up.prompt_tokens.to_numpy(),
        }
        shares = {
            of: {name: _explained(np.log10(getattr(self, of)), x) for name, x in columns.items()}
            for of in SIZES
        }
        return pd.DataFrame(shares).sort_values("total_params", ascending=False)


def _bins(values: FloatArray, n: int = 20) -> npt.NDArray[np.intp]:
    edges = np.quantile(values, np.linspace(0, 1, n + 1)[1:-1])
    return np.asarray(np.searchsorted(edges, values))


def _explained(values: FloatArray, groups: npt.NDArray[np.generic]) -> float:
    """Correlation ratio: variance of the group means over all variance."""
    means = pd.Series(values).groupby(groups).transform("mean").to_numpy()
    return float(np.var(means) / np.var(values)) if np.var(values) > 0 else 0.0


def infer(
    output_usd_per_mtok: float,
    output_tokens_per_s: float,
    date: str | Day | pd.Timestamp,
    *,
    draws: int = 20_000,
    seed: int = 0,
    **assumptions: Any,
) -> Inference:
    r"""Sizes that a model may have, judged by its price, its speed and the day.

    Every size :math:`(N, r)`, parameters at work and all over those, has in every set-up
    :math:`s` of the day a lowest cost :math:`c` and a highest speed :math:`w` by the
    calibrated serving model. Then

    .. math:: p(N, r, s \mid P, v) \propto p(s)\, p(N, r)\,
              t_5\!\left(\log \tfrac{P}{c(N, r, s)}, \log \tfrac{v}{w(N, r, s)}\right)

    where the residuals, margins and the choice of a point between fast and cheap, have the
    mean and covariance of open models of known size, and :math:`p(N, r)` is the population
    of open models of the time with a flat part.

    Parameters
    ----------
    output_usd_per_mtok : float
        Output price. [USD per million tokens]
    output_tokens_per_s : float
        Output speed of one answer. [tokens/s]
    date : str or datetime.date
        Day of both.
    draws : int, optional
        Samples.
    seed : int, optional
        Of the random numbers.
    **assumptions
        Fields of `Assumptions`.

    Returns
    -------
    Inference
        ``.total_params``, ``.active_params``: samples; ``.quantile(q)``; ``.drivers``.

    Raises
    ------
    ValueError
        If no size can be served so: the bound that is broken and the nearest that can; or an
        assumption is out of its domain.
    UnknownName
        If an assumption, chip or model is unknown.

    Notes
    -----
    Trained on hosts of open models. A maker who is alone with a model may ask more: its
    margin is then above those that were learned, and the size is read too large. The date
    decides chips, their price and the population; nothing released later is used.

    Examples
    --------
    >>> found = infer(10.0, 120.8, "2024-11-20", draws=2000)
    >>> low, high = found.interval(0.8)
    >>> bool(low < 2e11 < high)
    True
    """
    given = _assumptions(assumptions)
    unit = "USD per million tokens"
    price = float(require("output_usd_per_mtok", output_usd_per_mtok, above=0, unit=unit))
    speed = float(require("output_tokens_per_s", output_tokens_per_s, above=0, unit="tokens/s"))
    count = int(require("draws", draws, minimum=1))
    day = pd.Timestamp(iso_date("date", date))
    cases, usd, fastest = set_ups(
        day,
        chip=given.chip,
        weights=given.weights,
        prompt_tokens=given.context,
        usd_per_chip=given.usd_per_gpu_hour,
    )
    income = float(income_usd_per_mtok(price, given.input_usd_per_mtok or 0.0))
    mean, covariance = learned = _learned(given)
    _require_feasible(usd, fastest, learned, (price, income, speed))
    away = np.stack([np.log10(income) - usd, np.log10(speed) - fastest], axis=-1) - mean
    chance = cases.probability.to_numpy()[:, None, None]
    weight = chance * _prior(given, day) * _likelihood(away, covariance)
    rng = np.random.default_rng(seed)
    case, size, ratio = cell = _pick(weight / weight.sum(), rng, count)
    sizes = _between(size, ratio, given, rng)
    return Inference(
        total_params=sizes.total_params,
        active_params=sizes.active_params,
        margin=income / 10 ** usd[cell],
        speed_share=speed / 10 ** fastest[cell],
        set_up=cases.drop(columns="probability").iloc[case].reset_index(drop=True),
        assumptions=given,
    )


def prior(
    date: str | Day | pd.Timestamp, *, draws: int = 20_000, seed: int = 0, **assumptions: Any
) -> Sizes:
    """Sizes that `infer` starts from, before it sees a price or a speed: open models of the day.

    What an inference says beyond its prior is what price and speed have told.

    Parameters
    ----------
    date : str or datetime.date
        Nothing released later counts.
    draws : int, optional
        Samples.
    seed : int, optional
        Of the random numbers.
    **assumptions
        Fields of `Assumptions`; those that speak of sizes (``sparsity``, ``wide``,
        ``leave_out``) count.

    Returns
    -------
    Sizes
        ``.total_params``, ``.active_params``: samples; ``.quantile(q)``; ``.chance_below(n)``.

    Raises
    ------
    ValueError, UnknownName
        As `infer`.

    Examples
    --------
    In December 2024 nearly every open model is smaller than GPT-4 is said to be.

    >>> bool(prior("2024-12-13").chance_below(1.8e12) > 0.95)
    True
    """
    given = _assumptions(assumptions)
    rng = np.random.default_rng(seed)
    weight = _prior(given, pd.Timestamp(iso_date("date", date)))
    size, ratio = _pick(weight, rng, int(require("draws", draws, minimum=1)))
    return _between(size, ratio, given, rng)


def _assumptions(given: Mapping[str, Any]) -> Assumptions:
    names = [field.name for field in fields(Assumptions)]
    for name in given:
        if name not in names:
            raise catalog.UnknownName("assumption", name, names)
    return Assumptions(**given)


def _learned(given: Assumptions) -> tuple[FloatArray, FloatArray]:
    """Mean and covariance of margins and of speed shares, with the assumptions in place."""
    rows = residual_rows(given.input_usd_per_mtok is not None, catalog.data_folder())
    mean, covariance = mean_and_covariance(rows[~rows.family.isin(left_out(given.leave_out))])
    covariance = covariance * given.widened
    if given.margin is None:
        return mean, covariance
    low, high = (np.log10(end) for end in _range("margin", given.margin))
    sd = max((high - low) / (2 * TEN_PERCENT), _FIXED_SD)
    stated = (low + high) / 2 - np.log10(given.utilisation)
    # A stated margin says nothing of the speed: the two are independent then.
    return np.array([stated, mean[1]]), np.diag([sd**2, covariance[1, 1]])


def _require_feasible(
    usd: FloatArray,
    speeds: FloatArray,
    learned: tuple[FloatArray, FloatArray],
    offer: tuple[float, float, float],
) -> None:
    """Refuse what no size in any set-up could be sold for, or reach."""
    (price, income, speed), (mean, covariance) = offer, learned
    sd = np.sqrt(np.diag(covariance))
    least = 10.0 ** float(usd.min()) * 10 ** (mean[0] - _FAR * sd[0]) * price / income
    most = 10.0 ** float(speeds.max()) * 10 ** (mean[1] + _FAR * sd[1])
    if price < least:
        raise ValueError(
            f"output_usd_per_mtok must be >= {least:.3g}, the cheapest that the smallest model "
            f"could be sold at, got {price:g} [USD per million tokens]"
        )
    if speed > most:
        raise ValueError(
            f"output_tokens_per_s must be <= {most:.0f}, the fastest that the smallest model "
            f"could run at on the accelerators of the day, got {speed:g} [tokens/s]"
        )


def _likelihood(away: FloatArray, covariance: FloatArray) -> FloatArray:
    """Student's t of two residuals, up to a constant."""
    distance = np.einsum("...i,ij,...j->...", away, np.linalg.inv(covariance), away)
    return np.asarray((1 + distance / _TAILS) ** (-(_TAILS + 2) / 2))


def _prior(given: Assumptions, day: pd.Timestamp) -> FloatArray:
    """Probability of each size and sparsity before any price or speed."""
    known = population(day, left_out(given.leave_out), wide=given.wide)
    if given.sparsity is not None:
        known = known * _allowed(given.sparsity)
    return np.asarray(known / known.sum())


def _allowed(sparsity: Range) -> FloatArray:
    """Columns of the grid within a range, at least the nearest one."""
    low, high = (np.log10(end) for end in _range("sparsity", sparsity))
    inside = (low <= LOG10_RATIO) & (high >= LOG10_RATIO)
    if not inside.any():
        inside[np.abs(LOG10_RATIO - (low + high) / 2).argmin()] = True
    return np.asarray(inside, dtype=np.float64)


def _pick(
    weight: FloatArray, rng: np.random.Generator, draws: int
) -> tuple[npt.NDArray[np.intp], ...]:
    """Cells of a grid, each as often as its weight says."""
    cumulative = np.cumsum(weight.ravel())
    picked = np.searchsorted(cumulative, rng.random(draws) * cumulative[-1])
    return np.unravel_index(picked, weight.shape)


def _between(
    size: npt.NDArray[np.intp],
    ratio: npt.NDArray[np.intp],
    given: Assumptions,
    rng: np.random.Generator,
) -> Sizes:
    """Sizes spread over their cells of the grid, within the sparsity that is given."""
    step_size, step_ratio = LOG10_ACTIVE[1] - LOG10_ACTIVE[0], LOG10_RATIO[1] - LOG10_RATIO[0]
    active = LOG10_ACTIVE[size] + step_size * (rng.random(len(size)) - 0.5)
    over = LOG10_RATIO[ratio] + step_ratio * (rng.random(len(size)) - 0.5)
    over = np.where(ratio == 0, 0.0, over)  # a dense model is dense
    if given.sparsity is not None:
        over = np.clip(over, *np.log10(_range("sparsity", given.sparsity)))
    return Sizes(total_params=10 ** (active + over), active_params=10**active)
