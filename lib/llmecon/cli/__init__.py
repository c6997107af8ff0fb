"""The command ``llmecon``: the library's answers as tables, CSV and JSON.

A wrong value or name becomes one line on standard error and exit status 2.
"""

import os
import sys
from collections.abc import Sequence

import typer

from llmecon.cli import app as _app

__all__ = ["app", "main"]

app = _app.app

BAD_INPUT, INTERRUPTED = 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status: 0, 1 for a finding, 2 for bad input.

    Parameters
    ----------
    arguments : sequence of str, optional
        Those of the process if not given.

    Notes
    -----
    ``LLMECON_TRACEBACK=1`` shows where an error came from.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        _app.join_others()
        status = app(words, prog_name="llmecon", standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        return _report("interrupted", INTERRUPTED)
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        line = _one_line(error)
        if line is None or os.environ.get("LLMECON_TRACEBACK"):
            raise
        return _report(line, BAD_INPUT) if line else BAD_INPUT  # no line: help was shown
    if status == INTERRUPTED:
        return _report("interrupted", INTERRUPTED)
    return status if isinstance(status, int) else 0


def _report(line: str, status: int) -> int:
    print(f"llmecon: {line}", file=sys.stderr)
    return status


def _one_line(error: Exception) -> str | None:
    """What a person can do something about, in one line; None for a fault of ours."""
    if hasattr(error, "format_message"):  # a usage error of the command line itself
        return _joined(error.format_message())
    if isinstance(error, ModuleNotFoundError):
        return f"{error.name} is not installed: pip install 'llmecon[book]'"
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    if isinstance(error, ValueError) and hasattr(error, "errors"):  # pydantic's
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        return _joined(f"{where}: {first['msg']}" if where else first["msg"])
    if isinstance(error, ValueError | LookupError):
        return _joined(str(error.args[0]) if error.args else type(error).__name__)
    return None


def _joined(text: str) -> str:
    return " ".join(text.split())
