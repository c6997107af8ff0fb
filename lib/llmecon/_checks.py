"""Refuse bad values by name, before any work."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

Numbers = float | npt.NDArray[np.floating] | npt.NDArray[np.integer] | Iterable[float]


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
    tests = [(np.isfinite(array), "be a finite number")]
    if minimum is not None:
        tests.append((array >= minimum, f"be >= {minimum}"))
    if above is not None:
        tests.append((array > above, f"be > {above}"))
    if maximum is not None:
        tests.append((array <= maximum, f"be <= {maximum}"))
    for passed, wanted in tests:
        if not passed.all():
            suffix = f" [{unit}]" if unit else ""
            raise ValueError(f"{name} must {wanted}, got {array[~passed].flat[0]:.12g}{suffix}")
    return array
