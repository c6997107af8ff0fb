"""Proves in headless Chromium that charts are drawn, the console quiet, nothing sideways."""

from __future__ import annotations

import functools
import http.server
import importlib.util
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parents[2]
_spec = importlib.util.spec_from_file_location("screenshots", ROOT / "tools" / "screenshots.py")
assert _spec is not None
assert _spec.loader is not None
screenshots = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(screenshots)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        screenshots.chromium() is None,
        reason="NOT RUN: no Chromium found; install the package chromium to check the pages",
    ),
]
WIDE, PHONE = (1280, 900), (390, 844)
DRAW_MS = 10_000


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def server(site) -> Iterator[str]:
    """Address of a server for the site."""
    handler = functools.partial(_Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as one:
        threading.Thread(target=one.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{one.server_port}/"
        one.shutdown()


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        one = play.chromium.launch(
            executable_path=screenshots.chromium(), args=["--no-sandbox", "--disable-gpu"]
        )
        yield one
        one.close()


@pytest.fixture(scope="module")
def names(site) -> list[str]:
    """Every page but the listings of source code."""
    found = (path.relative_to(site).as_posix() for path in sorted(site.rglob("*.html")))
    skipped = ("_modules/", "_static/", "index.html")  # the last only leads to book/index.html
    return [name for name in found if not name.startswith(skipped)]


class Reader:
    """A tab that remembers what went wrong."""

    def __init__(self, tab, root: str, script: bool) -> None:
        self.tab, self.root, self.script, self.page = tab, root, script, ""
        self.troubles: list[str] = []
        tab.on("console", lambda message: self._heard(message))
        tab.on("pageerror", lambda error: self.trouble(f"error: {error}"))
        tab.on("requestfailed", lambda request: self._failed(request))
        tab.on("request", lambda request: self._asked(request.url))
        tab.on("response", lambda answer: self._answered(answer))

    def trouble(self, what: str) -> None:
        self.troubles.append(f"{self.page}: {what}")

    def _heard(self, message) -> None:
        if message.type in ("error", "warning"):
            self.trouble(f"console: {message.text}")

    def _asked(self, url: str) -> None:
        if not url.startswith((self.root, "data:", "blob:")):
            self.trouble(f"asked for {url}")

    def _failed(self, request) -> None:
        if not self.script and request.resource_type == "script":
            return  # refused, as asked
        if request.url.endswith("favicon.svg") and "ABORTED" in (request.failure or ""):
            return  # the next page was opened before the icon came
        self.trouble(f"failed: {request.url}")

    def _answered(self, answer) -> None:
        if answer.status >= 400:
            self.trouble(f"{answer.status} for {answer.url}")

    def open(self, page: str) -> None:
        self.page = page
        self.tab.goto(self.root + page, wait_until="load")

    def check_width(self) -> None:
        wide, screen = self.tab.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        if wide > screen:
            self.trouble(f"{wide} px wide on a screen of {screen} px")


@contextmanager
def reader(browser, root, size, mode, *, script=True):
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=mode,
        java_script_enabled=script,
    )
    try:
        yield Reader(context.new_page(), root, script)
    finally:
        context.close()


DRAWN = """async (limit) => {
  const end = Date.now() + limit, missing = [];
  for (const chart of document.querySelectorAll(".chart")) {
    if (chart.closest("details:not([open])")) continue;
    chart.scrollIntoView();
    while (!chart.dataset.drawn && Date.now() < end) await new Promise((r) => setTimeout(r, 15));
    const marks = chart.querySelectorAll(".chart-live svg :is(path, text)").length;
    const live = chart.querySelector(".chart-live").getBoundingClientRect();
    const still = chart.querySelector(".chart-still").getBoundingClientRect();
    const drawn = marks > 5 && live.width > 100 && live.height > 50 && still.height === 0;
    if (!drawn) missing.push(chart.id);
  }
  return missing;
}"""
STILL = """els => els.filter(chart => {
  if (chart.closest("details:not([open])")) return false;
  const heights = [...chart.querySelectorAll("svg")].map(s => s.getBoundingClientRect().height);
  return heights.filter(height => height > 50).length !== 1;
}).map(chart => chart.id)"""


@pytest.mark.parametrize(
    ("scheme", "size", "mode"),
    [
        ("http", WIDE, "light"),
        ("http", PHONE, "dark"),
        ("file", PHONE, "light"),
        ("file", WIDE, "dark"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value[0]}px",
)
def test_every_page_with_script(browser, site, server, names, scheme, size, mode):
    root = server if scheme == "http" else site.resolve().as_uri() + "/"
    with reader(browser, root, size, mode) as one:
        for name in names:
            if scheme == "file" and name in ("search.html", "404.html"):
                continue  # search shows excerpts over http only; 404 is sent by servers only
            one.open(name)
            theme = one.tab.evaluate("document.documentElement.dataset.theme")
            if theme != mode:
                one.trouble(f"shown {theme}, wanted {mode}")
            for missing in one.tab.evaluate(DRAWN, DRAW_MS):
                one.trouble(f"{missing} is not drawn")
            one.check_width()
    assert one.troubles == []


@pytest.mark.parametrize(
    ("size", "mode"), [(PHONE, "light"), (WIDE, "dark")], ids=["390px", "1280px"]
)
def test_every_page_without_script(browser, site, names, size, mode):
    root = site.resolve().as_uri() + "/"
    with reader(browser, root, size, mode, script=False) as one:
        for name in (name for name in names if name not in ("404.html", "search.html")):
            one.open(name)
            for missing in one.tab.eval_on_selector_all(".chart", STILL):
                one.trouble(f"{missing} shows no still picture, or two")
            one.check_width()
    assert one.troubles == []


def test_a_reader_notices_what_must_not_be(browser, tmp_path):
    (tmp_path / "bad.html").write_text(
        "<!DOCTYPE html><script>console.error('planted')</script>"
        "<img src='https://example.invalid/x.png'><div style='width: 2000px'>wide</div>"
        "<div class='chart' id='empty'><div class='chart-live'></div>"
        "<div class='chart-still'></div></div>"
    )
    with reader(browser, tmp_path.as_uri() + "/", PHONE, "light") as one:
        one.open("bad.html")
        one.check_width()
        assert one.tab.evaluate(DRAWN, 100) == ["empty"]
        assert one.tab.eval_on_selector_all(".chart", STILL) == ["empty"]
    told = " ".join(one.troubles)
    for fault in ("planted", "asked for https://example.invalid/x.png", "2008 px wide"):
        assert fault in told


def test_without_script_the_page_follows_light_and_dark(browser, site):
    root = site.resolve().as_uri() + "/"
    grounds = {}
    for mode in ("light", "dark"):
        with reader(browser, root, WIDE, mode, script=False) as one:
            one.open("book/index.html")
            grounds[mode] = one.tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert grounds["light"] != grounds["dark"]


def test_paper_shows_each_chart_once_and_dark_on_light(browser, site):
    with reader(browser, site.resolve().as_uri() + "/", WIDE, "dark") as one:
        one.open("notebooks/evolution.html")
        assert one.tab.evaluate(DRAWN, DRAW_MS) == []
        one.tab.emulate_media(media="print")
        assert one.tab.eval_on_selector_all(".chart", STILL) == []
        inks = one.tab.eval_on_selector_all(
            ".chart", "els => els.map(e => getComputedStyle(e).color)"
        )
        assert set(inks) == {"rgb(0, 0, 0)"}


def test_the_top_of_the_site_leads_to_the_landing_page(browser, site):
    with reader(browser, site.resolve().as_uri() + "/", WIDE, "light") as one:
        one.tab.goto(one.root + "index.html")
        one.tab.wait_for_url("**/book/index.html")
    assert one.troubles == []


def test_the_search_finds_pages_over_http(browser, server):
    with reader(browser, server, WIDE, "light") as one:
        one.open("search.html?q=parameters")
        one.tab.wait_for_selector("#search-results li a")
        assert one.tab.locator("#search-results li").count() > 3
    assert one.troubles == []


def test_a_chart_follows_the_screen_from_wide_to_narrow(browser, site):
    with reader(browser, site.resolve().as_uri() + "/", WIDE, "light") as one:
        one.open("notebooks/evolution.html")
        one.tab.evaluate(DRAWN, DRAW_MS)
        one.tab.set_viewport_size({"width": 390, "height": 844})
        one.tab.wait_for_function("document.querySelector('.chart').dataset.drawn === 'narrow'")
        one.check_width()
    assert one.troubles == []


def test_the_claims_can_be_filtered_and_sorted(browser, site):
    rows = "table.claims-table tbody tr:not([hidden])"
    with reader(browser, site.resolve().as_uri() + "/", WIDE, "light") as one:
        one.open("book/claims.html")
        chapters = one.tab.get_by_role("combobox", name="Chapter")
        verdicts = one.tab.get_by_role("combobox", name="Verdict")
        whole = one.tab.locator(rows).count()
        chapters.select_option("causes")
        chapter = one.tab.locator(rows).count()
        assert 0 < chapter < whole
        verdicts.select_option("right")
        assert 0 < one.tab.locator(rows).count() < chapter
        assert "chapter=causes&verdict=right" in urlsplit(one.tab.url).query
        one.tab.reload()
        assert 0 < one.tab.locator(rows).count() < chapter, "the address keeps the choice"
        chapters.select_option("all")
        verdicts.select_option("all")
        head = one.tab.locator("table.claims-table th").first
        head.get_by_role("button").click()
        first = one.tab.locator(rows).first.inner_text()
        head.get_by_role("button").click()
        assert head.get_attribute("aria-sort") == "descending"
        assert one.tab.locator(rows).first.inner_text() != first
    assert one.troubles == []


def test_controls_move_a_chart_without_a_kernel(browser, site, pages_with_controls):
    with reader(browser, site.resolve().as_uri() + "/", PHONE, "dark") as one:
        for name in pages_with_controls:
            one.open(name)
            one.tab.evaluate(DRAWN, DRAW_MS)
            slider = one.tab.locator(".vega-bind input[type=range]").first
            chart = one.tab.locator(".chart", has=slider).first
            before = chart.locator(".chart-live svg").first.inner_html()
            assert slider.bounding_box()["height"] >= 24, "WCAG 2.2, criterion 2.5.8"
            slider.focus()
            slider.press("End" if slider.input_value() != slider.get_attribute("max") else "Home")
            one.tab.wait_for_timeout(100)
            assert chart.locator(".chart-live svg").first.inner_html() != before, name
    assert one.troubles == []


@pytest.fixture(scope="module")
def pages_with_controls(site, names) -> list[str]:
    found = [n for n in names if '"input":"range"' in (site / n).read_text(encoding="utf-8")]
    if not found:
        pytest.skip("no chart has a slider")
    return found


# Faults of the theme (its name stands outside the landmarks) and of docutils (roles of citations
# that ARIA has retired), which pages cannot mend; anything else is ours.
AXE_NOT_OURS = {"region", "aria-allowed-role", "aria-deprecated-role", "aria-required-children"}


AXE_PAGES = ("book/index", "notebooks/evolution", "book/claims", "book/api/cost")


@pytest.mark.parametrize(
    ("mode", "rules"),
    [
        ("light", {"resultTypes": ["violations"]}),
        ("dark", {"resultTypes": ["violations"], "runOnly": ["color-contrast"]}),
    ],
    ids=["light", "dark"],
)
def test_axe_finds_nothing_new(browser, server, mode, rules):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = []
    with reader(browser, server, WIDE, mode) as one:
        for name in AXE_PAGES:
            one.open(f"{name}.html")
            one.tab.evaluate(DRAWN, DRAW_MS)
            for fault in axe.run(one.tab, options=rules).response["violations"]:
                if fault["id"] not in AXE_NOT_OURS:
                    where = [node["target"] for node in fault["nodes"][:3]]
                    found.append(f"{name}: {fault['id']} ({fault['impact']}) at {where}")
    assert found == []
