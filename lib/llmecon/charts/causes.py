"""Figures of the chapter on why models shrank."""

from __future__ import annotations

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
        ``budget`` (name of the model), ``law``, ``params``.
    models : pandas.DataFrame
        ``budget``, ``params``: what was built.
    takeaway : str
        Title: the finding.
    """
    data = tidy(sizes, ["budget", "law", "params"], digits=4)
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
            tooltip=["budget", "law", "params"],
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
        height=76 * len(built),
        description=(
            f"For each training budget, marks on a log scale show the size each law prescribes: "
            f"{said}. A thick grey tick shows the size that was built: {real}."
        ),
    )


def demand(curves: pd.DataFrame, *, reference: str, takeaway: str) -> alt.LayerChart:
    """The cheapest size over a model's life as the tokens it will serve grow.

    Parameters
    ----------
    curves : pandas.DataFrame
        ``law``, ``tokens_served``, ``share_of_optimum``, ``inside``.
    reference : str
        Which model's quality is kept.
    takeaway : str
        Title: the finding.
    """
    data = tidy(curves, ["law", "tokens_served", "share_of_optimum"], digits=4)
    lines = (
        alt.Chart(data)
        .mark_line()
        .encode(
            log_x(
                "tokens_served",
                data.tokens_served,
                title="Tokens served over the model's life, log scale [tokens]",
            ),
            alt.Y(
                "share_of_optimum:Q",
                scale=alt.Scale(domain=[0, 1]),
                axis=alt.Axis(format="%", title="Cheapest size [share of the training optimum]"),
            ),
            *series("law", "Law", list(data.law.unique())),
        )
    )
    ends = data.sort_values("tokens_served").groupby("law", sort=False)
    said = "; ".join(
        f"{name}: {rows.share_of_optimum.iloc[0]:.0%} at {short(rows.tokens_served.iloc[0])} "
        f"tokens, {rows.share_of_optimum.iloc[-1]:.0%} at {short(rows.tokens_served.iloc[-1])}"
        for name, rows in ends
    )
    return finish(
        lines,
        takeaway=takeaway,
        height=320,
        description=(
            "Falling lines: the size that is cheapest to train and serve together, as a share of "
            f"the training optimum of equal loss ({reference}), against tokens served. {said}."
        ),
    )


def cost_by_size(costs: pd.DataFrame, *, takeaway: str, subtitle: str) -> alt.LayerChart:
    """Serving cost at given speeds against the size of the model.

    Parameters
    ----------
    costs : pandas.DataFrame
        ``at`` (the speed in words), ``total_params``, ``usd_per_mtok``.
    takeaway, subtitle : str
        Title: the finding; and for which case.
    """
    data = tidy(costs, ["at", "model", "total_params", "usd_per_mtok"], digits=4)
    lines = (
        alt.Chart(data)
        .mark_line(point=True)
        .encode(
            log_x(
                "total_params", data.total_params, title="All parameters, log scale [parameters]"
            ),
            log_y(
                "usd_per_mtok",
                data.usd_per_mtok,
                title="Cost, log scale [USD per million output tokens]",
                counts=False,
            ),
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
            f"scales, one line a speed. {said}."
        ),
    )
