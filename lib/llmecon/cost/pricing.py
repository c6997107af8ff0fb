"""Dollars from seconds."""

import numpy as np

from llmecon._checks import Numbers, require
from llmecon.roofline import Step
from llmecon.transformer import FloatArray

_SECONDS_PER_HOUR = 3600.0


def usd_per_mtok_from(
    *,
    seconds: Numbers,
    chips: Numbers,
    batch: Numbers,
    usd_per_gpu_hour: Numbers,
    tokens: Numbers = 1.0,
    utilisation: Numbers = 1.0,
) -> FloatArray:
    r"""Cost of a million tokens made by an instance.

    .. math:: c = 10^6 \frac{G P t}{3600 \, b \, n \, u}

    Parameters
    ----------
    seconds : float or array
        Time :math:`t` of one pass. [s]
    chips : float or array
        Accelerators :math:`G` of the instance.
    batch : float or array
        Sequences :math:`b` in the pass.
    usd_per_gpu_hour : float or array
        Rent :math:`P` of one accelerator. [USD/h]
    tokens : float or array, optional
        Tokens :math:`n` a pass yields per sequence.
    utilisation : float or array, optional
        Share :math:`u` of the paid time with that load. [1]

    Returns
    -------
    array
        [USD/Mtok]

    Raises
    ------
    ValueError
        If a value is not positive, or the utilisation above 1.

    Examples
    --------
    Eight accelerators at 2 USD/h, 64 users, 20 ms a token.

    >>> float(usd_per_mtok_from(seconds=0.02, chips=8, batch=64, usd_per_gpu_hour=2))
    1.3889
    """
    paid = require("chips", chips, above=0) * require("seconds", seconds, above=0, unit="s")
    each = require("tokens", tokens, above=0, unit="tokens")
    made = require("batch", batch, above=0, unit="sequences") * each
    used = require("utilisation", utilisation, above=0, maximum=1)
    rent = require("usd_per_gpu_hour", usd_per_gpu_hour, minimum=0, unit="USD/h")
    return np.asarray(1e6 * paid * rent / (_SECONDS_PER_HOUR * made * used))


def usd_per_mtok(
    step: Step, *, usd_per_gpu_hour: Numbers, utilisation: Numbers = 1.0
) -> FloatArray:
    """Cost of a million tokens of a decode step or prefill; infinite where it does not fit.

    Input tokens for a prefill, output tokens for a decode step. [USD/Mtok]

    Examples
    --------
    >>> from llmecon import catalog, roofline
    >>> step = roofline.decode(catalog.transformer("Llama 3.1 70B"),
    ...                        catalog.accelerator("H200 SXM 141GB"), batch=64, context=2048,
    ...                        tensor_parallel=8, weights="fp8", profile=roofline.IDEAL)
    >>> float(usd_per_mtok(step, usd_per_gpu_hour=3.0))
    0.376
    """
    cost = usd_per_mtok_from(
        seconds=step.seconds,
        chips=step.chips,
        batch=step.batch,
        tokens=step.tokens,
        usd_per_gpu_hour=usd_per_gpu_hour,
        utilisation=utilisation,
    )
    return np.asarray(np.where(step.fits, cost, np.inf))


def kv_read(
    *, kv_bytes: Numbers, hbm_bytes_per_s: Numbers, usd_per_gpu_hour: Numbers
) -> FloatArray:
    """Cost of reading the cache alone, for a million output tokens. [USD/Mtok]

    A floor that no batch size lowers: every token of every sequence reads its own cache.

    Parameters
    ----------
    kv_bytes : float or array
        Cache that one output token reads. [B]
    hbm_bytes_per_s : float or array
        Memory bandwidth of one accelerator. [B/s]
    usd_per_gpu_hour : float or array
        Rent of one accelerator. [USD/h]

    Examples
    --------
    Mistral Large 2 at 100,000 tokens on an H100 (Erdil, arXiv:2506.04645: 6.06 USD).

    >>> float(kv_read(kv_bytes=36e9, hbm_bytes_per_s=3.3e12, usd_per_gpu_hour=2))
    6.06
    """
    read = require("kv_bytes", kv_bytes, minimum=0, unit="B")
    seconds = read / require("hbm_bytes_per_s", hbm_bytes_per_s, above=0, unit="B/s")
    rent = require("usd_per_gpu_hour", usd_per_gpu_hour, minimum=0, unit="USD/h")
    return np.asarray(1e6 * seconds * rent / _SECONDS_PER_HOUR)
