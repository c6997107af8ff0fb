"""What a worksheet says about an answer: one line on what is wrong with it, or nothing.

An answer earns its first point for the right idea, which a slip of units does not spoil, and the
rest for the right number. Right answers come from the library, in ``answers.py``.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from numbers import Real
from textwrap import shorten
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

SLIPS = {
    1e3: "1,000",
    1e6: "a million",
    1e9: "a billion",
    60.0: "60",
    3600.0: "3,600",
    100.0: "100",
}
_MIXED = {
    60.0: "minutes and seconds are mixed up",
    3600.0: "hours and seconds are mixed up",
    100.0: "no cents or percent",
}


class Wrong(Exception):
    """What to tell the student, in one line."""


def only_the_message() -> None:
    """Let otter show what is wrong with an answer, not the line of the test that found it."""
    from otter.test_files.exception_test import ExceptionTestFile

    ExceptionTestFile._generate_error_message = lambda test, error, context=0: str(error)


def filled(given: Any) -> Any:
    """An answer that is there."""
    if given is None:
        raise Wrong(
            "No answer yet: run its cell. If the cell stops with an error, mend that first. "
            "And store the number itself: print gives nothing back."
        )
    if given is ...:
        raise Wrong(
            "The answer is empty: put it in place of the three dots, and run the cell. "
            "If the cell stops with an error, mend that first."
        )
    return given


def number(given: Any) -> float:
    """An answer as one finite number."""
    given = filled(given)
    if isinstance(given, str):
        raise Wrong(f"The answer is text, {given!r}: give a number, without quotes and unit.")
    if isinstance(given, pd.DataFrame):
        raise Wrong(f"The answer is a table of {len(given)} rows: one number is asked, so pick it.")
    if isinstance(given, pd.Series | np.ndarray | list | tuple):
        if np.size(given) != 1:
            raise Wrong(
                f"The answer holds {np.size(given)} values: one number is asked, so pick it."
            )
        given = np.ravel(given)[0]
    if not isinstance(given, Real) or isinstance(given, bool | np.bool_):
        kind = type(given).__name__
        raise Wrong(
            f"The answer is of type {kind}: one number is asked, perhaps one that it holds."
        )
    if not math.isfinite(given):
        raise Wrong(
            f"The answer is {given}: a finite number is asked. "
            "Is something divided by 0, or too large for the memory?"
        )
    return float(given)


@dataclass(frozen=True)
class Number:
    """One number.

    Attributes
    ----------
    right : callable
        Gives the right answer.
    unit : str
        Unit of the answer, as the student reads it.
    hint : str
        What to look at if nothing else is known.
    mistaken : dict of str to callable
        Known mistakes, as "That is ...", with the number that each gives.
    share : float
        How far off still counts as right.
    """

    right: Callable[[], float]
    unit: str
    hint: str
    mistaken: dict[str, Callable[[], float]] = field(default_factory=dict)
    share: float = 0.01

    def _near(self, given: float, wanted: float) -> bool:
        return math.isclose(given, wanted, rel_tol=self.share)

    def _slip(self, given: float) -> str:
        """How many times off it is by a slip of units; empty if by none."""
        right = float(self.right())
        for factor, words in SLIPS.items():
            mixed = _MIXED.get(factor, "look at the unit")
            if self._near(given, right * factor):
                return f"{words} times too large: {mixed}. Asked is {self.unit}."
            if self._near(given, right / factor):
                return f"{words} times too small: {mixed}. Asked is {self.unit}."
        return ""

    def idea(self, given: Any) -> None:
        """Pass what is right but for a slip of units."""
        value = number(given)
        if not (self._near(value, float(self.right())) or self._slip(value)):
            self.exact(value)

    def exact(self, given: Any) -> None:
        """Pass what is right."""
        value, right = number(given), float(self.right())
        if self._near(value, right):
            return
        for words, wrong in self.mistaken.items():
            if self._near(value, float(wrong())):
                raise Wrong(f"{value:.4g} is {words}. Asked is {self.unit}.")
        if slip := self._slip(value):
            raise Wrong(f"{value:.4g} is {slip}")
        way = "large" if value > right else "small"
        raise Wrong(f"{value:.4g} is too {way} for {self.unit}. {self.hint}")


@dataclass(frozen=True)
class Table:
    """A frame with certain rows, told by one column."""

    right: Callable[[], pd.DataFrame]
    key: str
    hint: str

    def idea(self, given: Any) -> None:
        """Pass a frame with the column that tells its rows apart."""
        given = filled(given)
        if not isinstance(given, pd.DataFrame):
            kind = type(given).__name__
            raise Wrong(f"The answer is of type {kind}: a table (pandas.DataFrame) is asked.")
        if self.key not in given:
            raise Wrong(f"The table has no column {self.key!r}: keep all columns of the catalogue.")

    def exact(self, given: Any) -> None:
        """Pass the right rows, in any order."""
        self.idea(given)
        has, wanted = set(given[self.key]), set(self.right()[self.key])
        if extra := sorted(has - wanted):
            raise Wrong(f"{len(extra)} rows too many, such as {extra[0]}. {self.hint}")
        if missing := sorted(wanted - has):
            raise Wrong(f"{len(missing)} rows are missing, such as {missing[0]}. {self.hint}")


def _encoding(given: Any) -> dict[str, Any]:
    """What a chart, or the first of its layers, shows on which axis."""
    if not isinstance(given, alt.TopLevelMixin):
        kind = type(given).__name__
        raise Wrong(f"The answer is of type {kind}: a chart is asked, alt.Chart(...).mark_...")
    try:
        drawn = given.to_dict()
    except (TypeError, ValueError, alt.utils.schemapi.SchemaValidationError) as error:
        told = shorten(str(error), 150, placeholder=" ...")  # one line of several
        raise Wrong(f"The chart cannot be drawn: {told.rstrip('.')}.") from None
    layers = drawn.get("layer") or [{}]
    return drawn.get("encoding", {}) | layers[0].get("encoding", {})


@dataclass(frozen=True)
class Figure:
    """An Altair chart with labelled axes.

    Attributes
    ----------
    logarithmic : tuple of str
        Axes that span powers of ten, so that a logarithmic scale shows them.
    """

    logarithmic: tuple[str, ...]

    def idea(self, given: Any) -> None:
        """Pass a chart with two axes."""
        encoding = _encoding(filled(given))
        for axis in ("x", "y"):
            if axis not in encoding:
                raise Wrong(f"The chart has no {axis} axis: name it in .encode({axis}=...).")

    def exact(self, given: Any) -> None:
        """Pass a chart whose axes have titles with units, and the scale that the numbers need."""
        self.idea(given)
        encoding = _encoding(given)
        for axis in ("x", "y"):
            title = encoding[axis].get("title") or (encoding[axis].get("axis") or {}).get("title")
            timed = encoding[axis].get("type") == "temporal"
            if not title or not (timed or "[" in title):
                raise Wrong(f"The {axis} axis needs a title with its unit in brackets.")
        for axis in self.logarithmic:
            if (encoding[axis].get("scale") or {}).get("type") != "log":
                raise Wrong(f"The {axis} axis spans powers of ten: give it a logarithmic scale.")
