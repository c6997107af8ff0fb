"""Sentences whose numbers come from a computation.

A template is text with placeholders: ``{name:format}`` with the formats of Python, and

- ``{x:.1f/1e9}``: the number divided by 1e9;
- ``{x:words}``: two, twenty-five, digits from 100; ``{x:part}``: ninth, twenty-fifth;
- ``{x:day}``: 30 November 2022; ``{x:month}``: April 2025.
"""

import string
from collections.abc import Mapping
from typing import Any

import pandas as pd

from llmecon._checks import require
from llmecon._names import UnknownName

_TOO_LONG_IN_WORDS = 100
# fmt: off
_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen",
)
_TENS = (
    "zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
)
_MONTHS = (  # calendar.month_name follows the locale
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)
# fmt: on
_IRREGULAR = {
    "one": "first",
    "two": "half",
    "three": "third",
    "four": "quarter",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}


def in_words(number: float) -> str:
    """A whole number in words from 0 to 99, in digits beyond.

    Examples
    --------
    >>> in_words(25), in_words(1496)
    ('twenty-five', '1,496')
    """
    n = round(float(require("number", number)))
    if not 0 <= n < _TOO_LONG_IN_WORDS:
        return f"{n:,}"
    if n < len(_ONES):
        return _ONES[n]
    tens, ones = divmod(n, 10)
    return _TENS[tens] + (f"-{_ONES[ones]}" if ones else "")


def as_part(number: float) -> str:
    """One of so many parts, in words up to 99.

    Examples
    --------
    >>> as_part(9), as_part(25), as_part(1496)
    ('ninth', 'twenty-fifth', '1,496th')
    """
    if not 0 <= round(number) < _TOO_LONG_IN_WORDS:
        return f"{in_words(number)}th"
    head, dash, last = in_words(number).rpartition("-")
    if dash and last in ("two", "four"):  # twenty-second, not twenty-half
        ordinal = {"two": "second", "four": "fourth"}[last]
    else:
        ordinal = _IRREGULAR.get(last) or (last[:-1] + "ieth" if last[-1] == "y" else last + "th")
    return head + dash + ordinal


def as_day(date: Any) -> str:
    """A date as in a sentence.

    Examples
    --------
    >>> as_day("2022-11-30")
    '30 November 2022'
    """
    return f"{pd.Timestamp(date).day} {as_month(date)}"


def as_month(date: Any) -> str:
    """Month and year of a date, as in a sentence.

    Examples
    --------
    >>> as_month("2025-04-02")
    'April 2025'
    """
    day = pd.Timestamp(date)
    return f"{_MONTHS[day.month - 1]} {day.year}"


_WORDS = {"words": in_words, "part": as_part, "day": as_day, "month": as_month}


class _Filler(string.Formatter):
    def get_value(self, key: int | str, args: Any, kwargs: Mapping[str, Any]) -> Any:
        if key not in kwargs:
            raise UnknownName("computed number", str(key), kwargs)
        return kwargs[str(key)]

    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec in _WORDS:
            return _WORDS[format_spec](value)
        spec, slash, divisor = format_spec.partition("/")
        return format(value / float(divisor), spec) if slash else format(value, spec)


def fill(template: str, values: Mapping[str, Any]) -> str:
    """A sentence with its numbers.

    Parameters
    ----------
    template : str
        Text with ``{name:format}`` placeholders.
    values : mapping
        Numbers, dates and names by name.

    Returns
    -------
    str
        The sentence.

    Raises
    ------
    UnknownName
        If a placeholder names no value; the nearest are suggested.
    ValueError
        If a placeholder has no format that its value knows.

    Examples
    --------
    >>> fill("{size:.1f/1e9} billion, a {times:part}", {"size": 174.6e9, "times": 9.0})
    '174.6 billion, a ninth'
    """
    return _Filler().vformat(template, (), values)
