"""What an instance holds and finishes, and how many of them a load needs."""

import numpy as np

from llmecon._checks import Numbers, require
from llmecon.transformer import FloatArray

SECONDS_PER_DAY = 86_400.0


def least_chips(need_bytes: Numbers, hbm_bytes: Numbers) -> FloatArray:
    """Smallest whole number of accelerators whose memories hold this much.

    Examples
    --------
    >>> float(least_chips(141.1e9, 80e9))
    2.0
    """
    need = require("need_bytes", need_bytes, above=0, unit="B")
    return np.ceil(need / require("hbm_bytes", hbm_bytes, above=0, unit="B"))


def cache_tokens(
    *,
    n_gpu: Numbers,
    hbm_bytes: Numbers,
    weight_bytes: Numbers,
    kv_bytes_per_token: Numbers,
    reserve_bytes: Numbers = 0.0,
) -> FloatArray:
    r"""Tokens of cache that fit beside the weights; 0 if the weights do not fit. [tokens]

    .. math:: \max\left(0, \frac{G (H - r) - W}{\kappa}\right)

    Parameters
    ----------
    n_gpu : float or array
        Accelerators :math:`G`.
    hbm_bytes, reserve_bytes : float or array
        Memory :math:`H` of each, and what is held back on it, :math:`r`. [B]
    weight_bytes : float or array
        Weights :math:`W` of the whole model. [B]
    kv_bytes_per_token : float or array
        Cache :math:`\kappa` that one token adds. [B]

    Returns
    -------
    array
        Not rounded; over the context and rounded down, the largest batch.

    Raises
    ------
    ValueError
        If an argument is not positive, or the reserve negative.

    Notes
    -----
    For caches that grow by the token; for windows and recurrent layers see
    :attr:`llmecon.roofline.Memory.max_batch`.

    References
    ----------
    .. [1] C. Chen, "Transformer Inference Arithmetic", 2022, prints 23,000 for the second
       case below.

    Examples
    --------
    52e9 parameters in 16 bit on three and on four A100 of 40 GB.

    >>> cache_tokens(n_gpu=[3, 4], hbm_bytes=40e9, weight_bytes=104e9,
    ...              kv_bytes_per_token=2_097_152).round()
    array([ 7629., 26703.])
    """
    held = require("weight_bytes", weight_bytes, above=0, unit="B")
    each = require("kv_bytes_per_token", kv_bytes_per_token, above=0, unit="B")
    capacity = require("hbm_bytes", hbm_bytes, above=0, unit="B") - require(
        "reserve_bytes", reserve_bytes, minimum=0, unit="B"
    )
    free = require("n_gpu", n_gpu, above=0) * capacity - held
    return np.asarray(np.maximum(free, 0.0) / each)


def requests_per_s(*, batch: Numbers, step_s: Numbers, output_tokens: Numbers) -> FloatArray:
    r"""Requests that a batch kept full finishes: :math:`b / (n_{out} t)`. [1/s]

    Parameters
    ----------
    batch : float or array
        Requests :math:`b` decoded together.
    step_s : float or array
        Time :math:`t` of a step, in which each makes one token. [s]
    output_tokens : float or array
        Length :math:`n_{out}` of an answer. [tokens]

    Raises
    ------
    ValueError
        If an argument is not positive.

    Notes
    -----
    Prompts are read elsewhere: as many servers read for one that writes as this rate times
    the time of a prefill. Where they share the accelerators see
    :func:`llmecon.roofline.serve`.

    References
    ----------
    .. [1] J. Austin et al., "How to Scale Your Model", 2025, ch. 8.

    Examples
    --------
    >>> float(requests_per_s(batch=32, step_s=0.019, output_tokens=512))
    3.2895
    """
    sequences = require("batch", batch, above=0, unit="sequences")
    seconds = require("step_s", step_s, above=0, unit="s")
    length = require("output_tokens", output_tokens, above=0, unit="tokens")
    return np.asarray(sequences / (length * seconds))


def machines_for(tokens_per_day: Numbers, tokens_per_s: Numbers) -> FloatArray:
    """Machines that a day's tokens keep busy without a pause.

    Parameters
    ----------
    tokens_per_day : float or array
        Tokens to read or to make. [tokens/day]
    tokens_per_s : float or array
        What one machine reads or makes. [tokens/s]

    Raises
    ------
    ValueError
        If the rate is not positive, or the volume negative.

    References
    ----------
    .. [1] DeepSeek, open-infra-index, day 6, 2025: 226.75 nodes on average.

    Examples
    --------
    Prompts and answers of DeepSeek's day, at its rates for a node of 8 H800.

    >>> machines_for([608e9, 168e9], [73_700, 14_800]).round(1)
    array([ 95.5, 131.4])
    """
    volume = require("tokens_per_day", tokens_per_day, minimum=0, unit="tokens/day")
    rate = require("tokens_per_s", tokens_per_s, above=0, unit="tokens/s")
    return np.asarray(volume / (SECONDS_PER_DAY * rate))
