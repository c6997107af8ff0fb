"""Proves on a small site what helps a reader: badges, definitions, no code in the way."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

GLUED = {"far": 31.4, "wide": 41_000.0, "near": 1.0, "name": "'GPT-4'", "nan": "nan"}


def notebook(*texts: str) -> str:
    """A stored notebook that has glued some numbers, and its texts."""
    outputs = [
        {
            "output_type": "display_data",
            "data": {"application/papermill.record/text/plain": str(stored)},
            "metadata": {
                "scrapbook": {"name": key, "mime_prefix": "application/papermill.record/"}
            },
        }
        for key, stored in GLUED.items()
    ]
    code = {"cell_type": "code", "execution_count": 1, "metadata": {}, "source": "say(section)"}
    code["metadata"] = {"tags": ["hide-input"]}
    cells = [
        *({"cell_type": "markdown", "metadata": {}, "source": text} for text in texts),
        code | {"outputs": outputs},
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python", "language": "python"}}
    return json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 4})


def built(root: Path, *texts: str) -> tuple[BeautifulSoup, str]:
    """Page of a notebook with these texts, and what its build complained of."""
    (root / "conf.py").write_text(
        "extensions = ['myst_nb', 'llmecon_book.site.sphinx_ext']\nhtml_theme = 'basic'\n"
        "source_suffix = {'.md': 'markdown', '.ipynb': 'myst-nb'}\n"
        "nb_execution_mode = 'off'\nllmecon_refresh = False\nexclude_patterns = ['out']\n"
    )
    (root / "index.ipynb").write_text(notebook("# Start", *texts))
    told = io.StringIO()
    with patch_docutils(), docutils_namespace():
        out = root / "out"
        Sphinx(root, root, out, out / ".trees", "html", status=None, warning=told).build()
    page = (out / "index.html").read_text(encoding="utf-8")
    return BeautifulSoup(page, "html.parser"), told.getvalue()


def test_an_extrapolated_number_carries_its_factor(tmp_path):
    text = "Ten {extrapolated}`far`, twenty {extrapolated}`wide`, thirty {extrapolated}`near`."
    page, told = built(tmp_path, text)
    assert told == ""
    badges = page.select(".extrapolated")
    assert [badge.text for badge in badges] == ["extrapolated ×31.4", "extrapolated ×41k"]
    assert badges[0]["title"] == "31.4 times beyond the measured range"


@pytest.mark.parametrize("key", ["gone", "name", "nan"])
def test_a_badge_without_a_factor_is_reported(tmp_path, key):
    page, told = built(tmp_path, f"Ten {{extrapolated}}`{key}`.")
    assert "index.ipynb" in told
    assert f"no factor for a badge in '{key}'" in told
    assert not page.select("abbr")


GLOSSARY = """```{glossary}
batch
batches
  Sequences that are decoded `together`.

  More about them.
```

Of the {term}`batch`, and many {term}`batches`.
"""


def test_a_term_carries_the_first_paragraph_of_its_definition(tmp_path):
    page, told = built(tmp_path, GLOSSARY)
    assert told == ""
    links = page.select("a:has(> .std-term)")
    assert [link["title"] for link in links] == ["Sequences that are decoded together."] * 2
    assert page.select("script[src*='terms.js']")


def test_code_leaves_no_bar_and_a_page_without_terms_no_script(tmp_path):
    page, _ = built(tmp_path, "Ten.")
    assert "say" in page.select_one(".cell_input").text
    assert not page.select("details, summary, script[src*='terms.js']")
