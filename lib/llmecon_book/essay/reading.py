"""The article's own reading: GPT-4 and its halvings on an H200, by the published model."""

from collections.abc import Sequence
from functools import cache
from itertools import product

import numpy as np
import pandas as pd

from llmecon import catalog
from llmecon._checks import require
from llmecon_book.essay.frontier import HALVINGS, halvings_frontier, implied_size

_GPT4 = "GPT-4 (Erdil assumption)"
_DRAFT = "Llama 3 8B"
H200_USD_PER_HOUR = 2.94  # (3.5 / 2.5) x 3.15 x 2/3, Erdil's notebook, commit dfcb15f


@cache
def _frontier(scale: float, context: float) -> pd.DataFrame:
    """Speed against accelerator-hours: at one dollar an hour, for cost goes with the rent."""
    return halvings_frontier(
        catalog.transformer(_GPT4),
        catalog.transformer(_DRAFT),
        fractions=(scale,),
        context=context,
        usd_per_gpu_hour=1.0,
        points=400,
        sampled=True,  # as the notebook draws the figure
    )


def article_reading(
    output_usd_per_mtok: float,
    output_tokens_per_s: float,
    *,
    margin: float = 1.0,
    context: float = 0.0,
    usd_per_gpu_hour: float = H200_USD_PER_HOUR,
) -> float:
    """Size of the GPT-4 scaling whose fastest speed at the price is the one seen. [parameters]

    Parameters
    ----------
    output_usd_per_mtok, output_tokens_per_s : float
        Price and speed. [USD per million tokens, tokens/s]
    margin : float, optional
        Price over cost. [times]
    context : float, optional
        Tokens in the cache. [tokens]
    usd_per_gpu_hour : float, optional
        Rent of an H200. [USD/h]

    Returns
    -------
    float
        Between 1/16 and the whole of GPT-4 as the essay assumes it, clipped to them.

    References
    ----------
    .. [1] E. Erdil, "Frontier language models have become much smaller", Epoch AI, 2024;
       configuration from his notebook, commit dfcb15f.

    Examples
    --------
    GPT-4o at 100 tokens/s: at cost it may have 671 billion parameters, not 200.

    >>> round(article_reading(10.0, 100.0) / 1e9)
    671
    """
    paid = float(require("output_usd_per_mtok", output_usd_per_mtok, above=0, unit="USD/Mtok"))
    over = float(require("margin", margin, above=0, unit="times"))
    rent = float(require("usd_per_gpu_hour", usd_per_gpu_hour, above=0, unit="USD/h"))
    tokens = float(require("context", context, minimum=0, unit="tokens"))
    curves = [_frontier(scale, tokens) for scale in HALVINGS]
    frontiers = {float(curve.n_params[0]): curve for curve in curves}
    return float(
        implied_size(frontiers, tokens_per_s=output_tokens_per_s, usd_per_mtok=paid / over / rent)
    )


def readings(
    output_usd_per_mtok: float,
    output_tokens_per_s: float,
    *,
    margins: Sequence[float] = (1.0, 2.0, 3.0),
    contexts: Sequence[float] = (0.0, 100_000.0),
    usd_per_gpu_hour: float = H200_USD_PER_HOUR,
) -> pd.DataFrame:
    """The article's reading for every margin and context: how much hangs on what it leaves out.

    Returns
    -------
    pandas.DataFrame
        ``margin``, ``context``, ``total_params``; empty where fewer than two sizes sell.
    """
    rows = []
    for context, margin in product(contexts, margins):
        given = {"margin": margin, "context": context}
        try:
            size = article_reading(
                output_usd_per_mtok,
                output_tokens_per_s,
                usd_per_gpu_hour=usd_per_gpu_hour,
                **given,
            )
        except ValueError:
            size = np.nan
        rows.append(given | {"total_params": size})
    return pd.DataFrame(rows)
