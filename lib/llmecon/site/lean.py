"""Leave out what the theme sends to every page and no page of this book uses.

Its icons come twice, as a script of 1.5 MB and as fonts with a rule for each of two thousand icons,
and the index of the search is loaded before anyone searches.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

UNUSED = ("fontawesome.js", "searchtools.js", "language_data.js", "searchindex.js")
_SCRIPT = re.compile(r"\s*<script[^>]*\bsrc=\"([^\"?]*)[^>]*></script>")
_ICON = re.compile(r"(?:\.fa-[a-z0-9-]+:before,?)+\{content:\"[^\"]*\"\}")
_NAME = re.compile(r"\bfa-[a-z0-9-]+")
_CODE = re.compile(r"\\([ef][0-9a-f]{3})")


def without_unused_scripts(head: str) -> str:
    """The head of a page without scripts that nothing on it calls.

    Examples
    --------
    >>> without_unused_scripts('<meta><script src="../_static/searchtools.js"></script>')
    '<meta>'
    """
    return _SCRIPT.sub(lambda tag: "" if tag[1].endswith(UNUSED) else tag[0], head)


def trim_icons(static: Path, pages: Iterable[Path]) -> None:
    """Keep the rules and the letters of the icons that pages and scripts name.

    Parameters
    ----------
    static : pathlib.Path
        Folder ``_static`` of the built site, freshly copied.
    pages : iterable of pathlib.Path
        All pages.
    """
    texts = [*pages, *static.rglob("*.js")]
    used = {name for path in texts for name in _NAME.findall(path.read_text(encoding="utf-8"))}
    sheet = static / "styles" / "pydata-sphinx-theme.css"
    rules = sheet.read_text(encoding="utf-8")

    def kept(rule: re.Match[str]) -> str:
        return rule[0] if used & set(_NAME.findall(rule[0])) else ""

    sheet.write_text(_ICON.sub(kept, rules), encoding="utf-8")
    sheets = [path.read_text(encoding="utf-8") for path in static.rglob("*.css")]
    codes = {int(code, 16) for text in sheets for code in _CODE.findall(text)}
    for font in (static / "vendor").rglob("*.woff2"):
        _subset(font, codes)


def _subset(path: Path, codes: set[int]) -> None:
    subset: Any = importlib.import_module("fontTools.subset")  # slow to load
    options = subset.Options()
    options.flavor = "woff2"
    font = subset.load_font(str(path), options)
    cut = subset.Subsetter(options)
    cut.populate(unicodes=sorted(codes | {0x20}))
    cut.subset(font)
    subset.save_font(font, str(path), options)
