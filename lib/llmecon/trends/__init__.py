"""How sizes change with time: ratios, growth rates, extrapolation, turning points."""

from llmecon.trends.dates import DAYS_PER_YEAR, elapsed_years, years_since
from llmecon.trends.growth import (
    Growth,
    date_reached,
    doubling_time,
    extrapolate,
    growth_rate,
    ratio,
    records,
)

__all__ = [
    "DAYS_PER_YEAR",
    "Growth",
    "date_reached",
    "doubling_time",
    "elapsed_years",
    "extrapolate",
    "growth_rate",
    "ratio",
    "records",
    "years_since",
]
