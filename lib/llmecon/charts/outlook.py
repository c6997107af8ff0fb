"""Figures of the chapter on what the article expected, and what came."""

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
    spoken,
    tidy,
)
from llmecon.charts.evolution import ALL, KINDS, kind_color, kind_shape


def open_frontier(models: pd.DataFrame, lines: pd.DataFrame, *, takeaway: str) -> alt.LayerChart:
    """Sizes of open frontier models, their trend, and the fall drawn on.

    Parameters
    ----------
    models : pandas.DataFrame
        ``model``, ``release_date``, ``total_params``, ``active_params``.
    lines : pandas.DataFrame
        ``line``, ``date``, ``params``.
    takeaway : str
        Title: the finding.
    """
    data = tidy(models, ["model", "release_date", "total_params", "active_params"])
    long = data.melt(
        ["model", "release_date"], ["total_params", "active_params"], "which", "params"
    ).replace({"which": {"total_params": KINDS[0], "active_params": KINDS[1]}})
    drawn = tidy(lines, ["line", "date", "params"])
    shown = [long.params, drawn.params]
    title = "Parameters, log scale [parameters]"
    points = (
        alt.Chart(long.dropna())
        .mark_point(filled=True, size=60)
        .encode(
            date_x("release_date"),
            log_y("params", *shown, title=title),
            kind_color(),
            kind_shape(),
            tooltip=["model", "release_date:T", "which", "params"],
        )
    )
    trend = (
        alt.Chart(drawn)
        .mark_line(color=theme.GREY)
        .encode(
            date_x("date"),
            log_y("params", *shown, title=title),
            series("line", "Trend", list(drawn.line.unique()))[1],
        )
    )
    ends = drawn.sort_values("date").groupby("line", sort=False).last()
    said = "; ".join(f"{name} reaches {short(row.params)}" for name, row in ends.iterrows())
    return finish(
        trend,
        points,
        takeaway=takeaway,
        height=380,
        description=(
            f"Sizes of {len(data)} open frontier models by release date on a log scale, all "
            f"parameters and those at work on one token. "
            f"{spoken(data, 'model', 'total_params', 'active_params')}. Lines: {said}."
        ),
    )


def iso_loss(curves: pd.DataFrame, floors: pd.DataFrame, *, takeaway: str) -> alt.LayerChart:
    """Training tokens that a smaller model needs for the same loss, and where none suffice.

    Parameters
    ----------
    curves : pandas.DataFrame
        ``law``, ``params``, ``tokens``.
    floors : pandas.DataFrame
        ``law``, ``params``: the smallest size that any amount of data brings there.
    takeaway : str
        Title: the finding.
    """
    data = tidy(curves, ["law", "params", "tokens"], digits=4)
    ends = tidy(floors, ["law", "params"], digits=4)
    of_law = series("law", "Law", list(data.law.unique()))
    x = log_x("params", data.params, ends.params, title="Parameters, log scale [parameters]")
    lines = (
        alt.Chart(data)
        .mark_line(clip=True)
        .encode(
            x,
            log_y("tokens", data.tokens, title="Training tokens needed, log scale [tokens]"),
            *of_law,
        )
    )
    rules = alt.Chart(ends).mark_rule(strokeDash=[2, 3]).encode(x, of_law[0])
    return finish(
        rules,
        lines,
        takeaway=takeaway,
        height=340,
        description=(
            "Lines of equal loss: training tokens needed against parameters, both on log scales, "
            "one line a law. Each rises without bound at its floor: "
            f"{spoken(ends, 'law', 'params')}."
        ),
    )


def smallest_at_score(steps: pd.DataFrame, *, until: str, takeaway: str) -> alt.LayerChart:
    """Smallest open model that reached the score of a closed one, as time went on.

    Parameters
    ----------
    steps : pandas.DataFrame
        ``level`` (closed model), ``model``, ``release_date``, ``total_params``.
    until : str
        Day to which the last step holds, ISO.
    takeaway : str
        Title: the finding.
    """
    data = tidy(steps, ["level", "model", "release_date", "total_params"])
    of_level = series("level", "Level of", list(data.level.unique()))
    encode = (
        date_x("release_date"),
        log_y("total_params", data.total_params, title=ALL),
        of_level[0],
    )
    lines = alt.Chart(data).mark_line(interpolate="step-after").encode(*encode, of_level[1])
    points = (
        alt.Chart(data)
        .mark_point(filled=True)
        .encode(*encode, tooltip=["level", "model", "release_date:T", "total_params"])
    )
    said = "; ".join(
        f"level of {name}: "
        + ", ".join(
            f"{r.model} {short(r.total_params)} in {r.release_date:%Y-%m}"
            for r in rows.itertuples()
        )
        for name, rows in data.groupby("level", sort=False)
    )
    return finish(
        lines,
        points,
        takeaway=takeaway,
        height=360,
        description=(
            "Step lines, log scale: the smallest open model that had reached the Arena score of a "
            f"closed model by each day. {said}."
        ),
    )


def kv_cache(shapes: pd.DataFrame, *, named: list[str], takeaway: str) -> alt.LayerChart:
    """Key-value cache that a token adds, against the size of the model.

    Parameters
    ----------
    shapes : pandas.DataFrame
        ``name``, ``attention``, ``total_params``, ``kv_bytes_per_token``.
    named : list of str
        Models to label.
    takeaway : str
        Title: the finding.
    """
    data = tidy(shapes, ["name", "attention", "total_params", "kv_bytes_per_token"])
    order = ["MHA", "GQA", "MQA", "MLA", "hybrid or window"]
    present = [kind for kind in order if kind in set(data.attention)]
    x = log_x("total_params", data.total_params, title=ALL)
    y = log_y(
        "kv_bytes_per_token",
        data.kv_bytes_per_token,
        title="KV cache of one token at 16 bit, log scale [B]",
    )
    points = (
        alt.Chart(data)
        .mark_point(size=70)
        .encode(
            x,
            y,
            *kinds("attention", "Attention", present),
            tooltip=["name", "attention", "total_params", "kv_bytes_per_token"],
        )
    )
    chosen = data[data.name.isin(named)]
    labels = alt.Chart(chosen).mark_text(align="left", dx=8, dy=4).encode(x, y, text="name:N")
    return finish(
        points,
        labels,
        takeaway=takeaway,
        height=380,
        description=(
            f"Scatter chart of {len(data)} shapes: bytes of key-value cache that one token adds "
            f"against all parameters, both on log scales, marked by attention. "
            f"{spoken(chosen, 'name', 'total_params', 'kv_bytes_per_token')}."
        ),
    )


def context_cost(curves: pd.DataFrame, *, takeaway: str, subtitle: str) -> alt.LayerChart:
    """What reading the cache alone costs per token as the context grows.

    Parameters
    ----------
    curves : pandas.DataFrame
        ``name``, ``context_tokens``, ``usd_per_mtok``.
    takeaway, subtitle : str
        Title: the finding; and for which case.
    """
    data = tidy(curves, ["name", "context_tokens", "usd_per_mtok"], digits=4)
    lines = (
        alt.Chart(data)
        .mark_line()
        .encode(
            log_x("context_tokens", data.context_tokens, title="Context, log scale [tokens]"),
            log_y(
                "usd_per_mtok",
                data.usd_per_mtok,
                title="Cost of reading the cache, log scale [USD per million output tokens]",
                counts=False,
            ),
            *series("name", "Shape of", list(data.name.unique())),
        )
    )
    ends = data.sort_values("context_tokens").groupby("name", sort=False).last()
    said = "; ".join(f"{n}: {r.usd_per_mtok:.3g}" for n, r in ends.iterrows())
    return finish(
        lines,
        takeaway=takeaway,
        subtitle=subtitle,
        height=320,
        description=(
            "Rising straight lines on log scales: cost of reading the key-value cache against "
            f"context, one line a model. At {short(data.context_tokens.max())} tokens, in US "
            f"dollars per million output tokens: {said}."
        ),
    )
