"""The page of notation holds every symbol of the book's formulas, and no other."""

import ast
import inspect
import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "book" / "notation.md"
# What is written with letters and is no symbol.
NAMES = re.compile(
    r"\\(?:text|mathrm|begin|end)\{[^}]*\}|\\(?:t?frac|left|right|ln|log_\{10\}|min|max|sum|quad"
    r"|cdot|times|pm)(?![a-z])|TPOT|nope"
)
SYMBOL = re.compile(
    r"(?P<accent>\\(?:hat|bar)\s*)?(?P<letter>\\[A-Za-z]+|[A-Za-z])(?P<prime>'?)"
    r"(?:_(?P<below>\{[^{}]*\}|\\[a-z]+|\w))?(?P<star>\^\*)?"
)


def symbols(formula):
    """Letters with their accents and indices: ``6ND_{\\inf}`` gives N and D_inf."""
    formula = re.sub(r"_\{?\\(?:text|mathrm)\{(\w+)\}\}?", r"_{\1}", formula)
    formula = re.sub(r"_\{\\(inf|min)\}", r"_{\1}", formula)
    found = set()
    for part in SYMBOL.finditer(NAMES.sub(" ", formula)):
        accent, letter, prime, below, star = (text or "" for text in part.groups())
        below = below.strip("{}")
        index = f"_{below}" if below not in ("", "i") else ""
        found.add(accent.strip() + letter + prime + index + star)
    return found


def formulas(markdown):
    """Mathematics of a page, without its code."""
    code = r"^```(?:console|python|text|bash)\n.*?^```|(?<!`)`[^`\n$]*\$[^`\n]*`(?!`)"
    text = re.sub(code, "", markdown, flags=re.M | re.S)
    return [a or b for a, b in re.findall(r"\$\$(.+?)\$\$|\$([^$]+)\$", text, re.S)]


def of_notebook(path):
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "markdown":
            yield from formulas("".join(cell["source"]))


def of_module(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            text = inspect.cleandoc(ast.get_docstring(node, clean=False) or "")
            yield from re.findall(r":math:`([^`]+)`", text)
            for _, block in re.findall(r"^( *)\.\. math::(.*?)(?=\n\n?\1\S|\Z)", text, re.M | re.S):
                yield block


def used():
    """Where each symbol occurs."""
    places = [
        *((path, of_notebook(path)) for folder in ("notebooks", "teaching")
          for path in (ROOT / folder).rglob("*.ipynb")),
        *((path, formulas(path.read_text("utf-8")))
          for path in (ROOT / "book").rglob("*.md") if path != PAGE),
        *((path, of_module(path)) for path in (ROOT / "lib").rglob("*.py")),
    ]  # fmt: skip
    found = {}
    for path, written in places:
        for formula in written:
            for symbol in symbols(formula):
                found.setdefault(symbol, set()).add(path.name)
    return found


def test_a_formula_is_taken_apart_as_a_reader_does():
    assert symbols(r"6ND_{\inf} + \frac{A}{N'^{\alpha}} \max(t_\text{cache}, 0)") == {
        "N", "D_inf", "A", "N'", r"\alpha", "t_cache",
    }  # fmt: skip
    assert symbols(r"\hat L(N_i) R_D^* \text{const} N_{\min}") == {
        r"\hatL", "N", "R_D^*", "N_min",
    }  # fmt: skip
    assert formulas("```console\n$ a\n$ b\n```\n$x$ and\n$$\ny\n$$") == ["x", "\ny\n"]


def test_every_symbol_is_on_the_page_and_each_of_the_page_is_used():
    rows = re.findall(r"^\| (\$[^|]*) \|", PAGE.read_text("utf-8"), re.M)
    listed = set().union(*(symbols(one) for row in rows for one in formulas(row)))
    found = used()
    assert {s: sorted(found[s]) for s in found.keys() - listed - {"i", r"\Delta"}} == {}
    assert listed - found.keys() == set()
