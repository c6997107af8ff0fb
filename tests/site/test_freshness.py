"""Proves that a built page never shows a number that library, data or chapter no longer give."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import nbformat
import pytest
from conftest import BIN, ROOT
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

CONFIG = """\
title: Small book
only_build_toc_files: true
exclude_patterns: [_build, lib, data]
execute: {execute_notebooks: "off"}
sphinx:
  extra_extensions: [llmecon_book.site.sphinx_ext]
  config:
    html_math_renderer: mathml
    html_context: {default_mode: auto}
"""
CODE = """\
from llmecon import probe
from myst_nb import glue
glue("number", f"{probe.NUMBER:,}", display=False)
"""


@pytest.fixture
def book(tmp_path):
    """A small book with a library of its own: a copy of this one and a constant."""
    root = tmp_path / "book"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "lib", root / "lib", ignore=ignored)
    shutil.copytree(ROOT / "data", root / "data")
    (root / "lib" / "llmecon" / "probe.py").write_text("NUMBER = 4100\n")
    (root / "_config.yml").write_text(CONFIG)
    toc = "format: jb-book\nroot: index\nchapters:\n- file: notebooks/one\n- file: tables\n"
    (root / "_toc.yml").write_text(toc)
    (root / "index.md").write_text("# Start\n\nHello.\n")
    (root / "tables.md").write_text("# Tables\n\n```{data-tables}\n```\n")
    (root / "notebooks").mkdir()
    cells = [new_code_cell(CODE), new_markdown_cell("# One\n\nIt is {glue:text}`number`.")]
    nbformat.write(new_notebook(cells=cells[::-1]), root / "notebooks" / "one.ipynb")
    return root


JUPYTER_BOOK = (str(BIN / "jupyter-book"), "build", ".", "-W", "-n")


def started(root: Path, *command: str, library: Path | None = None) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": str((library or root) / "lib")}
    told = subprocess.PIPE
    return subprocess.Popen(
        command, cwd=root, env=environment, stdout=told, stderr=subprocess.STDOUT, text=True
    )


def run(root: Path, *command: str) -> str:
    process = started(root, *command)
    told, _ = process.communicate()
    assert process.returncode == 0, told[-3000:]
    return told


def failed(root: Path, library: Path | None = None) -> str:
    process = started(root, *JUPYTER_BOOK, library=library)
    told, _ = process.communicate()
    assert process.returncode != 0
    return told


def page(root: Path, name: str = "notebooks/one.html") -> str:
    return (root / "_build" / "html" / name).read_text(encoding="utf-8")


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_page_follows_library_and_data(book):
    assert "executing 1 of 1 chapters" in run(book, *JUPYTER_BOOK)
    assert "4,100" in page(book)

    replace(book / "lib" / "llmecon" / "probe.py", "4100", "5200")
    rows = (book / "data" / "peers.csv").read_text(encoding="utf-8").splitlines()
    (book / "data" / "peers.csv").write_text("\n".join(rows[:-1]) + "\n", encoding="utf-8")
    assert "executing 1 of 1 chapters" in run(book, *JUPYTER_BOOK)
    assert "5,200" in page(book)
    assert "4,100" not in page(book)
    assert f"peers.csv</a>, {len(rows) - 2} rows" in page(book, "tables.html")


def test_plain_sphinx_is_as_fresh_and_two_builds_at_once_take_turns(book):
    """`jupyter-book config sphinx` and `sphinx-build`: the way out of Jupyter Book 1."""
    run(book, str(BIN / "jupyter-book"), "config", "sphinx", ".")
    sphinx = (str(BIN / "sphinx-build"), "-W", "-n", "-b", "html", ".", "_build/html")
    both = [started(book, *sphinx) for _ in range(2)]
    told = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    assert sum("executing 1 of 1 chapters" in one for one in told) == 1
    assert "4,100" in page(book)


def test_a_chapter_that_fails_stops_the_build_and_is_named(book):
    replace(book / "notebooks" / "one.ipynb", "probe.NUMBER:", "probe.NUMBER / 0:")
    assert "one, code cell 1: ZeroDivisionError" in failed(book)


def test_a_copied_folder_is_not_built_with_the_library_of_another(book):
    told = failed(book, library=ROOT)
    assert "belong to another folder" in told
