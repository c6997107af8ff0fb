"""What each section of a chapter finds: numbers and words for its prose, tables for its figures.

One module a chapter, one function a section; each returns a `Section`.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd


class Section:
    """Findings by name. Frames are tables for figures, everything else goes to the prose.

    Parameters
    ----------
    **found : object
        Numbers, words and frames.

    Examples
    --------
    >>> found = Section(price=60.0, model="GPT-4", prices=pd.DataFrame())
    >>> found.price, dict(found.said())
    (60.0, {'price': 60.0, 'model': 'GPT-4'})
    """

    def __init__(self, **found: Any) -> None:
        self.__dict__.update(found)

    def __getattr__(self, name: str) -> Any:  # tells type checkers that names are dynamic
        raise AttributeError(f"this section found no {name}; it found: {', '.join(vars(self))}")

    def said(self) -> Iterator[tuple[str, Any]]:
        """Names and values that prose may use."""
        for name, value in vars(self).items():
            if not isinstance(value, pd.DataFrame | pd.Series):
                yield name, value


def named(prefix: str, thing: Any, names: str) -> dict[str, Any]:
    """Attributes of a record or a row for a `Section`, under a prefix.

    Parameters
    ----------
    prefix : str
        What the thing is called in the prose.
    thing : object
        Record or row of a table.
    names : str
        Attributes, with spaces between them.

    Examples
    --------
    >>> named("gpt4", pd.Series({"total_params": 1.8e12, "size_status": "reported"}), "size_status")
    {'gpt4_size_status': 'reported'}
    """
    return {f"{prefix}_{name}": getattr(thing, name) for name in names.split()}


def ends(prefix: str, interval: Iterable[float]) -> dict[str, float]:
    """Both ends of an interval for a `Section`, under a prefix.

    Examples
    --------
    >>> ends("fit", (2.0, 5.0))
    {'fit_low': 2.0, 'fit_high': 5.0}
    """
    low, high = interval
    return {f"{prefix}_low": low, f"{prefix}_high": high}
