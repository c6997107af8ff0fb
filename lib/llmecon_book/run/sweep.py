"""The same run over a grid of values."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np

from llmecon_book.run.parameters import Parameter, find

Axis = tuple[str, list[Any]]
"""A parameter, as ``chapter.parameter``, and its values."""

_STEPS = re.compile(r"([^:,]+):([^:,]+):(\d+)(:log)?")
_MOST_STEPS = 10_000

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
        ``1:3:5`` stands for five numbers at even distances from 1 to 3, ``1:100:3:log`` for
        three at even ratios; for a list of numbers they are its one value.
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
    one_list, steps = parameter.type.startswith("list"), _STEPS.fullmatch(match[3].strip())
    numeric = parameter.type.removeprefix("list[").rstrip("]") in ("int", "float")
    if steps and numeric:
        numbers = _steps(parameter, *steps.groups(""))
        found = [numbers] if one_list else numbers
    else:
        parts = [match[3]] if one_list else match[3].split(",")
        found = [_read(part.strip(), parameter) for part in parts]
    values = [parameter.checked(value) for value in found]
    _demand_once(values, f"{parameter.label}: {{}} is given twice")
    return parameter.label, values


def _steps(parameter: Parameter, start: str, stop: str, n: str, log: str) -> list[Any]:
    """Numbers from start to stop; whole ones where the parameter is whole."""
    ends = [_read(end, replace(parameter, type="float")) for end in (start, stop)]
    if not 2 <= int(n) <= _MOST_STEPS:
        told = f"start:stop:n needs n from 2 to {_MOST_STEPS:,}"
        raise ValueError(f"{parameter.label}: {told}, got {n}")
    if log and min(ends) <= 0:
        raise ValueError(f"{parameter.label}: even ratios need ends > 0, got {start}:{stop}")
    low, high = ends
    spaced = (np.geomspace if log else np.linspace)(low, high, int(n)).tolist()
    if "int" in parameter.type:
        return list(dict.fromkeys(round(number) for number in spaced))
    return [float(f"{number:.12g}") for number in spaced]  # 0.3, not 0.30000000000000004


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
