r"""What would have been: the cheapest size under another law, demand, data, accelerator.

Joins the scaling laws to the cost of serving. Nothing here is a fact about a closed model: each
result says what a maker who minimises cost would have built under the assumptions given.

A model as it was built, of size N and data D, has a loss by a law. Three changes keep that loss:

1. **law**: split the compute as the law says, N_1;
2. **demand**: make training and serving together cheapest, N_2;
3. **data and methods**: let each token and each parameter be worth more, N_3.

The factor of a cause is the size before over the size after. Demand comes after the law, for it
moves the law's optimum; data and methods may come before or after demand, and a cause's factor is
the geometric mean over the two orders, with both orders kept as its range.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from scipy.interpolate import PchipInterpolator

from llmecon import catalog, chinchilla, cost
from llmecon._checks import FloatArray, Numbers, require
from llmecon.chinchilla import ProgressLaw, SeparableLaw
from llmecon_book import essay, facts

_MTOK = 1e6
# Copies of one shape, half a doubling apart: the price is smooth in between.
SCALES = tuple(float(2.0 ** (k / 2)) for k in range(-12, 9))
TRAIN_CHIP = "H100 SXM 80GB"
TRAIN_USD_PER_GPU_HOUR = 2.0  # the round sum of Erdil 2025 for an H100
TRAIN_MFU = 0.4
_NEAR_FLOOR = 1.1  # closer to the smallest size the tokens have no bound
_LARGEST = 2.0  # of a curve, over the compute-optimal size
LAW, DEMAND, DATA = "law", "demand", "data"
TOGETHER = "all"


# ---- causes of a fall in size ---------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Gains:
    """What a token and a parameter are worth in those of an earlier day.

    Attributes
    ----------
    tokens, params : float
        Effective over real tokens, and parameters. [1]
    """

    tokens: float = 1.0
    params: float = 1.0

    def __post_init__(self) -> None:
        require("tokens", self.tokens, above=0)
        require("params", self.params, above=0)

    def applied(self, law: SeparableLaw) -> SeparableLaw:
        """The law in real tokens and parameters: L(params N, tokens D)."""
        return replace(
            law,
            A=np.asarray(law.A * self.params ** -np.asarray(law.alpha))[()],
            B=np.asarray(law.B * self.tokens ** -np.asarray(law.beta))[()],
        )


def gains(years: float, progress: ProgressLaw = chinchilla.HO_2024) -> list[Gains]:
    """What progress of data and methods may have brought in some years.

    Parameters
    ----------
    years : float
        Time of progress. [years]
    progress : ProgressLaw, optional
        Measured progress; that of Ho et al. 2024 if not given.

    Returns
    -------
    list of Gains
        As fitted, nearly all on the side of the data; then split evenly between tokens and
        parameters, at each printed percentile.

    Examples
    --------
    >>> [round(each.tokens, 2) for each in gains(1.0)]
    [2.46, 2.51, 1.64, 1.34]
    """
    doubling = [(progress.tokens_doubling_years, progress.params_doubling_years)]
    # Of two factors that double compute in so many months, each takes twice as long.
    doubling += [(2 * months / 12,) * 2 for months in progress.doubling_months_interval]
    return [Gains(tokens=2 ** (years / n), params=2 ** (years / m)) for n, m in doubling]


def decompose(
    laws: Iterable[SeparableLaw],
    *,
    n_params: float,
    n_tokens: float,
    tokens_served: Iterable[float],
    gains: Iterable[Gains],
    **prices: Any,
) -> pd.DataFrame:
    """Factor that each cause takes off a model's size at equal loss, case by case.

    Parameters
    ----------
    laws : iterable of SeparableLaw
        Laws to ask.
    n_params, n_tokens : float
        The model as it was built. [parameters] [tokens]
    tokens_served : iterable of float
        Demands over its life. [tokens]
    gains : iterable of Gains
        What data and methods may have brought.
    **prices
        Count dollars, not FLOP: ``usd_per_train_flop`` and ``usd_per_served_token`` of
        :func:`llmecon.chinchilla.inference_optimal_usd`.

    Returns
    -------
    pandas.DataFrame
        ``case``, ``law``, ``tokens_served``, ``cause`` (`LAW`, `DEMAND`, `DATA`, `TOGETHER`),
        ``factor`` (above 1: smaller), ``low``, ``high`` over the orders, ``decades_outside`` the
        law's runs. The factors of a case multiply up to that of `TOGETHER`.

    Examples
    --------
    >>> from llmecon import chinchilla
    >>> found = decompose([chinchilla.BESIROGLU_2024], n_params=70e9, n_tokens=1.4e12,
    ...                   tokens_served=[1e13], gains=[Gains()])
    >>> found.set_index("cause").factor.round(2).to_dict()
    {'law': 0.96, 'demand': 2.12, 'data': 1.0, 'all': 2.03}
    """
    cheapest: Callable[..., chinchilla.Allocation] = (
        chinchilla.inference_optimal_usd if prices else chinchilla.inference_optimal
    )
    rows = []
    for case, (law, served, gain) in enumerate(product(laws, tokens_served, gains)):
        loss, better = float(law.loss(n_params, n_tokens)), gain.applied(law)
        optimal, gained = (float(one.optimal(loss=loss).params) for one in (law, better))
        demand, last = (
            cheapest(one, loss=loss, tokens_served=served, **prices) for one in (law, better)
        )
        now, end = float(demand.params), float(last.params)
        orders = {
            LAW: [n_params / optimal],
            DEMAND: [optimal / now, gained / end],
            DATA: [now / end, optimal / gained],
            TOGETHER: [n_params / end],
        }
        rows += [
            {
                "case": case,
                "law": law.name,
                "tokens_served": served,
                "cause": cause,
                "factor": float(np.exp(np.mean(np.log(factors)))),
                "low": min(factors),
                "high": max(factors),
                "decades_outside": float(last.decades_outside),
            }
            for cause, factors in orders.items()
        ]
    return pd.DataFrame(rows)


def ranges(cases: pd.DataFrame) -> pd.DataFrame:
    """Range of each cause's factor over all cases and orders of :func:`decompose`.

    Returns
    -------
    pandas.DataFrame
        ``low``, ``middle`` (median of the cases), ``high`` by ``cause``. The ends of the causes
        do not multiply up to those of the whole: one law does not give them all.
    """
    by_cause = cases.groupby("cause", sort=False)
    return by_cause.agg(low=("low", "min"), middle=("factor", "median"), high=("high", "max"))


def middle_case(cases: pd.DataFrame) -> pd.DataFrame:
    """The case of :func:`decompose` whose whole is nearest the median of all, by ``cause``."""
    whole = cases[cases.cause == TOGETHER].set_index("case").factor
    nearest = np.log(whole / whole.median()).abs().idxmin()
    chosen: pd.DataFrame = cases[cases.case == nearest].set_index("cause")
    return chosen


# ---- a model's life -------------------------------------------------------------------------


def lifetime_curve(
    law: SeparableLaw,
    *,
    loss: float,
    usd_per_train_flop: float,
    usd_per_served_token: Callable[[Numbers], Numbers],
    points: int = 100,
    through: Sequence[float] = (),
) -> pd.DataFrame:
    """Training and serving cost of every size that reaches a loss, up to twice the optimal one.

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
    points : int, optional
        Sizes, evenly spaced in logarithm.
    through : sequence of float, optional
        Further sizes, such as the best one, that the curve must not miss. [parameters]

    Returns
    -------
    pandas.DataFrame
        ``params``, ``tokens``, ``train_usd``, ``usd_per_mtok`` (serving), ``decades_outside`` the
        law's runs. The total for a demand x is ``train_usd + x * usd_per_mtok / 1e6``.

    Examples
    --------
    >>> from llmecon import chinchilla
    >>> curve = lifetime_curve(chinchilla.DE_VRIES_2023, loss=1.947, usd_per_train_flop=1e-18,
    ...                        usd_per_served_token=lambda n: 2e-18 * n, points=400)
    >>> total = curve.train_usd + 2e12 * curve.usd_per_mtok / 1e6
    >>> round(curve.params[total.idxmin()] / 1e9)
    24
    """
    floor, best = float(law.params_floor(loss)), float(law.optimal(loss=loss).params)
    even = np.geomspace(_NEAR_FLOOR * floor, _LARGEST * best, points)
    sizes = np.union1d(even, require("through", list(through), above=0, unit="parameters"))
    run = law.predict(sizes, law.tokens_for(sizes, loss))
    rate = float(require("usd_per_train_flop", usd_per_train_flop, above=0, unit="USD/FLOP"))
    return pd.DataFrame(
        {
            "params": run.params,
            "tokens": run.tokens,
            "train_usd": rate * run.flop,
            "usd_per_mtok": _MTOK * np.asarray(usd_per_served_token(sizes)),
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
        same loss.
    """
    size, tokens = (models[name].to_numpy(float) for name in ("active_params", "training_tokens"))
    best = law.optimal(loss=law.loss(size, tokens))
    per_trained_token = chinchilla.implied_served_per_trained_token(law, size, tokens)
    return models.assign(
        tokens_served=per_trained_token * tokens,
        size_ratio=size / best.params,
        flop_ratio=chinchilla.training_flop(size, tokens) / best.flop,
    )


# ---- price of serving by size ---------------------------------------------------------------


class ServingPrice:
    """Dollars of one output token as a function of size, at one speed of each user.

    Callable: takes parameters at work on a token, gives USD per token. Between the copies it
    was computed for it is monotone and smooth (Fritsch and Carlson 1980, in logarithms); beyond
    them it goes on with the slope of the end.

    Parameters
    ----------
    active_params : array
        Sizes it was computed for, rising. [parameters]
    usd_per_mtok : array
        Prices there. [USD/Mtok]
    """

    def __init__(self, active_params: FloatArray, usd_per_mtok: FloatArray) -> None:
        self._ends = np.log([active_params[0], active_params[-1]])
        # The grid of a frontier may make a larger copy cheaper by a hair.
        rising = np.maximum.accumulate(usd_per_mtok)
        self._curve = PchipInterpolator(np.log(active_params), np.log(rising / _MTOK))

    def __call__(self, n_params: Numbers) -> FloatArray:
        """Price of one token. [USD/token]"""
        wanted = np.log(require("n_params", n_params, above=0, unit="parameters"))
        inside = np.clip(wanted, *self._ends)
        slope = self._curve(np.where(wanted > inside, *self._ends[::-1]), 1)
        return np.asarray(np.exp(self._curve(inside) + slope * (wanted - inside)))

    def exponent(self, n_params: Numbers) -> FloatArray:
        """d ln price / d ln size: 1 where a token costs in proportion to size. [1]"""
        step = 1e-4
        size = np.asarray(n_params, dtype=np.float64)
        up, down = self(size * np.exp(step)), self(size * np.exp(-step))
        return np.asarray(np.log(up / down) / (2 * step))


def serving_price(frontiers: pd.DataFrame, *, tokens_per_s: float) -> ServingPrice:
    """Price of a token by size, at a speed of each user.

    Parameters
    ----------
    frontiers : pandas.DataFrame
        Copies of one shape, of :func:`llmecon_book.essay.halvings_frontier`.
    tokens_per_s : float
        Least speed of one user. [tokens/s]

    Raises
    ------
    ValueError
        If fewer than three copies reach the speed.

    Examples
    --------
    >>> from llmecon import catalog
    >>> gpt4, draft = map(catalog.transformer, ("GPT-4 (Erdil assumption)", "Llama 3 8B"))
    >>> lines = essay.halvings_frontier(gpt4, draft, fractions=(0.1, 0.3, 1), points=40)
    >>> price = serving_price(lines, tokens_per_s=1.0)
    >>> bool(price(2.8e11) > 2 * price(1.4e11) > 0)
    True
    """
    copies = [line for _, line in frontiers.groupby("n_active_params")]
    sizes = np.array([line.n_active_params.iloc[0] for line in copies])
    usd = np.array([float(cost.cheapest_at(line, tokens_per_s)) for line in copies])
    reached = np.isfinite(usd)
    if reached.sum() < 3:
        raise ValueError(
            f"tokens_per_s must be a speed that three of the copies reach, got {tokens_per_s:g} "
            f"for {reached.sum()} [tokens/s]"
        )
    return ServingPrice(sizes[reached], usd[reached])


def life_prices(
    tokens_per_s: float,
    usd_per_gpu_hour: float,
    *,
    context: float = 0,
) -> dict[str, Any]:
    """What training and serving a copy of GPT-4's reported shape costs, for `decompose`.

    Parameters
    ----------
    tokens_per_s : float
        Speed of each user. [tokens/s]
    usd_per_gpu_hour : float
        Rent of the H200 of the published figure, which serves in 16 bit with a draft model.
        [USD/h]
    context : float, optional
        Tokens in the cache. [tokens]

    Returns
    -------
    dict
        ``usd_per_train_flop`` [USD/FLOP], on `TRAIN_CHIP` at `TRAIN_USD_PER_GPU_HOUR` and
        `TRAIN_MFU`; and ``usd_per_served_token``, a `ServingPrice`.
    """
    shapes = catalog.transformer(facts.GPT4_SHAPE), catalog.transformer(facts.DRAFT_SHAPE)
    case: dict[str, Any] = {"usd_per_gpu_hour": usd_per_gpu_hour, "context": context}
    copies = essay.halvings_frontier(*shapes, fractions=SCALES, points=100, **case)
    peak = catalog.accelerator(TRAIN_CHIP).bf16_dense_flop_per_s
    return {
        "usd_per_train_flop": chinchilla.usd_per_flop(TRAIN_USD_PER_GPU_HOUR, peak, TRAIN_MFU),
        "usd_per_served_token": serving_price(copies, tokens_per_s=tokens_per_s),
    }


def servable_sizes(
    frontiers: pd.DataFrame, *, tokens_per_s: Sequence[float], usd_per_mtok: float
) -> pd.DataFrame:
    """Largest copy of a shape that can be served at each speed for a price.

    Parameters
    ----------
    frontiers : pandas.DataFrame
        Copies of one shape, of :func:`llmecon_book.essay.halvings_frontier`.
    tokens_per_s : sequence of float
        Speeds of one user. [tokens/s]
    usd_per_mtok : float
        Cost that is accepted. [USD per million output tokens]

    Returns
    -------
    pandas.DataFrame
        ``tokens_per_s``, ``total_params``, ``at_end``: true where the size is that of the
        smallest or the largest copy, a bound and not an answer.

    Notes
    -----
    Log-log between copies, by :func:`llmecon_book.essay.implied_size`.
    """
    by_size = {float(line.n_params.iloc[0]): line for _, line in frontiers.groupby("n_params")}
    speeds = require("tokens_per_s", list(tokens_per_s), above=0, unit="tokens/s")
    sizes = essay.implied_size(by_size, tokens_per_s=speeds, usd_per_mtok=usd_per_mtok)
    # Copies too dear at any speed fall out of the interpolation: its ends are those served.
    served = [n for n, line in by_size.items() if cost.fastest_at(line, usd_per_mtok) > 0]
    ends = np.isclose(sizes, served[0]) | np.isclose(sizes, served[-1])
    return pd.DataFrame({"tokens_per_s": speeds, "total_params": sizes, "at_end": ends})


def rent_on(chip: str, date: str | pd.Timestamp) -> float:
    """Rent of an accelerator under a contract of three years, by its day. [USD/h]

    Raises
    ------
    UnknownName
        If there is no such price.

    Examples
    --------
    >>> rent_on("H200 SXM 141GB", "2026-07-01")
    2.9
    """
    prices = catalog.gpu_prices()
    rentals = prices[
        (prices.price_kind == "three_year_rental") & (prices.date == pd.Timestamp(date))
    ]
    rents = rentals.groupby("accelerator").usd_per_gpu_hour.first()
    if chip not in rents:
        raise catalog.UnknownName("accelerator with a rental price", chip, rents.index)
    return float(rents[chip])
