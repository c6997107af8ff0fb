"""Figures of the chapter on how models grew."""

from __future__ import annotations

from collections.abc import Iterable

import altair as alt
import pandas as pd

from llmecon.charts import theme
from llmecon.charts.common import (
    date_x,
    finish,
    log_x,
    log_y,
    series,
    short,
    spoken,
    status_fill,
    status_shape,
    tidy,
)

ALL = "All parameters, log scale [parameters]"
KINDS = ["all", "at work on one token"]


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
    sizes_shown = [data.total_params, ranged.size_low, ranged.size_high]
    x = date_x("release_date")
    y = log_y("total_params", *sizes_shown, title=ALL)
    points = (
        alt.Chart(data)
        .mark_point(color=theme.BLUE)
        .encode(
            x,
            y,
            status_shape(),
            status_fill(theme.BLUE),
            tooltip=["model", "developer", "release_date:T", "total_params", "size_status"],
        )
    )
    bars = (
        alt.Chart(ranged)
        .mark_rule(color=theme.GREY, opacity=0.7)
        .encode(x, log_y("size_low", *sizes_shown, title=ALL), alt.Y2("size_high:Q"))
    )
    labels = (
        alt.Chart(data[data.model.isin(named)])
        .mark_text(align="right", dx=-8, dy=-4)
        .encode(x, y, text="model:N")
    )
    chosen = data[data.model.isin(named)]
    return finish(
        bars,
        points,
        labels,
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
    y = alt.Y("span:N", sort=list(data.span), title=None, axis=alt.Axis(labelLimit=240))
    shown = [data.factor_per_year, data.low, data.high]
    title = "Growth of all parameters, log scale [times per year]"
    x = log_x("factor_per_year", *shown, title=title, counts=False)
    bars = (
        alt.Chart(data.dropna(subset=["low"]))
        .mark_rule(color=theme.GREY, strokeWidth=3, opacity=0.6)
        .encode(log_x("low", *shown, title=title, counts=False), alt.X2("high:Q"), y)
    )
    points = alt.Chart(data).mark_point(filled=True, size=90, color=theme.BLUE).encode(x, y)
    labels = (
        alt.Chart(data)
        .mark_text(align="center", dy=-13)
        .encode(x, y, text=alt.Text("factor_per_year:Q", format=".3~g"))
    )
    said = "; ".join(f"{r.span}: {r.factor_per_year:.3g}" for r in data.itertuples())
    return finish(
        bars,
        points,
        labels,
        takeaway=takeaway,
        height=48 * len(data),
        description=f"Dot chart of growth factors per year on a log scale. {said}.",
    )


def total_and_active(models: pd.DataFrame, *, takeaway: str) -> alt.LayerChart:
    """All parameters and those at work on a token, joined by a line."""
    data = tidy(models, ["model", "total_params", "active_params", "size_status"])
    long = data.melt(
        ["model", "size_status"], ["total_params", "active_params"], "which", "params"
    ).replace({"which": dict(zip(["total_params", "active_params"], KINDS, strict=True))})
    y = alt.Y("model:N", sort=list(data.model), title=None)
    title = "Parameters, log scale [parameters]"
    span = (
        alt.Chart(data)
        .mark_rule(color=theme.GREY, strokeWidth=2)
        .encode(log_x("active_params", long.params, title=title), alt.X2("total_params:Q"), y)
    )
    points = (
        alt.Chart(long)
        .mark_point(size=90, filled=True)
        .encode(
            log_x("params", long.params, title=title),
            y,
            kind_color(),
            kind_shape(),
            tooltip=["model", "which", "params", "size_status"],
        )
    )
    return finish(
        span,
        points,
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
    data = tidy(models, ["model", "release_date", "total_params", "size_status"])
    drawn = tidy(lines, ["line", "date", "params"])
    shown = [data.total_params, drawn.params]
    band = (
        alt.Chart(window)
        .mark_rect(color=theme.ORANGE, opacity=0.2)
        .encode(date_x("start", "Release date"), alt.X2("end:T"))
    )
    points = (
        alt.Chart(data)
        .mark_point(color=theme.BLUE)
        .encode(
            date_x("release_date"),
            log_y("total_params", *shown, title=ALL),
            status_shape(),
            status_fill(theme.BLUE),
            tooltip=["model", "release_date:T", "total_params", "size_status"],
        )
    )
    line = (
        alt.Chart(drawn)
        .mark_line(color=theme.VERMILLION)
        .encode(
            date_x("date"),
            log_y("params", *shown, title=ALL),
            series("line", "Fit", list(drawn.line.unique()))[1],
        )
    )
    span = window.iloc[0]
    return finish(
        band,
        points,
        line,
        takeaway=takeaway,
        height=360,
        description=(
            f"Sizes of {len(data)} frontier models by release date on a log scale, from "
            f"{short(data.total_params.min())} to {short(data.total_params.max())}, with a line "
            "that bends and one that does not. A band marks the days on which the bend may lie, "
            f"{span.start:%Y-%m} to {span.end:%Y-%m}."
        ),
    )


def kind_color() -> alt.Color:
    """All parameters or active ones, as colour."""
    scale = alt.Scale(domain=KINDS, range=[theme.BLUE, theme.VERMILLION])
    return alt.Color("which:N", title="Parameters", scale=scale)


def kind_shape() -> alt.Shape:
    """All parameters or active ones, as shape."""
    scale = alt.Scale(domain=KINDS, range=["circle", "square"])
    return alt.Shape("which:N", title="Parameters", scale=scale)


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
    shown: list[Iterable[float]] = [
        drawn.params,
        data.total_params,
        [claim_params],
        spread.low,
        spread.high,
    ]
    area = (
        alt.Chart(spread)
        .mark_area(color=theme.GREEN, opacity=0.18)
        .encode(
            date_x("date", "Date"),
            log_y("low", *shown, title=ALL),
            alt.Y2("high:Q"),
            alt.Detail("level:N"),
        )
    )
    line = (
        alt.Chart(drawn)
        .mark_line()
        .encode(
            date_x("date", "Date"),
            log_y("params", *shown, title=ALL),
            *series("trend", "Trend through", list(drawn.trend.unique())),
        )
    )
    marks = (
        alt.Chart(data)
        .mark_point(color=theme.GREY)
        .encode(
            date_x("release_date", "Date"),
            log_y("total_params", *shown, title=ALL),
            status_shape(),
            status_fill(theme.GREY),
            tooltip=["model", "release_date:T", "total_params", "size_status"],
        )
    )
    claim = pd.DataFrame([{"claim": f"the article: {short(claim_params)}", "params": claim_params}])
    base = alt.Chart(claim).encode(log_y("params", *shown, title=ALL))
    rule = base.mark_rule(strokeDash=[2, 3], color=theme.GREY)
    label = base.mark_text(align="left", dy=-7, x=4).encode(text="claim:N")
    ends = drawn.sort_values("date").groupby("trend", sort=False).last()
    said = "; ".join(f"{name}: {short(row.params)}" for name, row in ends.iterrows())
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
            f"they reach {said}. Marks show the models that were released. A dotted line marks "
            f"the article's {short(claim_params)}. Shaded: intervals of the fit to the frontier, "
            f"at the end {short(last.low)} to {short(last.high)}."
        ),
    )
