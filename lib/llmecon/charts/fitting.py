"""Figures of fitted scaling laws: the runs, the fit, and how far it can be believed."""

from __future__ import annotations

import altair as alt
import pandas as pd

from llmecon.charts import theme
from llmecon.charts.common import (
    COUNT_LABEL,
    finish,
    kinds,
    log_x,
    log_y,
    series,
    short,
    spoken,
    tidy,
)

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
    marks = (
        alt.Chart(points)
        .mark_point(filled=True, size=36)
        .encode(
            x=x,
            y=y,
            color=alt.Color(
                "n_params:Q",
                title="Parameters",
                scale=alt.Scale(type="log", scheme="viridis"),
                legend=alt.Legend(labelExpr=COUNT_LABEL),
            ),
            tooltip=["n_params", "flop", "loss", "predicted"],
        )
    )
    curve = alt.Chart(line).mark_line(strokeDash=[6, 4]).encode(x=x, y=y)
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
    shown = [points.n_params, lines.n_params]
    x, y = log_x("n_params", *shown, title=SIZE), _loss(points.loss, lines.loss)
    dots = alt.Chart(points).mark_point(size=14, opacity=0.6).encode(x, y)
    fits = alt.Chart(lines).mark_line(color=theme.GREY).encode(x, y, detail="budget:N")
    at_best = log_x("params", *shown, title=SIZE)
    marks = (
        alt.Chart(best)
        .mark_point(shape="diamond", filled=True, size=90, color=theme.VERMILLION, opacity=1)
        .encode(at_best, y, tooltip=["budget", "params", "loss"])
    )
    right = lines.loc[lines.groupby("budget", sort=False).n_params.idxmax()]
    names = alt.Chart(right).mark_text(align="left", dx=6).encode(x, y, text="budget:N")
    return finish(
        fits,
        dots,
        marks,
        names,
        takeaway=takeaway,
        height=420,
        description=(
            f"Scatter chart of the loss of {len(points)} runs against parameters on a log scale, "
            f"one valley for each of {len(best)} budgets, with the fitted law as a line through "
            "each. A diamond marks the size of lowest loss: "
            + "; ".join(f"{r.budget} {short(r.params)}" for r in best.itertuples())
            + "."
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
    y = alt.Y("quantity:N", sort=list(data.quantity), title=None)
    about_one = alt.Scale(zero=False)
    x = alt.X("ratio:Q", title=RATIO, scale=about_one)
    low = alt.X("low:Q", title=RATIO, scale=about_one)
    color, shape = kinds("kind", "Kind", list(data.kind.unique()))
    rule = alt.Chart(pd.DataFrame({"ratio": [1.0]})).mark_rule(strokeDash=[4, 3]).encode(x)
    spans = alt.Chart(data).mark_rule(strokeWidth=3).encode(low, y, color, x2="high:Q")
    points = (
        alt.Chart(data)
        .mark_point(filled=True, size=90, opacity=1)
        .encode(x, y, color, shape, tooltip=["quantity", "ratio", "low", "high"])
    )
    said = "; ".join(
        f"{r.quantity}: {r.ratio:.3g} ({r.low:.3g} to {r.high:.3g})" for r in data.itertuples()
    )
    return finish(
        rule,
        spans,
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
    best = tidy(pd.DataFrame({"params": [optimum]}), ["params"], digits=3)
    rule = alt.Chart(best).mark_rule(strokeDash=[4, 3]).encode(x)
    points = (
        alt.Chart(data)
        .mark_point(size=90)
        .encode(x, y, *kinds("stage", "Minimised", stages), tooltip=["start", "stage", "params"])
    )
    said = "; ".join(
        f"{name}: " + ", ".join(f"{r.stage} {short(r.params)}" for r in rows.itertuples())
        for name, rows in data.groupby("start", sort=False)
    )
    return finish(
        rule,
        points,
        takeaway=takeaway,
        subtitle=subtitle,
        height=48 * data.start.nunique(),
        description=(
            "For each start, marks on a log scale: the optimal size by the constants where the "
            f"optimiser stopped. {said}. A dashed line at the best fit, {short(best.params[0])}."
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
    cases, ways = list(data.case.unique()), list(data.way.unique())
    x = alt.X("ratio:Q", title="Optimal size over its true value [1]", scale=alt.Scale(zero=False))
    y = alt.Y("way:N", sort=ways, title=None)
    apart = alt.YOffset("case:N", sort=cases)
    of_case = kinds("case", "Runs with", cases)
    rule = alt.Chart(pd.DataFrame({"ratio": [1.0]})).mark_rule(strokeDash=[4, 3]).encode(x)
    points = alt.Chart(data).mark_point(size=26, opacity=0.6).encode(x, y, apart, *of_case)
    ticks = alt.Chart(middle).mark_tick(thickness=3, size=18, color=theme.INK).encode(x, y, apart)
    away = data.assign(miss=(data.ratio - 1).abs())
    miss = away.groupby(["case", "way"], sort=False).miss.median().reset_index()
    said = "; ".join(f"{r.case}, {r.way}: {r.miss:.1%}" for r in miss.itertuples())
    return finish(
        rule,
        points,
        ticks,
        takeaway=takeaway,
        subtitle=subtitle,
        height=54 * len(ways),
        description=(
            "Rows of points: the optimal size estimated from each simulated table, "
            "over its true value, by what is wrong with the runs and by the way of estimating. "
            f"Median distance from the truth: {said}."
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
    lines = alt.Chart(data).mark_line().encode(x, y, *series("law", "Law", list(data.law.unique())))
    level = alt.Chart(pd.DataFrame({"tokens_per_param": [rule]})).mark_rule().encode(y)
    end = pd.DataFrame({"flop": [fitted_to], "name": ["largest run fitted"]})
    edge = alt.Chart(end).mark_rule(strokeDash=[2, 3]).encode(x)
    name = (
        alt.Chart(end)
        .mark_text(align="right", dx=-6, baseline="top")
        .encode(x, y=alt.value(4), text="name:N")
    )
    ends = data.sort_values("flop").groupby("law", sort=False)
    said = "; ".join(
        f"{law}: {rows.tokens_per_param.iloc[0]:.3g} to {rows.tokens_per_param.iloc[-1]:.3g}"
        for law, rows in ends
    )
    return finish(
        level,
        edge,
        lines,
        name,
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
    y = alt.Y("law:N", sort=list(data.law), title=None)
    shown = [data.params, known.low, known.high]
    x, low = log_x("params", *shown, title=SIZE), log_x("low", *shown, title=SIZE)
    color, shape = kinds("counts", "Parameters counted", list(data.counts.unique()))
    spans = alt.Chart(known).mark_rule(strokeWidth=3).encode(low, y, color, x2="high:Q")
    points = (
        alt.Chart(data)
        .mark_point(filled=True, size=80, opacity=1)
        .encode(x, y, color, shape, tooltip=["law", "params", "low", "high"])
    )
    said = spoken(data, "law", "params")
    spans_said = "; ".join(
        f"{r.law}: {short(r.low)} to {short(r.high)}" for r in known.itertuples()
    )
    return finish(
        spans,
        points,
        takeaway=takeaway,
        subtitle=subtitle,
        height=24 * len(data),
        description=(
            f"Marks on a log scale: optimal parameters of one budget by {len(data)} laws, "
            f"smallest first. {said}. Bars show intervals: {spans_said}."
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
    of_law = series("law", "Law", list(lines.law.unique()))
    curve = alt.Chart(lines).mark_line().encode(x, y, *of_law)
    marks = alt.Chart(best).mark_point(filled=True, size=80, opacity=1).encode(x, y, of_law[0])
    common = alt.Chart(made).mark_point(shape="circle", size=260, color=theme.GREY).encode(x, y)
    said = spoken(best, "law", "n_params")
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
            f"nats/token. Their lowest points lie apart: {said}."
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
    order = list(data.profile.unique())
    color, shape = kinds("profile", "Sizes in a profile", order)
    lines = alt.Chart(drawn).mark_line(strokeDash=[4, 3]).encode(x, y, color)
    points = (
        alt.Chart(data)
        .mark_point(filled=True, size=80, opacity=1)
        .encode(x, y, color, shape, tooltip=["profile", "n_runs", "width"])
    )
    said = "; ".join(
        f"{name}: " + ", ".join(f"{r.width:.2g} from {r.n_runs} runs" for r in rows.itertuples())
        for name, rows in data.groupby("profile", sort=False)
    )
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
