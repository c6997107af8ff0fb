"""What the figures share: how a status looks, how numbers read, what every chart must carry."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import altair as alt
import numpy as np
import pandas as pd

from llmecon.charts import theme

STATUSES = ["disclosed", "reported", "estimate"]
# Shape and filling tell a status without colour: only a disclosed size is a filled mark.
SHAPES = ["circle", "diamond", "triangle-up"]
COUNT_LABEL = "replace(format(datum.value, '~s'), 'G', 'B')"  # 1.8T, 70B: as the field writes it


def count_axis(title: str, **more: Any) -> alt.Axis:
    """Axis of large counts, written 70B and 1.8T."""
    return alt.Axis(title=title, labelExpr=COUNT_LABEL, **more)


def log_scale(domain: Iterable[float] | None = None) -> alt.Scale:
    """Logarithmic scale, between given ends or those of the data."""
    ends = alt.Undefined if domain is None else list(domain)
    return alt.Scale(type="log", domain=ends, nice=domain is None)


def status_shape(title: str = "Size is") -> alt.Shape:
    """Status as shape, one legend for the whole book."""
    return alt.Shape(
        "size_status:N",
        title=title,
        scale=alt.Scale(domain=STATUSES, range=SHAPES),
        legend=alt.Legend(symbolFillColor="transparent"),
    )


def status_filling() -> alt.FillOpacity:
    """Filled where the size is disclosed, hollow where it is reported or estimated."""
    return alt.FillOpacity(
        "size_status:N",
        scale=alt.Scale(domain=STATUSES, range=[0.9, 0, 0]),
        legend=None,
    )


def tidy(frame: pd.DataFrame, columns: list[str], digits: int = 6) -> pd.DataFrame:
    """The columns a chart draws, floats cut to the same digits on every machine."""
    out = frame[columns].copy()
    for name in out.select_dtypes("number"):
        out[name] = [_significant(v, digits) for v in out[name]]
    return out.reset_index(drop=True)


def _significant(value: float, digits: int) -> float | None:
    if pd.isna(value):
        return None
    return float(f"{value:.{digits}g}") if isinstance(value, float | np.floating) else value


def short(value: Any) -> str:
    """A count as the field writes it.

    Examples
    --------
    >>> [short(v) for v in (117e6, 70.6e9, 200e9, 1.8e12, 7.77e12)]
    ['117M', '70.6B', '200B', '1.8T', '7.77T']
    """
    for scale, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= scale * 0.9995:
            return f"{value / scale:.3g}{letter}"
    return f"{value:.3g}"


def spoken(frame: pd.DataFrame, label: str, *values: str) -> str:
    """Rows of a frame as one sentence, for the description of a chart."""
    return "; ".join(
        f"{row[label]}: " + ", ".join(f"{short(row[v])}" for v in values if pd.notna(row[v]))
        for row in frame.to_dict("records")
    )


def finish(
    *layers: alt.Chart,
    takeaway: str,
    description: str,
    height: float,
    subtitle: str = "",
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
    return chart.properties(title=title, description=description, width="container", height=height)


__all__ = [
    "SHAPES",
    "STATUSES",
    "count_axis",
    "finish",
    "log_scale",
    "short",
    "spoken",
    "status_filling",
    "status_shape",
    "theme",
    "tidy",
]
