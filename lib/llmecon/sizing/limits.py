"""What an accelerator allows a model of any size: the lowest cost, the highest speed."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.interpolate import RegularGridInterpolator

from llmecon.accelerator import Accelerator
from llmecon.cost import usd_per_mtok_from
from llmecon.roofline import serve
from llmecon.sizing.shapes import stand_in

FloatArray = npt.NDArray[np.float64]

# Sizes that are served, and between which results are interpolated in logarithms.
_ACTIVE = tuple(np.geomspace(1e9, 1.5e12, 13))
_SPARSITY = (1.0, 4.0, 12.0, 32.0)
_BATCHES = np.geomspace(1, 1024, 13)[:, None]
_INSTANCES = np.array([1.0, 2, 4, 8, 16, 32, 64])
_PROMPT_OVER_ANSWER = 3.0  # the 3:1 blend in which prices are quoted
_NEVER = 1e9  # in place of infinity, which cannot be interpolated

# The fine grid that posteriors live on.
LOG10_ACTIVE = np.linspace(9.0, 12.17, 64)
LOG10_RATIO = np.linspace(0.0, 1.6, 25)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds on the fine grid, parameters at work by total over them.

    Attributes
    ----------
    log10_chip_hours : numpy.ndarray
        Accelerator-hours of 10^6 output tokens with their prompts, at the cheapest batch.
    log10_speed : numpy.ndarray
        Fastest output for one user. [tokens/s]
    """

    log10_chip_hours: FloatArray
    log10_speed: FloatArray


@cache
def limits(chip: Accelerator, weights: str, prompt_tokens: float) -> Limits:
    """Bounds for every size on one accelerator.

    Parameters
    ----------
    chip : Accelerator
        What the model runs on.
    weights : str
        Format of the weights; 8 bit falls back to ``int8`` where there is no ``fp8``.
    prompt_tokens : float
        Length of a prompt; the answer has a third of it. [tokens]

    Notes
    -----
    With the newest calibrated constants of :mod:`llmecon.roofline`, whatever the day: what
    older engines lost is in the residuals of the calibration of `llmecon.sizing`.
    """
    if weights == "fp8" and chip.fp8_dense_flop_per_s is None:
        weights = "int8"
    cost = np.full((len(_ACTIVE), len(_SPARSITY)), _NEVER)
    speed, ratio = np.full_like(cost, 1 / _NEVER), np.empty_like(cost)
    for i, active in enumerate(_ACTIVE):
        for j, sparsity in enumerate(_SPARSITY):
            shape = stand_in(float(active), sparsity)
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
            if not fit.any():
                continue
            hours = usd_per_mtok_from(
                seconds=run.tpot_s[fit],
                chips=np.broadcast_to(instances, fit.shape)[fit],
                batch=run.batch[fit],
                usd_per_gpu_hour=1.0,
            )
            cost[i, j], speed[i, j] = hours.min(), (1.0 / run.tpot_s[fit]).max()
    columns = np.log10(ratio.mean(axis=0))
    return Limits(
        log10_chip_hours=_fine(np.log10(cost), columns), log10_speed=_fine(np.log10(speed), columns)
    )


def _fine(values: FloatArray, columns: FloatArray) -> FloatArray:
    between = RegularGridInterpolator(
        (np.log10(_ACTIVE), columns), values, bounds_error=False, fill_value=None
    )
    points = np.stack(np.meshgrid(LOG10_ACTIVE, LOG10_RATIO, indexing="ij"), axis=-1)
    return np.asarray(between(points))
