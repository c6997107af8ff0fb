r"""How much of a fall in size each cause can explain, by the laws.

A model as it was built, of size N and data D, has a loss by a law. Three changes keep that loss:

1. **law**: split the compute as the law says, N_1;
2. **demand**: make training and serving together cheapest, N_2;
3. **data and methods**: let each token and each parameter be worth more, N_3.

The factor of a cause is the size before over the size after. Demand comes after the law, for it
moves the law's optimum; data and methods may come before or after demand, and a cause's factor is
the geometric mean over the two orders, with both orders kept as its range.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from llmecon._checks import require
from llmecon.chinchilla import (
    Allocation,
    ProgressLaw,
    SeparableLaw,
    inference_optimal,
    inference_optimal_usd,
)

FloatArray = npt.NDArray[np.float64]
CAUSES = ("law", "demand", "data and methods")
TOGETHER = "together"
Price = Callable[[FloatArray], FloatArray]


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


NO_GAINS = Gains()


def gains_of(progress: ProgressLaw, years: float) -> Gains:
    """Gains of some years as a law of progress splits them between data and size.

    Examples
    --------
    Ho et al. 2024 see nearly all of it on the side of the data.

    >>> from llmecon import chinchilla
    >>> one = gains_of(chinchilla.HO_2024, 1.0)
    >>> round(one.tokens, 2), round(one.params, 2)
    (2.46, 1.06)
    """
    elapsed = float(require("years", years, minimum=0, unit="years"))
    return Gains(
        tokens=2 ** (elapsed / progress.tokens_doubling_years),
        params=2 ** (elapsed / progress.params_doubling_years),
    )


def even_gains(flop_doubling_months: float, years: float) -> Gains:
    """Gains that make compute worth twice as much in some months, split evenly.

    Examples
    --------
    >>> even_gains(6.0, 1.0)
    Gains(tokens=2.0, params=2.0)
    """
    months = float(require("flop_doubling_months", flop_doubling_months, above=0, unit="months"))
    elapsed = float(require("years", years, minimum=0, unit="years"))
    half = float(2 ** (12 * elapsed / months / 2))
    return Gains(tokens=half, params=half)


def decompose(
    laws: Iterable[SeparableLaw],
    *,
    n_params: float,
    n_tokens: float,
    tokens_served: Iterable[float],
    gains: Mapping[str, Gains],
    usd_per_train_flop: float | None = None,
    usd_per_served_token: Price | None = None,
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
    gains : mapping
        Name to `Gains` of data and methods.
    usd_per_train_flop, usd_per_served_token : float and callable, optional
        Count dollars, not FLOP: see :func:`llmecon.chinchilla.inference_optimal_usd`.

    Returns
    -------
    pandas.DataFrame
        ``law``, ``tokens_served``, ``gains``, ``cause`` (`CAUSES` and `TOGETHER`), ``factor``
        (above 1: smaller), ``low``, ``high`` over the orders, ``params`` after the cause in the
        order above, ``decades_outside`` the law's runs.

    Raises
    ------
    ValueError
        If only one of the two prices is given.

    Examples
    --------
    >>> from llmecon import chinchilla
    >>> found = decompose([chinchilla.BESIROGLU_2024], n_params=70e9, n_tokens=1.4e12,
    ...                   tokens_served=[1e13], gains={"none": NO_GAINS})
    >>> found.set_index("cause").factor.round(2).to_dict()
    {'law': 0.96, 'demand': 2.12, 'data and methods': 1.0, 'together': 2.03}
    """
    if (usd_per_train_flop is None) != (usd_per_served_token is None):
        raise ValueError("usd_per_train_flop and usd_per_served_token must be given together")

    rows = []
    for law in laws:
        loss = float(law.loss(n_params, n_tokens))
        optimal = float(law.optimal(loss=loss).params)
        for served in tokens_served:
            costs = (loss, served, usd_per_train_flop, usd_per_served_token)
            demand = float(_cheapest(law, *costs).params)
            for name, gain in gains.items():
                better = gain.applied(law)
                last = _cheapest(better, *costs)
                sizes = _Sizes(
                    built=n_params,
                    optimal=optimal,
                    demand=demand,
                    gained=float(better.optimal(loss=loss).params),
                    last=float(last.params),
                )
                case = {"law": law.name, "tokens_served": served, "gains": name}
                outside = {"decades_outside": float(last.decades_outside)}
                rows += [case | row | outside for row in sizes.factors()]
    return pd.DataFrame(rows)


def _cheapest(
    law: SeparableLaw,
    loss: float,
    served: float,
    usd_per_train_flop: float | None,
    usd_per_served_token: Price | None,
) -> Allocation:
    if usd_per_train_flop is None or usd_per_served_token is None:
        return inference_optimal(law, loss=loss, tokens_served=served)
    return inference_optimal_usd(
        law,
        loss=loss,
        tokens_served=served,
        usd_per_train_flop=usd_per_train_flop,
        usd_per_served_token=usd_per_served_token,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sizes:
    """Sizes of equal loss, with the changes that were made. [parameters]"""

    built: float
    optimal: float  # law
    demand: float  # law and demand
    gained: float  # law and gains
    last: float  # all three

    def factors(self) -> list[dict[str, str | float]]:
        """One row a cause: factor, its range over the orders, size after it."""
        orders = {
            "law": (self.built / self.optimal,),
            "demand": (self.optimal / self.demand, self.gained / self.last),
            "data and methods": (self.demand / self.last, self.optimal / self.gained),
            TOGETHER: (self.built / self.last,),
        }
        after = (self.optimal, self.demand, self.last, self.last)
        return [
            {
                "cause": cause,
                "factor": float(np.exp(np.mean(np.log(ways)))),
                "low": min(ways),
                "high": max(ways),
                "params": params,
            }
            for (cause, ways), params in zip(orders.items(), after, strict=True)
        ]


def ranges(cases: pd.DataFrame) -> pd.DataFrame:
    """Range of each cause's factor over all cases and orders.

    Parameters
    ----------
    cases : pandas.DataFrame
        From :func:`decompose`.

    Returns
    -------
    pandas.DataFrame
        ``cause``, ``low``, ``middle`` (median of the cases), ``high``. The ends of the causes do
        not multiply up to those of the whole: one law does not give them all.
    """
    by_cause = cases.groupby("cause", sort=False)
    table = by_cause.agg(low=("low", "min"), middle=("factor", "median"), high=("high", "max"))
    return table.reset_index()
