"""Executed chapters as notebooks that read anywhere: ``llmecon export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from llmecon.cli.output import Answer, Column, Table, command

_Files = Annotated[list[Path], typer.Argument(help="Executed chapters.", show_default=False)]
_Into = Annotated[Path, typer.Option(help="Folder for the copies.")]


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    command(app, "llmecon export cheap.ipynb", "llmecon export notebooks/*.ipynb --into class")(
        export
    )


def export(files: _Files, into: _Into = Path("readable")) -> Answer:
    """Write executed chapters with their numbers and figures in the text, for any Jupyter.

    A copy that somebody changed or ran is left as it is.
    """
    from llmecon_book.run.export import read_chapter, write_copy

    names = [path.name for path in files]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise ValueError(f"{twice[0]} is given twice: one copy would overwrite the other")
    texts = {path: read_chapter(path) for path in files}  # all, before one is written
    states = {path: write_copy(text, into / path.name) for path, text in texts.items()}
    rows = [(str(into / path.name), _STATES[new]) for path, new in states.items()]
    return Answer([Table.of(rows, [Column("copy", "copy"), Column("state", "state")])])


_STATES = {True: "written", False: "kept: somebody worked in it"}
