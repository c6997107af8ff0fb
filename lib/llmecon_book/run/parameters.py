"""What a chapter lets one change: declared names, types, units and ranges."""

import ast
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from llmecon import catalog, chinchilla
from llmecon._names import UnknownName
from llmecon.catalog.reading import read_json

_UNIT = re.compile(r"^\[(?P<unit>[^\]]*)\]\s*(?P<help>.*)$")
_RANGE = re.compile(r"(?<![\w.])(-?\d[\d_.e+]*?)\.\.(-?\d[\d_e+]*(?:\.\d+)?(?:e\+?\d+)?)(?![\w.])")


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One line of a chapter's parameters cell.

    Attributes
    ----------
    chapter, name : str
        Where it is declared and how it is called.
    type : str
        Annotation: ``float``, ``int``, ``str``, ``bool`` or a list of one of them.
    default : object
        The book's own value.
    unit, help : str
        From the comment ``# [unit] help``.
    minimum, maximum : float, optional
        From ``low..high`` in the help. Without it an amount, which has a unit, is > 0, or
        >= 0 where the default is 0.
    """

    chapter: str
    name: str
    type: str
    default: Any
    unit: str = ""
    help: str = ""
    minimum: float | None = None
    maximum: float | None = None

    def checked(self, value: Any) -> Any:
        """The value, or an error that says what would do.

        Raises
        ------
        ValueError
            If the type or range is wrong.
        UnknownName
            If the default is a name of the catalogue and the value is not.

        Examples
        --------
        >>> rent = Parameter(chapter="reversal", name="usd_per_gpu_hour", type="float",
        ...                  default=3.0, unit="USD/h")
        >>> rent.checked(1)
        1
        >>> rent.checked("one")
        Traceback (most recent call last):
        ValueError: reversal.usd_per_gpu_hour must be float [USD/h], got 'one'
        """
        label = f"{self.chapter}.{self.name}"
        if not _has_type(value, self.type):
            unit = f" [{self.unit}]" if self.unit else ""
            raise ValueError(f"{label} must be {self.type}{unit}, got {value!r}")
        defaults = self.default if isinstance(self.default, list) else [self.default]
        if isinstance(value, list) and defaults and not value:
            raise ValueError(f"{label} must not be empty")
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str):
                _check_text(label, item, [d for d in defaults if isinstance(d, str)], self.unit)
            elif not isinstance(item, bool):
                self._check_number(label, item, defaults)
        return value

    def _check_number(self, label: str, item: float, defaults: list[Any]) -> None:
        low, high, above = self.minimum, self.maximum, ">="
        if low is None and self.unit not in ("", "1") and all(d >= 0 for d in defaults):
            low = 0.0  # an amount; what the book has some of, is needed
            above = ">" if defaults and 0 not in defaults else ">="
        wanted = ""
        if not math.isfinite(item):
            wanted = "a finite number"
        elif low is not None and (item < low or (item == low and above == ">")):
            wanted = f"{above} {low:g}"
        elif high is not None and item > high:
            wanted = f"<= {high:g}"
        if wanted:
            unit = f" [{self.unit}]" if self.unit else ""
            raise ValueError(f"{label} must be {wanted}, got {item:g}{unit}")


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
    from papermill.translators import PythonTranslator  # what papermill.inspect_notebook reads with

    found: dict[str, Parameter] = {}
    for line in PythonTranslator.inspect({"source": _parameters_cell(path)}):
        try:
            default = ast.literal_eval(line.default)
        except (SyntaxError, ValueError) as error:
            raise ValueError(
                f"{path.name}: the default of {line.name} is not a plain value"
            ) from error
        comment = _UNIT.match(line.help)
        unit, told = comment.groups() if comment else ("", line.help)
        bounds = _RANGE.search(told)
        found[line.name] = Parameter(
            chapter=path.stem,
            name=line.name,
            type=line.inferred_type_name,
            default=default,
            unit=unit,
            help=told,
            minimum=float(bounds[1]) if bounds else None,
            maximum=float(bounds[2]) if bounds else None,
        )
    return found


def _parameters_cell(path: Path) -> str:
    for cell in read_json(path)["cells"]:
        if "parameters" in cell["metadata"].get("tags", []):
            return "".join(cell["source"])
    return ""


def find(known: Mapping[str, Mapping[str, Parameter]], chapter: str, name: str) -> Parameter:
    """A declared parameter, or an error that suggests the nearest names."""
    if chapter not in known:
        raise UnknownName("chapter", chapter, known)
    if name not in known[chapter]:
        raise UnknownName(f"parameter of {chapter}", name, known[chapter])
    return known[chapter][name]


def check_values(
    known: Mapping[str, Mapping[str, Parameter]], given: Mapping[str, Mapping[str, Any]]
) -> None:
    """Refuse the first chapter, name, type or range that is wrong.

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
        If a value has the wrong type or lies outside its range.
    """
    for chapter, values in given.items():
        if chapter not in known:
            raise UnknownName("chapter", chapter, known)
        for name, value in values.items():
            find(known, chapter, name).checked(value)


def _has_type(value: Any, kind: str) -> bool:
    inner = re.fullmatch(r"list\[(\w+)\]", kind.replace(" ", ""))
    if inner:
        return isinstance(value, list) and all(_has_type(item, inner[1]) for item in value)
    if kind == "float":  # True is an int to Python, not to a reader
        return type(value) in (int, float)
    return type(value).__name__ == kind


def _check_text(label: str, text: str, defaults: list[str], unit: str) -> None:
    if unit == "ISO date" or (defaults and all(map(_is_date, defaults))):
        if not _is_date(text):
            raise ValueError(f"{label} must be an ISO date such as 2024-12-13, got {text!r}")
        return
    lists = {kind: names() for kind, names in _VOCABULARIES.items()}
    if defaults:  # the lists that hold them
        lists = {kind: names for kind, names in lists.items() if set(defaults) <= set(names)}
    else:
        lists = {kind: names for kind, names in lists.items() if kind == unit.removesuffix("s")}
    allowed = {name for names in lists.values() for name in names}
    if allowed and text not in allowed:
        raise UnknownName(f"{' or '.join(lists)} ({label})", text, allowed)


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


# Names that the catalogue and the laws know, by what the unit of a parameter may say.
_VOCABULARIES: dict[str, Callable[[], list[str]]] = {
    "architecture": lambda: list(catalog.table("architectures")["name"]),
    "accelerator": lambda: list(catalog.table("accelerators")["name"]),
    "model": lambda: list(catalog.table("models")["model"]),
    "law": lambda: list(chinchilla.LAWS),
}
