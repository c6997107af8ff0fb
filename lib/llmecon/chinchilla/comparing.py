"""Why two sources disagree: constants, rounding, conventions, domains, one by one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from llmecon import catalog
from llmecon._checks import Numbers, require
from llmecon.chinchilla._records import Law
from llmecon.chinchilla.forms import Allocates
from llmecon.chinchilla.laws import LAWS, law
from llmecon.chinchilla.separable import SeparableLaw

_CONSTANTS = ("E", "A", "B", "alpha", "beta")
_CONVENTIONS = {
    "params_convention": "N counts",
    "tokens_convention": "D counts",
    "flop_convention": "C is",
    "loss_unit": "loss is in",
    "corpus": "loss is of",
    "rounding": "digits",
    "status": "constants are",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Two laws side by side, with the reasons for their difference.

    Attributes
    ----------
    names : tuple of str
        First and second law.
    reasons : tuple of str
        Sentences: conventions, rounding, known causes, notes of the sources.
    constants : DataFrame
        Constants of both, where both are separable laws.
    allocations : DataFrame
        What each gives at each budget, with decades outside its runs.
    swaps : DataFrame
        Optimal size of the first law with one constant of the second at a time: what each
        constant contributes. Constants are correlated, so the factors do not multiply up.
    """

    names: tuple[str, str]
    reasons: tuple[str, ...]
    constants: pd.DataFrame
    allocations: pd.DataFrame
    swaps: pd.DataFrame


def explain(first: Law | str, second: Law | str, *, flop: Numbers = 5.76e23) -> Explanation:
    """Why two sources give different answers.

    Parameters
    ----------
    first, second : law or str
        Laws, or names in ``LAWS``.
    flop : float or array, optional
        Budgets to compare at; the default is Gopher's. [FLOP]

    Returns
    -------
    Explanation
        Reasons in words, and tables.

    Raises
    ------
    UnknownName
        For a name that no law has.

    Examples
    --------
    >>> page = explain("HOFFMANN_2022_ROUNDED", "HOFFMANN_2022_TEX")
    >>> (page.allocations["params"] / 1e9).round(1).tolist()
    [32.2, 40.4]
    >>> page.swaps.iloc[0]["constant"]
    'beta'
    """
    one, two = (law(item) if isinstance(item, str) else item for item in (first, second))
    budgets = np.atleast_1d(require("flop", flop, above=0, unit="FLOP"))
    return Explanation(
        names=(one.name, two.name),
        reasons=_reasons(one, two),
        constants=_constants(one, two),
        allocations=compare([one, two], flop=budgets),
        swaps=_swaps(one, two, float(budgets[-1])),
    )


def compare(laws: Sequence[Law | str] | None = None, *, flop: Numbers) -> pd.DataFrame:
    """Compute-optimal runs of several laws, side by side.

    Parameters
    ----------
    laws : sequence of laws or names, optional
        Every law of ``LAWS`` that allocates, by default.
    flop : float or array
        Budgets. [FLOP]

    Returns
    -------
    DataFrame
        Law, budget, ``params``, ``tokens``, ``tokens_per_param``, ``loss`` (missing where the
        law has none), ``decades_outside``, and what N counts.

    Examples
    --------
    >>> table = compare(["BESIROGLU_2024", "MUENNIGHOFF_2023"], flop=5.76e23)
    >>> table["tokens_per_param"].round(2).tolist()
    [18.39, 19.61]
    """
    chosen = list(LAWS.values()) if laws is None else laws
    budgets = np.atleast_1d(require("flop", flop, above=0, unit="FLOP"))
    rows = []
    for item in chosen:
        one = law(item) if isinstance(item, str) else item
        if isinstance(one, Allocates):
            counted = one.provenance.params_convention
            rows.append(one.optimal(flop=budgets).table().assign(params_convention=counted))
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame()


def _reasons(one: Law, two: Law) -> tuple[str, ...]:
    pair = sorted(law.name.split("_")[0] for law in (one, two))
    known = catalog.table("law_disagreements")
    here = [
        sorted(authors) == pair for authors in zip(known["first"], known["second"], strict=True)
    ]
    found: list[str] = known.reason[here].tolist()
    for field, words in _CONVENTIONS.items():
        left, right = (getattr(item.provenance, field) for item in (one, two))
        if left != right:
            said = (f"{n} {v or 'unknown'}" for n, v in ((one.name, left), (two.name, right)))
            found.append(f"{words}: {'; '.join(said)}")
    for item in (one, two):
        found += [f"{item.name}: {note}" for note in (item.provenance.note,) if note]
    found += _domain_reasons(one, two)
    return tuple(found) or ("The two records agree in every convention; only constants differ.",)


def _domain_reasons(one: Law, two: Law) -> list[str]:
    found = []
    for field, unit in (("n_params", "parameters"), ("n_tokens", "tokens"), ("flop", "FLOP")):
        left, right = getattr(one.domain, field), getattr(two.domain, field)
        if left is not None and right is not None and left != right:
            found.append(
                f"fitted on {left[0]:.3g} to {left[1]:.3g} {unit} ({one.name}) and "
                f"{right[0]:.3g} to {right[1]:.3g} ({two.name})"
            )
    return found


def _constants(one: Law, two: Law) -> pd.DataFrame:
    if not (isinstance(one, SeparableLaw) and isinstance(two, SeparableLaw)):
        return pd.DataFrame()
    names = (*_CONSTANTS, "a", "b", "size_floor_ratio")
    return pd.DataFrame(
        {
            "constant": names,
            one.name: [float(getattr(one, n)) for n in names],
            two.name: [float(getattr(two, n)) for n in names],
        }
    )


def _swaps(one: Law, two: Law, flop: float) -> pd.DataFrame:
    if not (isinstance(one, SeparableLaw) and isinstance(two, SeparableLaw)):
        return pd.DataFrame()
    base = float(one.optimal(flop=flop).params)
    own = {name: getattr(one, name) for name in _CONSTANTS}
    rows = []
    for name in ("A", "B", "alpha", "beta"):  # E does not move the optimum
        mixed = own | {name: getattr(two, name)}
        changed = SeparableLaw(name="mixed", provenance=one.provenance, **mixed)
        size = float(changed.optimal(flop=flop).params)
        rows.append((name, size, size / base))
    frame = pd.DataFrame(rows, columns=["constant", "params", "factor"])
    order = np.argsort(-np.abs(np.log(frame["factor"].to_numpy())), kind="stable")
    return frame.iloc[order].reset_index(drop=True)
