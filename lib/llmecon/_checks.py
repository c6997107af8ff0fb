"""What every room shares: bad values refused by name, the array type, the year, the interval."""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field
from pydantic.fields import FieldInfo

FloatArray = npt.NDArray[np.float64]
Numbers = float | npt.NDArray[np.floating] | npt.NDArray[np.integer] | Iterable[float]

DAYS_PER_YEAR = 365.25
"""Julian year. [days]"""

_SMALL_BYTES = 64e6  # not worth asking the system


def require(
    name: str,
    value: Numbers,
    *,
    minimum: float | None = None,
    above: float | None = None,
    maximum: float | None = None,
    unit: str = "",
) -> npt.NDArray[np.float64]:
    """Value as an array of floats, or an error that names what is wrong.

    Parameters
    ----------
    name : str
        Argument as its caller knows it.
    value : float or array
        What was given.
    minimum, maximum : float, optional
        Bounds that may be reached.
    above : float, optional
        Bound that may not be reached.
    unit : str, optional
        Unit shown in brackets.

    Returns
    -------
    numpy.ndarray
        The value, of any shape.

    Raises
    ------
    ValueError
        If a value is out of bounds or not a finite number.

    Examples
    --------
    >>> require("batch", [1, 8], minimum=1)
    array([1., 8.])
    >>> require("batch", 0, minimum=1, unit="sequences")
    Traceback (most recent call last):
    ValueError: batch must be >= 1, got 0 [sequences]
    """
    if (
        isinstance(value, int | float)  # one number, much the commonest: no arrays for its checks
        and abs(value) < 1e300
        and (minimum is None or value >= minimum)
        and (above is None or value > above)
        and (maximum is None or value <= maximum)
    ):
        return np.asarray(value, dtype=np.float64)
    if isinstance(value, np.ma.MaskedArray):  # its mask would be lost without a word
        raise ValueError(f"{name} must not be masked, got {value!r}")
    try:
        if np.asarray(value).dtype.kind in "SU":
            raise TypeError("text")
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{name} must be a number, got {value!r}") from error
    for passed, wanted in (
        (np.isfinite(array), "be a finite number"),
        (minimum is None or array >= minimum, f"be >= {minimum}"),
        (above is None or array > above, f"be > {above}"),
        (maximum is None or array <= maximum, f"be <= {maximum}"),
    ):
        if passed is not True and not np.all(passed):
            suffix = f" [{unit}]" if unit else ""
            raise ValueError(f"{name} must {wanted}, got {array[~passed].flat[0]:.12g}{suffix}")
    return array


def require_memory(name: str, number: float, bytes_each: float) -> None:
    """Refuse what memory cannot hold before it is begun; nothing where the system tells nothing.

    Parameters
    ----------
    name : str
        What there are so many of, as its caller knows it.
    number : float
        How many.
    bytes_each : float
        Most that one of them needs at a time. [B]

    Raises
    ------
    ValueError
        With the number asked and the number possible.

    Examples
    --------
    >>> require_memory("draws", 1e15, 8)
    Traceback (most recent call last):
    ValueError: draws must be <= ... for the memory there is, got 1,000,000,000,000,000
    """
    if number * bytes_each < _SMALL_BYTES:
        return
    possible = max(0.0, min(_memory_bytes(), default=np.inf)) / bytes_each
    if number > possible:
        raise ValueError(
            f"{name} must be <= {int(possible):,} for the memory there is, got {number:,.0f}"
        )


def _memory_bytes() -> Iterator[float]:
    """What the machine has, and what the process may still take, where the system says."""
    with suppress(AttributeError, ValueError, OSError):  # not on Windows
        yield float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    with suppress(ImportError):
        import resource

        most, _ = resource.getrlimit(resource.RLIMIT_AS)
        if most != resource.RLIM_INFINITY:
            yield most - 1024.0 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def column(
    description: str,
    *,
    unit: str = "",
    default: Any = ...,
    key_of: str = "",
    unless: str = "",
    **bounds: float,
) -> Any:
    """A described field of a record, or column of a table, with its bounds.

    Parameters
    ----------
    description, unit : str
        What it is, as the data page says it.
    default : object, optional
        Of an empty cell; ``None`` makes it mean unknown.
    key_of : str, optional
        Table whose key the cell must be.
    unless : str, optional
        Column that says of a row that its cell is no such key.
    **bounds : float
        ``gt``, ``ge``, ``lt``, ``le``: what no value in the right unit comes near.
    """
    said = {"unit": unit, "key_of": key_of, "unless": unless}
    extra = {name: text for name, text in said.items() if text}
    return Field(default, description=description, json_schema_extra=extra, **bounds)  # type: ignore[call-overload]


def extras(field: FieldInfo) -> dict[str, str]:
    """What `column` was told beyond the bounds: ``unit``, ``key_of`` and ``unless``."""
    said = field.json_schema_extra
    return {name: str(text) for name, text in said.items()} if isinstance(said, dict) else {}


def iso_date(name: str, given: object) -> date:
    """A day from ISO text, ``2024-12-13`` or ``2024-12`` (its first day), or from a date.

    A number, another order of day and month, a quarter, a word or a time zone is refused: what
    it was meant to be would be a guess.

    Raises
    ------
    ValueError
        If it is no such date.

    Examples
    --------
    >>> iso_date("date", "2024-08")
    datetime.date(2024, 8, 1)
    >>> iso_date("date", "03/04/2024")
    Traceback (most recent call last):
    ValueError: date must be an ISO date, got '03/04/2024'
    """
    try:
        if isinstance(given, str) and re.fullmatch(r"[12]\d{3}-\d\d(-\d\d)?", given, re.ASCII):
            return date.fromisoformat(given if len(given) == 10 else f"{given}-01")
        if isinstance(given, datetime) and given == given and given.tzinfo is None:  # not NaT
            return given.date()
        if isinstance(given, date) and not isinstance(given, datetime):
            return given
    except ValueError:  # no such day in the calendar
        pass
    raise ValueError(f"{name} must be an ISO date, got {given!r}")


def central_interval(samples: FloatArray, share: float = 0.8) -> tuple[FloatArray, FloatArray]:
    """Ends between which a share of the samples lies, as many beyond either; by column.

    Raises
    ------
    ValueError
        If the share is not above 0 and at most 1.

    Examples
    --------
    >>> [float(end) for end in central_interval(np.arange(101.0), 0.8)]
    [10.0, 90.0]
    """
    half = float(require("share", share, above=0, maximum=1)) / 2
    low, high = np.quantile(samples, [0.5 - half, 0.5 + half], axis=0)
    return low, high
