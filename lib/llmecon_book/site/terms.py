"""Definitions of the glossary within reach of the words that link to them.

Sphinx writes ``{term}`batch` `` as a link to the glossary. It gets the first paragraph of the
definition as its title, so that browsers and screen readers have it without a script and without a
network; ``assets/terms.js`` shows it on hover, focus or tap.
"""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment


def define(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Give each link to a term the term's definition as its title."""
    words = [word for word in doctree.findall(nodes.inline) if "std-term" in word["classes"]]
    meanings = _definitions(app.env) if words else {}
    for word in words:
        link: Any = word.parent
        if isinstance(link, nodes.reference):
            anchor = link.get("refid") or link["refuri"].partition("#")[2]
            link["reftitle"] = meanings[anchor]


def _definitions(env: BuildEnvironment) -> dict[str, str]:
    """First paragraph of the definition of each term, by the id of the term."""
    terms: Any = env.get_domain("std").get_objects()
    pages = {page for _, _, kind, page, _, _ in terms if kind == "term"}
    return {
        name: " ".join(item.next_node(nodes.paragraph).astext().split())
        for page in pages
        for item in env.get_doctree(page).findall(nodes.definition_list_item)
        for term in item.findall(nodes.term)
        for name in term["ids"]
    }
