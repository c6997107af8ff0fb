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
_NAMES_PX = 160  # for names beside a panel on a phone
_NUMBERS_PX = 50  # for numbers there
_ONE_LINE_CHARS = 20
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
    return " ".join(map(str, text)) if isinstance(text, list) else str(text or "")


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
    for view in views(spec):
        for channel in ("x", "y"):
            found += _axis_problems(view, channel)
    return list(dict.fromkeys(found))


def views(spec: Spec) -> Iterator[list[Spec]]:
    """Each panel of a chart, as the list of encodings that share its axes."""
    if any(key in spec for key in _COMPOSITE):
        for key in _COMPOSITE:
            inner = spec.get(key, [])
            for part in [inner] if isinstance(inner, dict) else inner:
                yield from views(part)
    else:
        yield list(_encodings(spec, {}))


def _encodings(spec: Spec, inherited: Spec) -> Iterator[Spec]:
    encoding = inherited | spec.get("encoding", {})
    if "layer" in spec:
        for layer in spec["layer"]:
            yield from _encodings(layer, encoding)
    else:
        yield encoding


def _axis_problems(view: list[Spec], channel: str) -> list[str]:
    numeric = [
        encoding[channel]
        for encoding in view
        if "field" in encoding.get(channel, {}) or "aggregate" in encoding.get(channel, {})
        if encoding[channel].get("type") == "quantitative"
        and encoding[channel].get("axis", {}) is not None
    ]
    if not numeric:
        return []
    titles = [title for title in map(_axis_title, numeric) if title]
    if not titles:
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
    steps = isinstance(fitted.get("width"), dict)  # {"step": ...}: the width counts from the bars
    if not steps and not any(key in fitted for key in (*_COMPOSITE, "facet")):
        fitted["width"] = "container"
        fitted["autosize"] = {"type": "fit-x", "contains": "padding"}
    if narrow:
        _stack(fitted)
        _narrow_titles(fitted)
        _two_line_names(fitted)
        _grow_for_names(fitted, spec)
        _legends_below(fitted, _legend_columns(spec))
    return fitted


def still(spec: Spec, *, narrow: bool) -> Spec:
    """The chart for a picture: as `live`, with a number where the screen gave the width."""
    fitted = live(spec, narrow=narrow)
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


def _narrow_titles(spec: Spec) -> None:
    room = _LINE_CHARS_BESIDE_NAMES if _names_beside(spec) else _LINE_CHARS
    for definition in _definitions(spec):
        for holder in (definition, definition.get("axis") or {}):
            title = holder.get("title")
            if isinstance(title, str) and len(title) > room:
                holder["title"] = textwrap.wrap(title, room)


def _names_beside(spec: Spec) -> bool:
    """Whether a vertical axis bears names instead of numbers."""
    found = (encoding.get("y", {}) for view in views(spec) for encoding in view)
    return any(definition.get("type") in ("nominal", "ordinal") for definition in found)


def _two_line_names(thing: object) -> None:
    """Let long names on a vertical axis take two lines."""
    if isinstance(thing, list):
        for part in thing:
            _two_line_names(part)
    if not isinstance(thing, dict):
        return
    names = thing.get("encoding", {}).get("y", {})
    axis = names.get("axis", {})
    if names.get("type") in ("nominal", "ordinal") and axis is not None and "labelExpr" not in axis:
        own = {"labelExpr": _TWO_LINES, "labelLimit": _NAMES_PX, "labelOverlap": False}
        names["axis"] = axis | own
    for key, part in thing.items():
        if key not in ("datasets", "data", "config", "encoding"):
            _two_line_names(part)


def _grow_for_names(fitted: Spec, spec: Spec) -> None:
    """Make room for names of two lines, where the height is a number."""
    fields = {encoding.get("y", {}).get("field") for view in views(spec) for encoding in view}
    long = any(
        len(str(row[field])) > _ONE_LINE_CHARS
        for _, rows in tables(spec)
        for row in rows
        for field in fields & row.keys()
    )
    if long and _names_beside(spec) and isinstance(fitted.get("height"), int | float):
        fitted["height"] = round(fitted["height"] * _GROWTH)


def _legends_below(spec: Spec, columns: int) -> None:
    config = spec.setdefault("config", {})
    below = {
        "orient": "bottom",
        "columns": columns,
        "labelLimit": NARROW_PX - 50,
        "layout": {"bottom": {"direction": "vertical", "anchor": "start"}},
    }
    config["legend"] = config.get("legend", {}) | below
    for definition in _definitions(spec):
        if isinstance(definition.get("legend"), dict):
            for key in ("orient", "direction", "columns", "legendX", "legendY", "offset"):
                definition["legend"].pop(key, None)


def _definitions(thing: object) -> Iterator[Spec]:
    """Every channel definition, wherever it stands."""
    if isinstance(thing, dict):
        for key, value in thing.items():
            if key == "encoding" and isinstance(value, dict):
                yield from (part for part in value.values() if isinstance(part, dict))
            elif key not in ("datasets", "data", "config"):
                yield from _definitions(value)
    elif isinstance(thing, list):
        for part in thing:
            yield from _definitions(part)


def _legend_columns(spec: Spec) -> int:
    """Two columns where the longest label lets two stand side by side."""
    fields = {
        encoding[channel].get("field")
        for view in views(spec)
        for encoding in view
        for channel in _LEGENDS
        if isinstance(encoding.get(channel), dict)
    }
    labels = [
        str(row[field]) for _, rows in tables(spec) for row in rows for field in fields & row.keys()
    ]
    longest = max(map(len, labels), default=0)
    room = NARROW_PX - (_NAMES_PX if _names_beside(spec) else _NUMBERS_PX)
    return 2 if longest * _GLYPH_PX + 30 < room / 2 else 1


def tables(spec: Spec) -> list[tuple[str, list[Spec]]]:
    """The data written into a chart, in the order in which its parts use them."""
    found: dict[str, list[Spec]] = {}
    named = spec.get("datasets", {})

    def walk(part: object) -> None:
        if isinstance(part, list):
            for one in part:
                walk(one)
        if not isinstance(part, dict):
            return
        data = part.get("data") or {}
        name = str(data.get("name"))
        if name in named:
            found.setdefault(name, named[name])
        elif isinstance(data.get("values"), list):
            found.setdefault(chart_id(data), data["values"])
        for key, value in part.items():
            if key not in ("data", "datasets", "config", "encoding"):
                walk(value)

    walk(spec)
    return [
        (name, rows)
        for name, rows in found.items()
        if rows and all(isinstance(r, dict) for r in rows)
    ]


def column_titles(spec: Spec) -> dict[str, str]:
    """Field names with the titles that readers see, from axes, legends and tooltips."""
    titles: dict[str, str] = {}
    for view in views(spec):
        for encoding in view:
            for definition in encoding.values():
                for one in definition if isinstance(definition, list) else [definition]:
                    _collect_title(one, titles)
    return titles


def _collect_title(definition: object, titles: dict[str, str]) -> None:
    if not isinstance(definition, dict) or "field" not in definition:
        return
    field = str(definition["field"])
    title = _axis_title(definition) or _joined((definition.get("legend") or {}).get("title"))
    if "[" not in titles.get(field, ""):  # a tooltip's bare name does not displace a unit
        titles[field] = title or titles.get(field) or field


def is_number(value: object) -> bool:
    """Whether a cell is a number to right-align."""
    return isinstance(value, int | float) and not isinstance(value, bool)


_WORDS = {1e6: "million", 1e9: "billion", 1e12: "trillion"}


def shown(value: object) -> str:
    """A value for a reader: four digits, thousands apart, days without their midnight.

    Examples
    --------
    >>> [shown(v) for v in (None, 0.123456, 70_553_706_496, 8192, 5.76e23, "2024-07-23T00:00:00")]
    ['', '0.1235', '70.55 billion', '8,192', '5.76 × 10²³', '2024-07-23']
    """
    if value is None or value != value:  # NaN is not equal to itself
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return re.sub(r"[T ]00:00:00(\.0+)?Z?$", "", str(value))
    return _number(float(value)).replace("-", "−")


def _number(value: float) -> str:
    size = abs(value)
    if size >= 1e15 or 0 < size < 1e-3:
        digits, power = f"{value:.3e}".split("e")
        return f"{digits.rstrip('0').rstrip('.')} × 10{_superscript(int(power))}"
    for scale, word in sorted(_WORDS.items(), reverse=True):
        if size >= scale:
            return f"{value / scale:.4g} {word}"
    return f"{value:,.0f}" if value.is_integer() or size >= 1e4 else f"{value:,.4g}"


def _superscript(power: int) -> str:
    return str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
