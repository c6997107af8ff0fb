"""The straight line through open models of known size: the baseline that physics must beat."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from llmecon._checks import FloatArray, Numbers, require

OFFER = ("output_usd_per_mtok", "output_tokens_per_s")
_COLUMNS = ("model", *OFFER, "total_params", "active_params")
_LEAST_MODELS = 4  # three coefficients are fitted with one model left out


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLinear:
    r"""Size from price and speed, :math:`\log_{10} N = c_0 + c_1 \log_{10} P + c_2 \log_{10} v`.

    Attributes
    ----------
    intercept, usd_exponent, speed_exponent : float
        :math:`c_0, c_1, c_2` for the output price in USD per million tokens and the speed in
        tokens/s.
    errors : numpy.ndarray
        Predicted over true size of each row, predicted without any row of its model. [times]
    """

    intercept: float
    usd_exponent: float
    speed_exponent: float
    errors: FloatArray

    def __call__(self, output_usd_per_mtok: Numbers, output_tokens_per_s: Numbers) -> FloatArray:
        """Size. [parameters]"""
        usd = require(
            "output_usd_per_mtok", output_usd_per_mtok, above=0, unit="USD per million tokens"
        )
        speed = require("output_tokens_per_s", output_tokens_per_s, above=0, unit="tokens/s")
        return np.asarray(
            10.0**self.intercept * usd**self.usd_exponent * speed**self.speed_exponent
        )

    def error_factor(self, quantile: float = 0.5) -> float:
        """Factor by which the size of a model not seen is missed, either way. [times]"""
        require("quantile", quantile, minimum=0, maximum=1)
        return float(10.0 ** np.quantile(np.abs(np.log10(self.errors)), quantile))


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeFit:
    """Fits of total and of active parameters to the same rows.

    Attributes
    ----------
    total, active : LogLinear
        The two lines.
    """

    total: LogLinear
    active: LogLinear

    def total_params(
        self, output_usd_per_mtok: Numbers, output_tokens_per_s: Numbers
    ) -> FloatArray:
        """All parameters that price and speed speak for. [parameters]"""
        return self.total(output_usd_per_mtok, output_tokens_per_s)


def fit(frame: pd.DataFrame) -> SizeFit:
    r"""Least squares of log size on log price and log speed.

    .. math:: \log_{10} N = c_0 + c_1 \log_{10} P + c_2 \log_{10} v

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows such as `llmecon.catalog.served_open_models` of one day: model,
        output_usd_per_mtok [USD per million tokens], output_tokens_per_s [tokens/s],
        total_params and active_params [parameters].

    Returns
    -------
    SizeFit
        ``.total_params(usd, tok_s)`` and, in ``.total`` and
        ``.active``, coefficients and leave-one-model-out errors.

    Raises
    ------
    ValueError
        If a column is missing, fewer than four models are given, or a number is not positive.

    Notes
    -----
    A description of hosts of one season, no physics: it holds for GPU hosts of early 2025
    and knows neither batching nor margin. All rows of a model leave together, so that no
    model helps to predict itself. A model is what the table calls one: two releases of one
    shape (Mistral Large 2 of July and of November 2024) are two.

    Examples
    --------
    >>> from llmecon import catalog
    >>> served = catalog.served_open_models()
    >>> line = fit(served[served.date == "2025-01-26"])
    >>> line.total.intercept, line.total.usd_exponent, line.total.speed_exponent
    (12.285, 0.401, -0.708)
    >>> float(line.total_params(10.0, 120.8) / 1e11)
    1.63
    >>> line.total.error_factor(), line.total.error_factor(0.9)
    (2.33, 4.98)
    """
    missing = [name for name in _COLUMNS if name not in frame]
    if missing:
        raise ValueError(f"frame lacks the column {missing[0]}")
    models = frame["model"].to_numpy()
    n_models = len(np.unique(models))
    if n_models < _LEAST_MODELS:
        raise ValueError(f"frame must have >= {_LEAST_MODELS} different models, got {n_models}")
    offers = design(frame, OFFER)
    return SizeFit(
        total=_line(offers, _log10(frame, "total_params"), models),
        active=_line(offers, _log10(frame, "active_params"), models),
    )


def _log10(frame: pd.DataFrame, column: str) -> FloatArray:
    return np.log10(require(column, frame[column].to_numpy(dtype=float), above=0))


def design(frame: pd.DataFrame, columns: tuple[str, ...]) -> FloatArray:
    """A constant, and the logarithms of some columns."""
    return np.column_stack([np.ones(len(frame)), *(_log10(frame, name) for name in columns)])


def solve(known: FloatArray, wanted: FloatArray) -> FloatArray:
    """Least squares."""
    return np.asarray(np.linalg.lstsq(known, wanted, rcond=None)[0])


def _line(offers: FloatArray, log10_size: FloatArray, models: npt.NDArray[np.object_]) -> LogLinear:
    errors = np.empty(len(log10_size))
    for model in np.unique(models):
        out = models == model
        errors[out] = offers[out] @ solve(offers[~out], log10_size[~out]) - log10_size[out]
    intercept, usd, speed = (float(c) for c in solve(offers, log10_size))
    return LogLinear(
        intercept=intercept, usd_exponent=usd, speed_exponent=speed, errors=10.0**errors
    )
