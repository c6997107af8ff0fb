"""What a chapter lets one change: declared names, types, units and ranges."""

import ast
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llmecon import catalog
from llmecon._checks import iso_date, require
from llmecon._names import UnknownName
from llmecon.catalog.reading import read_json

_COMMENT = re.compile(r"(?:\[([^\]]*)\]\s*)?(.*)", re.S)
_RANGE = re.compile(r"(?<![\w.])(-?\d[\d_.e+]*?)\.\.(-?\d[\d_e+]*(?:\.\d+)?(?:e\+?\d+)?)(?![\w.])")


@dataclass(frozen=True)
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
        if not _has_type(value, self.type):
            raise ValueError(f"{self.label} must be {self.type}{self._in_unit}, got {value!r}")
        defaults, items = (v if isinstance(v, list) else [v] for v in (self.default, value))
        if defaults and not items:
            raise ValueError(f"{self.label} must not be empty")
        for item in items:
            if isinstance(item, str):
                self._check_text(item, defaults)
            elif not isinstance(item, bool):
                self._check_number(item, defaults)
        return value

    @property
    def label(self) -> str:
        """``chapter.parameter``."""
        return f"{self.chapter}.{self.name}"

    @property
    def _in_unit(self) -> str:
        return f" [{self.unit}]" if self.unit else ""

    def _check_text(self, text: str, defaults: list[str]) -> None:
        if self.unit == "ISO date" and (text or self.default):  # an empty default may stay so
            iso_date(self.label, text)
            return
        lists = {kind: names() for kind, names in _VOCABULARIES.items()}
        if defaults:  # the lists that hold them
            lists = {kind: names for kind, names in lists.items() if set(defaults) <= set(names)}
        else:
            lists = {kind: n for kind, n in lists.items() if kind == self.unit.removesuffix("s")}
        allowed = {name for names in lists.values() for name in names}
        if allowed and text not in allowed:
            raise UnknownName(f"{' or '.join(lists)} ({self.label})", text, allowed)

    def _check_number(self, item: float, defaults: list[float]) -> None:
        bounds: dict[str, float | None] = {"minimum": self.minimum, "maximum": self.maximum}
        if self.minimum is None and self.unit not in ("", "1") and all(d >= 0 for d in defaults):
            # An amount; what the book has some of, is needed.
            bounds["above" if defaults and 0 not in defaults else "minimum"] = 0
        require(self.label, item, **bounds, unit=self.unit)


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
            told = f"{path.name}: the default of {line.name} is not a plain value"
            raise ValueError(told) from error
        unit, told = _COMMENT.fullmatch(line.help).groups("")  # type: ignore[union-attr]
        bounds = _RANGE.search(told)
        low, high = map(ast.literal_eval, bounds.groups()) if bounds else (None, None)
        kind = line.inferred_type_name
        found[line.name] = Parameter(path.stem, line.name, kind, default, unit, told, low, high)
    return found


def _parameters_cell(path: Path) -> str:
    for cell in read_json(path)["cells"]:
        if "parameters" in cell["metadata"].get("tags", []):
            return "".join(cell["source"])
    return ""


def find(known: Mapping[str, Mapping[str, Parameter]], chapter: str, name: str) -> Parameter:
    """A declared parameter, or an error that suggests the nearest names."""
    demand_known("chapter", chapter, known)
    demand_known(f"parameter of {chapter}", name, known[chapter])
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
        demand_known("chapter", chapter, known)
        for name, value in values.items():
            find(known, chapter, name).checked(value)


def demand_known(kind: str, name: str, known: Mapping[str, object]) -> None:
    """Refuse a name that is not there, with the nearest that are."""
    if name not in known:
        raise UnknownName(kind, name, known)


def _has_type(value: Any, kind: str) -> bool:
    inner = re.fullmatch(r"list\[(\w+)\]", kind.replace(" ", ""))
    if inner:
        return isinstance(value, list) and all(_has_type(item, inner[1]) for item in value)
    if kind == "float":  # True is an int to Python, not to a reader
        return type(value) in (int, float)
    return type(value).__name__ == kind


# Names that the catalogue and the laws know, by what the unit of a parameter may say.
_VOCABULARIES: dict[str, Callable[[], Iterable[str]]] = {
    "architecture": lambda: catalog.table("architectures")["name"],
    "accelerator": lambda: catalog.table("accelerators")["name"],
    "model": lambda: catalog.table("models")["model"],
    "law": lambda: catalog.table("scaling_laws")["name"],
}
