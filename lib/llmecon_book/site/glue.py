"""Numbers in prose: ``{glue:text}`key:form``` knows the forms of `llmecon_book.words`."""

import json
from pathlib import Path

from docutils import nodes
from myst_nb.core.variables import RetrievalError, VariableOutput
from myst_nb.ext.glue import crossref, directives, roles
from myst_nb.ext.glue.utils import glue_warning, retrieve_glue_data
from myst_nb.ext.utils import RoleBase
from sphinx.application import Sphinx

from llmecon_book.run.numbers import RECORD, value
from llmecon_book.words import written


def formatted(stored: str, form: str) -> str:
    """A glued value, as the notebook stores it, in a form.

    Raises
    ------
    ValueError
        If the value has no such form; MyST-NB turns it into a warning with file and line.

    Examples
    --------
    >>> formatted("70600000000.0", "short"), formatted("'GPT-4'", "s")
    ('70.6B', 'GPT-4')
    """
    return str(value(stored)) if form == "s" else written(value(stored), form)


def teach_forms(app: Sphinx) -> None:
    """Let the role of MyST-NB format by `formatted`: its own knows formats of Python only."""
    roles.format_plain_text = crossref.format_plain_text = formatted
    directives.retrieve_glue_data = stored


def stored(document: nodes.document, key: str) -> VariableOutput:
    """What a key holds on this page, or as ``/notebooks/chapter.ipynb::key`` on another.

    MyST-NB shows numbers of other pages, but no figures in a frame.
    """
    page, _, name = key.rpartition("::")
    if not page:
        return retrieve_glue_data(document, key)
    env = document.settings.env
    _, path = env.relfn2path(page)
    for notebook in Path(path).parent.glob("*.ipynb"):  # whose numbers stand beside the figure
        env.note_dependency(str(notebook))
    for cell in json.loads(Path(path).read_text(encoding="utf-8"))["cells"]:
        for output in cell.get("outputs", []):
            if output["metadata"].get("scrapbook", {}).get("name") == name:
                data = {kind.removeprefix(RECORD): shown for kind, shown in output["data"].items()}
                return VariableOutput(data, output["metadata"], document["nb_renderer"], "glue")
    raise RetrievalError(f"No key {name!r} in {page}")


class Extrapolated(RoleBase):  # type: ignore[misc]  # untyped in MyST-NB
    """``{extrapolated}`key```: a badge with a glued factor beyond the measured range.

    There is no badge where the factor is at most one: nothing is extrapolated then.
    """

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """The badge, or a warning with file and line."""
        try:
            stored = retrieve_glue_data(self.document, self.text).data["text/plain"]
            times, beyond = formatted(stored, "short"), value(stored) > 1
        except (RetrievalError, KeyError, TypeError, ValueError) as error:
            why = f"no factor for a badge in {self.text!r}: {error}"
            return [], [glue_warning(why, self.document, self.line)]
        says = f"{times} times beyond the measured range"
        badge = nodes.abbreviation("", f"extrapolated ×{times}", classes=["extrapolated"])
        badge["explanation"] = says
        return [badge] if beyond else [], []
