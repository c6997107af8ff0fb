"""The mark of a claim beside the paragraph that argues it, and the names by which both are found.

A chapter says ``{claim}`E05` `` once it has argued a claim. The paragraph becomes the claim's
place, ``evolution.html#claim-e05``, and a small link shows the verdict and leads to the table of
claims. The table leads back. Sphinx's own labels join the two, so that a strict build stops at a
mark of no claim and at a claim without a place in its chapter.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxRole


def anchor(claim: str) -> str:
    """Id of a claim on a page: of its row in the table, of its paragraph in a chapter."""
    return f"claim-{claim.lower()}"


def place(chapter: str, claim: str) -> str:
    """Label of the paragraph in which a chapter argues a claim."""
    return f"{chapter}-{anchor(claim)}"


def label(env: BuildEnvironment, name: str, target: str, text: str) -> None:
    """Let references by a name lead to an id of the page being read, and show a text."""
    standard: Any = env.get_domain("std")
    standard.labels[name] = (env.docname, target, text)
    standard.anonlabels[name] = (env.docname, target)


def link(
    env: BuildEnvironment, shown: nodes.TextElement, target: str, kind: str = "std:ref", **own: bool
) -> addnodes.pending_xref:
    """A reference that a strict build checks; the target's text replaces what is not its own."""
    domain, _, role = kind.partition(":")
    where = {"refdomain": domain, "reftype": role, "reftarget": target, "refdoc": env.docname}
    return addnodes.pending_xref("", shown, **{"refexplicit": True, "refwarn": True} | where | own)


class ClaimMark(SphinxRole):
    """Verdict of a claim as a link to the table; its first mark on a page names the paragraph."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """The link."""
        here = place(self.env.docname.rpartition("/")[2], self.text)
        standard: Any = self.env.get_domain("std")
        if here not in standard.labels:
            paragraph: Any = self.inliner.parent
            paragraph["ids"].append(anchor(self.text))
            label(self.env, here, anchor(self.text), self.text)
        shown, row = nodes.inline("", self.text), anchor(self.text)
        verdict = link(self.env, shown, row, refexplicit=False)
        return [nodes.inline("", "", verdict, classes=["claim-mark"])], []


def name_claim(
    app: Sphinx, what: str, fullname: str, decided_by: Any, options: Any, lines: list[str]
) -> None:
    """Begin the documentation of a function that decides a claim with that claim."""
    from llmecon_book import ledger

    names = [n for n, f in ledger.FUNCTIONS.items() if f is decided_by and not n.startswith("P")]
    for name in names:  # propositions have no row in the table of claims
        lines[:0] = [f"Claim :ref:`{anchor(name)}`.", ""]
