"""Closed forms: what the roofline says before any number is run."""

from dataclasses import dataclass

import numpy as np

from llmecon._checks import Numbers, require
from llmecon.transformer import FloatArray


def critical_batch(
    *,
    bytes_per_weight: Numbers,
    flop_per_s: Numbers,
    hbm_bytes_per_s: Numbers,
    sparsity: Numbers = 1.0,
) -> FloatArray:
    r"""Batch at which arithmetic takes as long as reading the weights.

    .. math:: b^* = \frac{p_w C}{2 B} \cdot \frac{E}{k}

    Parameters
    ----------
    bytes_per_weight : float or array
        Stored width :math:`p_w`. [B]
    flop_per_s, hbm_bytes_per_s : float or array
        Arithmetic rate :math:`C` and bandwidth :math:`B`. [FLOP/s, B/s]
    sparsity : float or array, optional
        Experts over active experts :math:`E/k`. [1]

    Returns
    -------
    array
        [sequences]

    Examples
    --------
    H100 at 16 bit, as in Erdil, arXiv:2506.04645.

    >>> float(critical_batch(bytes_per_weight=2, flop_per_s=1e15, hbm_bytes_per_s=3.3e12))
    303.03
    """
    width = require("bytes_per_weight", bytes_per_weight, above=0, unit="B")
    rate = require("flop_per_s", flop_per_s, above=0, unit="FLOP/s")
    bandwidth = require("hbm_bytes_per_s", hbm_bytes_per_s, above=0, unit="B/s")
    return np.asarray(width * rate / (2 * bandwidth) * require("sparsity", sparsity, minimum=1))


def speed_ratio(params: Numbers, base_params: Numbers) -> FloatArray:
    r"""Highest speed of a model over that of another: :math:`(N / N_0)^{-1/2}`.

    The square-root rule of Erdil, arXiv:2506.04645: more accelerators shorten the reading
    until their messages take over, and layers grow with the fourth root of the size.

    Examples
    --------
    From 400 tokens/s at 8e9 parameters.

    >>> (400 * speed_ratio([70e9, 405e9], 8e9)).round(1)
    array([135.2,  56.2])
    """
    size = require("params", params, above=0, unit="parameters")
    return np.sqrt(require("base_params", base_params, above=0, unit="parameters") / size)


@dataclass(frozen=True, kw_only=True)
class Fastest:
    """The instance that answers one user fastest.

    Attributes
    ----------
    n_gpu : array
        Accelerators.
    seconds : array
        Time per token. [s]
    gpu_seconds : array
        Accelerator time per token at the critical batch. [s]
    """

    n_gpu: FloatArray
    seconds: FloatArray
    gpu_seconds: FloatArray

    @property
    def tokens_per_s(self) -> FloatArray:
        """Speed. [tokens/s]"""
        return np.asarray(1.0 / self.seconds)


def fastest_instance(
    *,
    n_layers: Numbers,
    params: Numbers,
    bytes_per_weight: Numbers,
    hbm_bytes_per_s: Numbers,
    flop_per_s: Numbers,
    reduces_per_layer: Numbers = 4,
    hop_s: Numbers = 1e-6,
) -> Fastest:
    r"""Least latency of the toy model, with links of infinite bandwidth.

    .. math:: X = L \, n_{red} \, t_{hop}, \quad Y = p_w N / B, \quad
              G^* = \max(Y/X, 1)^{2/3}, \quad t = 3 X^{2/3} Y^{1/3} - 2 X

    Parameters
    ----------
    n_layers, params : float or array
        Layers :math:`L`, parameters :math:`N`.
    bytes_per_weight, hbm_bytes_per_s, flop_per_s : float or array
        Width of a weight [B], bandwidth [B/s] and arithmetic rate [FLOP/s] of one
        accelerator.
    reduces_per_layer, hop_s : float or array
        All-reduces of a layer; latency of one hop. [s]

    Returns
    -------
    Fastest

    References
    ----------
    .. [1] E. Erdil, "Inference economics of language models", arXiv:2506.04645, eq. 13-14.

    Examples
    --------
    >>> best = fastest_instance(n_layers=80, params=70.55e9, bytes_per_weight=2,
    ...                         hbm_bytes_per_s=3.3e12, flop_per_s=1e15)
    >>> round(float(best.n_gpu), 1), round(float(best.tokens_per_s))
    (26.1, 234)
    """
    size = require("params", params, above=0, unit="parameters")
    waiting = (
        require("n_layers", n_layers, above=0, unit="layers")
        * require("reduces_per_layer", reduces_per_layer, above=0)
        * require("hop_s", hop_s, above=0, unit="s")
    )
    width = require("bytes_per_weight", bytes_per_weight, above=0, unit="B")
    reading = width * size / require("hbm_bytes_per_s", hbm_bytes_per_s, above=0, unit="B/s")
    n_gpu = np.maximum(reading / waiting, 1.0) ** (2 / 3)
    # Derived at G* > 1; one accelerator needs no messages.
    spread = 3 * waiting ** (2 / 3) * reading ** (1 / 3) - 2 * waiting
    seconds = np.where(n_gpu > 1, spread, reading)
    arithmetic = 2 * size / require("flop_per_s", flop_per_s, above=0, unit="FLOP/s")
    batch_share = n_gpu * seconds / reading  # of the arithmetic at the critical batch
    return Fastest(n_gpu=n_gpu, seconds=seconds, gpu_seconds=np.asarray(arithmetic * batch_share))


def two_d_crossover(d_ff_over_d_model: Numbers, *, axes: float = 3.0) -> FloatArray:
    r"""Accelerators above which a 2-D split moves fewer bytes than a 1-D split.

    .. math:: 32 \, \frac{f}{d} \left(\frac{a}{4}\right)^2

    on a torus of :math:`a` axes.

    Notes
    -----
    "How to Scale Your Model", ch. 7, prints 81 for :math:`f = 4d` on three axes; its own
    formula gives 72.

    Examples
    --------
    >>> float(two_d_crossover(4))
    72.0
    """
    ratio = require("d_ff_over_d_model", d_ff_over_d_model, above=0)
    return np.asarray(32.0 * ratio * (require("axes", axes, above=0) / 4.0) ** 2)


def crossover_batch(weight_bytes: Numbers, kv_bytes_per_sequence: Numbers) -> FloatArray:
    """Batch at which reading the cache takes as long as reading the weights. [sequences]

    Examples
    --------
    Mistral Large 2 at 100,000 tokens.

    >>> float(crossover_batch(244e9, 36e9))
    6.78
    """
    weights = require("weight_bytes", weight_bytes, above=0, unit="B")
    return np.asarray(
        weights / require("kv_bytes_per_sequence", kv_bytes_per_sequence, above=0, unit="B")
    )


def least_chips(need_bytes: Numbers, hbm_bytes: Numbers) -> FloatArray:
    """Smallest whole number of accelerators whose memories hold this much.

    Examples
    --------
    >>> float(least_chips(141.1e9, 80e9))
    2.0
    """
    need = require("need_bytes", need_bytes, above=0, unit="B")
    return np.ceil(need / require("hbm_bytes", hbm_bytes, above=0, unit="B"))
