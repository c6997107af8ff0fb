"""The book as one PDF: the pages of the built site, one after another, printed by Chromium.

python tools/pdf.py _build/book.pdf
"""

from __future__ import annotations

import argparse
import posixpath
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import yaml
from bs4 import BeautifulSoup
from playwright.sync_api import sync_playwright
from screenshots import chromium

LEFT_OUT = "book/api/"  # the reference is for the screen


def contents(book: Path) -> list[str]:
    """Addresses of the pages, in the order of the table of contents."""
    toc = yaml.safe_load((book / "_toc.yml").read_text(encoding="utf-8"))
    files = [page["file"] for part in toc["parts"] for page in part["chapters"]]
    return [f"{file}.html" for file in [toc["root"], *files] if not file.startswith(LEFT_OUT)]


def joined(site: Path, pages: Sequence[str]) -> str:
    """All pages as one: places are named after their page, links lead within it."""
    first = BeautifulSoup((site / pages[0]).read_text(encoding="utf-8"), "html.parser")
    own = first.select_one("link[rel=canonical]")  # there where the site's address is known
    online = str(own["href"]).removesuffix(pages[0]) if own else ""
    for script in first.select("script, noscript, link[rel=icon]"):
        script.decompose()
    whole = first.new_tag("main", attrs={"class": "bd-article"})
    for page in pages:
        text = (site / page).read_text(encoding="utf-8")
        article = BeautifulSoup(text, "html.parser").select_one("article")
        assert article is not None, page
        for off in article.select("script, noscript, .headerlink, .chart-narrow, .chart-numbers"):
            off.decompose()
        for named in article.select("[id]"):
            if not named.find_parent("svg") and named.name != "svg":
                named["id"] = place(page, str(named["id"]))
        for link in article.select("a[href]"):
            target = leads(page, str(link["href"]), pages, online)
            link.attrs = {**link.attrs, "href": target} if target else {}
        for picture in article.select("img[src]"):
            picture["src"] = moved(page, str(picture["src"]), pages[0])
        article["id"] = place(page, "")
        whole.append(article)
    body = first.body
    assert body is not None
    body.clear()
    body.append(whole)
    return str(first)


def place(page: str, name: str) -> str:
    """Id in the whole of a place on a page."""
    return f"{page.removesuffix('.html').replace('/', '-')}--{name}"


def moved(page: str, address: str, to: str) -> str:
    """A relative address, seen from another page."""
    target = posixpath.join(posixpath.dirname(page), address)
    return posixpath.relpath(target, posixpath.dirname(to))


def leads(page: str, address: str, pages: Sequence[str], online: str) -> str:
    """Where a link leads in the whole, or online where the PDF has no such page; empty: nowhere."""
    parts = urlsplit(address)
    if parts.scheme:
        return address
    here = posixpath.dirname(page)
    target = posixpath.normpath(posixpath.join(here, parts.path)) if parts.path else page
    if target in pages:
        return "#" + place(target, parts.fragment)
    return online and online + target + (f"#{parts.fragment}" if parts.fragment else "")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the PDF; 0 if it was written."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("file", type=Path)
    parser.add_argument("--site", type=Path, default=Path("_build/html"))
    chosen = parser.parse_args(arguments)
    program = chromium()
    if program is None:
        print("error: no Chromium found; install the package chromium", file=sys.stderr)
        return 2
    pages = contents(Path(__file__).resolve().parents[1])
    page = chosen.site / Path(pages[0]).with_name("whole.html")
    page.write_text(joined(chosen.site, pages), encoding="utf-8")
    try:
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=program, args=["--no-sandbox"])
            tab = browser.new_page(java_script_enabled=False, color_scheme="light")
            tab.goto(page.resolve().as_uri())
            tab.pdf(
                path=chosen.file,
                format="A4",
                scale=0.8,
                margin=dict.fromkeys(("top", "bottom", "left", "right"), "18mm"),
                display_header_footer=True,
                header_template="<span></span>",
                footer_template='<p style="width: 100%; font: 8px sans-serif; text-align: center">'
                '<span class="pageNumber"></span></p>',
                tagged=True,
                outline=True,
            )
            browser.close()
    finally:
        page.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
