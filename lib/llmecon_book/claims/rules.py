"""How a number becomes a verdict: the few rules that most claims share."""

from typing import Literal

from llmecon._checks import require

Verdict = Literal["right", "imprecise", "wrong", "unsupported", "unverifiable"]
VERDICTS: tuple[Verdict, ...] = ("right", "imprecise", "wrong", "unsupported", "unverifiable")

ROUNDED = 0.05  # a stated number this near to the computed one is only rounded
SAME_ORDER = 2.0  # beyond this factor a stated number is another number


def apart(a: float, b: float) -> float:
    """Factor between two positive numbers, at least 1. [times]

    Examples
    --------
    >>> apart(1000.0, 1495.7)
    1.4957
    """
    first = float(require("a", a, above=0))
    second = float(require("b", b, above=0))
    return max(first / second, second / first)


def rounded(stated: float, computed: float) -> bool:
    """Whether a stated number is the computed one, but for rounding.

    Examples
    --------
    >>> rounded(10.0, 10.286), rounded(3.0, 2.793)
    (True, False)
    """
    return abs(stated - computed) <= ROUNDED * abs(computed)


def by_size(stated: float, computed: float, *others: float) -> Verdict:
    """Right if only rounded; imprecise if within a factor of two of some reading; else wrong.

    Parameters
    ----------
    stated : float
        Number of the article.
    computed : float
        The reading that the sentence means.
    *others : float
        Readings that it might mean.

    Examples
    --------
    >>> by_size(1000, 116.7, 1495.7)
    'imprecise'
    """
    if rounded(stated, computed):
        return "right"
    near = any(apart(stated, reading) <= SAME_ORDER for reading in (computed, *others))
    return "imprecise" if near else "wrong"


def by_grade(right: bool, imprecise: bool) -> Verdict:
    """Right if the strict condition holds, imprecise if the weak one does, else wrong."""
    return "right" if right else "imprecise" if imprecise else "wrong"
