"""Vega-Lite specifications as data: what they lack, how they fit a screen, what they hold."""

from __future__ import annotations

import copy
import hashlib
import json
import re
import textwrap
from collections.abc import Iterator
from typing import Any

Spec = dict[str, Any]

WIDE_PX = 720  # the text column of the book
NARROW_PX = 340  # a phone of 390 px less its margins
_INNER_PX = 240  # one panel on a phone: the rest is axis
_LINE_CHARS = 42  # of an axis title at 12 px in 300 px
_LINE_CHARS_BESIDE_NAMES = 32  # where the other axis bears names
_COMPOSITE = ("hconcat", "vconcat", "concat", "spec")
_LEGENDS = ("color", "fill", "stroke", "shape", "size", "opacity", "strokeDash", "strokeWidth")
_GLYPH_PX = 8.0  # width of a capital at 12 px
_KEY_PX = 30  # a legend's symbol and the gaps around it
_NAMES_PX = 160  # for names beside a panel on a phone
_NUMBERS_PX = 50  # for numbers there
_ONE_LINE_CHARS = 22
_GROWTH = 1.4
_TWO_LINES = (
    f"length(datum.label) > {_ONE_LINE_CHARS}"
    " ? split(replace(datum.label, regexp('^(.{8,20}) (.+)$'), '$1\\n$2'), '\\n') : datum.label"
)


def canonical(thing: object) -> str:
    """JSON with sorted keys and no blanks: equal things, equal text."""
    return json.dumps(thing, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def chart_id(spec: Spec) -> str:
    """Name of a chart, the same wherever its specification is the same.

    Examples
    --------
    >>> chart_id({"mark": "bar"})
    'chart-ae82c0c3481d'
    """
    return "chart-" + hashlib.sha256(canonical(spec).encode()).hexdigest()[:12]


def title_lines(spec: Spec) -> tuple[str, str]:
    """Title and subtitle as plain text, empty where there is none."""
    title = spec.get("title") or ""
    if isinstance(title, dict):
        return _joined(title.get("text")), _joined(title.get("subtitle"))
    return _joined(title), ""


def _joined(text: object) -> str:
    text = " ".join(map(str, text)) if isinstance(text, list) else str(text or "")
    return text.replace("'", "’")


def parts(thing: object) -> Iterator[Spec]:
    """Every object within a chart, outermost first; data and configuration left out."""
    if isinstance(thing, list):
        for part in thing:
            yield from parts(part)
    elif isinstance(thing, dict):
        yield thing
        for key, part in thing.items():
            if key not in ("datasets", "data", "config"):
                yield from parts(part)


def _channels(spec: Spec, *names: str) -> list[Spec]:
    """Definitions of the channels of these names, or of all channels, wherever they stand."""
    return [
        definition
        for part in parts(spec)
        for name, given in part.get("encoding", {}).items()
        if not names or name in names
        for definition in (given if isinstance(given, list) else [given])
    ]


def problems(spec: Spec) -> list[str]:
    """What a reader would miss in this chart; empty if nothing.

    A chart needs a description for readers who cannot see it, a title that says the finding, and on
    each axis of numbers a title with its unit in brackets (``[1]`` for a ratio).

    Examples
    --------
    >>> problems({"mark": "bar", "title": "Prices fell tenfold", "description": "Bars.",
    ...           "encoding": {"x": {"field": "usd", "type": "quantitative", "title": "Price"}}})
    ["axis x: title 'Price' has no unit in brackets"]
    """
    found = []
    if not str(spec.get("description") or "").strip():
        found.append("no description for readers who cannot see it")
    if len(title_lines(spec)[0].split()) < 3:
        found.append("no title that states the takeaway as a sentence")
    for panel in _panels(spec):
        for channel in ("x", "y"):
            found += _axis_problems(panel, channel)
    return list(dict.fromkeys(found))


def _panels(spec: Spec) -> Iterator[Spec]:
    """The parts of a chart that have axes of their own."""
    inner = [spec[key] for key in _COMPOSITE if key in spec]
    for part in inner:
        for one in [part] if isinstance(part, dict) else part:
            yield from _panels(one)
    if not inner:
        yield spec


def _axis_problems(panel: Spec, channel: str) -> list[str]:
    numeric = [
        definition
        for definition in _channels(panel, channel)
        if {"field", "aggregate"} & definition.keys()
        and definition.get("type") == "quantitative"
        and definition.get("axis", {}) is not None
    ]
    titles = [title for title in map(_axis_title, numeric) if title]
    if numeric and not titles:
        return [f"axis {channel}: no title with a unit"]
    return [
        f"axis {channel}: title {title!r} has no unit in brackets"
        for title in titles
        if not ("[" in title and "]" in title)
    ]


def _axis_title(definition: Spec) -> str:
    axis = definition.get("axis") or {}
    return _joined(axis.get("title", definition.get("title")))


def live(spec: Spec, *, narrow: bool) -> Spec:
    """The chart for a page: its title left to the page, its width to the screen.

    Parameters
    ----------
    spec : dict
        A Vega-Lite specification.
    narrow : bool
        For a phone: panels stand below one another, legends below the panel, long axis titles
        break.
    """
    fitted = copy.deepcopy(spec)
    fitted.pop("title", None)
    _word_tooltips(fitted)
    steps = isinstance(fitted.get("width"), dict)  # {"step": ...}: the width counts from the bars
    if not steps and not any(key in fitted for key in (*_COMPOSITE, "facet")):
        fitted["width"] = "container"
        fitted["autosize"] = {"type": "fit-x", "contains": "padding"}
    if narrow:
        _stack(fitted)
        _break_titles(fitted)
        _break_names(fitted)
        _legends_below(fitted)
    return fitted


def still(spec: Spec, *, narrow: bool) -> Spec:
    """The chart for a picture: as `live`, with a number where the screen gave the width."""
    fitted = live(spec, narrow=narrow)
    fitted["config"] = fitted.get("config", {}) | {"aria": False}  # the picture has one name
    if fitted.get("width") == "container":
        fitted["width"] = NARROW_PX if narrow else WIDE_PX
    return fitted


def printed(spec: Spec) -> Spec:
    """The chart for paper and e-books: a picture that carries its own title, broken into lines."""
    fitted = still(spec, narrow=False)
    title, subtitle = title_lines(spec)
    fitted["title"] = {
        "text": textwrap.wrap(title, 84),
        "subtitle": textwrap.wrap(subtitle, 100),
    }
    return fitted


def _stack(spec: Spec) -> None:
    """Put panels below one another and keep each within a phone."""
    for key in ("hconcat", "concat"):
        if key in spec:
            spec["vconcat"] = spec.pop(key)
            spec.pop("columns", None)
    if "facet" in spec and "field" in spec["facet"]:
        spec["columns"] = 1
    for key in ("vconcat", "layer", "spec"):
        inner = spec.get(key, [])
        for part in [inner] if isinstance(inner, dict) else inner:
            if key != "layer" and isinstance(part.get("width", 600), int | float):
                part["width"] = min(part.get("width", _INNER_PX), _INNER_PX)
            _stack(part)


def _break_titles(spec: Spec) -> None:
    room = _LINE_CHARS_BESIDE_NAMES if _names_beside(spec) else _LINE_CHARS
    for definition in _channels(spec):
        for holder in (definition, definition.get("axis") or {}):
            title = holder.get("title")
            if isinstance(title, str) and len(title) > room:
                holder["title"] = textwrap.wrap(title, room)


def _names_beside(spec: Spec) -> list[Spec]:
    """Vertical axes that bear names instead of numbers."""
    return [one for one in _channels(spec, "y") if one.get("type") in ("nominal", "ordinal")]


def _break_names(spec: Spec) -> None:
    """Let long names on a vertical axis take two lines, and make room where there are some."""
    own = {"labelExpr": _TWO_LINES, "labelLimit": _NAMES_PX, "labelOverlap": False}
    names = _names_beside(spec)
    for definition in names:
        axis = definition.get("axis", {})
        if axis is not None and "labelExpr" not in axis:
            definition["axis"] = axis | own
    long = _longest(spec, _channels(spec, "y")) > _ONE_LINE_CHARS
    if long and names and isinstance(spec.get("height"), int | float):
        spec["height"] = round(spec["height"] * _GROWTH)


def _legends_below(spec: Spec) -> None:
    """Put legends below, in two columns where the longest label lets two stand side by side."""
    room = NARROW_PX - (_NAMES_PX if _names_beside(spec) else _NUMBERS_PX)
    label_px = _longest(spec, _channels(spec, *_LEGENDS)) * _GLYPH_PX + _KEY_PX
    config = spec.setdefault("config", {})
    config["legend"] = config.get("legend", {}) | {
        "orient": "bottom",
        "columns": 2 if label_px < room / 2 else 1,
        "labelLimit": NARROW_PX - 50,
        "layout": {"bottom": {"direction": "vertical", "anchor": "start"}},
    }
    for definition in _channels(spec):
        if isinstance(definition.get("legend"), dict):
            for key in ("orient", "direction", "columns", "legendX", "legendY", "offset"):
                definition["legend"].pop(key, None)


def _longest(spec: Spec, definitions: list[Spec]) -> int:
    """Characters of the longest value in the fields of some channels."""
    fields = {str(definition.get("field")) for definition in definitions}
    values = (row[field] for rows in tables(spec) for row in rows for field in fields & row.keys())
    return max((len(str(value)) for value in values), default=0)


def tables(spec: Spec) -> list[list[Spec]]:
    """The data written into a chart, in the order in which its parts use them."""
    found: dict[str, list[Spec]] = {}
    named = spec.get("datasets", {})
    for part in parts(spec):
        data = part.get("data") or {}
        rows = named.get(data.get("name"), data.get("values"))
        if isinstance(rows, list) and rows and all(isinstance(row, dict) for row in rows):
            found.setdefault(chart_id(data), rows)
    return list(found.values())


def column_titles(spec: Spec) -> dict[str, str]:
    """Field names with the titles that readers see, from axes, legends and tooltips."""
    titles: dict[str, str] = {}
    for definition in _channels(spec):
        field = definition.get("field")
        if field and "[" not in titles.get(field, ""):  # a bare name does not displace a unit
            legend = definition.get("legend") or {}
            title = _axis_title(definition) or _joined(legend.get("title"))
            titles[field] = title.replace(", log scale", "") or titles.get(field) or _words(field)
    return titles


def _words(field: str) -> str:
    """The name of a column as words: ``release_date`` becomes Release date."""
    words = field.replace("_", " ").replace("usd", "USD").replace("gpu", "GPU")
    return words[:1].upper() + words[1:]


def _word_tooltips(spec: Spec) -> None:
    """Let tooltips say what a column is, and its numbers short; `charts.js` makes 11G 11B."""
    titles, rows = column_titles(spec), [row for table in tables(spec) for row in table]
    for tip in _channels(spec, "tooltip"):
        field, kind = tip.get("field"), tip.get("type")
        if field is None or "format" in tip:
            continue
        tip["title"] = titles[field]
        if kind == "temporal":
            tip["format"] = "%-d %B %Y"
        elif kind == "quantitative":
            numbers = [float(row[field]) for row in rows if is_number(row.get(field))]
            most = max(map(abs, numbers), default=0.0)
            tip["format"] = ".3~s" if most >= 1e6 else ",.4~r" if most >= 1e4 else ".4~r"


def is_number(value: object) -> bool:
    """Whether a cell is a number to right-align."""
    return isinstance(value, int | float) and not isinstance(value, bool)


_WORDS = {1e12: "trillion", 1e9: "billion", 1e6: "million"}
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def shown(value: object) -> str:
    """A value for a reader: four digits, thousands apart, days without their midnight.

    Examples
    --------
    >>> [shown(v) for v in (None, 0.123456, 70_553_706_496, 8192, 5.76e23, "2024-07-23T00:00:00")]
    ['', '0.1235', '70.55 billion', '8,192', '5.76 × 10²³', '2024-07-23']
    """
    if value is None or value != value:  # NaN is not equal to itself
        return ""
    if not is_number(value):
        return re.sub(r"[T ]00:00:00(\.0+)?Z?$", "", str(value))
    return _number(float(str(value))).replace("-", "−")


def _number(value: float) -> str:
    size = abs(value)
    if size >= 1e15 or 0 < size < 1e-3:
        digits, power = f"{value:.3e}".split("e")
        return f"{digits.rstrip('0').rstrip('.')} × 10{str(int(power)).translate(_RAISED)}"
    for scale, word in _WORDS.items():
        if size >= scale:
            return f"{value / scale:.4g} {word}"
    return f"{value:,.0f}" if value.is_integer() or size >= 1e4 else f"{value:,.4g}"
