"""The one look of all charts, and how a notebook stores them.

A notebook stores the Vega-Lite specification, not a picture: nothing random, a few kilobytes, and a
change of data shows as a readable difference. `llmecon_book.site.vega` draws it when the site is
built.
"""

from __future__ import annotations

from typing import Any

import altair as alt

MIME = "application/vnd.vegalite.v6+json"  # "+json": else nbformat refuses a dictionary

# Okabe and Ito, "Color Universal Design" (2008). Their orange and sky blue are darkened and their
# yellow and black left out, so that each colour keeps a contrast of 3 to 1 (WCAG 2.2, criterion
# 1.4.11) on white and on the dark page alike.
BLUE = "#0072B2"
VERMILLION = "#D55E00"
GREEN = "#009E73"
_PURPLE = "#CC79A7"
ORANGE = "#C98700"
_SKY = "#2E9BD8"
GREY = "#767676"
PALETTE = (BLUE, VERMILLION, GREEN, _PURPLE, ORANGE, _SKY, GREY)

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


def _bundle(spec: dict[str, Any], **_: object) -> dict[str, Any]:
    return {MIME: spec, "text/plain": f"Chart: {spec.get('description', 'no description')}"}


def enable() -> None:
    """Give every chart this look, and make notebooks store its specification.

    Call it once at the start of a chapter; `llmecon_book.notebook` does.
    """
    alt.theme.register("llmecon", enable=True)(_theme)
    alt.renderers.register("llmecon", _bundle)
    alt.renderers.enable("llmecon")
