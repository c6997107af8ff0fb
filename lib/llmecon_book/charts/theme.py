"""The one look of all charts, and how a notebook stores them.

A notebook stores the Vega-Lite specification, not a picture: nothing random, a few kilobytes, and a
change of data shows as a readable difference. `llmecon_book.site.vega` draws it when the site is
built.
"""

from __future__ import annotations

from typing import Any

import altair as alt

MIME = "application/vnd.vegalite.v6+json"  # "+json": else nbformat refuses a dictionary

# The hues of Okabe and Ito, "Color Universal Design" (2008), light enough on the dark page and dark
# enough on white: a contrast of at least 3 to 1 (WCAG 2.2, criterion 1.4.11) for each, in both.
BLUE = "#00559E"
VERMILLION = "#B83A00"
GREEN = "#008F68"
_PURPLE = "#A8327E"
ORANGE = "#B88300"
_SKY = "#2F8FD0"
GREY = "#6E6E6E"
PALETTE = (BLUE, VERMILLION, GREEN, _PURPLE, ORANGE, _SKY, GREY)
_LIGHT = ("#5AA9E6", "#F47B3C", "#2FC295", "#E58AC4", "#F2CB55", "#B4E1F8", "#A3A3A3")
ON_DARK = dict(zip(PALETTE, _LIGHT, strict=True))  # the site exchanges them

INK = "currentColor"  # text takes the colour of the page, light or dark
_FONT = "sans-serif"  # vl-convert carries one: the same bytes on every machine
_TEXT_PX = 12


def config() -> dict[str, Any]:
    """Vega-Lite configuration shared by every chart.

    Returns
    -------
    dict
        The value of a specification's ``config``.

    Examples
    --------
    >>> config()["background"]
    'transparent'
    """
    text = {
        "labelColor": INK,
        "titleColor": INK,
        "labelFontSize": _TEXT_PX,
        "titleFontSize": _TEXT_PX,
    }
    return {
        "background": "transparent",
        "font": _FONT,
        "view": {"stroke": None, "continuousWidth": 600, "continuousHeight": 320},
        "title": {
            "anchor": "start",
            "color": INK,
            "subtitleColor": INK,
            "fontSize": 15,
            "fontWeight": 600,
            "subtitleFontSize": _TEXT_PX + 1,
            "offset": 12,
        },
        "axis": text
        | {
            "domainColor": GREY,
            "tickColor": GREY,
            "gridColor": GREY,
            "gridOpacity": 0.25,
            "titleFontWeight": "normal",
            "titlePadding": 8,
            "labelOverlap": "greedy",
            "labelSeparation": 8,
            "labelLimit": 260,
        },
        "axisQuantitative": {"tickCount": 6},  # few grid lines, on log scales above all
        "legend": text | {"titleFontWeight": "normal", "symbolStrokeWidth": 2, "labelLimit": 260},
        "header": text | {"titleFontWeight": "normal"},
        "range": {
            "category": list(PALETTE),
            "ordinal": {"scheme": "viridis"},
            "ramp": {"scheme": "viridis"},
            "heatmap": {"scheme": "viridis"},
        },
        "mark": {"color": BLUE},
        "text": {"color": INK, "fontSize": _TEXT_PX},
        "rule": {"color": GREY},
        "line": {"strokeWidth": 2},
        "point": {"size": 60, "strokeWidth": 2},
        "errorbar": {"rule": {"color": GREY}},
    }


def _theme() -> alt.theme.ThemeConfig:
    return {"config": config()}  # type: ignore[typeddict-item]  # a plain dictionary by design


_SPEC_DIGITS = 9  # the last digits of a float, such as an end of an axis, differ by processor


def _cut(thing: Any) -> Any:
    if isinstance(thing, dict):
        return {key: _cut(value) for key, value in thing.items()}
    if isinstance(thing, list):
        return [_cut(value) for value in thing]
    return float(f"{thing:.{_SPEC_DIGITS}g}") if isinstance(thing, float) else thing


def _bundle(spec: dict[str, Any], **_: object) -> dict[str, Any]:
    return {MIME: _cut(spec), "text/plain": f"Chart: {spec.get('description', 'no description')}"}


def enable() -> None:
    """Give every chart this look, and make notebooks store its specification.

    Call it once at the start of a chapter; `llmecon_book.notebook` does.
    """
    alt.theme.register("llmecon", enable=True)(_theme)
    alt.renderers.register("llmecon", _bundle)
    alt.renderers.enable("llmecon")
