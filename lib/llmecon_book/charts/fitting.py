"""Figures of fitted scaling laws: the runs, the fit, and how far it can be believed.

Each draws what a section of the chapter found; `picture_of_fit` draws any fit.
"""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from llmecon import chinchilla
from llmecon_book.chapters import Section, ends
from llmecon_book.charts import theme
from llmecon_book.charts.common import (
    COUNT_LABEL,
    finish,
    kinds,
    like,
    log_x,
    log_y,
    row_y,
    series,
    significant,
    tidy,
)
from llmecon_book.charts.layers import dots, names, ranges, rule_at
from llmecon_book.charts.texts import told

FLOP, LOSS = "Training compute [FLOP], log scale", "Loss [nats/token]"
SIZE = "Parameters, log scale [parameters]"


def picture_of_fit(found: chinchilla.Fit) -> alt.LayerChart:
    """Runs, fitted law and frontier of a fit, as ``llmecon law fit --chart`` draws them.

    Parameters
    ----------
    found : chinchilla.Fit
        The fit.
    """
    theme.enable()
    runs, law = found.points, found.law
    flop = 6.0 * runs.n_params * runs.n_tokens
    frame = pd.DataFrame({"n_params": runs.n_params, "flop": flop, "loss": runs.loss})
    frame["predicted"] = law.loss(runs.n_params, runs.n_tokens)
    budgets = np.geomspace(flop.min(), flop.max() * 10, 60)
    frontier = pd.DataFrame({"flop": budgets, "loss": law.optimal(flop=budgets).loss})
    points = tidy(frame, ["n_params", "flop", "loss", "predicted"])
    line = tidy(frontier, ["flop", "loss"])
    x = log_x("flop", points.flop, line.flop, title=FLOP, counts=False)
    y = alt.Y("loss:Q", title=LOSS, scale=alt.Scale(zero=False))
    color = alt.Color(
        "n_params:Q",
        title="Parameters",
        scale=alt.Scale(type="log", scheme="viridis"),
        legend=alt.Legend(labelExpr=COUNT_LABEL),
    )
    worst = (points.predicted / points.loss - 1).abs().max()
    said = Section(floor=float(law.E), exponent=float(law.a), worst=worst, line=line)
    spans = ends("size", points.n_params) | ends("loss", points.loss)
    chart = finish(
        alt.Chart(line).mark_line(strokeDash=[6, 4]).encode(x, y),
        dots(points, x, y, color, size=36),
        **told("fitting.picture_of_fit", said, points, last=line.iloc[-1], **spans),
        height=320,
    )
    return chart.properties(width=560)


def profiles(found: Section) -> alt.LayerChart:
    """Runs of some budgets, the fitted law through them, and its optimum at each."""
    points = tidy(found.runs, ["n_params", "loss"], digits=4)
    lines = tidy(found.curves, ["budget", "n_params", "loss"], digits=4)
    best = tidy(found.minima, ["budget", "params", "loss"], digits=4)
    x = log_x("n_params", points.n_params, lines.n_params, title=SIZE)
    y = _loss(points.loss, lines.loss)
    marked = {"shape": "diamond", "size": 90, "color": theme.VERMILLION}
    right = lines.loc[lines.groupby("budget", sort=False).n_params.idxmax()]
    first, last = found.minima.iloc[0], found.minima.iloc[-1]
    return finish(
        alt.Chart(lines).mark_line(color=theme.GREY).encode(x, y, detail="budget:N"),
        alt.Chart(points).mark_point(size=14, opacity=0.6).encode(x, y),
        dots(best, like(x, "params"), y, **marked),
        names(right, x, y, "budget", align="left", dx=6),
        **told("fitting.profiles", found, points, best=best, first=first, last=last),
        height=420,
    )


def _loss(*numbers: pd.Series) -> alt.Y:
    every = pd.concat(numbers)
    low, high = float(every.min()), float(every.max())
    room = 0.03 * (high - low)
    domain = [significant(low - room, 3), significant(high + room, 3)]
    return alt.Y("loss:Q", title=LOSS, scale=alt.Scale(domain=domain, nice=False))


def recovered(found: Section) -> alt.LayerChart:
    """Estimates with intervals as multiples of the true values."""
    data = tidy(found.quantities, ["quantity", "kind", "ratio", "low", "high"], digits=4)
    y, of_kind = row_y("quantity", data.quantity), kinds("kind", "Kind", data.kind)
    x = alt.X("ratio:Q", title="Estimate over true value [1]", scale=alt.Scale(zero=False))
    factor = (data.high / data.low).set_axis(data.quantity)
    return finish(
        rule_at(x, 1.0, strokeDash=[4, 3]),
        ranges(data, x, y, of_kind[0], strokeWidth=3),
        dots(data, x, y, *of_kind, size=90),
        **told("fitting.recovered", found, data, factor=factor, off=factor - 1),
        height=28 * len(data),
    )


def stops(found: Section) -> alt.LayerChart:
    """Where an optimiser stopped from each start, by what it was given."""
    data = tidy(found.ends, ["start", "stage", "params"], digits=3)
    x = log_x("params", data.params, title="Optimal size by the fit, log scale [parameters]")
    y = alt.Y("start:N", sort=list(data.start.unique()), title="Started at")
    return finish(
        rule_at(x, significant(found.best.params, 3), strokeDash=[4, 3]),
        dots(data, x, y, *kinds("stage", "Minimised", data.stage), filled=False, size=90),
        **told("fitting.stops", found, data),
        height=48 * data.start.nunique(),
    )


def dropping(found: Section) -> alt.LayerChart:
    """Estimates of the optimal size from many simulated tables, by way of estimating."""
    data = tidy(found.estimates, ["case", "way", "ratio"], digits=3)
    away = data.assign(miss=(data.ratio - 1).abs())
    middle = away.groupby(["case", "way"], sort=False).median().reset_index()
    x = alt.X("ratio:Q", title="Optimal size over its true value [1]", scale=alt.Scale(zero=False))
    y = row_y("way", data.way)
    apart = alt.YOffset("case:N", sort=list(data.case.unique()))
    of_case = kinds("case", "Runs with", data.case)
    return finish(
        rule_at(x, 1.0, strokeDash=[4, 3]),
        alt.Chart(data).mark_point(size=26, opacity=0.6).encode(x, y, apart, *of_case),
        alt.Chart(middle.drop(columns="miss"))
        .mark_tick(thickness=3, size=18, color=theme.INK)
        .encode(x, y, apart),
        **told("fitting.dropping", found, data, middle=middle),
        height=54 * data.way.nunique(),
    )


def tokens_per_param(found: Section) -> alt.LayerChart:
    """Compute-optimal tokens per parameter as the budget grows, by law."""
    rule = 20.0  # of thumb [tokens/parameter]
    data = tidy(found.curves, ["law", "flop", "tokens_per_param"], digits=4)
    x = log_x("flop", data.flop, title="Training compute, log scale [FLOP]", counts=False)
    title = "Optimal tokens per parameter, log scale [tokens/parameter]"
    y = log_y("tokens_per_param", data.tokens_per_param, [rule], title=title, counts=False)
    edge = alt.Chart(pd.DataFrame({"flop": [found.fitted_to], "name": ["largest run fitted"]}))
    at_top = edge.mark_text(align="right", dx=-6, baseline="top")
    at_ends = data.groupby("law", sort=False).tokens_per_param.agg(["first", "last"]).reset_index()
    case = {"rule": rule, "ends": at_ends} | ends("flop", data.flop)
    return finish(
        rule_at(y, rule),
        edge.mark_rule(strokeDash=[2, 3]).encode(x),
        alt.Chart(data).mark_line().encode(x, y, *series("law", "Law", data.law)),
        at_top.encode(x, y=alt.value(4), text="name:N"),
        **told("fitting.tokens_per_param", found, data, **case),
        height=360,
    )


def allocations(found: Section) -> alt.LayerChart:
    """Optimal size of one budget by every law, with intervals where there are any."""
    data = tidy(found.sizes, ["law", "counts", "params", "low", "high"], digits=4)
    known = data.dropna(subset=["low"])
    y, of_count = row_y("law", data.law), kinds("counts", "Parameters counted", data.counts)
    x = log_x("params", data.params, known.low, known.high, title=SIZE)
    return finish(
        ranges(known, x, y, of_count[0], strokeWidth=3),
        dots(data, x, y, *of_count),
        **told("fitting.allocations", found, data, known=known, flop=found.sizes.flop.max()),
        height=24 * len(data),
    )


def twins(found: Section) -> alt.LayerChart:
    """Laws that agree on every run that was made, and not on the optimum."""
    lines = tidy(found.curves, ["law", "n_params", "loss"], digits=4)
    best = tidy(found.minima, ["law", "n_params", "loss"], digits=4)
    made = tidy(found.run, ["n_params", "loss"], digits=4)
    x = log_x("n_params", lines.n_params, title=SIZE)
    y, of_law = _loss(lines.loss, best.loss), series("law", "Law", lines.law)
    return finish(
        alt.Chart(lines).mark_line().encode(x, y, *of_law),
        dots(best, x, y, of_law[0]),
        alt.Chart(made).mark_point(shape="circle", size=260, color=theme.GREY).encode(x, y),
        **told("fitting.twins", found, lines, best=best, made=made),
        height=340,
    )


def widths(found: Section) -> alt.LayerChart:
    """Width of the exponent's interval by a plan of runs: their number, the width of profiles."""
    data = tidy(found.plans, ["profile", "n_runs", "width"], digits=3)
    drawn = tidy(found.slopes, ["profile", "n_runs", "width"], digits=3)
    title = "Width of the 80% interval of the exponent, log scale [1]"
    x = log_x("n_runs", data.n_runs, title="Runs, log scale [runs]", counts=False)
    y = log_y("width", data.width, drawn.width, title=title, counts=False)
    of_profile = kinds("profile", "Sizes in a profile", data.profile)
    return finish(
        alt.Chart(drawn).mark_line(strokeDash=[4, 3]).encode(x, y, of_profile[0]),
        dots(data, x, y, *of_profile),
        **told("fitting.widths", found, data),
        height=340,
    )
