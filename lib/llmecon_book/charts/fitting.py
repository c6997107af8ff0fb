"""Figures of fitted scaling laws: the runs, the fit, and how far it can be believed."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from llmecon import chinchilla
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
    short,
    significant,
    spoken,
    tidy,
)
from llmecon_book.charts.layers import names, ranges, rule_at

FLOP, LOSS = "Training compute [FLOP], log scale", "Loss [nats/token]"
SIZE = "Parameters, log scale [parameters]"
RATIO = "Estimate over true value [1]"


def fitted(runs: pd.DataFrame, frontier: pd.DataFrame, *, takeaway: str) -> alt.LayerChart:
    """Runs by compute and loss, and the law's compute-optimal loss as a line.

    Parameters
    ----------
    runs : pandas.DataFrame
        ``n_params``, ``flop``, ``loss``, and ``predicted`` by the law.
    frontier : pandas.DataFrame
        ``flop`` and ``loss`` of compute-optimal runs.
    takeaway : str
        Title.
    """
    theme.enable()
    points = tidy(runs, ["n_params", "flop", "loss", "predicted"])
    line = tidy(frontier, ["flop", "loss"])
    x = log_x("flop", points.flop, line.flop, title=FLOP, counts=False)
    y = alt.Y("loss:Q", title=LOSS, scale=alt.Scale(zero=False))
    color = alt.Color(
        "n_params:Q",
        title="Parameters",
        scale=alt.Scale(type="log", scheme="viridis"),
        legend=alt.Legend(labelExpr=COUNT_LABEL),
    )
    marks = (
        alt.Chart(points)
        .mark_point(filled=True, size=36)
        .encode(x, y, color, tooltip=["n_params", "flop", "loss", "predicted"])
    )
    curve = alt.Chart(line).mark_line(strokeDash=[6, 4]).encode(x, y)
    worst = (points.predicted / points.loss - 1).abs().max()
    description = (
        f"Scatter of {len(points)} training runs of {short(points.n_params.min())} to "
        f"{short(points.n_params.max())} parameters, loss {points.loss.min():.3f} to "
        f"{points.loss.max():.3f} nats/token, against compute on a log scale. The dashed line is "
        f"the fitted law's compute-optimal loss, {line.loss.iloc[0]:.3f} at "
        f"{line.flop.iloc[0]:.1e} FLOP and {line.loss.iloc[-1]:.3f} at "
        f"{line.flop.iloc[-1]:.1e} FLOP. The law misses no run by more than {worst:.1%}."
    )
    chart = finish(curve, marks, takeaway=takeaway, description=description, height=320)
    return chart.properties(width=560)


def scientific(value: float, digits: int = 3) -> str:
    """A number as prose writes it.

    Parameters
    ----------
    value : float
        Any number above zero.
    digits : int, optional
        Significant digits at most.

    Examples
    --------
    >>> scientific(5.76e23), scientific(3e-6), scientific(1e-12)
    ('5.76 × 10²³', '3 × 10⁻⁶', '10⁻¹²')
    """
    mantissa, power = f"{value:.{digits - 1}e}".split("e")
    raised = str(int(power)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    front = f"{float(mantissa):g}"
    return f"10{raised}" if front == "1" else f"{front} × 10{raised}"


def isoflop_profiles(
    runs: pd.DataFrame, curves: pd.DataFrame, minima: pd.DataFrame, *, takeaway: str
) -> alt.LayerChart:
    """Runs of some budgets, the fitted law through them, and its optimum at each.

    Parameters
    ----------
    runs : pandas.DataFrame
        ``n_params``, ``loss``.
    curves : pandas.DataFrame
        ``budget`` (in words), ``n_params``, ``loss`` by the fitted law.
    minima : pandas.DataFrame
        ``budget``, ``params``, ``loss``.
    takeaway : str
        Title: the finding.
    """
    points = tidy(runs, ["n_params", "loss"], digits=4)
    lines = tidy(curves, ["budget", "n_params", "loss"], digits=4)
    best = tidy(minima, ["budget", "params", "loss"], digits=4)
    x = log_x("n_params", points.n_params, lines.n_params, title=SIZE)
    y = _loss(points.loss, lines.loss)
    dots = alt.Chart(points).mark_point(size=14, opacity=0.6).encode(x, y)
    fits = alt.Chart(lines).mark_line(color=theme.GREY).encode(x, y, detail="budget:N")
    marks = (
        alt.Chart(best)
        .mark_point(shape="diamond", filled=True, size=90, color=theme.VERMILLION, opacity=1)
        .encode(like(x, "params"), y, tooltip=["budget", "params", "loss"])
    )
    right = lines.loc[lines.groupby("budget", sort=False).n_params.idxmax()]
    return finish(
        fits,
        dots,
        marks,
        names(right, x, y, "budget", align="left", dx=6),
        takeaway=takeaway,
        height=420,
        description=(
            f"Scatter chart of the loss of {len(points)} runs against parameters on a log scale, "
            f"one valley for each of {len(best)} budgets, with the fitted law as a line through "
            "each. A diamond marks the size of lowest loss: "
            f"{listed(best, '{budget} {params:short}')}."
        ),
    )


def _loss(*numbers: pd.Series) -> alt.Y:
    low = min(float(n.min()) for n in numbers)
    high = max(float(n.max()) for n in numbers)
    room = 0.03 * (high - low)
    scale = alt.Scale(domain=[float(f"{low - room:.3g}"), float(f"{high + room:.3g}")], nice=False)
    return alt.Y("loss:Q", title=LOSS, scale=scale)


def recovered(quantities: pd.DataFrame, *, takeaway: str, subtitle: str) -> alt.LayerChart:
    """Estimates with intervals as multiples of the true values.

    Parameters
    ----------
    quantities : pandas.DataFrame
        ``quantity``, ``kind`` (such as constant or answer), ``ratio``, ``low``, ``high``.
    takeaway, subtitle : str
        Title: the finding; and for which case.
    """
    data = tidy(quantities, ["quantity", "kind", "ratio", "low", "high"], digits=4)
    y = row_y("quantity", data.quantity)
    x = alt.X("ratio:Q", title=RATIO, scale=alt.Scale(zero=False))
    color, shape = kinds("kind", "Kind", data.kind)
    points = (
        alt.Chart(data)
        .mark_point(filled=True, size=90, opacity=1)
        .encode(x, y, color, shape, tooltip=["quantity", "ratio", "low", "high"])
    )
    said = listed(data, "{quantity}: {ratio:.3g} ({low:.3g} to {high:.3g})")
    return finish(
        rule_at(x, 1.0, strokeDash=[4, 3]),
        ranges(data, x, y, color, strokeWidth=3),
        points,
        takeaway=takeaway,
        subtitle=subtitle,
        height=28 * len(data),
        description=(
            "Estimates with intervals as multiples of the true value; a dashed line at one. "
            f"{said}."
        ),
    )


def stops(
    ends: pd.DataFrame, *, stages: list[str], optimum: float, takeaway: str, subtitle: str
) -> alt.LayerChart:
    """Where an optimiser stopped from each start, by what it was given.

    Parameters
    ----------
    ends : pandas.DataFrame
        ``start`` (name of the law), ``stage`` (what was minimised), ``params`` at the budget.
    stages : list of str
        Stages in order, the start first.
    optimum : float
        Optimal size of the best fit at the budget. [parameters]
    takeaway, subtitle : str
        Title: the finding; and for which case.
    """
    data = tidy(ends, ["start", "stage", "params"], digits=3)
    x = log_x("params", data.params, title="Optimal size by the fit, log scale [parameters]")
    y = alt.Y("start:N", sort=list(data.start.unique()), title="Started at")
    best = significant(optimum, 3)
    points = (
        alt.Chart(data)
        .mark_point(size=90)
        .encode(x, y, *kinds("stage", "Minimised", stages), tooltip=["start", "stage", "params"])
    )
    said = listed(data, "{stage} {params:short}", by="start")
    return finish(
        rule_at(x, best, strokeDash=[4, 3]),
        points,
        takeaway=takeaway,
        subtitle=subtitle,
        height=48 * data.start.nunique(),
        description=(
            "For each start, marks on a log scale: the optimal size by the constants where the "
            f"optimiser stopped. {said}. A dashed line at the best fit, {short(best)}."
        ),
    )


def dropping(estimates: pd.DataFrame, *, takeaway: str, subtitle: str) -> alt.LayerChart:
    """Estimates of the optimal size from many simulated tables, by way of estimating.

    Parameters
    ----------
    estimates : pandas.DataFrame
        ``case`` (what is wrong with the runs), ``way`` (of estimating), ``ratio`` to the truth.
    takeaway, subtitle : str
        Title: the finding; and for which case.
    """
    data = tidy(estimates, ["case", "way", "ratio"], digits=3)
    middle = data.groupby(["case", "way"], sort=False).ratio.median().reset_index()
    x = alt.X("ratio:Q", title="Optimal size over its true value [1]", scale=alt.Scale(zero=False))
    y = row_y("way", data.way)
    apart = alt.YOffset("case:N", sort=list(data.case.unique()))
    of_case = kinds("case", "Runs with", data.case)
    points = alt.Chart(data).mark_point(size=26, opacity=0.6).encode(x, y, apart, *of_case)
    ticks = alt.Chart(middle).mark_tick(thickness=3, size=18, color=theme.INK).encode(x, y, apart)
    away = data.assign(miss=(data.ratio - 1).abs())
    miss = away.groupby(["case", "way"], sort=False).miss.median().reset_index()
    return finish(
        rule_at(x, 1.0, strokeDash=[4, 3]),
        points,
        ticks,
        takeaway=takeaway,
        subtitle=subtitle,
        height=54 * data.way.nunique(),
        description=(
            "Rows of points: the optimal size estimated from each simulated table, "
            "over its true value, by what is wrong with the runs and by the way of estimating. "
            f"Median distance from the truth: {listed(miss, '{case}, {way}: {miss:.1%}')}."
        ),
    )


def tokens_per_param(
    curves: pd.DataFrame, *, rule: float, fitted_to: float, takeaway: str
) -> alt.LayerChart:
    """Compute-optimal tokens per parameter as the budget grows, by law.

    Parameters
    ----------
    curves : pandas.DataFrame
        ``law``, ``flop``, ``tokens_per_param``.
    rule : float
        The rule of thumb. [tokens/parameter]
    fitted_to : float
        Largest budget among the runs behind the laws. [FLOP]
    takeaway : str
        Title: the finding.
    """
    data = tidy(curves, ["law", "flop", "tokens_per_param"], digits=4)
    x = log_x("flop", data.flop, title="Training compute, log scale [FLOP]", counts=False)
    y = log_y(
        "tokens_per_param",
        data.tokens_per_param,
        [rule],
        title="Optimal tokens per parameter, log scale [tokens/parameter]",
        counts=False,
    )
    lines = alt.Chart(data).mark_line().encode(x, y, *series("law", "Law", data.law))
    end = alt.Chart(pd.DataFrame({"flop": [fitted_to], "name": ["largest run fitted"]})).encode(x)
    edge = end.mark_rule(strokeDash=[2, 3])
    name = end.mark_text(align="right", dx=-6, baseline="top")
    said = "; ".join(
        f"{law}: {rows.tokens_per_param.iloc[0]:.3g} to {rows.tokens_per_param.iloc[-1]:.3g}"
        for law, rows in data.sort_values("flop").groupby("law", sort=False)
    )
    return finish(
        rule_at(y, rule),
        edge,
        lines,
        name.encode(y=alt.value(4), text="name:N"),
        takeaway=takeaway,
        height=360,
        description=(
            "Lines of compute-optimal tokens per parameter against training compute, both on log "
            "scales, one line a law, from "
            f"{scientific(data.flop.min(), 1)} to {scientific(data.flop.max(), 1)} FLOP: "
            f"{said}. A level line at {rule:g}; a dotted one at {scientific(fitted_to, 2)} FLOP, "
            "the largest run behind the laws."
        ),
    )


def allocations(sizes: pd.DataFrame, *, takeaway: str, subtitle: str) -> alt.LayerChart:
    """Optimal size of one budget by every law, with intervals where there are any.

    Parameters
    ----------
    sizes : pandas.DataFrame
        ``law``, ``counts`` (what N counts, or how it was found), ``params``, ``low``, ``high``
        (empty where the source gives no interval).
    takeaway, subtitle : str
        Title: the finding; and for which case.
    """
    data = tidy(sizes, ["law", "counts", "params", "low", "high"], digits=4)
    known = data.dropna(subset=["low"])
    y = row_y("law", data.law)
    x = log_x("params", data.params, known.low, known.high, title=SIZE)
    color, shape = kinds("counts", "Parameters counted", data.counts)
    points = (
        alt.Chart(data)
        .mark_point(filled=True, size=80, opacity=1)
        .encode(x, y, color, shape, tooltip=["law", "params", "low", "high"])
    )
    return finish(
        ranges(known, x, y, color, strokeWidth=3),
        points,
        takeaway=takeaway,
        subtitle=subtitle,
        height=24 * len(data),
        description=(
            f"Marks on a log scale: optimal parameters of one budget by {len(data)} laws, "
            f"smallest first. {spoken(data, 'law', 'params')}. Bars show intervals: "
            f"{listed(known, '{law}: {low:short} to {high:short}')}."
        ),
    )


def same_runs(
    curves: pd.DataFrame, run: pd.DataFrame, minima: pd.DataFrame, *, takeaway: str, subtitle: str
) -> alt.LayerChart:
    """Laws that agree on every run that was made, and not on the optimum.

    Parameters
    ----------
    curves : pandas.DataFrame
        ``law``, ``n_params``, ``loss`` at one budget.
    run : pandas.DataFrame
        ``n_params``, ``loss`` of the run that all laws predict alike.
    minima : pandas.DataFrame
        ``law``, ``n_params``, ``loss`` where each law has its optimum.
    takeaway, subtitle : str
        Title: the finding; and for which case.
    """
    lines = tidy(curves, ["law", "n_params", "loss"], digits=4)
    best = tidy(minima, ["law", "n_params", "loss"], digits=4)
    made = tidy(run, ["n_params", "loss"], digits=4)
    x = log_x("n_params", lines.n_params, title=SIZE)
    y = _loss(lines.loss, best.loss)
    of_law = series("law", "Law", lines.law)
    curve = alt.Chart(lines).mark_line().encode(x, y, *of_law)
    marks = alt.Chart(best).mark_point(filled=True, size=80, opacity=1).encode(x, y, of_law[0])
    common = alt.Chart(made).mark_point(shape="circle", size=260, color=theme.GREY).encode(x, y)
    return finish(
        curve,
        marks,
        common,
        takeaway=takeaway,
        subtitle=subtitle,
        height=340,
        description=(
            "Curves of loss against parameters on a log scale at one budget, one a law. All pass "
            f"through the run of {short(made.n_params[0])} parameters and {made.loss[0]:.3f} "
            f"nats/token. Their lowest points lie apart: {spoken(best, 'law', 'n_params')}."
        ),
    )


def widths(plans: pd.DataFrame, law: pd.DataFrame, *, takeaway: str) -> alt.LayerChart:
    """Width of the exponent's interval by a plan of runs: their number, the width of profiles.

    Parameters
    ----------
    plans : pandas.DataFrame
        ``profile`` (in words), ``n_runs``, ``width`` of the interval of the exponent a.
    law : pandas.DataFrame
        ``profile``, ``n_runs``, ``width``: inverse square root through the largest plan.
    takeaway : str
        Title: the finding.
    """
    data = tidy(plans, ["profile", "n_runs", "width"], digits=3)
    drawn = tidy(law, ["profile", "n_runs", "width"], digits=3)
    title = "Width of the 80 % interval of the exponent, log scale [1]"
    x = log_x("n_runs", data.n_runs, title="Runs, log scale [runs]", counts=False)
    y = log_y("width", data.width, drawn.width, title=title, counts=False)
    color, shape = kinds("profile", "Sizes in a profile", data.profile)
    lines = alt.Chart(drawn).mark_line(strokeDash=[4, 3]).encode(x, y, color)
    points = (
        alt.Chart(data)
        .mark_point(filled=True, size=80, opacity=1)
        .encode(x, y, color, shape, tooltip=["profile", "n_runs", "width"])
    )
    said = listed(data, "{width:.2g} from {n_runs} runs", by="profile")
    return finish(
        lines,
        points,
        takeaway=takeaway,
        height=340,
        description=(
            "Falling rows of points on log scales: width of the 80 % interval of the exponent of "
            f"the optimal size against the number of runs. {said}. Dashed lines fall with the "
            "square root of the runs."
        ),
    )


def picture_of_fit(found: chinchilla.Fit) -> alt.LayerChart:
    """Runs, fitted law and frontier of a fit, as ``llmecon law fit --chart`` draws them.

    Parameters
    ----------
    found : chinchilla.Fit
        The fit.
    """
    points = found.points
    flop = 6.0 * points.n_params * points.n_tokens
    frame = pd.DataFrame({"n_params": points.n_params, "flop": flop, "loss": points.loss})
    frame["predicted"] = found.law.loss(points.n_params, points.n_tokens)
    budgets = np.geomspace(flop.min(), flop.max() * 10, 60)
    frontier = pd.DataFrame({"flop": budgets, "loss": found.law.optimal(flop=budgets).loss})
    return fitted(
        frame,
        frontier,
        takeaway=f"{found.n_points} runs give a floor of {float(found.law.E):.3f} nats/token "
        f"and an optimal size that grows as compute to the {float(found.law.a):.2f}",
    )
