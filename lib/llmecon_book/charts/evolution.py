"""Figures of the chapter on how models grew."""

from __future__ import annotations

from collections.abc import Iterable

import altair as alt
import pandas as pd

from llmecon_book.charts import theme
from llmecon_book.charts.common import (
    ALL,
    by_kind_of_params,
    date_x,
    finish,
    kinds_of_params,
    last_of_each,
    like,
    listed,
    log_x,
    log_y,
    row_y,
    series,
    short,
    spoken,
    tidy,
)
from llmecon_book.charts.layers import DOTTED, named_levels, names, ranges, status_points


def sizes(models: pd.DataFrame, *, named: list[str], takeaway: str) -> alt.LayerChart:
    """Size against release date, one mark a model, a bar where only a range is known.

    Parameters
    ----------
    models : pandas.DataFrame
        Rows of ``models.csv`` with a size.
    named : list of str
        Models to label.
    takeaway : str
        Title: the finding.
    """
    columns = ["model", "developer", "release_date", "total_params", "size_status"]
    data = tidy(models, [*columns, "size_low", "size_high"])
    ranged = data[data.size_status != "disclosed"].dropna(subset=["size_low", "size_high"])
    x = date_x("release_date")
    y = log_y("total_params", data.total_params, ranged.size_low, ranged.size_high, title=ALL)
    bars = ranges(ranged, y, x, low="size_low", high="size_high", color=theme.GREY, opacity=0.7)
    tooltip = ["model", "developer", "release_date:T", "total_params", "size_status"]
    chosen = data[data.model.isin(named)]
    return finish(
        bars,
        status_points(data, x, y, color=theme.BLUE, tooltip=tooltip),
        names(chosen, x, y, "model", align="right", dx=-8, dy=-4),
        takeaway=takeaway,
        height=380,
        description=(
            f"Scatter chart of {len(data)} language models by release date and number of "
            f"parameters on a log scale, from {short(data.total_params.min())} to "
            f"{short(data.total_params.max())}. Filled circles are disclosed sizes, hollow marks "
            f"reported ones and estimates, with bars for published ranges. "
            f"{spoken(chosen, 'model', 'total_params')}."
        ),
    )


def growth(spans: pd.DataFrame, *, takeaway: str) -> alt.LayerChart:
    """Growth factor per year of several spans, with intervals where a fit gives one.

    Parameters
    ----------
    spans : pandas.DataFrame
        ``span``, ``factor_per_year``, ``low``, ``high``.
    takeaway : str
        Title: the finding.
    """
    data = tidy(spans, ["span", "factor_per_year", "low", "high"])
    y = row_y("span", data.span, 240)
    shown = [data.factor_per_year, data.low, data.high]
    title = "Growth of all parameters, log scale [times per year]"
    x = log_x("factor_per_year", *shown, title=title, counts=False)
    known = data.dropna(subset=["low"])
    bars = ranges(known, x, y, color=theme.GREY, strokeWidth=3, opacity=0.6)
    points = alt.Chart(data).mark_point(filled=True, size=90, color=theme.BLUE).encode(x, y)
    number = alt.Text("factor_per_year:Q", format=".3~g")
    labels = alt.Chart(data).mark_text(align="center", dy=-13).encode(x, y, text=number)
    said = listed(data, "{span}: {factor_per_year:.3g}")
    return finish(
        bars,
        points,
        labels,
        takeaway=takeaway,
        height=48 * len(data),
        description=f"Dot chart of growth factors per year on a log scale. {said}.",
    )


def total_and_active(models: pd.DataFrame, *, takeaway: str) -> alt.LayerChart:
    """All parameters and those at work on a token, joined by a line; hollow if not disclosed."""
    data = tidy(models, ["model", "total_params", "active_params", "size_status"])
    told = " (" + data.size_status + ")"
    data["model"] += told.where(data.size_status != "disclosed", "")
    long = by_kind_of_params(
        data, "total_params", "active_params", kept=["model", "size_status"], value="params"
    )
    y = row_y("model", data.model, 200)
    x = log_x("params", long.params, title="Parameters, log scale [parameters]")
    span = ranges(
        data, x, y, low="active_params", high="total_params", color=theme.GREY, strokeWidth=2
    )
    sure = long.size_status == "disclosed"
    tooltip = ["model", "which", "params", "size_status"]
    points = [
        alt.Chart(rows)
        .mark_point(size=90, filled=filled)
        .encode(x, y, *kinds_of_params(), tooltip=tooltip)
        for rows, filled in ((long[sure], True), (long[~sure], False))
        if not rows.empty
    ]
    return finish(
        span,
        *points,
        takeaway=takeaway,
        height=34 * len(data),
        description=(
            "Two marks a model on a log scale: all parameters and those at work on one token. "
            f"{spoken(data, 'model', 'total_params', 'active_params')}."
        ),
    )


def turning_point(
    models: pd.DataFrame, lines: pd.DataFrame, window: pd.DataFrame, *, takeaway: str
) -> alt.LayerChart:
    """Two growth rates that meet, with the days between which they may meet.

    Parameters
    ----------
    models : pandas.DataFrame
        Rows of ``models.csv``.
    lines : pandas.DataFrame
        ``line``, ``date``, ``params``: the broken line, and one straight line.
    window : pandas.DataFrame
        ``start``, ``end``: interval of the day of the break.
    takeaway : str
        Title: the finding.
    """
    columns = ["model", "release_date", "total_params", "size_status", "size_low", "size_high"]
    data = tidy(models, columns)
    ranged = data[data.size_status != "disclosed"].dropna(subset=["size_low", "size_high"])
    drawn = tidy(lines, ["line", "date", "params"])
    y = log_y(
        "total_params",
        data.total_params,
        drawn.params,
        ranged.size_low,
        ranged.size_high,
        title=ALL,
    )
    band = (
        alt.Chart(window)
        .mark_rect(color=theme.ORANGE, opacity=0.2)
        .encode(date_x("start"), alt.X2("end:T"))
    )
    tooltip = ["model", "release_date:T", "total_params", "size_status"]
    points = status_points(data, date_x("release_date"), y, color=theme.BLUE, tooltip=tooltip)
    bars = ranges(
        ranged,
        y,
        date_x("release_date"),
        low="size_low",
        high="size_high",
        color=theme.GREY,
        opacity=0.5,
    )
    dash = series("line", "Fit", drawn.line)[1]
    line = alt.Chart(drawn).mark_line(color=theme.VERMILLION)
    span = window.iloc[0]
    return finish(
        band,
        bars,
        points,
        line.encode(date_x("date"), like(y, "params"), dash),
        takeaway=takeaway,
        height=360,
        description=(
            f"Sizes of {len(data)} frontier models by release date on a log scale, from "
            f"{short(data.total_params.min())} to {short(data.total_params.max())}, with a line "
            "that bends and one that does not. A band marks the days on which the bend may lie, "
            f"{span.start:%Y-%m} to {span.end:%Y-%m}. Bars are the published ranges of sizes that "
            "are not disclosed."
        ),
    )


def extrapolations(
    lines: pd.DataFrame,
    points: pd.DataFrame,
    fan: pd.DataFrame,
    *,
    claim_params: float,
    takeaway: str,
) -> alt.LayerChart:
    """Trends drawn on beyond their last model, with the sizes that came.

    Parameters
    ----------
    lines : pandas.DataFrame
        ``trend``, ``date``, ``params``: points of each line.
    points : pandas.DataFrame
        Rows of ``models.csv`` to show.
    fan : pandas.DataFrame
        ``date``, ``level``, ``low``, ``high``: intervals for a new model.
    claim_params : float
        Size the article expects. [parameters]
    takeaway : str
        Title: the finding.
    """
    drawn = tidy(lines, ["trend", "date", "params"])
    data = tidy(points, ["model", "release_date", "total_params", "size_status"])
    spread = tidy(fan, ["date", "level", "low", "high"], digits=4)
    shown: list[Iterable[float]] = [drawn.params, data.total_params, [claim_params]]
    x = date_x("date", "Date")
    y = log_y("params", *shown, spread.low, spread.high, title=ALL)
    area = (
        alt.Chart(spread)
        .mark_area(color=theme.GREEN, opacity=0.18)
        .encode(x, like(y, "low"), alt.Y2("high:Q"), alt.Detail("level:N"))
    )
    of_trend = series("trend", "Trend through", drawn.trend)
    line = alt.Chart(drawn).mark_line().encode(x, y, *of_trend)
    marks = status_points(
        data,
        date_x("release_date", "Date"),
        like(y, "total_params"),
        color=theme.GREY,
        tooltip=["model", "release_date:T", "total_params", "size_status"],
    )
    claim = pd.DataFrame([{"claim": f"the article: {short(claim_params)}", "params": claim_params}])
    rule, label = named_levels(claim, y, "claim", side="left", rule=DOTTED)
    ends = last_of_each(drawn, "trend", "date")
    last = spread[spread.level == spread.level.max()].sort_values("date").iloc[-1]
    return finish(
        area,
        rule,
        marks,
        line,
        label,
        takeaway=takeaway,
        height=360,
        description=(
            f"Lines extend each trend in size, log scale, to {ends.date.max():%Y-%m-%d}, where "
            f"they reach {listed(ends, '{trend}: {params:short}')}. Marks show the models that "
            f"were released. A dotted line marks the article's {short(claim_params)}. Shaded: "
            f"intervals of the fit to the frontier, at the end {short(last.low)} to "
            f"{short(last.high)}."
        ),
    )
