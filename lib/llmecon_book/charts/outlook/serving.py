"""What long contexts, speed and price leave of a model."""

from __future__ import annotations

import altair as alt
import pandas as pd

from llmecon_book.charts import theme
from llmecon_book.charts.common import (
    ALL,
    date_x,
    finish,
    kinds,
    last_of_each,
    listed,
    log_x,
    log_y,
    row_y,
    series,
    short,
    spoken,
    tidy,
)
from llmecon_book.charts.layers import names, names_beside, price_y, step_lines


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
    title = "KV cache of one token at 16 bit, log scale [B]"
    y = log_y("kv_bytes_per_token", data.kv_bytes_per_token, title=title)
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
    x = log_x("context_tokens", data.context_tokens, title="Context, log scale [tokens]")
    title = "Cost of reading the cache, log scale [USD per million output tokens]"
    y = log_y("usd_per_mtok", data.usd_per_mtok, title=title, counts=False)
    lines = alt.Chart(data).mark_line().encode(x, y, *series("name", "Shape of", data["name"]))
    said = listed(last_of_each(data, "name", "context_tokens"), "{name}: {usd_per_mtok:.3g}")
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
    data["row"] = data["name"] + ", " + data.attention
    data["requests"] = [f"{batch:g}" for batch in data.batch]
    x = alt.X(
        "kept:Q",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format="%", title="Speed that is left [share of that when short]"),
    )
    y = row_y("row", data.sort_values("total_params").row, 260)
    points = (
        alt.Chart(data)
        .mark_point(size=90, filled=True)
        .encode(
            x,
            y,
            *kinds("requests", "Requests at once", data.requests),
            tooltip=["name", "attention", "total_params", "batch", "kept"],
        )
    )
    said = listed(data, "{kept:.0%} with {requests}", by="row")
    return finish(
        points,
        takeaway=takeaway,
        subtitle=subtitle,
        height=28 * data.row.nunique(),
        description=(
            "Dot chart, the smallest model on top: share of its speed that a model keeps at the "
            f"long context, by requests decoded together. {said}."
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
    x, y = date_x("date", "From that day on"), price_y(data.output_usd_per_mtok)
    of_path = series("path", "Price of", data["path"])
    tooltip = ["path", "model", "date:T", "output_usd_per_mtok"]
    said = listed(data, "{output_usd_per_mtok:g} from {date:%Y-%m}", by="path")
    return finish(
        *step_lines(data, x, y, of_path, tooltip=tooltip, size=40),
        takeaway=takeaway,
        height=340,
        description=(
            f"Step lines on a log scale of output prices in US dollars per million tokens. {said}."
        ),
    )


def speed_and_price(flagships: pd.DataFrame, *, takeaway: str, subtitle: str) -> alt.LayerChart:
    """How fast flagships were read, against their price; lines follow two makers through time.

    Parameters
    ----------
    flagships : pandas.DataFrame
        ``maker``, ``model``, ``year`` of the readings, ``date`` of the last,
        ``output_usd_per_mtok``, ``output_tokens_per_s``; one row a model and price.
    takeaway, subtitle : str
        Title: the finding; and why it is no more.
    """
    columns = ["maker", "model", "year", "date", "output_usd_per_mtok", "output_tokens_per_s"]
    data = tidy(flagships.sort_values("date", kind="stable"), columns)
    data["year"] = data.year.astype(str)
    years = sorted(data.year.unique())
    room = [6 * data.output_usd_per_mtok.max()]  # for the names to the right
    title = "Output price, log scale [USD per million tokens]"
    x = log_x("output_usd_per_mtok", data.output_usd_per_mtok, room, title=title, counts=False)
    title = "Output speed, log scale [tokens/s]"
    y = log_y("output_tokens_per_s", data.output_tokens_per_s, title=title, counts=False)
    paths = data[data.groupby("maker").model.transform("nunique") > 1]
    lines = (
        alt.Chart(paths)
        .mark_line(color=theme.GREY, strokeWidth=1)
        .encode(x, y, alt.StrokeDash("maker:N", title="Path of"), alt.Order("date:T"))
    )
    points = (
        alt.Chart(data)
        .mark_point(filled=True, size=80)
        .encode(x, y, *kinds("year", "Read in", years), tooltip=[*columns[:3], *columns[4:]])
    )
    named = data.drop_duplicates("model", keep="last")
    named = named.assign(model=named.model.str.replace(r" \(.*\)", "", regex=True))
    first, last = named.year == years[0], named.year == years[-1]
    fastest = named[last].sort_values("output_tokens_per_s", ascending=False)
    slower = named.index.isin(fastest[fastest.duplicated("output_usd_per_mtok")].index)
    said = "{model} {output_tokens_per_s:.0f} at {output_usd_per_mtok:g}"
    return finish(
        lines,
        points,
        # A year a side, for there the readings of one price and speed differ.
        names(named[first], x, y, "model", align="right", dx=-7),
        names(named[~first & ~last], x, y, "model", align="left", dx=7),
        names(named[last & ~slower], x, y, "model", align="center", dy=-11),
        names(named[last & slower], x, y, "model", align="center", dy=13),
        takeaway=takeaway,
        subtitle=subtitle,
        height=400,
        description=(
            "Scatter chart on log scales: output speed in tokens/s of makers' flagships against "
            "their output price in US dollars per million tokens, marked by year. "
            f"{listed(data, said, by='year', group='in {}')}. Lines join the flagships of "
            f"{' and of '.join(paths.maker.unique())} in the order of their readings."
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
    menu = alt.binding_select(
        options=[float(price) for price in sorted(data.usd_per_mtok.unique())],
        name="Cost accepted [USD per million output tokens] ",
    )
    title = "Speed of one user, log scale [tokens/s]"
    x = log_x("tokens_per_s", data.tokens_per_s, title=title, counts=False)
    lines = (
        alt.Chart(data)
        .add_params(alt.param(name="usd_per_mtok", value=usd_per_mtok, bind=menu))
        .transform_filter("datum.usd_per_mtok == usd_per_mtok")
        .mark_line()
        .encode(
            x,
            log_y("total_params", data.total_params, title=ALL),
            *series("chip", "Accelerator and its rent", data.chip),
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
