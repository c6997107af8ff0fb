r"""Formulas without scripts: MathML made at build, and one font so that it looks alike everywhere.

Browsers draw MathML by themselves, so a formula needs no script, can be copied and is read aloud.
What they lack is a font with brackets that grow: STIX Two Math (SIL Open Font License 1.1), taken
from the package `ziamath` and cut down to what formulas use.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from math_core import LatexError, LatexToMathML
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

FONT_FILE = "stix-two-math.woff2"
_LONG_CHARS = 30  # of LaTeX: more may be wider than a phone
_LOG = logging.getLogger(__name__)
_COLOUR = re.compile("\x1b\\[[0-9;]*m")  # the converter's messages are made for a terminal

# First and last code point of each block that formulas of this book draw from.
_BLOCKS = (
    (0x20, 0x7E),  # Latin, digits
    (0xA0, 0xFF),
    (0x131, 0x131),  # dotless i and j
    (0x237, 0x237),
    (0x2C6, 0x2DD),  # accents
    (0x300, 0x338),
    (0x391, 0x3F5),  # Greek
    (0x2010, 0x203A),  # dashes, dots, primes
    (0x2044, 0x2064),
    (0x20D0, 0x20D7),
    (0x2102, 0x2135),  # ℕ, ℝ, ℓ
    (0x2190, 0x21D5),  # arrows
    (0x2200, 0x22EF),  # operators
    (0x2308, 0x230B),  # ceiling, floor
    (0x23B0, 0x23E1),  # braces above and below
    (0x27E8, 0x27EB),
    (0x2A7D, 0x2A7E),
    (0xFE00, 0xFE00),  # chooses a script form
    (0x1D400, 0x1D467),  # bold, italic
    (0x1D49C, 0x1D4CF),  # script
    (0x1D6A4, 0x1D71B),  # italic Greek
)


@functools.cache
def _converter() -> LatexToMathML:
    return LatexToMathML()


def mathml(tex: str, *, block: bool = False) -> str:
    r"""A formula as MathML.

    Parameters
    ----------
    tex : str
        The formula in LaTeX, without dollar signs.
    block : bool, optional
        On a line of its own.

    Raises
    ------
    ValueError
        If the formula cannot be read.

    Examples
    --------
    >>> mathml("x^2")
    '<math><msup><mi>x</mi><mn>2</mn></msup></math>'
    """
    try:
        return str(_converter().convert_with_local_state(tex, displaystyle=block))
    except LatexError as error:
        reason = _COLOUR.sub("", str(error)).strip().splitlines()[0].removeprefix("Error: ")
        raise ValueError(f"formula {tex!r} cannot be read: {reason}") from error


def _or_warning(translator: Any, node: nodes.Element, tex: str, *, block: bool) -> str:
    try:
        return mathml(tex, block=block)
    except ValueError as error:
        _LOG.warning("%s", error, location=node)
        return str(translator.encode(tex))


def visit_inline(translator: Any, node: nodes.math) -> None:
    """Write a formula within a line."""
    drawn = _or_warning(translator, node, node.astext(), block=False)
    long = len(node.astext()) > _LONG_CHARS
    translator.body.append(f'<span class="math-long">{drawn}</span>' if long else drawn)
    raise nodes.SkipNode


def visit_block(translator: Any, node: nodes.math_block) -> None:
    """Write a formula on a line of its own, with its number where it has one."""
    translator.body.append(translator.starttag(node, "div", CLASS="math-block"))
    translator.body.append('<div class="math-scroll" tabindex="0">')
    translator.body.append(_or_warning(translator, node, _aligned(node.astext()), block=True))
    translator.body.append("</div>")
    if node["number"]:
        number = get_node_equation_number(translator, node)
        translator.body.append(f'<span class="eqno">({number})')
        translator.add_permalink_ref(node, "Link to this equation")
        translator.body.append("</span>")
    translator.body.append("</div>\n")
    raise nodes.SkipNode


def _aligned(tex: str) -> str:
    r"""Give a formula with ``\\`` or ``&`` the environment that Sphinx lets writers leave out."""
    tex = tex.replace("{split}", "{aligned}")
    if "\\begin{" in tex or not ("\\\\" in tex or "&" in tex):
        return tex
    return rf"\begin{{aligned}}{tex}\end{{aligned}}"


def _source() -> Path:
    found = importlib.util.find_spec("ziamath")
    assert found is not None, "the package ziamath is not installed"
    assert found.origin is not None, "the package ziamath has no folder"
    return Path(found.origin).parent / "fonts" / "STIXTwoMath-Regular.ttf"


def write_font(path: Path) -> None:
    """Write the font for formulas, unless it is there already."""
    if path.exists():
        return
    subset: Any = importlib.import_module("fontTools.subset")  # slow to load, seldom needed

    options = subset.Options()
    options.flavor = "woff2"
    options.hinting = False
    options.layout_features = ["ssty", "dtls", "flac"]  # small forms for scripts and accents
    options.name_IDs = [0, 1, 2, 5, 6, 13, 14]  # with copyright and licence
    font = subset.load_font(str(_source()), options)
    cut = subset.Subsetter(options)
    cut.populate(unicodes=[code for first, last in _BLOCKS for code in range(first, last + 1)])
    cut.subset(font)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".part")
    subset.save_font(font, str(beside), options)
    beside.replace(path)
