"""The key numbers of chapters: before and after, over the points of a sweep, by names in words."""

from __future__ import annotations

import ast
import csv
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from llmecon import catalog
from llmecon_book.words import short, written

if TYPE_CHECKING:
    from llmecon_book.run.execution import Task

RECORD = "application/papermill.record/"
_GLUED = f"{RECORD}text/plain"
_VERDICT = "verdict-"  # a key that holds what the ledger says of a claim in this run
PLACES = ("verdict", "answer", "takeaway", "text")
"""Where a number counts, most important first."""


class Name(NamedTuple):
    """What a key number is called, and its unit; 1 for a ratio, empty for a word."""

    name: str
    unit: str


@cache
def names() -> dict[tuple[str, str], Name]:
    """Names of the chapters' key numbers, by chapter and key."""
    path = Path(__file__).parents[1] / "chapters" / "key_numbers.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {(row["chapter"], row["key"]): Name(row["name"], row["unit"]) for row in rows}


def named(chapter: str, key: str) -> Name:
    """Name and unit of a key; what has none in the table is called by its key.

    Examples
    --------
    >>> named("reversal", "gpt4_price"), named("errata", "n_laws").name
    (Name(name='price of GPT-4', unit='USD per million tokens'), 'n laws')
    """
    if key.startswith(_VERDICT):
        claim = key.removeprefix(_VERDICT)
        return Name(f"verdict on {claim}{_stated(claim)}", "")
    return names().get((chapter, key), Name(key.replace("_", " "), ""))


def _stated(claim: str) -> str:
    import llmecon_book.facts  # noqa: F401  # the catalogue knows these tables from it

    for table, column in (("claims", "claim"), ("propositions", "proposition")):
        sentences = catalog.table(table).set_index("id")[column]
        if claim in sentences:
            return f": {sentences[claim]}"
    return ""


def find(chapter: str, wanted: str, numbers: Mapping[str, Any]) -> str:
    """Key of a chapter's number by key or by name.

    Parameters
    ----------
    chapter : str
        Chapter.
    wanted : str
        Key, or its name in words; case does not count.
    numbers : mapping
        What the chapter glues, by key.

    Raises
    ------
    LookupError
        If no number is called so; those that share most words with it are suggested.
    """
    keys = [key for key, number in numbers.items() if is_number(number)]
    called = {key: named(chapter, key).name for key in keys}
    for key, name in called.items():
        if wanted.lower() in (key.lower(), name.lower()):
            return key
    words = _words(wanted)
    near = sorted(keys, key=lambda key: -len(words & (_words(called[key]) | _words(key))))[:3]
    told = "; ".join(f"{key} ({called[key]})" for key in near)
    raise LookupError(f"no number of {chapter} is called {wanted!r}; nearest: {told}")


def _words(text: str) -> set[str]:
    return set(re.sub(r"'s\b|[^a-z0-9 ]", "", text.lower().replace("_", " ")).split())


def key_numbers(text: str) -> dict[str, Any]:
    """Numbers and words that an executed notebook stores for its prose, by key, in its order.

    Parameters
    ----------
    text : str
        The notebook as JSON, with its outputs; charts are left out.
    """
    return {
        key: value("".join(data[_GLUED]))
        for key, data in _glued(text)
        if [kind for kind in data if kind.startswith(RECORD)] == [_GLUED]  # a chart has more
    }


def figures(text: str, mime: str) -> dict[str, dict[str, Any]]:
    """Specifications of the charts that an executed notebook stores, by key."""
    return {key: data[RECORD + mime] for key, data in _glued(text) if RECORD + mime in data}


def _glued(text: str) -> Iterable[tuple[str, dict[str, Any]]]:
    for cell in json.loads(text)["cells"]:
        for output in cell.get("outputs", []):
            key = output.get("metadata", {}).get("scrapbook", {}).get("name")
            if key:
                yield key, output.get("data", {})


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
    """A key number for people: four digits, millions and more as the field writes them.

    Examples
    --------
    >>> [shown(number) for number in (2 / 3, 24_000.5, 70.6e9, 3.8e26, "GPT-4", True)]
    ['0.6667', '24,000', '70.6B', '3.8e+26', 'GPT-4', 'True']
    """
    if not is_number(number):
        return "" if number is None else str(number)
    if 1e6 <= abs(number) < 1e16:
        return short(number)
    return f"{number:,.0f}" if 1e4 <= abs(number) < 1e6 else f"{number:.4g}"


def is_number(thing: Any) -> bool:
    """Whether a key holds a number and no word."""
    return isinstance(thing, int | float) and not isinstance(thing, bool)


_ANSWER = re.compile(r":::\{admonition\} In short\n:class: answer\n(.*?)\n:::", re.S)
_BOLD = re.compile(r"\*\*(.+?)\*\*", re.S)
_GLUE = re.compile(r"\{(?:glue:text|extrapolated)\}`(?:([^`]*)::)?(\w[\w-]*)(?::([^`]*))?`")
_ROLE = re.compile(r"\{[\w:]+\}`([^`<]+?)(?:\s*<[^>]*>)?`")
_CLAIM = re.compile(r"\s*\{claim\}`[^`]*`")


def _prose(text: str) -> str:
    cells = json.loads(text)["cells"]
    return "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")


def places(text: str) -> dict[str, str]:
    """Where a chapter uses its numbers: in its answer, in a takeaway in bold; else in its text."""
    prose = _prose(text)
    found: dict[str, str] = {}
    for place, pattern in (("takeaway", _BOLD), ("answer", _ANSWER)):
        for part in pattern.findall(prose):
            found |= {key: place for page, key, _ in _GLUE.findall(part) if not page}
    return found


def answer(text: str, pages: Mapping[str, str]) -> list[str]:
    """The lines that open an executed chapter, with their numbers, without marks.

    A number whose form the new value does not know stands as it is.

    Parameters
    ----------
    text : str
        The executed notebook, as JSON.
    pages : mapping
        The other notebooks by chapter, for the numbers that it takes from them.
    """
    found = _ANSWER.search(_prose(text))
    own = key_numbers(text)

    def number(mark: re.Match[str]) -> str:
        page, key, form = mark.groups("")
        stored = (key_numbers(pages[Path(page).stem]) if page else own)[key]
        try:
            return written(stored, "" if form == "s" else form)
        except ValueError:
            return shown(stored)

    lines = re.split(r"\n\s*\n", found[1]) if found else []
    plain = (_ROLE.sub(r"\1", _GLUE.sub(number, _CLAIM.sub("", line))) for line in lines)
    return [" ".join(line.replace("**", "").split()) for line in plain]


def changes(runs: Iterable[tuple[str, str, str]]) -> pd.DataFrame:
    """Key numbers of executed notebooks beside those of earlier runs, most important first.

    Parameters
    ----------
    runs : iterable of (str, str, str)
        Chapter, its notebook before, its notebook after.

    Returns
    -------
    pandas.DataFrame
        Columns ``chapter``, ``key``, ``name``, ``unit``, ``place`` (see ``PLACES``), ``before``,
        ``after``, ``ratio`` (after over before, if both are numbers [1]), ``changed``. Changed
        ones come first, in the order of their places, then the larger change before the smaller.
    """
    rows: list[dict[str, Any]] = []
    for chapter, before, after in runs:
        book, now, where = key_numbers(before), key_numbers(after), places(after)
        for key in book | now:
            old, new = book.get(key), now.get(key)
            both = is_number(old) and is_number(new)
            place = "verdict" if key.startswith(_VERDICT) else where.get(key, "text")
            rows.append(
                {
                    "chapter": chapter,
                    "key": key,
                    **named(chapter, key)._asdict(),
                    "place": place,
                    "before": old,
                    "after": new,
                    "ratio": new / old if both and old else None,
                    "changed": old != new,
                    "_order": (old == new, PLACES.index(place), -_size(old, new)),
                }
            )
    rows.sort(key=lambda row: row["_order"])
    frame = pd.DataFrame(rows)
    return frame.drop(columns="_order").astype({"before": object, "after": object})


def _size(old: Any, new: Any) -> float:
    """How much a number moved; another sign or a new number is the most, a word counts least."""
    if old == new or not (is_number(old) or is_number(new)):
        return 0.0
    both = is_number(old) and is_number(new) and old * new > 0
    return abs(math.log(new / old)) if both else math.inf


def sweep_table(runs: Iterable[tuple[Mapping[str, Any], Task, str]]) -> pd.DataFrame:
    """Key numbers of every point of a sweep, one row a point, chapter and key.

    Parameters
    ----------
    runs : iterable of (mapping, Task, str)
        The point (values by ``chapter.parameter``), the run, the executed notebook.

    Returns
    -------
    pandas.DataFrame
        One column for each swept parameter (``chapter.parameter``), then ``chapter``, ``key``,
        ``name``, ``unit`` and ``value``.
    """
    return pd.DataFrame(
        {
            **point,
            "chapter": task.chapter,
            "key": key,
            **named(task.chapter, key)._asdict(),
            "value": number,
        }
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
    told = ["chapter", "key", "name", "unit"]
    said = frame[list(swept)].astype(str).agg(", ".join, axis=1)
    wide = frame.assign(point=said).pivot(index=told, columns="point", values="value")
    order = pd.MultiIndex.from_frame(frame[told].drop_duplicates())
    wide = wide.reindex(index=order, columns=said.unique())
    differs = wide.astype(str).nunique(axis=1) > 1
    return wide[differs].reset_index().rename_axis(columns=None)
