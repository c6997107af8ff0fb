"""Closed forms: what the roofline says before any number is run."""

from dataclasses import dataclass

import numpy as np

from llmecon._checks import Numbers, require
from llmecon.roofline.speculation import tokens_per_round
from llmecon.transformer import FloatArray


def ridge_flop_per_byte(flop_per_s: Numbers, bytes_per_s: Numbers) -> FloatArray:
    """FLOP done while one byte moves: above it arithmetic binds, below it moving. [FLOP/B]

    Parameters
    ----------
    flop_per_s : float or array
        Arithmetic rate. [FLOP/s]
    bytes_per_s : float or array
        Rate of what moves: memory, or a link to other accelerators. [B/s]

    Raises
    ------
    ValueError
        If a rate is not positive.

    References
    ----------
    .. [1] C. Chen, "Transformer Inference Arithmetic", 2022: 208 and 1040 on an A100.

    Examples
    --------
    An A100's memory and its links.

    >>> ridge_flop_per_byte(312e12, [1.5e12, 300e9])
    array([ 208., 1040.])
    """
    rate = require("flop_per_s", flop_per_s, above=0, unit="FLOP/s")
    return np.asarray(rate / require("bytes_per_s", bytes_per_s, above=0, unit="B/s"))


def matmul_s(
    rows: Numbers,
    inner: Numbers,
    columns: Numbers,
    *,
    flop_per_s: Numbers,
    hbm_bytes_per_s: Numbers,
    bytes_per_value: Numbers = 2.0,
) -> FloatArray:
    r"""Least time of one matrix product: its arithmetic or its traffic. [s]

    .. math:: t = \max\left(\frac{2 m k n}{C}, \; p \, \frac{mk + kn + mn}{B}\right)

    Parameters
    ----------
    rows, inner, columns : int or array
        A matrix of :math:`m \times k` times one of :math:`k \times n`.
    flop_per_s, hbm_bytes_per_s : float or array
        Arithmetic rate :math:`C` and bandwidth :math:`B`. [FLOP/s, B/s]
    bytes_per_value : float or array, optional
        Width :math:`p` of all three matrices. [B]

    Raises
    ------
    ValueError
        If an argument is not positive.

    References
    ----------
    .. [1] J. Austin et al., "How to Scale Your Model", 2025, ch. 12.

    Examples
    --------
    64 and 512 tokens through a matrix of 4096 x 8192 on a B200, in microseconds.

    >>> times = matmul_s([64, 512], 4096, 8192, flop_per_s=2.3e15, hbm_bytes_per_s=8e12)
    >>> (1e6 * times).round(2)
    array([ 8.59, 14.94])
    """
    m = require("rows", rows, above=0)
    k = require("inner", inner, above=0)
    n = require("columns", columns, above=0)
    width = require("bytes_per_value", bytes_per_value, above=0, unit="B")
    bandwidth = require("hbm_bytes_per_s", hbm_bytes_per_s, above=0, unit="B/s")
    arithmetic = 2 * m * k * n / require("flop_per_s", flop_per_s, above=0, unit="FLOP/s")
    return np.maximum(arithmetic, width * (m * k + k * n + m * n) / bandwidth)


def full_memory_s(hbm_bytes: Numbers, hbm_bytes_per_s: Numbers) -> FloatArray:
    """Time to read a whole memory once: the step of an instance that is full. [s]

    Whatever the model and however many accelerators, memory that is used up is read in this
    time; its inverse is the speed of a user who shares a full instance. A mixture of experts
    at a small batch reads less than it holds.

    Raises
    ------
    ValueError
        If an argument is not positive.

    References
    ----------
    .. [1] E. Erdil, "Inference economics of language models", arXiv:2506.04645: 24 ms.

    Examples
    --------
    >>> float(1e3 * full_memory_s(80e9, 3.3e12))  # H100, ms
    24.2424
    """
    held = require("hbm_bytes", hbm_bytes, above=0, unit="B")
    return np.asarray(held / require("hbm_bytes_per_s", hbm_bytes_per_s, above=0, unit="B/s"))


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


def drafted_token_s(
    target_s: Numbers, draft_s: Numbers, *, acceptance: Numbers, gamma: Numbers, bonus: bool = True
) -> FloatArray:
    r"""Mean time per token with drafts, from the times of the two models alone. [s]

    .. math:: t = \frac{t_{target} + \gamma \, t_{draft}}{V(a, \gamma)}

    with :math:`V` of :func:`llmecon.roofline.tokens_per_round`. Checking several tokens is
    taken to last as long as making one, which holds while reading weights binds;
    :func:`llmecon.roofline.speculate` computes it.

    Parameters
    ----------
    target_s, draft_s : float or array
        Time of a token of the large and of the small model. [s]
    acceptance, gamma, bonus : float or array, int or array, bool
        As in :func:`llmecon.roofline.tokens_per_round`; without ``bonus`` at least one draft.

    Raises
    ------
    ValueError
        If a time is negative or an argument out of its domain.

    References
    ----------
    .. [1] Y. Leviathan et al., "Fast Inference from Transformers via Speculative Decoding",
       arXiv:2211.17192, theorem 3.8.

    Examples
    --------
    >>> float(1e3 * drafted_token_s(0.030, 0.003, acceptance=0.8, gamma=6))
    12.1475
    """
    checking = require("target_s", target_s, minimum=0, unit="s")
    drafting = require("draft_s", draft_s, minimum=0, unit="s")
    drafted = require("gamma", gamma, minimum=0 if bonus else 1, unit="tokens")
    gained = tokens_per_round(acceptance, drafted, bonus=bonus)
    return np.asarray((checking + drafted * drafting) / gained)
