"""Weight and speed of the pages, beside plain Jupyter Book pages with the same charts.

The plain pages are built for the occasion: one a chapter, with the chapter's charts, no text, and
Altair's default renderer, which takes Vega from a public server. Here Vega comes from its own npm
packages, through the same server as everything else: no name to look up, no second connection. What
else those pages ask of other hosts (MathJax, RequireJS) is refused and counts nothing. All of that
favours them. Both are sent compressed, to a Chromium whose processor is slowed down four times.

Explorables are moved at random: from the event of a control to the frame that shows the change.
"""

from __future__ import annotations

import functools
import gzip
import http.server
import json
import math
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import altair as alt
import nbformat
from nbformat import v4
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.harness import Column, Result, Say

TITLE = "Pages: weight, paint, shift"
PEERS = ("altair", "jupyter-book", "sphinx-book-theme", "vl-convert-python", "playwright")
ROOT = Path(__file__).parents[1]
SITE = ROOT / "_build" / "html"
CHAPTERS = ("evolution", "outlook", "validation")  # two of the argument, and the heaviest
OWN, PLAIN = "this book", "plain Jupyter Book"
SLOWER = 4  # times
SETTLE_MS = 1_000
REPEATS = 3
MOVES = 20
START, EXPLORE = "book/index.html", "book/explore.html"
OF_THIS_BOOK = (START, EXPLORE, "notebooks/causes.html", "notebooks/reversal.html")  # these, too
GOALS = {
    "first visit, at most [kB]": ("first_kb", 800),
    "largest contentful paint, at most [s]": ("paint_s", 1.5),
    "layout shift, at most [1]": ("shift", 0.05),
    "further page, at most [kB]": ("next_kb", 350),
    "explorable, from move to picture, at most [ms]": ("median_ms", 50),
}
CDN = re.compile(r"https://cdn\.jsdelivr\.net/npm/(?P<name>[a-z-]+)@(?P<version>[\d.]+)\?noext")

COLUMNS = [
    Column("page", "page"),
    Column("site", "site"),
    Column("charts", "charts", "d"),
    Column("first_kb", "first visit [kB, compressed]", ".0f"),
    Column("next_kb", "as a further page [kB, compressed]", ".0f"),
    Column("paint_s", "largest contentful paint [s]", ".2f"),
    Column("shift", "layout shift [1]", ".3f"),
]
FEEL_COLUMNS = [
    Column("explorable", "explorable"),
    Column("settings", "settings", "d"),
    Column("median_ms", f"from move to picture, median of {MOVES} [ms]", ".0f"),
    Column("worst_ms", "worst [ms]", ".0f"),
]
GOAL_COLUMNS = [
    Column("goal", "goal"),
    Column("bound", "bound", "g"),
    Column("measured", "the worst of this book's", ".3g"),
    Column("met", "met"),
]

# The browser tells of paints and shifts that were before the question, too.
WATCH = """
window.seen = {paint: 0, shift: 0};
new PerformanceObserver(list => {
  for (const e of list.getEntries()) window.seen.paint = Math.max(window.seen.paint, e.startTime);
}).observe({type: "largest-contentful-paint", buffered: true});
new PerformanceObserver(list => {
  for (const e of list.getEntries()) if (!e.hadRecentInput) window.seen.shift += e.value;
}).observe({type: "layout-shift", buffered: true});
"""
READ_ON = """async () => {
  for (let y = 0; y < document.body.scrollHeight; y += 600) {
    window.scrollTo(0, y);
    await new Promise(done => setTimeout(done, 60));
  }
}"""
# The frame is painted before the message that its callback sends arrives.
MOVE = """async (here, moves) => {
  const controls = [...here.querySelectorAll("[data-control]")];
  const took = [];
  for (const [which, at] of moves) {
    await new Promise(done => setTimeout(done, 400));  // the last move's address is written
    const fields = [...controls[which].querySelectorAll("select, input")];
    const field = fields.length > 1 ? fields[at] : fields[0];
    const started = performance.now();
    if (fields.length > 1) field.checked = true;
    else field.value = at;
    field.dispatchEvent(new Event("input", {bubbles: true}));
    await here.querySelector(".chart").result.view.runAsync();
    await new Promise(requestAnimationFrame);
    await new Promise(done => {
      const channel = new MessageChannel();
      channel.port1.onmessage = done;
      channel.port2.postMessage(0);
    });
    took.push(performance.now() - started);
  }
  return took;
}"""


class _Compressed(http.server.SimpleHTTPRequestHandler):
    """Files as a static host sends them: text compressed, kept by the browser for ten minutes."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        body = _packed(path)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        if path.suffix not in (".woff2", ".png"):
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Cache-Control", "max-age=600")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@functools.cache
def _packed(path: Path) -> bytes:
    body = path.read_bytes()
    return body if path.suffix in (".woff2", ".png") else gzip.compress(body)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Address of a server for a folder."""
    handler = functools.partial(_Compressed, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def charts(chapter: str) -> list[dict[str, Any]]:
    """Specifications that a chapter's page shows, as they stand in it."""
    page = (SITE / "notebooks" / f"{chapter}.html").read_text(encoding="utf-8")
    found = re.findall(r'class="chart-spec">(.*?)</script>', page, re.DOTALL)
    whole = map(json.loads, found)
    return [one["wide"] | {"datasets": one["datasets"]} for one in whole]


def plain_book(folder: Path, chapters: Sequence[str]) -> Path:
    """Build pages with the same charts as Jupyter Book and Altair make them by themselves."""
    (folder / "_config.yml").write_text(
        'title: Plain\nonly_build_toc_files: true\nexecute: {execute_notebooks: "off"}\n'
    )
    toc = "".join(f"  - file: {name}\n" for name in chapters)
    (folder / "_toc.yml").write_text(f"format: jb-book\nroot: index\nchapters:\n{toc}")
    (folder / "index.md").write_text("# Start\n\nHello.\n")
    with alt.renderers.enable("default"):
        for name in chapters:
            cells: list[Any] = [v4.new_markdown_cell(f"# {name}")]
            for spec in charts(name):
                bundle = alt.Chart.from_dict(spec)._repr_mimebundle_()
                shown = v4.new_output("display_data", data=bundle)
                cells.append(v4.new_code_cell("chart", outputs=[shown], execution_count=1))
            nbformat.write(v4.new_notebook(cells=cells), folder / f"{name}.ipynb")
    command = [str(Path(sys.executable).parent / "jupyter-book"), "build", ".", "-q"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    site = folder / "_build" / "html"
    for name in chapters:
        _bring_home(site, site / f"{name}.html")
    return site


def _bring_home(site: Path, page: Path) -> None:
    """Take what a page has from npm's public server out of npm's packages."""

    def local(found: re.Match[str]) -> str:
        name = f"{found['name']}.min.js"
        if not (site / name).exists() and found["name"] != "vega-lib":
            (site / name).write_bytes(_from_npm(found["name"], found["version"]))
        return name

    page.write_text(CDN.sub(local, page.read_text(encoding="utf-8")), encoding="utf-8")


def _from_npm(name: str, version: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", f"{name}@{version}"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as packed:
            file = packed.extractfile(f"package/build/{name}.min.js")
            assert file is not None
            return file.read()


def measure(browser: Browser, root: str, page: str, before: str) -> dict[str, float]:
    """One first visit of a page, read to its end, and one after another page of the site."""
    first = browser.new_context(viewport={"width": 1280, "height": 900})
    tab, sent = _slow(first.new_page())
    tab.goto(root + page, wait_until="load")
    tab.wait_for_timeout(SETTLE_MS)
    paint = tab.evaluate("window.seen.paint")
    tab.evaluate(READ_ON)
    tab.wait_for_timeout(SETTLE_MS)
    shift, first_bytes = tab.evaluate("window.seen.shift"), sum(sent)
    first.close()
    again = browser.new_context(viewport={"width": 1280, "height": 900})
    tab, sent = _slow(again.new_page())
    tab.goto(root + before, wait_until="load")
    tab.wait_for_timeout(SETTLE_MS)
    sent.clear()
    tab.goto(root + page, wait_until="load")
    tab.evaluate(READ_ON)
    tab.wait_for_timeout(SETTLE_MS)
    again.close()
    return {
        "first_kb": first_bytes / 1e3,
        "next_kb": sum(sent) / 1e3,
        "paint_s": paint / 1e3,
        "shift": shift,
    }


def _slow(tab: Page) -> tuple[Page, list[float]]:
    """A tab on a slow processor, and the bytes that come to it over the wire."""
    sent: list[float] = []
    line = tab.context.new_cdp_session(tab)
    line.send("Network.enable")
    line.on("Network.loadingFinished", lambda told: sent.append(told["encodedDataLength"]))
    line.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    tab.add_init_script(WATCH)
    return tab, sent


def chromium() -> str | None:
    """Path of an installed Chromium, None where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for path in map(shutil.which, names) if path), None)


def run(say: Say, *, quick: bool = False) -> list[Result]:
    """Measure the built site and a plain one.

    Parameters
    ----------
    say : callable
        Takes lines about the progress.
    quick : bool, optional
        One chapter, once.

    Raises
    ------
    ValueError
        If no site was built.
    """
    if not (SITE / "SHA256SUMS").is_file():
        raise ValueError(f"no built site in {os.path.relpath(SITE)}: run make site")
    programs = {"chromium": chromium(), "npm": shutil.which("npm")}
    missing = [name for name, path in programs.items() if path is None]
    if missing:
        return [Result("site", TITLE, COLUMNS, [], missing=missing)]
    chapters, repeats = (CHAPTERS[:1], 1) if quick else (CHAPTERS, REPEATS)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        say("building plain pages with the same charts")
        plain = plain_book(Path(folder), chapters)
        elsewhere = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
        browser = play.chromium.launch(executable_path=chromium(), args=["--no-sandbox", elsewhere])
        rows = []
        for site, top, start, more in (
            (SITE, "notebooks/{}.html", START, OF_THIS_BOOK),
            (plain, "{}.html", "index.html", ()),
        ):
            pages = [*(top.format(name) for name in chapters), *more]
            with served(site) as root:
                for page in pages:
                    say(f"{OWN if site == SITE else PLAIN}: {page}")
                    before = start if page != start else pages[0]
                    runs = [measure(browser, root, page, before) for _ in range(repeats)]
                    rows.append(_row(site, page, runs))
        with served(SITE) as root:
            say("moving the explorables")
            felt = feel(browser, root)
        browser.close()
    return [
        Result("site_goals", "What was asked for", GOAL_COLUMNS, _goals([*rows, *felt])),
        Result("site", TITLE, COLUMNS, sorted(rows, key=lambda row: row["page"])),
        Result("site_feel", "From a move to its picture", FEEL_COLUMNS, felt),
    ]


def feel(browser: Browser, root: str) -> list[dict[str, Any]]:
    """How long each explorable takes from a move of a control to its picture."""
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    tab.goto(root + EXPLORE)
    line = tab.context.new_cdp_session(tab)
    found = []
    for here in tab.locator(".explorable").all():
        here.scroll_into_view_if_needed()
        here.locator("fieldset:enabled").wait_for()
        here.locator(".chart[data-drawn]").wait_for()
        listed = here.locator("[data-control]").evaluate_all("all => all.map(c => c.dataset)")
        options = [len(json.loads(control["options"])) for control in listed]
        line.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        took = here.evaluate(MOVE, _moves(options))
        line.send("Emulation.setCPUThrottlingRate", {"rate": 1})
        known = {"explorable": here.get_attribute("id"), "settings": math.prod(options)}
        found.append(known | {"median_ms": statistics.median(took), "worst_ms": max(took)})
    tab.close()
    return found


def _moves(options: list[int]) -> list[tuple[int, int]]:
    """Controls and their new settings, by number, the same each time."""
    draw = random.Random(MOVES)
    controls = [draw.randrange(len(options)) for _ in range(MOVES)]
    return [(control, draw.randrange(options[control])) for control in controls]


def _row(site: Path, page: str, runs: list[dict[str, float]]) -> dict[str, Any]:
    """What was measured on a page, the median of its runs."""
    text = (site / page).read_text(encoding="utf-8")
    sign = 'class="chart-spec"' if site == SITE else "const paths ="
    known = {"page": Path(page).stem, "site": OWN if site == SITE else PLAIN}
    medians = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
    return known | {"charts": text.count(sign)} | medians


def _goals(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each goal beside the worst of the book's pages."""
    found = []
    for goal, (name, bound) in GOALS.items():
        worst = max(row[name] for row in rows if row.get("site", OWN) == OWN and name in row)
        met = "yes" if worst <= bound else "no"
        found.append({"goal": goal, "bound": bound, "measured": worst, "met": met})
    return found
