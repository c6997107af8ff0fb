"""Frontiers of the published model: the H200 figure, its halvings, the size that they imply."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from llmecon._checks import Numbers, require
from llmecon.cost import fastest_at, frontier_on, on_frontier, usd_per_mtok_from
from llmecon.transformer import FloatArray, Transformer
from llmecon_book.essay.latency import Speculation, speculative_latency_s
from llmecon_book.essay.shapes import H200, Machine, Shape

HALVINGS = (1.0, 1 / 2, 1 / 4, 1 / 8, 1 / 16)
_ACCEPTANCE = 0.8  # of a drafted token, Erdil 2024
_DRAFTS = 5  # tokens tried in one round, Erdil 2024
_SCALED = ("n_layers", "d_model", "d_ff", "d_head")
_SEARCH = {
    "gammas": range(_DRAFTS + 1),
    "pipeline_parallel": (1, 2, 4, 8),
    "max_chips": 256,
    "max_batch": 2**16,
}


def published_frontier(
    shape: Shape,
    machine: Machine,
    *,
    speculation: Speculation | None = None,
    usd_per_gpu_hour: float | None = None,
    points: int = 400,
    sampled: bool = False,
    **options: Any,
) -> pd.DataFrame:
    """Speed against cost over the grid of the notebooks, by the published formulas.

    Parameters
    ----------
    shape, machine : Shape, Machine
        Model and accelerator; see ``llmecon_book.essay``.
    speculation : Speculation, optional
        A draft model.
    usd_per_gpu_hour : float, optional
        Rent; that of the machine if not given. [USD/h]
    points : int
        Grid points in each direction.
    sampled : bool
        Take the frontier at latency levels, as the notebooks do, in place of exactly.
    **options
        ``context`` [tokens], ``variant``, ``pipeline``: as of `latency_s`.

    Returns
    -------
    pandas.DataFrame
        ``tokens_per_s``, ``usd_per_mtok``, ``n_gpu``, ``batch``; slowest and cheapest first.
    """
    n_gpu, batch = _grid(shape, machine, points)
    load = {"n_gpu": n_gpu, "batch": batch, **options}
    seconds = speculative_latency_s(shape, machine, speculation, **load)
    rent = machine.usd_per_hour if usd_per_gpu_hour is None else usd_per_gpu_hour
    cost = usd_per_mtok_from(seconds=1.0, chips=n_gpu, batch=batch, usd_per_gpu_hour=rent) * seconds
    chosen = on_frontier(seconds, cost)
    if sampled:  # the points that the latency levels of the notebooks meet
        levels = np.geomspace(1e-4, 1.0, 600)
        at = np.searchsorted(seconds.ravel()[chosen], levels, side="right") - 1
        chosen = chosen[np.unique(at[at >= 0])]
    row, column = np.unravel_index(chosen[::-1], cost.shape)
    return pd.DataFrame(
        {
            "tokens_per_s": 1.0 / seconds[row, column],
            "usd_per_mtok": cost[row, column],
            "n_gpu": n_gpu[row, 0],
            "batch": batch[0, column],
        }
    )


def _grid(shape: Shape, machine: Machine, points: int) -> tuple[FloatArray, FloatArray]:
    """Accelerators (a column) and batch sizes (a row) that the notebooks scan.

    The batch is multiplied by the sparsity, so that a mixture of experts never runs below it.
    """
    require("points", points, minimum=2)
    least = np.log2(shape.weight_bytes * shape.n_params / machine.hbm_bytes)
    n_gpu = 2.0 ** np.linspace(least, 18.0, points)[:, None]
    batch = 2.0 ** np.linspace(0.0, 18.0 + np.log2(shape.sparsity), points)[None, :]
    return n_gpu, batch * shape.sparsity


def halvings_frontier(
    model: Transformer,
    draft: Transformer,
    *,
    machine: Machine = H200,
    usd_per_gpu_hour: float = 2.94,
    fractions: Sequence[float] = HALVINGS,
    acceptance: float = _ACCEPTANCE,
    points: int = 200,
    bytes_per_value: float = 2.0,
    **options: Any,
) -> pd.DataFrame:
    r"""Cost against speed for a model and copies of other sizes, by the published model.

    Reproduces the H200 figure of Erdil 2024: 16-bit weights and activations, a draft model,
    no pipeline, the lower envelope over instance sizes and batches.

    Parameters
    ----------
    model, draft : Transformer
        The model, and the small one that drafts for it.
    machine : Machine, optional
        Accelerator in the terms of the published model.
    usd_per_gpu_hour : float, optional
        Price of one accelerator; cost is proportional to it. [USD/h]
    fractions : sequence of float, optional
        Sizes of the copies as shares of the model's. [1]
    acceptance : float, optional
        Probability that a drafted token is kept; 0 switches drafting off. [1]
    points : int, optional
        Grid points in instance size and in batch.
    bytes_per_value : float, optional
        Width of weights and activations: 2 for 16 bit, as the figure has it, 1 for 8 bit. [B]
    **options
        ``context``, ``variant``, ``pipeline``, ``sampled``: as of
        `published_frontier`.

    Returns
    -------
    pandas.DataFrame
        ``fraction``, ``n_params``, ``n_active_params``, ``tokens_per_s``, ``usd_per_mtok``,
        ``n_gpu``, ``batch``; each copy from its cheapest to its fastest point.

    Raises
    ------
    ValueError
        If a fraction is not above 0, or another argument is out of its bounds.

    References
    ----------
    .. [1] E. Erdil, "Frontier language models have become much smaller", Epoch AI, 2024.

    Examples
    --------
    >>> from llmecon import catalog
    >>> curves = halvings_frontier(
    ...     catalog.transformer("GPT-4 (Erdil assumption)"),
    ...     catalog.transformer("Llama 3 8B"), fractions=(1.0,), points=60)
    >>> bool(80 < curves.tokens_per_s.max() < 85)
    True
    """
    require("fractions", list(fractions), above=0)
    whole = Shape.stored(model, bytes_per_value)
    helper = None
    if require("acceptance", acceptance, minimum=0, maximum=0.9999) > 0:
        small = Shape.stored(draft, bytes_per_value)
        helper = Speculation(draft=small, acceptance=acceptance, gamma_max=_DRAFTS)
    curves, figure = [], options | {"usd_per_gpu_hour": usd_per_gpu_hour, "points": points}
    for fraction in fractions:
        shape = whole if fraction == 1 else whole.scaled(float(fraction))
        curve = published_frontier(shape, machine, speculation=helper, **figure)
        sizes = {"n_params": shape.n_params, "n_active_params": shape.n_active_params}
        curves.append(curve.assign(fraction=fraction, **sizes))
    return pd.concat(curves, ignore_index=True)


def roofline_halvings(
    model: Transformer,
    draft: Transformer,
    *,
    rents: Mapping[str, float],
    weights: Sequence[str],
    context: float = 0.0,
    fractions: Sequence[float] = HALVINGS,
    **options: Any,
) -> pd.DataFrame:
    """The same copies by the calibrated roofline, over every accelerator and format.

    Parameters
    ----------
    model, draft, fractions
        As of `halvings_frontier`. Widths and depth grow with the cube root; the heads stay as
        many, so that they can be split.
    rents, weights : mapping, sequence of str
        As of `llmecon.cost.frontier_on`.
    context : float, optional
        Tokens in the cache. [tokens]
    **options
        ``acceptance``, ``profile``: as of `llmecon.cost.frontier`.

    Examples
    --------
    >>> from llmecon import catalog
    >>> shapes = catalog.transformer("GPT-4 (Erdil assumption)"), catalog.transformer("Llama 3 8B")
    >>> curves = roofline_halvings(*shapes, rents={"H200 SXM 141GB": 2.94}, weights=["bf16"])
    >>> fastest = curves.groupby("n_params").tokens_per_s.max()
    >>> bool(fastest.is_monotonic_decreasing)
    True
    """
    curves = []
    for fraction in fractions:
        third = float(fraction) ** (1 / 3)
        scaled = {name: round(getattr(model, name) * third) for name in _SCALED}
        copy = type(model).model_validate(model.model_dump() | scaled)  # nothing cached goes along
        case = _SEARCH | {"draft": draft, "context": max(context, 1.0)} | options
        curve = frontier_on(copy, rents, weights=weights, **case)
        curves.append(curve.assign(fraction=fraction, n_params=float(copy.n_params)))
    return pd.concat(curves, ignore_index=True)


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
