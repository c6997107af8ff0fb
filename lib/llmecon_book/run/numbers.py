"""The key numbers of a chapter, before and after."""

import ast
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from llmecon_book.run.running import Task

_GLUED = "application/papermill.record/text/plain"
_NUMBER = re.compile(r"(?P<digits>[-−+]?[\d,]*\.?\d+(e[-+]?\d+)?) ?(%|(?P<scale>[kMBT]))?")
_SCALES = {"": 1.0, "k": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}
_CHART = re.compile(r"^application/papermill\.record/(?!text/plain$)")


@dataclass(frozen=True, kw_only=True)
class Change:
    """One key number of the book, before and after.

    Attributes
    ----------
    chapter, key : str
        Where it is said, and its key.
    before, after : str or None
        As the text shows it; ``None`` where there is none.
    """

    chapter: str
    key: str
    before: str | None
    after: str | None

    @property
    def changed(self) -> bool:
        """Whether the text would read differently."""
        return self.before != self.after

    @property
    def ratio(self) -> float | None:
        """After divided by before, if both are numbers. [1]"""
        old, new = number(self.before), number(self.after)
        return new / old if old and new is not None else None


def number(text: str | None) -> float | None:
    """Value of a formatted number, or ``None`` for words.

    Examples
    --------
    >>> number("8,000"), number("41.4 %"), number("1.8T"), number("GPT-4")
    (8000.0, 41.4, 1800000000000.0, None)
    """
    match = _NUMBER.fullmatch(text or "")
    if not match:
        return None
    digits = match["digits"].replace(",", "").replace("−", "-")
    return float(digits) * _SCALES[match["scale"] or ""]


def key_numbers(path: Path) -> dict[str, str]:
    """Glued texts of an executed notebook by key; charts are left out.

    Parameters
    ----------
    path : pathlib.Path
        Notebook with its outputs.

    Returns
    -------
    dict
        In the order of the notebook.
    """
    found: dict[str, str] = {}
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        for output in cell.get("outputs", []):
            key = output.get("metadata", {}).get("scrapbook", {}).get("name")
            data = output.get("data", {})
            if key and _GLUED in data and not any(map(_CHART.match, data)):
                found[key] = _shown(data[_GLUED])
    return found


def _shown(stored: str | list[str]) -> str:
    text = stored if isinstance(stored, str) else "".join(stored)
    try:
        return str(ast.literal_eval(text))  # texts are stored with their quotes
    except (SyntaxError, ValueError):
        return text


def compare(tasks: Iterable[Task]) -> list[Change]:
    """Key numbers of finished runs beside the book's stored ones, changed ones first."""
    changes = []
    for task in tasks:
        before, after = key_numbers(task.source), key_numbers(task.target)
        changes += [
            Change(chapter=task.chapter, key=key, before=before.get(key), after=after.get(key))
            for key in before | after
        ]
    return sorted(changes, key=lambda change: not change.changed)  # stable


def table(changes: Iterable[Change]) -> pd.DataFrame:
    """Changes as a frame: chapter, key, before, after, ratio, changed."""
    rows: list[dict[str, Any]] = [
        {
            "chapter": c.chapter,
            "key": c.key,
            "before": c.before,
            "after": c.after,
            "ratio": c.ratio,
            "changed": c.changed,
        }
        for c in changes
    ]
    return pd.DataFrame(rows, columns=["chapter", "key", "before", "after", "ratio", "changed"])
