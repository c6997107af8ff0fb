"""Decks: every number is the chapter's, nothing overflows, all can read them, notes are shown."""

import gzip
import importlib.util
import re
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup

from llmecon import catalog
from llmecon_book.site import publish, slides

ROOT = Path(__file__).parents[2]
DECKS = sorted(path.stem for path in (ROOT / "teaching" / "slides").glob("*.md"))
STORED = {path.stem: path.read_text("utf-8") for path in (ROOT / "notebooks").glob("*.ipynb")}
FIRST_VISIT_BYTES = 150_000  # as a server sends it, compressed; a page of the book may have 800,000
PLACEHOLDER = re.compile(r"\{[^{}]*\}")


def source(name):
    return (ROOT / "teaching" / "slides" / f"{name}.md").read_text("utf-8")


def write(root, out):
    (out / "_static").mkdir(parents=True)
    app = SimpleNamespace(builder=SimpleNamespace(name="html"), srcdir=root, outdir=out)
    slides.write_decks(app, None)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The decks as the site has them, policy included."""
    out = tmp_path_factory.mktemp("decks") / "html"
    write(ROOT, out)
    for path in (out / "slides").glob("*.html"):
        path.write_text(publish.with_policy(path.read_text("utf-8")), "utf-8")
    return out


@pytest.fixture(scope="module")
def browser():
    spec = importlib.util.spec_from_file_location("shots", ROOT / "tools" / "screenshots.py")
    shots = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(shots)
    if shots.chromium() is None:
        pytest.skip("NOT RUN: no Chromium found; install the package chromium to check the decks")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        one = play.chromium.launch(executable_path=shots.chromium(), args=["--no-sandbox"])
        yield one
        one.close()


@pytest.fixture(scope="module")
def axe():
    return pytest.importorskip("axe_playwright_python.sync_playwright").Axe()


def test_each_chapter_with_exercises_has_a_deck():
    pages = (path.stem for path in (ROOT / "teaching").glob("exercises-*.ipynb"))
    assert sorted(page.removeprefix("exercises-") for page in pages) == DECKS


@pytest.mark.parametrize("name", DECKS)
class TestDeck:
    def test_it_has_12_to_18_slides_each_with_a_heading_and_notes(self, site, name):
        page = BeautifulSoup((site / "slides" / f"{name}.html").read_text("utf-8"), "html.parser")
        sections = page.select("section")
        assert 12 <= len(sections) <= 18
        for section in sections:
            assert section.find(["h1", "h2"]), section.text
            assert len(section.select_one("aside.notes").text.split()) >= 12, section.h2
        assert len(page.select(".picture svg[role=img]")) >= 2
        assert not PLACEHOLDER.search(" ".join(section.text for section in sections))
        loaded = [tag.get("src") or tag["href"] for tag in page.select("script[src], link[href]")]
        for address in loaded:
            assert address == "data:," or (site / "slides" / address).is_file(), address

    def test_no_number_is_typed(self, name):
        text = PLACEHOLDER.sub("", source(name))
        named = [*catalog.models().model, *catalog.accelerators().name]
        known = {one for name in named for one in (name, re.split(r" SXM| NVL| \(", name)[0])}
        for one in sorted(known, key=len, reverse=True):
            text = text.replace(one, "")
        assert re.findall(r".*\d(?! ?minutes|\d* minutes).*", text) == []

    def test_nothing_overflows_and_the_policy_forbids_nothing(self, site, browser, name):
        tab = browser.new_page(viewport={"width": 1280, "height": 720})
        heard = []
        tab.on("console", lambda message: heard.append(message.text))
        tab.on("pageerror", lambda error: heard.append(str(error)))
        tab.on("requestfailed", lambda request: heard.append(request.url))
        tab.goto((site / "slides" / f"{name}.html").as_uri())
        tab.wait_for_selector(".reveal.ready")
        for at in range(tab.evaluate("Reveal.getTotalSlides()")):
            heard += tab.evaluate(FAULTS, at)
        tab.close()
        assert heard == []

    def test_each_slide_is_light_and_for_everybody(self, site, browser, axe, name):
        tab = browser.new_page(viewport={"width": 1280, "height": 720})
        asked, found = set(), []
        tab.on("request", lambda request: asked.add(urlsplit(request.url)))
        tab.goto((site / "slides" / f"{name}.html").as_uri())
        tab.wait_for_selector(".reveal.ready")
        for at in range(tab.evaluate("Reveal.getTotalSlides()")):
            tab.evaluate("at => Reveal.slide(at)", at)
            faults = axe.run(tab, options={"resultTypes": ["violations"]}).response["violations"]
            found += [(at + 1, fault["id"], fault["nodes"][0]["target"]) for fault in faults]
        tab.close()
        assert found == []
        files = [Path(one.path).read_bytes() for one in asked if one.scheme == "file"]
        assert len(files) >= 6, "style and scripts are counted"
        assert sum(len(gzip.compress(file)) for file in files) <= FIRST_VISIT_BYTES

    def test_the_speaker_sees_the_notes(self, site, browser, name):
        context = browser.new_context()
        tab = context.new_page()
        tab.goto((site / "slides" / f"{name}.html").as_uri())
        tab.wait_for_selector(".reveal.ready")
        with tab.expect_popup() as opened:
            tab.keyboard.press("s")
        notes = opened.value.locator(".speaker-controls-notes .value")
        first = notes.get_by_text("Planned as a lecture")
        first.wait_for(timeout=10_000)
        tab.bring_to_front()
        tab.keyboard.press("ArrowRight")
        first.wait_for(state="hidden", timeout=10_000)
        assert len(notes.inner_text().split()) > 10
        context.close()


# What lies outside the slide or on the footer, and a picture too small to read.
FAULTS = """at => {
  Reveal.slide(at);
  const slide = Reveal.getCurrentSlide(), faults = [];
  for (const one of slide.querySelectorAll(":scope > :not(aside), td, li, svg text")) {
    const box = one.getBoundingClientRect();
    if (box.left < 0 || box.right > 1280 || box.top < 0 || box.bottom > 692)
      faults.push(`slide ${at + 1}: ${one.textContent.slice(0, 40)} ends at ${box.bottom}`);
  }
  for (const one of slide.querySelectorAll(".picture")) {
    const {width, height} = one.getBoundingClientRect();
    if (width < 1000 || height < 400) faults.push(`slide ${at + 1}: picture of ${height} px`);
  }
  return faults;
}"""


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("{gpt4_prise:.0f}", "gpt4_prise"),
        ("{evolution.nothing}", "nothing"),
        ("{fig-read-chart.colour}", "colour"),
        ("{gpt4_price:short1}", "short1"),
    ],
)
def test_a_wrong_placeholder_is_named_in_one_line(wrong, told):
    with pytest.raises(slides.DeckError, match=told) as stopped:
        slides.deck(f"# A deck\n\n{wrong}\n", "reversal", STORED)
    assert str(stopped.value).startswith("teaching/slides/reversal.md: ")
    assert "\n" not in str(stopped.value)


def test_no_deck_is_written_while_one_is_wrong(tmp_path):
    root = tmp_path / "book"
    (root / "teaching" / "slides").mkdir(parents=True)
    (root / "notebooks").symlink_to(ROOT / "notebooks")
    (root / "teaching" / "slides" / "evolution.md").write_text("# Fine\n")
    (root / "teaching" / "slides" / "reversal.md").write_text("# {nothing}\n")
    with pytest.raises(slides.DeckError):
        write(root, tmp_path / "html")
    assert not (tmp_path / "html" / "slides").exists()


def test_what_a_table_says_never_becomes_markup():
    stored = STORED["reversal"].replace("IKP v2", "<b>*IKP*</b>")
    page = slides.deck("# A deck\n\n{probe_by}\n", "reversal", STORED | {"reversal": stored})
    assert "&lt;b&gt;*IKP*&lt;/b&gt;" in page
