"""How far each parameter of a chapter moves one of its numbers, one at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from llmecon_book.run.parameters import Parameter
from llmecon_book.run.sweep import Axis

RULE = (
    "A parameter goes to the ends of its declared range; without one an amount is halved and "
    "doubled, a share between 0 and 1 goes half of the way to either end, a switch is turned. "
    "Names, days and lists stay unless --over gives values for them."
)


def spread(parameter: Parameter) -> list[Any]:
    """Values that stand for the range of a parameter, by `RULE`; none if it has no such range.

    Examples
    --------
    >>> rent = Parameter("reversal", "usd_per_gpu_hour", "float", 3.0, "USD/h")
    >>> spread(rent), spread(Parameter("reversal", "share", "float", 0.8, "1"))
    ([1.5, 6.0], [0.4, 0.9])
    """
    default = parameter.default
    if parameter.type == "bool":
        return [not default]
    if parameter.type not in ("int", "float"):
        return []
    if parameter.minimum is not None and parameter.maximum is not None:
        ends: list[float] = [parameter.minimum, parameter.maximum]
    elif parameter.type == "float" and parameter.unit == "1" and 0 < default < 1:
        ends = [default / 2, (default + 1) / 2]
    else:
        ends = [default / 2, default * 2]
    if parameter.type == "int":
        ends = [max(round(end), 1) for end in ends] if default > 0 else [round(e) for e in ends]
    return [value for value in dict.fromkeys(ends) if value != default]


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
