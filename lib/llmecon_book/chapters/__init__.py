"""What each section of a chapter finds: numbers and words for its prose, tables for its figures.

One module a chapter, one function a section; each returns a `Section`.
"""

from collections.abc import Iterator
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
