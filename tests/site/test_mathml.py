"""Proves that formulas become MathML and that the font for them is small, whole and licensed."""

from __future__ import annotations

import importlib

import pytest

from llmecon_book.site import mathml


@pytest.mark.parametrize(
    ("tex", "part"),
    [
        (r"\frac{A}{N^{\alpha}}", "<mfrac><mi>A</mi><msup><mi>N</mi><mi>α</mi></msup></mfrac>"),
        (r"\begin{aligned}a&=b\\c&=d\end{aligned}", "<mtable"),
        (r"\underbrace{x}_{\text{weights}}", "<munder>"),
        (r"\left\lceil \frac{n}{b} \right\rceil", "⌈"),
        (r"\min_{A,B} \sum_{i=1}^{n} \hat{x}_i", "<munderover>"),
        (r"f(x)=\begin{cases}1&x>0\\0&\text{else}\end{cases}", "<mtable"),
    ],
)
def test_what_the_book_writes_is_understood(tex, part):
    assert part in mathml.mathml(tex, block=True)


def test_a_formula_that_cannot_be_read_is_named():
    with pytest.raises(ValueError, match=r"formula '\\\\frac\{1\}\{' cannot be read: Expected"):
        mathml.mathml(r"\frac{1}{")


def test_lines_and_columns_need_no_environment():
    assert mathml._aligned(r"a &= b \\ c &= d").startswith(r"\begin{aligned}")
    assert mathml._aligned("a = b") == "a = b"


def test_the_font_has_growing_brackets_and_says_its_licence(tmp_path):
    path = tmp_path / "font.woff2"
    mathml.write_font(path)
    assert 50_000 < path.stat().st_size < 200_000
    font = importlib.import_module("fontTools.ttLib").TTFont(path)
    assert "MATH" in font
    names = {record.nameID: str(record) for record in font["name"].names}
    assert "SIL Open Font License" in names[13]
    letters = font.getBestCmap()
    for sign in "=αβΣ∑⌈⌉∞≤×𝑁𝐷ℝ":
        assert ord(sign) in letters, sign
