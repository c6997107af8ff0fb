"""The one import of a chapter: charts, tables and numbers in prose behave alike."""

from __future__ import annotations

import typing
import warnings
from datetime import date
from typing import Any

import altair as alt
import numpy as np
from IPython.display import Image, Markdown, display

from llmecon_book.chapters import Section
from llmecon_book.charts import pictures, theme
from llmecon_book.words import escaped

__all__ = ["check_parameters", "figure", "np", "say", "show", "show_all"]

theme.enable()
warnings.filterwarnings("ignore", category=DeprecationWarning)  # would be stored with their paths


def check_parameters(namespace: dict[str, Any]) -> None:
    """Stop at once if a parameter lost its declared type.

    Papermill puts in whatever it is given; the annotations of the parameters cell survive that.

    Parameters
    ----------
    namespace : dict
        ``globals()`` of the chapter.

    Raises
    ------
    TypeError
        Naming the parameter, its type and what was given.

    Examples
    --------
    >>> check_parameters({"__annotations__": {"batch": int}, "batch": 8})
    >>> check_parameters({"__annotations__": {"names": list[str]}, "names": ["GPT-4", 4]})
    Traceback (most recent call last):
    TypeError: names must be list[str], got ['GPT-4', 4]
    """
    for name, wanted in namespace.get("__annotations__", {}).items():
        if not _fits(namespace[name], wanted):
            label = wanted.__name__ if isinstance(wanted, type) else str(wanted)
            label = str(wanted) if typing.get_args(wanted) else label
            raise TypeError(f"{name} must be {label}, got {namespace[name]!r}")


def _fits(value: Any, wanted: Any) -> bool:
    inner = typing.get_args(wanted)
    if typing.get_origin(wanted) is list:
        return isinstance(value, list) and all(_fits(v, inner[0]) for v in value)
    if wanted is float:  # True is an int to Python, not to a reader
        return type(value) in (int, float)
    return type(value) is wanted


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
