"""The trade of speed against price: what is on the frontier, and what a provider picks."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from llmecon._checks import Numbers, require
from llmecon.transformer import FloatArray

SPEED, PRICE = "tokens_per_s", "usd_per_mtok"


def on_frontier(seconds: FloatArray, usd_per_mtok: FloatArray) -> npt.NDArray[np.intp]:
    """Flat indices of the points that nothing beats in both, fastest first.

    Sort by time, then keep every new minimum of cost: exact, in the time of one sort.

    Examples
    --------
    >>> import numpy as np
    >>> on_frontier(np.array([3.0, 1.0, 2.0, 2.5]), np.array([1.0, 9.0, 4.0, 5.0]))
    array([1, 2, 0])
    """
    time, cost = np.broadcast_arrays(seconds, usd_per_mtok)
    time, cost = time.ravel(), cost.ravel()
    possible = np.flatnonzero(np.isfinite(time) & np.isfinite(cost))
    order = possible[np.lexsort((cost[possible], time[possible]))]
    falling = cost[order]
    best_before = np.concatenate([[np.inf], np.minimum.accumulate(falling)[:-1]])
    return np.asarray(order[falling < best_before])


def cheapest_at(frontier: pd.DataFrame, tokens_per_s: Numbers) -> FloatArray:
    """Least cost at which a user gets at least this speed; infinite beyond the fastest.

    Examples
    --------
    >>> import pandas as pd
    >>> line = pd.DataFrame({"tokens_per_s": [50.0, 100.0], "usd_per_mtok": [1.0, 4.0]})
    >>> cheapest_at(line, [20, 60, 200])
    array([ 1.,  4., inf])
    """
    wanted = require("tokens_per_s", tokens_per_s, above=0, unit="tokens/s")
    speed, price = _sorted(frontier)
    at = np.searchsorted(speed, wanted * (1 - 1e-12))
    return np.append(price, np.inf)[at]


def fastest_at(frontier: pd.DataFrame, usd_per_mtok: Numbers) -> FloatArray:
    """Highest speed that costs no more than this; 0 below the cheapest.

    Examples
    --------
    >>> import pandas as pd
    >>> line = pd.DataFrame({"tokens_per_s": [50.0, 100.0], "usd_per_mtok": [1.0, 4.0]})
    >>> fastest_at(line, [0.5, 1, 10])
    array([  0.,  50., 100.])
    """
    paid = require("usd_per_mtok", usd_per_mtok, above=0, unit="USD/Mtok")
    speed, price = _sorted(frontier)
    at = np.searchsorted(price, paid * (1 + 1e-12), side="right")
    return np.insert(speed, 0, 0.0)[at]


def preferred(frontier: pd.DataFrame, *, alpha: float = 3.0) -> pd.Series:
    r"""The point a provider picks: the most of speed\ :sup:`alpha` over price.

    About 3 matches the prices of 2024 (Erdil, arXiv:2506.04645); with 0 customers only want
    tokens, and the cheapest point wins.

    Examples
    --------
    >>> import pandas as pd
    >>> line = pd.DataFrame({"tokens_per_s": [50.0, 100.0], "usd_per_mtok": [1.0, 4.0]})
    >>> float(preferred(line, alpha=3).tokens_per_s)
    100.0
    """
    power = float(require("alpha", alpha, minimum=0))
    value = power * np.log(frontier[SPEED]) - np.log(frontier[PRICE])
    best: pd.Series = frontier.iloc[int(np.argmax(value))]
    return best


def _sorted(frontier: pd.DataFrame) -> tuple[FloatArray, FloatArray]:
    line = frontier.sort_values(SPEED)
    return line[SPEED].to_numpy(np.float64), line[PRICE].to_numpy(np.float64)
