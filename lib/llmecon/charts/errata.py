"""Figures of the page on what was found wrong in sources."""

from __future__ import annotations

import altair as alt
import pandas as pd

from llmecon.charts import theme
from llmecon.charts.common import finish, kinds, log_x, log_y, series, short, spoken, tidy


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
    y = alt.Y("row:N", sort=list(data.row), title=None, axis=alt.Axis(labelLimit=320))
    title = "Printed over computed, log scale; 1 is right [times]"
    x = log_x("ratio", data.ratio, [1.0], title=title, counts=False)
    right = (
        alt.Chart(pd.DataFrame({"ratio": [1.0]}))
        .mark_rule(color=theme.GREY, strokeWidth=2)
        .encode(x)
    )
    points = (
        alt.Chart(data)
        .mark_point(size=90, filled=True)
        .encode(x, y, tooltip=["source", "place", "ratio"])
    )
    said = "; ".join(f"{r.row}: {r.ratio:.3g}" for r in data.itertuples())
    return finish(
        right,
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
    right = (
        alt.Chart(pd.DataFrame({"ratio": [1.0]})).mark_rule(color=theme.GREY).encode(y)
    )  # fmt: skip
    points = (
        alt.Chart(data)
        .mark_point(size=70)
        .encode(
            x,
            y,
            *kinds("approach", "Table", list(data.approach.unique())),
            tooltip=["approach", "params", "ratio"],
        )
    )
    off = data[(data.ratio < 0.5) | (data.ratio > 2)]
    return finish(
        right,
        points,
        takeaway=takeaway,
        height=300,
        description=(
            f"Scatter chart of {len(data)} rows: printed FLOP over 6ND against size, both on log "
            f"scales. All lie near 1 except {spoken(off, 'params', 'ratio') or 'none'}."
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
    lines = (
        alt.Chart(data)
        .mark_line()
        .encode(
            log_x("flop", data.flop, title="Training budget, log scale [FLOP]", counts=False),
            log_y("params", data.params, title="Best size by the law, log scale [parameters]"),
            *series("law", "Constants", list(data.law.unique())),
        )
    )
    ends = data.sort_values("flop").groupby("law", sort=False).last()
    said = "; ".join(f"{name}: {short(row.params)}" for name, row in ends.iterrows())
    return finish(
        lines,
        takeaway=takeaway,
        height=320,
        description=(
            "Rising lines on log scales: compute-optimal size against training budget, one line a "
            f"set of constants. At {data.flop.max():.3g} FLOP: {said}."
        ),
    )
