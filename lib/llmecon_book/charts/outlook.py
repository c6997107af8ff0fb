"""Figures of the chapter on what the article expected; each takes the section that it shows."""

from __future__ import annotations

import altair as alt

from llmecon_book import facts
from llmecon_book.chapters import Section
from llmecon_book.charts import theme
from llmecon_book.charts.common import (
    ALL,
    KINDS,
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
    significant,
    spoken,
    tidy,
)
from llmecon_book.charts.layers import (
    DOTTED,
    dots,
    named_levels,
    names,
    names_beside,
    price_y,
    ranges,
    rule_at,
    status_points,
    step_lines,
)
from llmecon_book.charts.texts import told


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


def rivals(found: Section) -> alt.LayerChart:
    """Simple forecasts of one size beside what came."""
    columns = ["forecast", "low", "value", "high", "error_decades"]
    data = tidy(found.table, columns, digits=4)
    came = significant(found.rival_came, 4)
    x = log_x("value", data.low, data.value, data.high, [came], title=ALL)
    y = row_y("forecast", data.forecast, 260)
    known = data.dropna(subset=["low", "high"])
    return finish(
        rule_at(x, came, color=theme.VERMILLION, strokeWidth=2),
        ranges(known, x, y, strokeWidth=5, opacity=0.5, color=theme.BLUE),
        dots(data, x, y, size=90, color=theme.BLUE),
        **told("outlook.rivals", found, data, came=came),
        height=44 * len(data),
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


def iso_loss(found: Section) -> alt.LayerChart:
    """Training tokens that a smaller model needs for the same loss, and where none suffice."""
    data = tidy(found.curves, ["law", "params", "tokens", "decades_outside"], digits=4)
    floors = tidy(found.floors, ["law", "params"], digits=4)
    of_law = series("law", "Law", data.law)
    x = log_x("params", data.params, floors.params, title="Parameters, log scale [parameters]")
    y = log_y("tokens", data.tokens, title="Training tokens needed, log scale [tokens]")
    return finish(
        alt.Chart(floors).mark_rule(strokeDash=[2, 3]).encode(x, of_law[0]),
        alt.Chart(data).mark_line(clip=True).encode(x, y, *of_law),
        **told("outlook.iso_loss", found, data, floors=floors),
        height=340,
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


def ratios(found: Section) -> alt.LayerChart:
    """Training tokens for each parameter, and for each one at work, over time."""
    columns, level = ["model", "release_date", "per_param", "per_active"], found.ratio_target
    data = tidy(found.models, columns, digits=4)
    long = by_kind_of_params(
        data, "per_param", "per_active", kept=["model", "release_date"], value="tokens_per_param"
    )
    title = "Training tokens per parameter, log scale [tokens/parameter]"
    x = date_x("release_date")
    y = log_y("tokens_per_param", long.tokens_per_param, [level], title=title, counts=False)
    is_sparse = data.per_param < data.per_active
    long.attrs["shown"] = ["model", "release_date", "which", "tokens_per_param"]
    marks = (long.dropna(), x, y, *kinds_of_params())
    named = ["GPT-3 175B", "Chinchilla 70B", "Llama 3 70B", "Kimi K2"]
    chosen = long[long.model.isin(named) & (long.which == KINDS[0])]
    sparse = chosen.model.isin(data.model[is_sparse])
    first = chosen.release_date == data.release_date.min()  # to its left is the axis
    on_line = chosen.tokens_per_param == significant(level, 4)
    picked = spoken(data[data.model.isin(named)], "model", "per_param", "per_active")
    return finish(
        rule_at(y, level, color=theme.GREY, strokeDash=[5, 3]),
        ranges(data[is_sparse], y, x, low="per_param", high="per_active", opacity=0.5),
        dots(*marks, size=55),
        names(chosen[~sparse & first], x, y, "model", align="left", dx=-4, dy=-11),
        names(chosen[~sparse & on_line], x, y, "model", align="center", dy=-11),
        names(chosen[~sparse & ~first & ~on_line], x, y, "model", align="right", dx=-8),
        names(chosen[sparse], x, y, "model", align="center", dy=15),
        **told("outlook.ratios", found, data, picked=picked, level=level),
        height=380,
    )


def price_paths(found: Section) -> alt.LayerChart:
    """Prices over time: of flagships, and of the cheapest model of a given quality."""
    data = tidy(found.paths, ["path", "date", "model", "output_usd_per_mtok"])
    x, y = date_x("date", "From that day on"), price_y(data.output_usd_per_mtok)
    of_path = series("path", "Price of", data["path"])
    tooltip = ["path", "model", "date:T", "output_usd_per_mtok"]
    return finish(
        *step_lines(data, x, y, of_path, tooltip=tooltip, size=40),
        **told("outlook.price_paths", found, data),
        height=340,
    )


def speed_and_price(found: Section) -> alt.LayerChart:
    """How fast flagships were read, against their price; lines follow two makers through time."""
    columns = ["maker", "model", "year", "date", "output_usd_per_mtok", "output_tokens_per_s"]
    data = tidy(found.flagships.sort_values("date", kind="stable"), columns)
    data["year"] = data.year.astype(str)
    years = sorted(data.year.unique())
    room = [6 * data.output_usd_per_mtok.max()]  # for the names to the right
    title = "Output price, log scale [USD per million tokens]"
    x = log_x("output_usd_per_mtok", data.output_usd_per_mtok, room, title=title, counts=False)
    title = "Output speed, log scale [tokens/s]"
    y = log_y("output_tokens_per_s", data.output_tokens_per_s, title=title, counts=False)
    paths = data[data.groupby("maker").model.transform("nunique") > 1]
    lines = alt.Chart(paths).mark_line(color=theme.GREY, strokeWidth=1)
    makers = " and of ".join(paths.maker.unique())
    of_year = kinds("year", "Read in", years)
    named = data.drop_duplicates("model", keep="last")
    named = named.assign(model=named.model.str.replace(r" \(.*\)", "", regex=True))
    first, last = named.year == years[0], named.year == years[-1]
    fastest = named[last].sort_values("output_tokens_per_s", ascending=False)
    slower = named.index.isin(fastest[fastest.duplicated("output_usd_per_mtok")].index)
    return finish(
        lines.encode(x, y, alt.StrokeDash("maker:N", title="Path of"), alt.Order("date:T")),
        dots(data, x, y, *of_year),
        # A year a side, for there the readings of one price and speed differ.
        names(named[first], x, y, "model", align="right", dx=-7),
        names(named[~first & ~last], x, y, "model", align="left", dx=7),
        names(named[last & ~slower], x, y, "model", align="center", dy=-11),
        names(named[last & slower], x, y, "model", align="center", dy=13),
        **told("outlook.speed_and_price", found, data, makers=makers),
        height=400,
    )


def servable(found: Section) -> alt.LayerChart:
    """Largest model that each accelerator serves at each speed; the price can be chosen."""
    data = tidy(found.sizes, ["chip", "usd_per_mtok", "tokens_per_s", "total_params"], digits=4)
    usd = found.chip_usd
    menu = alt.binding_select(
        options=[float(price) for price in sorted(data.usd_per_mtok.unique())],
        name="Cost accepted [USD per million output tokens] ",
    )
    title = "Speed of one user, log scale [tokens/s]"
    x = log_x("tokens_per_s", data.tokens_per_s, title=title, counts=False)
    y = log_y("total_params", data.total_params, title=ALL)
    of_chip = series("chip", "Accelerator and its rent", data.chip)
    lines = alt.Chart(data).add_params(alt.param(name="usd_per_mtok", value=usd, bind=menu))
    lines = lines.transform_filter("datum.usd_per_mtok == usd_per_mtok").mark_line()
    opened = data[data.usd_per_mtok == usd]
    middle = sorted(opened.tokens_per_s.unique())[opened.tokens_per_s.nunique() // 2]
    at_middle = opened[opened.tokens_per_s == middle]
    return finish(
        lines.encode(x, y, *of_chip, tooltip=["chip", "tokens_per_s", "total_params"]),
        **told("outlook.servable", found, data, at_middle=at_middle, middle=middle),
        height=360,
    )


def kv_cache(found: Section) -> alt.LayerChart:
    """Key-value cache that a token adds, against the size of the model."""
    columns = ["name", "attention", "total_params", "kv_bytes_per_token"]
    data = tidy(found.shapes, columns)
    order = ["MHA", "GQA", "MQA", "MLA", "hybrid or window"]
    present = [kind for kind in order if kind in set(data.attention)]
    x = log_x("total_params", data.total_params, title=ALL)
    title = "KV cache of one token at 16 bit, log scale [B]"
    y = log_y("kv_bytes_per_token", data.kv_bytes_per_token, title=title)
    of_kind = kinds("attention", "Attention", present)
    chosen = data[data.name.isin(["Mistral Large 2", "DeepSeek-V3", "Qwen-72B", "GPT-3 175B"])]
    return finish(
        dots(data, x, y, *of_kind, filled=False, size=70),
        *names_beside(chosen, x, y, name="name", across="total_params"),
        **told("outlook.kv_cache", found, data, chosen=chosen),
        height=380,
    )


def context_cost(found: Section) -> alt.LayerChart:
    """What reading the cache alone costs per token as the context grows."""
    data = tidy(found.curves, ["name", "context_tokens", "usd_per_mtok"], digits=4)
    x = log_x("context_tokens", data.context_tokens, title="Context, log scale [tokens]")
    title = "Cost of reading the cache, log scale [USD per million output tokens]"
    y = log_y("usd_per_mtok", data.usd_per_mtok, title=title, counts=False)
    at_ends = last_of_each(data, "name", "context_tokens")
    return finish(
        alt.Chart(data).mark_line().encode(x, y, *series("name", "Shape of", data["name"])),
        **told("outlook.context_cost", found, data, ends=at_ends),
        height=320,
    )


def speed_kept(found: Section, context_tokens: float) -> alt.LayerChart:
    """Share of its speed that each model keeps at a long context, by batch.

    Parameters
    ----------
    found : Section
        Of `llmecon_book.chapters.outlook.steady_speed`.
    context_tokens : float
        Long context. [tokens]
    """
    columns = ["name", "attention", "total_params", "batch", "kept"]
    data = tidy(found.kept, columns, digits=3)
    data["row"] = data["name"] + ", " + data.attention
    data["requests"] = [f"{batch:g}" for batch in data.batch]
    axis = alt.Axis(format="%", title="Speed that is left [share of that when short]")
    x = alt.X("kept:Q", scale=alt.Scale(domain=[0, 1]), axis=axis)
    y = row_y("row", data.sort_values("total_params").row, 260)
    of_batch = kinds("requests", "Requests at once", data.requests)
    return finish(
        dots(data, x, y, *of_batch, size=90),
        **told("outlook.speed_kept", found, data, context_tokens=context_tokens),
        height=28 * data.row.nunique(),
    )
