"""The same run over a grid of values."""

import json
import re
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from llmecon_book.run.parameters import Parameter, find

Axis = tuple[str, list[Any]]
"""A parameter, as ``chapter.parameter``, and its values."""

_READERS: dict[str, Any] = {
    "int": lambda text: _whole(float(text)),  # so that 1e9 will do
    "float": float,
    "str": str,
    "bool": lambda text: {"true": True, "false": False}[text.lower()],
}


def parse_axis(text: str, known: Mapping[str, Mapping[str, Parameter]]) -> Axis:
    """A parameter and its values, from ``chapter.parameter=1,2,3``.

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
    parameter = find(known, match[1], match[2])
    parts = [match[3]] if parameter.type.startswith("list") else match[3].split(",")
    values = [parameter.checked(_read(part.strip(), parameter)) for part in parts]
    _demand_once(values, f"{parameter.label}: {{}} is given twice")
    return parameter.label, values


def _read(text: str, parameter: Parameter) -> Any:
    try:
        return _READERS.get(parameter.type, json.loads)(text)
    except (KeyError, ValueError) as error:
        raise ValueError(f"{parameter.label} must be {parameter.type}, got {text!r}") from error


def _whole(value: float) -> int:
    if value % 1:
        raise ValueError(value)
    return int(value)


def _demand_once(things: Sequence[Any], message: str) -> None:
    for at, thing in enumerate(things):  # lists are no keys of a set
        if thing in things[:at]:
            raise ValueError(message.format(thing))


def points(axes: Sequence[Axis]) -> list[dict[str, Any]]:
    """Every combination of the axes' values, each by ``chapter.parameter``.

    Raises
    ------
    ValueError
        If two axes vary the same parameter.

    Examples
    --------
    >>> points([("reversal.price", [1, 2]), ("reversal.batch", [8])])
    [{'reversal.price': 1, 'reversal.batch': 8}, {'reversal.price': 2, 'reversal.batch': 8}]
    """
    names = [name for name, _ in axes]
    _demand_once(names, "{} is swept twice: give all its values at once")
    return [
        dict(zip(names, values, strict=True)) for values in product(*(axis[1] for axis in axes))
    ]
