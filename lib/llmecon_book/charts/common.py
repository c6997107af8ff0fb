"""What the figures share: axes, how a status looks, how numbers read, what every chart must carry.

The marks that they share are in `llmecon_book.charts.layers`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, TypeVar, cast

import altair as alt
import numpy as np
import pandas as pd

from llmecon_book.words import fill
from llmecon_book.words import short as short

ALL = "All parameters, log scale [parameters]"
KINDS = ["all", "at work on one token"]
STATUSES = ["disclosed", "reported", "estimate"]
# Shape and filling tell a status without colour: only a disclosed size is a filled mark.
_SHAPES = ["circle", "diamond", "triangle-up"]
_DIGITS = 6  # of a drawn number
# 70B, 1.8T, 1,000T: as the field writes it, and `short`
COUNT_LABEL = "replace(replace(format(datum.value, '~s'), 'G', 'B'), 'P', ',000T')"
_PLAIN_LABEL = "replace(format(datum.value, '~g'), 'e+', 'e')"


def log_x(field: str, *numbers: Iterable[Any], title: str, counts: bool = True) -> alt.X:
    """Logarithmic horizontal axis that holds all the numbers; see `log_y`."""
    return alt.X(f"{field}:Q", **_log(numbers, title, counts))


def log_y(field: str, *numbers: Iterable[Any], title: str, counts: bool = True) -> alt.Y:
    """Logarithmic vertical axis that holds all the numbers.

    Parameters
    ----------
    field : str
        Column to draw.
    *numbers : iterable of float
        Columns that the axis must hold; empty cells are passed over.
    title : str
        What the axis shows, its unit in brackets.
    counts : bool, optional
        Write 70B and 1.8T rather than plain numbers.
    """
    return alt.Y(f"{field}:Q", **_log(numbers, title, counts))


Axis = TypeVar("Axis", alt.X, alt.Y)


def like(axis: Axis, field: str) -> Axis:
    """The same axis for another column."""
    other = axis.copy(deep=False)
    other["shorthand"] = f"{field}:Q"
    return other


def field_of(axis: alt.X | alt.Y) -> str:
    """Column that an axis shows."""
    return str(axis["shorthand"]).split(":")[0]


def row_y(field: str, order: Iterable[str], label_px: int | None = None) -> alt.Y:
    """A row for each name, in the order of first appearance; `label_px` for longer names."""
    axis = alt.Undefined if label_px is None else alt.Axis(labelLimit=label_px)
    return alt.Y(f"{field}:N", sort=list(dict.fromkeys(order)), title=None, axis=axis)


def _log(numbers: Iterable[Iterable[Any]], title: str, counts: bool) -> dict[str, Any]:
    known = [float(n) for column in numbers for n in column if pd.notna(n) and float(n) > 0]
    low, high = min(known) / 1.25, max(known) * 1.25
    label = COUNT_LABEL if counts else _PLAIN_LABEL
    domain = [significant(low, 3), significant(high, 3)]
    return {
        "scale": alt.Scale(type="log", domain=domain, nice=False),
        "axis": alt.Axis(title=title, values=log_ticks(low, high), labelExpr=label),
    }


def log_ticks(low: float, high: float) -> list[float]:
    """Round places for the ticks of a log axis: few enough to be read.

    Examples
    --------
    >>> log_ticks(3.0, 700.0)
    [3.0, 10.0, 30.0, 100.0, 300.0]
    >>> log_ticks(3.0, 7e5)
    [10.0, 100.0, 1000.0, 10000.0, 100000.0]
    """
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in ((1,), (1, 3), (1, 2, 5)):
        places = [float(f"{step}e{power}") for power in powers for step in steps]
        inside = [place for place in places if low <= place <= high]
        if len(inside) >= 3:
            return inside
    return inside


def series(field: str, title: str, order: Iterable[str]) -> tuple[alt.Color, alt.StrokeDash]:
    """Lines told apart by colour and by dash, in one legend; in the order of first appearance."""
    apart = _apart(field, title, order) | {"legend": alt.Legend(symbolType="stroke")}
    return alt.Color(**apart), alt.StrokeDash(**apart)


def kinds(field: str, title: str, order: Iterable[str]) -> tuple[alt.Color, alt.Shape]:
    """Points told apart by colour and by shape, in one legend; in the order of first appearance."""
    apart = _apart(field, title, order)
    return alt.Color(**apart), alt.Shape(**apart)


def _apart(field: str, title: str, order: Iterable[str]) -> dict[str, Any]:
    scale = alt.Scale(domain=list(dict.fromkeys(order)))
    return {"shorthand": f"{field}:N", "title": title, "scale": scale}


def kinds_of_params() -> tuple[alt.Color, alt.Shape]:
    """All parameters or active ones, as colour and shape."""
    return kinds("which", "Parameters", KINDS)


def by_kind_of_params(
    data: pd.DataFrame, total: str, active: str, *, kept: list[str], value: str
) -> pd.DataFrame:
    """A row for all parameters and one for the active ones, told apart in ``which``."""
    long = data.melt(kept, [total, active], "which", value)
    return long.replace({"which": {total: KINDS[0], active: KINDS[1]}})


def date_x(field: str, title: str = "Release date") -> alt.X:
    """Dates, a tick a year."""
    axis = alt.Axis(title=title, format="%Y", tickCount="year")
    return alt.X(f"{field}:T", axis=axis, scale=alt.Scale(nice="year"))


def status(color: str) -> tuple[alt.Shape, alt.Fill]:
    """Status as shape, and filled where the size is disclosed: in one legend."""
    fills = [color, "transparent", "transparent"]
    shape, fill = (alt.Scale(domain=STATUSES, range=looks) for looks in (_SHAPES, fills))
    of_status: Any = {"shorthand": "size_status:N", "title": "Size is"}
    return alt.Shape(scale=shape, **of_status), alt.Fill(scale=fill, **of_status)


def tidy(frame: pd.DataFrame, columns: list[str], digits: int = _DIGITS) -> pd.DataFrame:
    """The columns a chart draws, uncut: a number rounded twice would contradict the text.

    The digits go with the frame, and `finish` cuts what is drawn; the columns too, for `dots`.
    """
    out = frame[columns].reset_index(drop=True)
    out.attrs.update(digits=digits, shown=columns)
    return out


def _cut(data: pd.DataFrame) -> pd.DataFrame:
    """Floats of a frame with the same digits on every machine."""
    digits = data.attrs.get("digits", _DIGITS)
    out = data.copy()
    for name in out.select_dtypes("number"):
        out[name] = [None if pd.isna(v) else significant(v, digits) for v in out[name]]
    return out


def significant(value: float, digits: int) -> float:
    """A float cut to some digits; other numbers as they are."""
    return float(f"{value:.{digits}g}") if isinstance(value, float | np.floating) else value


def spoken(frame: pd.DataFrame, label: str, *values: str) -> str:
    """Rows of a frame as one sentence, for the description of a chart."""
    return "; ".join(
        f"{row[label]}: " + ", ".join(f"{short(row[v])}" for v in values if pd.notna(row[v]))
        for row in frame.to_dict("records")
    )


def listed(frame: pd.DataFrame, each: str, *, by: str = "", group: str = "{}") -> str:
    """Rows of a frame by a pattern, for the description of a chart; by groups if so asked.

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows to say.
    each : str
        Pattern of a row for `llmecon_book.words.fill`, columns in braces.
    by : str, optional
        Column that groups the rows.
    group : str, optional
        Format string of a group's name.

    Examples
    --------
    >>> sizes = pd.DataFrame({"maker": ["A", "A", "B"], "size": [7e10, 4e11, 1.8e12]})
    >>> listed(sizes, "{maker} {size:short}")
    'A 70B; A 400B; B 1.8T'
    >>> listed(sizes, "{size:short}", by="maker", group="of {}")
    'of A: 70B, 400B; of B: 1.8T'
    """
    rows: Any = frame.to_dict("records")
    said = pd.Series([fill(each, row) for row in rows], index=frame.index)
    if not by:
        return "; ".join(said)
    groups = said.groupby(frame[by], sort=False)
    return "; ".join(f"{group.format(name)}: {', '.join(rows)}" for name, rows in groups)


def last_of_each(frame: pd.DataFrame, by: str, along: str) -> pd.DataFrame:
    """The end of each line of a chart."""
    return frame.sort_values(along).groupby(by, sort=False).last().reset_index()


def finish(
    *layers: alt.Chart, takeaway: str, description: str, height: float, subtitle: str = ""
) -> alt.LayerChart:
    """Lay marks over one another and give the chart what every chart must carry.

    Parameters
    ----------
    *layers : altair.Chart
        Marks, the lowest first.
    takeaway : str
        Title: the finding as a sentence.
    description : str
        The chart in words, for those who cannot see it.
    height : float
        Height of the panel. [px]
    subtitle : str, optional
        For which case the finding holds.
    """
    title = alt.TitleParams(takeaway, subtitle=subtitle) if subtitle else takeaway
    chart = cast("alt.LayerChart", alt.layer(*layers))
    for part in (chart, *chart.layer):
        if isinstance(part.data, pd.DataFrame):
            part.data = _cut(part.data)
    return chart.properties(title=title, description=description, width="container", height=height)
