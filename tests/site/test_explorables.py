"""Proves in Chromium that an explorable shows what the library says, setting by setting.

Oracle: the library itself, called here for the setting that the controls were moved to; what it
says is proved in tests/library/test_explore_*.py by other routes.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from functools import cache
from urllib.parse import parse_qs

import pytest

from llmecon_book.charts import specs
from llmecon_book.explore import Explorable
from llmecon_book.explore.listing import EVERY
from llmecon_book.site import explorables

pytestmark = pytest.mark.browser
SETTINGS = 40
SEED = 2026


@pytest.fixture(scope="module")
def page(server, browser) -> Iterator:
    """The page of all explorables, with what went wrong on it."""
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    tab.troubles = []
    tab.on("console", lambda said: tab.troubles.append(said.text) if said.type == "error" else None)
    tab.on("pageerror", lambda error: tab.troubles.append(str(error)))
    tab.goto(server + "book/explore.html")
    yield tab
    tab.close()


@pytest.fixture(scope="module", params=list(EVERY))
def explorable(request) -> Explorable:
    """Each explorable of the book."""
    return EVERY[request.param]()


# The table is filled once it is unfolded.
UNFOLD = """here => new Promise(done => {
    const fold = here.querySelector("tbody").closest("details");
    if (fold.open) return done();
    fold.addEventListener("toggle", () => done(), {once: true});
    fold.open = true;
})"""


def ready(page, key: str):
    """The explorable on the page once its settings have come."""
    here = page.locator(f".explorable#{key}")
    here.scroll_into_view_if_needed()
    here.locator("fieldset:not([disabled])").wait_for()
    here.locator(".chart[data-drawn]").wait_for()
    here.evaluate(UNFOLD)
    return here


def fresh(page, key: str):
    """The same at its first setting, whatever was done to it before."""
    here = ready(page, key)
    here.locator("[data-do=reset]").click()
    return here


# Every word of an explorable that follows the setting.
SHOWN = """(here) => ({
    title: here.querySelector(".chart-title").textContent.replaceAll("\u2060", ""),
    sentence: here.querySelector(".explore-sentence").textContent,
    readout: [...here.querySelectorAll("dl div")].map(
        one => [...one.children].map(part => part.textContent)),
    heads: [...here.querySelectorAll("thead th")].map(one => one.textContent),
    table: [...here.querySelectorAll("tbody tr")].map(
        row => [...row.children].map(cell => cell.textContent)),
    drawn: here.querySelector(".chart").result.view.data("rows").length,
    named: here.querySelector(".chart-live").getAttribute("aria-label"),
})"""
# The same after each of some moves of the controls, in one trip to the browser.
MOVED = f"""async (here, settings) => {{
  const found = [];
  for (const setting of settings) {{
    here.querySelectorAll("[data-control]").forEach((control, at) => {{
        const button = control.querySelector(`input[type=radio][value="${{setting[at]}}"]`);
        if (button) return button.click();
        const field = control.querySelector("select, input");
        field.value = setting[at];
        field.dispatchEvent(new Event("input", {{bubbles: true}}));
    }});
    await here.querySelector(".chart").result.view.runAsync();
    found.push(({SHOWN})(here));
  }}
  return found;
}}"""


def shown(here) -> dict:
    """What stands there now."""
    return here.evaluate(SHOWN)


@cache
def heads(key: str) -> dict[str, str]:
    """Heads of the table of an explorable, by column."""
    return specs.column_titles(explorables.specification(EVERY[key]()))


def expected(explorable: Explorable, setting: tuple[str, ...]) -> dict:
    """The same from the library."""
    state = explorable.at(setting)
    told = heads(explorable.key)
    table = explorables.columns(state.rows)
    listed = [name for name in table if name in told]
    rows = zip(*(table[name] for name in listed), strict=True)
    return {
        "title": state.title,
        "sentence": state.sentence,
        "readout": [[name, text] for name, text in state.readout.items()],
        "heads": [told[name] for name in listed],
        "table": [[specs.shown(value) for value in row] for row in rows],
        "drawn": len(state.rows),
        "named": f"{state.title}. {state.sentence}",
    }


def test_it_shows_what_the_library_says(page, explorable):
    here, every = fresh(page, explorable.key), list(explorable.settings())
    assert shown(here) == expected(explorable, explorable.default)
    chosen = random.Random(SEED).sample(every, min(SETTINGS, len(every)))
    options = [list(control.options) for control in explorable.controls]
    moves = [list(map(list.index, options, setting)) for setting in chosen]
    for setting, found in zip(chosen, here.evaluate(MOVED, moves), strict=True):
        assert found == expected(explorable, setting), setting
    here.locator("[data-do=reset]").click()
    assert shown(here) == expected(explorable, explorable.default)
    assert page.troubles == []


def test_it_can_be_moved_by_keyboard_and_shared(page, explorable):
    here, control = fresh(page, explorable.key), explorable.controls[0]
    options = list(control.options)
    at = options.index(control.default)
    before = shown(here)
    field = here.locator("input:checked, input[type=range], select").first
    field.press("ArrowLeft" if at else "ArrowRight")
    moved = shown(here)
    assert moved != before
    asked = {one.name: [one.default] for one in explorable.controls}
    asked[control.name] = [options[at - 1 if at else 1]]
    page.wait_for_url(lambda url: parse_qs(url.partition("?")[2]) == asked)
    address = page.url
    page.goto("about:blank")
    page.goto(address)
    assert shown(ready(page, explorable.key)) == moved


def test_a_wrong_address_shows_the_first_setting_and_says_so(page, explorable, server):
    page.goto("about:blank")
    page.goto(
        f"{server}book/explore.html#{explorable.key}?nonsense=%E0%A4%A&{explorable.controls[0].name}=-7"
    )
    here = ready(page, explorable.key)
    here.locator(".explore-note:not(:empty)").wait_for()
    assert "cannot be set here" in here.locator(".explore-note").inner_text()
    assert shown(here) == expected(explorable, explorable.default)
    assert page.troubles == []


def test_what_is_shown_can_be_kept(page, explorable):
    here = fresh(page, explorable.key)
    with page.expect_download() as kept:
        here.locator("[data-do=csv]").click()
    head, *lines = kept.value.path().read_text(encoding="utf-8").splitlines()
    state = explorable.at(explorable.default)
    assert head.split(",") == list(state.rows.columns)
    assert len(lines) == len(state.rows)
    with page.expect_download() as kept:
        here.locator("[data-do=svg]").click()
    assert state.title.split()[0] in kept.value.path().read_text(encoding="utf-8")
    with page.expect_download() as kept:
        here.locator("[data-do=png]").click()
    assert kept.value.path().read_bytes().startswith(b"\x89PNG")


def test_without_a_script_the_first_setting_stands_there(site, explorable):
    text = (site / "book" / "explore.html").read_text(encoding="utf-8")
    part = re.search(rf'<section class="explorable" id="{explorable.key}".*?</section>', text, re.S)
    assert part is not None
    state = explorable.at(explorable.default)
    assert "<svg" in part[0]
    assert "<table" in part[0]
    assert "<noscript>" in part[0]
    spec = json.loads(re.search(r'class="chart-spec">(.*?)</script>', part[0], re.S)[1])
    assert len(spec["datasets"]["rows"]) == len(state.rows)
