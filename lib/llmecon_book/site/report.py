"""Pages of a run: one file each, readable in light and dark, without a script or another host."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

import pandas as pd

from llmecon_book.charts import specs
from llmecon_book.charts.theme import MIME
from llmecon_book.run import numbers
from llmecon_book.site import vega

_STYLE = """
:root { color-scheme: light dark; --page: light-dark(#fff, #14181e);
  --ink: light-dark(#1d2329, #dfe3e8); --soft: light-dark(#f1f4f7, #1f252d);
  --rule: light-dark(#c9d1d9, #434c56); --accent: light-dark(#00559e, #6cb4ee);
  --gone: light-dark(#b83a00, #ff8f57); --new: light-dark(#00714f, #2fc295); }
body { margin: 0 auto; max-width: 72rem; padding: 1.5rem; background: var(--page);
  color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; }
h1, h2, h3 { line-height: 1.25; } h2 { margin-top: 2.5rem; border-top: 1px solid var(--rule);
  padding-top: 1.2rem; }
table { border-collapse: collapse; } th, td { padding: .3rem .7rem; text-align: left;
  vertical-align: top; border-bottom: 1px solid var(--rule); }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.scroll { overflow-x: auto; } .pair { display: grid; gap: 1rem 2rem; margin: 1rem 0;
  grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr)); }
.pair > div { min-width: 0; background: var(--soft); padding: .6rem 1rem; border-radius: 6px; }
.pair h4 { margin: 0 0 .3rem; font-size: .85rem; letter-spacing: .04em; color: var(--accent); }
svg { max-width: 100%; height: auto; } figure { margin: 0; } figcaption { font-weight: 600; }
del { color: var(--gone); } ins { color: var(--new); text-decoration-thickness: 2px; }
summary { cursor: pointer; color: var(--accent); } .quiet { opacity: .8; }
"""


def page(title: str, *parts: str) -> str:
    """A whole page.

    Parameters
    ----------
    title : str
        Its heading.
    *parts : str
        HTML, from the functions below.
    """
    style = _STYLE + vega.chart_colours()
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{html.escape(title)}</title><link rel="icon" href="data:,">'
        f"<style>{style}</style></head>\n<body><main><h1>{html.escape(title)}</h1>\n"
        + "\n".join(part for part in parts if part)
        + "\n</main></body></html>\n"
    )


def part(heading: str, *bodies: str) -> str:
    """A part of a page under a heading; nothing if there is nothing below it."""
    body = "\n".join(filter(None, bodies))
    return f"<h2>{html.escape(heading)}</h2>\n{body}" if body else ""


def lines(sentences: Iterable[str]) -> str:
    """A list of sentences."""
    told = "".join(f"<li>{html.escape(sentence)}</li>" for sentence in sentences)
    return f"<ul>{told}</ul>" if told else ""


def folded(heading: str, body: str) -> str:
    """A body behind a fold."""
    return f"<details><summary>{html.escape(heading)}</summary>{body}</details>" if body else ""


def table(frame: pd.DataFrame, heads: Mapping[str, str]) -> str:
    """Columns of a frame under other headers; empty if it has no row."""
    if frame.empty:
        return ""
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in heads.values())
    rows = ("".join(_cell(row[column]) for column in heads) for row in frame.to_dict("records"))
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="Table"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cell(value: Any) -> str:
    if isinstance(value, list):
        value = ", ".join(map(numbers.shown, value))
    missing = isinstance(value, float) and value != value
    kind = ' class="number"' if numbers.is_number(value) else ""
    return f"<td{kind}>{'' if missing else html.escape(numbers.shown(value))}</td>"


def chart(spec: dict[str, Any]) -> str:
    """A chart with its title, words and units: one that lacks them is refused."""
    vega.demand_complete(spec)
    title, subtitle = specs.title_lines(spec)
    below = f'<div class="quiet">{html.escape(subtitle)}</div>' if subtitle else ""
    return (
        f'<figure class="chart"><figcaption>{html.escape(title)}</figcaption>{below}'
        f"{vega.static_svg(spec)}</figure>"
    )


def _pair(before: str, after: str) -> str:
    return (
        f'<div class="pair"><div><h4>IN THE BOOK</h4>{before}</div>'
        f"<div><h4>HERE</h4>{after}</div></div>"
    )


def _differing(before: str, after: str) -> tuple[str, str]:
    """Two sentences, each with the words marked that the other does not have."""
    old, new = (re.findall(r"\s+|\w[\w.%]*|\W", text) for text in (before, after))
    left, right = [], []
    for kind, a, b, c, d in SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        gone, come = (html.escape("".join(words)) for words in (old[a:b], new[c:d]))
        left.append(gone if kind == "equal" or not gone else f"<del>{gone}</del>")
        right.append(come if kind == "equal" or not come else f"<ins>{come}</ins>")
    return "".join(left), "".join(right)


@dataclass(frozen=True)
class Comparison:
    """What a run changed, and what that moved.

    Attributes
    ----------
    title : str
        What the run is called.
    settings : pandas.DataFrame
        ``parameter``, ``book``, ``here``, ``unit``, ``help``: what was set.
    frame : pandas.DataFrame
        From `llmecon_book.run.numbers.changes`.
    runs : sequence of (str, str, str)
        Chapter, its notebook before, its notebook after.
    pages : mapping
        The book's notebooks by chapter.
    moved : sequence of str
        What each row of own data moved, in sentences.
    """

    title: str
    settings: pd.DataFrame
    frame: pd.DataFrame
    runs: Sequence[tuple[str, str, str]]
    pages: Mapping[str, str]
    moved: Sequence[str] = field(default_factory=list)

    def html(self, most: int = 15) -> str:
        """The page; so many of the changed numbers stand outside of the fold."""
        changed = self.frame[self.frame.changed]
        heads = {"chapter": "Chapter", "name": "What", "before": "Book", "after": "Here"}
        heads |= {"ratio": "Times", "unit": "Unit"}
        flips = changed[changed.place == "verdict"]
        told = changed[changed.place != "verdict"]
        set_ = {"parameter": "Parameter", "book": "Book", "here": "Here", "unit": "Unit"}
        return page(
            self.title,
            part("What was changed", table(self.settings, set_ | {"help": ""}), lines(self.moved)),
            part("Verdicts that change", table(flips, {"name": "Claim", **_ends()})),
            part("What the chapters conclude", *map(self._answer, self.runs)),
            part(
                "The numbers that matter most",
                table(told.head(most), heads) or "<p>No key number changes.</p>",
                folded(f"All {len(self.frame)} key numbers", table(self.frame, heads)),
            ),
            part("Figures that change", *map(self._figures, self.runs)),
        )

    def _answer(self, run: tuple[str, str, str]) -> str:
        chapter, before, after = run
        old, new = (numbers.answer(text, self.pages) for text in (before, after))
        heading = f"<h3>{html.escape(chapter.capitalize())}</h3>"
        if old == new:
            same = "".join(f"<p>{html.escape(line)}</p>" for line in old)
            return f"{heading}<p>The answer stays.</p>{folded('The answer', same)}" if old else ""
        pairs = [_differing(*pair) for pair in zip(old, new, strict=True)]
        sides = ("".join(f"<p>{line}</p>" for line in side) for side in zip(*pairs, strict=True))
        return heading + _pair(*sides)

    def _figures(self, run: tuple[str, str, str]) -> str:
        chapter, before, after = run
        old, new = (numbers.figures(text, MIME) for text in (before, after))
        pairs = [
            _pair(chart(old[key]), chart(new[key]))
            for key in new
            if key in old and old[key] != new[key]
        ]
        return f"<h3>{html.escape(chapter.capitalize())}</h3>{''.join(pairs)}" if pairs else ""


def _ends() -> dict[str, str]:
    return {"before": "Book", "after": "Here"}
