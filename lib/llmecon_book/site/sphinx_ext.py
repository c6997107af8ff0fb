"""The book's Sphinx extension: fresh chapters, own assets, formulas and tables, a quiet console."""

from __future__ import annotations

import html
import re
import shutil
from importlib.resources import files
from pathlib import Path
from typing import Any

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import SphinxError
from sphinx.util import logging

import llmecon
from llmecon_book.run import execution
from llmecon_book.run.digest import library_digest
from llmecon_book.site import (
    address,
    downloads,
    edition,
    explorables,
    freshness,
    glue,
    marks,
    mathml,
    provenance,
    publish,
    scenario,
    slides,
    tables,
    terms,
    vega,
)

_LOG = logging.getLogger(__name__)
_HERE = Path(__file__).parent
_ASSETS = _HERE / "assets"
STYLE = "book.css"
# Scripts of the book, and what on a page needs them; a chart asks for `vega.SCRIPT` itself.
SCRIPTS = {"claims-table.js": 'claims-table"?', "terms.js": "std-term|extrapolated"}
NEEDED_BY = SCRIPTS | {vega.SCRIPT: 'class="explorable"'}


class StaleChapter(SphinxError):
    """A chapter whose numbers cannot be brought up to date; the build stops."""

    category = "Chapter error"


def refresh_chapters(app: Sphinx, config: Any) -> None:
    """Execute what may be stale before any page is read."""
    if not config.llmecon_refresh:
        return
    _wait_for_other_builds(app)
    try:
        execution.refresh(Path(app.srcdir), say=_LOG.info)
    except (execution.ChapterFailed, ValueError) as error:
        raise StaleChapter(str(error)) from None


def _wait_for_other_builds(app: Sphinx) -> None:
    """Let one build at a time write into a folder; the lock ends with the build."""
    try:
        import fcntl
    except ImportError:  # Windows
        return
    path = Path(app.srcdir) / "_build" / ".lock"
    path.parent.mkdir(exist_ok=True)
    lock = path.open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        _LOG.info("waiting for another build of this folder to end")
        fcntl.flock(lock, fcntl.LOCK_EX)
    app.connect("build-finished", lambda *_: lock.close(), priority=999)


def reread_after_change(app: Sphinx, env: BuildEnvironment, *_: set[str]) -> list[str]:
    """Read every page again when library, data or packages changed: each may show them."""
    around = library_digest()
    before, env.llmecon_surroundings = getattr(env, "llmecon_surroundings", None), around  # type: ignore[attr-defined]
    return [] if before == around else sorted(env.all_docs)


def own_settings(app: Sphinx, config: Any) -> None:
    """Take the version from the library; put this book's page before the theme's."""
    config.version = config.release = llmecon.__version__
    config.templates_path = [str(_HERE / "templates"), *config.templates_path]


def write_assets(app: Sphinx) -> None:
    """Put the shared script, style, font and tables beside the pages."""
    if app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    static.mkdir(parents=True, exist_ok=True)
    vega.write_script(static / vega.SCRIPT)
    for name in SCRIPTS:
        shutil.copyfile(_ASSETS / name, static / name)
    style = (_ASSETS / STYLE).read_text(encoding="utf-8")
    whole = style + vega.chart_colours() + _theme_without_script()
    (static / STYLE).write_text(whole, encoding="utf-8")
    mathml.write_font(static / mathml.FONT_FILE)


def _theme_without_script() -> str:
    """Let the system's light or dark preference decide where no script can.

    The theme sets its colours for ``data-theme="light"`` and ``"dark"``, names that a script writes
    over the ``"auto"`` of the page. Its two lists of colours are repeated for ``"auto"``.
    """
    folder = files("pydata_sphinx_theme") / "theme" / "pydata_sphinx_theme" / "static"
    sheet = (folder / "styles" / "pydata-sphinx-theme.css").read_text(encoding="utf-8")

    def colours(mode: str) -> str:
        rules = re.findall(rf'html\[data-theme="?{mode}"?\]\{{([^{{}}]*)\}}', sheet)
        return ";".join(rule.strip(";") for rule in rules if "--pst-color" in rule)

    auto = 'html[data-theme="auto"]'
    return (
        f"\n{auto}{{{colours('light')}}}\n"
        f"@media (prefers-color-scheme: dark) {{ {auto}{{{colours('dark')}}} }}\n"
    )


def copy_tables(app: Sphinx, exception: Exception | None) -> None:
    """Publish the data under an address that stays: ``data/<table>.csv``."""
    source = Path(app.srcdir) / "data"
    if exception or app.builder.format != "html" or app.builder.name == "epub":
        return
    if source.is_dir():
        target = Path(app.outdir) / "data"
        target.mkdir(exist_ok=True)
        for path in [*source.glob("*.csv"), *source.glob("datapackage.json")]:
            shutil.copyfile(path, target / path.name)


FRONT_DOOR = """<!DOCTYPE html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<title>{title}: start</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="0; url={page}">
<link rel="icon" href="data:,">
<meta property="og:title" content="{title}">
<meta property="og:image" content="{card}">
</head>
<body><p><a href="{page}">{title}</a></p></body>
</html>
"""


def write_front_door(app: Sphinx, exception: Exception | None) -> None:
    """Lead from the top of the site to the landing page, with plain Sphinx too."""
    if exception or app.builder.name != "html" or app.config.root_doc == "index":
        return
    page = html.escape(app.builder.get_target_uri(app.config.root_doc))
    title = html.escape(app.config.project)
    card = html.escape(f"{app.config.html_baseurl}_static/{address.CARD}")
    door = FRONT_DOOR.format(lang=app.config.language, title=title, page=page, card=card)
    (Path(app.outdir) / "index.html").write_text(door, encoding="utf-8")


def forget_if_faulty(app: Sphinx, exception: Exception | None) -> None:
    """Read everything again after a build with warnings, or the next would pass without them."""
    if exception or app._warncount:
        (Path(app.doctreedir) / "environment.pickle").unlink(missing_ok=True)


# Of the theme's icons, those that its buttons, boxes and links draw.
_ICONS = (
    "F002, F010, F019, F03A, F042, F054, F057, F058, F05A, F062, F064, F065, F06A, F071, F078, "
    "F09B, F0C9, F0EB, F0F3, F104, F105, F107, F15B, F185, F186, F1C1, F303, F35D"
)


def trim_icons(app: Sphinx, exception: Exception | None) -> None:
    """Cut the theme's fonts of icons down to those of the book: 300 kB less at a first visit."""
    if not exception and app.builder.format == "html" and app.builder.name != "epub":
        for path in (Path(app.outdir) / "_static").rglob("fa-*.woff2"):
            mathml.cut_font(path, path, _ICONS)


# The theme's icons as a script of 1.5 MB beside the same as fonts; what only the search page needs.
UNUSED = ("fontawesome.js", "searchtools.js", "language_data.js", "searchindex.js")


def lean(head: str) -> str:
    """The head of a page without scripts that nothing on it calls; the others wait for the text.

    Examples
    --------
    >>> lean('<meta><script src="../_static/searchtools.js"></script><script src="a.js"></script>')
    '<meta><script defer src="a.js"></script>'
    """

    def kept(tag: re.Match[str]) -> str:
        if tag[1].endswith(UNUSED):
            return ""
        # Scripts in the page set its options further, at once.
        at_once = tag[1].endswith("documentation_options.js") or " defer" in tag[0]
        return tag[0] if at_once else tag[0].replace("<script ", "<script defer ", 1)

    return re.sub(r"\s*<script[^>]*\bsrc=\"([^\"?]*)[^>]*></script>", kept, head)


def within_ebook(body: str, online: str) -> str:
    """A page whose hand-written links lead on in an e-book: to its pages, and to tables online.

    Examples
    --------
    >>> within_ebook('<a href="a.html#b"><a href="../data/c.csv">', "https://x.org/")
    '<a href="a.xhtml#b"><a href="https://x.org/data/c.csv">'
    """
    body = re.sub(r'(href="[^":#]*)\.html(["#])', r"\1.xhtml\2", body)
    return re.sub(r'href="(?:\.\./)*(data/[^":]*\.csv")', rf'href="{online}\1', body)


def finish_page(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Drop the in-page kernel's scripts, unused and declared twice; add what the page needs."""

    def wanted(script: Any) -> bool:
        body = getattr(script, "attributes", {}).get("body") or ""
        name = str(getattr(script, "filename", script) or "")
        return "THEBE_JS_URL" not in body and not name.endswith("sphinx-thebe.js")

    # Citations stand in a list, where ARIA knows items only.
    body = (context.get("body") or "").replace('role="doc-biblioentry"', 'role="listitem"')
    if app.builder.name == "epub":
        body = within_ebook(body, app.config.ogp_site_url)
    if body:
        context["body"] = body
    for script, needed_by in NEEDED_BY.items():
        if re.search(needed_by, body):
            app.add_js_file(script, loading_method="defer")
    if doctree and not app.config.html_baseurl:
        up = context["pathto"]("", 1)
        context["metatags"] = address.without_address(context["metatags"], up)
    context["lean"] = str if pagename == "search" else lean
    context["script_files"] = [s for s in context.get("script_files", []) if wanted(s)]
    tree = context.get("generate_toctree_html")
    if tree is not None:
        context["generate_toctree_html"] = lambda *given, **named: _named_folds(
            tree(*given, **named)
        )


def add_foot(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Say below each page from when it is; before the theme drops templates that are empty."""
    if doctree and app.builder.name == "html":
        context["feed"] = (Path(app.srcdir) / "CHANGELOG.md").is_file() and publish.FEED
        context["foot"] = provenance.foot(app, pagename, context["title"])


def _named_folds(tree: Any) -> Any:
    """Give the arrows of the side bar a name for those who hear the page."""
    for fold in [] if isinstance(tree, str) else tree.select("summary"):
        fold["aria-label"] = "Pages below this one"
    return tree


def _plain(translator: Any, node: nodes.Element) -> None:
    """Write the code of a cell as it is: one switch shows and hides the code of all pages."""


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.add_config_value("llmecon_refresh", True, "")
    app.add_config_value("llmecon_card", "", "html")
    scenario.setup(app)  # first: a book of other numbers is not executed again
    edition.setup(app)
    # Sphinx looks for <builder>_math_renderer before html_math_renderer.
    app.add_config_value("epub_math_renderer", "mathml", "env")
    app.add_html_math_renderer("mathml", (mathml.visit_inline, None), (mathml.visit_block, None))
    app.add_node(HideCodeCellNode, override=True, html=(_plain, _plain))  # no bar: see the switch
    app.add_role("claim", marks.ClaimMark())
    app.add_role("extrapolated", glue.Extrapolated())
    app.add_directive("claims-summary", tables.ClaimsSummary)
    app.add_directive("claims-table", tables.ClaimsTable)
    app.add_directive("data-tables", tables.DataTables)
    app.add_directive("explorable", explorables.ExplorableHere)
    app.add_directive("facts-state", freshness.FactsState)
    app.add_css_file(STYLE)
    app.setup_extension("sphinx.ext.autodoc")  # its event, below
    app.connect("autodoc-process-docstring", marks.name_claim, priority=900)  # after numpydoc
    app.connect("config-inited", refresh_chapters)
    app.connect("config-inited", own_settings)
    app.connect("config-inited", address.settle)
    app.connect("builder-inited", glue.teach_forms)
    app.connect("builder-inited", write_assets)
    app.connect("env-before-read-docs", explorables.prepare)
    app.connect("doctree-resolved", terms.define)
    app.connect("env-get-outdated", reread_after_change)
    app.connect("html-page-context", add_foot, priority=100)
    app.connect("html-page-context", finish_page, priority=900)
    app.connect("build-finished", copy_tables)
    app.connect("build-finished", explorables.write_states)
    app.connect("build-finished", downloads.write_downloads)
    app.connect("build-finished", slides.write_decks)
    app.connect("build-finished", trim_icons)
    app.connect("build-finished", write_front_door)
    app.connect("build-finished", publish.finish, priority=900)  # after the theme's last touch
    app.connect("build-finished", forget_if_faulty, priority=950)
    return {
        "version": llmecon.__version__,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
