"""Figures of the chapter on why models shrank; each takes the section that it shows."""

from __future__ import annotations

import altair as alt

from llmecon_book.chapters import Section
from llmecon_book.charts import theme
from llmecon_book.charts.common import finish, kinds, like, log_x, outside, row_y, series, tidy
from llmecon_book.charts.layers import dots, ranges, rule_at, status_points
from llmecon_book.charts.texts import told
from llmecon_book.words import short

_MOST_TIMES = 12  # the least cost, at the top of the picture of a life's costs


def steps(found: Section) -> alt.LayerChart:
    """From GPT-4's size through each cause to the size of all three, beside GPT-4o's."""
    data = tidy(found.steps, ["step", "kind", "start", "params", "low", "high"], digits=4)
    data.attrs["shown"] = ["step", "params", "low", "high"]
    y = row_y("step", data.step, 340)
    title = "Active parameters, log scale [parameters]"
    x = log_x("params", data.params, data.low, data.high, title=title)
    color, shape = (of.legend(None) for of in kinds("kind", "Size", data.kind))  # rows say it
    # As everywhere, a reported size is a diamond and an inferred one a triangle.
    looks = {"built": "diamond", "cause": "square", "result": "circle", "inferred": "triangle-up"}
    shape = shape.scale(domain=[*looks], range=[*looks.values()])
    return finish(
        ranges(data, x, y, color, low="start", high="params", strokeWidth=10, opacity=0.55),
        ranges(data, x, y, color, strokeWidth=3, strokeDash=[2, 2]),
        dots(data, x, y, color, shape, size=110, filled=False),
        **told("causes.steps", found, data, change=found.steps.change),
        height=46 * len(data),
    )


def tokens_per_param(found: Section) -> alt.LayerChart:
    """Training tokens per parameter of models in order of date, beside two rules."""
    data = tidy(found.trained, ["row", "tokens_per_param", "size_status"])
    title = "Training tokens per parameter, log scale [tokens/parameter]"
    levels = found.kaplan_ratio, found.chinchilla_ratio
    x = log_x("tokens_per_param", data.tokens_per_param, levels, title=title, counts=False)
    tooltip = ["row", "tokens_per_param", "size_status"]
    return finish(
        *(rule_at(x, level, color=theme.VERMILLION, strokeDash=[5, 3]) for level in levels),
        status_points(data, x, row_y("row", data.row), color=theme.BLUE, tooltip=tooltip, size=90),
        **told("causes.tokens_per_param", found, data),
        height=32 * len(data),
    )


def lifetime(found: Section) -> alt.LayerChart:
    """Cost over a model's life by its size, at equal quality; the demand can be chosen."""
    columns = ["law", "params", "train_usd", "usd_per_mtok", "decades_outside"]
    data, served = tidy(found.lives, columns, digits=4), found.life_demand
    laws = list(data.law.unique())
    # Names stand under the valleys, a line for each law, so that none hides another.
    data["name_at"] = [0.85 * 0.87 ** laws.index(name) for name in data.law]
    demands = found.demands.tolist()
    menu = alt.binding_select(
        options=demands, labels=[short(n) for n in demands], name="Tokens served "
    )
    base = (
        alt.Chart(data)
        .transform_calculate(total="datum.train_usd + tokens_served / 1e6 * datum.usd_per_mtok")
        .transform_joinaggregate(least="min(total)", groupby=["law"])
        .transform_calculate(times="datum.total / datum.least")
    )
    x = log_x("params", data.params, title="Active parameters, log scale [parameters]")
    title = "Training and serving over the least, log scale [times]"
    scale = alt.Scale(type="log", domain=[0.5, _MOST_TIMES])
    y = alt.Y("times:Q", scale=scale, axis=alt.Axis(title=title, values=[1, 2, 5, 10]))
    of_law = series("law", "Law", laws)
    lines = base.add_params(alt.param(name="tokens_served", value=served, bind=menu))
    best = base.transform_filter("datum.total <= datum.least")
    size_and_sum = (
        "replace(format(datum.params, '.2s'), 'G', 'B') + ' for $'"
        " + replace(format(datum.least, '.2s'), 'G', 'B')"
    )
    labels = best.transform_calculate(said=size_and_sum)
    labels = labels.mark_text(align="center", baseline="middle")
    sums = data.assign(total=data.train_usd + served / 1e6 * data.usd_per_mtok)
    by_law = sums.groupby("law", sort=False).total
    least = sums.loc[by_law.idxmin()]
    shown = sums[sums.total <= _MOST_TIMES * by_law.transform("min")]  # the rest is clipped
    return finish(
        lines.mark_line(clip=True).encode(x, y, *of_law),
        best.mark_point(filled=True, size=80).encode(x, y, *kinds("law", "Law", laws)),
        labels.encode(x, like(y, "name_at"), of_law[0], text="said:N"),
        **told(
            "causes.lifetime",
            found,
            data,
            least=least,
            outside=outside(shown),
            few=demands[0],
            many=demands[-1],
        ),
        height=380,
    )


def decomposition(found: Section) -> alt.LayerChart:
    """What each cause can explain of a fall in size, beside what is to be explained."""
    data = tidy(found.rows, ["row", "kind", "low", "middle", "high"], digits=4)
    y = row_y("row", data.row, 340)
    title = "Factor by which the model is smaller, log scale [times]"
    x = log_x("low", data.low, data.high, [1.0], title=title, counts=False)
    color, shape = kinds("kind", "Counted in", data.kind)
    return finish(
        rule_at(x, 1.0, color=theme.GREY),
        ranges(data, x, y, color, strokeWidth=5, opacity=0.55),
        dots(data, like(x, "middle"), y, color, shape, size=90),
        **told("causes.decomposition", found, data),
        height=34 * len(data),
    )
