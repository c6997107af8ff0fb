"""The command ``llmecon``: the library's answers as tables, CSV and JSON.

A wrong value or name becomes one line on standard error and exit status 2.
"""

import os
import sys
import warnings
from collections.abc import Sequence
from functools import cache
from importlib.metadata import entry_points
from typing import TextIO

import typer

# Each room registers its commands when it is imported.
from llmecon.cli import calibrating, fitting, laws, lists, serving, sizes, trending  # noqa: F401
from llmecon.cli.app import app
from llmecon.cli.output import printable

__all__ = ["app", "main"]

_BAD_INPUT, _INTERRUPTED = 2, 130
_LONGEST_LINE = 900  # characters; what somebody gave, and is told back, may be megabytes


@cache
def _join_others() -> None:
    """Let other packages add their commands, by the entry point ``llmecon.commands``."""
    for more in entry_points(group="llmecon.commands"):
        more.load()(app)


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
    if sys.stdout is None:
        return _report("standard output is closed", _BAD_INPUT)
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        _join_others()
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)  # an overflow is no answer
            status = app(words, prog_name="llmecon", standalone_mode=False)
        sys.stdout.flush()  # a full disk shows here, or when it is too late to say so
    except (KeyboardInterrupt, typer.Abort):
        return _report("interrupted", _INTERRUPTED)
    except Exception as error:
        if isinstance(error, OSError) and not error.filename:  # no later flush may fail again
            _silence(sys.stdout)
            if isinstance(error, BrokenPipeError):  # the reader of a pipe has seen enough
                return 1
        line = _one_line(error)
        if line is None or os.environ.get("LLMECON_TRACEBACK"):
            raise
        return _report(line, _BAD_INPUT) if line else _BAD_INPUT  # no line: help was shown
    if status == _INTERRUPTED:
        return _report("interrupted", _INTERRUPTED)
    return status if isinstance(status, int) else 0


def _report(line: str, status: int) -> int:
    if sys.stderr is not None:  # closed: nobody to tell
        said = printable(" ".join(line.split()))
        more = "…" if len(said) > _LONGEST_LINE else ""
        try:
            print(f"llmecon: {said[:_LONGEST_LINE]}{more}", file=sys.stderr, flush=True)
        except OSError:  # full; Python's own flush at the end would change the status
            _silence(sys.stderr)
    return status


def _silence(stream: TextIO) -> None:
    """What is still to be written to it goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _one_line(error: Exception) -> str | None:
    """What a person can do something about; None for a fault of ours."""
    if hasattr(error, "format_message"):  # a usage error of the command line itself
        return str(error.format_message())
    if isinstance(error, ModuleNotFoundError):
        return f"{error.name} is not installed: pip install 'llmecon[book]'"
    if isinstance(error, RuntimeWarning):
        return f"a number is too large or too small to compute with: {error}"
    if isinstance(error, MemoryError):
        return f"not enough memory: {error}".rstrip(": ")
    if isinstance(error, FileNotFoundError) and not error.filename:
        return "the working folder is not there any more"
    if isinstance(error, OSError):
        said = error.strerror or str(error)
        return f"{error.filename}: {said}" if error.filename else said
    if isinstance(error, ValueError) and hasattr(error, "errors"):  # pydantic's
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        return f"{where}: {first['msg']}" if where else str(first["msg"])
    if isinstance(error, UnicodeEncodeError):
        return f"{error.encoding} cannot write this table: set PYTHONIOENCODING=utf-8"
    if isinstance(error, ValueError | LookupError):
        return str(error.args[0]) if error.args else type(error).__name__
    return None
