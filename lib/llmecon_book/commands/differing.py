"""What a change of rows or code moved in the book: ``llmecon diff``."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Annotated

import typer

from llmecon.cli.output import Answer, Table, command, whole_file
from llmecon_book.commands.rerunning import All, Book


def register(app: typer.Typer) -> None:
    """Add ``diff`` to the command line."""
    command(app, "llmecon diff", "llmecon diff HEAD~3 --page diff.html")(diff)


def diff(
    commit: Annotated[
        str, typer.Argument(help="What to compare the stored chapters with.")
    ] = "HEAD",
    page: Annotated[Path | None, typer.Option(help="Also write a page to this file.")] = None,
    all_: All = False,
    book: Book = None,
) -> Answer:
    """Say in words which key numbers of the stored chapters differ from those of a commit.

    After a new row: make notebooks, then this.
    """
    import pandas as pd

    from llmecon_book.commands.outcomes import MOST_ROWS, shown_changes
    from llmecon_book.run import numbers
    from llmecon_book.run.scenario import find_book
    from llmecon_book.site.report import Comparison

    home = find_book(book or Path.cwd())
    now = {
        path.stem: path.read_text("utf-8") for path in sorted((home / "notebooks").glob("*.ipynb"))
    }
    runs, new = [], []
    for chapter, text in now.items():
        before = _at(commit, home, f"notebooks/{chapter}.ipynb")
        if before is None:
            new.append(chapter)
        else:
            runs.append((chapter, before, text))
    if not runs:
        raise ValueError(f"{commit}: it has none of the chapters that are here")
    frame = numbers.changes(runs)
    title = f"The stored chapters beside those of {commit}"
    table = shown_changes(frame, (commit, "now"), title, all_)
    notes = [*table.notes, *([f"New chapters: {', '.join(new)}."] if new else [])]
    if page:
        moved = [run for run in runs if run[1] != run[2]]
        told = Comparison(title, pd.DataFrame(), frame, moved, now)
        with whole_file(page) as beside:
            beside.write_text(told.html(MOST_ROWS), encoding="utf-8")
    return Answer([Table(table.frame, table.columns, title, notes)], csv=frame)


def _at(commit: str, home: Path, path: str) -> str | None:
    """A file of a commit, None if it did not have it.

    Raises
    ------
    ValueError
        If there is no such commit.
    """
    asked = ["git", "-C", str(home), "show", f"{commit}:./{path}"]
    done = subprocess.run(asked, capture_output=True, text=True, encoding="utf-8")
    if (
        done.returncode
        and "does not exist" not in done.stderr
        and "exists on disk" not in done.stderr
    ):
        raise ValueError(f"git: {done.stderr.strip().splitlines()[0]}")
    return done.stdout if not done.returncode else None
