"""What a chapter lets one change: declared names, types, units and ranges, and their checks."""

import ast
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from llmecon import catalog
from llmecon._checks import iso_date, require
from llmecon._names import UnknownName
from llmecon.accelerator import FORMATS

_COMMENT = re.compile(r"(?:\[([^\]]*)\]\s*)?(.*)", re.S)
_RANGE = re.compile(r"(?<![\w.])(-?\d[\d_.e+]*?)\.\.(-?\d[\d_e+]*(?:\.\d+)?(?:e\+?\d+)?)(?![\w.])")
_LEAST = re.compile(r"\bat least (\d+)")
_BEYOND = re.compile(r"\b(above|after) (\w+)$")
_UNUSED = re.compile(r"\bunused while (\w+) is (\S+)$")


@dataclass(frozen=True)
class Parameter:
    """One line of a chapter's parameters cell.

    Attributes
    ----------
    chapter, name : str
        Where it is declared and how it is called; the chapter may be unknown.
    type : str
        Annotation: ``float``, ``int``, ``str``, ``bool`` or a list of one of them.
    default : object
        The book's own value.
    unit, help : str
        From the comment ``# [unit] help``.
    minimum, maximum : float, optional
        From ``low..high`` or ``at least low`` in the help. Without them an amount, which has a
        unit, is > 0, or >= 0 where the default is 0.
    beyond : tuple, optional
        How this one lies to another parameter, and that one's name, from ``above NAME`` or
        ``after NAME`` at the end of the help.
    unused_while : tuple, optional
        Another parameter and the value under which this one changes nothing, from
        ``unused while NAME is VALUE`` at the end of the help.
    """

    chapter: str
    name: str
    type: str
    default: Any
    unit: str = ""
    help: str = ""
    minimum: float | None = None
    maximum: float | None = None
    beyond: tuple[str, str] | None = None
    unused_while: tuple[str, Any] | None = None

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
        return f"{self.chapter}.{self.name}".removeprefix(".")

    @property
    def _in_unit(self) -> str:
        return f" [{self.unit}]" if self.unit else ""

    def _check_text(self, text: str, defaults: list[str]) -> None:
        if self.unit == "ISO date" and (text or self.default):  # an empty default may stay so
            iso_date(self.label, text)
            return
        lists = {kind: [*names()] for kind, names in _VOCABULARIES.items()}
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


def read(source: str, chapter: str = "") -> dict[str, Parameter]:
    """Parameters of a cell by name, in its order.

    Parameters
    ----------
    source : str
        Code of the cell: lines ``name: type = default  # [unit] help``.
    chapter : str, optional
        Name of the chapter.

    Raises
    ------
    ValueError
        If a line cannot be read back: a lost parameter would be a silent one.

    Examples
    --------
    >>> read("rent: float = 3.0  # [USD/h] of an H200, 0.1..20")["rent"].maximum
    20
    """
    found: dict[str, Parameter] = {}
    lines = source.splitlines()
    for node in ast.parse(source).body:
        if not (isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)):
            raise ValueError(f"line {node.lineno}: expected name: type = value  # [unit] help")
        name = node.target.id
        try:
            default = ast.literal_eval(node.value or ast.Name("none"))
        except ValueError as error:
            raise ValueError(f"the default of {name} is not a plain value") from error
        _, _, comment = lines[(node.end_lineno or 0) - 1].rpartition("  # ")
        unit, told = _COMMENT.fullmatch(comment).groups("")  # type: ignore[union-attr]
        bounds, least = _RANGE.search(told), _LEAST.search(told)
        low, high = map(ast.literal_eval, bounds.groups()) if bounds else (None, None)
        low = int(least[1]) if least else low
        beyond, unused = _BEYOND.search(told), _UNUSED.search(told)
        other = (beyond[1], beyond[2]) if beyond else None
        switch = (unused[1], ast.literal_eval(unused[2])) if unused else None
        kind = ast.unparse(node.annotation)
        found[name] = Parameter(chapter, name, kind, default, unit, told, low, high, other, switch)
    return found


def demand_agreement(known: Mapping[str, Parameter], values: Mapping[str, Any]) -> None:
    """Refuse values of a chapter that contradict each other.

    Parameters
    ----------
    known : mapping
        Declared parameters of the chapter.
    values : mapping
        New values, checked one by one.

    Raises
    ------
    ValueError
        Naming both.

    Examples
    --------
    >>> known = read("first: str = '2018-01-01'  # [ISO date] of the fit\\n"
    ...              "last: str = '2023-03-31'  # [ISO date] of the fit, after first")
    >>> demand_agreement(known, {"last": "2017-12"})
    Traceback (most recent call last):
    ValueError: last must be after first, got 2017-12 and 2018-01-01
    """
    now = {name: values.get(name, parameter.default) for name, parameter in known.items()}
    for name, parameter in known.items():
        how, other = parameter.beyond or ("", "")
        if not other or "" in (now[name], now[other]):  # an empty day is none
            continue
        one, two = now[name], now[other]
        days = how == "after"
        if not (iso_date(name, one) > iso_date(other, two) if days else one > two):
            raise ValueError(f"{parameter.label} must be {how} {other}, got {one} and {two}")


def unused(known: Mapping[str, Parameter], values: Mapping[str, Any]) -> list[str]:
    """Why some of the values of a chapter change nothing, one sentence each.

    Parameters
    ----------
    known : mapping
        Declared parameters of the chapter.
    values : mapping
        New values, checked.

    Examples
    --------
    >>> known = read("share: float = 0.8  # [1] kept\\n"
    ...              "draft: str = 'small'  # [model] unused while share is 0")
    >>> unused(known, {"share": 0, "draft": "other"})
    ['draft changes nothing while share is 0']
    """
    found = []
    for name, value in values.items():
        parameter = known[name]
        if parameter.unused_while is None or value == parameter.default:
            continue
        switch, off = parameter.unused_while
        if values.get(switch, known[switch].default) == off:
            found.append(f"{parameter.label} changes nothing while {switch} is {off}")
    return found


def _has_type(value: Any, kind: str) -> bool:
    inner = re.fullmatch(r"list\[(\w+)\]", kind.replace(" ", ""))
    if inner:
        return isinstance(value, list) and all(_has_type(item, inner[1]) for item in value)
    if kind == "float":  # True is an int to Python, not to a reader
        return type(value) in (int, float)
    return type(value).__name__ == kind


def _profiles() -> list[str]:
    from llmecon import roofline  # slow to load

    return ["by engine", *(profile.name for profile in roofline.PROFILES)]


# Names that may be given, by what the unit of a parameter may say.
_VOCABULARIES: dict[str, Callable[[], Iterable[str]]] = {
    "architecture": lambda: catalog.table("architectures")["name"],
    "accelerator": lambda: catalog.table("accelerators")["name"],
    "model": lambda: catalog.table("models")["model"],
    "law": lambda: catalog.table("scaling_laws")["name"],
    "weight format": lambda: FORMATS,
    "profile": _profiles,
    "rows": lambda: ["validate", "calibrate", "all"],
}
