"""What a provider may run a model on, and what that allows a model of any size.

For every accelerator, format and prompt that was usual on a day: the lowest cost and the highest
speed of stand-in shapes of every size, by the calibrated serving model.
"""

import math
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.interpolate import RegularGridInterpolator

from llmecon import catalog
from llmecon._checks import DAYS_PER_YEAR, FloatArray
from llmecon.accelerator import Accelerator
from llmecon.cost import usd_per_mtok_from
from llmecon.roofline import serve
from llmecon.transformer import Transformer

# The fine grid that posteriors live on.
LOG10_ACTIVE = np.linspace(9.0, 12.17, 64)
LOG10_RATIO = np.linspace(0.0, 1.6, 25)

# Sizes that are served, and between which results are interpolated in logarithms.
_ACTIVE = tuple(np.geomspace(1e9, 1.5e12, 13))
_SPARSITY = (1.0, 4.0, 12.0, 32.0)
_BATCHES = np.geomspace(1, 1024, 13)[:, None]
_INSTANCES = np.array([1.0, 2, 4, 8, 16, 32, 64])
_PROMPT_OVER_ANSWER = 3.0  # the 3:1 blend in which prices are quoted
_NEVER = 1e9  # in place of infinity, which cannot be interpolated

# Formats: weights of 2024 and later are mostly served in 8 bit, open hosts say so on their pages.
_WEIGHTS = {"bf16": 1 / 3, "fp8": 2 / 3}
# Prompts: of chats, and of chats with documents; the benchmark that is read uses 1,000 tokens.
_PROMPTS = {1_500.0: 1 / 2, 6_000.0: 1 / 2}

# Choices, not measurements. Clouds listed H100 and H200 a quarter or two after the first unit;
# makers bring a generation every two years, so that 3.75 years keep two of them in service.
_YEARS_TO_VOLUME = 0.25
_YEARS_IN_SERVICE = 3.75

# Rounded proportions of open models of 2023 to 2026 (architectures.csv): width about 100 times
# the layers, gated feed-forward 3.5 times the width, 8 key-value heads, 8 experts at work.
_WIDTH_PER_LAYER = 100.0
_FF_PER_WIDTH = 3.5
_KV_HEADS = 8
_ACTIVE_EXPERTS = 8
_VOCABULARY = 128_256
_HEAD = 128  # heads are a power of two, about this wide, so that accelerators can share them
# Matrices of a layer over width squared: queries and output 2, keys and values of grouped
# heads about 0.3, feed-forward 3 x 3.5.
_PARAMS_PER_LAYER = 2.0 + 0.3 + 3 * _FF_PER_WIDTH


@cache
def stand_in(active_params: float, sparsity: float) -> Transformer:
    """A shape with about these parameters at work, and ``sparsity`` times the experts.

    Parameters
    ----------
    active_params : float
        Parameters at work on a token, about. [parameters]
    sparsity : float
        Experts over experts at work; 1 is a dense model.

    Returns
    -------
    Transformer
        Its own counts say what it has exactly.

    Notes
    -----
    Depth and width grow with the cube root of the size. Latent attention and windows, which
    shrink the cache, are not modelled: for models that have them the cost is too high, and
    the residuals of the calibration contain it.

    Examples
    --------
    >>> shape = stand_in(70e9, 1)
    >>> shape.n_layers, round(shape.n_params / 1e9)
    (82, 72)
    """
    per_layer = _PARAMS_PER_LAYER * _WIDTH_PER_LAYER**2
    n_layers = max(8, round((active_params / per_layer) ** (1 / 3)))
    width = (active_params / (_PARAMS_PER_LAYER * n_layers)) ** 0.5
    d_model = max(1024, _HEAD * round(width / _HEAD))
    n_heads = max(16, 2 ** round(math.log2(d_model / _HEAD)))
    d_ff = int(_FF_PER_WIDTH * d_model)
    dense = sparsity <= 1
    return Transformer(
        name=f"{active_params / 1e9:.3g}e9 at work, sparsity {sparsity:g}",
        n_layers=n_layers,
        d_model=d_model,
        n_heads=n_heads,
        n_kv_heads=_KV_HEADS,
        d_head=max(32, round(d_model / n_heads)),
        vocab_size=_VOCABULARY,
        d_ff=d_ff if dense else 8 * max(1, d_ff // _ACTIVE_EXPERTS // 8),
        n_experts=0 if dense else round(_ACTIVE_EXPERTS * sparsity),
        n_experts_active=0 if dense else _ACTIVE_EXPERTS,
    )


@cache
def limits(chip: Accelerator, weights: str, prompt_tokens: float) -> tuple[FloatArray, FloatArray]:
    """Bounds for every size on one accelerator, on the fine grid.

    Parameters
    ----------
    chip : Accelerator
        What the model runs on.
    weights : str
        Format of the weights; 8 bit falls back to ``int8`` where there is no ``fp8``.
    prompt_tokens : float
        Length of a prompt; the answer has a third of it. [tokens]

    Returns
    -------
    tuple of numpy.ndarray
        Logarithms of the accelerator-hours of 10^6 output tokens with their prompts at the
        cheapest batch, and of the fastest output for one user [tokens/s].

    Notes
    -----
    With the newest calibrated constants of :mod:`llmecon.roofline`, whatever the day: what
    older engines lost is in the residuals of the calibration of `llmecon.sizing`.
    """
    if weights == "fp8" and chip.fp8_dense_flop_per_s is None:
        weights = "int8"
    cost = np.full((len(_ACTIVE), len(_SPARSITY)), _NEVER)
    speed, ratio = np.full_like(cost, 1 / _NEVER), np.empty_like(cost)
    for i, j in np.ndindex(cost.shape):
        shape = stand_in(float(_ACTIVE[i]), _SPARSITY[j])
        ratio[i, j] = shape.n_params / shape.n_active_params
        instances = _INSTANCES[None, shape.n_heads >= _INSTANCES]
        run = serve(
            shape,
            chip,
            concurrency=_BATCHES,
            input_tokens=prompt_tokens,
            output_tokens=prompt_tokens / _PROMPT_OVER_ANSWER,
            tensor_parallel=instances,
            weights=weights,
            chips_per_node=chip.scaleup_domain_size or 8,
        )
        fit = run.fits
        if fit.any():
            chips = np.broadcast_to(instances, fit.shape)[fit]
            hours = usd_per_mtok_from(
                seconds=run.tpot_s[fit], chips=chips, batch=run.batch[fit], usd_per_gpu_hour=1.0
            )
            cost[i, j], speed[i, j] = hours.min(), (1.0 / run.tpot_s[fit]).max()
    known = (np.log10(_ACTIVE), np.log10(ratio.mean(axis=0)))
    points = np.stack(np.meshgrid(LOG10_ACTIVE, LOG10_RATIO, indexing="ij"), axis=-1)
    return between(known, np.log10(cost), points), between(known, np.log10(speed), points)


def between(
    axes: tuple[FloatArray, FloatArray], values: FloatArray, points: FloatArray
) -> FloatArray:
    """Values between those of a grid, and in a line beyond its edges."""
    grid = RegularGridInterpolator(axes, values, bounds_error=False, fill_value=None)
    return np.asarray(grid(points))


@cache
def chips_on(day: pd.Timestamp, folder: Path) -> tuple[str, ...]:
    """Accelerators in use on a day: a quarter to 3.75 years old, else the newest before.

    Those that `catalog.accelerators` marks ``serves_llms``.

    Raises
    ------
    ValueError
        Before the first of them.
    """
    frame = catalog.accelerators().query("serves_llms").set_index("name")
    age = (day - frame.release_date).dt.days / DAYS_PER_YEAR
    if not (age >= 0).any():
        first = frame.release_date.min()
        raise ValueError(
            f"date must be >= {first:%Y-%m-%d}, when the first accelerator came out, "
            f"got {day:%Y-%m-%d}"
        )
    used = frame.index[(age >= _YEARS_TO_VOLUME) & (age <= _YEARS_IN_SERVICE)]
    return tuple(used if len(used) else frame.index[age == age[age >= 0].min()])


@cache
def usd_per_chip_hour(chip: str, day: pd.Timestamp, folder: Path) -> float:
    """Price of an hour nearest to a day, of the kind that tells best. [USD/accelerator-hour]

    Raises
    ------
    UnknownName
        If no price of the accelerator is known.
    """
    frame = catalog.gpu_prices().dropna(subset="provider_rank")
    rows = frame[frame.accelerator == chip]
    if rows.empty:
        raise catalog.UnknownName("accelerator with a price", chip, frame.accelerator.unique())
    ranked = rows.assign(days=(rows.date - day).abs()).sort_values(
        ["days", "provider_rank"], kind="stable"
    )
    return float(ranked.usd_per_gpu_hour.iloc[0])


def set_ups(
    day: pd.Timestamp,
    *,
    chip: str | None = None,
    weights: str | None = None,
    prompt_tokens: float | None = None,
    usd_per_chip: float | None = None,
) -> tuple[pd.DataFrame, FloatArray, FloatArray]:
    """Every set-up of a day, or those that agree with what is known, with its limits.

    Parameters
    ----------
    day : pandas.Timestamp
        When the model was served.
    chip, weights, prompt_tokens : str, str, float, optional
        What is known of the set-up; all that were usual otherwise.
    usd_per_chip : float, optional
        Price of an accelerator-hour; that of the day otherwise. [USD/h]

    Returns
    -------
    tuple
        A frame of ``chip``, ``weights``, ``prompt_tokens`` and ``probability`` before anything
        is seen; for each of its rows on the grid the logarithms of the lowest cost of 10^6
        output tokens [USD] and of the highest speed for one user [tokens/s].
    """
    folder = catalog.data_folder()
    chips = chips_on(day, folder) if chip is None else (chip,)
    formats = _WEIGHTS if weights is None else {weights: 1.0}
    prompts = _PROMPTS if prompt_tokens is None else {float(prompt_tokens): 1.0}
    rows, usd, speed = [], [], []
    for name, form, prompt in product(chips, formats, prompts):
        chance = formats[form] * prompts[prompt] / len(chips)
        rows.append((name, form, prompt, chance))
        hours, fastest = limits(catalog.accelerator(name), form, prompt)
        rent = usd_per_chip_hour(name, day, folder) if usd_per_chip is None else usd_per_chip
        usd.append(hours + np.log10(rent))
        speed.append(fastest)
    columns = ["chip", "weights", "prompt_tokens", "probability"]
    return pd.DataFrame(rows, columns=columns), np.stack(usd), np.stack(speed)
