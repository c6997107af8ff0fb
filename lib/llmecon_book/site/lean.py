"""Leave out what the theme sends to every page and no page of this book uses.

Its icons come twice, as a script of 1.5 MB and as fonts with two thousand drawings; its style sheet
has rules for parts that no page has; the index of the search is loaded before anyone searches; code
is wrapped word by word in elements that change nothing.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

UNUSED = ("fontawesome.js", "searchtools.js", "language_data.js", "searchindex.js")
PLAIN = ("n", "nn", "p", "w")  # names, modules, punctuation, blanks: in the colour of all code
_SCRIPT = re.compile(r"\s*<script[^>]*\bsrc=\"([^\"?]*)[^>]*></script>")
_PLAIN = re.compile(rf'<span class="(?:{"|".join(PLAIN)})">([^<]*)</span>')
_WORD = re.compile(r"[\w-]+")
_RULE = re.compile(r"([^{};/]+)(\{[^{}]*\})")
_EMPTY = re.compile(r"@(?:media|supports)[^{};]*\{\s*\}")
_SELECTOR_END = re.compile(r",(?![^(]*\))")
_WITHIN = re.compile(r"\([^()]*\)|\[[^\]]*\]")
_CLASS = re.compile(r"\.([A-Za-z_][\w-]*)")
_CODE = re.compile(r"\\([ef][0-9a-f]{3})")


def without_unused_scripts(head: str) -> str:
    """The head of a page without scripts that nothing on it calls.

    Examples
    --------
    >>> without_unused_scripts('<meta><script src="../_static/searchtools.js"></script>')
    '<meta>'
    """
    return _SCRIPT.sub(lambda tag: "" if tag[1].endswith(UNUSED) else tag[0], head)


def without_plain_spans(body: str) -> str:
    """The text of a page without the elements of code that have no colour of their own.

    Examples
    --------
    >>> without_plain_spans('<span class="n">step</span><span class="o">=</span>')
    'step<span class="o">=</span>'
    """
    return _PLAIN.sub(r"\1", body)


def trim_theme(static: Path, pages: Iterable[Path]) -> None:
    """Keep the rules and the icons of the theme that pages or scripts name.

    Parameters
    ----------
    static : pathlib.Path
        Folder ``_static`` of the built site. Each build copies the theme's sheets anew, the
        smaller ones of other extensions not; those stay whole.
    pages : iterable of pathlib.Path
        All pages.
    """
    texts = [*pages, *static.rglob("*.js")]
    words = {word for path in texts for word in _WORD.findall(path.read_text(encoding="utf-8"))}
    for sheet in [*static.glob("styles/*.css"), *static.glob("sphinx-design*.css")]:
        text = used_rules(sheet.read_text(encoding="utf-8"), words)
        sheet.write_text(text, encoding="utf-8")
    sheets = [path.read_text(encoding="utf-8") for path in static.rglob("*.css")]
    codes = {int(code, 16) for text in sheets for code in _CODE.findall(text)}
    for font in (static / "vendor").rglob("*.woff2"):
        _subset(font, codes)


def used_rules(sheet: str, words: set[str]) -> str:
    """A style sheet without selectors that ask for a class which is none of the words.

    What stands in parentheses or brackets asks for nothing here: ``:not(.card)`` is kept.

    Examples
    --------
    >>> used_rules(".a,.b .c{top:0}@media print{.d{top:1px}}p:not(.d){top:2px}", {"b", "c"})
    '.b .c{top:0}p:not(.d){top:2px}'
    """

    def used(selector: str) -> bool:
        return words.issuperset(_CLASS.findall(_WITHIN.sub("", selector)))

    def kept(rule: re.Match[str]) -> str:
        selectors = [one for one in _SELECTOR_END.split(rule[1]) if used(one)]
        return ",".join(selectors) + rule[2] if selectors else ""

    return _EMPTY.sub("", _RULE.sub(kept, sheet))


def _subset(path: Path, codes: set[int]) -> None:
    subset: Any = importlib.import_module("fontTools.subset")  # slow to load
    options = subset.Options()
    options.flavor = "woff2"
    font = subset.load_font(str(path), options)
    cut = subset.Subsetter(options)
    cut.populate(unicodes=sorted(codes | {0x20}))
    cut.subset(font)
    subset.save_font(font, str(path), options)
