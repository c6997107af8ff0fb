"""The application that commands are registered in."""

from typing import Annotated

import typer

from llmecon import __version__

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
