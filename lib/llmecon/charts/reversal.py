"""Figures of the chapter on how models shrank, as far as prices and speeds tell."""

from __future__ import annotations

import altair as alt
import numpy as np
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
    tidy,
)

ALL = "All parameters, log scale [parameters]"


def price_steps(prices: pd.DataFrame, *, takeaway: str) -> alt.LayerChart:
    """Output price of each maker's flagship from day to day.

    Parameters
    ----------
    prices : pandas.DataFrame
        Rows of ``prices.csv``, flagship only, of the makers to show.
    takeaway : str
        Title: the finding.
    """
    data = tidy(prices, ["provider", "model", "effective_date", "output_usd_per_mtok"])
    x = date_x("effective_date", "From that day on")
    y = log_y(
        "output_usd_per_mtok",
        data.output_usd_per_mtok,
        title="Output price, log scale [USD per million tokens]",
        counts=False,
    )
    makers = series("provider", "Maker", list(data.provider.unique()))
    line = alt.Chart(data).mark_line(interpolate="step-after").encode(x, y, *makers)
    points = (
        alt.Chart(data)
        .mark_point(filled=True, size=45)
        .encode(
            x,
            y,
            makers[0],
            tooltip=["model", "provider", "effective_date:T", "output_usd_per_mtok"],
        )
    )
    said = "; ".join(
        f"{maker}: "
        + ", ".join(
            f"{r.model} {r.output_usd_per_mtok:g} from {r.effective_date:%Y-%m}"
            for r in rows.itertuples()
        )
        for maker, rows in data.groupby("provider", sort=False)
    )
    return finish(
        line,
        points,
        takeaway=takeaway,
        height=320,
        description=(
            "Step lines of the output price of flagship models in US dollars per million tokens, "
            f"log scale. {said}."
        ),
    )


def speed_readings(
    readings: pd.DataFrame, claims: pd.DataFrame, *, takeaway: str
) -> alt.LayerChart:
    """Every speed reading of some models beside the range the article states.

    Parameters
    ----------
    readings : pandas.DataFrame
        ``model``, ``output_tokens_per_s``, ``date``, ``host_or_basis``.
    claims : pandas.DataFrame
        ``model``, ``low``, ``high``: what the article states. [tokens/s]
    takeaway : str
        Title: the finding.
    """
    data = tidy(readings, ["model", "version", "output_tokens_per_s", "date", "host_or_basis"])
    stated = tidy(claims, ["model", "low", "high"])
    order = list(dict.fromkeys(data.model))
    y = alt.Y("model:N", sort=order, title=None, axis=alt.Axis(labelLimit=200))
    title = "Output speed of one stream [tokens/s]"
    band = (
        alt.Chart(stated)
        .mark_bar(color=theme.ORANGE, opacity=0.35, height=22)
        .encode(alt.X("low:Q", title=title), alt.X2("high:Q"), y)
    )
    points = (
        alt.Chart(data)
        .mark_point(size=60, color=theme.BLUE)
        .encode(
            alt.X("output_tokens_per_s:Q", title=title),
            y,
            tooltip=["model", "version", "date:T", "host_or_basis", "output_tokens_per_s"],
        )
    )
    said = "; ".join(
        f"{name}: " + ", ".join(f"{v:g}" for v in rows.output_tokens_per_s)
        for name, rows in data.groupby("model", sort=False)
    )
    ranges = "; ".join(f"{r.model} {r.low:g} to {r.high:g}" for r in stated.itertuples())
    return finish(
        band,
        points,
        takeaway=takeaway,
        height=52 * len(order),
        description=(
            f"Dots are readings of output speed in tokens per second. {said}. Bars are what the "
            f"article states: {ranges}."
        ),
    )


def score_and_size(
    models: pd.DataFrame, levels: pd.DataFrame, *, score_title: str, takeaway: str
) -> alt.LayerChart:
    """Score of open models against their size, with the levels of closed models as lines.

    Parameters
    ----------
    models : pandas.DataFrame
        ``model``, ``score``, ``total_params``; all disclosed.
    levels : pandas.DataFrame
        ``model``, ``score`` of the closed models.
    score_title : str
        What the score is, with list date and unit in brackets.
    takeaway : str
        Title: the finding.
    """
    data = tidy(models.sort_values("score"), ["model", "score", "total_params"])
    lines = tidy(levels, ["model", "score"])
    low = min(data.score.min(), lines.score.min()) - 15
    high = max(data.score.max(), lines.score.max()) + 15
    y = alt.Y("score:Q", scale=alt.Scale(domain=[low, high]), title=score_title)
    x = log_x("total_params", data.total_params, title=ALL)
    rules = alt.Chart(lines).mark_rule(color=theme.VERMILLION, strokeDash=[5, 3]).encode(y)
    names = (
        alt.Chart(lines)
        .mark_text(align="left", dy=-6, x=4, fontStyle="italic")
        .encode(y, text="model:N")
    )
    points = (
        alt.Chart(data)
        .mark_point(filled=True, color=theme.BLUE)
        .encode(x, y, tooltip=["model", "score", "total_params"])
    )
    said = "; ".join(f"{r.model}: {short(r.total_params)}, {r.score:g}" for r in data.itertuples())
    marks = "; ".join(f"{r.model} at {r.score:g}" for r in lines.itertuples())
    return finish(
        rules,
        points,
        *names_beside(data, x, y, name="model", across="total_params"),
        names,
        takeaway=takeaway,
        height=400,
        description=(
            f"Scatter chart of open models: size on a log scale against {score_title}. {said}. "
            f"Dashed lines mark closed models: {marks}."
        ),
    )


def frontier(
    curves: pd.DataFrame,
    products: pd.DataFrame,
    *,
    usd_per_gpu_hour: float,
    takeaway: str,
    subtitle: str = "",
) -> alt.LayerChart:
    """What a token costs at each speed, by size of the model; the hourly price can be moved.

    Parameters
    ----------
    curves : pandas.DataFrame
        ``model``, ``tokens_per_s``, ``usd_per_mtok`` at ``usd_per_gpu_hour``.
    products : pandas.DataFrame
        ``product``, ``low``, ``high`` [tokens/s], ``usd_per_mtok``: what was sold.
    usd_per_gpu_hour : float
        Price the curves were computed at; cost is proportional to it.
    takeaway, subtitle : str
        Title: the finding; and for which case.
    """
    data = tidy(_thinned(curves), ["model", "tokens_per_s", "usd_per_mtok"], digits=4)
    sold = tidy(products, ["product", "low", "high", "usd_per_mtok"])
    price = alt.param(
        name="usd_per_gpu_hour",
        value=usd_per_gpu_hour,
        bind=alt.binding_range(
            min=0.5, max=6, step=0.05, name="Price of one accelerator [USD per hour] "
        ),
    )
    x = alt.X("tokens_per_s:Q", title="Output speed of one user [tokens/s]")
    scale = alt.Scale(type="log", domain=[0.02, 300], clamp=True)
    axis = alt.Axis(
        title="Cost, log scale [USD per million output tokens]", values=[0.1, 1, 10, 100]
    )
    lines = (
        alt.Chart(data)
        .add_params(price)
        .transform_calculate(usd=f"datum.usd_per_mtok * usd_per_gpu_hour / {usd_per_gpu_hour}")
        .mark_line(clip=True)
        .encode(
            x,
            alt.Y("usd:Q", scale=scale, axis=axis),
            *series("model", "Model", list(data.model.unique())),
            order="tokens_per_s:Q",
        )
    )
    bars = (
        alt.Chart(sold)
        .mark_rule(color=theme.GREY, strokeWidth=6, opacity=0.7)
        .encode(
            alt.X("low:Q", title="Output speed of one user [tokens/s]"),
            alt.X2("high:Q"),
            alt.Y("usd_per_mtok:Q", scale=scale, axis=axis),
        )
    )
    names = (
        alt.Chart(sold)
        .mark_text(align="left", dy=-10)
        .encode(
            alt.X("low:Q", title="Output speed of one user [tokens/s]"),
            alt.Y("usd_per_mtok:Q", scale=scale, axis=axis),
            text="product:N",
        )
    )
    ends = data.groupby("model", sort=False).agg(
        cheapest=("usd_per_mtok", "min"), fastest=("tokens_per_s", "max")
    )
    said = "; ".join(
        f"{name}: from {r.cheapest:.2g} USD, at most {r.fastest:.0f} tokens/s"
        for name, r in ends.iterrows()
    )
    offers = "; ".join(
        f"{r.product}: {r.low:g} to {r.high:g} tokens/s at {r.usd_per_mtok:g} USD"
        for r in sold.itertuples()
    )
    return finish(
        lines,
        bars,
        names,
        takeaway=takeaway,
        subtitle=subtitle,
        height=400,
        description=(
            "Lines give the least cost per million output tokens at each output speed, one line a "
            f"model, at {usd_per_gpu_hour:g} USD per accelerator-hour. {said}. Bars are products: "
            f"{offers}. A slider moves the hourly price."
        ),
    )


def _thinned(curves: pd.DataFrame, points: int = 60) -> pd.DataFrame:
    """As many points of each curve as an eye can tell apart, its ends among them."""
    return pd.concat(
        rows.iloc[np.unique(np.linspace(0, len(rows) - 1, points).astype(int))]
        for _, rows in curves.groupby("model", sort=False)
    )


def size_readings(readings: pd.DataFrame, *, stated: pd.DataFrame, takeaway: str) -> alt.LayerChart:
    """Every way to put a size on a closed model, with its interval, beside the article's number.

    Parameters
    ----------
    readings : pandas.DataFrame
        ``model``, ``by``, ``basis``, ``total_params``, ``low``, ``high``.
    stated : pandas.DataFrame
        ``model``, ``total_params``: what the article states.
    takeaway : str
        Title: the finding.
    """
    data = tidy(readings, ["model", "by", "basis", "total_params", "low", "high"])
    data["row"] = data.model + ": " + data.by
    claimed = tidy(stated, ["model", "total_params"])
    claimed = data[["model", "row"]].merge(claimed, on="model")
    y = alt.Y("row:N", sort=list(data.row), title=None, axis=alt.Axis(labelLimit=300))
    shown = [data.total_params, data.low, data.high, claimed.total_params]
    bars = (
        alt.Chart(data.dropna(subset=["low", "high"]))
        .mark_rule(strokeWidth=3, opacity=0.6, color=theme.GREY)
        .encode(log_x("low", *shown, title=ALL), alt.X2("high:Q"), y)
    )
    points = (
        alt.Chart(data)
        .mark_point(size=80)
        .encode(
            log_x("total_params", *shown, title=ALL),
            y,
            *kinds("basis", "Uses", list(data.basis.unique())),
            tooltip=["model", "by", "basis", "total_params", "low", "high"],
        )
    )
    ticks = (
        alt.Chart(claimed)
        .mark_tick(color=theme.VERMILLION, thickness=3, size=20)
        .encode(log_x("total_params", *shown, title=ALL), y)
    )
    return finish(
        bars,
        ticks,
        points,
        takeaway=takeaway,
        height=30 * len(data),
        description=(
            "Hollow marks are size estimates of closed models on a log scale with their published "
            f"ranges. {spoken(data, 'row', 'total_params', 'low', 'high')}. A thick tick marks the "
            f"article's number: {spoken(claimed.drop_duplicates('model'), 'model', 'total_params')}."  # noqa: E501
        ),
    )


def predicted_and_true(evaluation: pd.DataFrame, *, takeaway: str) -> alt.LayerChart:
    """Inferred size against the true one, for models whose size is known.

    Parameters
    ----------
    evaluation : pandas.DataFrame
        Rows of one method and one size from `llmecon.sizing.evaluate`: ``model``, ``true``,
        ``predicted``, ``low_80``, ``high_80``.
    takeaway : str
        Title: the finding.
    """
    data = tidy(evaluation, ["model", "true", "predicted", "low_80", "high_80"], digits=4)
    inside = (data.low_80 <= data.true) & (data.true <= data.high_80)
    data["interval"] = inside.map({True: "holds the true size", False: "misses it"})
    shown = [data.true, data.low_80, data.high_80]
    titles = ("True size, log scale [parameters]", "Inferred size, log scale [parameters]")
    ends = pd.DataFrame({"true": [data.true.min(), data.true.max()]})
    same = (
        alt.Chart(ends.assign(predicted=ends.true))
        .mark_line(color=theme.GREY, strokeDash=[4, 3])
        .encode(
            log_x("true", data.true, title=titles[0]), log_y("predicted", *shown, title=titles[1])
        )
    )
    kind = kinds("interval", "The 80 % interval", ["holds the true size", "misses it"])
    bars = (
        alt.Chart(data)
        .mark_rule(opacity=0.45)
        .encode(
            log_x("true", data.true, title=titles[0]),
            log_y("low_80", *shown, title=titles[1]),
            alt.Y2("high_80:Q"),
            kind[0],
        )
    )
    points = (
        alt.Chart(data)
        .mark_point(size=60)
        .encode(
            log_x("true", data.true, title=titles[0]),
            log_y("predicted", *shown, title=titles[1]),
            *kind,
            tooltip=["model", "true", "predicted", "low_80", "high_80"],
        )
    )
    return finish(
        same,
        bars,
        points,
        takeaway=takeaway,
        height=420,
        description=(
            f"Scatter chart on log scales of {len(data)} offers of open models: inferred against "
            f"true size, with 80 % intervals, {int(inside.sum())} of which hold the true size. "
            f"{spoken(data.head(12), 'model', 'true', 'predicted')}."
        ),
    )


def error_by_rule(errors: pd.DataFrame, *, takeaway: str) -> alt.LayerChart:
    """Median error of each way to read a size, for all and for active parameters.

    Parameters
    ----------
    errors : pandas.DataFrame
        ``method``, ``which``, ``median_factor``.
    takeaway : str
        Title: the finding.
    """
    data = tidy(errors, ["method", "which", "median_factor"], digits=4)
    order = list(dict.fromkeys(data.sort_values("median_factor").method))
    points = (
        alt.Chart(data)
        .mark_point(size=90, filled=True)
        .encode(
            alt.X(
                "median_factor:Q",
                scale=alt.Scale(domain=[1, float(data.median_factor.max()) * 1.05]),
                title="Median error, either way; 1 is perfect [times]",
            ),
            alt.Y("method:N", sort=order, title=None, axis=alt.Axis(labelLimit=220)),
            *kinds("which", "Parameters", list(data.which.unique())),
            tooltip=["method", "which", "median_factor"],
        )
    )
    said = "; ".join(f"{r.method}, {r.which}: {r.median_factor:.2f}" for r in data.itertuples())
    return finish(
        points,
        takeaway=takeaway,
        height=30 * len(order),
        description=f"Dot chart of median error factors by method. {said}.",
    )


def drivers(shares: pd.DataFrame, *, takeaway: str) -> alt.LayerChart:
    """Which assumption the width of an inferred size comes from.

    Parameters
    ----------
    shares : pandas.DataFrame
        ``assumption``, ``share``: share of the variance of log size.
    takeaway : str
        Title: the finding.
    """
    data = tidy(shares, ["assumption", "share"], digits=3)
    bars = (
        alt.Chart(data)
        .mark_bar(color=theme.BLUE)
        .encode(
            alt.X(
                "share:Q",
                axis=alt.Axis(format="%", title="Variance that the assumption explains [share]"),
            ),
            alt.Y("assumption:N", sort=list(data.assumption), title=None),
            tooltip=["assumption", "share"],
        )
    )
    said = "; ".join(f"{r.assumption}: {r.share:.0%}" for r in data.itertuples())
    return finish(
        bars,
        takeaway=takeaway,
        height=30 * len(data),
        description=f"Bar chart of the share of variance that each assumption explains. {said}.",
    )


def margin_curves(readings: pd.DataFrame, *, stated: pd.DataFrame, takeaway: str) -> alt.LayerChart:
    """Size that the cost model reads off a product, by the margin and context assumed.

    Parameters
    ----------
    readings : pandas.DataFrame
        ``case``, ``margin``, ``total_params``.
    stated : pandas.DataFrame
        ``label``, ``total_params``: what the article states.
    takeaway : str
        Title: the finding.
    """
    data = tidy(readings.dropna(), ["case", "margin", "total_params"], digits=4)
    lines = tidy(stated, ["label", "total_params"])
    shown = [data.total_params, lines.total_params]
    curves = (
        alt.Chart(data)
        .mark_line(point=True)
        .encode(
            alt.X("margin:Q", title="Price over cost assumed [times]"),
            log_y("total_params", *shown, title=ALL),
            *series("case", "Product and context", list(data.case.unique())),
            tooltip=["case", "margin", "total_params"],
        )
    )
    base = alt.Chart(lines).encode(log_y("total_params", *shown, title=ALL))
    rules = base.mark_rule(color=theme.GREY, strokeDash=[2, 3])
    names = base.mark_text(align="right", x="width", dy=-7, fontStyle="italic").encode(
        text="label:N"
    )
    said = "; ".join(
        f"{name}: {short(rows.total_params.iloc[0])} at margin {rows.margin.iloc[0]:g}, "
        f"{short(rows.total_params.iloc[-1])} at {rows.margin.iloc[-1]:g}"
        for name, rows in data.groupby("case", sort=False)
    )
    return finish(
        rules,
        curves,
        names,
        takeaway=takeaway,
        height=360,
        description=(
            f"Falling lines: the size read off a product against the margin assumed. {said}. "
            f"Dotted: {spoken(lines, 'label', 'total_params')}."
        ),
    )
