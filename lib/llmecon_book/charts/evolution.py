"""Figures of the chapter on how models grew: each draws what its section found."""

from __future__ import annotations

import altair as alt
import pandas as pd

from llmecon_book import chapters
from llmecon_book.chapters import Section
from llmecon_book.charts import common, layers, texts, theme
from llmecon_book.words import short


def sizes(found: Section) -> alt.LayerChart:
    """Size against release date, one mark a model, a bar where only a range is known."""
    y, bars, points = _by_date(found.sized, "developer", opacity=0.7)
    named = points.data[points.data.model.isin(found.named)]
    x = common.date_x("release_date")
    labels = layers.names(named, x, y, "model", align="right", dx=-8, dy=-4)
    more = chapters.ends("size", found.sized.total_params)
    more["early_times"] = found.story.iloc[1] / found.story.iloc[0]
    return common.finish(
        bars,
        points,
        labels,
        **texts.told("evolution.sizes", found, found.sized, chosen=named, **more),
        height=380,
    )


def _by_date(
    models: pd.DataFrame, *others: str, also: tuple[pd.Series, ...] = (), opacity: float
) -> tuple[alt.Y, alt.Chart, alt.Chart]:
    """Models by release date and size: the axis, the published ranges, and the points."""
    low, high = "size_low", "size_high"
    columns = ["model", *others, "release_date", "total_params", "size_status"]
    data = common.tidy(models, [*columns, low, high])
    ranged = data[data.size_status != "disclosed"].dropna(subset=[low, high])
    shown = data.total_params, ranged[low], ranged[high], *also
    x = common.date_x("release_date")
    y = common.log_y("total_params", *shown, title=common.ALL)
    bars = layers.ranges(ranged, y, x, low=low, high=high, color=theme.GREY, opacity=opacity)
    tooltip = [name.replace("date", "date:T") for name in columns]
    return y, bars, layers.status_points(data, x, y, color=theme.BLUE, tooltip=tooltip)


def growth(found: Section) -> alt.LayerChart:
    """Growth factor per year of several spans, with intervals where a fit gives one."""
    spans = found.spans.rename_axis("span").reset_index()
    data = common.tidy(spans, ["span", "factor_per_year", "low", "high"])
    title = "Growth of all parameters, log scale [times per year]"
    shown = data.factor_per_year, data.low, data.high
    x = common.log_x("factor_per_year", *shown, title=title, counts=False)
    y = common.row_y("span", data.span, 240)
    base, number = alt.Chart(data).encode(x, y), alt.Text("factor_per_year:Q", format=".3~g")
    known = data.dropna(subset=["low"])
    return common.finish(
        layers.ranges(known, x, y, color=theme.GREY, strokeWidth=3, opacity=0.6),
        base.mark_point(filled=True, size=90, color=theme.BLUE),
        base.mark_text(align="center", dy=-13).encode(text=number),
        **texts.told("evolution.growth", found, data),
        height=48 * len(data),
    )


def total_and_active(found: Section) -> alt.LayerChart:
    """All parameters and those at work on a token, joined by a line; hollow if not disclosed."""
    data = common.tidy(found.shown, ["model", "total_params", "active_params", "size_status"])
    status = " (" + data.size_status + ")"
    data["model"] += status.where(data.size_status != "disclosed", "")
    sides = {"total": "total_params", "active": "active_params"}
    long = common.by_kind_of_params(data, **sides, kept=["model", "size_status"], value="params")
    y = common.row_y("model", data.model, 200)
    x = common.log_x("params", long.params, title="Parameters, log scale [parameters]")
    ends = {"low": "active_params", "high": "total_params"}
    sure = long.size_status == "disclosed"
    tooltip = ["model", "which", "params", "size_status"]
    points = [
        alt.Chart(rows)
        .mark_point(size=90, filled=filled)
        .encode(x, y, *common.kinds_of_params(), tooltip=tooltip)
        for rows, filled in ((long[sure], True), (long[~sure], False))
        if not rows.empty
    ]
    return common.finish(
        layers.ranges(data, x, y, **ends, color=theme.GREY, strokeWidth=2),
        *points,
        **texts.told("evolution.total_and_active", found, data),
        height=34 * len(data),
    )


def turning_point(found: Section) -> alt.LayerChart:
    """Two growth rates that meet, with the days between which they may meet."""
    drawn = common.tidy(found.lines, ["line", "date", "params"])
    y, bars, points = _by_date(found.known, also=(drawn.params,), opacity=0.5)
    window = pd.DataFrame([{"start": found.bend_earliest, "end": found.bend_latest}])
    band = alt.Chart(window).mark_rect(color=theme.ORANGE, opacity=0.2)
    _, dash = common.series("line", "Fit", drawn.line)
    line = alt.Chart(drawn).mark_line(color=theme.VERMILLION)
    sizes = chapters.ends("size", found.known.total_params)
    return common.finish(
        band.encode(common.date_x("start"), alt.X2("end:T")),
        bars,
        points,
        line.encode(common.date_x("date"), common.like(y, "params"), dash),
        **texts.told("evolution.turning_point", found, found.known, **sizes),
        height=360,
    )


def extrapolations(found: Section) -> alt.LayerChart:
    """Trends drawn on beyond their last model, with the sizes that came."""
    columns = ["model", "release_date", "total_params", "size_status"]
    drawn = common.tidy(found.trends.rename(columns={"line": "trend"}), ["trend", "date", "params"])
    data = common.tidy(found.released, columns)
    spread = common.tidy(found.fan, ["date", "level", "low", "high"], digits=4)
    claim = pd.DataFrame([{"claim": f"the article: {short(found.claim)}", "params": found.claim}])
    shown = drawn.params, data.total_params, claim.params, spread.low, spread.high
    x, on = (common.date_x(column, "Date") for column in ("date", "release_date"))
    y = common.log_y("params", *shown, title=common.ALL)
    area = alt.Chart(spread).mark_area(color=theme.GREEN, opacity=0.18)
    of_trend = common.series("trend", "Trend through", drawn.trend)
    tooltip = [name.replace("date", "date:T") for name in columns]
    rule, label = layers.named_levels(claim, y, "claim", side="left", rule=layers.DOTTED)
    sizes = common.like(y, "total_params")
    points = layers.status_points(data, on, sizes, color=theme.GREY, tooltip=tooltip)
    ends = common.last_of_each(drawn, "trend", "date")
    more = {"ends": ends, "highest": ends.params.max()}
    return common.finish(
        area.encode(x, common.like(y, "low"), alt.Y2("high:Q"), alt.Detail("level:N")),
        rule,
        points,
        alt.Chart(drawn).mark_line().encode(x, y, *of_trend),
        label,
        **texts.told("evolution.extrapolations", found, data, **more),
        height=360,
    )
