"""Figures of the page on what was found wrong in sources."""

from __future__ import annotations

import altair as alt
import pandas as pd

from llmecon_book.charts import theme
from llmecon_book.charts.common import (
    finish,
    kinds,
    last_of_each,
    listed,
    log_x,
    log_y,
    row_y,
    series,
    tidy,
)
from llmecon_book.charts.layers import rule_at


def printed_over_computed(errata: pd.DataFrame, *, takeaway: str) -> alt.LayerChart:
    """How far each printed number is from the computed one.

    Parameters
    ----------
    errata : pandas.DataFrame
        ``place``, ``source``, ``ratio``: printed over computed.
    takeaway : str
        Title: the finding.
    """
    data = tidy(errata, ["place", "source", "ratio"], digits=4)
    data["row"] = data.source + ": " + data.place
    title = "Printed over computed, log scale; 1 is right [times]"
    x = log_x("ratio", data.ratio, [1.0], title=title, counts=False)
    points = (
        alt.Chart(data)
        .mark_point(size=90, filled=True)
        .encode(x, row_y("row", data.row, 320), tooltip=["source", "place", "ratio"])
    )
    said = listed(data, "{row}: {ratio:.3g}")
    return finish(
        rule_at(x, 1.0, color=theme.GREY, strokeWidth=2),
        points,
        takeaway=takeaway,
        height=30 * len(data),
        description=f"Dots on a log scale: printed over computed number, 1 is right. {said}.",
    )


def printed_table(rows: pd.DataFrame, *, takeaway: str) -> alt.LayerChart:
    """Printed compute of a table over what its own size and tokens give.

    Parameters
    ----------
    rows : pandas.DataFrame
        ``approach``, ``params``, ``ratio``: printed FLOP over 6ND.
    takeaway : str
        Title: the finding.
    """
    data = tidy(rows, ["approach", "params", "ratio"], digits=4)
    x = log_x("params", data.params, title="Size of the row, log scale [parameters]")
    y = log_y(
        "ratio", data.ratio, [1.0], title="Printed FLOP over 6ND, log scale [times]", counts=False
    )
    of_table = kinds("approach", "Table", data.approach)
    points = (
        alt.Chart(data)
        .mark_point(size=70)
        .encode(x, y, *of_table, tooltip=["approach", "params", "ratio"])
    )
    off = data[(data.ratio < 0.5) | (data.ratio > 2)]
    return finish(
        rule_at(y, 1.0, color=theme.GREY),
        points,
        takeaway=takeaway,
        height=300,
        description=(
            f"Scatter chart of {len(data)} rows: printed FLOP over 6ND against size, both on log "
            f"scales. All lie near 1 except {listed(off, '{params:short}: {ratio:.3g}') or 'none'}."
        ),
    )


def prescribed(curves: pd.DataFrame, *, takeaway: str) -> alt.LayerChart:
    """Size that sets of constants of one formula prescribe, by budget.

    Parameters
    ----------
    curves : pandas.DataFrame
        ``law``, ``flop``, ``params``.
    takeaway : str
        Title: the finding.
    """
    data = tidy(curves, ["law", "flop", "params"], digits=4)
    x = log_x("flop", data.flop, title="Training budget, log scale [FLOP]", counts=False)
    y = log_y("params", data.params, title="Best size by the law, log scale [parameters]")
    lines = alt.Chart(data).mark_line().encode(x, y, *series("law", "Constants", data.law))
    said = listed(last_of_each(data, "law", "flop"), "{law}: {params:short}")
    return finish(
        lines,
        takeaway=takeaway,
        height=320,
        description=(
            "Rising lines on log scales: compute-optimal size against training budget, one line a "
            f"set of constants. At {f'{data.flop.max():.3g}'.replace('+', '')} FLOP: {said}."
        ),
    )
