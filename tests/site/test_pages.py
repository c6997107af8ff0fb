"""Proves from the built files that links lead somewhere and nothing comes from elsewhere."""

from __future__ import annotations

import functools
import gzip
import json
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup
from fontTools.ttLib import TTFont

# As a server sends them, compressed.
MAXIMUM_PAGE_BYTES = 300_000
MAXIMUM_FIRST_VISIT_BYTES = 800_000  # with style, scripts, fonts and the bundle of the charts


@functools.cache
def soup(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


@pytest.fixture(scope="session")
def pages(site) -> dict[str, BeautifulSoup]:
    """Every page by its address, listings of source code left out."""
    found = sorted(path for path in site.rglob("*.html") if "_static" not in path.parts)
    return {
        path.relative_to(site).as_posix(): soup(path)
        for path in found
        if "_modules" not in path.parts
    }


@functools.cache
def anchors(path: Path) -> frozenset[str]:
    text = path.read_text(encoding="utf-8")
    return frozenset(["", *re.findall(r'\b(?:id|name)="([^"]+)"', text)])


def dead_links(site: Path, address: str, page: BeautifulSoup) -> list[str]:
    dead = []
    for link in page.select("a[href]"):
        parts = urlsplit(link["href"])
        if parts.scheme or parts.netloc or link["href"] in ("#", ""):
            continue
        here = site / address
        target = (here.parent / unquote(parts.path)).resolve() if parts.path else here
        if not target.is_file():
            dead.append(f"{address}: {link['href']} is no file")
        # What follows a question mark in a fragment sets an explorable.
        elif target.suffix == ".html" and unquote(parts.fragment).split("?")[0] not in anchors(
            target
        ):
            dead.append(f"{address}: {link['href']} has no such place")
    return dead


def test_every_link_inside_the_site_leads_somewhere(site, pages):
    assert len(pages) > 5
    # 404.html is served at any depth, so its addresses begin at the root of the host.
    dead = [
        one for name in pages if name != "404.html" for one in dead_links(site, name, pages[name])
    ]
    assert dead == []


def test_a_dead_link_would_be_found(site):
    page = BeautifulSoup('<a href="nowhere.html">x</a><a href="#gone">y</a>', "html.parser")
    assert len(dead_links(site, "search.html", page)) == 2


LOADING = {
    "script": "src",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "embed": "src",
    "object": "data",
}
LOADING_RELATIONS = {"stylesheet", "preload", "modulepreload", "icon", "preconnect", "prefetch"}


def from_elsewhere(page: BeautifulSoup) -> list[str]:
    found = [tag.get(key, "") for name, key in LOADING.items() for tag in page.select(name)]
    links = (tag for tag in page.select("link[href]") if LOADING_RELATIONS & set(tag["rel"]))
    found += [tag["href"] for tag in links]
    found += re.findall(r"url\(([^)]+)\)", " ".join(tag.text for tag in page.select("style")))
    return [address for address in found if urlsplit(address.strip("'\"")).netloc]


def test_no_page_loads_anything_from_another_host(pages):
    assert {
        name: from_elsewhere(page) for name, page in pages.items() if from_elsewhere(page)
    } == {}


def test_a_foreign_script_would_be_found():
    page = BeautifulSoup('<script src="https://x.org/a.js"></script>', "html.parser")
    assert from_elsewhere(page) == ["https://x.org/a.js"]


def test_no_style_sheet_loads_anything_from_another_host(site):
    for sheet in site.rglob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        foreign = re.findall(r"""(?:@import\s+|url\()["']?((?:https?:)?//[^"')]+)""", text)
        assert foreign == [], sheet.name


def charts(pages):
    """Those with a number and a caption; explorables have tests of their own."""
    return [
        (name, chart)
        for name, page in pages.items()
        for chart in page.select("div.chart")
        if chart.find_parent(class_="explorable") is None
    ]


def test_every_chart_is_a_numbered_figure_with_picture_words_and_numbers(pages):
    assert charts(pages), "the book has charts"
    for name, chart in charts(pages):
        told = f"{name}: {chart.select_one('.chart-title').text}"
        figure = chart.find_parent("figure")
        assert figure is not None, f"{told}: not a figure"
        assert figure.select_one("figcaption .caption-number"), f"{told}: no number"
        assert len(figure.select_one("figcaption .caption-text").text) > 20, f"{told}: no caption"
        pictures = chart.select(".chart-still svg")
        assert len(pictures) == 2, told
        for picture in pictures:
            words = [picture.select_one(tag).text for tag in ("title", "desc")]
            assert all(len(word) > 10 for word in words), told
            labels = picture["aria-labelledby"].split()
            assert [picture.select_one(f"#{label}").text for label in labels] == words, told
        whole = json.loads(chart.select_one("script.chart-spec").string)
        assert whole["wide"]["description"] == words[1], told


def test_every_chapter_has_at_least_three_figures(pages):
    for name in ("evolution", "reversal", "causes", "outlook"):
        assert len(pages[f"notebooks/{name}.html"].select("figure .chart")) >= 3, name


def test_the_script_of_the_charts_is_loaded_where_a_chart_is_and_only_there(pages):
    for name, page in pages.items():
        loaded = bool(page.select("script[src*='vega-charts.js']"))
        assert loaded == bool(page.select("div.chart")), name


def test_no_id_occurs_twice_on_a_page(pages):
    for name, page in pages.items():
        ids = [tag["id"] for tag in page.select("[id]")]
        twice = {one for one in ids if ids.count(one) > 1} - NOT_OURS
        assert twice == set(), name


# The theme writes its search form into the side bar and into the dialog; sphinx-exercise names the
# body of each exercise alike. Nothing refers to these.
NOT_OURS = {"search-input", "searchbox", "search-form", "exercise-content", "solution-content"}


def test_every_image_has_words(pages):
    for name, page in pages.items():
        for image in page.select("img"):
            assert image.get("alt"), f"{name}: {image.get('src')}"


UNREAD = re.compile(r"<(code|pre|script|math)\b.*?</\1>", re.DOTALL)


def test_every_formula_is_drawn_without_a_script(site, pages):
    formulas = 0
    for name in pages:
        html = (site / name).read_text(encoding="utf-8")
        formulas += html.count("<math")
        article = UNREAD.sub("", html.partition("<article")[2].partition("</article>")[0])
        assert not re.search(r"\\(frac|text|mathrm|alpha|sum|begin)\b", article), name
    assert formulas > 10


def test_pages_have_titles_of_their_own_and_a_description(pages):
    titles = [page.title.text for page in pages.values()]
    assert len(set(titles)) == len(titles)
    for name, page in pages.items():
        if name.startswith(("book/", "notebooks/")):
            assert page.select_one("meta[property='og:description']"), name
            assert page.html.get("lang") == "en", name


def test_the_example_of_the_reference_runs():
    text = (Path(__file__).parents[2] / "book" / "api" / "index.md").read_text(encoding="utf-8")
    code = re.findall(r"```\{code-block\} python\n(.*?)```", text, flags=re.DOTALL)
    assert len(code) == 1
    names: dict[str, object] = {}
    exec(code[0], names)
    assert names["step"].tokens_per_s.shape == (3,)


def loaded(site: Path, name: str, page: BeautifulSoup) -> set[Path]:
    """Files that a first visit of a page asks for: itself, style, scripts, icon, fonts."""
    tags = [*page.select("script[src]"), *page.select("link[rel~=stylesheet], link[rel~=icon]")]
    addresses = [urlsplit(tag.get("src") or tag["href"]).path for tag in tags]
    found = {(site / name).parent.joinpath(address).resolve() for address in addresses}
    return found | {site.resolve() / name} | set(site.resolve().rglob("_static/**/*.woff2"))


@functools.cache
def sent_bytes(path: Path) -> int:
    content = path.read_bytes()
    return len(content if path.suffix == ".woff2" else gzip.compress(content))


def test_every_icon_of_a_page_is_in_the_cut_fonts(site, pages):
    fonts = {path.stem: TTFont(path).getBestCmap() for path in site.rglob("_static/**/fa-*.woff2")}
    drawn = set().union(*fonts.values())
    style = (site / "_static" / "styles" / "pydata-sphinx-theme.css").read_text(encoding="utf-8")
    codes = dict(re.findall(r'\.fa-([a-z-]+):before\{content:"\\(f[0-9a-f]+)"', style))
    shown = {
        name.removeprefix("fa-")
        for page in pages.values()
        for icon in page.select("[class*='fa-']")
        for name in icon["class"]
    }
    own = {ord(sign) for sign in re.findall(r'--pst-icon-(?!gitlab)[a-z-]+:"(.)"', style)}
    wanted = {name: int(codes[name], 16) for name in shown & codes.keys()}
    assert len(wanted) > 5 and len(own) > 5
    assert {name for name, code in wanted.items() if code not in drawn} == set()
    assert own <= drawn


def test_no_page_is_too_heavy(site, pages):
    own = {name: sent_bytes(site / name) for name in pages}
    first = {
        name: sum(map(sent_bytes, loaded(site, name, page)))
        for name, page in pages.items()
        if name not in ("genindex.html", "search.html", "404.html", "index.html")
        and not name.startswith("slides/")
    }
    assert min(first.values()) > 200_000, "style and fonts are counted"
    assert {name: size for name, size in own.items() if size > MAXIMUM_PAGE_BYTES} == {}
    assert {name: size for name, size in first.items() if size > MAXIMUM_FIRST_VISIT_BYTES} == {}
