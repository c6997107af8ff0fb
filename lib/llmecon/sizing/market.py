"""Which accelerators served on a day, and what an hour of one cost."""

from functools import cache
from pathlib import Path

import pandas as pd

from llmecon import catalog
from llmecon.accelerator import Accelerator

# Accelerators that most serving of language models ran on, in the order they came out.
_SERVING = (
    "V100 SXM2 32GB",
    "A100 SXM 80GB",
    "H100 SXM 80GB",
    "H200 SXM 141GB",
    "B200 SXM 180GB",
    "GB200 NVL72",
)
_YEARS_TO_VOLUME = 0.25  # from the first unit to a fleet
_YEARS_IN_SERVICE = 3.75  # until newer ones carry most of the load
_DAYS_PER_YEAR = 365.25
# Prices that a provider pays, in order of preference; lists of clouds are what nobody pays.
_KINDS = (
    "rental",
    "assumed_in_model",
    "neocloud_total_cost_of_ownership",
    "one_year_contract",
    "market_on_demand_median",
)


def chips_on(day: pd.Timestamp) -> list[Accelerator]:
    """Accelerators in use on a day: a quarter to 3.75 years old, else the newest before.

    Raises
    ------
    ValueError
        Before the first of them.
    """
    return list(_chips_on(day, catalog.data_folder()))


@cache
def _chips_on(day: pd.Timestamp, folder: Path) -> tuple[Accelerator, ...]:
    frame = catalog.accelerators().set_index("name").loc[list(_SERVING)]
    age = (day - frame.release_date).dt.days / _DAYS_PER_YEAR
    if not (age >= 0).any():
        first = frame.release_date.min()
        raise ValueError(
            f"date must be >= {first:%Y-%m-%d}, when the first accelerator came out, "
            f"got {day:%Y-%m-%d}"
        )
    used = frame.index[(age >= _YEARS_TO_VOLUME) & (age <= _YEARS_IN_SERVICE)]
    if used.empty:
        used = frame.index[age == age[age >= 0].min()]
    return tuple(catalog.accelerator(str(name)) for name in used)


def usd_per_chip_hour(chip: str, day: pd.Timestamp) -> float:
    """Price of an hour nearest to a day. [USD per accelerator-hour]

    Raises
    ------
    UnknownName
        If no price of the accelerator is known.
    """
    return _usd_per_chip_hour(chip, day, catalog.data_folder())


@cache
def _usd_per_chip_hour(chip: str, day: pd.Timestamp, folder: Path) -> float:
    frame = catalog.gpu_prices()
    frame = frame[frame.price_kind.isin(_KINDS)]
    rows = frame[frame.accelerator == chip]
    if rows.empty:
        raise catalog.UnknownName("accelerator with a price", chip, frame.accelerator.unique())
    ranked = rows.assign(
        days=(rows.date - day).abs(), kind=rows.price_kind.map(_KINDS.index)
    ).sort_values(["days", "kind"], kind="stable")
    return float(ranked.usd_per_gpu_hour.iloc[0])
