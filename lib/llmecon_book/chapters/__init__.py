"""What each section of a chapter finds: numbers and words for its prose, tables for its figures.

One module a chapter, one function a section; each returns a `Section`.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from llmecon import chinchilla
from llmecon.chinchilla import SeparableLaw


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


def ends(name: str, values: Iterable[Any], digits: int = 17) -> dict[str, float]:
    """The least and the most of some values, cut to some digits, under two names.

    Examples
    --------
    >>> ends("size", [3e9, 1.234e9], digits=2)
    {'size_low': 1200000000.0, 'size_high': 3000000000.0}
    """
    known = [float(f"{float(value):.{digits}g}") for value in values]
    return {f"{name}_low": min(known), f"{name}_high": max(known)}


def several(*names: str) -> dict[str, SeparableLaw]:
    """Published laws of loss by their titles, each once.

    Examples
    --------
    >>> list(several("BESIROGLU_2024", "DE_VRIES_2023", "BESIROGLU_2024"))
    ['Besiroglu 2024', 'de Vries 2023']
    """
    laws = (chinchilla.law(name) for name in names)
    return {chinchilla.law_title(law.name): law for law in laws if isinstance(law, SeparableLaw)}
