"""Commands of the book; they join ``llmecon`` by its entry point ``llmecon.commands``."""

import typer


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    from llmecon_book.commands import (
        checking,
        differing,
        essay,
        exporting,
        rerunning,
        scoring,
        sensing,
    )

    for room in (scoring, checking, rerunning, sensing, differing, exporting, essay):
        room.register(app)
