"""Entries of the ledger for readers: lists in CommonMark, a table at a glance, short sentences."""

from collections.abc import Iterable

from llmecon_book.ledger.answers import Claim, Scored
from llmecon_book.words import escaped

_EXPECTED = {
    "yes": "says so",
    "no": "says the opposite",
    "takes for granted": "takes it for granted",
    "may mean": "may mean it",
    "nothing": "is silent",
}
_SIDES = {True: "right", False: "wrong", None: "none"}


def as_markdown(claims: Iterable[Claim]) -> str:
    """Claims as a list in CommonMark: verdict, statement, explanation.

    Returns
    -------
    str
        One item a claim; nothing in it is read as markup of MyST.

    Examples
    --------
    >>> from llmecon_book import ledger
    >>> print(as_markdown([ledger.claim("C03")]))
    - **C03 · right.** GPT-4 was released in March 2023. *On 14 March 2023.*
    """
    return "\n".join(
        f"- **{one.id} · {one.verdict}.** {escaped(one.row.claim)} *{escaped(one.explanation)}*"
        for one in claims
    )


def scorecard(scored: Iterable[Scored], *, claims_page: str = "") -> str:
    """The scorecard in CommonMark: a table at a glance, then a list with the reasons.

    Parameters
    ----------
    scored : iterable of Scored
        What to print.
    claims_page : str, optional
        Address of the table of claims, which the names of claims then lead to.

    Returns
    -------
    str
        A row and an item a proposition; nothing in them is read as markup of MyST.
    """
    found = list(scored)
    return f"{_table(found)}\n\n" + "\n".join(_item(one, claims_page) for one in found)


def _table(scored: Iterable[Scored]) -> str:
    heads = ("Proposition", "Verdict", "The article", "Its direction", "What came")
    head = "".join(f'<th scope="col">{text}</th>' for text in heads)
    rows = "\n".join(_row(one) for one in scored)
    return (
        '<div class="table-scroll" role="region" tabindex="0" aria-label="Scorecard at a glance">\n'
        f'<table class="table scorecard">\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{rows}\n</tbody>\n</table>\n</div>"
    )


def _row(one: Scored) -> str:
    mark = one.verdict.replace(" ", "-")
    name = f'<a href="#{one.id.lower()}">{one.id}</a> {escaped(one.row.in_short)}'
    verdict = f'<span class="verdict verdict-{mark}">{one.verdict}</span>'
    came = f"<strong>{escaped(what_came(one))}</strong>: {escaped(one.row.measure)}"
    cells = (verdict, _EXPECTED[one.said], _SIDES[one.hit], came)
    told = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr><th scope="row">{name}</th>{told}</tr>'


def _item(one: Scored, claims_page: str) -> str:
    came = one.came[0].upper() + one.came[1:]
    unscored = one.article in ("said nothing", "cannot be scored")
    fares = "no score." if unscored else f"{one.article}."
    return (
        f'- <a id="{one.id.lower()}"></a>**{one.id} · {one.verdict}.** '
        f"{escaped(one.row.proposition)}. The article {_EXPECTED[one.said]}: {fares} "
        f"*{escaped(came)}.*\n"
        f'  <details class="rule"><summary>Rule of {one.id}</summary>'
        f"{escaped(one.rule)} {direction(one)} {_claims(one, claims_page)}</details>"
    )


def _claims(one: Scored, page: str) -> str:
    names = [
        f'<a href="{page}#claim-{name.lower()}">{name}</a>' if page else name for name in one.claims
    ]
    return f"Claim{'s' if len(names) > 1 else ''} {', '.join(names)}."


def what_came(one: Scored) -> str:
    """The number that decided a proposition, in the unit of its measure, with its ends.

    Examples
    --------
    >>> from llmecon_book import ledger
    >>> what_came(ledger.proposition("P9")), what_came(ledger.proposition("P10"))
    ('1 maker', '67%')
    """
    if one.observed is None:
        return "no number"
    if one.row.unit in ("1", "share"):
        return f"{one.observed:.0%}"
    ends = "" if one.low is None else f" ({one.low:.3g} to {one.high:.3g})"
    unit = "times" if one.row.unit == "ratio" else one.row.unit
    unit = unit.removesuffix("s") if one.observed == 1 else unit
    return f"{one.observed:.3g} {unit}{ends}"


def direction(one: Scored) -> str:
    """Whether the direction was right, and by how many powers of ten, as a sentence.

    Examples
    --------
    >>> from llmecon_book import ledger
    >>> direction(ledger.proposition("P1a")), direction(ledger.proposition("P2"))
    ('Direction: right, 1.2 powers of ten above 0.152.', 'No direction to score.')
    """
    if one.hit is None:
        return "No direction to score."
    far = ""
    if one.decades is not None:
        side = "above" if one.decades > 0 else "below"
        far = f", {abs(one.decades):.1f} powers of ten {side} {one.result.reference:.3g}"
    return f"Direction: {_SIDES[one.hit]}{far}."


def directions(scored: Iterable[Scored]) -> tuple[int, int]:
    """How many directions were right, of how many that can be scored.

    Examples
    --------
    >>> from llmecon_book import ledger
    >>> directions(ledger.score(["P1a", "P2", "P9"]))
    (1, 2)
    """
    hits = [one.hit for one in scored if one.hit is not None]
    return sum(hits), len(hits)
