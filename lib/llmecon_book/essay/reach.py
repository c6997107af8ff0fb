"""How fast a model can be at a price, with assumptions of the H200 figure changed."""

from collections.abc import Mapping
from itertools import chain, combinations
from typing import Any

import pandas as pd

from llmecon.cost.pareto import fastest_at
from llmecon.transformer import Transformer
from llmecon_book.essay.h200 import halvings_frontier

CHANGES: Mapping[str, Mapping[str, Any]] = {
    "half a dollar an hour": {"usd_per_gpu_hour": 0.5},
    "8 bits": {"bytes_per_value": 1.0},
    "nine of ten drafted tokens kept": {"acceptance": 0.9},
    "layers in a pipeline": {"pipeline": True},
}
"""What a provider may do otherwise than the figure has it, each in favour of a large model."""


def reach(
    model: Transformer,
    draft: Transformer,
    *,
    usd_per_mtok: float,
    changes: Mapping[str, Mapping[str, Any]] = CHANGES,
    together: int = 2,
    **figure: Any,
) -> pd.DataFrame:
    """Speed of a model at a price if one or several assumptions of the H200 figure are changed.

    Parameters
    ----------
    model, draft : Transformer
        As in `halvings_frontier`.
    usd_per_mtok : float
        What the tokens may cost. [USD per million tokens]
    changes : mapping, optional
        Name of each change, and the arguments of `halvings_frontier` that it sets.
    together : int, optional
        How many changes are made at once, at most.
    **figure
        Arguments of `halvings_frontier` where nothing is changed.

    Returns
    -------
    pandas.DataFrame
        ``setting``, names joined by "and", empty for the figure itself; ``n_changes``;
        ``tokens_per_s`` at the price and ``fastest`` at any price. [tokens/s]

    Raises
    ------
    ValueError
        As `halvings_frontier`.

    Examples
    --------
    A cheaper hour makes ten dollars buy more speed, and no speed faster.

    >>> from llmecon import catalog
    >>> table = reach(
    ...     catalog.transformer("GPT-4 (Erdil assumption)"), catalog.transformer("Llama 3 8B"),
    ...     usd_per_mtok=10.0, changes={"cheap": {"usd_per_gpu_hour": 0.5}}, points=60)
    >>> bool(table.tokens_per_s[1] > table.tokens_per_s[0])
    True
    >>> bool(table.fastest[1] == table.fastest[0])
    True
    """
    rows = []
    for names in chain.from_iterable(combinations(changes, n) for n in range(together + 1)):
        changed = dict(chain.from_iterable(changes[name].items() for name in names))
        curve = halvings_frontier(model, draft, **{**figure, "fractions": (1.0,), **changed})
        speed = float(fastest_at(curve, usd_per_mtok))
        rows.append((" and ".join(names), len(names), speed, float(curve.tokens_per_s.max())))
    return pd.DataFrame(rows, columns=["setting", "n_changes", "tokens_per_s", "fastest"])
