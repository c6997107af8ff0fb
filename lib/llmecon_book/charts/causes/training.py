"""What the laws of training ask for, and what was built."""

from __future__ import annotations

import altair as alt
import pandas as pd

from llmecon_book.charts import theme
from llmecon_book.charts.common import (
    date_x,
    finish,
    kinds,
    last_of_each,
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
from llmecon_book.charts.layers import named_levels, names, status_points


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
    dashed = {"color": theme.VERMILLION, "strokeDash": [5, 3]}
    rule, rule_names = named_levels(lines, y, "rule", rule=dashed, fontStyle="italic")
    tooltip = ["model", "release_date:T", "tokens_per_param", "size_status"]
    chosen = data[data.model.isin(named)]
    return finish(
        rule,
        status_points(data, x, y, color=theme.BLUE, tooltip=tooltip),
        names(chosen, x, y, "model", align="right", dx=-8, dy=-4),
        rule_names,
        takeaway=takeaway,
        height=380,
        description=(
            f"Scatter chart of {len(data)} models: training tokens per parameter, log scale, by "
            f"release date. {listed(chosen, '{model}: {tokens_per_param:short}')}. "
            f"Dashed lines: {listed(lines, '{rule}: {tokens_per_param:short}')}."
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
    y = row_y("budget", built.budget)
    x = log_x("params", data.params, built.params, title="Parameters, log scale [parameters]")
    of_law = kinds("law", "Law", data.law)
    points = (
        alt.Chart(data)
        .mark_point(size=80)
        .encode(x, y, *of_law, tooltip=["budget", "law", "params", "decades_outside"])
    )
    ticks = alt.Chart(built).mark_tick(thickness=4, size=34, color=theme.GREY).encode(x, y)
    said = listed(data, "{law} {params:short}", by="budget", group="budget of {}")
    return finish(
        ticks,
        points,
        takeaway=takeaway,
        subtitle=outside(data),
        height=76 * len(built),
        description=(
            f"For each training budget, marks on a log scale show the size each law prescribes: "
            f"{said}. A thick grey tick shows the size that was built: "
            f"{listed(built, '{budget}: {params:short}')}. {outside(data)}."
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
        ``model``, ``size_ratio``, ``flop_ratio``, by one of the laws; ``decades_outside`` its
        runs.
    floors : pandas.DataFrame
        ``law``, ``size_ratio`` that no amount of data gets below.
    takeaway : str
        Title: the finding.
    """
    data = tidy(curves, ["law", "size_ratio", "flop_ratio"], digits=4)
    real = tidy(models, ["model", "size_ratio", "flop_ratio", "decades_outside"], digits=4)
    ends = tidy(floors, ["law", "size_ratio"], digits=4)
    of_law = series("law", "Law", data.law)
    x = log_x(
        "size_ratio",
        data.size_ratio,
        real.size_ratio,
        ends.size_ratio,
        title="Size over the compute-optimal one of the same loss, log scale [times]",
        counts=False,
    )
    title = "Training compute over the least, log scale [times]"
    y = log_y("flop_ratio", data.flop_ratio, real.flop_ratio, title=title, counts=False)
    lines = alt.Chart(data).mark_line(clip=True).encode(x, y, *of_law)
    rules = alt.Chart(ends).mark_rule(strokeDash=[2, 3]).encode(x, of_law[0])
    points = (
        alt.Chart(real)
        .mark_point(filled=True, size=60, color=theme.INK)
        .encode(x, y, tooltip=["model", "size_ratio", "flop_ratio"])
    )
    near_least = real.flop_ratio < 1.02  # the line is flat there: names would meet
    beyond = outside(real, of="the points")
    return finish(
        rules,
        lines,
        points,
        names(real[~near_least], x, y, "model", align="left", dx=8, dy=-6),
        names(real[near_least], x, y, "model", align="left", dx=8, dy=14),
        takeaway=takeaway,
        subtitle=beyond,
        height=380,
        description=(
            "Lines of equal loss on log scales: training compute over the least against size over "
            "the compute-optimal one, one line a law, rising to the left without bound at a floor: "
            f"{spoken(ends, 'law', 'size_ratio')}. Real models, size and compute ratio: "
            f"{spoken(real, 'model', 'size_ratio', 'flop_ratio')}. {beyond}."
        ),
    )


def repeats(curves: pd.DataFrame, *, takeaway: str, subtitle: str) -> alt.LayerChart:
    """Loss against tokens processed when the unique ones are limited.

    Parameters
    ----------
    curves : pandas.DataFrame
        ``data`` (how many unique tokens, in words), ``tokens``, ``loss``, ``decades_outside``
        the law's runs.
    takeaway, subtitle : str
        Title: the finding; and for which case.
    """
    data = tidy(curves, ["data", "tokens", "loss", "decades_outside"], digits=5)
    x = log_x("tokens", data.tokens, title="Tokens processed, log scale [tokens]")
    y = alt.Y("loss:Q", scale=alt.Scale(zero=False), title="Loss by the law [nats per token]")
    lines = alt.Chart(data).mark_line().encode(x, y, *series("data", "Unique tokens", data.data))
    said = listed(last_of_each(data, "data", "tokens"), "{data}: {loss:.3f}")
    return finish(
        lines,
        takeaway=takeaway,
        subtitle=". ".join(filter(None, (subtitle, outside(data)))),
        height=320,
        description=(
            "Falling lines of loss against tokens processed, log scale, one line for each stock of "
            f"unique tokens; those with little go flat. At {short(data.tokens.max())} tokens: "
            f"{said}. {outside(data)}."
        ),
    )
