r"""A straight line through log price and log speed, with an interval that held-out families give.

.. math:: \ln N = a + b \ln p + c \ln v

:math:`N` parameters, :math:`p` blended price, :math:`v` output speed. Both are means over the
hosts that sell the model: several hosts are several readings of one size.

A physical model that inverts the roofline at each day's rents was tried before and is not used:
it is some curve through the same two numbers, and a curve does not beat the line on families that
it has not seen (`llmecon.sizing.evaluate` tries one).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from llmecon import catalog
from llmecon._checks import FloatArray, Numbers, iso_date, require

INPUT_SHARE = 0.75  # three input tokens to one output token, as the leaderboards blend prices
# Makers of closed models ask three to five times as much for output as for input.
OUTPUT_OVER_INPUT = 4.0
# How far, in log size, held-out models still speak for a reading: a factor of three.
_NEAR = np.log(3.0)
_LEAST_MODELS = 10


def offers(
    day: str | date | None = None, *, later: bool = False, leave_out: Iterable[str] = ()
) -> pd.DataFrame:
    """Offers of open models on ordinary accelerators that were known on a day.

    Parameters
    ----------
    day : str or datetime.date, optional
        ISO day; all days if not given.
    later : bool, optional
        Use rows of later days too, to see what they change.
    leave_out : iterable of str, optional
        Models that may not inform the answer.

    Returns
    -------
    pandas.DataFrame
        Rows of ``served_offers.csv`` without offers on a host's own chips.

    Raises
    ------
    ValueError
        If nothing was known on that day.
    UnknownName
        If a model to leave out is not in the table.
    """
    frame = catalog.table("served_offers")
    for name in leave_out:
        if name not in set(frame.model):
            raise catalog.UnknownName("served model", name, frame.model.unique())
    frame = frame[~frame.own_chips & ~frame.model.isin(list(leave_out))]
    if day is not None and not later:
        asked = pd.Timestamp(iso_date("day", day))
        known = frame[frame.date <= asked]
        if known.empty:
            raise ValueError(
                f"not known on {asked:%Y-%m-%d}: the first list of offers is of "
                f"{frame.date.min():%Y-%m-%d} (later=True uses it)"
            )
        frame = known
    return frame.reset_index(drop=True)


def readings(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a model and list: the mean log price and log speed over its hosts.

    Parameters
    ----------
    rows : pandas.DataFrame
        Offers: ``date``, ``model``, ``family``, ``total_params``, ``active_params``,
        ``blended_usd_per_mtok``, ``output_tokens_per_s``.

    Returns
    -------
    pandas.DataFrame
        ``date``, ``model``, ``family``, sizes, ``log_price``, ``log_speed``, ``hosts``.
    """
    logs = rows.assign(
        log_price=np.log(require("blended_usd_per_mtok", rows.blended_usd_per_mtok, above=0)),
        log_speed=np.log(require("output_tokens_per_s", rows.output_tokens_per_s, above=0)),
    )
    return logs.groupby(
        ["date", "model", "family", "total_params", "active_params"], as_index=False, sort=True
    ).agg(
        log_price=("log_price", "mean"),
        log_speed=("log_speed", "mean"),
        hosts=("log_price", "size"),
    )


@dataclass(frozen=True, slots=True)
class Line:
    """A fitted line.

    Attributes
    ----------
    level, price, speed : float
        Its constants a, b and c. [log parameters, 1, 1]
    """

    level: float
    price: float
    speed: float

    @classmethod
    def through(cls, log_price: FloatArray, log_speed: FloatArray, log_size: FloatArray) -> "Line":
        """Least squares.

        Raises
        ------
        ValueError
            With fewer than ten models.
        """
        require("models", len(log_size), minimum=_LEAST_MODELS)
        design = np.column_stack([np.ones(len(log_size)), log_price, log_speed])
        return cls(*np.linalg.lstsq(design, log_size, rcond=None)[0])

    def log_size(self, log_price: Numbers, log_speed: Numbers) -> FloatArray:
        """Log of the size that belongs to a price and a speed. [log parameters]"""
        found: FloatArray = (
            self.level + self.price * np.asarray(log_price) + self.speed * np.asarray(log_speed)
        )
        return found


@dataclass(frozen=True, slots=True)
class Sizes:
    """A distribution of sizes: values with weights.

    Attributes
    ----------
    values : array
        Sizes in ascending order. [parameters]
    weights : array
        Weights, which add up to one. [1]
    """

    values: FloatArray
    weights: FloatArray

    @classmethod
    def of(cls, values: FloatArray, weights: FloatArray) -> "Sizes":
        """From values in any order."""
        order = np.argsort(values)
        return cls(values[order], weights[order] / weights.sum())

    def quantile(self, level: Numbers) -> FloatArray:
        """Sizes below which a share lies; the outermost values stand for the tails. [parameters]"""
        share = require("level", level, minimum=0, maximum=1)
        # Weibull's positions k / (n + 1), for weights: with few values a quantile lies further out.
        spread = np.square(self.weights).sum()
        places = (self.weights.cumsum() - (self.weights - spread) / 2) / (1 + spread)
        logs = np.interp(share, places, np.log(self.values))
        return np.asarray(np.exp(logs))

    @property
    def median(self) -> float:
        """Size that is as likely too large as too small. [parameters]"""
        return float(self.quantile(0.5))

    def interval(self, level: float = 0.8) -> tuple[float, float]:
        """Ends of the central interval. [parameters]"""
        share = float(require("level", level, above=0, maximum=1))
        low, high = self.quantile([(1 - share) / 2, (1 + share) / 2])
        return float(low), float(high)

    def chance_below(self, size: float) -> float:
        """Probability that the model is smaller. [1]"""
        return min(float(self.weights[self.values < require("size", size, above=0)].sum()), 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a price and a speed say about a model's size.

    Attributes
    ----------
    total_params, active_params : Sizes
        All parameters; those that work on one token.
    lines : dict
        The two lines.
    n_models, n_offers : int
        What they were fitted to.
    newest : pandas.Timestamp
        Day of the newest offer used.
    """

    total_params: Sizes
    active_params: Sizes
    lines: dict[str, Line]
    n_models: int
    n_offers: int
    newest: pd.Timestamp


def infer(
    output_usd_per_mtok: Numbers,
    output_tokens_per_s: Numbers,
    day: str | date,
    *,
    input_usd_per_mtok: Numbers | None = None,
    later: bool = False,
    leave_out: Sequence[str] = (),
) -> Reading:
    """Size of a model from its price and speed, by the offers of open models known on that day.

    Parameters
    ----------
    output_usd_per_mtok, output_tokens_per_s : float or sequence
        Output price and speed; several values are several hosts of one model.
        [USD per million tokens, tokens/s]
    day : str or datetime.date
        ISO day of both.
    input_usd_per_mtok : float or sequence, optional
        Input price; a quarter of the output price if not given. [USD per million tokens]
    later : bool, optional
        Use offers of later days too.
    leave_out : sequence of str, optional
        Open models that may not inform the answer.

    Returns
    -------
    Reading
        Distributions of both sizes.

    Raises
    ------
    ValueError
        If a price or a speed is not above 0, or no offer was known on that day.

    Examples
    --------
    GPT-4o as sold in January 2025.

    >>> found = infer(10.0, 109.0, "2025-01-26", input_usd_per_mtok=2.5)
    >>> low, high = found.total_params.interval(0.8)
    >>> low < found.total_params.median < high
    True
    >>> infer(10.0, 109.0, "2024-12-13")
    Traceback (most recent call last):
    ValueError: not known on 2024-12-13: the first list of offers is of 2025-01-26 ...
    """
    output = require("output_usd_per_mtok", output_usd_per_mtok, above=0)
    speed = require("output_tokens_per_s", output_tokens_per_s, above=0)
    given = output / OUTPUT_OVER_INPUT if input_usd_per_mtok is None else input_usd_per_mtok
    blended = blend(given, output)
    known = _known(day, later, tuple(leave_out), catalog.data_folder())
    at = float(np.mean(np.log(blended))), float(np.mean(np.log(speed)))
    return Reading(
        **known.sizes(*at),
        lines=dict(known.lines),
        n_models=len(known.models),
        n_offers=int(known.models.hosts.sum()),
        newest=known.models.date.max(),
    )


def blend(input_usd_per_mtok: Numbers, output_usd_per_mtok: Numbers) -> FloatArray:
    """Price of three input tokens and one output token, a quarter of each. [USD per Mtok]

    Examples
    --------
    >>> float(blend(2.5, 10.0))
    4.375
    """
    given = require("input_usd_per_mtok", input_usd_per_mtok, above=0)
    output = require("output_usd_per_mtok", output_usd_per_mtok, above=0)
    return INPUT_SHARE * given + (1 - INPUT_SHARE) * output


def prior(day: str | date, *, later: bool = False) -> Sizes:
    """Total sizes of the open models on sale on a day, each once: what is known before any price.

    Raises
    ------
    ValueError
        If no list of offers was known on that day.
    """
    models = readings(offers(day, later=later)).drop_duplicates("model", keep="last")
    return Sizes.of(models.total_params.to_numpy(float), np.ones(len(models)))


@dataclass(frozen=True, slots=True)
class Known:
    """The models of some offers with their two lines and what those miss.

    Attributes
    ----------
    models : pandas.DataFrame
        Rows of `readings`.
    lines : dict
        The line of each kind of size.
    missed : dict
        For each kind of size: each model read by the other families, and the factor by which the
        truth differs, both in logs.
    """

    models: pd.DataFrame
    lines: dict[str, Line]
    missed: dict[str, tuple[FloatArray, FloatArray]]

    @classmethod
    def of(cls, models: pd.DataFrame) -> "Known":
        """Fit the lines, and once more without each family."""
        kinds = ("total_params", "active_params")
        lines = {kind: line_of(models, kind) for kind in kinds}
        return cls(models, lines, {kind: _held_out(models, kind) for kind in kinds})

    def sizes(self, log_price: float, log_speed: float) -> dict[str, Sizes]:
        """Distribution of each size: the line's value times what it missed at sizes like that."""
        centre = {kind: line.log_size(log_price, log_speed) for kind, line in self.lines.items()}
        gaps = [np.square(self.missed[kind][0] - centre[kind]) for kind in self.lines]
        nearness = np.exp(-0.5 * np.mean(gaps, axis=0) / _NEAR**2)
        total, active = (np.exp(centre[kind] + self.missed[kind][1]) for kind in self.lines)
        # The two lines do not know of each other, but no model has more at work than it has.
        of_kind = dict(zip(self.lines, (total, np.minimum(active, total)), strict=True))
        return {kind: Sizes.of(values, nearness) for kind, values in of_kind.items()}


def line_of(models: pd.DataFrame, kind: str) -> Line:
    """The line through some models for one kind of size."""
    return Line.through(
        models.log_price.to_numpy(float),
        models.log_speed.to_numpy(float),
        np.log(models[kind].to_numpy(float)),
    )


def _held_out(models: pd.DataFrame, kind: str) -> tuple[FloatArray, FloatArray]:
    """Each model as the other families read it, and what that missed."""
    read = np.empty(len(models))
    for family in models.family.unique():
        out = (models.family == family).to_numpy()
        line = line_of(models[~out], kind)
        read[out] = line.log_size(models.log_price[out], models.log_speed[out])
    return read, np.log(models[kind].to_numpy(float)) - read


@cache
def _known(day: str | date, later: bool, leave_out: tuple[str, ...], folder: Path) -> Known:
    return Known.of(readings(offers(day, later=later, leave_out=leave_out)))
