"""Figures of the chapter on what the article expected; each takes the section that it shows."""

from __future__ import annotations

import altair as alt

from llmecon_book import facts
from llmecon_book.chapters import Section
from llmecon_book.charts import theme
from llmecon_book.charts.common import (
    ALL,
    STATUSES,
    by_kind_of_params,
    date_x,
    finish,
    kinds,
    kinds_of_params,
    last_of_each,
    log_x,
    log_y,
    row_y,
    series,
    spoken,
    tidy,
)
from llmecon_book.charts.layers import (
    DOTTED,
    dots,
    named_levels,
    names_beside,
    price_y,
    ranges,
    rule_at,
    status_points,
    step_lines,
)
from llmecon_book.charts.texts import told

_MODELS = ["calibrated serving model", "the essay's model"]


def open_frontier(found: Section) -> alt.LayerChart:
    """Sizes of open frontier models, their trend, and the fall drawn on."""
    data = tidy(found.frontier, ["model", "release_date", "total_params", "active_params"])
    long = by_kind_of_params(
        data, "total_params", "active_params", kept=["model", "release_date"], value="params"
    )
    drawn = tidy(found.lines, ["line", "date", "params"])
    y = log_y("params", long.params, drawn.params, title="Parameters, log scale [parameters]")
    long.attrs["shown"] = ["model", "release_date", "which", "params"]
    marks = (long.dropna(), date_x("release_date"), y, *kinds_of_params())
    dash = series("line", "Trend", drawn.line)[1]
    at_ends = last_of_each(drawn, "line", "date")
    sizes = spoken(data, "model", "total_params", "active_params")
    return finish(
        alt.Chart(drawn).mark_line(color=theme.GREY).encode(date_x("date"), y, dash),
        dots(*marks, size=60),
        **told("outlook.open_frontier", found, data, sizes=sizes, ends=at_ends),
        height=380,
    )


def closed_sizes(found: Section) -> alt.LayerChart:
    """What is known of the size of closed frontier models, with the ranges of the estimates."""
    level = facts.size(facts.GPT4)
    columns = ["model", "release_date", "total_params", "low", "high", "size_status"]
    data = tidy(found.known.sort_values("release_date", kind="stable"), columns)
    x = log_x("total_params", data.total_params, data.low, data.high, [level], title=ALL)
    y, color = row_y("model", data.model, 160), theme.VERMILLION
    tooltip = ["model", "release_date:T", "total_params", "low", "high", "size_status"]
    points = status_points(data, x, y, size=70, color=color, tooltip=tooltip)
    known = [status for status in STATUSES if status in set(data.size_status)]
    sizes = spoken(data, "model", "total_params", "low", "high")
    for channel in (points.encoding.shape, points.encoding.fill):
        channel["legend"] = alt.Legend(values=known)
    return finish(
        rule_at(x, level, **DOTTED),
        ranges(data, x, y, strokeWidth=3, opacity=0.45, color=color),
        points,
        **told("outlook.closed_sizes", found, data, sizes=sizes, level=level),
        height=26 * len(data),
    )


def smallest_at_score(found: Section) -> alt.LayerChart:
    """Smallest open model that reached the score of a closed one, as time went on."""
    data = tidy(found.steps, ["level", "model", "release_date", "total_params"])
    x, y = date_x("release_date"), log_y("total_params", data.total_params, title=ALL)
    of_level = series("level", "Level of", data.level)
    tooltip = ["level", "model", "release_date:T", "total_params"]
    return finish(
        *step_lines(data, x, y, of_level, tooltip=tooltip),
        **told("outlook.smallest_at_score", found, data, last=data.groupby("level").last()),
        height=360,
    )


def facts_and_size(found: Section) -> alt.LayerChart:
    """Score in factual questions against size, with closed models as lines."""
    columns = ["model", "total_params", "score"]
    data, lines = tidy(found.known, columns), tidy(found.closed, ["model", "score"])
    x = log_x("total_params", data.total_params, title=ALL)
    y = alt.Y("score:Q", title="SimpleQA, answered correctly [%]")
    rules, closed = named_levels(
        lines, y, "model", side="left", rule={"strokeDash": [4, 3]}, fontStyle="italic"
    )
    return finish(
        rules,
        dots(data, x, y),
        *names_beside(data, x, y, name="model", across="total_params"),
        closed,
        **told("outlook.facts_and_size", found, data, lines=lines),
        height=340,
    )


def price_paths(found: Section) -> alt.LayerChart:
    """Prices over time: of flagships, and of the cheapest model of a given quality."""
    data = tidy(found.paths, ["path", "date", "model", "output_usd_per_mtok"])
    x, y = date_x("date", "Date from which the price holds"), price_y(data.output_usd_per_mtok)
    of_path = series("path", "Price of", data["path"])
    tooltip = ["path", "model", "date:T", "output_usd_per_mtok"]
    return finish(
        *step_lines(data, x, y, of_path, tooltip=tooltip, size=40),
        **told("outlook.price_paths", found, data),
        height=340,
    )


def served(found: Section) -> alt.LayerChart:
    """Largest model that each accelerator serves, by the calibrated model and by the essay's."""
    sizes = found.sizes.dropna(subset=["low", "params", "high"])
    long = sizes.melt(["chip", "low", "high"], ["params", "essay"], "model", "size")
    long["model"] = long.model.map(dict(zip(("params", "essay"), _MODELS, strict=True)))
    data = tidy(long, ["chip", "model", "size", "low", "high"], digits=4)
    data.attrs["shown"] = ["chip", "model", "size"]
    x, y = (
        log_x("size", data["size"], data.low, data.high, title=ALL),
        row_y("chip", data.chip, 190),
    )
    calibrated = data[data.model == _MODELS[0]]
    return finish(
        ranges(calibrated, x, y, strokeWidth=5, opacity=0.45, color=theme.BLUE),
        dots(data, x, y, *kinds("model", "By", _MODELS), size=80),
        **told("outlook.served", found, data),
        height=30 * len(calibrated),
    )
