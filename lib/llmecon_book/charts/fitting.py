"""Figures of fitted scaling laws: the runs, the fit, and how far it can be believed.

Each draws what a section of the chapter found; `picture_of_fit` draws any fit.
"""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from llmecon import chinchilla
from llmecon_book.chapters import Section
from llmecon_book.charts import theme
from llmecon_book.charts.common import (
    COUNT_LABEL,
    finish,
    kinds,
    like,
    listed,
    log_x,
    log_y,
    row_y,
    series,
    significant,
    spoken,
    tidy,
)
from llmecon_book.charts.layers import dots, names, ranges, rule_at
from llmecon_book.words import scientific, short

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
    chart = finish(
        alt.Chart(line).mark_line(strokeDash=[6, 4]).encode(x, y),
        dots(points, x, y, color, size=36),
        takeaway=(
            f"{found.n_points} runs give a floor of {float(law.E):.3f} nats/token "
            f"and an optimal size that grows as compute to the {float(law.a):.2f}"
        ),
        height=320,
        description=(
            f"Scatter of {len(points)} training runs of {short(points.n_params.min())} to "
            f"{short(points.n_params.max())} parameters, loss {points.loss.min():.3f} to "
            f"{points.loss.max():.3f} nats/token, against compute on a log scale. The dashed line "
            f"is the fitted law's compute-optimal loss, {line.loss.iloc[0]:.3f} at "
            f"{line.flop.iloc[0]:.1e} FLOP and {line.loss.iloc[-1]:.3f} at "
            f"{line.flop.iloc[-1]:.1e} FLOP. The law misses no run by more than {worst:.1%}."
        ),
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
    flop, size = found.minima.flop.to_numpy(), found.minima.params.to_numpy()
    return finish(
        alt.Chart(lines).mark_line(color=theme.GREY).encode(x, y, detail="budget:N"),
        alt.Chart(points).mark_point(size=14, opacity=0.6).encode(x, y),
        dots(best, like(x, "params"), y, **marked),
        names(right, x, y, "budget", align="left", dx=6),
        takeaway=(
            f"From {scientific(flop[0], 1)} to {scientific(flop[-1], 1)} FLOP the best size grows "
            f"from {short(size[0])} to {short(size[-1])}"
        ),
        height=420,
        description=(
            f"Scatter chart of the loss of {len(points)} runs against parameters on a log scale, "
            f"one valley for each of {len(best)} budgets, with the fitted law as a line through "
            "each. A diamond marks the size of lowest loss: "
            f"{listed(best, '{budget} {params:short}')}."
        ),
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
    said = listed(data, "{quantity}: {ratio:.3g} ({low:.3g} to {high:.3g})")
    factor = (data.high / data.low).set_axis(data.quantity)
    return finish(
        rule_at(x, 1.0, strokeDash=[4, 3]),
        ranges(data, x, y, of_kind[0], strokeWidth=3),
        dots(data, x, y, *of_kind, size=90),
        takeaway=(
            f"A is known to a factor {factor['A']:.2f}, the loss at the optimum to "
            f"{factor['loss at the optimum'] - 1:.1%}"
        ),
        subtitle=(
            f"{found.case.n_runs} runs; answers at {scientific(found.flop)} FLOP, "
            f"{found.level:.0%} of {found.n_resamples:,} refits"
        ),
        height=28 * len(data),
        description=(
            "Estimates with intervals as multiples of the true value; a dashed line at one. "
            f"{said}."
        ),
    )


def stops(found: Section) -> alt.LayerChart:
    """Where an optimiser stopped from each start, by what it was given."""
    data = tidy(found.ends, ["start", "stage", "params"], digits=3)
    x = log_x("params", data.params, title="Optimal size by the fit, log scale [parameters]")
    y = alt.Y("start:N", sort=list(data.start.unique()), title="Started at")
    best = significant(found.best.params, 3)
    said = listed(data, "{stage} {params:short}", by="start")
    return finish(
        rule_at(x, best, strokeDash=[4, 3]),
        dots(data, x, y, *kinds("stage", "Minimised", data.stage), filled=False, size=90),
        takeaway=(
            f"Averaged, the fit ends anywhere between {short(found.mean_low)} and "
            f"{short(found.mean_high)}; {found.n_success} of {found.n_stops} stops say success"
        ),
        subtitle=(
            f"Optimal size at {scientific(found.best.flop)} FLOP by the constants where L-BFGS-B "
            "stopped"
        ),
        height=48 * data.start.nunique(),
        description=(
            "For each start, marks on a log scale: the optimal size by the constants where the "
            f"optimiser stopped. {said}. A dashed line at the best fit, {short(best)}."
        ),
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
        takeaway=(
            "Dropping flagged runs rescues least squares and changes little for Huber: "
            f"{found.tails_squares:.1%} to {found.tails_squares_less:.1%} against "
            f"{found.tails_huber:.1%} to {found.tails_huber_less:.1%}"
        ),
        subtitle=(
            f"Median distance from the true size at {scientific(found.case.flop)} FLOP; "
            f"{found.case.n_tables:.0f} tables a row"
        ),
        height=54 * data.way.nunique(),
        description=(
            "Rows of points: the optimal size estimated from each simulated table, "
            "over its true value, by what is wrong with the runs and by the way of estimating. "
            f"Median distance from the truth: {listed(middle, '{case}, {way}: {miss:.1%}')}."
        ),
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
    ends = data.groupby("law", sort=False).tokens_per_param.agg(["first", "last"]).reset_index()
    return finish(
        rule_at(y, rule),
        edge.mark_rule(strokeDash=[2, 3]).encode(x),
        alt.Chart(data).mark_line().encode(x, y, *series("law", "Law", data.law)),
        at_top.encode(x, y=alt.value(4), text="name:N"),
        takeaway=(
            f"At {scientific(found.asked.flop[0])} FLOP the printed constants ask for "
            f"{found.hoffmann_2022_rounded:.0f} tokens per parameter, not {rule:g}"
        ),
        height=360,
        description=(
            "Lines of compute-optimal tokens per parameter against training compute, both on log "
            "scales, one line a law, from "
            f"{scientific(data.flop.min(), 1)} to {scientific(data.flop.max(), 1)} FLOP: "
            f"{listed(ends, '{law}: {first:.3g} to {last:.3g}')}. A level line at {rule:g}; a "
            f"dotted one at {scientific(found.fitted_to, 2)} FLOP, the largest run behind the laws."
        ),
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
        takeaway=(
            f"For {scientific(found.sizes.flop.max())} FLOP laws that count all parameters ask for "
            f"{short(found.all_low)} to {short(found.all_high)}"
        ),
        subtitle=(
            "Bars: intervals, where the source prints one for its exponent (80 %), or the "
            "bootstrap here"
        ),
        height=24 * len(data),
        description=(
            f"Marks on a log scale: optimal parameters of one budget by {len(data)} laws, "
            f"smallest first. {spoken(data, 'law', 'params')}. Bars show intervals: "
            f"{listed(known, '{law}: {low:short} to {high:short}')}."
        ),
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
        takeaway=(
            f"Laws that agree on every compute-optimal run differ {found.twin_factor:.0f}-fold "
            "in the size they call best"
        ),
        subtitle=(
            f"At {scientific(found.twin_budget)} FLOP; size term as a share of what falls with "
            "size and data"
        ),
        height=340,
        description=(
            "Curves of loss against parameters on a log scale at one budget, one a law. All pass "
            f"through the run of {short(made.n_params[0])} parameters and {made.loss[0]:.3f} "
            f"nats/token. Their lowest points lie apart: {spoken(best, 'law', 'n_params')}."
        ),
    )


def widths(found: Section) -> alt.LayerChart:
    """Width of the exponent's interval by a plan of runs: their number, the width of profiles."""
    data = tidy(found.plans, ["profile", "n_runs", "width"], digits=3)
    drawn = tidy(found.slopes, ["profile", "n_runs", "width"], digits=3)
    title = "Width of the 80 % interval of the exponent, log scale [1]"
    x = log_x("n_runs", data.n_runs, title="Runs, log scale [runs]", counts=False)
    y = log_y("width", data.width, drawn.width, title=title, counts=False)
    of_profile = kinds("profile", "Sizes in a profile", data.profile)
    said = listed(data, "{width:.2g} from {n_runs} runs", by="profile")
    return finish(
        alt.Chart(drawn).mark_line(strokeDash=[4, 3]).encode(x, y, of_profile[0]),
        dots(data, x, y, *of_profile),
        takeaway=(
            f"Profiles {found.wide_broad:g} times wide need {found.fewer:.0f} times fewer runs "
            f"than profiles {found.wide_narrow:g} times wide"
        ),
        height=340,
        description=(
            "Falling rows of points on log scales: width of the 80 % interval of the exponent of "
            f"the optimal size against the number of runs. {said}. Dashed lines fall with the "
            "square root of the runs."
        ),
    )
