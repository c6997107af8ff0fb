"""Rules of thumb of the literature."""

import numpy as np

from llmecon._checks import Numbers, require
from llmecon.transformer import FloatArray


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
