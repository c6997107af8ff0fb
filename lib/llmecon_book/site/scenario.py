"""A site of other numbers: each changed number marked, the scenario named on every page.

A copy of the book that ``llmecon rerun --site`` makes has a file beside its pages that says what
was changed and holds the book's own numbers; without that file nothing here does anything.
"""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any

from docutils import nodes
from myst_nb.ext.glue.roles import PasteTextRole
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

from llmecon_book.run.numbers import shown
from llmecon_book.run.whole_book import MARKER
from llmecon_book.words import written

_BANNER = (
    '<div class="scenario" role="note"><strong>Not the book as published.</strong> '
    "Scenario <em>{name}</em>: {what}. A marked number has changed; point at it to see the "
    "book's own.</div>"
)


class _Changed(nodes.inline):  # type: ignore[misc]  # untyped in docutils
    """A number that the scenario changed; ``was`` is the book's own."""


class _TextRole(PasteTextRole):  # type: ignore[misc]  # untyped in MyST-NB
    """``{glue:text}`` that notes which number it is."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """What MyST-NB gives, with key and form beside it."""
        made, messages = super().run()
        for node in made:
            node["glued"] = self.text
        return made, messages


class _Mark(SphinxPostTransform):
    """Put a mark around each number that is not the book's own."""

    default_priority = 4  # before MyST-NB puts numbers of other pages in their places

    def run(self, **_: Any) -> None:
        """Compare each glued number with what the book has."""
        book = _told(self.app)["numbers"]
        for node in list(
            self.document.findall(lambda node: "glued" in getattr(node, "attributes", ()))
        ):
            page, _, key = node["glued"].rpartition("::")
            key, _, form = key.partition(":")
            chapter = Path(page or self.env.docname).stem
            before = book["before"].get(chapter, {}).get(key)
            after = book["after"].get(chapter, {}).get(key)
            if before != after:
                marked = _Changed(was=_form(before, form), classes=["changed"])
                node.replace_self(marked)
                marked += node


def _form(value: Any, form: str) -> str:
    try:
        return written(value, "" if form == "s" else form)
    except (TypeError, ValueError):
        return shown(value)


def _told(app: Sphinx) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((Path(app.srcdir) / MARKER).read_text(encoding="utf-8"))
    return found


def _visit(translator: Any, node: nodes.Element) -> None:
    title = html.escape(f"in the book: {node['was']}")
    translator.body.append(f'<mark class="changed" title="{title}">')


def _depart(translator: Any, node: nodes.Element) -> None:
    translator.body.append("</mark>")


def _name_it(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Say on top of a page that its numbers are those of a scenario."""
    told = _told(app)
    banner = _BANNER.format(name=html.escape(told["name"]), what=html.escape(told["changed"]))
    context["body"] = banner + (context.get("body") or "")


def setup(app: Sphinx) -> None:
    """Mark and name, if the folder is a copy with other numbers; its chapters are not run."""
    if not (Path(app.srcdir) / MARKER).is_file():
        return
    app.connect("config-inited", _keep_chapters, priority=1)
    app.add_node(_Changed, html=(_visit, _depart))
    app.add_role_to_domain("glue", "text", _TextRole(), override=True)
    app.add_post_transform(_Mark)
    app.connect("html-page-context", _name_it, priority=800)


def _keep_chapters(app: Sphinx, config: Any) -> None:
    config.llmecon_refresh = False
