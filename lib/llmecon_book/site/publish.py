"""What makes the built folder fit for any host: policy, wrong addresses, feed, map, picture, sums.

All of it is written when the pages are, from the pages, the record of changes and the stored chart;
two builds of one commit are the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import vl_convert as vlc
from markdown_it import MarkdownIt
from sphinx.application import Sphinx

from llmecon_book.charts import specs
from llmecon_book.charts.pictures import VL_VERSION
from llmecon_book.charts.specs import Spec
from llmecon_book.site import provenance
from llmecon_book.site.address import CARD

FEED = "feed.xml"
SUMS = "SHA256SUMS"
_CARD_PX = (1200, 630)  # what the networks that show such cards ask for
_UNLISTED = {"404.html", "search.html", "genindex.html", "py-modindex.html", "index.html"}
# `file:` beside 'self', since browsers do not agree on what 'self' is for a page from a disk.
_HERE = "'self' file:"
_SCRIPT = re.compile(r"<script(?P<kind>(?![^>]*\ssrc=)[^>]*)>(?P<body>.*?)</script>", re.DOTALL)
_DATA = re.compile(r"type=[\"']?(?!text/javascript|module)[\w.+-]+/", re.IGNORECASE)


def buttons(page: str) -> set[str]:
    """What the theme's buttons do when they are pressed, written in the page.

    Examples
    --------
    >>> buttons('<button title="Print" onclick="window.print()">')
    {'window.print()'}
    """
    return {html.unescape(code) for code in re.findall(r'<[^<>]*\son[a-z]+="([^"]*)"', page)}


def policy(page: str, pressed: Iterable[str] = ()) -> str:
    """Content security policy of a page: nothing from elsewhere, and no script but its own.

    Scripts and buttons that stand in the page are allowed by their digest, as they are in the
    finished page; so are the buttons ``pressed`` of the pages that it reads, as the search does.

    Examples
    --------
    >>> told = policy("<script>let a = 1</script>")
    >>> "script-src 'self' file: 'sha256-" in told, "unsafe-eval" in told
    (True, False)
    """
    own = [found["body"] for found in _SCRIPT.finditer(page) if not _DATA.search(found["kind"])]
    pressed = buttons(page) | set(pressed)
    allowed = sorted({_digest(code) for code in (*own, *pressed)})
    if pressed:
        allowed.insert(0, "'unsafe-hashes'")
    return "; ".join(
        [
            f"default-src {_HERE}",
            " ".join([f"script-src {_HERE}", *allowed]),
            f"style-src {_HERE} 'unsafe-inline'",
            f"img-src {_HERE} data: blob:",
            f"font-src {_HERE} data:",
            "object-src 'none'",
            f"base-uri {_HERE}",
            f"form-action {_HERE}",
        ]
    )


def _digest(code: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()}'"


def with_policy(page: str, pressed: Iterable[str] = ()) -> str:
    """A page with its policy behind its character set, in place of one of an older build."""
    page = re.sub(r'\n<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
    tag = f'<meta http-equiv="Content-Security-Policy" content="{policy(page, pressed)}">'
    return re.sub(r'(<meta charset="?utf-8"?\s*/?>)', rf"\1\n{tag}", page, count=1, flags=re.I)


def card(spec: Spec) -> bytes:
    """A chart as the picture that a link to the book shows: PNG of 1200 times 630 pixels.

    Parameters
    ----------
    spec : dict
        A Vega-Lite specification of one panel.
    """
    scale = 1.5
    whole = specs.printed(spec)
    whole |= dict(zip(("width", "height"), (px / scale for px in _CARD_PX), strict=True))
    whole |= {"autosize": {"type": "fit", "contains": "padding"}, "background": "white"}
    drawn = vlc.vegalite_to_png(whole, vl_version=VL_VERSION, scale=scale)
    return bytes(drawn)


def write_card(app: Sphinx) -> None:
    """Draw the chart that ``llmecon_card`` names, ``NOTEBOOK::KEY``, beside the pages."""
    notebook, _, key = app.config.llmecon_card.partition("::")
    if not notebook:
        return
    stored = json.loads((Path(app.srcdir) / notebook).read_text(encoding="utf-8"))
    for cell in stored["cells"]:
        for output in cell.get("outputs", []):
            if output.get("metadata", {}).get("scrapbook", {}).get("name") == key:
                found = next(data for data in output["data"].values() if isinstance(data, dict))
                (Path(app.outdir) / "_static" / CARD).write_bytes(card(found))


NOT_FOUND = """<!DOCTYPE html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>No such page · {title}</title>
<link rel="icon" href="data:,">
<style>
html {{ color-scheme: light dark; font: 1.1rem/1.6 system-ui, sans-serif; }}
body {{ max-width: 34rem; margin: 15vh auto; padding: 0 1.5rem; }}
a {{ color: #00559e; }}
@media (prefers-color-scheme: dark) {{
  body {{ background: #121212; color: #ced6dd; }}
  a {{ color: #6cb4ee; }}
}}
</style>
</head>
<body>
<main>
<h1>No such page</h1>
<p>Nothing stands at this address; it may have moved.</p>
<p><a id="start" href="{start}">{title}: to the start</a></p>
</main>
{script}</body>
</html>
"""
# Where the site's own address is not known: the part of this one before the first known folder.
_FIND_START = """<script>
document.getElementById("start").href = location.pathname.replace(/(?:{folders})\\/.*$|[^/]*$/, "");
</script>
"""


def not_found(title: str, lang: str, root: str, folders: list[str]) -> str:
    """The page for a wrong address; it asks for no file, so that a host may serve it at any depth.

    Parameters
    ----------
    title, lang : str
        Of the book.
    root : str
        Path of the site on its host, empty if unknown: a script then reads it off the address.
    folders : list of str
        Folders at the top of the site.
    """
    script = "" if root else _FIND_START.format(folders="|".join(map(re.escape, folders)))
    told = {"title": html.escape(title), "lang": html.escape(lang), "start": html.escape(root)}
    return NOT_FOUND.format(script=script, **told | {"start": told["start"] or "/"})


def feed(record: str, title: str, address: str, unreleased: str) -> str:
    """The record of changes as an Atom feed, one entry a heading.

    Parameters
    ----------
    record : str
        Text of CHANGELOG.md.
    title : str
        Of the book.
    address : str
        Of the site; links are relative while it is empty.
    unreleased : str
        ISO day of what has no day yet.
    """
    entries = [
        (heading, day[-1] if (day := re.findall(r"\d{4}-\d\d-\d\d", heading)) else unreleased, body)
        for heading, body in re.findall(r"^## (.+)\n((?:(?!## ).*\n?)*)", record, re.M)
    ]
    newest = max((day for _, day, _ in entries), default=unreleased)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n'
        f"<title>{html.escape(title)}: changes</title>\n<id>{_name(title)}</id>\n"
        f"<updated>{newest}T00:00:00Z</updated>\n"
        "<author><name>The llmecon authors</name></author>\n"
        f'<link href="{html.escape(address) or "index.html"}"/>\n'
        f'<link rel="self" href="{html.escape(address)}{FEED}"/>\n'
        + "".join(_entry(title, address, *one) for one in entries)
        + "</feed>\n"
    )


def _entry(title: str, address: str, heading: str, day: str, body: str) -> str:
    content = html.escape(MarkdownIt().render(body), quote=False)
    page = html.escape(address) or "index.html"
    return (
        f"<entry>\n<title>{html.escape(heading)}</title>\n<id>{_name(title + heading)}</id>\n"
        f'<updated>{day}T00:00:00Z</updated>\n<link href="{page}"/>\n'
        f'<content type="html">{content}</content>\n</entry>\n'
    )


def _name(text: str) -> str:
    return f"urn:uuid:{uuid5(NAMESPACE_URL, text)}"


def sitemap(pages: list[str], address: str) -> str:
    """Addresses of the pages, for search engines; each must be whole, so the site's is needed."""
    lines = (f"<url><loc>{html.escape(address + page)}</loc></url>\n" for page in pages)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        + "".join(lines)
        + "</urlset>\n"
    )


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Complete the folder once all pages stand; the sums come last."""
    if exception or app.builder.name != "html":
        return
    out, address = Path(app.outdir), app.config.html_baseurl
    write_card(app)
    folders = sorted(path.name for path in out.iterdir() if path.is_dir())
    root = re.sub(r"^https?://[^/]+", "", address)
    missing = not_found(app.config.project, app.config.language, root, folders)
    (out / "404.html").write_text(missing, encoding="utf-8")
    record = Path(app.srcdir) / "CHANGELOG.md"
    if record.is_file():
        day = provenance.day_of_run(Path(app.srcdir), "")
        text = feed(record.read_text(encoding="utf-8"), app.config.project, address, day)
        (out / FEED).write_text(text, encoding="utf-8")
    found = (path.relative_to(out).as_posix() for path in sorted(out.rglob("*.html")))
    pages = {name: (out / name).read_text(encoding="utf-8") for name in found}
    pressed = set().union(*map(buttons, pages.values()))
    for name, page in pages.items():
        (out / name).write_text(with_policy(page, pressed), encoding="utf-8")
    if address:
        listed = [name for name in pages if name not in _UNLISTED and "_static" not in name]
        (out / "sitemap.xml").write_text(sitemap(listed, address), encoding="utf-8")
    (out / ".nojekyll").touch()  # else GitHub Pages leaves out what begins with an underscore
    (out / SUMS).write_text("".join(_sums(out)), encoding="utf-8")


def _sums(out: Path) -> Iterator[str]:
    """Lines that ``sha256sum -c`` reads, for all files but the list itself."""
    for path in sorted(path for path in out.rglob("*") if path.is_file()):
        name = path.relative_to(out).as_posix()
        if name not in (SUMS, ".buildinfo"):
            yield f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {name}\n"
