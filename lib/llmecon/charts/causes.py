"""Figures of the chapter on why models shrank."""

from __future__ import annotations

import math
from collections.abc import Iterable

import altair as alt
import pandas as pd

from llmecon.charts import theme
from llmecon.charts.common import (
    date_x,
    finish,
    kinds,
    log_x,
    log_y,
    series,
    short,
    spoken,
    status_fill,
    status_shape,
    tidy,
)


def tokens_per_param(
    models: pd.DataFrame, rules: pd.DataFrame, *, named: list[str], takeaway: str
) -> alt.LayerChart:
    """Training tokens per parameter over time, with what the laws ask for.

    Parameters
    ----------
    models : pandas.DataFrame
        ``model``, ``release_date``, ``tokens_per_param``, ``size_status``.
    rules : pandas.DataFrame
        ``rule``, ``tokens_per_param``: horizontal lines.
    named : list of str
        Models to label.
    takeaway : str
        Title: the finding.
    """
    data = tidy(models, ["model", "release_date", "tokens_per_param", "size_status"])
    lines = tidy(rules, ["rule", "tokens_per_param"])
    x = date_x("release_date")
    y = log_y(
        "tokens_per_param",
        data.tokens_per_param,
        lines.tokens_per_param,
        title="Training tokens per parameter, log scale [tokens/parameter]",
        counts=False,
    )
    rule = alt.Chart(lines).mark_rule(color=theme.VERMILLION, strokeDash=[5, 3]).encode(y)
    rule_names = (
        alt.Chart(lines)
        .mark_text(align="right", dy=-7, x="width", fontStyle="italic")
        .encode(y, text="rule:N")
    )
    points = (
        alt.Chart(data)
        .mark_point(color=theme.BLUE)
        .encode(
            x,
            y,
            status_shape(),
            status_fill(theme.BLUE),
            tooltip=["model", "release_date:T", "tokens_per_param", "size_status"],
        )
    )
    chosen = data[data.model.isin(named)]
    labels = alt.Chart(chosen).mark_text(align="right", dx=-8, dy=-4).encode(x, y, text="model:N")
    said = "; ".join(f"{r.model}: {r.tokens_per_param:.3g}" for r in chosen.itertuples())
    marks = "; ".join(f"{r.rule}: {r.tokens_per_param:.3g}" for r in lines.itertuples())
    return finish(
        rule,
        points,
        labels,
        rule_names,
        takeaway=takeaway,
        height=380,
        description=(
            f"Scatter chart of {len(data)} models: training tokens per parameter, log scale, by "
            f"release date. {said}. Dashed lines: {marks}."
        ),
    )


def prescriptions(sizes: pd.DataFrame, models: pd.DataFrame, *, takeaway: str) -> alt.LayerChart:
    """What each law would have built with a model's training compute.

    Parameters
    ----------
    sizes : pandas.DataFrame
        ``budget`` (name of the model), ``law``, ``params``, ``decades_outside`` the law's runs.
    models : pandas.DataFrame
        ``budget``, ``params``: what was built.
    takeaway : str
        Title: the finding.
    """
    data = tidy(sizes, ["budget", "law", "params", "decades_outside"], digits=4)
    built = tidy(models, ["budget", "params"], digits=4)
    y = alt.Y("budget:N", sort=list(built.budget), title=None)
    x = log_x("params", data.params, built.params, title="Parameters, log scale [parameters]")
    points = (
        alt.Chart(data)
        .mark_point(size=80)
        .encode(
            x,
            y,
            *kinds("law", "Law", list(data.law.unique())),
            tooltip=["budget", "law", "params", "decades_outside"],
        )
    )
    ticks = alt.Chart(built).mark_tick(thickness=4, size=34, color=theme.GREY).encode(x, y)
    said = "; ".join(
        f"budget of {name}: " + ", ".join(f"{r.law} {short(r.params)}" for r in rows.itertuples())
        for name, rows in data.groupby("budget", sort=False)
    )
    real = "; ".join(f"{r.budget}: {short(r.params)}" for r in built.itertuples())
    return finish(
        ticks,
        points,
        takeaway=takeaway,
        subtitle=_outside(data),
        height=76 * len(built),
        description=(
            f"For each training budget, marks on a log scale show the size each law prescribes: "
            f"{said}. A thick grey tick shows the size that was built: {real}. {_outside(data)}."
        ),
    )


def _outside(data: pd.DataFrame) -> str:
    """How far beyond the runs behind the laws a figure is, in words; empty where it is not."""
    beyond = data.decades_outside[data.decades_outside > 0]
    if beyond.empty:
        return ""
    what = "All of it" if len(beyond) == len(data) else f"{len(beyond) / len(data):.0%} of it"
    low, high = beyond.min(), beyond.max()
    far = f"{high:.1f}" if f"{low:.1f}" == f"{high:.1f}" else f"{low:.1f} to {high:.1f}"
    return f"{what} lies {far} powers of ten beyond the runs behind the laws"


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
    data = tidy(
        curves,
        ["law", "tokens_served", "share_of_optimum", "ratio_known", "decades_outside"],
        digits=4,
    )
    x = log_x(
        "tokens_served",
        data.tokens_served,
        title="Tokens served over the model's life, log scale [tokens]",
    )
    y = alt.Y(
        "share_of_optimum:Q",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format="%", title="Cheapest size [share of the training optimum]"),
    )
    of_law = series("law", "Law", list(data.law.unique()))
    lines = alt.Chart(data).mark_line().encode(x, y, *of_law)
    last = data[data.ratio_known].groupby("law", sort=False).tail(1)
    ends = alt.Chart(last).mark_point(size=90, filled=True, shape="square")
    ends = ends.encode(x, y, of_law[0])
    first_and_last = data.sort_values("tokens_served").groupby("law", sort=False)
    said = "; ".join(
        f"{name}: {rows.share_of_optimum.iloc[0]:.0%} at {short(rows.tokens_served.iloc[0])} "
        f"tokens, {rows.share_of_optimum.iloc[-1]:.0%} at {short(rows.tokens_served.iloc[-1])}"
        for name, rows in first_and_last
    )
    limits = "; ".join(f"{r.law} {short(r.tokens_served)} tokens" for r in last.itertuples())
    return finish(
        lines,
        ends,
        takeaway=takeaway,
        subtitle=_outside(data),
        height=320,
        description=(
            "Falling lines: the size that is cheapest to train and serve together, as a share of "
            f"the training optimum of equal loss ({reference}), against tokens served. {said}. "
            f"Squares: beyond them the tokens per parameter have no experiment: {limits}. "
            f"{_outside(data)}."
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
    shown = [data.params, lines.params]
    title = "Active parameters, log scale [parameters]"
    x = log_x("tokens_served", data.tokens_served, title="Tokens served, log scale [tokens]")
    curve = (
        alt.Chart(data)
        .mark_line()
        .encode(
            x,
            log_y("params", *shown, title=title),
            alt.Color("law:N", title="Law", scale=alt.Scale(domain=list(data.law.unique()))),
            alt.StrokeDash(
                "counting:N",
                title="Counted in",
                scale=alt.Scale(domain=list(data.counting.unique())),
            ),
            detail="counting:N",
            tooltip=["law", "counting", "tokens_served", "params"],
        )
    )
    marks = (
        alt.Chart(data[data.index % 8 == 4])
        .mark_point(size=50)
        .encode(
            x,
            log_y("params", *shown, title=title),
            *kinds("law", "Law", list(data.law.unique())),
        )
    )
    base = alt.Chart(lines).encode(log_y("params", *shown, title=title))
    rules = base.mark_rule(color=theme.GREY, strokeDash=[2, 3])
    names = base.mark_text(align="right", x="width", dy=-7, fontStyle="italic").encode(
        text="label:N"
    )
    said = "; ".join(
        f"{law}, {how}: {short(rows.params.iloc[0])} at {short(rows.tokens_served.iloc[0])} "
        f"tokens, {short(rows.params.iloc[-1])} at {short(rows.tokens_served.iloc[-1])}"
        for (law, how), rows in data.groupby(["law", "counting"], sort=False)
    )
    return finish(
        rules,
        curve,
        marks,
        names,
        takeaway=takeaway,
        subtitle=_outside(data),
        height=380,
        description=(
            "Falling lines on log scales: the size that is cheapest over a model's life at the "
            f"quality of one model, against tokens served. {said}. Dotted: "
            f"{spoken(lines, 'label', 'params')}. {_outside(data)}."
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
        ``decades_outside``: as of `llmecon.counterfactual.lifetime_curve`.
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
    exponent = round(math.log10(tokens_served), 2)
    served = alt.param(
        name="log10_tokens",
        value=exponent,
        bind=alt.binding_range(
            min=min(10, math.floor(exponent)),
            max=max(16, math.ceil(exponent)),
            step=0.1,
            name="Tokens served [powers of ten: 13 is ten trillion] ",
        ),
    )
    rent = alt.param(
        name="usd_per_gpu_hour",
        value=usd_per_gpu_hour,
        bind=alt.binding_range(
            min=min(0.5, usd_per_gpu_hour),
            max=max(6, usd_per_gpu_hour),
            step=0.05,
            name="Price of one accelerator for serving [USD per hour] ",
        ),
    )
    total = (
        "datum.train_usd + pow(10, log10_tokens - 6) * datum.usd_per_mtok"
        f" * usd_per_gpu_hour / {usd_per_gpu_hour}"
    )
    base = (
        alt.Chart(data)
        .transform_calculate(total_usd=total)
        .transform_joinaggregate(least="min(total_usd)", groupby=["law"])
        .transform_calculate(times="datum.total_usd / datum.least")
    )
    x = log_x("params", data.params, title="Active parameters, log scale [parameters]")
    scale = alt.Scale(type="log", domain=[0.5, 12])
    axis = alt.Axis(
        title="Training and serving over the least, log scale [times]", values=[1, 2, 5, 10]
    )
    y = alt.Y("times:Q", scale=scale, axis=axis)
    of_law = series("law", "Law", laws)
    lines = base.add_params(served, rent).mark_line(clip=True).encode(x, y, *of_law)
    best = base.transform_filter("datum.total_usd <= datum.least")
    points = best.mark_point(filled=True, size=80).encode(x, y, *kinds("law", "Law", laws))
    names = (
        best.transform_calculate(
            said="replace(format(datum.params, '.2s'), 'G', 'B') + ' for $'"
            " + replace(format(datum.least, '.2s'), 'G', 'B')"
        )
        .mark_text(align="center", baseline="middle")
        .encode(x, alt.Y("name_at:Q", scale=scale, axis=axis), of_law[0], text="said:N")
    )
    sums = data.assign(total=data.train_usd + tokens_served / 1e6 * data.usd_per_mtok)
    least = sums.loc[sums.groupby("law", sort=False).total.idxmin()]
    said = "; ".join(
        f"{r.law}: {short(r.params)}, {short(r.total)} USD" for r in least.itertuples()
    )
    return finish(
        lines,
        points,
        names,
        takeaway=takeaway,
        subtitle=_outside(data),
        height=380,
        description=(
            "Valley-shaped lines on log scales, one a law: dollars of training and serving a model "
            "of equal quality, over the least, against its size. Least at "
            f"{short(tokens_served)} tokens served and {usd_per_gpu_hour:g} USD per "
            f"accelerator-hour: {said}. Sliders move demand and price. {_outside(data)}."
        ),
    )


def overtraining(
    curves: pd.DataFrame, models: pd.DataFrame, floors: pd.DataFrame, *, takeaway: str
) -> alt.LayerChart:
    """Training compute that a smaller model costs at equal quality, and where real models stand.

    Parameters
    ----------
    curves : pandas.DataFrame
        ``law``, ``size_ratio``, ``flop_ratio``: along equal loss, over the compute optimum.
    models : pandas.DataFrame
        ``model``, ``size_ratio``, ``flop_ratio``, by one of the laws.
    floors : pandas.DataFrame
        ``law``, ``size_ratio`` that no amount of data gets below.
    takeaway : str
        Title: the finding.
    """
    data = tidy(curves, ["law", "size_ratio", "flop_ratio"], digits=4)
    real = tidy(models, ["model", "size_ratio", "flop_ratio"], digits=4)
    ends = tidy(floors, ["law", "size_ratio"], digits=4)
    of_law = series("law", "Law", list(data.law.unique()))
    x = log_x(
        "size_ratio",
        data.size_ratio,
        real.size_ratio,
        ends.size_ratio,
        title="Size over the compute-optimal one of the same loss, log scale [times]",
        counts=False,
    )
    y = log_y(
        "flop_ratio",
        data.flop_ratio,
        real.flop_ratio,
        title="Training compute over the least, log scale [times]",
        counts=False,
    )
    lines = alt.Chart(data).mark_line(clip=True).encode(x, y, *of_law)
    rules = alt.Chart(ends).mark_rule(strokeDash=[2, 3]).encode(x, of_law[0])
    points = (
        alt.Chart(real)
        .mark_point(filled=True, size=60, color=theme.INK)
        .encode(x, y, tooltip=["model", "size_ratio", "flop_ratio"])
    )
    near_least = real.flop_ratio < 1.02  # the line is flat there: names would meet
    above, below = (
        alt.Chart(real[chosen]).mark_text(align="left", dx=8, dy=dy).encode(x, y, text="model:N")
        for chosen, dy in ((~near_least, -6), (near_least, 14))
    )
    return finish(
        rules,
        lines,
        points,
        above,
        below,
        takeaway=takeaway,
        height=380,
        description=(
            "Lines of equal loss on log scales: training compute over the least against size over "
            "the compute-optimal one, one line a law, rising to the left without bound at a floor: "
            f"{spoken(ends, 'law', 'size_ratio')}. Real models, size and compute ratio: "
            f"{spoken(real, 'model', 'size_ratio', 'flop_ratio')}."
        ),
    )


def repeats(curves: pd.DataFrame, *, takeaway: str, subtitle: str) -> alt.LayerChart:
    """Loss against tokens processed when the unique ones are limited.

    Parameters
    ----------
    curves : pandas.DataFrame
        ``data`` (how many unique tokens, in words), ``tokens``, ``loss``.
    takeaway, subtitle : str
        Title: the finding; and for which case.
    """
    data = tidy(curves, ["data", "tokens", "loss"], digits=5)
    lines = (
        alt.Chart(data)
        .mark_line()
        .encode(
            log_x("tokens", data.tokens, title="Tokens processed, log scale [tokens]"),
            alt.Y(
                "loss:Q",
                scale=alt.Scale(zero=False),
                title="Loss by the law [nats per token]",
            ),
            *series("data", "Unique tokens", list(data.data.unique())),
        )
    )
    ends = data.sort_values("tokens").groupby("data", sort=False).last()
    said = "; ".join(f"{name}: {row.loss:.3f}" for name, row in ends.iterrows())
    return finish(
        lines,
        takeaway=takeaway,
        subtitle=subtitle,
        height=320,
        description=(
            "Falling lines of loss against tokens processed, log scale, one line for each stock of "
            f"unique tokens; those with little go flat. At {short(data.tokens.max())} tokens: "
            f"{said}."
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
    y = alt.Y("row:N", sort=list(data.row), title=None, axis=alt.Axis(labelLimit=300))
    shown: list[Iterable[float]] = [data.low, data.high, [1.0]]
    title = "Factor by which the model is smaller, log scale [times]"
    kind = kinds("kind", "What", list(data.kind.unique()))
    same = (
        alt.Chart(pd.DataFrame({"low": [1.0]}))
        .mark_rule(color=theme.GREY)
        .encode(log_x("low", *shown, title=title, counts=False))
    )
    bars = (
        alt.Chart(data)
        .mark_rule(strokeWidth=5, opacity=0.55)
        .encode(log_x("low", *shown, title=title, counts=False), alt.X2("high:Q"), y, kind[0])
    )
    points = (
        alt.Chart(data)
        .mark_point(size=90, filled=True)
        .encode(
            log_x("middle", *shown, title=title, counts=False),
            y,
            *kind,
            tooltip=["row", "kind", "low", "middle", "high"],
        )
    )
    said = "; ".join(
        f"{r.row} ({r.kind}): {r.low:.2g} to {r.high:.2g}, middle {r.middle:.2g}"
        for r in data.itertuples()
    )
    return finish(
        same,
        bars,
        points,
        takeaway=takeaway,
        subtitle=subtitle,
        height=34 * len(data),
        description=f"Horizontal ranges of factors on a log scale; 1 is no change. {said}.",
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
    price = alt.param(
        name="usd_per_gpu_hour",
        value=usd_per_gpu_hour,
        bind=alt.binding_range(
            min=min(0.5, usd_per_gpu_hour),
            max=max(6, usd_per_gpu_hour),
            step=0.05,
            name="Price of one accelerator [USD per hour] ",
        ),
    )
    scale = alt.Scale(type="log", domain=[0.01, 200], clamp=True)
    axis = alt.Axis(
        title="Cost, log scale [USD per million output tokens]", values=[0.1, 1, 10, 100]
    )
    lines = (
        alt.Chart(data)
        .add_params(price)
        .transform_calculate(usd=f"datum.usd_per_mtok * usd_per_gpu_hour / {usd_per_gpu_hour}")
        .mark_line(point=True)
        .encode(
            log_x(
                "total_params", data.total_params, title="All parameters, log scale [parameters]"
            ),
            alt.Y("usd:Q", scale=scale, axis=axis),
            *series("at", "Speed of one user", list(data["at"].unique())),
            tooltip=["model", "at", "usd_per_mtok"],
        )
    )
    said = "; ".join(
        f"{name}: "
        + ", ".join(f"{short(r.total_params)} {r.usd_per_mtok:.2g}" for r in rows.itertuples())
        for name, rows in data.groupby("at", sort=False)
    )
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
