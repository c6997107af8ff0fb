"""Explorables on a page: every setting computed at build, the first one drawn, the rest looked up.

``{explorable} key`` puts one where it stands. The page holds its first setting as a picture with
its table, for readers without JavaScript too; ``assets/explore.js`` fetches the other settings from
``_static/explore`` when the reader comes near. What a setting shows was computed by the library.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pandas as pd
from docutils import nodes
from jinja2 import Environment, FileSystemLoader
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from llmecon_book.charts import specs, theme
from llmecon_book.charts.common import significant
from llmecon_book.explore import Control, Explorable
from llmecon_book.explore.listing import EVERY
from llmecon_book.run.digest import library_digest
from llmecon_book.site import vega

_LOG = logging.getLogger(__name__)
_KEPT = Path("_build") / ".explorables"
_STATIC = Path("_static") / "explore"
_ROWS = "rows"  # the one data set of an explorable's figure, by the name that the script uses
_DIGITS = 4


def columns(rows: pd.DataFrame) -> dict[str, list[Any]]:
    """The values of some rows by column, as the page gets them: short, dates as text."""
    return {str(name): [_plain(value) for value in rows[name]] for name in rows}


def _plain(value: Any) -> Any:
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    return significant(getattr(value, "item", lambda: value)(), _DIGITS)


def specification(explorable: Explorable) -> specs.Spec:
    """The figure of the first setting, its one data set under the name that the script uses.

    Raises
    ------
    vega.ChartError
        If the figure draws from more than one data set: the others would not follow the reader.
    """
    theme.enable()  # in a process of its own too
    spec: specs.Spec = explorable.drawn().to_dict()
    if len(spec["datasets"]) != 1:
        told = (
            f"explorable {explorable.key}: its figure draws from {len(spec['datasets'])} data sets"
        )
        raise vega.ChartError(f"{told}, not from one")
    (name,) = spec["datasets"]
    spec = json.loads(json.dumps(spec, default=str).replace(f'"{name}"', f'"{_ROWS}"'))
    shown = columns(explorable.at(explorable.default).rows)
    spec["datasets"] = {
        _ROWS: [dict(zip(shown, row, strict=True)) for row in zip(*shown.values(), strict=True)]
    }
    vega.demand_complete(spec)
    return spec


def states(explorable: Explorable, spec: specs.Spec) -> dict[str, Any]:
    """Every setting for the script, in the order of `Explorable.settings`; what repeats, once."""
    every = [explorable.at(setting) for setting in explorable.settings()]
    tables = [columns(state.rows) for state in every]
    same = {
        name: tables[0][name]
        for name in tables[0]
        if all(t[name] == tables[0][name] for t in tables)
    }
    titles = list(dict.fromkeys(state.title for state in every))
    sentences = list(dict.fromkeys(state.sentence for state in every))
    heads = specs.column_titles(spec)
    dates = [one["field"] for one in specs.channels(spec) if one.get("type") == "temporal"]
    return {
        "columns": list(tables[0]),
        "heads": {name: heads[name] for name in tables[0] if name in heads},
        "dates": sorted(set(dates)),
        "same": same,
        "titles": titles,
        "sentences": sentences,
        "states": [
            [
                titles.index(state.title),
                sentences.index(state.sentence),
                list(state.readout.values()),
                [values for name, values in table.items() if name not in same],
            ]
            for state, table in zip(every, tables, strict=True)
        ],
    }


def page_part(explorable: Explorable, spec: specs.Spec, version: str) -> str:
    """The explorable for a web page, at its first setting."""
    return _TEMPLATE.render(
        it=explorable,
        key=explorable.key,
        first=explorable.at(explorable.default),
        title=vega.unbroken(explorable.at(explorable.default).title),
        src=f"{(_STATIC / explorable.key).as_posix()}.js?v={version}",
        controls=[_control(control) for control in explorable.controls],
        drawing=vega.drawing_html(spec),
        numbers=vega.numbers_html(spec),
        tools=_TOOLS,
    )


_TOOLS = {"reset": "Reset", "link": "Copy link", "csv": "CSV", "png": "PNG", "svg": "SVG"}
_TEMPLATE = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True
).get_template("explorable.html")
_SHORT = 36  # characters of all options that stand beside one another on a phone


def _control(control: Control) -> dict[str, Any]:
    """A slider for numbers, buttons for a few options, a list for more."""
    words = list(control.options)
    few = "buttons" if sum(map(len, words)) < _SHORT else "list"
    return {
        "name": control.name,
        "label": control.label,
        "words": words,
        "at": words.index(control.default),
        "kind": "slider" if control.slides else few,
    }


def make(key: str) -> dict[str, str]:
    """What the pages need of an explorable: its part of a page, its settings, its picture."""
    explorable = EVERY[key]()
    spec = specification(explorable)
    call = f"llmeconExplorable({json.dumps(key)}, {specs.canonical(states(explorable, spec))});\n"
    version = hashlib.sha256(call.encode()).hexdigest()[:12]
    return {
        "page": page_part(explorable, spec, version),
        "states": call,
        "picture": vega.printed_svg(spec),
        "description": spec["description"],
    }


def prepare(app: Sphinx, env: BuildEnvironment, pages: Iterable[str]) -> None:
    """Compute the explorables of the pages that are read."""
    texts = [Path(env.doc2path(page)).read_text(encoding="utf-8") for page in pages]
    asked = {key for text in texts for key in re.findall(r"\{explorable\} (\w+)", text)}
    refresh(Path(app.srcdir), [key for key in EVERY if key in asked])


def refresh(root: Path, keys: Iterable[str] = EVERY) -> None:
    """Compute explorables again if library, data or packages changed."""
    around, folder = library_digest(), root / _KEPT
    stale = [key for key in keys if _kept(folder, key).get("around") != around]
    if not stale:
        return
    _LOG.info("computing every setting of %d explorables", len(stale))
    folder.mkdir(parents=True, exist_ok=True)
    fresh = get_context("spawn")  # a fork would copy locks that threads of the runner may hold
    with ProcessPoolExecutor(2, mp_context=fresh) as pool:
        for key, made in zip(stale, pool.map(make, stale), strict=True):
            (folder / f"{key}.svg").write_text(made.pop("picture"), encoding="utf-8")
            (folder / f"{key}.json").write_text(
                json.dumps(made | {"around": around}), encoding="utf-8"
            )
            _LOG.info("  %s: computed", key)


def _kept(folder: Path, key: str) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads((folder / f"{key}.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found


def write_states(app: Sphinx, exception: Exception | None) -> None:
    """Put the settings beside the pages."""
    if exception or not _is_site(app):
        return
    folder = Path(app.outdir) / _STATIC
    folder.mkdir(parents=True, exist_ok=True)
    for key in EVERY:
        kept = _kept(Path(app.srcdir) / _KEPT, key)
        if kept:
            (folder / f"{key}.js").write_text(kept["states"], encoding="utf-8")


class ExplorableHere(SphinxDirective):
    """``{explorable} key``: the figure with its controls, or on paper its first setting."""

    required_arguments = 1

    def run(self) -> Sequence[nodes.Node]:
        """Nodes of one explorable."""
        (key,) = self.arguments
        if key not in EVERY:
            raise self.error(f"no explorable {key!r}; there are {', '.join(EVERY)}")
        kept = _kept(Path(self.env.app.srcdir) / _KEPT, key)
        picture = nodes.image(uri=f"/{(_KEPT / key).as_posix()}.svg", alt=kept["description"])
        page = nodes.raw(text=kept["page"], format="html")
        return [page] if _is_site(self.env.app) else [picture]


def _is_site(app: Sphinx) -> bool:
    return app.builder.format == "html" and app.builder.name != "epub"
