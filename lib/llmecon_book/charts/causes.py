"""Figures of the chapter on why models shrank; each takes the section that it shows."""

from __future__ import annotations

import altair as alt

from llmecon_book import facts
from llmecon_book.chapters import Section
from llmecon_book.charts import theme
from llmecon_book.charts.common import (
    ALL,
    date_x,
    finish,
    kinds,
    last_of_each,
    like,
    listed,
    log_x,
    log_y,
    outside,
    row_y,
    series,
    spoken,
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
        takeaway=(
            f"Tokens per parameter rose from {found.gpt3_ratio:.1f} (GPT-3) to "
            f"{found.chinchilla_ratio:.0f} (Chinchilla) and {found.llama3_ratio:.0f} (Llama 3 70B)"
        ),
        height=380,
        description=(
            f"Scatter chart of {len(data)} models: training tokens per parameter, log scale, by "
            f"release date. {listed(chosen, '{model}: {tokens_per_param:short}')}. "
            f"Dashed lines: {listed(lines, '{rule}: {tokens_per_param:short}')}."
        ),
    )


def prescriptions(found: Section) -> alt.LayerChart:
    """What each law would have built with a model's training compute."""
    data = tidy(found.sizes, ["budget", "law", "params", "decades_outside"], digits=4)
    built = tidy(found.built, ["budget", "params"], digits=4)
    y = row_y("budget", built.budget)
    x = log_x("params", data.params, built.params, title="Parameters, log scale [parameters]")
    said = listed(data, "{law} {params:short}", by="budget", group="budget of {}")
    return finish(
        alt.Chart(built).mark_tick(thickness=4, size=34, color=theme.GREY).encode(x, y),
        dots(data, x, y, *kinds("law", "Law", data.law), filled=False),
        takeaway=(
            f"For GPT-3's budget the laws since 2022 ask for {short(found.gpt3_low)} to "
            f"{short(found.gpt3_high)}, not {short(built.params[0])}; for GPT-4's they "
            f"disagree {found.gpt4_law_spread:.1f}-fold"
        ),
        subtitle=outside(data),
        height=76 * len(built),
        description=(
            f"For each training budget, marks on a log scale show the size each law prescribes: "
            f"{said}. A thick grey tick shows the size that was built: "
            f"{listed(built, '{budget}: {params:short}')}. {outside(data)}."
        ),
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
    said = "; ".join(
        f"{name}: {rows.size_ratio.iloc[0]:.0%} at {short(rows.tokens_served.iloc[0])} "
        f"tokens, {rows.size_ratio.iloc[-1]:.0%} at {short(rows.tokens_served.iloc[-1])}"
        for name, rows in data.sort_values("tokens_served").groupby("law", sort=False)
    )
    limits = listed(last, "{law} {tokens_served:short} tokens")
    return finish(
        alt.Chart(data).mark_line().encode(x, y, *of_law),
        alt.Chart(last).mark_point(size=90, filled=True, shape="square").encode(x, y, of_law[0]),
        takeaway=(
            f"Serving {short(found.life_tokens_served)} tokens makes a model of "
            f"{found.shares.min():.0%} to {found.shares.max():.0%} of the training optimum the "
            "cheapest, by law"
        ),
        subtitle=outside(data),
        height=320,
        description=(
            "Falling lines: the size that is cheapest to train and serve together, as a share of "
            f"the training optimum of equal loss ({short(found.life_reference)} optimal), against "
            f"tokens served. {said}. Squares: beyond them the tokens per parameter have no "
            f"experiment: {limits}. {outside(data)}."
        ),
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
    said = listed(data, "{total_params:short} {usd_per_mtok:.2g}", by="at")
    return finish(
        lines.encode(x, cost_y("usd", 0.01, 200), *of_speed, tooltip=tooltip),
        takeaway=(
            f"At {found.cost_speed:g} tokens/s an eighth of the size costs {found.cost_gap} times "
            "less to serve"
        ),
        subtitle=(
            f"{found.serving_chip} at {usd_per_gpu_hour:g} USD an hour, {8 * bytes_per_value:g} "
            f"bit, {context_tokens:,} tokens of context"
        ),
        height=320,
        description=(
            "Lines of least cost in US dollars per million output tokens against size, both on log "
            f"scales, one line a speed, at {usd_per_gpu_hour:g} USD per accelerator-hour. {said}. "
            "A slider moves the hourly price."
        ),
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
        takeaway=(
            f"At {short(served)} tokens served GPT-4's quality is cheapest at "
            f"{short(found.life_cheapest_low)} to {short(found.life_cheapest_high)} active "
            "parameters"
        ),
        subtitle=outside(data),
        height=380,
        description=(
            "Valley-shaped lines on log scales, one a law: dollars of training and serving a model "
            "of equal quality, over the least, against its size. Least at "
            f"{short(served)} tokens served and {usd_per_gpu_hour:g} USD per "
            f"accelerator-hour: {listed(least, '{law}: {params:short}, {total:short} USD')}. "
            f"Demand and price can be moved. {outside(data)}."
        ),
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
    said = "; ".join(
        f"{law}, {how}: {short(rows.params.iloc[0])} at {short(rows.tokens_served.iloc[0])} "
        f"tokens, {short(rows.params.iloc[-1])} at {short(rows.tokens_served.iloc[-1])}"
        for (law, how), rows in data.groupby(["law", "counting"], sort=False)
    )
    times = [
        lines.params[0] / size
        for size in (found.gpt4_many_dollars_high, found.gpt4_many_dollars_low)
    ]
    return finish(
        rules,
        curve.encode(tooltip=columns[:4]),
        alt.Chart(data[data.index % 8 == 4]).mark_point(size=50).encode(x, y, color, shape),
        labels,
        takeaway=(
            f"Known demand of {short(found.gpt4_many)} tokens would have made GPT-4 "
            f"{times[0]:.1f} to {times[1]:.1f} times smaller, in dollars"
        ),
        subtitle=outside(data),
        height=380,
        description=(
            "Falling lines on log scales: the size that is cheapest over a model's life at the "
            f"quality of one model, against tokens served. {said}. Dotted: "
            f"{spoken(lines, 'label', 'params')}. {outside(data)}."
        ),
    )


def overtraining(found: Section) -> alt.LayerChart:
    """Training compute that a smaller model costs at equal quality, and where real models stand."""
    data = tidy(found.lines, ["law", "size_ratio", "flop_ratio"], digits=4)
    real = tidy(found.made, ["model", "size_ratio", "flop_ratio", "decades_outside"], digits=4)
    ends = tidy(found.floors, ["law", "size_ratio"], digits=4)
    real.attrs["shown"] = ["model", "size_ratio", "flop_ratio"]
    of_law = series("law", "Law", data.law)
    title = "Size over the compute-optimal one of the same loss, log scale [times]"
    sizes = (data.size_ratio, real.size_ratio, ends.size_ratio)
    x = log_x("size_ratio", *sizes, title=title, counts=False)
    title = "Training compute over the least, log scale [times]"
    y = log_y("flop_ratio", data.flop_ratio, real.flop_ratio, title=title, counts=False)
    near_least = real.flop_ratio < 1.02  # the line is flat there: names would meet
    beyond = outside(real, of="the points")
    return finish(
        alt.Chart(ends).mark_rule(strokeDash=[2, 3]).encode(x, of_law[0]),
        alt.Chart(data).mark_line(clip=True).encode(x, y, *of_law),
        dots(real, x, y, size=60, color=theme.INK),
        names(real[~near_least], x, y, "model", align="left", dx=8, dy=-6),
        names(real[near_least], x, y, "model", align="left", dx=8, dy=14),
        takeaway=(
            f"Half the size costs {found.half_flop_low:.0%} to {found.half_flop_high:.0%} more "
            f"training compute, a quarter {found.quarter.min():.0%} to {found.quarter.max():.0%} "
            "more"
        ),
        subtitle=beyond,
        height=380,
        description=(
            "Lines of equal loss on log scales: training compute over the least against size over "
            "the compute-optimal one, one line a law, rising to the left without bound at a floor: "
            f"{spoken(ends, 'law', 'size_ratio')}. Real models, size and compute ratio: "
            f"{spoken(real, 'model', 'size_ratio', 'flop_ratio')}. {beyond}."
        ),
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
    said = listed(last_of_each(data, "data", "tokens"), "{data}: {loss:.3f}")
    case = f"{short(params)} parameters, constants of Muennighoff et al. 2023"
    return finish(
        alt.Chart(data).mark_line().encode(x, y, *series("data", "Unique tokens", data.data)),
        takeaway=(
            f"Repeating text helps for some passes and never counts more than "
            f"{found.repeat_limit:.0f} times"
        ),
        subtitle=". ".join(filter(None, (case, outside(data)))),
        height=320,
        description=(
            "Falling lines of loss against tokens processed, log scale, one line for each stock of "
            f"unique tokens; those with little go flat. At {short(data.tokens.max())} tokens: "
            f"{said}. {outside(data)}."
        ),
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
    said = listed(data, "{row} ({kind}): {low:.2g} to {high:.2g}, middle {middle:.2g}")
    served = found.cases.tokens_served
    return finish(
        rule_at(x, 1.0, color=theme.GREY),
        ranges(data, x, y, color, strokeWidth=5, opacity=0.55),
        dots(data, like(x, "middle"), y, color, shape, size=90),
        takeaway=(
            f"The causes together make a model {found.by_flop_all_low:.1f} to "
            f"{found.by_dollars_all_high:.0f} times smaller; {found.need_low:.1f} to "
            f"{found.need_high:.0f} are to be explained"
        ),
        subtitle=(
            f"{short(served.min())} to {short(served.max())} tokens served, "
            f"{found.cases.law.nunique()} laws {found.far_low:.1f} to {found.far_high:.1f} powers "
            f"of ten beyond their runs, {years:.2f} years of progress"
        ),
        height=34 * len(data),
        description=f"Horizontal ranges of factors on a log scale; 1 is no change. {said}.",
    )
