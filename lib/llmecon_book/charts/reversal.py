"""Figures of the chapter on how models shrank: each draws what its section found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from llmecon_book.chapters import Section
from llmecon_book.charts import common, layers, theme
from llmecon_book.words import short

_PRICED = ("GPT-4", "GPT-4 Turbo", "GPT-4o", "GPT-5.5", "Claude 3 Opus")
# Names that stay on a narrow screen or stand elsewhere than the rest's.
_ROOM: dict[str, Any] = {"opacity": alt.expr("width > 450 ? 1 : 0")}  # px
_RIGHT, _LEFT = {"align": "left", "dx": 7}, {"align": "right", "dx": -7}
_PLACES: Mapping[str, dict[str, Any]] = {
    "Gemma 2 27B": _RIGHT,
    "Mistral Large 2": {"align": "left", "dx": -6, "dy": 13},
    "Llama 3.1 405B": {"align": "right", "dx": 14, "dy": -11},
    "Qwen2.5-72B": _LEFT | _ROOM,
    "Llama 3.1 70B": {"align": "right", "dx": 4, "dy": 13} | _ROOM,
    "Nemotron-4 340B": _LEFT | _ROOM,
}


def price_steps(found: Section) -> alt.LayerChart:
    """Output price of each maker's flagship from day to day, held until prices were read."""
    told = ["provider", "model", "effective_date", "output_usd_per_mtok"]
    data, held = common.tidy(found.changes, told), common.tidy(found.held, told)
    x = common.date_x("effective_date", "From that day on")
    y = layers.price_y(data.output_usd_per_mtok)
    of_maker = common.series("provider", "Maker", data.provider)
    of_maker[0]["legend"] = alt.Legend(symbolType="stroke")  # a dashed circle is hard to read
    tooltip = ["model", "provider", "effective_date:T", "output_usd_per_mtok"]
    line, _ = layers.step_lines(held, x, y, of_maker, tooltip=tooltip)
    _, points = layers.step_lines(data, x, y, of_maker, tooltip=tooltip, size=45)
    firsts = data[data.model.isin([*_PRICED, found.newest_model])].drop_duplicates("model")
    newest = firsts.effective_date == data.effective_date.max()
    each = "{model} {output_usd_per_mtok:g} from {effective_date:%Y-%m}"
    return common.finish(
        line,
        points,
        layers.names(firsts[~newest], x, y, "model", align="left", dx=5, dy=-8),
        layers.names(firsts[newest], x, y, "model", align="right", dx=6, dy=-9),
        takeaway=(
            f"OpenAI's flagship fell from {found.gpt4_price:.0f} to {found.gpt4o_price:.0f} "
            f"dollars by August 2024; {found.newest_model} costs "
            f"{found.newest_output_usd_per_mtok:.0f}"
        ),
        height=320,
        description=(
            "Step lines of the output price of flagship models in US dollars per million tokens, "
            f"log scale. {common.listed(data, each, by='provider')}."
        ),
    )


def speed_readings(found: Section) -> alt.LayerChart:
    """Every speed reading of some models beside the range the article states."""
    told = ["model", "version", "output_tokens_per_s", "date", "host_or_basis"]
    data = common.tidy(found.readings, told)
    y = common.row_y("model", data.model, 200)
    x = alt.X("output_tokens_per_s:Q", title="Output speed of one stream [tokens/s]")
    band = alt.Chart(found.stated).mark_bar(color=theme.ORANGE, opacity=0.35, height=22)
    of_gpt4o = data.output_tokens_per_s[data.model == "GPT-4o"]
    return common.finish(
        band.encode(common.like(x, "low"), alt.X2("high:Q"), y),
        layers.dots(data, x, y, filled=False, size=60, color=theme.BLUE),
        takeaway=(
            "One name, many speeds: readings of GPT-4o differ "
            f"{of_gpt4o.max() / of_gpt4o.min():.1f}-fold"
        ),
        height=52 * data.model.nunique(),
        description=(
            "Dots are readings of output speed in tokens per second. "
            f"{common.listed(data, '{output_tokens_per_s:g}', by='model')}. Bars are what the "
            f"article states: {common.listed(found.stated, '{model} {low:g} to {high:g}')}."
        ),
    )


def score_and_size(found: Section) -> alt.LayerChart:
    """Score of open models against their size, with the levels of closed models as lines."""
    told = ["model", "score", "total_params"]
    data = common.tidy(found.open_models.sort_values("score"), told)
    closed = common.tidy(found.closed, told[:2])
    score_title = f"Arena text score, list of {found.arena_day} [points]"
    scores = pd.concat([data.score, closed.score])
    scale = alt.Scale(domain=[scores.min() - 15, scores.max() + 15])
    y = alt.Y("score:Q", scale=scale, title=score_title)
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
        takeaway=(
            f"{found.n_open_above} of {found.n_open} open models in our tables stand above the "
            f"first GPT-4, the smallest with {short(found.smallest_total_params)} parameters"
        ),
        height=400,
        description=(
            f"Scatter chart of open models: size on a log scale against {score_title}. "
            f"{common.listed(data, '{model}: {total_params:short}, {score:g}')}. "
            f"Dashed lines mark closed models: {common.listed(closed, '{model} at {score:g}')}."
        ),
    )


def frontier(found: Section) -> alt.LayerChart:
    """What a token costs at each speed, by size of the model; the hourly price can be moved."""
    curves = found.curves.assign(
        model=[
            f"GPT-4 ({short(n)})" if share == 1 else f"1/{round(1 / share)} ({short(n)})"
            for share, n in zip(found.curves.fraction, found.curves.n_params, strict=True)
        ]
    )
    told = ["model", "tokens_per_s", "usd_per_mtok"]
    data = common.tidy(_thinned(curves), told, digits=4)
    sold = common.tidy(found.sold, ["product", "low", "high", "usd_per_mtok"])
    x = alt.X("tokens_per_s:Q", title="Output speed of one user [tokens/s]")
    y = _cost_at_any_rent(data.usd_per_mtok / found.rent)
    of_model = common.series("model", "Model", data.model)
    lines = layers.at_moved_rent(data, found.rent).mark_line(clip=True)
    by_model = data.groupby("model", sort=False)
    ends = by_model.agg(cheapest=("usd_per_mtok", "min"), fastest=("tokens_per_s", "max"))
    each = "{model}: from {cheapest:.2g} USD, at most {fastest:.0f} tokens/s"
    offers = common.listed(sold, "{product}: {low:g} to {high:g} tokens/s at {usd_per_mtok:g} USD")
    return common.finish(
        lines.encode(x, common.like(y, "usd"), *of_model, order="tokens_per_s:Q"),
        layers.ranges(sold, x, y, color=theme.GREY, strokeWidth=6, opacity=0.7),
        layers.names(sold, common.like(x, "low"), y, "product", align="left", dy=-10),
        takeaway=(
            f"A model of GPT-4's size reaches {found.gpt4_at_ten:.0f} tokens/s at GPT-4o's price, "
            f"{found.gpt4_max:.0f} at any price"
        ),
        subtitle=(
            f"At {found.rent:.2f} USD an hour for an {found.frontier_chip}, 16 bit, "
            f"{found.case.context:,} tokens of context, draft model {found.case.draft}"
        ),
        height=400,
        description=(
            "Lines give the least cost per million output tokens at each output speed, one line a "
            f"model, at {found.rent:g} USD per accelerator-hour. "
            f"{common.listed(ends.reset_index(), each)}. Bars are products: "
            f"{offers}. A slider moves the hourly price."
        ),
    )


def _cost_at_any_rent(usd_at_one: pd.Series) -> alt.Y:
    """Axis that holds every cost that the slider of the hourly price can give."""
    low, high = layers.RENTS[0] * usd_at_one.min() / 1.25, layers.RENTS[1] * usd_at_one.max() * 1.25
    y = layers.cost_y("usd_per_mtok", common.significant(low, 2), common.significant(high, 2))
    y["axis"]["values"] = common.log_ticks(low, high)
    return y


def _thinned(curves: pd.DataFrame, points: int = 60) -> pd.DataFrame:
    """As many points of each curve as an eye can tell apart, its ends among them."""
    return pd.concat(
        rows.iloc[np.unique(np.linspace(0, len(rows) - 1, points).astype(int))]
        for _, rows in curves.groupby("model", sort=False)
    )


def size_readings(found: Section) -> alt.LayerChart:
    """Every way to put a size on a closed model, with its interval, beside the article's number."""
    of_gpt4o = found.readings[found.readings.model == "GPT-4o"]
    published = of_gpt4o.total_params[of_gpt4o.by != "this chapter"]
    return _sizes_by_row(
        found,
        legend="Uses",
        mark="the article's number",
        takeaway=(
            f"Published estimates of GPT-4o differ {published.max() / published.min():.1f}-fold, "
            f"and the one that uses neither price nor speed is {short(found.probe_total_params)}"
        ),
    )


def closed_models(found: Section) -> alt.LayerChart:
    """What price and speed say about closed models, by the offers of the day and by all."""
    return _sizes_by_row(
        found,
        legend="Offers",
        mark="the size that others state",
        takeaway=(
            f"GPT-4o is read as {short(found.inferred_gpt4o)}, 80% interval "
            f"{short(found.inferred_gpt4o_low)} to {short(found.inferred_gpt4o_high)}"
        ),
    )


def _sizes_by_row(found: Section, *, legend: str, mark: str, takeaway: str) -> alt.LayerChart:
    told = ["model", "by", "basis", "total_params", "low", "high"]
    data = common.tidy(found.readings, told)
    data["row"] = data.model + ": " + data.by
    stated = found.stated.rename_axis("model").reset_index()
    claimed = data[["model", "row"]].merge(stated, on="model")
    shown = data.total_params, data.low, data.high, claimed.total_params
    x = common.log_x("total_params", *shown, title=common.ALL)
    y = common.row_y("row", data.row, 300)
    ticks = alt.Chart(claimed).mark_tick(color=theme.VERMILLION, thickness=3, size=20)
    known = data.dropna(subset=["low", "high"])
    of_basis = common.kinds("basis", legend, data.basis)
    return common.finish(
        layers.ranges(known, x, y, color=theme.GREY, strokeWidth=3, opacity=0.6),
        ticks.encode(x, y),
        layers.dots(data, x, y, *of_basis, filled=False),
        takeaway=takeaway,
        height=30 * len(data),
        description=(
            "Hollow marks are sizes of closed models on a log scale with their ranges. "
            f"{common.spoken(data, 'row', *told[3:])}. A thick tick marks {mark}: "
            f"{common.spoken(stated, 'model', 'total_params')}."
        ),
    )


def predicted_and_true(found: Section) -> alt.LayerChart:
    """Size by the line against the true one, for models whose size is known."""
    data = common.tidy(
        found.offers, ["model", "date", "true", "predicted", "low", "high"], digits=4
    )
    inside, words = data.true.between(data.low, data.high), ["holds the true size", "misses it"]
    data["interval"] = np.where(inside, *words)
    x = common.log_x("true", data.true, title="True size, log scale [parameters]")
    title = "Size by the line, log scale [parameters]"
    y = common.log_y("predicted", data.true, data.low, data.high, title=title)
    color, shape = common.kinds("interval", "The 80% interval", words)
    return common.finish(
        layers.equality([data.true.min(), data.true.max()], x, y),
        layers.ranges(data, y, x, color, opacity=0.45),
        layers.dots(data, x, y, color, shape, filled=False, size=60),
        takeaway=(
            f"On {found.n_read} readings of known models the line is off by a factor of "
            f"{found.total_median_factor:.1f} in the median; models of 100B and more are read "
            f"{found.large_times:.2f} times their size"
        ),
        height=420,
        description=(
            f"Scatter chart on log scales of {len(data)} readings of open models: size by the line "
            f"against true size, with 80% intervals, {inside.sum()} of which hold the true size. "
            f"{common.spoken(data.nlargest(12, 'true'), 'model', 'true', 'predicted')}."
        ),
    )


def error_by_rule(found: Section) -> alt.LayerChart:
    """Median error of each way to read a size, with its interval, for both kinds of size."""
    data = common.tidy(found.errors, ["method", "of", "median_factor", "low", "high"], digits=4)
    scale = alt.Scale(domain=[1, float(data.high.max()) * 1.05])
    title = "Median error, either way; 1 is perfect [times]"
    x = alt.X("median_factor:Q", scale=scale, title=title)
    y = common.row_y("method", data.sort_values(["of", "median_factor"]).method, 220)
    color, shape = common.kinds("of", "Parameters", data.of)
    apart = alt.YOffset("of:N")
    each = "{method}, {of}: {median_factor:.2f} ({low:.2f} to {high:.2f})"
    level = "not established" if "price alone" in found.total_level else "established"
    return common.finish(
        layers.ranges(data, x, y, apart, color, strokeWidth=2, opacity=0.6),
        layers.dots(data, x, y, apart, color, shape),
        takeaway=(
            f"The line is {found.total_median_factor:.2f} times off on all parameters; "
            f"its lead over the price alone is {level}"
        ),
        height=44 * data.method.nunique(),
        description=(
            "Dot chart of median error factors by method with 80% intervals by family. "
            f"{common.listed(data, each)}."
        ),
    )


def margin_curves(found: Section) -> alt.LayerChart:
    """Size that the cost model reads off a product, by the margin and context assumed."""
    told = ["case", "margin", "total_params"]
    data = common.tidy(found.curves.dropna(), told, digits=4)
    lines = found.stated.rename_axis("label").reset_index()
    lines["label"] = "the article on " + lines.label + ": " + lines.total_params.map(short)
    x = alt.X("margin:Q", title="Price over cost assumed [times]")
    y = common.log_y("total_params", data.total_params, lines.total_params, title=common.ALL)
    of_case = common.series("case", "Product and context", data.case)
    # Below the lines: above them the curves end.
    rules, labels = layers.named_levels(
        lines, y, "label", rule=layers.DOTTED, fontStyle="italic", dy=9
    )
    ends = data.groupby("case", sort=False).agg(["first", "last"])
    ends.columns = ["lowest", "highest", "most", "least"]
    each = "{case}: {most:short} at margin {lowest:g}, {least:short} at {highest:g}"
    said = common.listed(ends.reset_index(), each)
    return common.finish(
        rules,
        alt.Chart(data).mark_line(point=True).encode(x, y, *of_case, tooltip=told),
        labels,
        takeaway=(
            f"At cost and empty context GPT-4o could have {short(data.total_params[0])} "
            "parameters; the article's number needs a margin or a long context"
        ),
        height=360,
        description=(
            f"Falling lines: the size read off a product against the margin assumed. {said}. "
            f"Dotted: {common.spoken(lines, 'label', 'total_params')}."
        ),
    )
