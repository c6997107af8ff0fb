"""The commands, assembled."""

from functools import cache
from importlib.metadata import entry_points
from typing import Annotated

import typer

from llmecon import __version__
from llmecon.cli import (
    calibrating,
    laws,
    lists,
    serving,
    sizes,
    trending,
)

app = typer.Typer(
    name="llmecon",
    help="Inference and training economics of large language models.",
    epilog="A command's own help has examples: llmecon decode --help",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"llmecon {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


for room in (
    serving,
    calibrating,
    sizes,
    trending,
    laws,
    lists,
):
    room.register(app)


@cache
def join_others() -> None:
    """Let other packages add their commands, by the entry point ``llmecon.commands``."""
    for more in entry_points(group="llmecon.commands"):
        more.load()(app)
