"""Formulas of a shape that need no record."""

import numpy as np

from llmecon._checks import FloatArray, Numbers, require


def kv_cache_bytes_per_token(
    n_layers: Numbers, n_kv_heads: Numbers, d_head: Numbers, bytes_per_element: Numbers = 2.0
) -> FloatArray:
    r"""KV-cache bytes that one token adds, over all layers: :math:`2 L n_{kv} d_h p`.

    Parameters
    ----------
    n_layers, n_kv_heads, d_head : int or array
        Layers, key-value heads of a layer, elements of a head.
    bytes_per_element : float or array, optional
        Bytes of one stored number. [B]

    Returns
    -------
    array
        Cache that one token adds. [B]

    Raises
    ------
    ValueError
        If an argument is not positive.

    Notes
    -----
    Not for latent attention, windows or recurrent layers: see
    :meth:`Transformer.kv_cache_bytes`.

    References
    ----------
    .. [1] J. Ainslie et al., "GQA: Training Generalized Multi-Query Transformer Models from
       Multi-Head Checkpoints", arXiv:2305.13245, 2023.

    Examples
    --------
    Llama 3.1 70B with all 64 heads kept, with 8, and with one.

    >>> kv_cache_bytes_per_token(80, [64, 8, 1], 128)
    array([2621440.,  327680.,   40960.])
    """
    return np.asarray(
        2.0
        * require("n_layers", n_layers, above=0, unit="layers")
        * require("n_kv_heads", n_kv_heads, above=0, unit="heads")
        * require("d_head", d_head, above=0, unit="elements")
        * require("bytes_per_element", bytes_per_element, above=0, unit="B")
    )


def causal_pairs(new: FloatArray, past: FloatArray, window: int) -> FloatArray:
    """Pairs of a new token and a token it sees, itself counted half; window 0 means none."""
    everything = new * (past + np.where(new > 1, new / 2.0, 0.0))
    if not window:
        return np.asarray(everything)
    # The tokens before the window is full see a triangle, the others a whole window.
    growing = np.clip(window - past, 0.0, new)
    filled = growing * (past + np.where(new > 1, growing / 2.0, 0.0))
    return np.asarray(np.minimum(everything, filled + (new - growing) * window))
