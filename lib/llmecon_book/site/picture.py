"""A smaller SVG that looks the same: what Vega writes for its own use is left out."""

from __future__ import annotations

import re
from xml.etree import ElementTree

SVG = "http://www.w3.org/2000/svg"
_G, _PATH, _CLIP = (f"{{{SVG}}}{name}" for name in ("g", "path", "clipPath"))
DECIMALS = 2  # of a pixel; along a very long curve the dashes may shift by some pixels
_LONG = re.compile(r"-?\d+\.\d{3,}(?:e-?\d+)?")
_CIRCLE = re.compile(r"M([\d.]+),0A\1,\1,0,1,1,-\1,0A\1,\1,0,1,1,\1,0Z?")
_NO_CHANGE = {"opacity": "1", "stroke-width": "1", "transform": "translate(0,0)"}
_OWN_USE = re.compile("class|pointer-events|role|aria-.*")  # for the live view
_INHERITED = ("stroke", "stroke-width", "fill", "font-family", "font-size", "text-anchor")
_SHAPES = {"circle", "line", "path", "rect", "text"}

ElementTree.register_namespace("", SVG)


def smaller(svg: str) -> str:
    """The picture in fewer bytes.

    Coordinates are rounded to a hundredth of a pixel; names of parts, hidden and unpainted parts
    and groups without a property are dropped; what all marks of a group share stands once; two arcs
    that make a circle become one.

    Examples
    --------
    >>> smaller('<svg xmlns="http://www.w3.org/2000/svg"><g fill="none"><g class="a">'
    ...         '<path d="M0.1234,2h3" stroke="red"/></g></g></svg>').partition("><")[2]
    'g fill="none"><path d="M0.12,2h3" stroke="red" /></g></svg>'
    """
    root = ElementTree.fromstring(svg)
    _clean(root)
    _trim(root)
    return ElementTree.tostring(root, encoding="unicode")


def _trim(parent: ElementTree.Element) -> None:
    kept: list[ElementTree.Element] = []
    for part in parent:
        _clean(part)
        if part.tag != _CLIP:  # it cuts and is not painted
            _trim(part)
            _share(part)
        bare = part.tag == _G and not part.attrib
        kept += list(part) if bare else [] if _unseen(part) else [part]
    parent[:] = kept


def _clean(part: ElementTree.Element) -> None:
    circle = _CIRCLE.fullmatch(part.get("d", ""))
    if circle:
        part.tag = f"{{{SVG}}}circle"
        part.set("r", circle[1])
        del part.attrib["d"]
    for name, value in list(part.attrib.items()):
        if _OWN_USE.fullmatch(name) or _NO_CHANGE.get(name) == value:
            del part.attrib[name]
        elif name != "id":
            part.set(name, _LONG.sub(_rounded, value))


def _rounded(number: re.Match[str]) -> str:
    text = f"{float(number[0]):.{DECIMALS}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _unseen(part: ElementTree.Element) -> bool:
    """Whether nothing is drawn: hidden, empty, or a path that names no paint (Vega's do)."""
    if part.get("display") == "none" or (part.tag == _G and len(part) == 0):
        return True
    return part.tag == _PATH and not {"fill", "stroke"} & part.attrib.keys()


def _share(group: ElementTree.Element) -> None:
    """Write what all marks of a group have in common once, on the group."""
    marks = [part for part in group if part.tag.rpartition("}")[2] in _SHAPES]
    if group.tag != _G or len(marks) < 2 or len(marks) < len(group):
        return
    for name in _INHERITED:
        values = {mark.get(name) for mark in marks}
        if len(values) == 1 and None not in values and name not in group.attrib:
            group.set(name, str(values.pop()))
            for mark in marks:
                del mark.attrib[name]
