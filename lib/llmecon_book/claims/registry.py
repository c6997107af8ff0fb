"""One small function a claim, found by the claim's name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from llmecon.catalog.rows import ClaimRow
from llmecon_book.claims.rules import Verdict

READING = "claims.reading"  # rows that no number decides


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a computation found.

    Attributes
    ----------
    value : float, str or None
        The number that is compared with the ledger's expected value; a date is ISO text;
        ``None`` where the row is decided by reading.
    verdict : str or None
        What the rule of the claim makes of the numbers; ``None`` where reading decides.
    numbers : mapping
        Every number of the explanation, by name.
    """

    value: float | str | None
    verdict: Verdict | None
    numbers: Mapping[str, Any] = field(default_factory=dict)


Computation = Callable[[ClaimRow], Result]

_COMPUTATIONS: dict[str, Computation] = {}


def claim(name: str) -> Callable[[Computation], Computation]:
    """Register the computation of a claim under its name.

    The first line of the function's docstring is the rule of its verdict.

    Raises
    ------
    ValueError
        If the name is taken or the function states no rule.
    """

    def register(function: Computation) -> Computation:
        if name in _COMPUTATIONS:
            raise ValueError(f"claim {name} has two computations")
        if not function.__doc__:
            raise ValueError(f"the computation of claim {name} states no rule")
        _COMPUTATIONS[name] = function
        return function

    return register


def computations() -> Mapping[str, Computation]:
    """Every computation by the name of its claim."""
    from llmecon_book.claims import causes, evolution, outlook, reversal  # noqa: F401  (they register)

    return dict(_COMPUTATIONS)


def rule(function: Computation) -> str:
    """The rule of a verdict, as the function states it, on one line."""
    return " ".join(str(function.__doc__).split())
