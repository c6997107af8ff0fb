"""Figures of the chapter on how good the roofline is; each draws what a section found."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from llmecon_book.chapters import Section, ends
from llmecon_book.chapters.validation import FITTED, HELD_BACK, NO_KERNELS
from llmecon_book.charts import theme
from llmecon_book.charts.common import finish, kinds, log_x, log_y, row_y, tidy
from llmecon_book.charts.layers import dots, ranges, rule_at
from llmecon_book.charts.texts import told

ERROR_X = alt.X("mape:Q", scale=alt.Scale(zero=True), title="Mean absolute error [%]")
# Few ticks for all engines together, more where the menu has left few powers of ten.
_WIDE = [1e-5, 1e-3, 0.1, 10.0]
_NARROW = [float(f"{step}e{power}") for power in range(-6, 3) for step in (1, 3)]


def measured_and_predicted(found: Section) -> alt.LayerChart:
    """Predicted against measured time of every row; one engine can be picked."""
    columns = ["engine", "kind", "system", "model", "use", "measured_s", "predicted_s"]
    data = tidy(found.every, columns, digits=4)
    engines = list(dict.fromkeys(data.engine))
    menu = alt.binding_select(options=["all", *engines], name="Engine and year ")
    picked = alt.param(name="engine_shown", value="all", bind=menu)
    x = alt.X("measured_s:Q", **_free("Measured, log scale [s; of a throughput: s per token]"))
    up = _free("Predicted, log scale [s; of a throughput: s per token]")
    shown = "engine_shown == 'all' || datum.engine == engine_shown"
    # The line of equality goes through the measured values, so that the axes fit what is shown.
    line = alt.Chart(data).mark_line(color=theme.GREY, strokeDash=[4, 3], strokeWidth=1.5)
    equal = line.transform_filter(shown).encode(x, alt.Y("measured_s:Q", **up)).add_params(picked)
    y, of_engine = alt.Y("predicted_s:Q", **up), kinds("engine", "Engine and year", engines)
    points = [
        dots(data, x, y, *of_engine, filled=filled, size=46, opacity=0.85)
        .transform_filter(shown)
        .transform_filter(alt.datum.use == use)
        for use, filled in ((FITTED, False), (HELD_BACK, True))
    ]
    off = (data.predicted_s / data.measured_s - 1).abs().groupby(data.engine, sort=False)
    within = pd.DataFrame({"rows": off.size(), "off": off.median()}).reset_index()
    decades = np.log10(found.every.measured_s.max() / found.every.measured_s.min())
    return finish(
        equal,
        *points,
        **told("validation.measured_and_predicted", found, data, within=within, decades=decades),
        height=440,
    )


def _free(title: str) -> dict[str, Any]:
    """A log axis whose range follows what a menu shows."""
    values = alt.ExprRef(f"engine_shown == 'all' ? {_WIDE} : {_NARROW}")
    axis = alt.Axis(title=title, values=values, labelExpr="format(datum.value, '~g')")
    return {"axis": axis, "scale": alt.Scale(type="log", nice=False, padding=12)}


def groups(found: Section) -> alt.LayerChart:
    """Error by accelerator, model, format, engine and load."""
    return _by_group("groups", found, found.errors)


def peer_set(found: Section) -> alt.LayerChart:
    """Error by group on the unseen half of another tool's test set."""
    systems = ends("systems", found.unseen.mape[found.unseen.grouping == "accelerator"])
    constants = found.unseen.profile.iloc[0]
    return _by_group("peer_set", found, found.unseen, constants=constants, **systems)


def _by_group(figure: str, found: Section, errors: pd.DataFrame, **more: Any) -> alt.LayerChart:
    """Mean error out to the 90th percentile, a row a group."""
    data = tidy(errors, ["grouping", "group", "rows", "mape", "p90"], digits=3)
    data["name"] = data.group + " (" + data.rows.astype(str) + ")"
    scale = alt.Scale(domain=[0, round(float(data.p90.max()) * 1.04, 1)], nice=False)
    x = alt.X("mape:Q", scale=scale, title="Error of predicted time or throughput [%]")
    y = row_y("name", data.name, 260)
    return finish(
        ranges(data, x, y, low="mape", high="p90", color=theme.GREY, strokeWidth=1.5),
        dots(data, x, y, *kinds("grouping", "Rows grouped by", data.grouping), size=70),
        **told(f"validation.{figure}", found, data, **more),
        **told("validation._by_group", found, data),
        height=21 * len(data),
    )


def bias(found: Section) -> alt.LayerChart:
    """Predicted over measured time per token by load, for several sets of constants."""
    data = tidy(found.ratios, ["profile", "system", "chips", "load", "seconds_ratio"], digits=4)
    title = "Predicted over measured time per token, log scale [1]"
    y = log_y("seconds_ratio", data.seconds_ratio, [1.0], title=title, counts=False)
    title = "Requests in progress, log scale [requests]"
    x = log_x("load", data.load, title=title, counts=False)
    of_profile = data.groupby("profile", sort=False).seconds_ratio
    spread = of_profile.agg(["min", "max", "median"]).reset_index()
    return finish(
        rule_at(y, 1.0, color=theme.GREY, strokeDash=[4, 3]),
        dots(data, x, y, *kinds("profile", "Constants", data.profile), filled=False, size=48),
        **told("validation.bias", found, data, spread=spread),
        height=340,
    )


def left_out(found: Section) -> alt.LayerChart:
    """Error once a term is left out, before and after the others are fitted again."""
    data = tidy(found.terms, ["term", "how", "mape"], digits=3)
    y, of_how = row_y("term", data.term), kinds("how", "Error of", data.how)
    return finish(
        dots(data, ERROR_X, y, *of_how, filled=False),
        **told("validation.left_out", found, data, term=NO_KERNELS),
        height=34 * data.term.nunique(),
    )


def constants(found: Section) -> alt.LayerChart:
    """What each generation of engines achieves of the rates it has, with standard errors."""
    data = tidy(found.shares, ["profile", "constant", "share", "error"], digits=4)
    data["low"], data["high"] = data.share - data.error, data.share + data.error
    data["row"] = data.profile + ": " + data.constant
    ends = [min(0.6, float(data.low.min())), max(1.05, float(data.high.max()))]
    axis = alt.Axis(format="%", title="Achieved share, one standard error either way [%]")
    x = alt.X("share:Q", scale=alt.Scale(domain=ends, nice=False), axis=axis)
    y = row_y("row", data.row, 300)
    return finish(
        ranges(data, x, y, color=theme.GREY, strokeWidth=2),
        dots(data, x, y, *kinds("constant", "Share of", data.constant)),
        **told("validation.constants", found, data),
        height=28 * len(data),
    )


def peers(found: Section) -> alt.LayerChart:
    """Error of tools on sets of rows."""
    data = tidy(found.compared, ["name", "rows_judged", "mape"], digits=3)
    of_rows = kinds("rows_judged", "Judged on", data.rows_judged)
    return finish(
        dots(data, ERROR_X, row_y("name", data.name, 260), *of_rows, filled=False),
        **told("validation.peers", found, data),
        height=30 * data.name.nunique(),
    )
