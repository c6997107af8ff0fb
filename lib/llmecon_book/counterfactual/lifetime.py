"""Dollars over a model's life against its size, at equal quality."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from llmecon._checks import Numbers, require
from llmecon.chinchilla import SeparableLaw, implied_served_per_trained_token

_NEAR_FLOOR = 1.1  # closer to the smallest size the tokens have no bound


def lifetime_curve(
    law: SeparableLaw,
    *,
    loss: float,
    usd_per_train_flop: float,
    usd_per_served_token: Callable[[Numbers], Numbers],
    largest: float = 2.0,
    points: int = 60,
    through: Sequence[float] = (),
) -> pd.DataFrame:
    """Training and serving cost of every size that reaches a loss.

    Parameters
    ----------
    law : SeparableLaw
        Loss law.
    loss : float
        Quality that is kept. [nats/token]
    usd_per_train_flop : float
        See :func:`llmecon.chinchilla.usd_per_flop`. [USD/FLOP]
    usd_per_served_token : callable
        Size [parameters] to price of a token, such as a `ServingPrice`. [USD/token]
    largest : float, optional
        Largest size over the compute-optimal one. [1]
    points : int, optional
        Sizes, evenly spaced in logarithm.
    through : sequence of float, optional
        Further sizes, such as the best one, that the curve must not miss. [parameters]

    Returns
    -------
    pandas.DataFrame
        ``law``, ``params``, ``tokens``, ``train_usd``, ``usd_per_mtok`` (serving),
        ``decades_outside`` the law's runs. The total for a demand x is
        ``train_usd + x * usd_per_mtok / 1e6``.

    Examples
    --------
    >>> from llmecon import chinchilla
    >>> curve = lifetime_curve(chinchilla.DE_VRIES_2023, loss=1.947, usd_per_train_flop=1e-18,
    ...                        usd_per_served_token=lambda n: 2e-18 * n, points=400)
    >>> total = curve.train_usd + 2e12 * curve.usd_per_mtok / 1e6
    >>> round(curve.params[total.idxmin()] / 1e9)
    24
    """
    best = law.optimal(loss=loss)
    top = float(require("largest", largest, above=1)) * float(best.params)
    count = int(require("points", points, minimum=2))
    even = np.geomspace(_NEAR_FLOOR * float(law.params_floor(loss)), top, count)
    sizes = np.union1d(even, require("through", list(through), above=0, unit="parameters"))
    run = law.predict(sizes, law.tokens_for(sizes, loss))
    rate = float(require("usd_per_train_flop", usd_per_train_flop, above=0, unit="USD/FLOP"))
    return pd.DataFrame(
        {
            "law": law.name,
            "params": run.params,
            "tokens": run.tokens,
            "train_usd": rate * run.flop,
            "usd_per_mtok": 1e6 * np.asarray(usd_per_served_token(sizes)),
            "decades_outside": run.decades_outside,
        }
    )


def servings_that_justify(law: SeparableLaw, models: pd.DataFrame) -> pd.DataFrame:
    """Tokens that a model would have to serve for its size and data to be the cheapest choice.

    Parameters
    ----------
    law : SeparableLaw
        Loss law; an illustration, for it belongs to another corpus and tokenizer.
    models : pandas.DataFrame
        ``model``, ``active_params``, ``training_tokens``.

    Returns
    -------
    pandas.DataFrame
        The rows with ``tokens_served`` (negative where the model saw fewer tokens than even its
        training optimum), ``size_ratio`` and ``flop_ratio`` to the compute-optimal model of the
        same loss, ``tokens_per_param``, and ``decades_outside`` the law's runs.
    """
    size, tokens = (models[name].to_numpy(dtype=float) for name in _SIZE_AND_DATA)
    run = law.predict(size, tokens)
    best = law.optimal(loss=law.loss(size, tokens))
    return models.assign(
        tokens_served=implied_served_per_trained_token(law, size, tokens) * tokens,
        size_ratio=size / best.params,
        flop_ratio=6 * size * tokens / best.flop,
        tokens_per_param=tokens / size,
        decades_outside=run.decades_outside,
    )


_SIZE_AND_DATA = ("active_params", "training_tokens")
