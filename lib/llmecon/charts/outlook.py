"""Figures of the chapter on what the article expected, and what came."""

from __future__ import annotations

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
    names_beside,
    series,
    short,
    spoken,
    status_fill,
    status_shape,
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
    return finish(
        points,
        *names_beside(chosen, x, y, name="name", across="total_params"),
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


def closed_sizes(models: pd.DataFrame, *, level: float, takeaway: str) -> alt.LayerChart:
    """What is known of the size of closed frontier models, with the ranges of the estimates.

    Parameters
    ----------
    models : pandas.DataFrame
        ``model``, ``release_date``, ``total_params``, ``low``, ``high``, ``size_status``; only
        values that use no price.
    level : float
        Size of GPT-4, as a line. [parameters]
    takeaway : str
        Title: the finding.
    """
    data = tidy(models, ["model", "release_date", "total_params", "low", "high", "size_status"])
    shown = [data.total_params, data.low, data.high]
    x = date_x("release_date")
    line = (
        alt.Chart(
            tidy(pd.DataFrame({"label": ["GPT-4, reported"], "total_params": [level]}), _LINE)
        )
        .mark_rule(color=theme.GREY, strokeDash=[2, 3])
        .encode(log_y("total_params", *shown, title=ALL))
    )
    bars = (
        alt.Chart(data)
        .mark_rule(strokeWidth=3, opacity=0.45, color=theme.VERMILLION)
        .encode(x, log_y("low", *shown, title=ALL), alt.Y2("high:Q"))
    )
    points = (
        alt.Chart(data)
        .mark_point(size=70, color=theme.VERMILLION)
        .encode(
            x,
            log_y("total_params", *shown, title=ALL),
            status_shape(),
            status_fill(theme.VERMILLION),
            tooltip=["model", "release_date:T", "total_params", "low", "high", "size_status"],
        )
    )
    return finish(
        line,
        bars,
        points,
        takeaway=takeaway,
        height=340,
        description=(
            f"Hollow marks with ranges, log scale: published sizes of {len(data)} closed frontier "
            f"models by release date. {spoken(data, 'model', 'total_params', 'low', 'high')}. "
            f"Dotted: GPT-4 at {short(level)}."
        ),
    )


_LINE = ["label", "total_params"]


def rivals(forecasts: pd.DataFrame, *, observed: float, takeaway: str) -> alt.LayerChart:
    """Simple forecasts of one size beside what came.

    Parameters
    ----------
    forecasts : pandas.DataFrame
        ``forecast``, ``low``, ``value``, ``high``, ``error_decades``.
    observed : float
        What came. [parameters]
    takeaway : str
        Title: the finding.
    """
    data = tidy(forecasts, ["forecast", "low", "value", "high", "error_decades"], digits=4)
    came = tidy(pd.DataFrame({"value": [observed]}), ["value"], digits=4)
    y = alt.Y("forecast:N", sort=list(data.forecast), title=None, axis=alt.Axis(labelLimit=260))
    shown = [data.low, data.value, data.high, came.value]
    rule = (
        alt.Chart(came)
        .mark_rule(color=theme.VERMILLION, strokeWidth=2)
        .encode(log_x("value", *shown, title=ALL))
    )
    bars = (
        alt.Chart(data.dropna(subset=["low", "high"]))
        .mark_rule(strokeWidth=5, opacity=0.5, color=theme.BLUE)
        .encode(log_x("low", *shown, title=ALL), alt.X2("high:Q"), y)
    )
    points = (
        alt.Chart(data)
        .mark_point(size=90, filled=True, color=theme.BLUE)
        .encode(
            log_x("value", *shown, title=ALL),
            y,
            tooltip=["forecast", "low", "value", "high", "error_decades"],
        )
    )
    said = "; ".join(
        f"{r.forecast}: {short(r.value)}, {r.error_decades:.1f} powers of ten off"
        for r in data.itertuples()
    )
    return finish(
        rule,
        bars,
        points,
        takeaway=takeaway,
        height=44 * len(data),
        description=(
            f"Dots on a log scale are forecasts of the largest open model; a line marks the "
            f"{short(observed)} that came. {said}."
        ),
    )


def facts_and_size(
    models: pd.DataFrame, levels: pd.DataFrame, *, score_title: str, takeaway: str
) -> alt.LayerChart:
    """Score in factual questions against size, with closed models as lines.

    Parameters
    ----------
    models : pandas.DataFrame
        ``model``, ``total_params``, ``score``; all disclosed.
    levels : pandas.DataFrame
        ``model``, ``score`` of closed models.
    score_title : str
        What the score is, unit in brackets.
    takeaway : str
        Title: the finding.
    """
    data = tidy(models, ["model", "total_params", "score"])
    lines = tidy(levels, ["model", "score"])
    x = log_x("total_params", data.total_params, title=ALL)
    y = alt.Y("score:Q", title=score_title)
    points = (
        alt.Chart(data)
        .mark_point(filled=True, size=80)
        .encode(x, y, tooltip=["model", "total_params", "score"])
    )
    rules = alt.Chart(lines).mark_rule(strokeDash=[4, 3]).encode(y)
    labels = (
        alt.Chart(lines).mark_text(align="left", x=4, dy=-7, fontStyle="italic")
        .encode(y, text="model:N")
    )  # fmt: skip
    said = "; ".join(f"{r.model} {short(r.total_params)}: {r.score:g}" for r in data.itertuples())
    closed = "; ".join(f"{r.model}: {r.score:g}" for r in lines.itertuples())
    return finish(
        rules,
        points,
        *names_beside(data, x, y, name="model", across="total_params"),
        labels,
        takeaway=takeaway,
        height=340,
        description=(
            f"Scatter chart of {len(data)} open models: score against all parameters, log scale. "
            f"{said}. Dashed lines are closed models: {closed}."
        ),
    )


def ratios(
    models: pd.DataFrame, *, level: float, named: list[str], takeaway: str
) -> alt.LayerChart:
    """Training tokens for each parameter, and for each one at work, over time.

    Parameters
    ----------
    models : pandas.DataFrame
        ``model``, ``release_date``, ``per_param``, ``per_active``.
    level : float
        Chinchilla's ratio, as a line. [tokens/parameter]
    named : list of str
        Models to label.
    takeaway : str
        Title: the finding.
    """
    data = tidy(models, ["model", "release_date", "per_param", "per_active"], digits=4)
    long = data.melt(
        ["model", "release_date"], ["per_param", "per_active"], "which", "tokens_per_param"
    ).replace({"which": {"per_param": KINDS[0], "per_active": KINDS[1]}})
    shown: list[Iterable[float]] = [long.tokens_per_param, [level]]
    title = "Training tokens per parameter, log scale [tokens/parameter]"
    y = log_y("tokens_per_param", *shown, title=title, counts=False)
    rule = (
        alt.Chart(tidy(pd.DataFrame({"tokens_per_param": [level]}), ["tokens_per_param"]))
        .mark_rule(color=theme.GREY, strokeDash=[5, 3])
        .encode(y)
    )
    pairs = alt.Chart(data[data.per_param < data.per_active]).mark_rule(opacity=0.5).encode(
        date_x("release_date"),
        log_y("per_param", *shown, title=title, counts=False),
        alt.Y2("per_active:Q"),
    )  # fmt: skip
    points = (
        alt.Chart(long.dropna())
        .mark_point(filled=True, size=55)
        .encode(
            date_x("release_date"),
            y,
            kind_color(),
            kind_shape(),
            tooltip=["model", "release_date:T", "which", "tokens_per_param"],
        )
    )
    chosen = long[long.model.isin(named) & (long.which == KINDS[0])]
    sparse = chosen.model.isin(data.model[data.per_param < data.per_active])
    at = {"x": date_x("release_date"), "y": y, "text": "model:N"}
    first = chosen.release_date == data.release_date.min()  # to its left is the axis
    right = alt.Chart(chosen[~sparse & first]).mark_text(align="left", dx=8).encode(**at)
    left = alt.Chart(chosen[~sparse & ~first]).mark_text(align="right", dx=-8).encode(**at)
    under = alt.Chart(chosen[sparse]).mark_text(align="center", dy=15).encode(**at)
    picked = data[data.model.isin(named)]
    return finish(
        rule,
        pairs,
        points,
        right,
        left,
        under,
        takeaway=takeaway,
        height=380,
        description=(
            f"Scatter chart of {len(data)} models on a log scale: training tokens for each "
            "parameter and for each active one, by release date. "
            f"{spoken(picked, 'model', 'per_param', 'per_active')}. Dashed: {level:g}, Chinchilla."
        ),
    )


def price_paths(paths: pd.DataFrame, *, takeaway: str) -> alt.LayerChart:
    """Prices over time: of flagships, and of the cheapest model of a given quality.

    Parameters
    ----------
    paths : pandas.DataFrame
        ``path``, ``date``, ``model``, ``output_usd_per_mtok``.
    takeaway : str
        Title: the finding.
    """
    data = tidy(paths, ["path", "date", "model", "output_usd_per_mtok"])
    of_path = series("path", "Price of", list(data["path"].unique()))
    x = date_x("date", "From that day on")
    y = log_y(
        "output_usd_per_mtok",
        data.output_usd_per_mtok,
        title="Output price, log scale [USD per million tokens]",
        counts=False,
    )
    lines = alt.Chart(data).mark_line(interpolate="step-after").encode(x, y, *of_path)
    points = (
        alt.Chart(data)
        .mark_point(filled=True, size=40)
        .encode(x, y, of_path[0], tooltip=["path", "model", "date:T", "output_usd_per_mtok"])
    )
    said = "; ".join(
        f"{name}: "
        + ", ".join(f"{r.output_usd_per_mtok:g} from {r.date:%Y-%m}" for r in rows.itertuples())
        for name, rows in data.groupby("path", sort=False)
    )
    return finish(
        lines,
        points,
        takeaway=takeaway,
        height=340,
        description=(
            f"Step lines on a log scale of output prices in US dollars per million tokens. {said}."
        ),
    )


def servable(sizes: pd.DataFrame, *, usd_per_mtok: float, takeaway: str) -> alt.LayerChart:
    """Largest model that each accelerator serves at each speed; the price can be chosen.

    Parameters
    ----------
    sizes : pandas.DataFrame
        ``chip``, ``usd_per_mtok``, ``tokens_per_s``, ``total_params``.
    usd_per_mtok : float
        Price that the figure opens with, one of those in the frame.
    takeaway : str
        Title: the finding at that price.
    """
    data = tidy(sizes, ["chip", "usd_per_mtok", "tokens_per_s", "total_params"], digits=4)
    prices = sorted(data.usd_per_mtok.unique())
    chosen = alt.param(
        name="usd_per_mtok",
        value=usd_per_mtok,
        bind=alt.binding_select(
            options=[float(p) for p in prices],
            name="Cost accepted [USD per million output tokens] ",
        ),
    )
    lines = (
        alt.Chart(data)
        .add_params(chosen)
        .transform_filter("datum.usd_per_mtok == usd_per_mtok")
        .mark_line()
        .encode(
            log_x(
                "tokens_per_s",
                data.tokens_per_s,
                title="Speed of one user, log scale [tokens/s]",
                counts=False,
            ),
            log_y("total_params", data.total_params, title=ALL),
            *series("chip", "Accelerator and its price", list(data.chip.unique())),
            tooltip=["chip", "tokens_per_s", "total_params"],
        )
    )
    opened = data[data.usd_per_mtok == usd_per_mtok]
    middle = sorted(opened.tokens_per_s.unique())[opened.tokens_per_s.nunique() // 2]
    at_middle = opened[opened.tokens_per_s == middle]
    return finish(
        lines,
        takeaway=takeaway,
        height=360,
        description=(
            "Falling lines on log scales: largest model that can be served, against speed of one "
            f"user, one line an accelerator. At {middle:.3g} tokens/s and {usd_per_mtok:g} USD per "
            f"million tokens: {spoken(at_middle, 'chip', 'total_params')}. A list chooses the "
            "price."
        ),
    )


def speed_kept(kept: pd.DataFrame, *, takeaway: str, subtitle: str) -> alt.LayerChart:
    """Share of its speed that each model keeps at a long context, by batch.

    Parameters
    ----------
    kept : pandas.DataFrame
        ``name``, ``attention``, ``total_params``, ``batch``, ``kept``.
    takeaway, subtitle : str
        Title: the finding; and for which case.
    """
    data = tidy(kept, ["name", "attention", "total_params", "batch", "kept"], digits=3)
    data["row"] = [f"{r.name}, {r.attention}" for r in data.itertuples(index=False)]
    data["requests"] = [f"{batch:g}" for batch in data.batch]
    order = list(dict.fromkeys(data.sort_values("total_params").row))
    points = (
        alt.Chart(data)
        .mark_point(size=90, filled=True)
        .encode(
            alt.X(
                "kept:Q",
                scale=alt.Scale(domain=[0, 1]),
                axis=alt.Axis(format="%", title="Speed that is left [share of that when short]"),
            ),
            alt.Y("row:N", sort=order, title=None, axis=alt.Axis(labelLimit=260)),
            *kinds("requests", "Requests at once", list(data.requests.unique())),
            tooltip=["name", "attention", "total_params", "batch", "kept"],
        )
    )
    said = "; ".join(
        f"{name}: " + ", ".join(f"{r.kept:.0%} with {r.requests}" for r in rows.itertuples())
        for name, rows in data.groupby("row", sort=False)
    )
    return finish(
        points,
        takeaway=takeaway,
        subtitle=subtitle,
        height=28 * len(order),
        description=(
            "Dot chart, the smallest model on top: share of its speed that a model keeps at the "
            f"long context, by requests decoded together. {said}."
        ),
    )
