"""Proves in headless Chromium that charts are drawn, the console quiet, nothing sideways."""

from __future__ import annotations

import functools
import http.server
import threading
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from conftest import tool

from llmecon_book.site import publish

ROOT = Path(__file__).parents[2]


serve = tool("serve")
pytestmark = pytest.mark.browser
WIDE, TABLET, PHONE, SMALL_PHONE = (1280, 900), (768, 1024), (390, 844), (320, 640)
FROM_DISK = ("book/index.html", "book/claims.html", "notebooks/evolution.html")  # one of each kind
DRAW_MS = 10_000
SETTLE_MS = 400  # the theme looks for what can be scrolled a while after the screen has changed


@pytest.fixture(scope="module")
def axe():
    return pytest.importorskip("axe_playwright_python.sync_playwright").Axe()


@pytest.fixture(scope="module")
def names(site) -> list[str]:
    """Every page in the book's dress but the listings of source code (decks: tests/teaching)."""
    found = (path.relative_to(site).as_posix() for path in sorted(site.rglob("*.html")))
    skipped = ("_modules/", "_static/", "slides/", "index.html", "404.html")
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
        late = request.url.endswith("favicon.svg") or "/explore/" in request.url
        if late and "ABORTED" in (request.failure or ""):
            return  # the next page was opened before it came
        self.trouble(f"failed: {request.url}")

    def _answered(self, answer) -> None:
        if answer.status >= 400:
            self.trouble(f"{answer.status} for {answer.url}")

    def open(self, page: str) -> None:
        self.page = page
        self.tab.goto(self.root + page, wait_until="load")

    def turn(self, size, mode) -> None:
        """Give the open page another screen in another light."""
        self.tab.set_viewport_size({"width": size[0], "height": size[1]})
        self.tab.emulate_media(color_scheme=mode)

    def check_light(self, mode) -> None:
        theme = self.tab.evaluate(THEME)
        if theme != mode:
            self.trouble(f"shown {theme}, wanted {mode}")

    def check_drawn(self, limit_ms=DRAW_MS) -> None:
        for missing in self.tab.evaluate(DRAWN, limit_ms):
            self.trouble(f"{missing} is not drawn")

    def check_labels(self) -> None:
        for fault in self.tab.evaluate(LABELS):
            self.trouble(f"at {self.tab.viewport_size['width']} px {fault}")

    def check_still(self) -> None:
        for missing in self.tab.eval_on_selector_all(".chart", STILL):
            self.trouble(f"{missing} shows no still picture, or two")

    def check_axe(self, axe, rules=None) -> None:
        """No finding but those below; of these only what hinders nobody seriously."""
        if rules:  # the page was turned
            self.tab.wait_for_timeout(SETTLE_MS)
        if self.tab.evaluate("typeof axe") == "undefined":
            self.tab.evaluate(axe.axe_script)
        self.tab.evaluate(PROBE)
        for fault in self.tab.evaluate(AXE, rules):
            if fault["id"] not in AXE_NOT_OURS or fault["impact"] in ("serious", "critical"):
                where = [node["target"] for node in fault["nodes"][:3]]
                self.trouble(f"axe: {fault['id']} ({fault['impact']}) at {where}")

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


# What a page that has passed on one screen can lose on another; its structure stays.
OF_SCREEN = ["color-contrast", "scrollable-region-focusable", "target-size", "link-in-text-block"]
# Contrast takes axe half a minute on a long page; one text of each style tells the same.
PROBE = """() => {
  const seen = new Set();
  const own = n => n.nodeType === Node.TEXT_NODE && n.data.trim();
  document.querySelectorAll("[data-probe]").forEach(one => delete one.dataset.probe);
  for (const one of document.body.querySelectorAll(":not(script, style, option)")) {
    if (![...one.childNodes].some(own) || !one.checkVisibility()) continue;
    const {color, fontSize, fontWeight} = getComputedStyle(one);
    const style = [color, fontSize, fontWeight];
    for (let up = one; up !== document.body; up = up.parentElement) {
      const {backgroundColor, opacity} = getComputedStyle(up);
      style.push(backgroundColor, opacity);
    }
    if (!seen.has(style.join())) one.dataset.probe = "";
    seen.add(style.join());
  }
}"""
# Faults of the theme (its name stands outside the landmarks) and of docutils (roles of citations
# that ARIA has retired), which pages cannot mend; the corner of a table with heads on two sides.
AXE_NOT_OURS = {"region", "aria-allowed-role", "aria-deprecated-role", "empty-table-header"}

AXE = """async (rules) => {
  const fading = document.getAnimations().filter((one) => one instanceof CSSTransition);
  fading.forEach((one) => one.finish());  // from one light to the other
  axe.configure({rules: [{id: "color-contrast", selector: "[data-probe]"}]});
  const options = {resultTypes: ["violations"], preload: false};
  return (await axe.run(document, rules ? {...options, runOnly: rules} : options)).violations;
}"""
# Pages hear of the other light with the next frame.
THEME = """async () => {
  for (let i = 0; i < 2; i++) await new Promise(requestAnimationFrame);
  return document.documentElement.dataset.theme;
}"""
DRAWN = """async (limit) => {
  const end = Date.now() + limit, missing = [];
  const form = matchMedia("(max-width: 480px)").matches ? "narrow" : "wide";
  for (const chart of document.querySelectorAll(".chart")) {
    if (chart.closest("details:not([open])")) continue;
    chart.scrollIntoView();
    const ready = () => chart.dataset.drawn === form;
    while (!ready() && Date.now() < end) await new Promise((r) => setTimeout(r, 15));
    const marks = chart.querySelectorAll(".chart-live svg :is(path, text)").length;
    const live = chart.querySelector(".chart-live").getBoundingClientRect();
    const still = chart.querySelector(".chart-still").getBoundingClientRect();
    const whole = marks > 5 && live.width > 100 && live.height > 50;
    if (!ready() || !whole || still.height > 0) missing.push(chart.id);
  }
  return missing;
}"""
# Words of a chart that lie on one another, on a point or outside the picture. A box of words is
# higher than its letters, so a fifth of it is cut off at both sides; a tenth may be covered.
LABELS = """async () => {
  const frame = () => new Promise(requestAnimationFrame);
  await frame(); await frame();  // a picture follows the width of the screen with the next one
  const box = (element, cut) => {
    const b = element.getBoundingClientRect(), flat = b.width > b.height;
    const x = flat ? 0 : cut * b.width, y = flat ? cut * b.height : 0;
    return {name: element.textContent, left: b.left + x, right: b.right - x,
            top: b.top + y, bottom: b.bottom - y};
  };
  const area = (b) => Math.max(0, b.right - b.left) * Math.max(0, b.bottom - b.top);
  const covered = (a, b) => area({
    left: Math.max(a.left, b.left), right: Math.min(a.right, b.right),
    top: Math.max(a.top, b.top), bottom: Math.min(a.bottom, b.bottom),
  }) / Math.min(area(a), area(b));
  const faults = [];
  for (const svg of document.querySelectorAll(".chart-live svg")) {
    const whole = svg.getBoundingClientRect();
    const seen = (e) => e.textContent.trim() && getComputedStyle(e).opacity > 0;
    const words = [...svg.querySelectorAll("text")].filter(seen);
    const boxes = words.map((word) => box(word, 0.2)).filter((b) => area(b) > 0);
    const points = [...svg.querySelectorAll(".role-mark.mark-symbol path")].map((p) => box(p, 0));
    boxes.forEach((one, i) => {
      if (one.left < whole.left - 1 || one.right > whole.right + 1
          || one.top < whole.top - 1 || one.bottom > whole.bottom + 1 || one.name.includes("…"))
        faults.push(`${one.name} is cut off`);
      for (const other of boxes.slice(i + 1))
        if (covered(one, other) > 0.1) faults.push(`${one.name} lies on ${other.name}`);
      if (points.some((point) => area(point) > 0 && covered(one, point) > 0.4))
        faults.push(`${one.name} lies on a point`);
    });
  }
  return faults;
}"""
STILL = """els => els.filter(chart => {
  if (chart.closest("details:not([open])")) return false;
  const heights = [...chart.querySelectorAll("svg")].map(s => s.getBoundingClientRect().height);
  return heights.filter(height => height > 50).length !== 1;
}).map(chart => chart.id)"""


@pytest.mark.parametrize(
    ("scheme", "part", "states"),
    [
        ("http", slice(0, None, 2), [(WIDE, "light"), (TABLET, "light"), (PHONE, "dark")]),
        ("http", slice(1, None, 2), [(WIDE, "light"), (TABLET, "light"), (PHONE, "dark")]),
        ("file", slice(None), [(PHONE, "dark"), (WIDE, "light")]),
    ],
    ids=["http, one half", "http, other half", "file"],
)
def test_every_page_with_script(browser, site, server, names, axe, scheme, part, states):
    """Each page as it opens, then on the other screen in the other light: drawn, and for all.

    What the policy of a page forbids is an error of its console. Accessibility is looked at on the
    widest screen, and what can differ there on the narrowest in the other light. From a disk,
    charts of one page of each kind are enough.
    """
    root = server if scheme == "http" else site.resolve().as_uri() + "/"
    with reader(browser, root, *states[0]) as one:
        for name in names[part]:
            one.turn(*states[0])
            one.open(name)
            if scheme == "file" and name not in FROM_DISK:
                continue
            for size, mode in states:
                one.turn(size, mode)
                one.check_light(mode)
                one.check_drawn()
                one.check_labels()
                one.check_width()
                if scheme == "http" and size != TABLET:
                    one.check_axe(axe, None if size == WIDE else OF_SCREEN)
    assert one.troubles == []


def test_every_page_without_script(browser, site, names):
    ground = "els => getComputedStyle(els[0]).backgroundColor"
    states = [(PHONE, "light"), (WIDE, "dark")]
    with reader(browser, site.resolve().as_uri() + "/", *states[0], script=False) as one:
        for name in (name for name in names if name != "search.html"):
            one.turn(*states[0])
            one.open(name)
            grounds = set()
            for size, mode in states:
                one.turn(size, mode)
                one.check_still()
                one.check_width()
                grounds.add(one.tab.eval_on_selector_all("body", ground))
            if len(grounds) != len(states):
                one.trouble("does not follow light and dark")
    assert one.troubles == []


def test_the_index_fits_a_small_phone(browser, site):
    with reader(browser, site.resolve().as_uri() + "/", SMALL_PHONE, "light") as one:
        one.open("genindex.html")
        one.check_width()
    assert one.troubles == []


@pytest.mark.parametrize("depth", ["", "notebooks/", "notebooks/no/such/"])
def test_a_wrong_address_at_any_depth_shows_a_page_that_leads_back(browser, server, axe, depth):
    with reader(browser, server, PHONE, "dark") as one:
        one.open(f"{depth}nothing.html")
        assert one.tab.get_by_role("heading", name="No such page").is_visible()
        ground = "els => getComputedStyle(els[0]).backgroundColor"
        assert one.tab.eval_on_selector_all("body", ground) == "rgb(18, 18, 18)"
        one.check_width()
        one.check_axe(axe)
        told, one.troubles = one.troubles, []
        assert all("404" in trouble for trouble in told), told
        one.tab.get_by_role("link").click()
        one.tab.wait_for_url("**/llmecon/book/index.html")
    assert one.troubles == []


def test_a_reader_notices_what_must_not_be(browser, tmp_path, axe):
    (tmp_path / "bad.html").write_text(
        publish.with_policy('<!DOCTYPE html><meta charset="utf-8"><p style="color: #eee">pale</p>')
        + "<script>console.error('not in the policy')</script>"
        "<script src='data:text/javascript,console.error(1)'></script>"
    )
    with reader(browser, tmp_path.as_uri() + "/", PHONE, "light") as one:
        one.open("bad.html")
        one.check_axe(axe)
    told = " ".join(one.troubles)
    assert "color-contrast (serious)" in told
    assert told.count("violates the following Content Security Policy directive") == 2
    assert "console: not in the policy" not in told
    (tmp_path / "bad.html").write_text(
        "<!DOCTYPE html><script>console.error('planted')</script>"
        "<img src='https://example.invalid/x.png'><div style='width: 2000px'>wide</div>"
        "<div class='chart' id='empty'><div class='chart-live'></div>"
        "<div class='chart-still'></div></div>"
        "<div class='chart-live'><svg width='100' height='40'><text x='20' y='20'>under</text>"
        "<text x='22' y='21'>over</text><text x='90' y='20'>beyond</text>"
        "<text x='20' y='20' opacity='0'>unseen</text><g class='mark-symbol role-mark'>"
        "<path d='M92,14h4v4h-4z'/></g></svg></div>"
    )
    with reader(browser, tmp_path.as_uri() + "/", PHONE, "light") as one:
        one.open("bad.html")
        one.check_light("dark")
        one.check_drawn(limit_ms=100)
        one.check_labels()
        one.check_still()
        one.check_width()
    told = " ".join(one.troubles)
    for fault in (
        "planted",
        "asked for https://example.invalid/x.png",
        "wanted dark",
        "empty is not drawn",
        "empty shows no still picture",
        "at 390 px under lies on over",
        "beyond is cut off",
        "beyond lies on a point",
        "2008 px wide",
    ):
        assert fault in told
    assert "unseen" not in told


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
        one.tab.wait_for_load_state("networkidle")  # it reads each page that it found
        assert one.tab.locator("#search-results li").count() > 3
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


CHAPTER = "notebooks/evolution.html"


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_one_switch_shows_the_code(browser, site, script):
    with reader(browser, site.resolve().as_uri() + "/", PHONE, "light", script=script) as one:
        one.open(CHAPTER)
        code, switch = one.tab.locator(".cell_input"), one.tab.get_by_label("Show the code")
        assert code.count() > 3
        assert not any(cell.is_visible() for cell in code.all())
        assert one.tab.locator(".cell:not(:has(.cell_output)):visible").count() == 0, "no gap"
        switch.focus()
        switch.press(" ")
        assert all(cell.is_visible() for cell in code.all())
        one.check_width()
        one.open("notebooks/causes.html")
        assert one.tab.locator(".cell_input").first.is_visible() is script, "remembered"
        one.tab.emulate_media(media="print")
        assert not one.tab.locator(".cell_input").first.is_visible()
    assert one.troubles == []


BLOCKED = """for (const name of ["localStorage", "sessionStorage"])
  Object.defineProperty(window, name, {
    get() { throw new DOMException("blocked", "SecurityError") }})
"""
THEIRS = ("blocked", "invalid theme mode")  # complaints of the theme's scripts


def test_a_page_reads_where_storage_is_blocked(browser, site):
    """Scripts of the theme complain; what they set is in the style, and ours draw."""
    with reader(browser, site.resolve().as_uri() + "/", PHONE, "dark") as one:
        one.tab.add_init_script(BLOCKED)
        one.open(CHAPTER)
        one.check_drawn()
        one.check_width()
        ground = one.tab.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == "rgb(18, 18, 18)", "the system's choice of light or dark"
        one.tab.get_by_label("Show the code").check()
        assert one.tab.locator(".cell_input").first.is_visible()
    assert [told for told in one.troubles if not any(word in told for word in THEIRS)] == []


def test_explorables_move_from_a_disk_and_where_storage_is_blocked(browser, site):
    """Their settings come as scripts, which a page on a disk may load and its policy allows."""
    with reader(browser, site.resolve().as_uri() + "/", PHONE, "dark") as one:
        one.open("book/explore.html#server?formats=4&acceptance=90%25")
        here = one.tab.locator("#server")
        here.locator("fieldset:enabled").wait_for()
        asked = here.locator("input:checked").evaluate_all(
            "all => all.map(one => one.parentElement.textContent.trim())"
        )
        assert {"4", "90%"} <= set(asked)
        said = here.locator(".explore-sentence").inner_text()
        here.locator("input[name=server-formats]").first.check()
        assert here.locator(".explore-sentence").inner_text() != said
        one.tab.wait_for_url("file://**formats=16&acceptance=90%25**")
        assert one.troubles == []
        one.tab.add_init_script(BLOCKED)
        one.open("book/explore.html?again")
        here.scroll_into_view_if_needed()
        here.locator("fieldset:enabled").wait_for()
    assert [told for told in one.troubles if not any(word in told for word in THEIRS)] == []


def test_explorables_read_where_their_script_does_not_run(browser, server):
    """As in a browser that is too old for it."""
    with reader(browser, server, PHONE, "light") as one:
        one.tab.route(
            "**/vega-charts.js*", lambda route: route.fulfill(body="throw Error('too old')")
        )
        one.open("book/explore.html")
        one.check_still()
        one.check_width()
        assert one.tab.locator(".explorable fieldset:enabled").count() == 0
        fold = one.tab.locator(".explorable details:has(table)").first
        fold.locator("summary").click()
        assert fold.locator("td").first.is_visible()
    assert [told for told in one.troubles if "too old" not in told] == []


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_text_reads_in_a_browser_that_lacks_what_is_new(browser, server, axe, mode):
    """One that knows neither `light-dark()` nor `:has()` leaves out the rules that use them."""

    def older(route) -> None:
        sheet = (route.fetch().text()).replace("light-dark(", "unknown(").replace(":has(", ":nope(")
        route.fulfill(body=sheet, content_type="text/css")

    with reader(browser, server, WIDE, mode) as one:
        one.tab.route("**/book.css*", older)
        one.open(CHAPTER)
        one.check_drawn()
        one.check_axe(axe)
        assert one.tab.locator(".bd-article p").first.is_visible()
    assert one.troubles == []


TERMS = """<!DOCTYPE html><html lang="en"><title>t</title><main>
<p>A <a href="#there" title="What it is."><span class="std-term">batch</span></a></p>
<p><abbr class="extrapolated" title="9 times beyond.">×9</abbr></p><p id="there">x</p></main>"""


def test_a_term_tells_what_it_means(browser, tmp_path):
    """By pointer, key and finger; Escape hides it, a second tap follows the link."""
    script = ROOT / "lib" / "llmecon_book" / "site" / "assets" / "terms.js"
    page = f"{TERMS}<script>{script.read_text(encoding='utf-8')}</script></html>"
    (tmp_path / "terms.html").write_text(page, encoding="utf-8")
    context = browser.new_context(has_touch=True, viewport={"width": 390, "height": 600})
    tab = context.new_page()
    tab.goto((tmp_path / "terms.html").as_uri())
    tip, term = tab.get_by_role("tooltip"), tab.get_by_role("link", name="batch")
    term.hover()
    assert tip.inner_text() == "What it is."
    tab.mouse.move(0, 500)
    tip.wait_for(state="hidden")
    tab.keyboard.press("Tab")
    assert tip.is_visible() and term.get_attribute("aria-describedby") == tip.get_attribute("id")
    tab.keyboard.press("Escape")
    assert not tip.is_visible()
    tab.keyboard.press("Tab")
    assert tip.inner_text() == "9 times beyond."
    term.tap()
    assert tip.inner_text() == "What it is." and "#there" not in tab.url
    term.tap()
    assert tab.url.endswith("#there")
    context.close()


def test_a_served_page_is_loaded_again_after_a_build(browser, tmp_path):
    def write(text: str) -> None:
        whole = f'<head><meta charset="utf-8"></head><h1>{text}</h1>'
        (tmp_path / "page.html").write_text(publish.with_policy(whole), encoding="utf-8")

    write("before")
    handler = functools.partial(serve.Handler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        tab = browser.new_page()
        with tab.expect_response("**/.built"):  # it knows of the first build
            tab.goto(f"http://127.0.0.1:{server.server_port}/page.html")
        write("after")
        serve.Handler.builds += 1
        tab.get_by_role("heading", name="after").wait_for(timeout=DRAW_MS)
        tab.close()
        server.shutdown()


def test_what_is_saved_is_noticed_and_what_is_built_is_not(tmp_path):
    for name in ("book/one.md", "_config.yml", "_build/html/x.html", "lib/x.pyc"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("1")
    before = serve.saved(tmp_path)
    assert {path.name for path in before} == {"one.md", "_config.yml"}
    (tmp_path / "book" / "two.md").write_text("2")
    assert serve.saved(tmp_path) != before
