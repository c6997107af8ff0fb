"""Figures of the test of sizes read off price and speed: each draws what its section found."""

from __future__ import annotations

import altair as alt
import numpy as np

from llmecon_book.chapters import Section
from llmecon_book.charts import common, layers, texts


def predicted_and_true(found: Section) -> alt.LayerChart:
    """Size by the line against the true one, for models whose size is known."""
    told = ["model", "date", "true", "predicted", "low", "high"]
    data = common.tidy(found.offers, told, digits=4)
    inside, words = data.true.between(data.low, data.high), ["holds the true size", "misses it"]
    data["interval"] = np.where(inside, *words)
    x = common.log_x("true", data.true, title="True size, log scale [parameters]")
    title = "Size by the line, log scale [parameters]"
    y = common.log_y("predicted", data.true, data.low, data.high, title=title)
    color, shape = common.kinds("interval", "The 80% interval", words)
    more = {"held": inside.sum(), "large": data.nlargest(12, "true")}
    return common.finish(
        layers.equality([data.true.min(), data.true.max()], x, y),
        layers.ranges(data, y, x, color, opacity=0.45),
        layers.dots(data, x, y, color, shape, filled=False, size=60),
        **texts.told("sizing.tested", found, data, **more),
        height=420,
    )


def error_by_rule(found: Section) -> alt.LayerChart:
    """Median error of each way to read a size, with its interval, for both kinds of size."""
    told = ["method", "of", "median_factor", "low", "high", "p90_factor", "lead_low", "lead_high"]
    data = common.tidy(found.errors, told, digits=4)
    scale = alt.Scale(domain=[1, float(data.high.max()) * 1.05])
    title = "Median error, either way; 1 is perfect [times]"
    x = alt.X("median_factor:Q", scale=scale, title=title)
    y = common.row_y("method", data.sort_values(["of", "median_factor"]).method, 220)
    color, shape = common.kinds("of", "Parameters", data.of)
    apart = alt.YOffset("of:N")
    return common.finish(
        layers.ranges(data, x, y, apart, color, strokeWidth=2, opacity=0.6),
        layers.dots(data, x, y, apart, color, shape),
        **texts.told("sizing.rules", found, data),
        height=44 * data.method.nunique(),
    )
