"""Frontier of the published serving model: the H200 figure and its relatives."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from llmecon._checks import Numbers, require
from llmecon.cost.pareto import PRICE, SPEED, fastest_at, on_frontier
from llmecon.cost.pricing import usd_per_mtok_from
from llmecon.transformer import FloatArray
from llmecon_book.essay.latency import (
    Conventions,
    Speculation,
    Variant,
    grid,
    latency_s,
    speculative_latency_s,
)
from llmecon_book.essay.shapes import Machine, Shape


def published_frontier(
    shape: Shape,
    machine: Machine,
    *,
    context: float = 0.0,
    speculation: Speculation | None = None,
    variant: Variant = "final_1d2d",
    conventions: Conventions = "jan2025",
    pipeline: bool = False,
    usd_per_gpu_hour: float | None = None,
    points: int = 400,
    sampled: bool = False,
) -> pd.DataFrame:
    """Speed against cost over the grid of the notebooks, by the published formulas.

    Parameters
    ----------
    shape, machine : Shape, Machine
        Model and accelerator; see ``llmecon_book.essay``.
    context : float
        Tokens in the cache. [tokens]
    speculation : Speculation, optional
        A draft model.
    variant, conventions, pipeline : str, str, bool
        Form of the model, month of the code, whether pipelining is tried.
    usd_per_gpu_hour : float, optional
        Rent; that of the machine if not given. [USD/h]
    points : int
        Grid points in each direction.
    sampled : bool
        Take the frontier at latency levels, as the notebooks do, in place of exactly.

    Returns
    -------
    pandas.DataFrame
        ``tokens_per_s``, ``usd_per_mtok``, ``n_gpu``, ``batch``; slowest and cheapest first.
    """
    n_gpu, batch = grid(shape, machine, conventions, points=points)
    if speculation is None:
        seconds = latency_s(
            shape,
            machine,
            n_gpu=n_gpu,
            batch=batch,
            context=context,
            variant=variant,
            conventions=conventions,
            pipeline=pipeline,
        )
    else:
        seconds = speculative_latency_s(
            shape,
            machine,
            speculation,
            n_gpu=n_gpu,
            batch=batch,
            context=context,
            variant=variant,
            conventions=conventions,
            pipeline=pipeline,
        )
    rent = machine.usd_per_hour if usd_per_gpu_hour is None else usd_per_gpu_hour
    require("usd_per_gpu_hour", rent, minimum=0, unit="USD/h")
    cost = usd_per_mtok_from(seconds=1.0, chips=n_gpu, batch=batch, usd_per_gpu_hour=rent) * seconds
    chosen = on_frontier(seconds, cost)
    if sampled:
        chosen = _at_levels(chosen, seconds, conventions)
    shape_2d = np.broadcast_shapes(seconds.shape, cost.shape)
    row, column = np.unravel_index(chosen, shape_2d)
    line = pd.DataFrame(
        {
            SPEED: 1.0 / np.broadcast_to(seconds, shape_2d).ravel()[chosen],
            PRICE: cost.ravel()[chosen],
            "n_gpu": n_gpu[row, 0],
            "batch": batch[0, column],
        }
    )
    return line.iloc[::-1].reset_index(drop=True)


def _at_levels(
    chosen: npt.NDArray[np.intp], seconds: FloatArray, conventions: str
) -> npt.NDArray[np.intp]:
    """Points of the frontier that the latency levels of the notebooks meet."""
    times = seconds.ravel()[chosen]
    if conventions == "may2025":
        levels = times[0] * np.geomspace(1.0, 100.0, 1000)
    else:
        levels = np.geomspace(1e-4, 1.0, 600)
    at = np.searchsorted(times, levels, side="right") - 1
    return np.asarray(chosen[np.unique(at[at >= 0])])


def implied_size(
    frontiers: dict[float, pd.DataFrame], *, tokens_per_s: Numbers, usd_per_mtok: Numbers
) -> FloatArray:
    """Size whose fastest speed at a price is the one seen, between the sizes given.

    Parameters
    ----------
    frontiers : dict
        Frontier by parameters of the model. [parameters]
    tokens_per_s, usd_per_mtok : float or array
        Speed seen, and the price divided by the margin assumed. [tokens/s, USD/Mtok]

    Returns
    -------
    array
        Parameters, log-log interpolated; clipped to the sizes given.

    Raises
    ------
    ValueError
        If fewer than two sizes can be served at the price.
    """
    sizes = np.array(sorted(frontiers))
    speeds = np.array([fastest_at(frontiers[size], usd_per_mtok) for size in sizes])
    wanted = require("tokens_per_s", tokens_per_s, above=0, unit="tokens/s")
    if speeds.ndim != 1:
        raise ValueError("usd_per_mtok must be one number: call once for each price")
    served = speeds > 0
    if served.sum() < 2:
        raise ValueError(f"fewer than two of the sizes can be served at {usd_per_mtok} USD/Mtok")
    order = np.argsort(speeds[served])
    logs = np.interp(np.log(wanted), np.log(speeds[served][order]), np.log(sizes[served][order]))
    return np.asarray(np.exp(logs))
