"""The one import of a chapter: charts, tables and numbers in prose behave alike."""

from __future__ import annotations

import ast
import re
import typing
import warnings
from collections.abc import Iterable
from datetime import date
from typing import Any

import altair as alt
import numpy as np
from IPython.display import Image, Markdown, display

from llmecon._names import UnknownName
from llmecon_book import parameters
from llmecon_book.chapters import Section
from llmecon_book.charts import pictures, theme
from llmecon_book.words import escaped

__all__ = ["check_parameters", "figure", "np", "say", "show", "show_all"]

theme.enable()
warnings.filterwarnings("ignore", category=DeprecationWarning)  # would be stored with their paths


def check_parameters(namespace: dict[str, Any]) -> None:
    """Stop before anything is computed if a parameter is unknown or has a value that cannot be.

    Papermill puts in whatever it is given, below the cell that declares the parameters; both are
    read back from what the kernel has run. A parameter that another one switches off is named.

    Parameters
    ----------
    namespace : dict
        ``globals()`` of the chapter.

    Raises
    ------
    ValueError
        Naming the parameter, what it must be, and what was given.
    UnknownName
        If no parameter, or no thing of its kind, is called so.

    Examples
    --------
    >>> cells = ["batch: int = 8  # [sequences] 1..64", "# Parameters\\nbatch = 65", "check"]
    >>> check_parameters({"__annotations__": {"batch": int}, "batch": 65, "In": cells})
    Traceback (most recent call last):
    ValueError: batch must be <= 64, got 65 [sequences]
    """
    annotated = namespace.get("__annotations__", {})
    before = namespace.get("In", [])[:-1]
    at = max((at for at, cell in enumerate(before) if _declares(cell, annotated)), default=None)
    if at is None:  # not in a kernel: the types alone
        known = {name: _bare(name, kind, namespace[name]) for name, kind in annotated.items()}
        injected = ""
    else:
        known = parameters.read(before[at])
        injected = "\n".join(c for c in before[at:] if c.startswith(_PAPERMILL))
    for node in ast.walk(ast.parse(injected)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id not in known:
            raise UnknownName("parameter", node.id, known)
    values = {name: known[name].checked(namespace[name]) for name in known}
    parameters.demand_agreement(known, values)
    for line in parameters.unused(known, values):
        _display(show(f"**Note:** {line}."))


_PAPERMILL = "# Parameters"  # first line of the cell that it puts in


def _declares(cell: str, names: Iterable[str]) -> bool:
    return all(re.search(rf"^{name}: ", cell, re.M) for name in names) and bool(names)


def _bare(name: str, kind: Any, value: Any) -> parameters.Parameter:
    label = str(kind) if typing.get_args(kind) else kind.__name__
    return parameters.Parameter("", name, label, value)


def say(found: Section) -> None:
    """Store what a section found for the prose, which shows it with ``{glue:text}`name:form```."""
    said = {name: _stored(value) for name, value in found.said()}
    if _showing:
        rows = (f"| `{name}` | {escaped(value)} |" for name, value in said.items())
        _display(show("\n".join(["| number | value |", "|---|---|", *rows])))
    else:
        for name, value in said.items():
            _glue(name, value)


_STORED_DIGITS = 6  # a fit's seventh differs from processor to processor


def _stored(value: Any) -> Any:
    """A value as the notebook keeps it: plain, short, the same on every machine."""
    if isinstance(value, np.generic | np.ndarray):
        value = value.item()
    if isinstance(value, float):
        value = float(f"{value:.{_STORED_DIGITS}g}")
        return int(value) if value.is_integer() and abs(value) < 1e8 else value
    if isinstance(value, int):
        return value
    return f"{value:%Y-%m-%d}" if isinstance(value, date) else str(value)


def figure(key: str, chart: alt.TopLevelMixin) -> None:
    """Store a chart under a key; prose places it with ``{glue:figure}``."""
    if _showing:
        _display(Image(pictures.png(chart.to_dict())))  # type: ignore[no-untyped-call]
    else:
        _glue(key, chart)


def _glue(key: str, thing: object) -> None:
    from myst_nb import glue  # slow to load, and no use in a copy

    glue(key, thing, display=False)


def _display(thing: object) -> None:
    display(thing)  # type: ignore[no-untyped-call]


_showing = False


def show_all() -> None:
    """From now on `say` and `figure` show what they store: for copies, whose text is fixed."""
    global _showing
    _showing = True


def show(markdown: str) -> Markdown:
    """Text made by the library, shown as Markdown."""
    return Markdown(markdown)  # type: ignore[no-untyped-call]
