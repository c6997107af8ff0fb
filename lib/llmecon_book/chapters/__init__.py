"""What each section of a chapter finds: numbers and words for its prose, tables for its figures.

One module a chapter, one function a section; each returns a `Section`.
"""

from collections.abc import Iterable, Iterator, Mapping
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


def picked(of: pd.Series, **keys: Any) -> dict[str, Any]:
    """Values of a column for a `Section`, each under a name of its own.

    Examples
    --------
    >>> picked(pd.Series({"GPT-3": "MHA", "GPT-4": "MQA"}), of_gpt3="GPT-3")
    {'of_gpt3': 'MHA'}
    """
    return {name: of[key] for name, key in keys.items()}


def ends(prefix: str, values: Iterable[Any], digits: int = 17) -> dict[str, float]:
    """The least and the most of some values for a `Section`, under a prefix.

    Examples
    --------
    >>> ends("fit", (5.0, 2.0)), ends("size", [1.234e9], digits=2)
    ({'fit_low': 2.0, 'fit_high': 5.0}, {'size_low': 1200000000.0, 'size_high': 1200000000.0})
    """
    known = [float(f"{float(value):.{digits}g}") for value in values]
    return {f"{prefix}_low": min(known), f"{prefix}_high": max(known)}


def columns(thing: Any, names: str, **more: Any) -> pd.DataFrame:
    """Attributes of a record, such as an optimum, and other values as columns.

    Examples
    --------
    >>> best = chinchilla.BESIROGLU_2024.optimal(flop=[1e21, 1e22])
    >>> columns(best, "flop params", law="one").shape
    (2, 3)
    """
    return pd.DataFrame({name: getattr(thing, name) for name in names.split()} | more)


def stacked(column: str, parts: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Frames under one another, their names in a column.

    Examples
    --------
    >>> two = pd.DataFrame({"n": [1, 2]})
    >>> stacked("law", {"a": two, "b": two}).law.tolist()
    ['a', 'a', 'b', 'b']
    """
    whole = pd.concat(parts, names=[column, "row"])
    return whole.reset_index(column).reset_index(drop=True)


def several(*names: str) -> dict[str, SeparableLaw]:
    """Published laws of loss by their titles, each once.

    Examples
    --------
    >>> list(several("BESIROGLU_2024", "DE_VRIES_2023", "BESIROGLU_2024"))
    ['Besiroglu 2024', 'de Vries 2023']
    """
    laws = (chinchilla.law(name) for name in names)
    return {chinchilla.law_title(law.name): law for law in laws if isinstance(law, SeparableLaw)}
