"""Entries of the ledger for readers: lists in CommonMark, a table at a glance, short sentences."""

from collections.abc import Iterable

from llmecon_book.ledger.answers import Scored
from llmecon_book.words import escaped

_BADGES = {"partly right": "mixed", "not supported": "unsupported"}  # others: their own names
_HOW_SAID = {"takes for granted": " (taken for granted)", "may mean": " (perhaps meant)"}
_SIDES = {True: "right", False: "wrong", None: "none"}


def scorecard(scored: Iterable[Scored], *, claims_page: str = "") -> str:
    """The scorecard in CommonMark: a table of the article's claims, and the reasons folded.

    Parameters
    ----------
    scored : iterable of Scored
        What to print; of a proposition that the article does not touch only the reasons.
    claims_page : str, optional
        Address of the table of claims, which the names of claims then lead to.

    Returns
    -------
    str
        A row a claim and an item a proposition; nothing in them is read as markup of MyST.
    """
    found = list(scored)
    rows = "\n".join(_row(one) for one in found if one.row.as_said)
    head = "".join(
        f'<th scope="col">{text}</th>' for text in ("The article", "Verdict", "What came")
    )
    items = "\n".join(_item(one, claims_page) for one in found)
    return (
        '<div class="table-scroll" role="region" tabindex="0" aria-label="Scorecard">\n'
        f'<table class="table scorecard">\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{rows}\n</tbody>\n</table>\n</div>\n\n"
        '<details class="rule"><summary>The reasons, and the rule of each verdict</summary>\n\n'
        f"{items}\n\n</details>"
    )


def _row(one: Scored) -> str:
    badge = _BADGES.get(one.article, one.article).replace(" ", "-")
    name = (
        f'<a href="#{one.id.lower()}">{escaped(one.row.as_said)}</a>{_HOW_SAID.get(one.said, "")}'
    )
    verdict = f'<span class="verdict verdict-{badge}">{one.article}</span>'
    what, _, number = one.measure.partition(": ")
    came = f"{escaped(what[0].upper() + what[1:])}: <strong>{escaped(number)}</strong>"
    return f'<tr><th scope="row">{name}</th><td>{verdict}</td><td>{came}</td></tr>'


def _item(one: Scored, claims_page: str) -> str:
    came = one.came[0].upper() + one.came[1:]
    said = escaped(one.row.as_said or f"{one.row.in_short} (the article is silent)")
    verdict = one.article if one.row.as_said else one.verdict
    return (
        f'- <a id="{one.id.lower()}"></a>**{said}: {verdict}.** {escaped(came)}.\n'
        f'  <details class="rule"><summary>Rule of {one.id}</summary>'
        f'Scored as "{escaped(one.row.proposition)}": {one.verdict}. '
        f"{escaped(one.rule)} {direction(one)} {_claims(one, claims_page)}</details>"
    )


def _claims(one: Scored, page: str) -> str:
    names = [
        f'<a href="{page}#claim-{name.lower()}">{name}</a>' if page else name for name in one.claims
    ]
    return f"Claim{'s' if len(names) > 1 else ''} {', '.join(names)}."


def direction(one: Scored) -> str:
    """Whether the direction was right, and by how many powers of ten, as a sentence.

    Examples
    --------
    >>> from llmecon_book import ledger
    >>> direction(ledger.proposition("P1a")), direction(ledger.proposition("P2"))
    ('Direction alone: right, 1.2 powers of ten above 0.152.', 'No direction to score.')
    """
    if one.hit is None:
        return "No direction to score."
    far = ""
    if one.decades is not None:
        side = "above" if one.decades > 0 else "below"
        far = f", {abs(one.decades):.1f} powers of ten {side} {one.result.reference:.3g}"
    return f"Direction alone: {_SIDES[one.hit]}{far}."


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
