"""Proves that the folder is whole: policy, sums, feed, picture, days, citations, addresses."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import re
import struct
import subprocess
import xml.etree.ElementTree as ET
from html import unescape
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup
from pybtex.database import parse_string
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from llmecon_book.site import address, provenance, publish

ROOT = Path(__file__).parents[2]
ATOM = "{http://www.w3.org/2005/Atom}"
HOME = "https://github.com/Some-One/a-book"


CHAPTER = """---
orphan: true
file_format: mystnb
kernelspec: {name: python3, display_name: Python}
---
# One

Text.
"""


def built(root: Path, **settings: object) -> BeautifulSoup:
    """Page of a small book in the theme of this one, with these settings in its configuration."""
    (root / "index.md").write_text("# Start\n\nHello.\n")
    (root / "chapter.md").write_text(CHAPTER)
    (root / "conf.py").write_text(
        "extensions = ['myst_nb', 'sphinxext.opengraph', 'llmecon_book.site.sphinx_ext']\n"
        "html_theme = 'sphinx_book_theme'\nnb_execution_mode = 'off'\nllmecon_refresh = False\n"
        "exclude_patterns = ['out']\nproject = 'Small'\nogp_social_cards = {'enable': False}\n"
        "html_theme_options = {'article_footer_items': ['about-page.html']}\n"
    )
    told, out = io.StringIO(), root / "out"
    with patch_docutils(), docutils_namespace():
        app = Sphinx(root, root, out, out / ".trees", "html", settings, status=None, warning=told)
        app.build()
    assert told.getvalue() == ""
    return BeautifulSoup((out / "chapter.html").read_text(encoding="utf-8"), "html.parser")


def test_no_address_is_named_while_none_is_set(tmp_path):
    page = built(tmp_path)
    assert not page.select(".dropdown-source-buttons, .dropdown-launch-buttons, [href*=binder]")
    assert not page.select("meta[property='og:url'], link[rel=canonical]")
    assert not (tmp_path / "out" / "sitemap.xml").exists()
    assert "url = " not in page.select_one("details.cite pre").text
    outside = [a["href"] for a in page.select("a[href*='//']")]
    assert not [one for one in outside if "github" in one or "llmecon" in one]


def test_one_setting_turns_every_address_on(tmp_path):
    page = built(tmp_path, **{"html_theme_options.repository_url": HOME + "/"})
    links = {a["href"] for a in page.select(".bd-header-article a[href]")}
    assert HOME in links
    assert f"{HOME}/edit/main/chapter.md" in links
    assert f"{HOME}/blob/main/chapter.md?plain=1" in links
    assert any(link.startswith(f"{HOME}/issues/new?") for link in links)
    binder = "https://mybinder.org/v2/gh/Some-One/a-book/"
    assert any(link.startswith(binder) and link.endswith("chapter.md") for link in links)
    site = "https://some-one.github.io/a-book/"
    assert page.select_one("meta[property='og:url']")["content"] == site + "chapter.html"
    assert page.select_one("link[rel=canonical]")["href"] == site + "chapter.html"
    assert f"url = {{{site}chapter.html}}" in page.select_one("details.cite pre").text
    listed = ET.parse(tmp_path / "out" / "sitemap.xml").getroot()
    assert [one[0].text for one in listed] == [site + "chapter.html"]
    assert 'href="/a-book/"' in (tmp_path / "out" / "404.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"html_theme_options.repository_url": "llmecon"}, "repository.url must begin with"),
        ({"html_theme_options.repository_url": "https://github.com/x"}, "must end in OWNER/NAME"),
        ({"html_baseurl": "example.org"}, "html.baseurl must begin with"),
    ],
)
def test_an_address_that_is_none_stops_before_any_page(tmp_path, settings, told):
    with pytest.raises(address.WrongAddress, match=told):
        built(tmp_path, **settings)
    assert not list(tmp_path.glob("out/*.html"))


def test_the_book_has_no_address_yet_and_names_none():
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    assert config["repository"]["url"] == ""


def test_the_policy_allows_the_scripts_of_the_page_and_no_text_as_code():
    page = (
        '<head><meta charset="utf-8"><script>let a = 1</script><script src="a.js"></script>'
        '<script type="application/json">{}</script></head>'
        '<button onclick="go(&quot;x&quot;)">x</button>'
    )
    told = publish.policy(page)
    allowed = re.findall(r"'sha256-([^']+)'", told)
    wanted = {
        base64.b64encode(hashlib.sha256(code).digest()).decode()
        for code in (b"let a = 1", b'go("x")')
    }
    assert set(allowed) == wanted and len(allowed) == 2
    assert "unsafe-eval" not in told and "http" not in told
    done = publish.with_policy(page)
    assert done.count("Content-Security-Policy") == 1
    assert done == publish.with_policy(done)


def test_every_page_has_its_own_policy_before_anything_that_it_governs(site):
    pages = {path: path.read_text(encoding="utf-8") for path in site.rglob("*.html")}
    pressed = set().union(*map(publish.buttons, pages.values()))
    assert pressed
    for path, page in pages.items():
        if "_static" in path.parts and "<html" not in page:
            continue
        found = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', page)
        assert found, path.name
        bare = page.replace(found[0] + "\n", "").replace("\n" + found[0], "")
        assert found[1] == publish.policy(bare, pressed), path.name
        assert not re.search(r"<(script|link|style)\b", page[: found.start()]), path.name


def test_every_file_is_in_the_sums(site):
    lines = (site / publish.SUMS).read_text(encoding="utf-8").splitlines()
    told = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    files = {p.relative_to(site).as_posix() for p in site.rglob("*") if p.is_file()}
    assert files - {publish.SUMS, ".buildinfo"} == told.keys()
    done = subprocess.run(
        ["sha256sum", "--quiet", "-c", publish.SUMS], cwd=site, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def test_the_picture_of_a_link_is_as_large_as_asked_for_and_drawn(site):
    content = (site / "_static" / address.CARD).read_bytes()
    assert struct.unpack(">II", content[16:24]) == (1200, 630)
    assert len(content) > 20_000, "an empty picture is smaller"
    for name in ("book/index.html", "index.html", "notebooks/causes.html"):
        page = BeautifulSoup((site / name).read_text(encoding="utf-8"), "html.parser")
        picture = page.select_one("meta[property='og:image']")["content"]
        assert ((site / name).parent / picture).resolve() == (site / "_static" / address.CARD)


def test_the_feed_tells_each_change_with_its_day(site):
    feed = ET.parse(site / publish.FEED).getroot()
    entries = feed.findall(f"{ATOM}entry")
    record = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    heads = re.findall(r"^## (.*)$", record, re.M)
    assert [one.findtext(f"{ATOM}title") for one in entries] == heads
    assert len({one.findtext(f"{ATOM}id") for one in entries}) == len(entries)
    days = [one.findtext(f"{ATOM}updated") for one in entries]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT00:00:00Z", day) for day in days)
    assert feed.findtext(f"{ATOM}updated") == max(days)
    assert "<li>" in entries[0].findtext(f"{ATOM}content")


def test_a_feed_takes_the_day_of_its_heading_and_else_the_given_one():
    text = publish.feed(
        "# C\n\n## Next\n- a & b\n\n## 1.0 · 2025-03-02\n- b\n", "T", "", "2026-01-02"
    )
    days = [one.findtext(f"{ATOM}updated")[:10] for one in ET.fromstring(text).iter(f"{ATOM}entry")]
    assert days == ["2026-01-02", "2025-03-02"]


def test_every_page_says_when_its_facts_and_its_run_are_from(site):
    day = provenance.as_day(provenance.day_of_facts())
    for path in sorted([*site.glob("book/**/*.html"), *site.glob("notebooks/*.html")]):
        page = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        said = page.select_one(".about-page").text
        assert f"Facts up to {day}." in said, path.name
        assert re.search(r"Numbers of the run of \d+ \w+ \d{4}, version \d", said), path.name


def test_the_day_of_a_run_is_that_of_its_commit_and_no_clock(tmp_path):
    (tmp_path / "CHANGELOG.md").write_text("## Next\n\n## 1 · 2024-05-06\n")
    (tmp_path / "notebooks").mkdir()
    for name in ("one", "two"):
        (tmp_path / "notebooks" / f"{name}.ipynb").write_text("{}")
    assert provenance.day_of_run(tmp_path, "notebooks/one") == "2024-05-06"
    provenance._committed.cache_clear()
    who = {f"GIT_{w}_{k}": "x@y" for w in ("AUTHOR", "COMMITTER") for k in ("NAME", "EMAIL")}
    for name, day in (("one", "2025-01-02"), ("two", "2025-03-04")):
        for command in ("init -q .", f"add notebooks/{name}.ipynb", "commit -q -m x"):
            env = os.environ | who | {"GIT_COMMITTER_DATE": f"{day}T12:00:00Z"}
            subprocess.run(["git", *command.split()], cwd=tmp_path, env=env, check=True)
    assert provenance.day_of_run(tmp_path, "notebooks/one") == "2025-01-02"
    assert provenance.day_of_run(tmp_path, "book/index") == "2025-03-04"


def cited(page: BeautifulSoup) -> list[list[str]]:
    """Keys of each block of BibTeX of a page, read by a program that knows the format."""
    blocks = page.select("details.cite pre")
    return [list(parse_string(unescape(block.text), "bibtex").entries) for block in blocks]


def test_a_page_is_cited_after_its_sources(site):
    page = BeautifulSoup((site / "book/index.html").read_text(encoding="utf-8"), "html.parser")
    assert cited(page) == [["erdil2024", "llmecon-index"]]
    page = BeautifulSoup(
        (site / "notebooks/causes.html").read_text(encoding="utf-8"), "html.parser"
    )
    keys = cited(page)[0]
    assert len(keys) > 3 and keys[-1] == "llmecon-causes"
    assert {key for key in keys if key.startswith("llmecon")} == {"llmecon-causes"}


def test_each_table_is_cited_after_its_sources_by_their_rows(site):
    page = BeautifulSoup((site / "book/data.html").read_text(encoding="utf-8"), "html.parser")
    *tables, _ = cited(page)
    assert len(tables) == len(list((ROOT / "data").glob("*.csv")))
    ends = {keys[-1] for keys in tables}
    assert ends == {f"llmecon-{path.stem}" for path in (ROOT / "data").glob("*.csv")}
    models = next(keys for keys in tables if keys[-1] == "llmecon-models")
    assert models[0] == "models-1" and len(models) > 10
    optima = next(keys for keys in tables if keys[-1] == "llmecon-printed_optima")
    assert optima == ["hoffmann2022", "llmecon-printed_optima"], "the bibliography knows it"


def test_bibtex_keeps_what_it_is_given():
    text = provenance.bibtex("k", title="50 % of {A} & B_c", year="2026", url="https://x.org/a_b")
    entry = parse_string(text, "bibtex").entries["k"]
    assert entry.fields["url"] == "https://x.org/a_b"
    assert entry.fields["title"] == r"{50 \% of A \& B\_c}"


def test_the_workflow_runs_the_two_commands_and_publishes_what_they_make():
    flow = yaml.safe_load((ROOT / ".github/workflows/pages.yml").read_text(encoding="utf-8"))
    steps = flow["jobs"]["site"]["steps"]
    assert [step["run"] for step in steps if "run" in step] == ["make test", "make site"]
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    assert {"test", "site", "serve"} <= set(targets)
    used = [step["uses"] for step in steps if "uses" in step]
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", one) for one in used), used
    assert steps[-2]["with"]["path"] == "_build/html"
