"""Figures of the chapter on how models grew: each draws what its section found."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from llmecon_book import chapters, facts
from llmecon_book.chapters import Section
from llmecon_book.charts import common, layers, texts, theme
from llmecon_book.words import short

_ANY = "Parameters, log scale [parameters]"
_BESIDE: dict[str, dict[str, Any]] = {  # where a name covers no other mark
    facts.GPT1: {"dx": 9, "dy": -1},
    "GPT-2 XL": {"dx": 9, "dy": 6},
    facts.GPT3: {"dx": -9, "dy": -4},
    facts.GPT4: {"dx": -9, "dy": -4},
    facts.GPT4O: {"dx": -9, "dy": 12},
    facts.SONNET: {"dx": -2, "dy": -11},
    facts.DEEPSEEK_V3: {"dx": -9, "dy": 0},
    "Kimi K3": {"dx": -4, "dy": -12},
}
_CALLED = {"GPT-2 XL": "GPT-2", facts.GPT3: "GPT-3", facts.SONNET: "Claude 3.5"}


def _names(models: pd.DataFrame, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """Names of some models, each where it covers no other mark."""
    called = models.assign(called=models.model.replace(_CALLED))
    return [
        layers.names(
            called[called.model == name],
            x,
            y,
            "called",
            align="right" if at["dx"] < 0 else "left",
            **at,
        )
        for name, at in _BESIDE.items()
        if name in set(models.model)
    ]


def sizes(found: Section) -> alt.LayerChart:
    """Size against release date, one mark a model, a bar where only a range is known."""
    y, bars, points = _by_date(found.sized, "developer", opacity=0.7)
    chosen = found.sized[found.sized.model.isin([*found.story.index, "GPT-2 XL"])]
    more = chapters.ends("size", found.sized.total_params)
    return common.finish(
        bars,
        points,
        *_names(chosen, common.date_x("release_date"), y),
        **texts.told("evolution.sizes", found, found.sized, chosen=chosen, **more),
        height=380,
    )


def _by_date(
    models: pd.DataFrame,
    *others: str,
    also: tuple[pd.Series, ...] = (),
    opacity: float,
    title: str = common.ALL,
) -> tuple[alt.Y, alt.Chart, alt.Chart]:
    """Models by release date and size: the axis, the published ranges, and the points."""
    low, high = "size_low", "size_high"
    columns = ["model", *others, "release_date", "total_params", "size_status"]
    data = common.tidy(models, [*columns, low, high])
    ranged = data[data.size_status != "disclosed"].dropna(subset=[low, high])
    shown = data.total_params, ranged[low], ranged[high], *also
    x = common.date_x("release_date")
    y = common.log_y("total_params", *shown, title=title)
    bars = layers.ranges(ranged, y, x, low=low, high=high, color=theme.GREY, opacity=opacity)
    tooltip = [name.replace("date", "date:T") for name in columns]
    return y, bars, layers.status_points(data, x, y, color=theme.BLUE, tooltip=tooltip)


def total_and_active(found: Section) -> alt.LayerChart:
    """All parameters and those at work on a token, joined by a line; hollow if not disclosed."""
    data = common.tidy(found.shown, ["model", "total_params", "active_params", "size_status"])
    status = " (" + data.size_status + ")"
    data["model"] += status.where(data.size_status != "disclosed", "")
    sides = {"total": "total_params", "active": "active_params"}
    long = common.by_kind_of_params(data, **sides, kept=["model", "size_status"], value="params")
    y = common.row_y("model", data.model, 200)
    x = common.log_x("params", long.params, title=_ANY)
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
    return common.finish(
        area.encode(x, common.like(y, "low"), alt.Y2("high:Q"), alt.Detail("level:N")),
        rule,
        points,
        alt.Chart(drawn).mark_line().encode(x, y, *of_trend),
        label,
        **texts.told("evolution.extrapolations", found, data, ends=ends),
        height=360,
    )


_LOOKS: dict[str, tuple[str, list[int]]] = {  # colour and dash
    "all": (theme.BLUE, [1, 0]),
    "all, open": (theme.BLUE, [1, 0]),
    "at work": (theme.VERMILLION, [1, 0]),
    "expected": (theme.GREY, [5, 4]),
}


def whole_story(found: Section) -> alt.LayerChart:
    """Both stories from the first transformer to today: all parameters, and those at work."""
    drawn = pd.concat([found.lines, found.claim.assign(line="expected")])
    drawn = common.tidy(drawn, ["line", "date", "params"])
    sparse = found.models[found.models.active_params < found.models.total_params]
    kept = ["model", "release_date", "active_params", "total_params", "size_status"]
    at_work = common.tidy(sparse, kept)
    shown = drawn.params, at_work.active_params
    y, bars, points = _by_date(found.models, also=shown, opacity=0.2, title=_ANY)
    x, on, size = (*map(common.date_x, ("date", "release_date")), common.like(y, "params"))
    work_y = common.like(y, "active_params")
    sure = at_work.size_status == "disclosed"
    look = {"color": theme.VERMILLION, "shape": "triangle-down"}
    active = [
        layers.dots(rows, on, work_y, filled=filled, **look)
        for rows, filled in ((at_work[sure], True), (at_work[~sure], False))
    ]
    ends = {"low": "active_params", "high": "total_params"}
    stems = layers.ranges(at_work, y, on, **ends, color=theme.VERMILLION, opacity=0.35)
    lines = [
        alt.Chart(drawn[drawn.line == name])
        .mark_line(strokeWidth=3, color=color, strokeDash=dash)
        .encode(x, size)
        for name, (color, dash) in _LOOKS.items()
    ]
    last = common.last_of_each(drawn, "line", "date")
    middle = drawn[drawn.line == "all"].head(1).assign(said="all parameters")
    work = last[last.line == "at work"].assign(said="at work on a token")
    claim = last[last.line == "expected"].assign(
        said=f"the article: {short(found.claim.params[1])}"
    )
    bold = {"fontWeight": "bold"}
    apart = found.models.model.isin([facts.DEEPSEEK_V3, "Kimi K3"])
    return common.finish(
        bars,
        stems,
        points,
        *lines,
        *active,
        layers.names(
            middle, x, size, "said", align="left", dx=70, dy=-110, color=theme.BLUE, **bold
        ),
        layers.names(work, x, size, "said", align="right", dy=40, color=theme.VERMILLION, **bold),
        layers.names(claim, x, size, "said", align="right", dy=-9, **bold),
        *_names(found.models[~apart], on, y),
        *_names(found.models[apart], on, work_y),
        **texts.told("evolution.whole_story", found, found.models, ends=last),
        height=420,
    )
