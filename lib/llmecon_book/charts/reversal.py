"""Figures of the chapter on how models shrank: each draws what its section found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from llmecon import cost
from llmecon_book import facts
from llmecon_book.chapters import Section
from llmecon_book.charts import common, layers, texts, theme
from llmecon_book.words import short

# Names that stay on a narrow screen or stand elsewhere than the rest's.
_ROOM: dict[str, Any] = {  # px; a name that is not seen takes no room either
    "opacity": alt.expr("width > 450 ? 1 : 0"),
    "limit": alt.expr("width > 450 ? 0 : 1"),
}
_RIGHT, _LEFT = {"align": "left", "dx": 7}, {"align": "right", "dx": -7}
_PLACES: Mapping[str, dict[str, Any]] = {
    "Gemma 2 27B": _RIGHT,
    "Mistral Large 2": {"align": "left", "dx": -6, "dy": 13},
    "Llama 3.1 405B": {"align": "right", "dx": 14, "dy": -11},
    "Qwen2.5-72B": _LEFT | _ROOM,
    "Llama 3.1 70B": {"align": "right", "dx": 4, "dy": 13} | _ROOM,
    "Nemotron-4 340B": _LEFT | _ROOM,
}
# First prices that are named, and where the names meet no line.
_ABOVE: dict[str, Any] = {"align": "left", "dy": -8}
_PRICED: Mapping[str, dict[str, Any]] = {
    facts.GPT4: _ABOVE,
    facts.OPUS: _ABOVE | _ROOM,
    facts.TURBO: {"align": "right", "dx": -5, "dy": 11} | _ROOM,
    facts.GPT4O: _LEFT,
}
# GPT-4o, Sonnet, Turbo: beside their bars, where no curve runs.
_BESIDE = (
    ("high", {"align": "right", "dx": 11, "dy": -11}),
    ("low", {"align": "right", "dx": -4}),
    ("low", {"align": "left", "dy": -11}),
)
_USD = 0.05, 200.0  # [USD per million tokens] ends of the axis of the frontier


def price_steps(found: Section) -> alt.LayerChart:
    """Output price of each maker's flagship from day to day, held until prices were read."""
    told = ["provider", "model", "effective_date", "output_usd_per_mtok"]
    data, held = common.tidy(found.changes, told), common.tidy(found.held, told)
    x = common.date_x("effective_date", "Date from which the price holds")
    y = layers.price_y(data.output_usd_per_mtok)
    of_maker = common.series("provider", "Maker", data.provider)
    of_maker[0]["legend"] = alt.Legend(symbolType="stroke")  # a dashed circle is hard to read
    tooltip = ["model", "provider", "effective_date:T", "output_usd_per_mtok"]
    line, _ = layers.step_lines(held, x, y, of_maker, tooltip=tooltip)
    _, points = layers.step_lines(data, x, y, of_maker, tooltip=tooltip, size=45)
    places = {found.newest_model: _RIGHT | _ROOM, **_PRICED}
    firsts = data[data.model.isin([*places])].groupby("model", sort=False)
    return common.finish(
        line,
        points,
        *(layers.names(rows[:1], x, y, "model", **places[name]) for name, rows in firsts),
        **texts.told("reversal.prices", found, data),
        height=320,
    )


def speed_readings(found: Section) -> alt.LayerChart:
    """Every speed reading of some models beside the range the article states."""
    told = ["model", "version", "output_tokens_per_s", "date", "host_or_basis"]
    data = common.tidy(found.readings, told)
    y = common.row_y("model", data.model, 200)
    x = alt.X("output_tokens_per_s:Q", title="Output speed of one stream [tokens/s]")
    band = alt.Chart(found.stated).mark_bar(color=theme.ORANGE, opacity=0.35, height=22)
    of_gpt4o = data.output_tokens_per_s[data.model == facts.GPT4O]
    return common.finish(
        band.encode(common.like(x, "low"), alt.X2("high:Q"), y),
        layers.dots(data, x, y, filled=False, size=60, color=theme.BLUE),
        **texts.told("reversal.speeds", found, data, times=of_gpt4o.max() / of_gpt4o.min()),
        height=52 * data.model.nunique(),
    )


def score_and_size(found: Section) -> alt.LayerChart:
    """Score of open models against their size, with the levels of closed models as lines."""
    told = ["model", "score", "total_params"]
    data = common.tidy(found.open_models.sort_values("score"), told)
    closed = common.tidy(found.closed, told[:2])
    scores = pd.concat([data.score, closed.score])
    scale = alt.Scale(domain=[scores.min() - 15, scores.max() + 15])
    title = f"Arena text score, list of {found.arena_day} [points]"
    y = alt.Y("score:Q", scale=scale, title=title)
    x = common.log_x("total_params", data.total_params, title=common.ALL)
    dashed = {"color": theme.VERMILLION, "strokeDash": [5, 3]}
    text = {"dy": -6, "fontStyle": "italic"}
    rules, labels = layers.named_levels(closed, y, "model", side="left", rule=dashed, **text)
    places = data.groupby(data.model.where(data.model.isin(_PLACES), ""), sort=False)
    beside = [
        layers.names(rows, x, y, "model", **_PLACES.get(name, _RIGHT | _ROOM))
        for name, rows in places
    ]
    return common.finish(
        rules,
        layers.dots(data, x, y, size=30, color=theme.BLUE),
        *beside,
        labels,
        **texts.told("reversal.parity", found, data),
        height=400,
    )


def frontier(found: Section) -> alt.LayerChart:
    """What a token costs at each speed, by size of the model, by the roofline and the article."""
    share = (1 / found.curves.fraction).round().astype(int).map("1/{}".format)
    sizes = " (" + found.curves.n_params.map(short) + ")"
    model = share.replace("1/1", facts.GPT4) + sizes
    told = ["model", "tokens_per_s", "usd_per_mtok"]
    essays = found.theirs.assign(model="GPT-4, the essay's model")
    ours, whole = found.curves.assign(model=model), found.curves.fraction == 1
    curves = pd.concat([ours[whole], essays, ours[~whole]])
    data = common.tidy(curves[curves.usd_per_mtok.between(*_USD)], told, digits=4)
    sold = common.tidy(found.sold, ["product", "low", "high", "usd_per_mtok"])
    slow, fast = found.slow, found.fast
    at = np.linspace(fast.tokens_per_s.min(), fast.tokens_per_s.max(), 60)
    ends = {"dear": cost.cheapest_at(slow, at), "cheap": cost.cheapest_at(fast, at)}
    band = pd.DataFrame({"tokens_per_s": at} | ends).clip(upper=_USD[1])
    x = alt.X("tokens_per_s:Q", title="Output speed of one user [tokens/s]")
    y = layers.cost_y("usd_per_mtok", *_USD)
    area = alt.Chart(common.tidy(band, [*band], digits=4)).mark_area(opacity=0.2, clip=True)
    lines = alt.Chart(data).mark_line(clip=True)
    sides = zip(sold.index, _BESIDE, strict=True)
    beside = [
        layers.names(sold.loc[[i]], common.like(x, at), y, "product", **look)
        for i, (at, look) in sides
    ]
    by_model = data.groupby("model", sort=False)
    limits = by_model.agg(cheapest=("usd_per_mtok", "min"), fastest=("tokens_per_s", "max"))
    return common.finish(
        area.encode(x, common.like(y, "dear"), alt.Y2("cheap:Q")),
        lines.encode(x, y, *common.series("model", "Model", data.model), order="tokens_per_s:Q"),
        layers.ranges(sold, x, y, color=theme.GREY, strokeWidth=6, opacity=0.7),
        *beside,
        **texts.told("reversal.frontier", found, data, limits=limits.reset_index()),
        height=400,
    )


def sizes(found: Section, figure: str) -> alt.LayerChart:
    """Ways to put a size on a closed model, with their intervals, beside the stated number."""
    told = ["model", "by", "basis", "total_params", "low", "high"]
    data = common.tidy(found.readings, told)
    data["row"] = data.model.str.replace(" (Oct 2024)", "") + (": " + data.by).replace(": ", "")
    stated = found.stated.rename_axis("model").reset_index()
    claimed = data[["model", "row"]].merge(stated, on="model")
    gpt4 = facts.size(facts.GPT4)
    shown = data.total_params, data.low, data.high, claimed.total_params, [gpt4]
    x = common.log_x("total_params", *shown, title=common.ALL)
    y = common.row_y("row", data.row, 300)
    ticks = alt.Chart(claimed).mark_tick(color=theme.VERMILLION, thickness=3, size=20)
    ranged = data.dropna(subset=["low", "high"])
    return common.finish(
        layers.rule_at(x, gpt4, **layers.DOTTED),
        layers.ranges(ranged, x, y, color=theme.GREY, strokeWidth=3, opacity=0.6),
        ticks.encode(x, y),
        layers.dots(data, x, y, *common.kinds("basis", "Uses", data.basis), filled=False),
        **texts.told(figure, found, data, claimed=stated, gpt4=gpt4),
        height=30 * len(data),
    )
