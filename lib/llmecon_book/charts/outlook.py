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
    listed,
    log_x,
    log_y,
    outside,
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
from llmecon_book.words import as_month, short


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
    said = listed(last_of_each(drawn, "line", "date"), "{line} reaches {params:short}")
    return finish(
        alt.Chart(drawn).mark_line(color=theme.GREY).encode(date_x("date"), y, dash),
        dots(*marks, size=60),
        takeaway=(
            f"Open frontier models grew {found.total_factor_per_year:.1f} times a year in all "
            f"parameters, while active ones did not ({found.active_factor_per_year:.1f} times)"
        ),
        height=380,
        description=(
            f"Sizes of {len(data)} open frontier models by release date on a log scale, all "
            f"parameters and those at work on one token. "
            f"{spoken(data, 'model', 'total_params', 'active_params')}. Lines: {said}."
        ),
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
    for channel in (points.encoding.shape, points.encoding.fill):
        channel["legend"] = alt.Legend(values=known)
    return finish(
        rule_at(x, level, **DOTTED),
        ranges(data, x, y, strokeWidth=3, opacity=0.45, color=color),
        points,
        takeaway=(
            f"Of {found.closed_n} closed frontier models {found.closed_disclosed} have a disclosed "
            f"size; the median usable range spans a factor of {found.closed_width:.0f}"
        ),
        height=26 * len(data),
        description=(
            f"Hollow marks with ranges, log scale: published sizes of {len(data)} closed frontier "
            f"models, the oldest on top. "
            f"{spoken(data, 'model', 'total_params', 'low', 'high')}. "
            f"Dotted: GPT-4 at {short(level)}."
        ),
    )


def rivals(found: Section) -> alt.LayerChart:
    """Simple forecasts of one size beside what came."""
    columns = ["forecast", "low", "value", "high", "error_decades"]
    data = tidy(found.table, columns, digits=4)
    came = significant(found.rival_came, 4)
    x = log_x("value", data.low, data.value, data.high, [came], title=ALL)
    y = row_y("forecast", data.forecast, 260)
    known = data.dropna(subset=["low", "high"])
    said = listed(data, "{forecast}: {value:short}, {error_decades:.1f} powers of ten off")
    return finish(
        rule_at(x, came, color=theme.VERMILLION, strokeWidth=2),
        ranges(known, x, y, strokeWidth=5, opacity=0.5, color=theme.BLUE),
        dots(data, x, y, size=90, color=theme.BLUE),
        takeaway=(
            f"Least wrong was the {found.rival_best}, {found.rival_best_error:.1f} times off; the "
            f"fall drawn on was {found.rival_fall_error:,.0f} times off"
        ),
        height=44 * len(data),
        description=(
            f"Dots on a log scale are forecasts of the largest open model; a line marks the "
            f"{short(came)} that came. {said}."
        ),
    )


def smallest_at_score(found: Section) -> alt.LayerChart:
    """Smallest open model that reached the score of a closed one, as time went on."""
    data = tidy(found.steps, ["level", "model", "release_date", "total_params"])
    x, y = date_x("release_date"), log_y("total_params", data.total_params, title=ALL)
    of_level = series("level", "Level of", data.level)
    tooltip = ["level", "model", "release_date:T", "total_params"]
    each = "{model} {total_params:short} in {release_date:%Y-%m}"
    of = data.groupby("level").last()
    return finish(
        *step_lines(data, x, y, of_level, tooltip=tooltip),
        takeaway=(
            f"GPT-4's Arena level fits in {short(of.total_params['GPT-4'])} parameters by "
            f"{as_month(of.release_date['GPT-4'])}, GPT-5's in {short(of.total_params['GPT-5'])} "
            f"by {as_month(of.release_date['GPT-5'])}"
        ),
        height=360,
        description=(
            "Step lines, log scale: the smallest open model that had reached the Arena score of a "
            f"closed model by each day. {listed(data, each, by='level', group='level of {}')}."
        ),
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
        takeaway=(
            f"For the loss of {found.floor_name} size has a floor: {short(found.floor_low)} to "
            f"{short(found.floor_high)} parameters, depending on the law"
        ),
        subtitle=outside(data),
        height=340,
        description=(
            "Lines of equal loss: training tokens needed against parameters, both on log scales, "
            "one line a law. Each rises without bound at its floor: "
            f"{spoken(floors, 'law', 'params')}. {outside(data)}."
        ),
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
        takeaway=(
            f"Ten times the size answers {found.facts_per_decade:.0f} points more of SimpleQA; "
            f"{short(found.facts_first_total_params)} match GPT-4 Turbo"
        ),
        height=340,
        description=(
            f"Scatter chart of {len(data)} open models: score against all parameters, log scale. "
            f"{listed(data, '{model} {total_params:short}: {score:g}')}. "
            f"Dashed lines are closed models: {listed(lines, '{model}: {score:g}')}."
        ),
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
    picked = data[data.model.isin(named)]
    return finish(
        rule_at(y, level, color=theme.GREY, strokeDash=[5, 3]),
        ranges(data[is_sparse], y, x, low="per_param", high="per_active", opacity=0.5),
        dots(*marks, size=55),
        names(chosen[~sparse & first], x, y, "model", align="left", dx=-4, dy=-11),
        names(chosen[~sparse & on_line], x, y, "model", align="center", dy=-11),
        names(chosen[~sparse & ~first & ~on_line], x, y, "model", align="right", dx=-8),
        names(chosen[sparse], x, y, "model", align="center", dy=15),
        takeaway=(
            f"By all parameters the largest open models are back at {found.ratio_top_low:.0f} to "
            f"{found.ratio_top_high:.0f} tokens each; by active ones training kept growing"
        ),
        height=380,
        description=(
            f"Scatter chart of {len(data)} models on a log scale: training tokens for each "
            "parameter and for each active one, by release date. "
            f"{spoken(picked, 'model', 'per_param', 'per_active')}. Dashed: {level:g}, Chinchilla."
        ),
    )


def price_paths(found: Section) -> alt.LayerChart:
    """Prices over time: of flagships, and of the cheapest model of a given quality."""
    data = tidy(found.paths, ["path", "date", "model", "output_usd_per_mtok"])
    x, y = date_x("date", "From that day on"), price_y(data.output_usd_per_mtok)
    of_path = series("path", "Price of", data["path"])
    tooltip = ["path", "model", "date:T", "output_usd_per_mtok"]
    said = listed(data, "{output_usd_per_mtok:g} from {date:%Y-%m}", by="path")
    return finish(
        *step_lines(data, x, y, of_path, tooltip=tooltip, size=40),
        takeaway=(
            f"OpenAI's flagship went from {found.price_openai_then:g} to "
            f"{found.price_openai_now:g} dollars, the price of GPT-4o's level from "
            f"{found.price_gpt4o_then:g} to {found.price_gpt4o_now:.2f}"
        ),
        height=340,
        description=(
            f"Step lines on a log scale of output prices in US dollars per million tokens. {said}."
        ),
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
    of_year = kinds("year", "Read in", years)
    named = data.drop_duplicates("model", keep="last")
    named = named.assign(model=named.model.str.replace(r" \(.*\)", "", regex=True))
    first, last = named.year == years[0], named.year == years[-1]
    fastest = named[last].sort_values("output_tokens_per_s", ascending=False)
    slower = named.index.isin(fastest[fastest.duplicated("output_usd_per_mtok")].index)
    said = "{model} {output_tokens_per_s:.0f} at {output_usd_per_mtok:g}"
    return finish(
        lines.encode(x, y, alt.StrokeDash("maker:N", title="Path of"), alt.Order("date:T")),
        dots(data, x, y, *of_year),
        # A year a side, for there the readings of one price and speed differ.
        names(named[first], x, y, "model", align="right", dx=-7),
        names(named[~first & ~last], x, y, "model", align="left", dx=7),
        names(named[last & ~slower], x, y, "model", align="center", dy=-11),
        names(named[last & slower], x, y, "model", align="center", dy=13),
        takeaway=(
            "Dearer flagships are not faster: rank correlation of speed and price "
            f"{found.speed_rank:+.2f} over {found.speed_n} flagships and prices"
        ),
        subtitle="prompts were lengthened between the readings of 2025 and of 2026",
        height=400,
        description=(
            "Scatter chart on log scales: output speed in tokens/s of makers' flagships against "
            "their output price in US dollars per million tokens, marked by year. "
            f"{listed(data, said, by='year', group='in {}')}. Lines join the flagships of "
            f"{' and of '.join(paths.maker.unique())} in the order of their readings."
        ),
    )


def servable(found: Section) -> alt.LayerChart:
    """Largest model that each accelerator serves at each speed; the price can be chosen."""
    data = tidy(found.sizes, ["chip", "usd_per_mtok", "tokens_per_s", "total_params"], digits=4)
    speed, usd = found.chip_speed, found.chip_usd
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
        takeaway=(
            f"At {speed:g} tokens/s for {usd:g} dollars per million tokens H200 servers serve "
            f"{short(found.chip_h200)}, GB200 racks {short(found.chip_gb200)}"
        ),
        height=360,
        description=(
            "Falling lines on log scales: largest model that can be served, against speed of one "
            f"user, one line an accelerator. At {middle:.3g} tokens/s and {usd:g} USD per "
            f"million tokens: {spoken(at_middle, 'chip', 'total_params')}. A list chooses the "
            "price."
        ),
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
        takeaway=(
            "The cache follows the attention design, not size: rank correlation "
            f"{found.kv_rank:+.2f} over {found.kv_n} shapes"
        ),
        height=380,
        description=(
            f"Scatter chart of {len(data)} shapes: bytes of key-value cache that one token adds "
            f"against all parameters, both on log scales, marked by attention. "
            f"{spoken(chosen, 'name', 'total_params', 'kv_bytes_per_token')}."
        ),
    )


def context_cost(found: Section) -> alt.LayerChart:
    """What reading the cache alone costs per token as the context grows."""
    data = tidy(found.curves, ["name", "context_tokens", "usd_per_mtok"], digits=4)
    x = log_x("context_tokens", data.context_tokens, title="Context, log scale [tokens]")
    title = "Cost of reading the cache, log scale [USD per million output tokens]"
    y = log_y("usd_per_mtok", data.usd_per_mtok, title=title, counts=False)
    said = listed(last_of_each(data, "name", "context_tokens"), "{name}: {usd_per_mtok:.3g}")
    return finish(
        alt.Chart(data).mark_line().encode(x, y, *series("name", "Shape of", data["name"])),
        takeaway=(
            f"At {found.context:,} tokens reading the cache costs {found.read_large2:.2f} dollars "
            f"per million tokens for Mistral Large 2, {found.read_deepseek:.2f} for DeepSeek-V3"
        ),
        subtitle=(
            f"{found.read_bandwidth / 1e12:g} TB/s, {found.read_rent:g} USD an hour, 16-bit cache"
        ),
        height=320,
        description=(
            "Rising straight lines on log scales: cost of reading the key-value cache against "
            f"context, one line a model. At {short(data.context_tokens.max())} tokens, in US "
            f"dollars per million output tokens: {said}."
        ),
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
    said = listed(data, "{kept:.0%} with {requests}", by="row")
    return finish(
        dots(data, x, y, *of_batch, size=90),
        takeaway=(
            f"Alone, 8B keep {found.kept_small:.0%} of their speed and 123B "
            f"{found.kept_large:.0%}; with 32 requests {found.kept_crowd_small:.0%} and "
            f"{found.kept_crowd_large:.0%}, a windowed 117B {found.kept_crowd_window:.0%}"
        ),
        subtitle=f"{context_tokens:,} tokens against 1,000, eight H200, 16 bit",
        height=28 * data.row.nunique(),
        description=(
            "Dot chart, the smallest model on top: share of its speed that a model keeps at the "
            f"long context, by requests decoded together. {said}."
        ),
    )
