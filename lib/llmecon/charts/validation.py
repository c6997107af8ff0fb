"""Figures of the chapter on how good the roofline is."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from llmecon.charts import theme
from llmecon.charts.common import finish, kinds, log_x, log_y, tidy

HELD_BACK, FITTED = "held back", "fitted to"
# Few ticks for all engines together, more where the menu has left few powers of ten.
_WIDE = [1e-5, 1e-3, 0.1, 10.0]
_NARROW = [float(f"{step}e{power}") for power in range(-6, 3) for step in (1, 3)]


def measured_and_predicted(rows: pd.DataFrame, *, takeaway: str) -> alt.LayerChart:
    """Predicted against measured time of every row; one engine can be picked.

    Parameters
    ----------
    rows : pandas.DataFrame
        ``engine``, ``kind``, ``use`` (`HELD_BACK` or `FITTED`), ``system``, ``model``,
        ``measured_s``, ``predicted_s``: seconds, a throughput as seconds per token.
    takeaway : str
        Title: the finding.
    """
    data = tidy(
        rows,
        ["engine", "kind", "use", "system", "model", "measured_s", "predicted_s"],
        digits=4,
    )
    engines = list(dict.fromkeys(data.engine))
    picked = alt.param(
        name="engine_shown",
        value="all",
        bind=alt.binding_select(options=["all", *engines], name="Engine and year "),
    )
    x = alt.X("measured_s:Q", **_free("Measured, log scale [s; of a throughput: s per token]"))
    up = _free("Predicted, log scale [s; of a throughput: s per token]")
    shown = "engine_shown == 'all' || datum.engine == engine_shown"
    base = alt.Chart(data).transform_filter(shown)
    # The line of equality goes through the measured values, so that the axes fit what is shown.
    equal = (
        base.mark_line(color=theme.GREY, strokeDash=[4, 3], strokeWidth=1.5)
        .encode(x, alt.Y("measured_s:Q", **up))
        .add_params(picked)
    )
    points = [
        base.transform_filter(alt.datum.use == use)
        .mark_point(filled=filled, size=46, opacity=0.85)
        .encode(
            x,
            alt.Y("predicted_s:Q", **up),
            *kinds("engine", "Engine and year", engines),
            tooltip=["engine", "kind", "system", "model", "use", "measured_s", "predicted_s"],
        )
        for use, filled in ((FITTED, False), (HELD_BACK, True))
    ]
    off = (data.predicted_s / data.measured_s - 1).abs()
    said = "; ".join(
        f"{name}: {len(part)} rows, half of them within {off[part.index].median():.0%}"
        for name, part in data.groupby("engine", sort=False)
    )
    return finish(
        equal,
        *points,
        takeaway=takeaway,
        height=440,
        description=(
            f"Scatter chart on log scales of {len(data)} measured times against predicted ones. "
            f"Filled marks are rows held back, hollow ones rows that constants were fitted to; "
            f"the dashed line is equality. {said}. A menu shows one engine alone."
        ),
    )


def _free(title: str) -> dict[str, Any]:
    """A log axis whose range follows what a menu shows."""
    values = alt.ExprRef(f"engine_shown == 'all' ? {_WIDE} : {_NARROW}")
    axis = alt.Axis(title=title, values=values, labelExpr="format(datum.value, '~g')")
    return {"axis": axis, "scale": alt.Scale(type="log", nice=False, padding=12)}


def error_by_group(errors: pd.DataFrame, *, takeaway: str, subtitle: str) -> alt.LayerChart:
    """Mean error by system, model, format, engine and load, out to the 90th percentile.

    Parameters
    ----------
    errors : pandas.DataFrame
        ``grouping``, ``group``, ``rows``, ``mape``, ``p90`` [%], in order.
    takeaway, subtitle : str
        Title: the finding; and for which rows.
    """
    data = tidy(errors, ["grouping", "group", "rows", "mape", "p90"], digits=3)
    data["name"] = [f"{r.group} ({r.rows})" for r in data.itertuples()]
    title = "Error of predicted time or throughput [%]"
    widest = float(data.p90.max())
    scale = alt.Scale(domain=[0, round(widest * 1.04, 1)], nice=False)
    y = alt.Y("name:N", sort=list(data.name), title=None, axis=alt.Axis(labelLimit=260))
    reach = (
        alt.Chart(data)
        .mark_rule(color=theme.GREY, strokeWidth=1.5)
        .encode(alt.X("mape:Q", scale=scale, title=title), alt.X2("p90:Q"), y)
    )
    dots = (
        alt.Chart(data)
        .mark_point(filled=True, size=70, opacity=1)
        .encode(
            alt.X("mape:Q", scale=scale, title=title),
            y,
            *kinds("grouping", "Rows grouped by", list(data.grouping.unique())),
            tooltip=["grouping", "group", "rows", "mape", "p90"],
        )
    )
    said = "; ".join(
        f"by {name}: "
        + ", ".join(f"{r.group} {r.mape:.0f} % ({r.rows} rows)" for r in part.itertuples())
        for name, part in data.groupby("grouping", sort=False)
    )
    return finish(
        reach,
        dots,
        takeaway=takeaway,
        subtitle=subtitle,
        height=21 * len(data),
        description=(
            "Dot chart of the mean absolute error in per cent, the number of rows in brackets; "
            f"a thin line reaches to the 90th percentile. {said}."
        ),
    )


def bias(rows: pd.DataFrame, *, takeaway: str) -> alt.LayerChart:
    """Predicted over measured time per token by load, for several sets of constants.

    Parameters
    ----------
    rows : pandas.DataFrame
        ``profile``, ``concurrency``, ``system``, ``chips``, ``ratio``.
    takeaway : str
        Title: the finding.
    """
    data = tidy(rows, ["profile", "concurrency", "system", "chips", "ratio"], digits=4)
    y = log_y(
        "ratio",
        data.ratio,
        [1.0],
        title="Predicted over measured time per token, log scale [1]",
        counts=False,
    )
    exact = (
        alt.Chart(pd.DataFrame({"ratio": [1.0]}))
        .mark_rule(color=theme.GREY, strokeDash=[4, 3])
        .encode(y)
    )
    marks = (
        alt.Chart(data)
        .mark_point(size=48)
        .encode(
            log_x(
                "concurrency",
                data.concurrency,
                title="Requests in progress, log scale [requests]",
                counts=False,
            ),
            y,
            *kinds("profile", "Constants", list(data.profile.unique())),
            tooltip=["profile", "system", "chips", "concurrency", "ratio"],
        )
    )
    said = "; ".join(
        f"{name}: {part.ratio.min():.2f} to {part.ratio.max():.2f}, median "
        f"{part.ratio.median():.2f}"
        for name, part in data.groupby("profile", sort=False)
    )
    return finish(
        exact,
        marks,
        takeaway=takeaway,
        height=340,
        description=(
            "Scatter chart of predicted over measured time per token against the number of "
            f"requests, both on log scales; 1 is exact, below 1 too fast. {said}."
        ),
    )


def ablation(terms: pd.DataFrame, *, takeaway: str, subtitle: str) -> alt.LayerChart:
    """Error once a term is left out, before and after the others are fitted again.

    Parameters
    ----------
    terms : pandas.DataFrame
        ``term``, ``how``, ``mape`` [%], in order.
    takeaway, subtitle : str
        Title: the finding; and for which rows.
    """
    data = tidy(terms, ["term", "how", "mape"], digits=3)
    marks = (
        alt.Chart(data)
        .mark_point(size=80)
        .encode(
            alt.X("mape:Q", scale=alt.Scale(zero=True), title="Mean absolute error [%]"),
            alt.Y("term:N", sort=list(dict.fromkeys(data.term)), title=None),
            *kinds("how", "Error of", list(data.how.unique())),
            tooltip=["term", "how", "mape"],
        )
    )
    said = "; ".join(
        f"{term}: " + ", ".join(f"{r.mape:.1f} % {r.how}" for r in part.itertuples())
        for term, part in data.groupby("term", sort=False)
    )
    return finish(
        marks,
        takeaway=takeaway,
        subtitle=subtitle,
        height=34 * data.term.nunique(),
        description=f"Dot chart of the error without each term of the model. {said}.",
    )


def constants(shares: pd.DataFrame, *, takeaway: str) -> alt.LayerChart:
    """What each generation of engines achieves of the rates it has, with standard errors.

    Parameters
    ----------
    shares : pandas.DataFrame
        ``profile``, ``constant``, ``share``, ``error``; share and error of 1.
    takeaway : str
        Title: the finding.
    """
    data = tidy(shares, ["profile", "constant", "share", "error"], digits=4)
    data["low"], data["high"] = data.share - data.error, data.share + data.error
    data["row"] = data.profile + ": " + data.constant
    ends = [min(0.6, float(data.low.min())), max(1.05, float(data.high.max()))]
    scale = alt.Scale(domain=ends, nice=False)
    axis = alt.Axis(format="%", title="Achieved share, one standard error either way [%]")
    y = alt.Y("row:N", sort=list(data.row), title=None, axis=alt.Axis(labelLimit=300))
    bars = (
        alt.Chart(data)
        .mark_rule(color=theme.GREY, strokeWidth=2)
        .encode(alt.X("low:Q", scale=scale, axis=axis), alt.X2("high:Q"), y)
    )
    points = (
        alt.Chart(data)
        .mark_point(filled=True, size=80, opacity=1)
        .encode(
            alt.X("share:Q", scale=scale, axis=axis),
            y,
            *kinds("constant", "Share of", list(data.constant.unique())),
            tooltip=["profile", "constant", "share", "error"],
        )
    )
    said = "; ".join(f"{r.row} {r.share:.0%} ± {r.error:.0%}" for r in data.itertuples())
    return finish(
        bars,
        points,
        takeaway=takeaway,
        height=28 * len(data),
        description=f"Dot chart of achieved shares with standard errors. {said}.",
    )


def knobs(
    rows: pd.DataFrame, *, kernels: int, bandwidth: int, kernel_us: float, takeaway: str
) -> alt.LayerChart:
    """Predicted against measured time per token; two constants can be moved by hand.

    Parameters
    ----------
    rows : pandas.DataFrame
        ``use``, ``system``, ``measured_ms``, and ``b50`` to ``b100`` in steps of 5: the
        time at that share of the bandwidth in per cent and no time for kernels. [ms]
    kernels : int
        Kernels of one pass.
    bandwidth, kernel_us : int, float
        Where the two sliders start. [%, microseconds]
    takeaway : str
        Title: the finding.
    """
    steps = [str(name) for name in rows if str(name).startswith("b")]
    data = tidy(rows, ["use", "system", "measured_ms", *steps], digits=4)
    share = alt.param(
        name="bandwidth_percent",
        value=bandwidth,
        bind=alt.binding_range(min=50, max=100, step=5, name="Achieved bandwidth [%] "),
    )
    kernel = alt.param(
        name="kernel_us",
        value=kernel_us,
        bind=alt.binding_range(min=0, max=12, step=0.25, name="Time of one kernel [µs] "),
    )
    made = f"datum['b' + bandwidth_percent] + kernel_us * {kernels} / 1000"
    least, most = float(data[steps].min().min()), float(data[steps].max().max())
    shown = [*data.measured_ms, least, most + 12e-3 * kernels]
    x = log_x("measured_ms", shown, title="Measured, log scale [ms per token]", counts=False)
    y = log_y("predicted_ms", shown, title="Predicted, log scale [ms per token]", counts=False)
    base = alt.Chart(data).transform_calculate(predicted_ms=made)
    ends = [min(shown), max(shown)]
    equal = (
        alt.Chart(pd.DataFrame({"measured_ms": ends, "predicted_ms": ends}))
        .mark_line(color=theme.GREY, strokeDash=[4, 3], strokeWidth=1.5)
        .encode(x, y)
        .add_params(share, kernel)
    )
    points = base.mark_point(size=50).encode(
        x,
        y,
        *kinds("use", "Rows", [FITTED, HELD_BACK]),
        tooltip=["system", "use", "measured_ms", alt.Tooltip("predicted_ms:Q", format=".2f")],
    )
    off = "100 * abs(datum.predicted_ms / datum.measured_ms - 1)"
    error = (
        base.transform_calculate(off=off)
        .transform_aggregate(mape="mean(off)")
        .transform_calculate(said="'Mean absolute error ' + format(datum.mape, '.1f') + ' %'")
        .mark_text(align="left", x=12, y=16, fontSize=14, fontWeight=600)
        .encode(text="said:N")
    )
    now = data[f"b{bandwidth}"] + kernel_us * kernels / 1e3
    mean = float((now / data.measured_ms - 1).abs().mean())
    return finish(
        equal,
        points,
        error,
        takeaway=takeaway,
        height=380,
        description=(
            f"Scatter chart on log scales of {len(data)} measured times per token, "
            f"{data.measured_ms.min():.1f} to {data.measured_ms.max():.1f} ms, against predicted "
            f"ones at {bandwidth} % of the bandwidth and {kernel_us:g} microseconds a kernel: "
            f"mean absolute error {mean:.1%}. Two sliders move these constants, and the error "
            "in the corner follows."
        ),
    )


def peers(tools: pd.DataFrame, *, takeaway: str) -> alt.LayerChart:
    """Error of tools on sets of rows.

    Parameters
    ----------
    tools : pandas.DataFrame
        ``name``, ``rows_judged``, ``mape`` [%], in order.
    takeaway : str
        Title: the finding.
    """
    data = tidy(tools, ["name", "rows_judged", "mape"], digits=3)
    marks = (
        alt.Chart(data)
        .mark_point(size=80)
        .encode(
            alt.X("mape:Q", scale=alt.Scale(zero=True), title="Mean absolute error [%]"),
            alt.Y(
                "name:N",
                sort=list(dict.fromkeys(data.name)),
                title=None,
                axis=alt.Axis(labelLimit=260),
            ),
            *kinds("rows_judged", "Judged on", list(data.rows_judged.unique())),
            tooltip=["name", "rows_judged", "mape"],
        )
    )
    said = "; ".join(
        f"{name}: " + ", ".join(f"{r.mape:.1f} % on {r.rows_judged}" for r in part.itertuples())
        for name, part in data.groupby("name", sort=False)
    )
    return finish(
        marks,
        takeaway=takeaway,
        height=30 * data.name.nunique(),
        description=f"Dot chart of the mean absolute error of tools, by rows judged on. {said}.",
    )


__all__ = [
    "FITTED",
    "HELD_BACK",
    "ablation",
    "bias",
    "constants",
    "error_by_group",
    "knobs",
    "measured_and_predicted",
    "peers",
]
