"""How far each parameter of a chapter moves one of its numbers, one at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from llmecon_book.run.parameters import Parameter
from llmecon_book.run.sweep import Axis

RULE = (
    "A parameter goes to the ends of its declared range; where it has none, or the chapter refuses "
    "an end, an amount is halved or doubled, and a share between 0 and 1 goes half of the way to "
    "either end. A switch is turned. Names, days and lists stay unless --over gives them values."
)


def spread(parameter: Parameter) -> list[Any]:
    """Values that stand for the range of a parameter, by `RULE`; none if it has no such range.

    Examples
    --------
    >>> rent = Parameter("reversal", "usd_per_gpu_hour", "float", 3.0, "USD/h")
    >>> spread(rent), spread(Parameter("reversal", "share", "float", 0.8, "1"))
    ([1.5, 6.0], [0.4, 0.9])
    """
    if parameter.type == "bool":
        return [not parameter.default]
    if parameter.type not in ("int", "float"):
        return []
    low, high = parameter.minimum, parameter.maximum
    ends = _about(parameter) if low is None or high is None else [low, high]
    return [value for value in dict.fromkeys(ends) if value != parameter.default]


def nearer(parameter: Parameter, refused: Any) -> list[Any]:
    """What to try in place of an end of the range that the chapter refuses, if there is anything.

    Examples
    --------
    >>> chips = Parameter("mechanism", "chips", "int", 8, "accelerators", "", 1, 64)
    >>> nearer(chips, 1), nearer(chips, 64), nearer(chips, 16)
    ([4], [16], [])
    """
    if parameter.type not in ("int", "float"):
        return []
    value = _about(parameter)[int(refused > parameter.default)]
    between = min(refused, parameter.default) < value < max(refused, parameter.default)
    return [value] if between else []


def _about(parameter: Parameter) -> list[Any]:
    """A value below the default and one above."""
    default = parameter.default
    share = parameter.type == "float" and parameter.unit == "1" and 0 < default < 1
    ends = [default / 2, (default + 1) / 2 if share else default * 2]
    return [max(round(end), 1) for end in ends] if parameter.type == "int" and default else ends


def axes(parameters: Mapping[str, Parameter], over: Sequence[Axis]) -> tuple[list[Axis], list[str]]:
    """What is tried, and the parameters that stay where they are.

    Parameters
    ----------
    parameters : mapping
        Those of the chapter, by name.
    over : sequence of (str, list)
        Values that are given by hand, by ``chapter.parameter``.
    """
    given = dict(over)
    found = [(p.label, given.get(p.label) or spread(p)) for p in parameters.values()]
    tried = [(label, values) for label, values in found if values]
    return tried, [label for label, values in found if not values]


def table(runs: Sequence[tuple[str, Any, float]], book: float) -> pd.DataFrame:
    """What each value gave, the parameter that moves the number most on top.

    Parameters
    ----------
    runs : sequence of (str, object, float)
        Parameter, its value, the number.
    book : float
        The number with every parameter as it is.

    Returns
    -------
    pandas.DataFrame
        ``parameter``, ``value``, ``number``, ``change`` from the book's, and ``swing``, how far
        apart the parameter's ends are; the book's own value counts as one of them.
    """
    frame = pd.DataFrame(runs, columns=["parameter", "value", "number"]).astype({"value": object})
    frame["change"] = frame.number - book
    by = frame.groupby("parameter").change
    ends = by.transform("max").clip(lower=0) - by.transform("min").clip(upper=0)
    return frame.assign(swing=ends).sort_values(
        "swing", ascending=False, kind="stable", ignore_index=True
    )


def bar(change: float, most: float, width: int = 12) -> str:
    """A bar to the left or right of a middle line.

    Examples
    --------
    >>> bar(-5.0, 10.0, 4), bar(10.0, 10.0, 4)
    ('  ██│    ', '    │████')
    """
    n = round(width * abs(change) / most) if most else 0
    left, right = ("█" * n, "") if change < 0 else ("", "█" * n)
    return f"{left:>{width}}│{right:<{width}}"
