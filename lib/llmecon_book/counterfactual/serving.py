"""The price of serving as a function of size, and the size that a price and a speed allow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.interpolate import PchipInterpolator

from llmecon import catalog, cost
from llmecon._checks import Numbers, require
from llmecon.transformer import Transformer
from llmecon_book import essay

FloatArray = npt.NDArray[np.float64]
_MTOK = 1e6
# Copies of one shape, half a doubling apart: the price is smooth in between.
SCALES = tuple(float(2.0 ** (k / 2)) for k in range(-12, 9))
_DRAFTS = 5  # tokens tried in one round, Erdil 2024


def with_domain(machine: essay.Machine, chips: int) -> essay.Machine:
    """The same accelerator with so many joined by its fast links: 8 in a server, 72 in a rack."""
    return replace(machine, node_size=int(require("chips", chips, minimum=1)))


def scaled_frontiers(
    model: Transformer,
    draft: Transformer | None,
    *,
    machine: essay.Machine = essay.H200,
    usd_per_gpu_hour: float,
    context: float = 0.0,
    acceptance: float = 0.8,
    scales: Sequence[float] = SCALES,
    points: int = 100,
    bytes_per_value: float = 2.0,
    **options: Any,
) -> dict[float, pd.DataFrame]:
    """Cost against speed for copies of one shape, by the published serving model.

    Parameters
    ----------
    model : Transformer
        The shape that is scaled.
    draft : Transformer or None
        Model that drafts tokens; None for no speculation.
    machine : Machine, optional
        Accelerator in the terms of the published model.
    usd_per_gpu_hour : float
        Rent of one accelerator. [USD/h]
    context : float, optional
        Tokens in the cache. [tokens]
    acceptance : float, optional
        Probability that a drafted token is kept; 0 switches drafting off. [1]
    scales : sequence of float, optional
        Sizes of the copies over that of the model. [1]
    points : int, optional
        Grid points in instance size and in batch.
    bytes_per_value : float, optional
        Width of weights and activations: 2 for 16 bit, 1 for 8 bit. [B]
    **options
        As of :func:`llmecon.essay.published_frontier`.

    Returns
    -------
    dict
        Scale to frontier, as of :func:`llmecon.essay.published_frontier`.
    """
    kept = float(require("acceptance", acceptance, minimum=0, maximum=0.9999, unit="1"))
    whole = essay.Shape.stored(model, bytes_per_value)
    helper = None
    if draft is not None and kept > 0:
        helper = essay.Speculation(
            draft=essay.Shape.stored(draft, bytes_per_value), acceptance=kept, gamma_max=_DRAFTS
        )
    return {
        float(scale): essay.published_frontier(
            whole.scaled(float(scale)),
            machine,
            context=context,
            speculation=helper,
            usd_per_gpu_hour=usd_per_gpu_hour,
            points=points,
            **options,
        )
        for scale in require("scales", list(scales), above=0)
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingPrice:
    """Dollars of one output token as a function of size, at one speed of each user.

    Callable: takes parameters at work on a token, gives USD per token. Between the copies it
    was computed for it is monotone and smooth (Fritsch and Carlson 1980, in logarithms); beyond
    them it goes on with the slope of the end.

    Attributes
    ----------
    active_params : numpy.ndarray
        Sizes it was computed for, rising. [parameters]
    usd_per_mtok : numpy.ndarray
        Prices there. [USD/Mtok]
    tokens_per_s : float
        Speed of one user; 0 where none is asked for. [tokens/s]
    sparsity : float
        All parameters over those at work, the same for every copy. [1]
    """

    active_params: FloatArray
    usd_per_mtok: FloatArray
    tokens_per_s: float
    sparsity: float

    @property
    def largest(self) -> float:
        """Largest size among the copies that reaches the speed at all. [parameters]"""
        return float(self.active_params[-1])

    def exponent(self, n_params: Numbers) -> FloatArray:
        """d ln price / d ln size: 1 where a token costs in proportion to size. [1]"""
        step = 1e-4
        size = np.asarray(n_params, dtype=np.float64)
        up, down = self(size * np.exp(step)), self(size * np.exp(-step))
        return np.asarray(np.log(up / down) / (2 * step))

    def __call__(self, n_params: Numbers) -> FloatArray:
        """Price of one token. [USD/token]"""
        wanted = np.log(require("n_params", n_params, above=0, unit="parameters"))
        at, value = np.log(self.active_params), np.log(self.usd_per_mtok / _MTOK)
        curve = PchipInterpolator(at, value)
        slope = curve.derivative()
        inside = np.clip(wanted, at[0], at[-1])
        beyond = np.where(wanted > at[-1], slope(at[-1]), slope(at[0])) * (wanted - inside)
        return np.asarray(np.exp(curve(inside) + beyond))


def serving_price(
    model: Transformer,
    frontiers: Mapping[float, pd.DataFrame],
    *,
    tokens_per_s: float = 0.0,
) -> ServingPrice:
    """Price of a token by size, at a speed of each user or at the cheapest.

    Parameters
    ----------
    model : Transformer
        Shape that the copies were scaled from.
    frontiers : mapping
        Scale to frontier, from :func:`scaled_frontiers`.
    tokens_per_s : float, optional
        Least speed of one user; 0 for the cheapest point of each copy. [tokens/s]

    Raises
    ------
    ValueError
        If fewer than three copies reach the speed.

    Examples
    --------
    >>> from llmecon import catalog
    >>> gpt4 = catalog.transformer("GPT-4 (Erdil assumption)")
    >>> lines = scaled_frontiers(gpt4, None, usd_per_gpu_hour=3.0, scales=(0.1, 0.3, 1), points=40)
    >>> price = serving_price(gpt4, lines)
    >>> bool(price(2.8e11) > 2 * price(1.4e11) > 0)
    True
    """
    speed = float(require("tokens_per_s", tokens_per_s, minimum=0, unit="tokens/s"))
    whole = essay.Shape.of(model)
    sizes, prices = [], []
    for scale in sorted(frontiers):
        line = frontiers[scale]
        usd = cost.cheapest_at(line, speed) if speed else line.usd_per_mtok.min()
        if np.isfinite(usd):
            sizes.append(whole.scaled(scale).n_active_params)
            prices.append(float(usd))
    if len(sizes) < 3:
        raise ValueError(
            f"tokens_per_s must be a speed that three of the copies reach, got {speed:g} for "
            f"{len(sizes)} [tokens/s]"
        )
    return ServingPrice(
        active_params=np.array(sizes),
        # The grid of the frontier may make a larger copy cheaper by a hair.
        usd_per_mtok=np.maximum.accumulate(prices),
        tokens_per_s=speed,
        sparsity=float(whole.n_params / whole.n_active_params),
    )


def servable_sizes(
    model: Transformer,
    frontiers: Mapping[float, pd.DataFrame],
    *,
    tokens_per_s: Sequence[float],
    usd_per_mtok: float,
) -> pd.DataFrame:
    """Largest copy of a shape that can be served at each speed for a price.

    Parameters
    ----------
    model : Transformer
        Shape that the copies were scaled from.
    frontiers : mapping
        Scale to frontier, from :func:`scaled_frontiers`.
    tokens_per_s : sequence of float
        Speeds of one user. [tokens/s]
    usd_per_mtok : float
        Cost that is accepted. [USD per million output tokens]

    Returns
    -------
    pandas.DataFrame
        ``tokens_per_s``, ``total_params``, ``at_end``: true where the size is that of the
        smallest or the largest copy, a bound and not an answer.

    Notes
    -----
    Log-log between copies, by :func:`llmecon.essay.implied_size`.
    """
    whole = essay.Shape.of(model)
    by_size = {whole.scaled(scale).n_params: line for scale, line in frontiers.items()}
    speeds = require("tokens_per_s", list(tokens_per_s), above=0, unit="tokens/s")
    sizes = essay.implied_size(by_size, tokens_per_s=speeds, usd_per_mtok=usd_per_mtok)
    known = np.array(sorted(by_size))
    # Copies too dear at any speed fall out of the interpolation: its ends are those served.
    served = [size for size in known if cost.fastest_at(by_size[size], usd_per_mtok) > 0]
    ends = np.isclose(sizes, served[0]) | np.isclose(sizes, served[-1])
    return pd.DataFrame({"tokens_per_s": speeds, "total_params": sizes, "at_end": ends})


def rent_on(chip: str, date: str | pd.Timestamp, *, kind: str = "rental") -> float:
    """Price of an accelerator-hour of one kind on a day of ``gpu_prices.csv``. [USD/h]

    Raises
    ------
    UnknownName
        If there is no such price.

    Examples
    --------
    >>> rent_on("H200 SXM 141GB", "2026-04-03")
    1.6
    """
    prices = catalog.gpu_prices()
    of_kind = prices[(prices.price_kind == kind) & (prices.date == pd.Timestamp(date))]
    found = of_kind.loc[of_kind.accelerator == chip, "usd_per_gpu_hour"]
    if found.empty:
        raise catalog.UnknownName(f"accelerator with a {kind} price", chip, of_kind.accelerator)
    return float(found.iloc[0])
