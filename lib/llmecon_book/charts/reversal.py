"""Figures of the chapter on how models shrank, as far as prices and speeds tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from llmecon_book.charts import theme
from llmecon_book.charts.common import (
    ALL,
    date_x,
    field_of,
    finish,
    kinds,
    last_of_each,
    like,
    listed,
    log_ticks,
    log_x,
    log_y,
    row_y,
    series,
    short,
    significant,
    spoken,
    tidy,
)
from llmecon_book.charts.layers import (
    DOTTED,
    RENTS,
    at_moved_rent,
    cost_y,
    equality,
    named_levels,
    names,
    price_y,
    ranges,
    step_lines,
)


def price_steps(
    prices: pd.DataFrame,
    *,
    named: Sequence[str] = (),
    until: pd.Timestamp | None = None,
    takeaway: str,
) -> alt.LayerChart:
    """Output price of each maker's flagship from day to day.

    Parameters
    ----------
    prices : pandas.DataFrame
        Rows of ``prices.csv``, flagship only, of the makers to show.
    named : sequence of str, optional
        Models to label, at their first price.
    until : pandas.Timestamp, optional
        Day on which the prices were read, to which they hold.
    takeaway : str
        Title: the finding.
    """
    data = tidy(prices, ["provider", "model", "effective_date", "output_usd_per_mtok"])
    x = date_x("effective_date", "From that day on")
    y = price_y(data.output_usd_per_mtok)
    of_maker = series("provider", "Maker", data.provider)
    of_maker[0]["legend"] = alt.Legend(symbolType="stroke")  # a dashed circle is hard to read
    tooltip = ["model", "provider", "effective_date:T", "output_usd_per_mtok"]
    each = "{model} {output_usd_per_mtok:g} from {effective_date:%Y-%m}"
    last = last_of_each(data, "provider", "effective_date").assign(effective_date=until)
    held = data if until is None else pd.concat([data, last])
    line, _ = step_lines(held, x, y, of_maker, tooltip=tooltip)
    _, points = step_lines(data, x, y, of_maker, tooltip=tooltip, size=45)
    firsts = data[data.model.isin(named)].drop_duplicates("model")
    newest = firsts.effective_date == data.effective_date.max()
    return finish(
        line,
        points,
        names(firsts[~newest], x, y, "model", align="left", dx=5, dy=-8),
        names(firsts[newest], x, y, "model", align="right", dx=6, dy=-9),
        takeaway=takeaway,
        height=320,
        description=(
            "Step lines of the output price of flagship models in US dollars per million tokens, "
            f"log scale. {listed(data, each, by='provider')}."
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
    y = row_y("model", data.model, 200)
    x = alt.X("output_tokens_per_s:Q", title="Output speed of one stream [tokens/s]")
    band = (
        alt.Chart(stated)
        .mark_bar(color=theme.ORANGE, opacity=0.35, height=22)
        .encode(like(x, "low"), alt.X2("high:Q"), y)
    )
    points = (
        alt.Chart(data)
        .mark_point(size=60, color=theme.BLUE)
        .encode(x, y, tooltip=["model", "version", "date:T", "host_or_basis", field_of(x)])
    )
    return finish(
        band,
        points,
        takeaway=takeaway,
        height=52 * data.model.nunique(),
        description=(
            "Dots are readings of output speed in tokens per second. "
            f"{listed(data, '{output_tokens_per_s:g}', by='model')}. Bars are what the "
            f"article states: {listed(stated, '{model} {low:g} to {high:g}')}."
        ),
    )


def score_and_size(
    models: pd.DataFrame,
    levels: pd.DataFrame,
    *,
    score_title: str,
    named: Mapping[str, str] | None = None,
    takeaway: str,
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
    named : mapping, optional
        Models that keep their names on a narrow screen, or whose names stand elsewhere than
        the rest's: ``left``, ``right``, ``above``, ``below`` or ``below left``; with a trailing
        ``*`` only where there is room.
    takeaway : str
        Title: the finding.
    """
    data = tidy(models.sort_values("score"), ["model", "score", "total_params"])
    lines = tidy(levels, ["model", "score"])
    low = min(data.score.min(), lines.score.min()) - 15
    high = max(data.score.max(), lines.score.max()) + 15
    y = alt.Y("score:Q", scale=alt.Scale(domain=[low, high]), title=score_title)
    x = log_x("total_params", data.total_params, title=ALL)
    dashed = {"color": theme.VERMILLION, "strokeDash": [5, 3]}
    rules, closed = named_levels(
        lines, y, "model", side="left", rule=dashed, dy=-6, fontStyle="italic"
    )
    points = (
        alt.Chart(data)
        .mark_point(filled=True, color=theme.BLUE)
        .encode(x, y, tooltip=["model", "score", "total_params"])
    )
    return finish(
        rules,
        points,
        *_names_where_there_is_room(data, x, y, named or {}),
        closed,
        takeaway=takeaway,
        height=400,
        description=(
            f"Scatter chart of open models: size on a log scale against {score_title}. "
            f"{listed(data, '{model}: {total_params:short}, {score:g}')}. "
            f"Dashed lines mark closed models: {listed(lines, '{model} at {score:g}')}."
        ),
    )


_ROOM_PX = 450  # a panel that is narrower has no room for every name
_BESIDE: Mapping[str, Mapping[str, Any]] = {
    "right": {"align": "left", "dx": 7},
    "left": {"align": "right", "dx": -7},
    "above": {"align": "right", "dx": 14, "dy": -11},
    "below": {"align": "left", "dx": -6, "dy": 13},
    "below left": {"align": "right", "dx": 4, "dy": 13},
}


def _names_where_there_is_room(
    data: pd.DataFrame, x: alt.X, y: alt.Y, named: Mapping[str, str]
) -> list[alt.Chart]:
    places = data.model.map(lambda model: named.get(model, "right*"))
    layers = []
    for place, rows in data.groupby(places, sort=False):
        side = str(place).rstrip("*")
        wide = alt.expr(f"width > {_ROOM_PX} ? 1 : 0")
        room = {"opacity": wide} if str(place).endswith("*") else {}
        layers.append(names(rows, x, y, "model", **_BESIDE[side], **room))
    return layers


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
    x = alt.X("tokens_per_s:Q", title="Output speed of one user [tokens/s]")
    y = _cost_at_any_rent(data.usd_per_mtok / usd_per_gpu_hour)
    lines = (
        at_moved_rent(data, usd_per_gpu_hour)
        .mark_line(clip=True)
        .encode(x, like(y, "usd"), *series("model", "Model", data.model), order="tokens_per_s:Q")
    )
    ends = data.groupby("model", sort=False).agg(
        cheapest=("usd_per_mtok", "min"), fastest=("tokens_per_s", "max")
    )
    said = listed(
        ends.reset_index(), "{model}: from {cheapest:.2g} USD, at most {fastest:.0f} tokens/s"
    )
    offers = listed(sold, "{product}: {low:g} to {high:g} tokens/s at {usd_per_mtok:g} USD")
    return finish(
        lines,
        ranges(sold, x, y, color=theme.GREY, strokeWidth=6, opacity=0.7),
        names(sold, like(x, "low"), y, "product", align="left", dy=-10),
        takeaway=takeaway,
        subtitle=subtitle,
        height=400,
        description=(
            "Lines give the least cost per million output tokens at each output speed, one line a "
            f"model, at {usd_per_gpu_hour:g} USD per accelerator-hour. {said}. Bars are products: "
            f"{offers}. A slider moves the hourly price."
        ),
    )


def _cost_at_any_rent(usd_at_one: pd.Series) -> alt.Y:
    """Axis that holds every cost that the slider of the hourly price can give."""
    low, high = RENTS[0] * usd_at_one.min() / 1.25, RENTS[1] * usd_at_one.max() * 1.25
    y = cost_y("usd_per_mtok", significant(low, 2), significant(high, 2))
    y["axis"]["values"] = log_ticks(low, high)
    return y


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
    claimed = data[["model", "row"]].merge(tidy(stated, ["model", "total_params"]), on="model")
    y = row_y("row", data.row, 300)
    x = log_x(
        "total_params", data.total_params, data.low, data.high, claimed.total_params, title=ALL
    )
    known = data.dropna(subset=["low", "high"])
    points = (
        alt.Chart(data)
        .mark_point(size=80)
        .encode(
            x,
            y,
            *kinds("basis", "Uses", data.basis),
            tooltip=["model", "by", "basis", "total_params", "low", "high"],
        )
    )
    ticks = alt.Chart(claimed).mark_tick(color=theme.VERMILLION, thickness=3, size=20)
    article = spoken(claimed.drop_duplicates("model"), "model", "total_params")
    return finish(
        ranges(known, x, y, color=theme.GREY, strokeWidth=3, opacity=0.6),
        ticks.encode(x, y),
        points,
        takeaway=takeaway,
        height=30 * len(data),
        description=(
            "Hollow marks are size estimates of closed models on a log scale with their published "
            f"ranges. {spoken(data, 'row', 'total_params', 'low', 'high')}. A thick tick marks the "
            f"article's number: {article}."
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
    x = log_x("true", data.true, title="True size, log scale [parameters]")
    title = "Inferred size, log scale [parameters]"
    y = log_y("predicted", data.true, data.low_80, data.high_80, title=title)
    color, shape = kinds("interval", "The 80% interval", ["holds the true size", "misses it"])
    points = (
        alt.Chart(data)
        .mark_point(size=60)
        .encode(x, y, color, shape, tooltip=["model", "true", "predicted", "low_80", "high_80"])
    )
    return finish(
        equality([data.true.min(), data.true.max()], x, y),
        ranges(data, y, x, color, low="low_80", high="high_80", opacity=0.45),
        points,
        takeaway=takeaway,
        height=420,
        description=(
            f"Scatter chart on log scales of {len(data)} offers of open models: inferred against "
            f"true size, with 80% intervals, {int(inside.sum())} of which hold the true size. "
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
    x = alt.X(
        "median_factor:Q",
        scale=alt.Scale(domain=[1, float(data.median_factor.max()) * 1.05]),
        title="Median error, either way; 1 is perfect [times]",
    )
    y = row_y("method", data.sort_values(["which", "median_factor"]).method, 220)
    of_size = kinds("which", "Parameters", data.which)
    points = (
        alt.Chart(data)
        .mark_point(size=90, filled=True)
        .encode(x, y, *of_size, tooltip=["method", "which", "median_factor"])
    )
    said = listed(data, "{method}, {which}: {median_factor:.2f}")
    return finish(
        points,
        takeaway=takeaway,
        height=30 * data.method.nunique(),
        description=f"Dot chart of median error factors by method. {said}.",
    )


ASSUMPTIONS = {
    "margin": "price over cost (margin)",
    "speed share": "how near its top speed it is served",
    "sparsity": "all over active parameters (sparsity)",
    "context": "the length of the prompt",
    "weights": "the number format",
    "chip": "the chip",
}
"""What the columns of an inference's drivers are called in a figure and in a sentence."""


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
    axis = alt.Axis(format="%", title="Variance that the assumption explains [share]")
    y = row_y("assumption", data.assumption, 240)
    bars = (
        alt.Chart(data)
        .mark_bar(color=theme.BLUE)
        .encode(alt.X("share:Q", axis=axis), y, tooltip=["assumption", "share"])
    )
    said = listed(data, "{assumption}: {share:.0%}")
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
    x = alt.X("margin:Q", title="Price over cost assumed [times]")
    y = log_y("total_params", data.total_params, lines.total_params, title=ALL)
    of_case = series("case", "Product and context", data.case)
    curves = (
        alt.Chart(data)
        .mark_line(point=True)
        .encode(x, y, *of_case, tooltip=["case", "margin", "total_params"])
    )
    # Below the lines: above them the curves end.
    rules, labels = named_levels(lines, y, "label", rule=DOTTED, fontStyle="italic", dy=9)
    said = "; ".join(
        f"{name}: {short(rows.total_params.iloc[0])} at margin {rows.margin.iloc[0]:g}, "
        f"{short(rows.total_params.iloc[-1])} at {rows.margin.iloc[-1]:g}"
        for name, rows in data.groupby("case", sort=False)
    )
    return finish(
        rules,
        curves,
        labels,
        takeaway=takeaway,
        height=360,
        description=(
            f"Falling lines: the size read off a product against the margin assumed. {said}. "
            f"Dotted: {spoken(lines, 'label', 'total_params')}."
        ),
    )
