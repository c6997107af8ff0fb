"""Figures of the chapter on why models shrank; each takes the section that it shows."""

from __future__ import annotations

import altair as alt

from llmecon_book.chapters import Section
from llmecon_book.charts import theme
from llmecon_book.charts.common import finish, kinds, like, log_x, row_y, tidy
from llmecon_book.charts.layers import dots, ranges, rule_at, status_points
from llmecon_book.charts.texts import told


def steps(found: Section) -> alt.LayerChart:
    """From GPT-4's size through each cause to the size of all three, beside GPT-4o's."""
    data = tidy(found.steps, ["step", "kind", "start", "params", "low", "high"], digits=4)
    data.attrs["shown"] = ["step", "params", "low", "high"]
    y = row_y("step", data.step, 340)
    title = "Active parameters, log scale [parameters]"
    x = log_x("params", data.params, data.low, data.high, title=title)
    color, shape = (of.legend(None) for of in kinds("kind", "Size", data.kind))  # rows say it
    # As everywhere, a reported size is a diamond and an inferred one a triangle.
    looks = {"built": "diamond", "cause": "square", "result": "circle", "inferred": "triangle-up"}
    shape = shape.scale(domain=[*looks], range=[*looks.values()])
    return finish(
        ranges(data, x, y, color, low="start", high="params", strokeWidth=10, opacity=0.55),
        ranges(data, x, y, color, strokeWidth=3, strokeDash=[2, 2]),
        dots(data, x, y, color, shape, size=110, filled=False),
        **told("causes.steps", found, data, change=found.steps.change),
        height=46 * len(data),
    )


def tokens_per_param(found: Section) -> alt.LayerChart:
    """Training tokens per parameter of models in order of date, beside two rules."""
    data = tidy(found.trained, ["row", "tokens_per_param", "size_status"])
    title = "Training tokens per parameter, log scale [tokens/parameter]"
    levels = found.kaplan_ratio, found.chinchilla_ratio
    x = log_x("tokens_per_param", data.tokens_per_param, levels, title=title, counts=False)
    tooltip = ["row", "tokens_per_param", "size_status"]
    return finish(
        *(rule_at(x, level, color=theme.VERMILLION, strokeDash=[5, 3]) for level in levels),
        status_points(data, x, row_y("row", data.row), color=theme.BLUE, tooltip=tooltip, size=90),
        **told("causes.tokens_per_param", found, data),
        height=32 * len(data),
    )


def decomposition(found: Section) -> alt.LayerChart:
    """What each cause can explain of a fall in size, beside what is to be explained."""
    data = tidy(found.rows, ["row", "kind", "low", "middle", "high"], digits=4)
    y = row_y("row", data.row, 340)
    title = "Factor by which the model is smaller, log scale [times]"
    x = log_x("low", data.low, data.high, [1.0], title=title, counts=False)
    color, shape = kinds("kind", "Counted in", data.kind)
    return finish(
        rule_at(x, 1.0, color=theme.GREY),
        ranges(data, x, y, color, strokeWidth=5, opacity=0.55),
        dots(data, like(x, "middle"), y, color, shape, size=90),
        **told("causes.decomposition", found, data),
        height=34 * len(data),
    )
