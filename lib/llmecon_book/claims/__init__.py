"""The ledger: every checkable statement of the article, computed.

A claim is a row of ``data/claims.csv`` and one small function that computes its number, the
numbers of its explanation and its verdict by a stated rule. A changed fact changes all three.

>>> from llmecon_book import claims
>>> found = claims.compute_one("E05")
>>> round(found.value, 1), found.verdict
(1495.7, 'imprecise')
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from llmecon import catalog
from llmecon._names import UnknownName
from llmecon.catalog.rows import ClaimRow
from llmecon_book.claims.checking import BadClaim, Finding, check, within
from llmecon_book.claims.registry import READING, Result, claim, computations
from llmecon_book.claims.rules import VERDICTS, Verdict

__all__ = [
    "READING",
    "VERDICTS",
    "BadClaim",
    "Finding",
    "Result",
    "Verdict",
    "as_markdown",
    "claim",
    "compute",
    "compute_one",
    "counts",
    "within",
]

Entry = TypeVar("Entry")


def _ledger() -> tuple[ClaimRow, ...]:
    return tuple(row for row in catalog.rows("claims") if isinstance(row, ClaimRow))


def compute(
    chapter: str | None = None,
    *,
    ids: Iterable[str] | None = None,
    ledger: Sequence[ClaimRow] | None = None,
) -> list[Finding]:
    """Compute the ledger, or one chapter of it.

    Parameters
    ----------
    chapter : str, optional
        ``evolution``, ``reversal``, ``causes`` or ``outlook``.
    ids : iterable of str, optional
        Names of the claims to compute, in this order.
    ledger : sequence of ClaimRow, optional
        Rows to compute in place of ``data/claims.csv``.

    Returns
    -------
    list of Finding
        In the order of the ledger.

    Raises
    ------
    UnknownName
        If there is no such chapter or claim, or a row has no computation of that name.
    BadClaim
        If an id comes twice or a row cannot be checked as it stands.

    Examples
    --------
    >>> [found.id for found in compute("evolution")][:3]
    ['E01', 'E02', 'E03']
    """
    rows = list(_ledger() if ledger is None else ledger)
    by_id: dict[str, ClaimRow] = {}
    for row in rows:
        if row.id in by_id:
            raise BadClaim(f"claim {row.id} is in the ledger twice")
        by_id[row.id] = row
    if chapter is not None:
        rows = [row for row in rows if row.chapter == chapter]
        if not rows:
            raise UnknownName("chapter", chapter, {row.chapter for row in by_id.values()})
    if ids is not None:
        rows = [_named(name, by_id) for name in ids]
    functions = computations()
    return [check(row, _named(row.id, functions)) for row in rows]


def _named(name: str, known: Mapping[str, Entry]) -> Entry:
    if name not in known:
        raise UnknownName("claim", name, known)
    return known[name]


def compute_one(name: str) -> Finding:
    """Compute one claim.

    Parameters
    ----------
    name : str
        Its id, such as ``"E05"``.

    Raises
    ------
    UnknownName
        If no claim is called so; the nearest are suggested.

    Examples
    --------
    >>> compute_one("E5")
    Traceback (most recent call last):
    llmecon._names.UnknownName: no claim is called 'E5'; nearest: E05, E15, E25
    """
    (found,) = compute(ids=[name])
    return found


def counts(findings: Iterable[Finding] | None = None) -> dict[str, int]:
    """How many claims have each verdict, in a fixed order.

    Examples
    --------
    >>> counts()
    {'right': 30, 'imprecise': 17, 'wrong': 5, 'unsupported': 2, 'unverifiable': 3}
    """
    found = [f.verdict for f in (compute() if findings is None else findings)]
    return {verdict: found.count(verdict) for verdict in VERDICTS}


def as_markdown(findings: Iterable[Finding]) -> str:
    """Findings as a list in CommonMark: verdict, statement, explanation.

    Parameters
    ----------
    findings : iterable of Finding
        What to print.

    Returns
    -------
    str
        One item a claim; nothing in it is read as markup of MyST.

    Examples
    --------
    >>> print(as_markdown([compute_one("C03")]))
    - **C03 · right.** GPT-4 was released in March 2023. *On 14 March 2023.*
    """
    return "\n".join(
        f"- **{f.id} · {f.verdict}.** {_plain(f.claim)} *{_plain(f.explanation)}*" for f in findings
    )


def _plain(text: str) -> str:
    """Text whose marks are read as text."""
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]<>#|$~^" else letter for letter in text)
