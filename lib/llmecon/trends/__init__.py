"""How sizes change with time: ratios, growth rates, extrapolation, turning points."""

from llmecon.trends.breaks import Break, break_point
from llmecon.trends.dates import elapsed_years, years_since
from llmecon.trends.growth import (
    Growth,
    date_reached,
    doubling_time,
    extrapolate,
    growth_rate,
    ratio,
    records,
)
from llmecon.trends.uncertain import (
    BreakSamples,
    GrowthSamples,
    break_samples,
    fan,
    growth_samples,
    sample_sizes,
)

__all__ = [
    "Break",
    "BreakSamples",
    "Growth",
    "GrowthSamples",
    "break_point",
    "break_samples",
    "date_reached",
    "doubling_time",
    "elapsed_years",
    "extrapolate",
    "fan",
    "growth_rate",
    "growth_samples",
    "ratio",
    "records",
    "sample_sizes",
    "years_since",
]
