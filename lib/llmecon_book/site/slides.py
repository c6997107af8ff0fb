"""Slides: a deck a chapter, from ``teaching/slides`` and what the chapter's notebook stores.

A deck is Markdown as reveal.js reads it: three dashes part the slides, and ``Note:`` begins what
only the speaker sees. ``{gpt4_price:.0f}`` is a number of the chapter, ``{fig-read-chart}`` a chart
and ``{fig-read-chart.title}`` what it finds; ``{evolution.bend_n}`` is a number of another chapter.
The files of reveal.js are those of sphinx-revealjs.
"""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from markdown_it import MarkdownIt
from sphinx.application import Sphinx
from sphinx.errors import SphinxError

from llmecon_book.charts import specs
from llmecon_book.charts.theme import MIME
from llmecon_book.run.numbers import figures, key_numbers
from llmecon_book.site import vega
from llmecon_book.words import escaped, fill

_REVEAL = files("sphinx_revealjs") / "_static" / "revealjs"
_FILES = ("dist/reveal.js", "dist/reveal.css", "plugin/notes/notes.js", "LICENSE")
_HEIGHT_PX = 320  # of the plot: a picture of the book's width then fills a slide
_OWN = ("slides.js", "slides.css", "slides-unscripted.css")
_MARKDOWN = MarkdownIt("commonmark", {"typographer": True}).enable(["table", "smartquotes"])
_DECK = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title} · slides</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="../_static/reveal/reveal.css">
<link rel="stylesheet" href="../_static/reveal/slides.css">
<noscript><link rel="stylesheet" href="../_static/reveal/slides-unscripted.css"></noscript>
</head>
<body>
<main><div class="reveal"><div class="slides">
{slides}
</div></div></main>
<footer><a href="../notebooks/{chapter}.html">{title}</a> · S: speaker’s view</footer>
{speaker}
<script src="../_static/reveal/reveal.js"></script>
<script src="../_static/reveal/notes.js"></script>
<script src="../_static/reveal/slides.js"></script>
</body>
</html>
"""


class DeckError(SphinxError):
    """A deck that names what its chapter does not store; the build stops."""

    category = "Slides error"


class _Chart:
    """A chart as a placeholder of a deck."""

    def __init__(self, spec: specs.Spec) -> None:
        self.spec, self.title = spec, escaped(specs.title_lines(spec)[0])

    def __format__(self, form: str) -> str:
        low = self.spec | {"height": min(self.spec["height"], _HEIGHT_PX)}
        return f'\n<div class="picture">{vega.static_svg(low)}</div>\n'


def deck(text: str, chapter: str, stored: Mapping[str, str]) -> str:
    """A deck as a page.

    Parameters
    ----------
    text : str
        Markdown of the deck.
    chapter : str
        Name of its chapter.
    stored : mapping of str to str
        The executed chapters by name, as JSON.

    Raises
    ------
    DeckError
        If a placeholder names nothing that a chapter stores, or has a form that it does not know.
    """
    values = {name: _values(notebook) for name, notebook in stored.items()}
    others = {name: SimpleNamespace(**known) for name, known in values.items()}
    try:
        filled = fill(text, others | values[chapter])
    except (AttributeError, LookupError, ValueError) as error:
        raise DeckError(f"teaching/slides/{chapter}.md: {error}") from None
    filled = filled.replace("GPT-", "GPT\N{NON-BREAKING HYPHEN}")  # else a line ends in it
    title = re.search(r"^# (.+)$", filled, re.M)
    return _DECK.format(
        title=html.escape(title[1] if title else chapter),
        chapter=chapter,
        slides="\n".join(map(_slide, re.split(r"^---$", filled, flags=re.M))),
        speaker=_speaker(),
    )


def _values(notebook: str) -> dict[str, Any]:
    """What an executed chapter stores for its text, by key."""
    numbers = key_numbers(notebook)
    said = {key: escaped(v) if isinstance(v, str) else v for key, v in numbers.items()}
    return said | {key: _Chart(spec) for key, spec in figures(notebook, MIME).items()}


def _slide(text: str) -> str:
    shown, _, notes = text.partition("\nNote:")
    aside = f'<aside class="notes">{_MARKDOWN.render(notes)}</aside>'
    return f"<section>\n{_MARKDOWN.render(shown)}{aside}\n</section>"


def _speaker() -> str:
    """The script of the speaker's window, not run here.

    That window falls under the policy of the page that opens it, which allows what stands in it.
    """
    view = (_REVEAL / "plugin/notes/speaker-view.html").read_text(encoding="utf-8")
    script = re.search(r"<script>.*?</script>", view, re.S)
    return f"<template>{script[0] if script else ''}</template>"


def write_decks(app: Sphinx, exception: Exception | None) -> None:
    """Write every deck beside the pages: all are made before one is written."""
    if exception or app.builder.name != "html":
        return
    source, out = Path(app.srcdir), Path(app.outdir)
    stored = {path.stem: path.read_text("utf-8") for path in source.glob("notebooks/*.ipynb")}
    texts = {path.stem: path.read_text("utf-8") for path in source.glob("teaching/slides/*.md")}
    decks = {name: deck(text, name, stored) for name, text in texts.items() if name in stored}
    for name, page in decks.items():
        (out / "slides").mkdir(exist_ok=True)
        (out / "slides" / f"{name}.html").write_text(page, encoding="utf-8")
    if decks:
        static = out / "_static" / "reveal"
        static.mkdir(exist_ok=True)
        for file in _FILES:
            (static / Path(file).name).write_bytes((_REVEAL / file).read_bytes())
        for file in _OWN:
            shutil.copyfile(Path(__file__).parent / "assets" / file, static / file)
