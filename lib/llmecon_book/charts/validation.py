"""Figures of the chapter on how good the roofline is."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from llmecon_book.charts import theme
from llmecon_book.charts.common import finish, kinds, listed, log_x, log_y, row_y, tidy
from llmecon_book.charts.layers import equality, ranges, rule_at, slider

HELD_BACK, FITTED = "held back", "fitted to"
ERROR_X = alt.X("mape:Q", scale=alt.Scale(zero=True), title="Mean absolute error [%]")
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
    scale = alt.Scale(domain=[0, round(float(data.p90.max()) * 1.04, 1)], nice=False)
    x = alt.X("mape:Q", scale=scale, title="Error of predicted time or throughput [%]")
    y = row_y("name", data.name, 260)
    reach = ranges(data, x, y, low="mape", high="p90", color=theme.GREY, strokeWidth=1.5)
    dots = (
        alt.Chart(data)
        .mark_point(filled=True, size=70, opacity=1)
        .encode(
            x,
            y,
            *kinds("grouping", "Rows grouped by", data.grouping),
            tooltip=["grouping", "group", "rows", "mape", "p90"],
        )
    )
    said = listed(data, "{group} {mape:.0f} % ({rows} rows)", by="grouping", group="by {}")
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
    title = "Requests in progress, log scale [requests]"
    x = log_x("concurrency", data.concurrency, title=title, counts=False)
    marks = (
        alt.Chart(data)
        .mark_point(size=48)
        .encode(
            x,
            y,
            *kinds("profile", "Constants", data.profile),
            tooltip=["profile", "system", "chips", "concurrency", "ratio"],
        )
    )
    said = "; ".join(
        f"{name}: {part.ratio.min():.2f} to {part.ratio.max():.2f}, median "
        f"{part.ratio.median():.2f}"
        for name, part in data.groupby("profile", sort=False)
    )
    return finish(
        rule_at(y, 1.0, color=theme.GREY, strokeDash=[4, 3]),
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
            ERROR_X,
            row_y("term", data.term),
            *kinds("how", "Error of", data.how),
            tooltip=["term", "how", "mape"],
        )
    )
    said = listed(data, "{mape:.1f} % {how}", by="term")
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
    axis = alt.Axis(format="%", title="Achieved share, one standard error either way [%]")
    x = alt.X("share:Q", scale=alt.Scale(domain=ends, nice=False), axis=axis)
    y = row_y("row", data.row, 300)
    points = (
        alt.Chart(data)
        .mark_point(filled=True, size=80, opacity=1)
        .encode(
            x,
            y,
            *kinds("constant", "Share of", data.constant),
            tooltip=["profile", "constant", "share", "error"],
        )
    )
    said = listed(data, "{row} {share:.0%} ± {error:.0%}")
    return finish(
        ranges(data, x, y, color=theme.GREY, strokeWidth=2),
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
    share = slider("bandwidth_percent", bandwidth, 50, 100, step=5, label="Achieved bandwidth [%]")
    kernel = slider("kernel_us", kernel_us, 0, 12, step=0.25, label="Time of one kernel [µs]")
    made = f"datum['b' + bandwidth_percent] + kernel_us * {kernels} / 1000"
    least, most = float(data[steps].min().min()), float(data[steps].max().max())
    shown = [*data.measured_ms, least, most + 12e-3 * kernels]
    x = log_x("measured_ms", shown, title="Measured, log scale [ms per token]", counts=False)
    y = log_y("predicted_ms", shown, title="Predicted, log scale [ms per token]", counts=False)
    base = alt.Chart(data).transform_calculate(predicted_ms=made)
    equal = equality([min(shown), max(shown)], x, y, strokeWidth=1.5).add_params(share, kernel)
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
            ERROR_X,
            row_y("name", data.name, 260),
            *kinds("rows_judged", "Judged on", data.rows_judged),
            tooltip=["name", "rows_judged", "mape"],
        )
    )
    said = listed(data, "{mape:.1f} % on {rows_judged}", by="name")
    return finish(
        marks,
        takeaway=takeaway,
        height=30 * data.name.nunique(),
        description=f"Dot chart of the mean absolute error of tools, by rows judged on. {said}.",
    )
