"""The figure behind the article: GPT-4 and its halvings served on one accelerator."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from llmecon._checks import require
from llmecon.accelerator import Accelerator
from llmecon.transformer import Transformer
from llmecon_book.essay.frontier import published_frontier
from llmecon_book.essay.latency import Speculation
from llmecon_book.essay.shapes import H200, Machine, Shape

HALVINGS = (1.0, 1 / 2, 1 / 4, 1 / 8, 1 / 16)
ACCEPTANCE = 0.8  # of a drafted token, Erdil 2024
DRAFTS = 5  # tokens tried in one round, Erdil 2024


def halvings_frontier(
    model: Transformer,
    draft: Transformer,
    *,
    machine: Machine = H200,
    usd_per_gpu_hour: float = 2.94,
    context: float = 0.0,
    fractions: Sequence[float] = HALVINGS,
    acceptance: float = ACCEPTANCE,
    points: int = 200,
    bytes_per_value: float = 2.0,
    **options: Any,
) -> pd.DataFrame:
    r"""Cost against speed for a model and smaller copies of it, by the published model.

    Reproduces the H200 figure of Erdil 2024: 16-bit weights and activations, a draft model,
    no pipeline, the lower envelope over instance sizes and batches.

    Parameters
    ----------
    model, draft : Transformer
        The model, and the small one that drafts for it.
    machine : Machine, optional
        Accelerator in the terms of the published model.
    usd_per_gpu_hour : float, optional
        Price of one accelerator; cost is proportional to it. [USD/h]
    context : float, optional
        Tokens in the cache. [tokens]
    fractions : sequence of float, optional
        Sizes of the copies as shares of the model's. [1]
    acceptance : float, optional
        Probability that a drafted token is kept; 0 switches drafting off. [1]
    points : int, optional
        Grid points in instance size and in batch.
    bytes_per_value : float, optional
        Width of weights and activations: 2 for 16 bit, as the figure has it, 1 for 8 bit. [B]
    **options
        ``variant``, ``conventions``, ``pipeline``: as of `published_frontier`.

    Returns
    -------
    pandas.DataFrame
        ``fraction``, ``n_params``, ``tokens_per_s``, ``usd_per_mtok``, ``n_gpu``, ``batch``;
        each copy from its cheapest to its fastest point.

    Raises
    ------
    ValueError
        If a fraction is not in (0, 1], or another argument is out of its bounds.

    References
    ----------
    .. [1] E. Erdil, "Frontier language models have become much smaller", Epoch AI, 2024.

    Examples
    --------
    >>> from llmecon import catalog
    >>> curves = halvings_frontier(
    ...     catalog.transformer("GPT-4 (Erdil assumption)"),
    ...     catalog.transformer("Llama 3 8B"), fractions=(1.0,), points=60)
    >>> bool(80 < curves.tokens_per_s.max() < 85)
    True
    """
    require("fractions", list(fractions), above=0, maximum=1)
    whole = Shape.stored(model, bytes_per_value)
    helper = None
    if require("acceptance", acceptance, minimum=0, maximum=0.9999) > 0:
        helper = Speculation(
            draft=Shape.stored(draft, bytes_per_value),
            acceptance=acceptance,
            gamma_max=DRAFTS,
        )
    curves = []
    for fraction in fractions:
        shape = whole if fraction == 1 else whole.scaled(float(fraction))
        curve = published_frontier(
            shape,
            machine,
            context=context,
            speculation=helper,
            usd_per_gpu_hour=usd_per_gpu_hour,
            points=points,
            **options,
        )
        curves.append(curve.assign(fraction=fraction, n_params=shape.n_params))
    return pd.concat(curves, ignore_index=True)


def machine_of(chip: Accelerator, usd_per_gpu_hour: float) -> Machine:
    """An accelerator of the catalogue in the terms of the published model.

    All-reduce rates are half the one-direction link rates, as the published model takes them.
    """
    link = chip.scaleup_bytes_per_s_per_direction
    if link is None:
        raise ValueError(f"{chip.name} has no scale-up link: the published model needs one")
    return Machine(
        name=chip.name,
        flop_per_s_16bit=chip.bf16_dense_flop_per_s,
        flop_per_s_8bit=chip.fp8_dense_flop_per_s or chip.bf16_dense_flop_per_s,
        hbm_bytes_per_s=chip.hbm_bytes_per_s,
        hbm_bytes=chip.hbm_bytes,
        intra_bytes_per_s=link / 2,
        inter_bytes_per_s=chip.scaleout_bytes_per_s_per_direction / 2,
        usd_per_hour=usd_per_gpu_hour,
    )
