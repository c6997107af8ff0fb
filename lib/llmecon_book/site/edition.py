"""Two editions of one book: the instructor's, whole, and the student's, without the solutions.

A cell of a page of exercises that belongs to a solution carries the tag ``solution``. The student's
edition leaves these cells out of the page and of the notebook that can be downloaded beside it.
``make book EDITION=student`` sets the variable that the site reads.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import SphinxError

EDITIONS = ("instructor", "student")
_TAG = "solution"


class UnknownEdition(SphinxError):
    """An edition that there is not; the build stops before any work."""

    category = "Edition error"


def asked() -> str:
    """The edition that the environment asks for.

    Raises
    ------
    UnknownEdition
        If there is none of that name.
    """
    edition = os.environ.get("LLMECON_EDITION", EDITIONS[0])
    if edition not in EDITIONS:
        raise UnknownEdition(f"EDITION must be one of {', '.join(EDITIONS)}, got {edition!r}")
    return edition


def without_solutions(text: str) -> str:
    """A notebook without the cells that belong to a solution.

    Examples
    --------
    >>> cells = [{"metadata": {"tags": tags}} for tags in ([], ["solution"], ["hide-input"])]
    >>> len(json.loads(without_solutions(json.dumps({"cells": cells})))["cells"])
    2
    """
    notebook = json.loads(text)
    notebook["cells"] = [c for c in notebook["cells"] if _TAG not in c["metadata"].get("tags", [])]
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def leave_out_solutions(app: Sphinx, docname: str, source: list[str]) -> None:
    """Read a page of exercises as the edition has it."""
    if app.config.llmecon_edition == "student" and docname.startswith("teaching/"):
        source[0] = without_solutions(source[0])


def clean_downloads(app: Sphinx, exception: Exception | None) -> None:
    """Leave the solutions out of the notebooks that pages offer, too."""
    if app.config.llmecon_edition == "student" and not exception:
        for path in (Path(app.outdir) / "_sources" / "teaching").glob("*.ipynb"):
            path.write_text(without_solutions(path.read_text("utf-8")), encoding="utf-8")


def setup(app: Sphinx) -> None:
    """Register with Sphinx; another edition reads every page again."""
    app.add_config_value("llmecon_edition", asked(), "env")
    app.connect("source-read", leave_out_solutions)
    app.connect("build-finished", clean_downloads)
