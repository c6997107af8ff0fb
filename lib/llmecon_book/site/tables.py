"""Directives that write the tables of claims with verdicts and of data with their terms."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from llmecon_book import words
from llmecon_book.site import marks, provenance
from llmecon_book.words import escaped

if TYPE_CHECKING:
    from llmecon_book.ledger import Claim

_UNITS = dict.fromkeys(("", "1", "year", "date", "share", "factor"), "") | {
    "times per year": " times a year",
    "ratio": " times",
    "USD/Mtok": " dollars per million tokens",
    "USD/h": " dollars an hour",
}
Cell: TypeAlias = str | nodes.Node | Sequence[nodes.Node]


def table(columns: Mapping[str, int], rows: Iterable[nodes.row], *classes: str) -> nodes.table:
    """A table whose columns, by their heads, are wide in proportion to a number."""
    body = nodes.tbody("", *rows)
    widths = [nodes.colspec(colwidth=width) for width in columns.values()]
    group = nodes.tgroup("", *widths, nodes.thead("", row([*columns])), body)
    group["cols"] = len(columns)
    return nodes.table("", group, classes=["colwidths-given", *classes])


def row(cells: Sequence[Cell], **attributes: Any) -> nodes.row:
    """One row; a cell is text, a node or several nodes."""
    return nodes.row("", *map(_entry, cells), **attributes)


def _entry(cell: Cell) -> nodes.entry:
    if isinstance(cell, str):
        cell = nodes.Text(cell)
    parts = [cell] if isinstance(cell, nodes.Node) else list(cell)
    return nodes.entry("", nodes.paragraph("", "", *parts))


def scrolling(inner: nodes.Node, label: str) -> list[nodes.Node]:
    """A part wider than a phone, in a box of its own that scrolls, by keyboard too."""
    opening = f'<div class="table-scroll" role="region" tabindex="0" aria-label="{escaped(label)}">'
    return [nodes.raw(text=opening, format="html"), inner, nodes.raw(text="</div>", format="html")]


class ClaimsTable(SphinxDirective):
    """Every statement of the article with its verdict; ``{ref}`E05 <claim-e05>` `` leads to it."""

    columns: ClassVar = {
        "Claim": 7, "The article says": 25, "Verdict": 15, "Our number": 16, "Why": 37
    }  # fmt: skip

    def run(self) -> list[nodes.Node]:
        """Nodes of the table."""
        from llmecon_book import ledger  # late: the table shows the library as it is at build

        found = ledger.claims()
        shown = table(self.columns, map(self._row, found), "claims-table")
        return [_counted(found), *scrolling(shown, "Claims of the article")]

    def _row(self, one: Claim) -> nodes.row:
        name, of_verdict = marks.anchor(one.id), f"verdict-{nodes.make_id(one.verdict)}"
        marks.label(self.env, name, name, f"{one.id} · {one.verdict}")
        doors = [part for door in self._doors(one) for part in (nodes.Text(" · "), door)][1:]
        cells: list[Cell] = [
            nodes.strong("", one.id),
            one.row.claim,
            nodes.inline("", one.verdict, classes=["verdict", of_verdict]),
            _computed(one),
            [nodes.Text(one.explanation), nodes.inline("", "", *doors, classes=["claim-doors"])],
        ]
        return row(cells, classes=[f"chapter-{one.row.chapter}", of_verdict], ids=[name])

    def _doors(self, one: Claim) -> Iterator[nodes.Node]:
        """Links to paragraph (where the site has its chapter), rule, code and source."""
        said = one.row
        if f"notebooks/{said.chapter}" in self.env.found_docs:
            target = marks.place(said.chapter, one.id)
            yield marks.link(self.env, nodes.inline("", "paragraph"), target)
        yield marks.link(self.env, nodes.inline("", "rule"), one.computation, "py:obj")
        if one.rests_on:
            yield marks.link(self.env, nodes.inline("", "code"), one.rests_on, "py:obj")
        source = nodes.Text(said.source)
        yield nodes.reference("", "", source, refuri=said.source_url) if said.source_url else source


class ClaimsSummary(SphinxDirective):
    """How many statements there are, and how many of each verdict, as one sentence."""

    def run(self) -> list[nodes.Node]:
        """The sentence."""
        from llmecon_book import ledger  # late: as in `ClaimsTable`

        return [_counted(ledger.claims())]


def _counted(found: Sequence[Claim]) -> nodes.paragraph:
    counts = Counter(one.verdict for one in found)
    told = ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())
    return nodes.paragraph("", f"{len(found)} claims: {told}.", classes=["claims-summary"])


def _computed(one: Claim) -> str:
    """The value with its unit, and its interval where it has one."""
    if one.value is None:
        return "judged by reading"
    unit = _UNITS.get(one.row.unit, f" {one.row.unit}")
    unit = unit.removesuffix("s") if one.value == 1 else unit
    low, high = (end and _value(end, one.row.unit) for end in one.result.interval)
    ends = f" ({low} to {high})" if low and high else ""
    before = "a factor of " if one.row.unit == "factor" else ""
    return f"{before}{_value(one.value, one.row.unit)}{unit}{ends}"


def _value(value: Any, unit: str) -> str:
    """Three digits, a share in per cent, a day as in a sentence."""
    if isinstance(value, str):
        return words.as_month(value) if len(value) == len("2020-01") else words.as_day(value)
    if unit in ("year", "share"):  # a year takes no comma
        return f"{value:.0f}" if unit == "year" else f"{value:.0%}"
    return words.spelled(value) if value >= 1e6 or value < 100 else f"{value:,.0f}"


class DataTables(SphinxDirective):
    """What `datapackage.json` says of each table: rule, columns, rows, licences, file."""

    columns: ClassVar = {"Column": 26, "Type": 12, "Unit": 16, "Meaning": 46}

    def run(self) -> list[nodes.Node]:
        """One section a table."""
        folder = Path(self.env.srcdir) / "data"
        package = folder / "datapackage.json"
        if not package.exists():
            raise self.error("data/datapackage.json is missing")
        self.env.note_dependency(str(package))
        described = json.loads(package.read_text(encoding="utf-8"))
        return [self._section(resource, folder) for resource in described["resources"]]

    def _section(self, resource: dict[str, Any], folder: Path) -> nodes.section:
        path = folder / resource["path"]
        self.env.note_dependency(str(path))
        label, title = f"data-{nodes.make_id(resource['name'])}", resource["title"]
        marks.label(self.env, label, label, title)
        rows = [row(_column(field)) for field in resource["schema"]["fields"]]
        parts = [
            nodes.title("", title),
            nodes.paragraph("", "", *_prose(resource.get("description", ""))),
            self._terms(path),
            nodes.raw(text=self._cited(path, title), format="html"),
            *scrolling(table(self.columns, rows, "data-columns"), f"Columns of {title}"),
        ]
        return nodes.section("", *parts, ids=[label], names=[label])

    def _terms(self, path: Path) -> nodes.paragraph:
        with path.open(encoding="utf-8", newline="") as file:
            lines = list(csv.DictReader(file))
        up = "../" * self.env.docname.count("/")
        licences = Counter(line["licence"] for line in lines if line.get("licence"))
        told = "; ".join(f"{name}, {_rows(count)}" for name, count in licences.most_common())
        link = nodes.reference("", path.name, refuri=f"{up}data/{path.name}")
        text = f", {_rows(len(lines))}. Licence: {told or 'see the package'}."
        return nodes.paragraph("", "", link, nodes.Text(text), classes=["data-terms"])

    def _cited(self, path: Path, title: str) -> str:
        """BibTeX of a table: its sources by their number of rows, then the collection."""
        with path.open(encoding="utf-8", newline="") as file:
            sources = Counter(line.get("source", "") for line in csv.DictReader(file))
        works = getattr(self.env.domaindata.get("cite", {}).get("bibdata"), "data", None)
        entries = [
            provenance.source(f"{path.stem}-{number}", name, _rows(count), works)
            for number, (name, count) in enumerate(sources.most_common(), start=1)
            if name
        ]
        own = provenance.collection(f"llmecon-{path.stem}", title, self.env.config)
        return provenance.folded("Cite these data", [*dict.fromkeys(entries), own])


def _rows(count: int) -> str:
    return f"{count:,} row" + ("s" if count != 1 else "")


def _column(field: dict[str, Any]) -> list[Cell]:
    allowed = field.get("constraints", {}).get("enum")
    choices = f" One of: {', '.join(map(str, allowed))}." if allowed else ""
    meaning = str(field.get("description", "")).rstrip(".") + "."
    name = nodes.literal()
    for part in re.findall("[^_]+_?|_", field["name"]):  # on a phone it breaks between words
        name += [nodes.Text(part), nodes.raw("", "<wbr>", format="html")]
    return [name, field.get("type", "string"), field.get("unit", ""), _prose(meaning + choices)]


def _prose(text: str) -> list[nodes.Node]:
    """Text in which backticks mark names."""
    parts = enumerate(text.split("`"))
    return [nodes.literal("", part) if odd % 2 else nodes.Text(part) for odd, part in parts]
