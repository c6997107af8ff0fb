"""Figures of the chapter on how models grew: each draws what its section found."""

from __future__ import annotations

import altair as alt
import pandas as pd

from llmecon_book.chapters import Section
from llmecon_book.charts import common, layers, theme
from llmecon_book.words import as_month, short


def sizes(found: Section) -> alt.LayerChart:
    """Size against release date, one mark a model, a bar where only a range is known."""
    y, bars, points = _by_date(found.sized, "developer", opacity=0.7)
    named = points.data[points.data.model.isin(found.named)]
    x = common.date_x("release_date")
    labels = layers.names(named, x, y, "model", align="right", dx=-8, dy=-4)
    first, middle, last = found.story.index
    least, most = short(found.sized.total_params.min()), short(found.sized.total_params.max())
    return common.finish(
        bars,
        points,
        labels,
        takeaway=(
            f"From {first} to {last} models grew {found.story_times:,.0f} times in "
            f"{found.story_years:.1f} years, {found.story[middle] / found.story[first]:,.0f} times "
            f"of it by {middle}"
        ),
        height=380,
        description=(
            f"Scatter chart of {len(found.sized)} language models by release date and number of "
            f"parameters on a log scale, from {least} to {most}. Filled circles are disclosed "
            "sizes, hollow marks reported ones and estimates, with bars for published ranges. "
            f"{common.spoken(named, 'model', 'total_params')}."
        ),
    )


def _by_date(
    models: pd.DataFrame, *told: str, also: tuple[pd.Series, ...] = (), opacity: float
) -> tuple[alt.Y, alt.Chart, alt.Chart]:
    """Models by release date and size: the axis, the published ranges, and the points."""
    ends = ["size_low", "size_high"]
    columns = ["model", *told, "release_date", "total_params", "size_status"]
    data = common.tidy(models, [*columns, *ends])
    ranged = data[data.size_status != "disclosed"].dropna(subset=ends)
    low, high = ranged.size_low, ranged.size_high
    x = common.date_x("release_date")
    y = common.log_y("total_params", data.total_params, low, high, *also, title=common.ALL)
    bars = layers.ranges(ranged, y, x, low=ends[0], high=ends[1], color=theme.GREY, opacity=opacity)
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
        takeaway=(
            f"Growth slowed from {found.early_rate:.0f} times a year to {found.late_rate:.1f} "
            "before anybody spoke of shrinking"
        ),
        height=48 * len(data),
        description=(
            "Dot chart of growth factors per year on a log scale. "
            f"{common.listed(data, '{span}: {factor_per_year:.3g}')}."
        ),
    )


def total_and_active(found: Section) -> alt.LayerChart:
    """All parameters and those at work on a token, joined by a line; hollow if not disclosed."""
    data = common.tidy(found.shown, ["model", "total_params", "active_params", "size_status"])
    told = " (" + data.size_status + ")"
    data["model"] += told.where(data.size_status != "disclosed", "")
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
    _, middle, last = found.story
    return common.finish(
        layers.ranges(data, x, y, **ends, color=theme.GREY, strokeWidth=2),
        *points,
        takeaway=(
            f"{last} stores {found.total_ratio:.0f} times the parameters of {middle}, but "
            f"{found.active_ratio:.1f} times as many work on a token"
        ),
        height=34 * len(data),
        description=(
            "Two marks a model on a log scale: all parameters and those at work on one token. "
            f"{common.spoken(data, 'model', 'total_params', 'active_params')}."
        ),
    )


def turning_point(found: Section) -> alt.LayerChart:
    """Two growth rates that meet, with the days between which they may meet."""
    drawn = common.tidy(found.lines, ["line", "date", "params"])
    y, bars, points = _by_date(found.known, also=(drawn.params,), opacity=0.5)
    window = pd.DataFrame([{"start": found.bend_earliest, "end": found.bend_latest}])
    band = alt.Chart(window).mark_rect(color=theme.ORANGE, opacity=0.2)
    _, dash = common.series("line", "Fit", drawn.line)
    line = alt.Chart(drawn).mark_line(color=theme.VERMILLION)
    least, most = short(found.known.total_params.min()), short(found.known.total_params.max())
    return common.finish(
        band.encode(common.date_x("start"), alt.X2("end:T")),
        bars,
        points,
        line.encode(common.date_x("date"), common.like(y, "params"), dash),
        takeaway=(
            f"The frontier bent around {as_month(found.bend_date)}, from {found.bend_before:.1f} "
            f"times a year to {found.bend_after:.2f}: years before GPT-4o"
        ),
        height=360,
        description=(
            f"Sizes of {len(found.known)} frontier models by release date on a log scale, from "
            f"{least} to {most}, with a line that bends and one that does not. A band marks the "
            f"days on which the bend may lie, {found.bend_earliest:%Y-%m} to "
            f"{found.bend_latest:%Y-%m}. Bars are the published ranges of sizes that are not "
            "disclosed."
        ),
    )


def extrapolations(found: Section) -> alt.LayerChart:
    """Trends drawn on beyond their last model, with the sizes that came."""
    told, said = ["model", "release_date", "total_params", "size_status"], short(found.claim)
    drawn = common.tidy(found.trends.rename(columns={"line": "trend"}), ["trend", "date", "params"])
    data = common.tidy(found.released, told)
    spread = common.tidy(found.fan, ["date", "level", "low", "high"], digits=4)
    claim = pd.DataFrame([{"claim": f"the article: {said}", "params": found.claim}])
    shown = drawn.params, data.total_params, claim.params, spread.low, spread.high
    x, on = (common.date_x(column, "Date") for column in ("date", "release_date"))
    y = common.log_y("params", *shown, title=common.ALL)
    area = alt.Chart(spread).mark_area(color=theme.GREEN, opacity=0.18)
    of_trend = common.series("trend", "Trend through", drawn.trend)
    tooltip = [name.replace("date", "date:T") for name in told]
    rule, label = layers.named_levels(claim, y, "claim", side="left", rule=layers.DOTTED)
    sizes = common.like(y, "total_params")
    points = layers.status_points(data, on, sizes, color=theme.GREY, tooltip=tooltip)
    ends = common.last_of_each(drawn, "trend", "date")
    reached = common.listed(ends, "{trend}: {params:short}")
    return common.finish(
        area.encode(x, common.like(y, "low"), alt.Y2("high:Q"), alt.Detail("level:N")),
        rule,
        points,
        alt.Chart(drawn).mark_line().encode(x, y, *of_trend),
        label,
        takeaway=(
            f"The trend since {found.story[1]} gives {short(found.two_point)}, the "
            f"article says {said}; other trends end as high as {short(ends.params.max())}"
        ),
        height=360,
        description=(
            f"Lines extend each trend in size, log scale, to {ends.date.max():%Y-%m-%d}, where "
            f"they reach {reached}. Marks show the models that were released. A dotted line marks "
            f"the article's {said}. Shaded: intervals of the fit to the frontier, at the end "
            f"{short(found.fan_low)} to {short(found.fan_high)}."
        ),
    )
