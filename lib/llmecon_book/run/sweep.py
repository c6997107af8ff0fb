"""The same run over a grid of values."""

import json
import re
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from llmecon_book.run.parameters import Parameter, find

Axis = tuple[str, str, list[Any]]

_WORDS = {"true": True, "false": False}


def parse_axis(text: str, known: Mapping[str, Mapping[str, Parameter]]) -> Axis:
    """Chapter, parameter and values from ``chapter.parameter=1,2,3``.

    Parameters
    ----------
    text : str
        Values are read as the declared type; a list is given as JSON and is one value.
    known : mapping
        Declared parameters by chapter.

    Raises
    ------
    UnknownName
        If chapter or parameter is unknown.
    ValueError
        If the text has another form, or a value the wrong type or range.
    """
    match = re.fullmatch(r"([\w-]+)\.(\w+)=(.+)", text, re.S)
    if not match:
        raise ValueError(f"expected CHAPTER.PARAMETER=VALUE,VALUE,... but got {text!r}")
    chapter, name, values = match[1], match[2], match[3]
    parameter = find(known, chapter, name)
    parts = [values] if parameter.type.startswith("list") else values.split(",")
    read = [parameter.checked(_read(part.strip(), parameter)) for part in parts]
    twice = [value for at, value in enumerate(read) if value in read[:at]]
    if twice:
        raise ValueError(f"{chapter}.{name}: {twice[0]} is given twice")
    return chapter, name, read


def _read(text: str, parameter: Parameter) -> Any:
    readers: dict[str, Any] = {"int": _integer, "float": float, "str": str}
    readers["bool"] = lambda word: _WORDS[word.lower()]
    try:
        return readers.get(parameter.type, json.loads)(text)
    except (KeyError, ValueError) as error:
        raise ValueError(
            f"{parameter.chapter}.{parameter.name} must be {parameter.type}, got {text!r}"
        ) from error


def _integer(text: str) -> int:
    value = float(text)  # so that 1e9 will do
    if value % 1:
        raise ValueError(text)
    return int(value)


def points(axes: Sequence[Axis]) -> list[dict[str, dict[str, Any]]]:
    """Every combination of the axes' values, by chapter and parameter.

    Raises
    ------
    ValueError
        If two axes vary the same parameter.

    Examples
    --------
    >>> points([("reversal", "price", [1, 2]), ("reversal", "batch", [8])])
    [{'reversal': {'price': 1, 'batch': 8}}, {'reversal': {'price': 2, 'batch': 8}}]
    """
    names = [(chapter, name) for chapter, name, _ in axes]
    for at, (chapter, name) in enumerate(names):
        if (chapter, name) in names[:at]:
            raise ValueError(f"{chapter}.{name} is swept twice: give all its values at once")
    grid = []
    for values in product(*(axis[2] for axis in axes)):
        point: dict[str, dict[str, Any]] = {}
        for (chapter, name), value in zip(names, values, strict=True):
            point.setdefault(chapter, {})[name] = value
        grid.append(point)
    return grid


def flat(point: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Values of a point by ``chapter.parameter``."""
    return {f"{c}.{name}": value for c, names in point.items() for name, value in names.items()}
