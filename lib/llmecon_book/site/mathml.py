r"""Formulas without scripts: MathML made at build, and one font so that it looks alike everywhere.

Browsers draw MathML by themselves, so a formula needs no script, can be copied and is read aloud.
What they lack is a font with brackets that grow: STIX Two Math (SIL Open Font License 1.1), taken
from the package `ziamath` and cut down to what formulas use.
"""

from __future__ import annotations

import functools
import importlib
import re
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from docutils import nodes
from math_core import LatexError, LatexToMathML
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

FONT_FILE = "stix-two-math.woff2"
_SPACE = 'xmlns="http://www.w3.org/1998/Math/MathML"'
_LONG_CHARS = 30  # of LaTeX: more may be wider than a phone
_LOG = logging.getLogger(__name__)
_COLOUR = re.compile("\x1b\\[[0-9;]*m")  # the converter's messages are made for a terminal

_CODES = (  # of the characters that formulas of this book draw from
    "20-7E, A0-FF, 131, 237, 2C6-2DD, 300-338, 391-3F5, "  # Latin, dotless i and j, accents, Greek
    "2010-203A, 2044-2064, 20D0-20D7, 2102-2135, "  # dashes, dots, primes, double-struck letters
    "2190-21D5, 2200-22EF, 2308-230B, 23B0-23E1, "  # arrows, operators, ceiling, floor, braces
    "27E8-27EB, 2A7D-2A7E, FE00, "  # brackets, signs of order, the choice of a script form
    "1D400-1D467, 1D49C-1D4CF, 1D6A4-1D71B"  # bold, italic, script, italic Greek
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
        drawn = mathml(tex, block=block)
        # The XHTML of e-books knows formulas by their name space only.
        return (
            drawn.replace("<math", f"<math {_SPACE}", 1)
            if translator.builder.name == "epub"
            else drawn
        )
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


def write_font(path: Path) -> None:
    """Write the font for formulas, unless it is there already."""
    if not path.exists():
        source = files("ziamath") / "fonts" / "STIXTwoMath-Regular.ttf"
        small_forms = ["ssty", "dtls", "flac"]  # for scripts and accents
        cut_font(Path(str(source)), path, _CODES, small_forms)


def cut_font(source: Path, path: Path, codes: str, features: Sequence[str] = ()) -> None:
    """Write a font with only some of its characters, under its own copyright and licence.

    Parameters
    ----------
    source, path : pathlib.Path
        The whole font, and where the small one goes; they may be the same.
    codes : str
        Code points in hexadecimal, and ranges of them: ``"20-7E, A0"``.
    features : sequence of str, optional
        OpenType features to keep.
    """
    subset: Any = importlib.import_module("fontTools.subset")  # slow to load, seldom needed
    options = subset.Options(flavor="woff2", hinting=False, ignore_missing_unicodes=True)
    options.layout_features = list(features)
    options.name_IDs = [0, 1, 2, 5, 6, 13, 14]  # with copyright and licence
    font = subset.load_font(str(source), options)
    cut = subset.Subsetter(options)
    cut.populate(unicodes=subset.parse_unicodes(codes))
    cut.subset(font)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".part")
    subset.save_font(font, str(beside), options)
    beside.replace(path)
