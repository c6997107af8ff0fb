"""Marks that several figures lay over one another, and the controls beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import altair as alt
import numpy as np
import pandas as pd

from llmecon_book.charts import theme
from llmecon_book.charts.common import Axis, field_of, like, log_y, status

DOTTED: dict[str, Any] = {"color": theme.GREY, "strokeDash": [2, 3]}
_LAST_PART = 0.12  # of the width: a name to the right of a point there would be cut


def names_beside(
    data: pd.DataFrame, x: alt.X, y: alt.Y, *, name: str, across: str
) -> list[alt.Chart]:
    """Names beside points: on the inner side, so that none is cut at an edge.

    Rows carry their names above and below in turn, in their order, so that neighbours do not
    meet.
    """
    low, high = float(data[across].min()), float(data[across].max())
    turn_at = high * (low / high) ** _LAST_PART
    layers = []
    for left, align, dx in ((True, "left", 7), (False, "right", -7)):
        for turn, dy in ((0, -5), (1, 9)):
            rows = data[((data[across] <= turn_at) == left) & (np.arange(len(data)) % 2 == turn)]
            if not rows.empty:
                layers.append(names(rows, x, y, name, align=align, dx=dx, dy=dy))
    return layers


def names(data: pd.DataFrame, x: alt.X, y: alt.Y, name: str, **text: Any) -> alt.Chart:
    """The column `name` as text at each point; `text` says on which side."""
    said: alt.Chart = alt.Chart(data).mark_text(**text).encode(x, y, text=f"{name}:N")
    return said


def dots(data: pd.DataFrame, x: alt.X, y: alt.Y, *apart: Any, **mark: Any) -> alt.Chart:
    """A mark a row, told apart by other channels, with the columns kept by `tidy` as tooltip."""
    look: Any = {"filled": True, "size": 80, "opacity": 1} | mark
    marks = alt.Chart(data).mark_point(**look)
    points: alt.Chart = marks.encode(x, y, *apart, tooltip=data.attrs["shown"])
    return points


def rule_at(axis: alt.X | alt.Y, value: float, **rule: Any) -> alt.Chart:
    """A line across the panel at one value of an axis."""
    data = pd.DataFrame({field_of(axis): [value]})
    line: alt.Chart = alt.Chart(data).mark_rule(**rule).encode(axis)
    return line


def named_levels(
    data: pd.DataFrame,
    y: alt.Y,
    name: str,
    *,
    side: Literal["left", "right"] = "right",
    rule: dict[str, Any],
    **text: Any,
) -> tuple[alt.Chart, alt.Chart]:
    """Lines across the panel, and their names above them at one end."""
    at: Any = {"align": side, "x": "width" if side == "right" else 4, "dy": -7} | text
    base = alt.Chart(data).encode(y)
    return base.mark_rule(**rule), base.mark_text(**at).encode(text=f"{name}:N")


def ranges(
    data: pd.DataFrame, along: Axis, *others: Any, low: str = "low", high: str = "high", **rule: Any
) -> alt.Chart:
    """A bar from one column to another along an axis, placed by the other channels."""
    end = alt.X2 if isinstance(along, alt.X) else alt.Y2
    ends = like(along, low), end(f"{high}:Q")
    bars: alt.Chart = alt.Chart(data).mark_rule(**rule).encode(*ends, *others)
    return bars


def status_points(
    data: pd.DataFrame, x: alt.X, y: alt.Y, *, color: str, tooltip: list[str], **point: Any
) -> alt.Chart:
    """A mark a model: filled where its size is disclosed, hollow where it is an estimate."""
    base = alt.Chart(data).mark_point(color=color, **point)
    points: alt.Chart = base.encode(x, y, *status(color), tooltip=tooltip)
    return points


def step_lines(
    data: pd.DataFrame,
    x: alt.X,
    y: alt.Y,
    of_line: tuple[alt.Color, alt.StrokeDash],
    *,
    tooltip: list[str],
    **point: Any,
) -> tuple[alt.Chart, alt.Chart]:
    """Lines that hold a value until the next point, and the points."""
    base = alt.Chart(data)
    lines = base.mark_line(interpolate="step-after").encode(x, y, *of_line)
    return lines, base.mark_point(filled=True, **point).encode(x, y, of_line[0], tooltip=tooltip)


def equality(ends: Sequence[float], x: alt.X, y: alt.Y, **line: Any) -> alt.Chart:
    """The dashed line on which both axes show the same, between two values."""
    data = pd.DataFrame({field_of(x): ends, field_of(y): ends})
    base = alt.Chart(data).encode(x, y)
    same: alt.Chart = base.mark_line(color=theme.GREY, strokeDash=[4, 3], **line)
    return same


def cost_y(field: str, low: float, high: float) -> alt.Y:
    """Cost of a token on an axis wide enough for every price of the slider."""
    title = "Cost, log scale [USD per million output tokens]"
    axis = alt.Axis(title=title, values=[0.1, 1, 10, 100])
    return alt.Y(
        f"{field}:Q", scale=alt.Scale(type="log", domain=[low, high], clamp=True), axis=axis
    )


def price_y(usd_per_mtok: pd.Series) -> alt.Y:
    """Price of output on an axis that holds all the prices."""
    title = "Output price, log scale [USD per million tokens]"
    return log_y("output_usd_per_mtok", usd_per_mtok, title=title, counts=False)
