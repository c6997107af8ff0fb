"""Stand-in shapes: what a model of a given size and sparsity would look like."""

import math
from functools import cache

from llmecon.transformer import Transformer

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
