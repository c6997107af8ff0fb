"""Figures of reruns: what moves a number most, and how it goes over the points of a sweep."""

from __future__ import annotations

import textwrap
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from llmecon_book.charts import common, layers, theme

_ROW_PX = 34
_ROOM = 0.15  # of what the bars span, on either side


def _axis(
    channel: type[Any], field: str, name: str, unit: str, room: list[float] | None = None
) -> Any:
    """An axis of a key number: its unit in brackets; with room for words beside some numbers."""
    title = f"{name[:1].upper()}{name[1:]} [{unit or 1}]"
    scale = alt.Scale(zero=False)
    if room:
        beside = _ROOM * (max(room) - min(room))
        scale = alt.Scale(domain=[min(room) - beside, max(room) + beside], nice=False)
    axis = alt.Axis(title=title, labelExpr=common.COUNT_LABEL)
    return channel(f"{field}:Q", axis=axis, scale=scale)


def tornado(data: pd.DataFrame, name: str, unit: str, book: float) -> alt.LayerChart:
    """How far each parameter moves a number, the strongest on top.

    Parameters
    ----------
    data : pandas.DataFrame
        ``parameter``, ``value``, ``number`` with a row for each tried value, in their order.
    name, unit : str
        The number.
    book : float
        What the book has.
    """
    first = data.parameter.iloc[0]
    reached = sorted([*data.number[data.parameter == first], book])
    ends = f"{common.short(reached[0])} to {common.short(reached[-1])}"
    data = common.tidy(data.assign(book=book), ["parameter", "value", "number", "book"])
    data["value"] = data.value.map(_said)
    x = _axis(alt.X, "number", name, unit, [*data.number, book])
    y = common.row_y("parameter", data.parameter, 220)
    bars = alt.Chart(data).mark_bar(height=14, color=theme.BLUE, opacity=0.75)
    beside = [
        layers.names(rows, x, y, "value", align=align, dx=dx)
        for rows, align, dx in (
            (data[data.number < book], "right", -5),
            (data[data.number >= book], "left", 5),
        )
        if len(rows)
    ]
    told = common.listed(data, "{value} gives {number:short}", by="parameter")
    return common.finish(
        bars.encode(x, y, x2="book:Q", tooltip=["parameter", "value", "number"]),
        *beside,
        layers.rule_at(common.like(x, "book"), book, color=theme.VERMILLION, strokeWidth=2),
        takeaway=f"{first} moves the {name} most: {ends}",
        description=f"Bars from {common.short(book)}, the book's {name}, to what each value of a "
        f"parameter gives, one at a time. {told}.",
        subtitle="One parameter at a time; the values tried stand at the ends. Line: the book.",
        height=_ROW_PX * data.parameter.nunique(),
    )


def _said(value: Any) -> str:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return common.short(value) if number else str(value)


def over_one(
    data: pd.DataFrame, parameter: str, parameter_unit: str, name: str, unit: str
) -> alt.LayerChart:
    """A number over the values of one parameter: a line, or rows where the values are names.

    Parameters
    ----------
    data : pandas.DataFrame
        ``at``, the parameter's value, and ``number``; a row a point.
    parameter, parameter_unit, name, unit : str
        The parameter and the number, each with its unit.
    """
    data = common.tidy(data, ["at", "number"])
    told, ends = common.listed(data, "{at}: {number:short}"), data.number.tolist()
    words: dict[str, Any] = {
        "takeaway": _course(parameter, name, ends),
        "description": f"{name} over {parameter}. {told}.",
    }
    if pd.api.types.is_numeric_dtype(data["at"]) and data["at"].dtype != bool:
        x = _axis(alt.X, "at", parameter, parameter_unit)
        y = _axis(alt.Y, "number", name, unit)
        lines = alt.Chart(data).mark_line().encode(x, y)
        return common.finish(lines, layers.dots(data, x, y), **words, height=280)
    data["at"] = data["at"].astype(str)
    x, y = _axis(alt.X, "number", name, unit), common.row_y("at", data["at"], 220)
    return common.finish(layers.dots(data, x, y), **words, height=_ROW_PX * len(data))


def _course(parameter: str, name: str, numbers: list[float]) -> str:
    rising = sorted(numbers)
    low, high = common.short(rising[0]), common.short(rising[-1])
    if low == high:
        return f"{parameter} hardly moves the {name}: {low}"
    if numbers == rising:
        return f"The {name} rises from {low} to {high}"
    if numbers == rising[::-1]:
        return f"The {name} falls from {high} to {low}"
    return f"The {name} varies between {low} and {high}"


def over_two(
    data: pd.DataFrame, parameters: tuple[str, str], name: str, unit: str
) -> alt.LayerChart:
    """A number over the values of two parameters: each cell bears its number.

    Parameters
    ----------
    data : pandas.DataFrame
        ``across``, ``up`` and ``number``; a row a point.
    parameters : tuple of str
        What lies across and up.
    name, unit : str
        The number.
    """
    data = common.tidy(data, ["across", "up", "number"])
    values = data.sort_values("number")
    least, most = values.iloc[0], values.iloc[-1]
    data["said"] = [common.short(number) for number in data.number]
    x, y = (
        alt.X("across:O", sort=None, title=parameters[0], axis=alt.Axis(labelAngle=0)),
        alt.Y("up:O", sort=None, title=parameters[1]),
    )
    middle = float(np.mean([least.number, most.number]))
    scale = alt.Scale(range=["#d6e6f5", "#00559e"])
    legend = alt.Legend(title=[*textwrap.wrap(name, 24), f"[{unit or 1}]"])
    color = alt.Color("number:Q", scale=scale, legend=legend)
    ink = alt.condition(alt.datum.number > middle, alt.value("white"), alt.value("black"))
    cells = alt.Chart(data).mark_rect()
    return common.finish(
        cells.encode(x, y, color, tooltip=["across", "up", "number"]),
        alt.Chart(data).mark_text().encode(x, y, text="said:N", color=ink),
        takeaway=f"The {name} runs from {_said(least.number)} to {_said(most.number)}",
        description=f"{name} by {parameters[0]} and {parameters[1]}. "
        + common.listed(data, "{across}, {up}: {number:short}")
        + ".",
        height=40 * data.up.nunique(),
    )
