"""What a chapter lets one change: declared names, types, units and ranges."""

import ast
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from llmecon import catalog, chinchilla
from llmecon._names import UnknownName

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
        if not _has_type(value, self.type):
            unit = f" [{self.unit}]" if self.unit else ""
            raise ValueError(f"{self.chapter}.{self.name} must be {self.type}{unit}, got {value!r}")
        many = isinstance(value, list)
        defaults = self.default if isinstance(self.default, list) else [self.default]
        if many and defaults and not value:
            raise ValueError(f"{self.chapter}.{self.name} must not be empty")
        for item in value if many else [value]:
            self._check_domain(item, defaults)
        return value

    def _check_domain(self, item: Any, defaults: list[Any]) -> None:
        label = f"{self.chapter}.{self.name}"
        if isinstance(item, str):
            _check_text(label, item, [d for d in defaults if isinstance(d, str)], self.unit)
            return
        if isinstance(item, bool):
            return
        unit = f" [{self.unit}]" if self.unit else ""
        if not math.isfinite(item):
            raise ValueError(f"{label} must be a finite number, got {item!r}{unit}")
        low, high = self.minimum, self.maximum
        if low is None and self._is_amount(defaults):
            some = bool(defaults) and 0 not in defaults  # what the book has some of, is needed
            if item < 0 or (some and item == 0):
                raise ValueError(f"{label} must be {'>' if some else '>='} 0, got {item:g}{unit}")
        if low is not None and item < low:
            raise ValueError(f"{label} must be >= {low:g}, got {item:g}{unit}")
        if high is not None and item > high:
            raise ValueError(f"{label} must be <= {high:g}, got {item:g}{unit}")

    def _is_amount(self, defaults: list[Any]) -> bool:
        return self.unit not in ("", "1") and all(default >= 0 for default in defaults)


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
        name = line.name
        try:
            default = ast.literal_eval(line.default)
        except (SyntaxError, ValueError) as error:
            raise ValueError(f"{path.name}: the default of {name} is not a plain value") from error
        found[name] = _parameter(path.stem, name, line.inferred_type_name, default, line.help)
    return found


def _parameters_cell(path: Path) -> str:
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if "parameters" in cell["metadata"].get("tags", []):
            return "".join(cell["source"])
    return ""


def _parameter(chapter: str, name: str, kind: str, default: Any, comment: str) -> Parameter:
    match = _UNIT.match(comment)
    unit, text = (match["unit"], match["help"]) if match else ("", comment)
    bounds = _RANGE.search(text)
    low, high = (float(bounds[1]), float(bounds[2])) if bounds else (None, None)
    return Parameter(
        chapter=chapter,
        name=name,
        type=kind,
        default=default,
        unit=unit,
        help=text,
        minimum=low,
        maximum=high,
    )


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
            if name not in known[chapter]:
                raise UnknownName(f"parameter of {chapter}", name, known[chapter])
            known[chapter][name].checked(value)


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
    allowed = _allowed(defaults, unit)
    if allowed and not any(text in names for names in allowed.values()):
        known = {name for names in allowed.values() for name in names}
        raise UnknownName(f"{' or '.join(allowed)} ({label})", text, known)


def _allowed(defaults: list[str], unit: str) -> dict[str, list[str]]:
    """Names that may stand here: those of the lists that hold the defaults, or that of the unit."""
    known = {kind: names() for kind, names in _VOCABULARIES.items()}
    if defaults:
        return {kind: names for kind, names in known.items() if set(defaults) <= set(names)}
    return {kind: names for kind, names in known.items() if kind == unit.removesuffix("s")}


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _column(table: str, column: str) -> list[str]:
    return [str(name) for name in catalog.table(table)[column].unique()]


# Names that the catalogue and the laws know, by what the unit of a parameter may say.
_VOCABULARIES: dict[str, Callable[[], list[str]]] = {
    "architecture": lambda: _column("architectures", "name"),
    "accelerator": lambda: _column("accelerators", "name"),
    "model": lambda: _column("models", "model"),
    "law": lambda: list(chinchilla.LAWS),
}
