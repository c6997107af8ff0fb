"""Every published law as a record, built from ``data/scaling_laws.csv``.

Names are author, year and, where one paper has several, which. A result is quoted with the
name of its law: published sets differ by more than a factor of two in the optimal size.
"""

from collections.abc import Callable
from dataclasses import fields
from types import MappingProxyType
from typing import Any, Literal

from llmecon import catalog
from llmecon._names import UnknownName
from llmecon.catalog.rows import ScalingLawRow, numbers_by_name
from llmecon.chinchilla._records import Domain, Law, Provenance
from llmecon.chinchilla.forms import KaplanLaw, PowerLaw, ProgressLaw, StatedLaw
from llmecon.chinchilla.repeats import RepeatableLaw
from llmecon.chinchilla.separable import SeparableLaw


def _power(constants: dict[str, float], form: type[PowerLaw] = PowerLaw, **known: Any) -> PowerLaw:
    of: Literal["params", "tokens"] = "params" if "params_factor" in constants else "tokens"
    pairs = {f"{of}_factor", f"{of}_exponent"} < set(constants)
    return form(
        factor=constants[f"{of}_factor"],
        exponent=constants[f"{of}_exponent"],
        of=of,
        tokens_law=(constants["tokens_factor"], constants["tokens_exponent"]) if pairs else None,
        **known,
    )


def _kaplan(constants: dict[str, float], **known: Any) -> PowerLaw:
    loss = constants["loss_scale"], constants["loss_exponent"]
    unit = constants["flop_unit"]
    return _power(constants, KaplanLaw, compute_min=loss, flop_unit=unit, **known)


def _progress(constants: dict[str, float], **known: Any) -> ProgressLaw:
    own: dict[str, Any] = dict(constants)
    low, median, high = (own.pop(f"doubling_months_{at}") for at in ("low", "median", "high"))
    return ProgressLaw(doubling_months_interval=(low, median, high), **own, **known)


_FORMS: dict[str, Callable[..., Law]] = {
    "separable": lambda constants, **known: SeparableLaw(**constants, **known),
    "repeatable": lambda constants, **known: RepeatableLaw(**constants, **known),
    "power": _power,
    "kaplan": _kaplan,
    "progress": _progress,
    "stated": lambda constants, **known: StatedLaw(constants=constants, **known),
}


def _record(row: ScalingLawRow) -> Law:
    """Law of a row; its ranges and conventions carry the names of the columns."""
    ranges = {}
    for name in ("n_params", "n_tokens", "flop", "tokens_per_param"):
        low, high = getattr(row, f"{name}_low"), getattr(row, f"{name}_high")
        ranges[name] = None if low is None else (low, high)
    said = {field.name: getattr(row, field.name) for field in fields(Provenance)}
    return _FORMS[row.form](
        numbers_by_name(row.constants),
        name=row.name,
        provenance=Provenance(**said),
        domain=Domain(**ranges, note=row.domain_note),
    )


_ROWS = {row.name: row for row in catalog.rows("scaling_laws") if isinstance(row, ScalingLawRow)}
LAWS = MappingProxyType({name: _record(row) for name, row in _ROWS.items()})


def law(name: str) -> Law:
    """Published law by its name, in any case.

    Parameters
    ----------
    name : str
        As in ``LAWS``.

    Raises
    ------
    UnknownName
        For an unknown name; the three nearest are listed.

    Examples
    --------
    >>> law("besiroglu_2024").name
    'BESIROGLU_2024'
    """
    key = name.strip().upper().replace(" ", "_").replace("-", "_")
    if key not in LAWS:
        raise UnknownName("law", name, LAWS)
    return LAWS[key]


def law_title(name: str) -> str:
    """Name of a law as a reader meets it: authors, year, and which of several sets.

    Parameters
    ----------
    name : str
        As in ``LAWS``, in any case.

    Raises
    ------
    UnknownName
        For an unknown name.

    Examples
    --------
    >>> law_title("HOFFMANN_2022_TEX"), law_title("DE_VRIES_2023")
    ('Hoffmann 2022, unrounded', 'de Vries 2023')
    """
    return _ROWS[law(name).name].title
