"""How a number is written in a sentence: one form for prose, ledger, charts and titles.

A form is a format of Python, or

- ``.1f/1e9``: the number divided by 1e9;
- ``short``: 70.6B; ``spelled``: 70.6 billion;
- ``power``: 5.76 × 10²³; ``power1`` and ``power2`` with fewer digits;
- ``words``: two, digits from thirteen; ``part``: ninth, 25th;
- ``day``: 30 November 2022; ``month``: April 2025.
"""

import math
import string
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

import pandas as pd

from llmecon._names import UnknownName

# fmt: off
_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve",
)
_PARTS = (
    "half", "third", "quarter", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
    "eleventh", "twelfth",
)
_MONTHS = (  # calendar.month_name follows the locale
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)
# fmt: on


def short(value: Any) -> str:
    """A count as the field writes it; "no size" where there is none.

    Examples
    --------
    >>> [short(v) for v in (117e6, 70.6e9, 200e9, 1.8e12, 1e15)]
    ['117M', '70.6B', '200B', '1.8T', '1,000T']
    """
    if pd.isna(value):
        return "no size"
    if abs(value) >= 999.5e12:
        return f"{value / 1e12:,.0f}T"
    for scale, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= scale * 0.9995:
            return f"{value / scale:.3g}{letter}"
    return f"{value:.3g}"


def spelled(value: float) -> str:
    """A count with its scale as a word.

    Examples
    --------
    >>> [spelled(v) for v in (117e6, 70.6e9, 1.8e12)]
    ['117 million', '70.6 billion', '1.8 trillion']
    """
    for scale, word in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if abs(value) >= scale * 0.9995:
            return f"{value / scale:.3g} {word}"
    return f"{value:.3g}"


def scientific(value: float, digits: int = 3) -> str:
    """A number above zero with a power of ten; at most so many significant digits.

    Examples
    --------
    >>> scientific(5.76e23), scientific(3e-6), scientific(1e-12), scientific(5.76e23, 1)
    ('5.76 × 10²³', '3 × 10⁻⁶', '10⁻¹²', '6 × 10²³')
    """
    mantissa, power = f"{value:.{digits - 1}e}".split("e")
    raised = str(int(power)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    front = f"{float(mantissa):g}"
    return f"10{raised}" if front == "1" else f"{front} × 10{raised}"


def in_words(number: float) -> str:
    """A whole number in words up to twelve, in digits beyond.

    Examples
    --------
    >>> in_words(9), in_words(1496)
    ('nine', '1,496')
    """
    n = round(number)
    return _ONES[n] if 0 <= n < len(_ONES) else f"{n:,}"


def as_part(number: float) -> str:
    """One of so many parts, in words up to twelve.

    Examples
    --------
    >>> as_part(9), as_part(25), as_part(1496)
    ('ninth', '25th', '1,496th')
    """
    n = round(number)
    return _PARTS[n - 2] if 2 <= n < len(_PARTS) + 2 else f"{n:,}th"


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


def listed(names: Iterable[str], nobody: str = "nobody") -> str:
    """Names as in a sentence, or what stands for none.

    Examples
    --------
    >>> listed(["BERT", "GPT-2", "T5"])
    'BERT, GPT-2 and T5'
    """
    *first, last = [*names] or [nobody]
    return f"{', '.join(first)} and {last}" if first else last


_WORDS = {
    "short": short,
    "spelled": spelled,
    "power": scientific,
    "power1": lambda value: scientific(value, 1),
    "power2": lambda value: scientific(value, 2),
    "words": in_words,
    "part": as_part,
    "day": as_day,
    "month": as_month,
}


def written(value: Any, form: str = "") -> str:
    """A value in one of the forms above.

    Parameters
    ----------
    value : object
        Number, date or text.
    form : str, optional
        Form.

    Raises
    ------
    ValueError
        If the value has no such form, or is a number that is not finite.

    Examples
    --------
    >>> written(174.6e9, ".1f/1e9"), written(174.6e9, "short"), written("GPT-4")
    ('174.6', '175B', 'GPT-4')
    """
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"a number in prose must be finite, got {value}")
    if form in _WORDS:
        return _WORDS[form](value)
    form, slash, divisor = form.partition("/")
    return format(value / float(divisor), form) if slash else format(value, form)


class _Filler(string.Formatter):
    def get_value(self, key: int | str, args: Any, kwargs: Mapping[str, Any]) -> Any:
        if key not in kwargs:
            raise UnknownName("computed number", str(key), kwargs)
        return kwargs[str(key)]

    def format_field(self, value: Any, format_spec: str) -> str:
        return written(value, format_spec)


def fill(template: str, values: Mapping[str, Any]) -> str:
    """A sentence with its numbers: ``{name:form}`` in the text, values by name.

    Raises
    ------
    UnknownName
        If a placeholder names no value; the nearest are suggested.
    ValueError
        If a placeholder has no form that its value knows.

    Examples
    --------
    >>> fill("{size:.1f/1e9} billion, a {times:part}", {"size": 174.6e9, "times": 9.0})
    '174.6 billion, a ninth'
    """
    return _Filler().vformat(template, (), values)


def used(template: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """What a sentence reads, by its placeholders.

    Examples
    --------
    >>> used("{day.year} and {size:short}", {"day": pd.Timestamp("2022-11-30"), "size": 2, "n": 3})
    {'day.year': 2022, 'size': 2}
    """
    names = [name for _, name, *_ in string.Formatter().parse(template) if name]
    return {name: _Filler().get_field(name, (), values)[0] for name in names}


_MARKS = '\\`*_{}[]<>#|$~^&"'  # of Markdown, of MyST and of HTML


def escaped(text: Any) -> str:
    """What a table says, as text in Markdown and in HTML: nothing in it is read as markup.

    Examples
    --------
    >>> escaped("<script> of a_b")
    '&#60;script&#62; of a&#95;b'
    """
    line = " ".join(str(text).split())
    return "".join(f"&#{ord(mark)};" if mark in _MARKS else mark for mark in line)


_OF_ADDRESSES = ":/?#@!&'+,;=%~-._"  # what an address may hold and Markdown does not read


def link(text: Any, address: str) -> str:
    """A text that leads to an address, in Markdown, both from a table.

    Raises
    ------
    ValueError
        If the address is none of the web.

    Examples
    --------
    >>> link("a_b", "https://x.org/)<script>")
    '[a&#95;b](https://x.org/%29%3Cscript%3E)'
    """
    if not address.startswith(("https://", "http://")):
        raise ValueError(f"address must start with https:// or http://, got {address!r}")
    return f"[{escaped(text)}]({quote(address, safe=_OF_ADDRESSES)})"
