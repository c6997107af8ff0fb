"""What the tokens to be served change about the best size."""

from __future__ import annotations

import altair as alt
import pandas as pd

from llmecon_book.charts import theme
from llmecon_book.charts.common import (
    ALL,
    finish,
    kinds,
    like,
    listed,
    log_x,
    log_y,
    outside,
    row_y,
    series,
    short,
    spoken,
    tidy,
)
from llmecon_book.charts.layers import (
    DOTTED,
    at_moved_rent,
    cost_y,
    named_levels,
    ranges,
    rent_slider,
    rule_at,
)


def demand(curves: pd.DataFrame, *, reference: str, takeaway: str) -> alt.LayerChart:
    """The cheapest size over a model's life as the tokens it will serve grow.

    Parameters
    ----------
    curves : pandas.DataFrame
        ``law``, ``tokens_served``, ``share_of_optimum``, ``ratio_known``: whether tokens per
        parameter lie within the law's runs; ``decades_outside`` them.
    reference : str
        Which model's quality is kept.
    takeaway : str
        Title: the finding.
    """
    columns = ["law", "tokens_served", "share_of_optimum", "ratio_known", "decades_outside"]
    data = tidy(curves, columns, digits=4)
    title = "Tokens served over the model's life, log scale [tokens]"
    x = log_x("tokens_served", data.tokens_served, title=title)
    y = alt.Y(
        "share_of_optimum:Q",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format="%", title="Cheapest size [share of the training optimum]"),
    )
    of_law = series("law", "Law", data.law)
    lines = alt.Chart(data).mark_line().encode(x, y, *of_law)
    last = data[data.ratio_known].groupby("law", sort=False).tail(1)
    ends = alt.Chart(last).mark_point(size=90, filled=True, shape="square")
    said = "; ".join(
        f"{name}: {rows.share_of_optimum.iloc[0]:.0%} at {short(rows.tokens_served.iloc[0])} "
        f"tokens, {rows.share_of_optimum.iloc[-1]:.0%} at {short(rows.tokens_served.iloc[-1])}"
        for name, rows in data.sort_values("tokens_served").groupby("law", sort=False)
    )
    limits = listed(last, "{law} {tokens_served:short} tokens")
    return finish(
        lines,
        ends.encode(x, y, of_law[0]),
        takeaway=takeaway,
        subtitle=outside(data),
        height=320,
        description=(
            "Falling lines: the size that is cheapest to train and serve together, as a share of "
            f"the training optimum of equal loss ({reference}), against tokens served. {said}. "
            f"Squares: beyond them the tokens per parameter have no experiment: {limits}. "
            f"{outside(data)}."
        ),
    )


def counterfactual(curves: pd.DataFrame, *, built: pd.DataFrame, takeaway: str) -> alt.LayerChart:
    """Size that would have been cheapest for one model's quality, had the demand been known.

    Parameters
    ----------
    curves : pandas.DataFrame
        ``law``, ``counting`` (what is minimised), ``tokens_served``, ``params``,
        ``decades_outside``.
    built : pandas.DataFrame
        ``label``, ``params``: horizontal lines.
    takeaway : str
        Title: the finding.
    """
    data = tidy(curves, ["law", "counting", "tokens_served", "params", "decades_outside"], digits=4)
    lines = tidy(built, ["label", "params"], digits=4)
    x = log_x("tokens_served", data.tokens_served, title="Tokens served, log scale [tokens]")
    title = "Active parameters, log scale [parameters]"
    y = log_y("params", data.params, lines.params, title=title)
    color, shape = kinds("law", "Law", data.law)
    _, dash = series("counting", "Counted in", data.counting)
    curve = (
        alt.Chart(data)
        .mark_line()
        .encode(
            x,
            y,
            color,
            dash,
            detail="counting:N",
            tooltip=["law", "counting", "tokens_served", "params"],
        )
    )
    marks = alt.Chart(data[data.index % 8 == 4]).mark_point(size=50).encode(x, y, color, shape)
    rules, labels = named_levels(lines, y, "label", rule=DOTTED, fontStyle="italic")
    said = "; ".join(
        f"{law}, {how}: {short(rows.params.iloc[0])} at {short(rows.tokens_served.iloc[0])} "
        f"tokens, {short(rows.params.iloc[-1])} at {short(rows.tokens_served.iloc[-1])}"
        for (law, how), rows in data.groupby(["law", "counting"], sort=False)
    )
    return finish(
        rules,
        curve,
        marks,
        labels,
        takeaway=takeaway,
        subtitle=outside(data),
        height=380,
        description=(
            "Falling lines on log scales: the size that is cheapest over a model's life at the "
            f"quality of one model, against tokens served. {said}. Dotted: "
            f"{spoken(lines, 'label', 'params')}. {outside(data)}."
        ),
    )


def lifetime(
    curves: pd.DataFrame, *, tokens_served: float, usd_per_gpu_hour: float, takeaway: str
) -> alt.LayerChart:
    """Cost over a model's life by its size, at equal quality; demand and rent can be moved.

    Parameters
    ----------
    curves : pandas.DataFrame
        ``law``, ``params``, ``train_usd``, ``usd_per_mtok`` (serving, at the rent given),
        ``decades_outside``: as of `llmecon_book.counterfactual.lifetime_curve`.
    tokens_served : float
        Demand that the figure opens with. [tokens]
    usd_per_gpu_hour : float
        Rent that the serving prices were computed for; they are proportional to it.
    takeaway : str
        Title: the finding for these two.
    """
    data = tidy(curves, ["law", "params", "train_usd", "usd_per_mtok", "decades_outside"], digits=4)
    laws = list(data.law.unique())
    # Names stand under the valleys, a line for each law, so that none hides another.
    data["name_at"] = [0.85 * 0.87 ** laws.index(name) for name in data.law]
    demands = sorted({tokens_served, *(step * 10.0**n for n in range(10, 16) for step in (1, 3))})
    menu = alt.binding_select(
        options=demands, labels=[short(n) for n in demands], name="Tokens served "
    )
    served = alt.param(name="tokens_served", value=tokens_served, bind=menu)
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
    lines = base.add_params(served, rent).mark_line(clip=True).encode(x, y, *of_law)
    best = base.transform_filter("datum.total_usd <= datum.least")
    points = best.mark_point(filled=True, size=80).encode(x, y, *kinds("law", "Law", laws))
    labels = (
        best.transform_calculate(
            said="replace(format(datum.params, '.2s'), 'G', 'B') + ' for $'"
            " + replace(format(datum.least, '.2s'), 'G', 'B')"
        )
        .mark_text(align="center", baseline="middle")
        .encode(x, like(y, "name_at"), of_law[0], text="said:N")
    )
    sums = data.assign(total=data.train_usd + tokens_served / 1e6 * data.usd_per_mtok)
    least = sums.loc[sums.groupby("law", sort=False).total.idxmin()]
    return finish(
        lines,
        points,
        labels,
        takeaway=takeaway,
        subtitle=outside(data),
        height=380,
        description=(
            "Valley-shaped lines on log scales, one a law: dollars of training and serving a model "
            "of equal quality, over the least, against its size. Least at "
            f"{short(tokens_served)} tokens served and {usd_per_gpu_hour:g} USD per "
            f"accelerator-hour: {listed(least, '{law}: {params:short}, {total:short} USD')}. "
            f"Demand and price can be moved. {outside(data)}."
        ),
    )


def cost_by_size(
    costs: pd.DataFrame, *, usd_per_gpu_hour: float, takeaway: str, subtitle: str
) -> alt.LayerChart:
    """Serving cost at given speeds against the size of the model; the hourly price can be moved.

    Parameters
    ----------
    costs : pandas.DataFrame
        ``at`` (the speed in words), ``total_params``, ``usd_per_mtok``.
    usd_per_gpu_hour : float
        Price that they were computed for; cost is proportional to it.
    takeaway, subtitle : str
        Title: the finding; and for which case.
    """
    data = tidy(costs, ["at", "model", "total_params", "usd_per_mtok"], digits=4)
    x = log_x("total_params", data.total_params, title=ALL)
    of_speed = series("at", "Speed of one user", data["at"])
    lines = (
        at_moved_rent(data, usd_per_gpu_hour)
        .mark_line(point=True)
        .encode(x, cost_y("usd", 0.01, 200), *of_speed, tooltip=["model", "at", "usd_per_mtok"])
    )
    said = listed(data, "{total_params:short} {usd_per_mtok:.2g}", by="at")
    return finish(
        lines,
        takeaway=takeaway,
        subtitle=subtitle,
        height=320,
        description=(
            "Lines of least cost in US dollars per million output tokens against size, both on log "
            f"scales, one line a speed, at {usd_per_gpu_hour:g} USD per accelerator-hour. {said}. "
            "A slider moves the hourly price."
        ),
    )


def decomposition(rows: pd.DataFrame, *, takeaway: str, subtitle: str) -> alt.LayerChart:
    """What each cause can explain of a fall in size, beside what is to be explained.

    Parameters
    ----------
    rows : pandas.DataFrame
        ``row``, ``kind``, ``low``, ``middle``, ``high``: factors by which a model is smaller.
    takeaway, subtitle : str
        Title: the finding; and for which case.
    """
    data = tidy(rows, ["row", "kind", "low", "middle", "high"], digits=4)
    y = row_y("row", data.row, 300)
    title = "Factor by which the model is smaller, log scale [times]"
    x = log_x("low", data.low, data.high, [1.0], title=title, counts=False)
    color, shape = kinds("kind", "What", data.kind)
    tooltip = ["row", "kind", "low", "middle", "high"]
    points = (
        alt.Chart(data)
        .mark_point(size=90, filled=True)
        .encode(like(x, "middle"), y, color, shape, tooltip=tooltip)
    )
    said = listed(data, "{row} ({kind}): {low:.2g} to {high:.2g}, middle {middle:.2g}")
    return finish(
        rule_at(x, 1.0, color=theme.GREY),
        ranges(data, x, y, color, strokeWidth=5, opacity=0.55),
        points,
        takeaway=takeaway,
        subtitle=subtitle,
        height=34 * len(data),
        description=f"Horizontal ranges of factors on a log scale; 1 is no change. {said}.",
    )
