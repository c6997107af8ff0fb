"""The whole book with other numbers: a copy of its sources, built into a site."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from llmecon import catalog
from llmecon_book.run.numbers import key_numbers

MARKER = "scenario.json"
"""Tells the site's extension what was changed, and the numbers before and after."""

_SOURCES = ("_config.yml", "_toc.yml", "book", "notebooks", "teaching", "scenarios", "benchmarks")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_SHOWN_LINES = 5  # of what the builder complained about


def build(book: Path, folder: Path, name: str, changed: str, executed: Mapping[str, str]) -> Path:
    """Build a site in which some chapters have other numbers; the book stays as it is.

    Parameters
    ----------
    book : pathlib.Path
        The book's folder.
    folder : pathlib.Path
        Where the copy and its site go; a copy that is there is replaced.
    name, changed : str
        The scenario and what it changes, for the top of every page.
    executed : mapping
        Executed notebooks by chapter.

    Returns
    -------
    pathlib.Path
        The first page.

    Raises
    ------
    ValueError
        If the site is not built or has a warning: the last lines of what the builder said.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for source in filter(Path.exists, (book / one for one in _SOURCES)):
        copy = shutil.copytree if source.is_dir() else shutil.copyfile
        copy(source, folder / source.name)
    shutil.copytree(catalog.data_folder(), folder / "data")  # with own rows, if there are any
    before = {path.stem: key_numbers(path.read_text("utf-8")) for path in _chapters(book)}
    for chapter, text in executed.items():
        (folder / "notebooks" / f"{chapter}.ipynb").write_text(text, encoding="utf-8")
    after = {path.stem: key_numbers(path.read_text("utf-8")) for path in _chapters(folder)}
    told = {"name": name, "changed": changed, "numbers": {"before": before, "after": after}}
    (folder / MARKER).write_text(json.dumps(told), encoding="utf-8")
    tool = Path(sys.executable).with_name("jupyter-book")
    command = [str(tool), "build", str(folder), "-W", "-n", "--keep-going"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        said = _COLOUR.sub("", done.stderr or done.stdout).strip().splitlines()
        raise ValueError(f"the site was not built: {' '.join(said[-_SHOWN_LINES:])}")
    return folder / "_build" / "html" / "index.html"


def _chapters(folder: Path) -> list[Path]:
    return sorted((folder / "notebooks").glob("*.ipynb"))
