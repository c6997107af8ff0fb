"""Parameters of whole chapters, and of a whole book."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from llmecon._names import UnknownName
from llmecon.catalog.reading import read_json
from llmecon_book.parameters import Parameter, demand_agreement, read

__all__ = ["Parameter", "check_values", "declared", "demand_known", "find", "unknown"]


def declared(path: Path) -> dict[str, Parameter]:
    """Parameters of a chapter by name, in the order of its cell.

    Parameters
    ----------
    path : pathlib.Path
        The notebook.

    Raises
    ------
    ValueError
        If a line of the cell cannot be read back: a lost parameter would be a silent one.
    """
    for cell in read_json(path)["cells"]:
        if "parameters" in cell["metadata"].get("tags", []):
            try:
                return read("".join(cell["source"]), path.stem)
            except (SyntaxError, ValueError) as error:
                raise ValueError(f"{path.name}: {error}") from error
    return {}


def find(known: Mapping[str, Mapping[str, Parameter]], chapter: str, name: str) -> Parameter:
    """A declared parameter, or an error that suggests the nearest names."""
    demand_known("chapter", chapter, known)
    if name not in known[chapter]:
        raise unknown(known, chapter, name)
    return known[chapter][name]


def unknown(known: Mapping[str, Mapping[str, Parameter]], chapter: str, name: str) -> UnknownName:
    """A parameter that a chapter has not: the chapters that have it, or the nearest names."""
    moved = [f"{other}.{name}" for other in known if name in known[other]]
    return UnknownName(f"parameter of {chapter}", name, moved or known[chapter])


def check_values(
    known: Mapping[str, Mapping[str, Parameter]], given: Mapping[str, Mapping[str, Any]]
) -> None:
    """Refuse the first chapter, name, type, range or relation that is wrong.

    Parameters
    ----------
    known : mapping
        Declared parameters by chapter.
    given : mapping
        Values by chapter and name.

    Raises
    ------
    UnknownName
        If a chapter or a parameter is unknown; the nearest are suggested.
    ValueError
        If a value has the wrong type, lies outside its range or contradicts another.
    """
    for chapter, values in given.items():
        demand_known("chapter", chapter, known)
        for name, value in values.items():
            find(known, chapter, name).checked(value)
        demand_agreement(known[chapter], values)


def demand_known(kind: str, name: str, known: Mapping[str, object]) -> None:
    """Refuse a name that is not there, with the nearest that are."""
    if name not in known:
        raise UnknownName(kind, name, known)
