"""How sizes change with time: ratios, growth rates, extrapolation, turning points."""

from llmecon.trends._dates import elapsed_years
from llmecon.trends.breaks import Break, BreakSamples, break_point, break_samples
from llmecon.trends.growth import (
    Growth,
    doubling_time,
    growth_rate,
    ratio,
    records,
)
from llmecon.trends.uncertain import GrowthSamples, fan, growth_samples, sample_sizes

__all__ = [
    "Break",
    "BreakSamples",
    "Growth",
    "GrowthSamples",
    "break_point",
    "break_samples",
    "doubling_time",
    "elapsed_years",
    "fan",
    "growth_rate",
    "growth_samples",
    "ratio",
    "records",
    "sample_sizes",
]
