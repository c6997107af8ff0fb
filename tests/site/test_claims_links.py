"""Proves from the built files that each claim leads to its paragraph and its code, and back."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag

from llmecon import catalog
from llmecon_book.ledger.answers import resolved


class Page:
    """A page without its drawings, and its parts by their ids."""

    def __init__(self, text: str) -> None:
        words = re.sub(r"<(script|svg)\b.*?</\1>", "", text, flags=re.DOTALL)
        self.soup = BeautifulSoup(words, "html.parser")
        self.parts = {tag["id"]: tag for tag in self.soup.select("[id]")}


@functools.cache
def read(path: Path) -> Page:
    return Page(path.read_text(encoding="utf-8"))


class Book:
    """Pages of a site, some of them perhaps altered."""

    def __init__(self, site: Path, **altered: Page) -> None:
        self.site, self.altered = site.resolve(), altered

    def open(self, address: str) -> Page:
        return self.altered.get(address) or read(self.site / address)

    def follow(self, address: str, link: Tag) -> tuple[str, Tag | None]:
        """Page that a link on another leads to, and the part of it that the link names."""
        path, _, fragment = link["href"].partition("#")
        target = (self.site / address).parent / path if path else self.site / address
        page = target.resolve().relative_to(self.site).as_posix()
        return page, self.open(page).parts.get(fragment)

    def leads_to_row(self, address: str, link: Tag, name: str) -> bool:
        page, row = self.follow(address, link)
        return page == CLAIMS and row is not None and row.select_one("td").text.strip() == name


CLAIMS = "book/claims.html"


def faults(book: Book) -> list[str]:
    """What a reader of the table of claims would miss."""
    rows = book.open(CLAIMS).soup.select("table.claims-table tbody tr")
    told = {row.select_one("td").text.strip(): row for row in rows}
    claims = {row.id: row for row in catalog.rows("claims")}
    rests = {name: resolved(row) for name, row in claims.items()}
    found = [f"{name}: no row" for name in sorted(set(rests) ^ set(told))]
    for name, row in told.items():
        checks = (
            *paragraph(book, name, row, claims[name].chapter),
            *rule(book, name, row),
            *rests_on(book, row, rests[name]),
        )
        found += [f"{name}: {fault}" for fault in checks]
    return found


def links(row: Tag, text: str) -> list[Tag]:
    return [link for link in row.select("a.internal") if re.fullmatch(text, link.text)]


def paragraph(book: Book, name: str, row: Tag, chapter: str) -> Iterator[str]:
    (link,) = links(row, "paragraph")
    page, place = book.follow(CLAIMS, link)
    if place is None or page != f"notebooks/{chapter}.html":
        yield "no paragraph"
        return
    text = place if place.name == "p" else place.find_parent("p")
    marks = [mark for mark in text.select(".claim-mark a") if mark.text.startswith(name)]
    verdict = row.select_one(".verdict").text
    if [mark.text for mark in marks] != [f"{name} · {verdict}"]:
        yield "the paragraph shows no mark with its verdict"
    elif not book.leads_to_row(page, marks[0], name):
        yield "the mark does not lead back"


def rule(book: Book, name: str, row: Tag) -> Iterator[str]:
    (link,) = links(row, "rule")
    page, signature = book.follow(CLAIMS, link)
    if signature is None:
        yield "no rule"
        return
    described = signature.find_next_sibling("dd")
    if not any(
        book.leads_to_row(page, back, name) for back in described.select("p a[href*=claim-]")
    ):
        yield "the rule is another claim's"
    listing, function = book.follow(page, signature.select_one("a:has(.viewcode-link)"))
    if function is None or not re.search(rf'@decides\(.*"{name}"', function.text):
        yield f"no source in {listing}"


def rests_on(book: Book, row: Tag, function: str) -> Iterator[str]:
    if not function:  # decided by reading
        return
    shown = links(row, "code")
    places = [book.follow(CLAIMS, link)[1] for link in shown]
    if [place and (place.name, place["id"]) for place in places] != [("dt", function)]:
        yield f"no documentation of {function}"


def test_every_claim_leads_to_its_paragraph_and_its_code(site):
    assert faults(Book(site)) == []


BROKEN = {
    "E12: no paragraph": ("notebooks/evolution.html", 'id="claim-e12"', 'id="gone"'),
    "R08: the paragraph shows no mark with its verdict": (
        "notebooks/reversal.html",
        ">R08 · ",
        ">R09 · ",
    ),
    "O01: no rule": ("book/api/claims.html", 'id="llmecon_book.ledger.propositions.', 'id="gone.'),
    "C12: no source in _modules/llmecon_book/ledger/causes.html": (
        "_modules/llmecon_book/ledger/causes.html",
        'id="best_size"',
        'id="gone"',
    ),
    "E05: no documentation of llmecon.trends.ratio": (
        "book/api/trends.html",
        'id="llmecon.trends.ratio"',
        'id="gone"',
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_link_would_be_found(site, fault):
    address, old, new = BROKEN[fault]
    text = (site / address).read_text(encoding="utf-8")
    assert old in text
    assert fault in faults(Book(site, **{address: Page(text.replace(old, new))}))
