"""The key numbers of chapters: before and after, and over the points of a sweep."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from llmecon_book.run.execution import Task

RECORD = "application/papermill.record/"
_GLUED = f"{RECORD}text/plain"


def key_numbers(text: str) -> dict[str, Any]:
    """Numbers and words that an executed notebook stores for its prose, by key, in its order.

    Parameters
    ----------
    text : str
        The notebook as JSON, with its outputs; charts are left out.
    """
    found: dict[str, Any] = {}
    for cell in json.loads(text)["cells"]:
        for output in cell.get("outputs", []):
            key = output.get("metadata", {}).get("scrapbook", {}).get("name")
            data = output.get("data", {})
            records = [kind for kind in data if kind.startswith(RECORD)]
            if key and records == [_GLUED]:  # a chart has a picture as well
                found[key] = value("".join(data[_GLUED]))
    return found


def value(stored: str) -> Any:
    """A number or word as a notebook stores it.

    Examples
    --------
    >>> value("70.6"), value("'GPT-4'"), value("GPT-4")
    (70.6, 'GPT-4', 'GPT-4')
    """
    try:
        return ast.literal_eval(stored)  # texts are stored with their quotes
    except (SyntaxError, ValueError):
        return stored


def shown(number: Any) -> str:
    """A key number for people: four digits.

    Examples
    --------
    >>> [shown(number) for number in (2 / 3, 24_000.5, 70.6e9, "GPT-4", True)]
    ['0.6667', '24,000', '7.06e+10', 'GPT-4', 'True']
    """
    if not _is_number(number):
        return str(number)
    return f"{number:,.0f}" if 1e4 <= abs(number) < 1e7 else f"{number:.4g}"


def _is_number(thing: Any) -> bool:
    return isinstance(thing, int | float) and not isinstance(thing, bool)


def changes(runs: Iterable[tuple[Task, str]]) -> pd.DataFrame:
    """Key numbers of executed notebooks beside the book's stored ones, changed ones first.

    Returns
    -------
    pandas.DataFrame
        Columns ``chapter``, ``key``, ``before``, ``after``, ``ratio`` (after divided by before,
        if both are numbers [1]) and ``changed``.
    """
    rows = []
    for task, text in runs:
        book, now = key_numbers(task.text), key_numbers(text)
        for key in book | now:
            old, new = book.get(key), now.get(key)
            ratio = new / old if _is_number(old) and _is_number(new) and old else None
            rows.append((task.chapter, key, old, new, ratio, old != new))
    columns = ["chapter", "key", "before", "after", "ratio", "changed"]
    frame = pd.DataFrame(rows, columns=columns).astype({"before": object, "after": object})
    return frame.sort_values("changed", ascending=False, kind="stable", ignore_index=True)


def sweep_table(runs: Iterable[tuple[Mapping[str, Any], Task, str]]) -> pd.DataFrame:
    """Key numbers of every point of a sweep, one row a point, chapter and key.

    Parameters
    ----------
    runs : iterable of (mapping, Task, str)
        The point (values by ``chapter.parameter``), the run, the executed notebook.

    Returns
    -------
    pandas.DataFrame
        One column for each swept parameter (``chapter.parameter``), then ``chapter``, ``key``
        and ``value``.
    """
    return pd.DataFrame(
        {**point, "chapter": task.chapter, "key": key, "value": number}
        for point, task, text in runs
        for key, number in key_numbers(text).items()
    )


def side_by_side(frame: pd.DataFrame, swept: Sequence[str]) -> pd.DataFrame:
    """Key numbers that differ between points: one row a key, one column a point.

    Parameters
    ----------
    frame : pandas.DataFrame
        From :func:`sweep_table`.
    swept : sequence of str
        Its columns of swept parameters.
    """
    said = frame[list(swept)].astype(str).agg(", ".join, axis=1)
    wide = frame.assign(point=said).pivot(index=["chapter", "key"], columns="point", values="value")
    order = pd.MultiIndex.from_frame(frame[["chapter", "key"]].drop_duplicates())
    wide = wide.reindex(index=order, columns=said.unique())
    differs = wide.astype(str).nunique(axis=1) > 1
    return wide[differs].reset_index().rename_axis(columns=None)
