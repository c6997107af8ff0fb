"""What came of the sizes: of open models, of closed ones, and beside the forecasts."""

from __future__ import annotations

import altair as alt
import pandas as pd

from llmecon_book.charts import theme
from llmecon_book.charts.common import (
    ALL,
    STATUSES,
    by_kind_of_params,
    date_x,
    finish,
    kinds_of_params,
    last_of_each,
    listed,
    log_x,
    log_y,
    row_y,
    series,
    short,
    significant,
    spoken,
    tidy,
)
from llmecon_book.charts.layers import (
    DOTTED,
    named_levels,
    names_beside,
    ranges,
    rule_at,
    status_points,
    step_lines,
)


def open_frontier(models: pd.DataFrame, lines: pd.DataFrame, *, takeaway: str) -> alt.LayerChart:
    """Sizes of open frontier models, their trend, and the fall drawn on.

    Parameters
    ----------
    models : pandas.DataFrame
        ``model``, ``release_date``, ``total_params``, ``active_params``.
    lines : pandas.DataFrame
        ``line``, ``date``, ``params``.
    takeaway : str
        Title: the finding.
    """
    data = tidy(models, ["model", "release_date", "total_params", "active_params"])
    long = by_kind_of_params(
        data, "total_params", "active_params", kept=["model", "release_date"], value="params"
    )
    drawn = tidy(lines, ["line", "date", "params"])
    y = log_y("params", long.params, drawn.params, title="Parameters, log scale [parameters]")
    points = (
        alt.Chart(long.dropna())
        .mark_point(filled=True, size=60)
        .encode(
            date_x("release_date"),
            y,
            *kinds_of_params(),
            tooltip=["model", "release_date:T", "which", "params"],
        )
    )
    dash = series("line", "Trend", drawn.line)[1]
    trend = alt.Chart(drawn).mark_line(color=theme.GREY).encode(date_x("date"), y, dash)
    said = listed(last_of_each(drawn, "line", "date"), "{line} reaches {params:short}")
    return finish(
        trend,
        points,
        takeaway=takeaway,
        height=380,
        description=(
            f"Sizes of {len(data)} open frontier models by release date on a log scale, all "
            f"parameters and those at work on one token. "
            f"{spoken(data, 'model', 'total_params', 'active_params')}. Lines: {said}."
        ),
    )


def closed_sizes(models: pd.DataFrame, *, level: float, takeaway: str) -> alt.LayerChart:
    """What is known of the size of closed frontier models, with the ranges of the estimates.

    Parameters
    ----------
    models : pandas.DataFrame
        ``model``, ``release_date``, ``total_params``, ``low``, ``high``, ``size_status``; only
        values that use no price.
    level : float
        Size of GPT-4, as a line. [parameters]
    takeaway : str
        Title: the finding.
    """
    columns = ["model", "release_date", "total_params", "low", "high", "size_status"]
    data = tidy(models.sort_values("release_date", kind="stable"), columns)
    x = log_x("total_params", data.total_params, data.low, data.high, [level], title=ALL)
    y = row_y("model", data.model, 160)
    color = theme.VERMILLION
    tooltip = ["model", "release_date:T", "total_params", "low", "high", "size_status"]
    points = status_points(data, x, y, size=70, color=color, tooltip=tooltip)
    known = [status for status in STATUSES if status in set(data.size_status)]
    for channel in (points.encoding.shape, points.encoding.fill):
        channel["legend"] = alt.Legend(values=known)
    return finish(
        rule_at(x, level, **DOTTED),
        ranges(data, x, y, strokeWidth=3, opacity=0.45, color=color),
        points,
        takeaway=takeaway,
        height=26 * len(data),
        description=(
            f"Hollow marks with ranges, log scale: published sizes of {len(data)} closed frontier "
            f"models, the oldest on top. "
            f"{spoken(data, 'model', 'total_params', 'low', 'high')}. "
            f"Dotted: GPT-4 at {short(level)}."
        ),
    )


def rivals(forecasts: pd.DataFrame, *, observed: float, takeaway: str) -> alt.LayerChart:
    """Simple forecasts of one size beside what came.

    Parameters
    ----------
    forecasts : pandas.DataFrame
        ``forecast``, ``low``, ``value``, ``high``, ``error_decades``.
    observed : float
        What came. [parameters]
    takeaway : str
        Title: the finding.
    """
    data = tidy(forecasts, ["forecast", "low", "value", "high", "error_decades"], digits=4)
    came = significant(observed, 4)
    x = log_x("value", data.low, data.value, data.high, [came], title=ALL)
    y = row_y("forecast", data.forecast, 260)
    known = data.dropna(subset=["low", "high"])
    points = (
        alt.Chart(data)
        .mark_point(size=90, filled=True, color=theme.BLUE)
        .encode(x, y, tooltip=["forecast", "low", "value", "high", "error_decades"])
    )
    said = listed(data, "{forecast}: {value:short}, {error_decades:.1f} powers of ten off")
    return finish(
        rule_at(x, came, color=theme.VERMILLION, strokeWidth=2),
        ranges(known, x, y, strokeWidth=5, opacity=0.5, color=theme.BLUE),
        points,
        takeaway=takeaway,
        height=44 * len(data),
        description=(
            f"Dots on a log scale are forecasts of the largest open model; a line marks the "
            f"{short(observed)} that came. {said}."
        ),
    )


def smallest_at_score(steps: pd.DataFrame, *, until: str, takeaway: str) -> alt.LayerChart:
    """Smallest open model that reached the score of a closed one, as time went on.

    Parameters
    ----------
    steps : pandas.DataFrame
        ``level`` (closed model), ``model``, ``release_date``, ``total_params``.
    until : str
        Day to which the last step holds, ISO.
    takeaway : str
        Title: the finding.
    """
    data = tidy(steps, ["level", "model", "release_date", "total_params"])
    x, y = date_x("release_date"), log_y("total_params", data.total_params, title=ALL)
    of_level = series("level", "Level of", data.level)
    tooltip = ["level", "model", "release_date:T", "total_params"]
    each = "{model} {total_params:short} in {release_date:%Y-%m}"
    return finish(
        *step_lines(data, x, y, of_level, tooltip=tooltip),
        takeaway=takeaway,
        height=360,
        description=(
            "Step lines, log scale: the smallest open model that had reached the Arena score of a "
            f"closed model by each day. {listed(data, each, by='level', group='level of {}')}."
        ),
    )


def facts_and_size(
    models: pd.DataFrame, levels: pd.DataFrame, *, score_title: str, takeaway: str
) -> alt.LayerChart:
    """Score in factual questions against size, with closed models as lines.

    Parameters
    ----------
    models : pandas.DataFrame
        ``model``, ``total_params``, ``score``; all disclosed.
    levels : pandas.DataFrame
        ``model``, ``score`` of closed models.
    score_title : str
        What the score is, unit in brackets.
    takeaway : str
        Title: the finding.
    """
    data = tidy(models, ["model", "total_params", "score"])
    lines = tidy(levels, ["model", "score"])
    x = log_x("total_params", data.total_params, title=ALL)
    y = alt.Y("score:Q", title=score_title)
    points = (
        alt.Chart(data)
        .mark_point(filled=True, size=80)
        .encode(x, y, tooltip=["model", "total_params", "score"])
    )
    rules, closed = named_levels(
        lines, y, "model", side="left", rule={"strokeDash": [4, 3]}, fontStyle="italic"
    )
    return finish(
        rules,
        points,
        *names_beside(data, x, y, name="model", across="total_params"),
        closed,
        takeaway=takeaway,
        height=340,
        description=(
            f"Scatter chart of {len(data)} open models: score against all parameters, log scale. "
            f"{listed(data, '{model} {total_params:short}: {score:g}')}. "
            f"Dashed lines are closed models: {listed(lines, '{model}: {score:g}')}."
        ),
    )
