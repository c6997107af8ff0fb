"""Numbers in prose: ``{glue:text}`key:form``` knows the forms of `llmecon_book.words`."""

from myst_nb.ext.glue import roles
from sphinx.application import Sphinx

from llmecon_book.run.numbers import value
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
    roles.format_plain_text = formatted
