"""Figures of the chapter on why models shrank; each takes the section that it shows."""

from __future__ import annotations

import altair as alt

from llmecon_book import facts
from llmecon_book.chapters import Section, ends
from llmecon_book.charts import theme
from llmecon_book.charts.common import (
    ALL,
    date_x,
    finish,
    kinds,
    last_of_each,
    like,
    log_x,
    log_y,
    outside,
    row_y,
    series,
    tidy,
)
from llmecon_book.charts.layers import (
    DOTTED,
    at_moved_rent,
    cost_y,
    dots,
    named_levels,
    names,
    ranges,
    rent_slider,
    rule_at,
    status_points,
)
from llmecon_book.charts.texts import told
from llmecon_book.words import short

_NAMED = [facts.GPT3, facts.CHINCHILLA, facts.LLAMA2, facts.LLAMA3]
_NAMED += [facts.PHI4, facts.DEEPSEEK_V3, facts.GEMMA_4B, facts.GPT4]


def tokens_per_param(found: Section) -> alt.LayerChart:
    """Training tokens per parameter over time, with what the laws ask for."""
    data = tidy(found.trained, ["model", "release_date", "tokens_per_param", "size_status"])
    lines = tidy(found.rules, ["rule", "tokens_per_param"])
    x = date_x("release_date")
    title = "Training tokens per parameter, log scale [tokens/parameter]"
    each = (data.tokens_per_param, lines.tokens_per_param)
    y = log_y("tokens_per_param", *each, title=title, counts=False)
    dashed = {"color": theme.VERMILLION, "strokeDash": [5, 3]}
    rule, rule_names = named_levels(lines, y, "rule", rule=dashed, fontStyle="italic")
    tooltip = ["model", "release_date:T", "tokens_per_param", "size_status"]
    chosen = data[data.model.isin(_NAMED)]
    return finish(
        rule,
        status_points(data, x, y, color=theme.BLUE, tooltip=tooltip),
        names(chosen, x, y, "model", align="right", dx=-8, dy=-4),
        rule_names,
        **told("causes.tokens_per_param", found, data, chosen=chosen, lines=lines),
        height=380,
    )


def prescriptions(found: Section) -> alt.LayerChart:
    """What each law would have built with a model's training compute."""
    data = tidy(found.sizes, ["budget", "law", "params", "decades_outside"], digits=4)
    built = tidy(found.built, ["budget", "params"], digits=4)
    y = row_y("budget", built.budget)
    x = log_x("params", data.params, built.params, title="Parameters, log scale [parameters]")
    return finish(
        alt.Chart(built).mark_tick(thickness=4, size=34, color=theme.GREY).encode(x, y),
        dots(data, x, y, *kinds("law", "Law", data.law), filled=False),
        **told("causes.prescriptions", found, data, built=built),
        height=76 * len(built),
    )


def demand(found: Section) -> alt.LayerChart:
    """The cheapest size over a model's life as the tokens it will serve grow."""
    columns = ["law", "tokens_served", "size_ratio", "ratio_known", "decades_outside"]
    data = tidy(found.curves, columns, digits=4)
    title = "Tokens served over the model's life, log scale [tokens]"
    x = log_x("tokens_served", data.tokens_served, title=title)
    axis = alt.Axis(format="%", title="Cheapest size [share of the training optimum]")
    y = alt.Y("size_ratio:Q", scale=alt.Scale(domain=[0, 1]), axis=axis)
    of_law = series("law", "Law", data.law)
    last = data[data.ratio_known].groupby("law", sort=False).tail(1)
    at_ends = data.sort_values("tokens_served").groupby("law", sort=False).nth([0, -1])
    shares = ends("shares", found.shares)
    return finish(
        alt.Chart(data).mark_line().encode(x, y, *of_law),
        alt.Chart(last).mark_point(size=90, filled=True, shape="square").encode(x, y, of_law[0]),
        **told("causes.demand", found, data, ends=at_ends, last=last, **shares),
        height=320,
    )


def cost_by_size(
    found: Section, usd_per_gpu_hour: float, bytes_per_value: float, context_tokens: float
) -> alt.LayerChart:
    """Serving cost at given speeds against the size of the model; the hourly price can be moved.

    Parameters
    ----------
    found : Section
        Of `llmecon_book.chapters.causes.serving_cost`.
    usd_per_gpu_hour : float
        Price that the costs were computed for; they are proportional to it. [USD/h]
    bytes_per_value : float
        Width of what is served. [B]
    context_tokens : float
        Tokens in the cache. [tokens]
    """
    data = tidy(found.costs, ["at", "model", "total_params", "usd_per_mtok"], digits=4)
    x = log_x("total_params", data.total_params, title=ALL)
    of_speed = series("at", "Speed of one user", data["at"])
    lines = at_moved_rent(data, usd_per_gpu_hour).mark_line(point=True)
    tooltip = ["model", "at", "usd_per_mtok"]
    case = {"usd_per_gpu_hour": usd_per_gpu_hour, "context_tokens": context_tokens}
    case["bits"] = 8 * bytes_per_value
    return finish(
        lines.encode(x, cost_y("usd", 0.01, 200), *of_speed, tooltip=tooltip),
        **told("causes.cost_by_size", found, data, **case),
        height=320,
    )


def lifetime(found: Section, usd_per_gpu_hour: float) -> alt.LayerChart:
    """Cost over a model's life by its size, at equal quality; demand and rent can be moved.

    Parameters
    ----------
    found : Section
        Of `llmecon_book.chapters.causes.lifetime`.
    usd_per_gpu_hour : float
        Rent that the serving prices were computed for; they are proportional to it. [USD/h]
    """
    columns = ["law", "params", "train_usd", "usd_per_mtok", "decades_outside"]
    data, served = tidy(found.lives, columns, digits=4), found.life_demand
    laws = list(data.law.unique())
    # Names stand under the valleys, a line for each law, so that none hides another.
    data["name_at"] = [0.85 * 0.87 ** laws.index(name) for name in data.law]
    demands = sorted({served, *(step * 10.0**n for n in range(10, 16) for step in (1, 3))})
    menu = alt.binding_select(
        options=demands, labels=[short(n) for n in demands], name="Tokens served "
    )
    rent = rent_slider(usd_per_gpu_hour, "Price of one accelerator for serving [USD per hour]")
    total = (
        "datum.train_usd + tokens_served / 1e6 * datum.usd_per_mtok"
        f" * usd_per_gpu_hour / {usd_per_gpu_hour}"
    )
    base = (
        alt.Chart(data)
        .transform_calculate(total_usd=total)
        .transform_joinaggregate(least="min(total_usd)", groupby=["law"])
        .transform_calculate(times="datum.total_usd / datum.least")
    )
    x = log_x("params", data.params, title="Active parameters, log scale [parameters]")
    title = "Training and serving over the least, log scale [times]"
    scale = alt.Scale(type="log", domain=[0.5, 12])
    y = alt.Y("times:Q", scale=scale, axis=alt.Axis(title=title, values=[1, 2, 5, 10]))
    of_law = series("law", "Law", laws)
    lines = base.add_params(alt.param(name="tokens_served", value=served, bind=menu), rent)
    best = base.transform_filter("datum.total_usd <= datum.least")
    size_and_sum = (
        "replace(format(datum.params, '.2s'), 'G', 'B') + ' for $'"
        " + replace(format(datum.least, '.2s'), 'G', 'B')"
    )
    labels = best.transform_calculate(said=size_and_sum)
    labels = labels.mark_text(align="center", baseline="middle")
    sums = data.assign(total=data.train_usd + served / 1e6 * data.usd_per_mtok)
    least = sums.loc[sums.groupby("law", sort=False).total.idxmin()]
    return finish(
        lines.mark_line(clip=True).encode(x, y, *of_law),
        best.mark_point(filled=True, size=80).encode(x, y, *kinds("law", "Law", laws)),
        labels.encode(x, like(y, "name_at"), of_law[0], text="said:N"),
        **told("causes.lifetime", found, data, least=least, usd_per_gpu_hour=usd_per_gpu_hour),
        height=380,
    )


def sizes_by_demand(found: Section) -> alt.LayerChart:
    """Size that would have been cheapest for one model's quality, had the demand been known."""
    columns = ["law", "counting", "tokens_served", "params", "decades_outside"]
    data = tidy(found.paths, columns, digits=4)
    lines = tidy(found.built, ["label", "params"], digits=4)
    x = log_x("tokens_served", data.tokens_served, title="Tokens served, log scale [tokens]")
    title = "Active parameters, log scale [parameters]"
    y = log_y("params", data.params, lines.params, title=title)
    color, shape = kinds("law", "Law", data.law)
    dash = series("counting", "Counted in", data.counting)[1]
    curve = alt.Chart(data).mark_line().encode(x, y, color, dash, detail="counting:N")
    rules, labels = named_levels(lines, y, "label", rule=DOTTED, fontStyle="italic")
    line = data.law + ", " + data.counting
    at_ends = data.assign(line=line).groupby("line", sort=False).nth([0, -1])
    times = [
        lines.params[0] / size
        for size in (found.gpt4_many_dollars_high, found.gpt4_many_dollars_low)
    ]
    return finish(
        rules,
        curve.encode(tooltip=columns[:4]),
        alt.Chart(data[data.index % 8 == 4]).mark_point(size=50).encode(x, y, color, shape),
        labels,
        **told("causes.sizes_by_demand", found, data, ends=at_ends, times=times, lines=lines),
        height=380,
    )


def overtraining(found: Section) -> alt.LayerChart:
    """Training compute that a smaller model costs at equal quality, and where real models stand."""
    data = tidy(found.lines, ["law", "size_ratio", "flop_ratio"], digits=4)
    real = tidy(found.made, ["model", "size_ratio", "flop_ratio", "decades_outside"], digits=4)
    floors = tidy(found.floors, ["law", "size_ratio"], digits=4)
    real.attrs["shown"] = ["model", "size_ratio", "flop_ratio"]
    of_law = series("law", "Law", data.law)
    title = "Size over the compute-optimal one of the same loss, log scale [times]"
    sizes = (data.size_ratio, real.size_ratio, floors.size_ratio)
    x = log_x("size_ratio", *sizes, title=title, counts=False)
    title = "Training compute over the least, log scale [times]"
    y = log_y("flop_ratio", data.flop_ratio, real.flop_ratio, title=title, counts=False)
    near_least = real.flop_ratio < 1.02  # the line is flat there: names would meet
    quarter = ends("quarter", found.quarter)
    beyond = outside(real, of="the points")
    return finish(
        alt.Chart(floors).mark_rule(strokeDash=[2, 3]).encode(x, of_law[0]),
        alt.Chart(data).mark_line(clip=True).encode(x, y, *of_law),
        dots(real, x, y, size=60, color=theme.INK),
        names(real[~near_least], x, y, "model", align="left", dx=8, dy=-6),
        names(real[near_least], x, y, "model", align="left", dx=8, dy=14),
        **told("causes.overtraining", found, real, floors=floors, outside=beyond, **quarter),
        height=380,
    )


def repeats(found: Section, params: float) -> alt.LayerChart:
    """Loss against tokens processed when the unique ones are limited.

    Parameters
    ----------
    found : Section
        Of `llmecon_book.chapters.causes.repeats`.
    params : float
        Size of the model. [parameters]
    """
    data = tidy(found.curves, ["data", "tokens", "loss", "decades_outside"], digits=5)
    x = log_x("tokens", data.tokens, title="Tokens processed, log scale [tokens]")
    y = alt.Y("loss:Q", scale=alt.Scale(zero=False), title="Loss by the law [nats per token]")
    last = last_of_each(data, "data", "tokens")
    return finish(
        alt.Chart(data).mark_line().encode(x, y, *series("data", "Unique tokens", data.data)),
        **told("causes.repeats", found, data, last=last, params=params),
        height=320,
    )


def decomposition(found: Section, years: float) -> alt.LayerChart:
    """What each cause can explain of a fall in size, beside what is to be explained.

    Parameters
    ----------
    found : Section
        Of `llmecon_book.chapters.causes.decomposition`.
    years : float
        Of progress. [years]
    """
    data = tidy(found.rows, ["row", "kind", "low", "middle", "high"], digits=4)
    y = row_y("row", data.row, 300)
    title = "Factor by which the model is smaller, log scale [times]"
    x = log_x("low", data.low, data.high, [1.0], title=title, counts=False)
    color, shape = kinds("kind", "What", data.kind)
    served, n_laws = ends("served", found.cases.tokens_served), found.cases.law.nunique()
    return finish(
        rule_at(x, 1.0, color=theme.GREY),
        ranges(data, x, y, color, strokeWidth=5, opacity=0.55),
        dots(data, like(x, "middle"), y, color, shape, size=90),
        **told("causes.decomposition", found, data, years=years, n_laws=n_laws, **served),
        height=34 * len(data),
    )
