"""Proves that the tables of claims and of data say what the library and the package file say."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from llmecon_book import ledger
from llmecon_book.facts import ClaimRow
from llmecon_book.ledger.evolution import counted_size
from llmecon_book.ledger.registry import Result

DATA = Path(__file__).parents[2] / "data"


ROW = ClaimRow(
    id="E04",
    chapter="evolution",
    kind="fact",
    claim="GPT-3 has 175 billion parameters.",
    unit="parameters",
    expected_value="1.75e11",
    tolerance="1%",
    verdict="right",
    explanation="The paper's table says so.",
    checked_by="facts.model",
    source="Brown et al. 2020",
    source_url="https://arxiv.org/abs/2005.14165",
    licence="CC BY 4.0",
)


def claim(value, interval=(None, None), **cells):
    row = ROW.model_copy(update=cells)
    result = Result(value, row.verdict, {}, interval)
    return ledger.Claim(row, result, counted_size, ledger.days())


SCRIPT_OF_CLAIMS = "claims-table.js"
SCRIPT = "<script>alert(1)</script> [a](b) `c`"
READ = {"checked_by": ledger.READING, "expected_value": "", "tolerance": ""}
CLAIMS = [
    claim(1.746e11),
    claim(2.0e11, id="R02", chapter="reversal", verdict="wrong"),
    claim(None, id="O01", chapter="outlook", verdict="unverifiable", **READ),
    claim(2017, id="E01", unit="year", expected_value="2017", tolerance="0"),
    claim(3e11, (1e11, 4.5e11), id="E02"),
    claim(None, id="E10", verdict="wrong", claim=SCRIPT, explanation=SCRIPT, source=SCRIPT, **READ),
]


def given():
    return CLAIMS


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Pages of a small site with the directives and the mark of a claim."""
    out, told = built(tmp_path_factory.mktemp("tables"), marked=ARGUED)
    assert told == ""
    return out


ARGUED = "An essay says so. {claim}`R02` So does another. {claim}`R02`"


def built(root: Path, marked: str) -> tuple[Path, str]:
    """The small site, and what its build complained of."""
    shutil.copytree(DATA, root / "data")
    (root / "conf.py").write_text(
        "extensions = ['myst_parser', 'llmecon_book.site.sphinx_ext']\nhtml_theme = 'basic'\n"
        "source_suffix = {'.md': 'markdown'}\n"
        "exclude_patterns = ['data', 'out']\nnitpicky = True\n"
    )
    (root / "index.md").write_text(
        "# Start\n\nSee {ref}`claim-r02`.\n\n```{toctree}\nbook/all\nbook/one\nbook/data\n"
        "notebooks/reversal\n```\n"
    )
    (root / "book").mkdir()
    (root / "notebooks").mkdir()
    reversal = f"# Did the models shrink?\n\nBefore.\n\n{marked}\n"
    (root / "notebooks" / "reversal.md").write_text(reversal)
    (root / "book" / "all.md").write_text("# All\n\n```{claims-table}\n```\n")
    (root / "book" / "one.md").write_text(f"# One\n\n{CODE}")
    (root / "book" / "data.md").write_text("# Data\n\n```{data-tables}\n```\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger, "claims", given)
        told = io.StringIO()
        # Other tests of this process build, too: what they registered is not met here.
        with patch_docutils(), docutils_namespace():
            app = Sphinx(
                root, root, root / "out", root / "out" / ".trees", "html", status=None, warning=told
            )
            app.build()
    assert app.statuscode == 0
    return root / "out", told.getvalue()


CODE = "".join(
    f"```{{py:function}} {name}\n```\n"
    for name in ("llmecon_book.facts.model", "llmecon_book.ledger.evolution.counted_size")
)


def soup(pages, name):
    return BeautifulSoup((pages / name).read_text(encoding="utf-8"), "html.parser")


def test_each_claim_is_a_row_with_its_verdict_and_source(pages):
    page = soup(pages, "book/all.html")
    rows = page.select("table.claims-table tbody tr")
    assert [row["id"] for row in rows] == [f"claim-{one.id.lower()}" for one in CLAIMS]
    texts = [[" ".join(cell.text.split()) for cell in row.select("td")] for row in rows]
    assert texts[0] == [
        "E04",
        "GPT-3 has 175 billion parameters.",
        "right",
        "175 billion parameters",
        "The paper’s table says so.rule · code · Brown et al. 2020",
    ]
    assert [text[3] for text in texts[1:]] == [
        "200 billion parameters",
        "judged by reading",
        "2017",
        "300 billion parameters (100 billion to 450 billion)",
        "judged by reading",
    ]
    assert not any("expected" in text or "within" in text for row in texts for text in row)
    assert page.select_one("p.claims-summary").text == (
        "6 claims: 3 right, 2 wrong, 1 unverifiable."
    )


def test_what_a_table_says_never_becomes_markup(pages):
    row = soup(pages, "book/all.html").select_one("#claim-e10")
    assert not row.select("script, code") and not row.select("a[href='b']")
    assert "<script>alert(1)</script> [a](b) `c`" in row.select("td")[1].text


def test_rows_carry_what_the_filters_ask_for(pages):
    row = soup(pages, "book/all.html").select_one("#claim-r02")
    assert {"chapter-reversal", "verdict-wrong"} <= set(row["class"])


def test_a_claim_can_be_referred_to(pages):
    link = soup(pages, "index.html").select_one("a[href='book/all.html#claim-r02']")
    assert link.text == "R02 · wrong"


def test_a_claim_leads_to_its_paragraph_where_the_site_has_its_chapter(pages):
    page = soup(pages, "book/all.html")
    link = page.select_one("#claim-r02 a[href='../notebooks/reversal.html#claim-r02']")
    assert link.text == "paragraph"
    assert not page.select("#claim-e04 a[href*='notebooks']")


def test_a_paragraph_shows_the_verdict_and_leads_back(pages):
    place = soup(pages, "notebooks/reversal.html").select("[id='claim-r02']")
    assert [tag.name for tag in place] == ["p"], "one place, named by the first mark"
    assert place[0].text.startswith("An essay says so.")
    marks = place[0].select(".claim-mark a[href='../book/all.html#claim-r02']")
    assert [mark.text for mark in marks] == ["R02 · wrong"] * 2


def test_a_claim_leads_to_its_code(pages):
    doors = soup(pages, "book/all.html").select("#claim-r02 .claim-doors a[href*=one]")
    assert {link.text: link["href"].partition("#")[2] for link in doors} == {
        "rule": "llmecon_book.ledger.evolution.counted_size",
        "code": "llmecon_book.facts.model",
    }


@pytest.mark.parametrize(
    ("marked", "complaint"),
    [
        ("Nothing is argued here.", "undefined label: 'reversal-claim-r02'"),
        (f"{ARGUED} {{claim}}`R99`", "undefined label: 'claim-r99'"),
    ],
    ids=["claim without a place", "mark of no claim"],
)
def test_a_broken_mark_is_reported(tmp_path, marked, complaint):
    assert complaint in built(tmp_path, marked)[1]


def test_the_script_is_loaded_only_where_the_table_is(pages):
    assert SCRIPT_OF_CLAIMS in (pages / "book" / "all.html").read_text(encoding="utf-8")
    assert SCRIPT_OF_CLAIMS not in (pages / "index.html").read_text(encoding="utf-8")
    assert (pages / "_static" / SCRIPT_OF_CLAIMS).exists()


def test_wide_tables_scroll_in_a_box_that_the_keyboard_reaches(pages):
    for name in ("book/all.html", "book/data.html"):
        for box in soup(pages, name).select("table"):
            holder = box.find_parent(class_="table-scroll")
            assert holder["tabindex"] == "0"
            assert holder["aria-label"]


def test_each_table_of_the_package_has_its_columns_rows_and_file(pages):
    page = soup(pages, "book/data.html")
    package = json.loads((DATA / "datapackage.json").read_text(encoding="utf-8"))
    for resource in package["resources"]:
        section = page.select_one(f"#data-{resource['name'].replace('_', '-')}")
        columns = [row.select_one("td").text for row in section.select("tbody tr")]
        assert columns == [field["name"] for field in resource["schema"]["fields"]]
        link = section.select_one("p.data-terms a")
        published = (pages / "book" / link["href"]).resolve()
        assert published.read_bytes() == (DATA / resource["path"]).read_bytes()
        assert " rows. Licence: " in section.select_one("p.data-terms").text
        shown = " ".join(section.text.split()).replace("’", "'")
        assert resource["description"].replace("`", "") in shown
    assert (pages / "data" / "datapackage.json").exists()
