"""How long each chapter is for a reader: body words, figures, minutes.

Body text is what a reader cannot skip: no code, formula, caption, table, folded detail, exercise
or reference list.
"""

import re
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parent.parent
LIMITS = {"evolution": 900, "reversal": 1300, "causes": 1400, "outlook": 1500}  # [words]
MOST_FIGURES = 6
_WORDS_A_MINUTE = 238  # silent reading of English, Brysbaert 2019
_MINUTES_A_FIGURE = 0.5
_AFTER_THE_ARGUMENT = re.compile(r"^## (Exercises|References)\b", re.M)
_FENCE = re.compile(r"^(`{3,}|:{3,})[^\n]*\n.*?^\1[ ]*$", re.M | re.S)
_KEPT = re.compile(
    r"^(`{3,}|:{3,})\{admonition\}[^\n]*\n(?::\w+:[^\n]*\n)*(.*?)^\1[ ]*$", re.M | re.S
)
_NO_WORDS = re.compile(r"\$\$.*?\$\$|^\|[^\n]*$|\{claim\}`[^`]*`|^\(.*\)=$", re.M | re.S)
_ROLE = re.compile(r"\{[\w:-]+\}`[^`]*`")


def body(notebook: Path) -> str:
    """The running text of a chapter; a number or a reference counts as one word."""
    cells = nbformat.read(notebook, as_version=4).cells
    text = "\n\n".join(c.source for c in cells if c.cell_type == "markdown")
    text = _AFTER_THE_ARGUMENT.split(text)[0]
    text = _FENCE.sub("", _KEPT.sub(r"\2", text))
    return _ROLE.sub("N", _NO_WORDS.sub("", text))


def measure(notebook: Path) -> tuple[int, int, float]:
    """Words of the body, figures, minutes to read both."""
    words = len(re.findall(r"[\w$][^\s]*", body(notebook)))
    source = "".join(c.source for c in nbformat.read(notebook, as_version=4).cells)
    figures = source.count("{glue:figure}")
    return words, figures, words / _WORDS_A_MINUTE + figures * _MINUTES_A_FIGURE


if __name__ == "__main__":
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        words, figures, minutes = measure(path)
        print(f"{path.stem:12}{words:7,} words{figures:4} figures{minutes:6.0f} minutes")
