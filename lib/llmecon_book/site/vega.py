"""Charts without another host: a still picture made at build, and with JavaScript a live view.

MyST-NB calls `MimeRenderer` for each specification stored in a notebook. The page gets the title as
text, a still picture for wide and one for narrow screens, the specification, and the numbers as a
folded table. One script, shared by all charts and loaded only where one is, draws the live view.
"""

from __future__ import annotations

import functools
import hashlib
import html
import json
import re
from importlib import metadata
from pathlib import Path
from typing import Any

import vl_convert as vlc
from docutils import nodes
from sphinx.errors import SphinxError

from llmecon_book.charts import pictures, specs, theme
from llmecon_book.charts.pictures import VL_VERSION
from llmecon_book.charts.specs import Spec
from llmecon_book.charts.theme import MIME

SCRIPT = "vega-charts.js"
TABLE_ROWS = 60
_SCRIPTS = ("charts.js", "explore.js")
_PRINT_PPI = 200


class ChartError(SphinxError):
    """A chart that some reader could not use; the build stops."""

    category = "Chart error"


def static_svg(spec: Spec, *, narrow: bool = False) -> str:
    """The chart as SVG with title and description, the same bytes on each machine and each call.

    Parameters
    ----------
    spec : dict
        A Vega-Lite specification.
    narrow : bool, optional
        The form for a phone.
    """
    label = specs.chart_id(spec) + ("-n" if narrow else "-w")
    svg = _renumbered(_svg(specs.still(spec, narrow=narrow)), label)
    svg = re.sub(r' (?:role="graphics-|aria-roledescription=")[^"]*"', "", svg)  # it has one name
    title, description = map(html.escape, (specs.title_lines(spec)[0], spec.get("description", "")))
    head, rest = svg.split(">", 1)
    return (
        f'{head} role="img" aria-labelledby="{label}-title {label}-desc">'
        f'<title id="{label}-title">{title}</title>'
        f'<desc id="{label}-desc">{description}</desc>{rest}'
    )


def _svg(spec: Spec) -> str:
    return str(vlc.vegalite_to_svg(spec, vl_version=VL_VERSION))


def printed_svg(spec: Spec) -> str:
    """The chart for an e-book, with its title in it."""
    return _renumbered(_svg(specs.printed(spec)), specs.chart_id(spec))


def _renumbered(svg: str, label: str) -> str:
    # Vega counts clip paths and gradients over the life of the process; count them per picture.
    names: dict[str, str] = {}
    for old in re.findall(r'\bid="([^"]+)"', svg):
        names.setdefault(old, f"{label}-{len(names)}")
    pattern = r'(\bid="|url\(#|href="#)([^")]+)'
    return re.sub(pattern, lambda m: m[1] + names.get(m[2], m[2]), svg)


def figure_html(spec: Spec) -> str:
    """The chart for a web page.

    Raises
    ------
    ChartError
        If the chart lacks what `specs.problems` demands.
    """
    demand_complete(spec)
    name = specs.chart_id(spec)
    title, subtitle = (html.escape(text) for text in specs.title_lines(spec))
    title = unbroken(title)
    below = f'<span class="chart-subtitle">{subtitle}</span>' if subtitle else ""
    return (
        f'<div class="chart" id="{name}">'
        f'<p class="chart-title">{title}{below}</p>{drawing_html(spec)}'
        f"{_without_script(spec)}{numbers_html(spec)}</div>\n"
    )


def unbroken(title: str) -> str:
    """A title of which no line ends in "GPT-"."""
    return re.sub(r"\b-\b", "-\N{WORD JOINER}", title)


def _without_script(spec: Spec) -> str:
    params = [param for part in specs.parts(spec) for param in part.get("params", [])]
    if not any(param.get("bind", "scales") != "scales" for param in params):
        return ""
    note = "The list below this chart needs JavaScript; it shows its first setting."
    return f'<noscript><p class="chart-note">{note}</p></noscript>'


def drawing_html(spec: Spec) -> str:
    """The still pictures of a chart, and what the script draws it from."""
    return (
        '<div class="chart-live" hidden></div>'
        f'<div class="chart-still"><div class="chart-wide">{static_svg(spec)}</div>'
        f'<div class="chart-narrow">{static_svg(spec, narrow=True)}</div></div>'
        f'<script type="application/json" class="chart-spec">{_both_forms(spec)}</script>'
    )


def chart_colours() -> str:
    """Colours of marks on the dark page, for the still picture and the live one."""
    return "".join(
        f'.chart svg [{part}="{light}" i] {{ {part}: light-dark({light}, {dark}) }}\n'
        for light, dark in theme.ON_DARK.items()
        for part in ("fill", "stroke")
    )


def demand_complete(spec: Spec) -> None:
    """Stop at a chart that lacks title, description or a unit, and say which."""
    found = specs.problems(spec)
    if found:
        title = specs.title_lines(spec)[0] or str(spec.get("description", ""))[:60] or "untitled"
        raise ChartError(f"chart {title!r}: " + "; ".join(found))


def _both_forms(spec: Spec) -> str:
    """Wide and narrow form with the data once."""
    whole = {name: specs.live(spec, narrow=name == "narrow") for name in ("wide", "narrow")}
    for form in whole.values():
        form.pop("datasets", None)
    whole["datasets"] = spec.get("datasets", {})
    return specs.canonical(whole).replace("</", "<\\/").replace("<!--", "<\\u0021--")


def numbers_html(spec: Spec) -> str:
    """The data of a chart as folded tables, empty if it carries none."""
    titles = specs.column_titles(spec)
    body = "".join(_table(rows, titles) for rows in specs.tables(spec))
    return _FOLDED.format(body=body) if body else ""


_FOLDED = '<details class="chart-numbers"><summary>Numbers of this chart</summary>{body}</details>'
_TABLE = (
    '<div class="table-scroll" role="region" tabindex="0" aria-label="Numbers of this chart">'
    '<table class="table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
)


def _table(rows: list[Spec], titles: dict[str, str]) -> str:
    present = dict.fromkeys(key for row in rows for key in row)
    columns = [key for key in present if key in titles]
    if not columns:
        return ""
    head = "".join(f'<th scope="col">{html.escape(titles[key])}</th>' for key in columns)
    body = "".join(_row([row.get(key) for key in columns]) for row in rows[:TABLE_ROWS])
    more = f"<p>The first {TABLE_ROWS} of {len(rows)} rows.</p>" if len(rows) > TABLE_ROWS else ""
    return _TABLE.format(head=head, body=body) + more


def _row(values: list[Any]) -> str:
    cells = []
    for at, value in enumerate(values):
        name = at == 0 and isinstance(value, str)
        tag = "th" if name else "td"
        kind = ' scope="row"' if name else ' class="number"' if specs.is_number(value) else ""
        cells.append(f"<{tag}{kind}>{html.escape(specs.shown(value))}</{tag}>")
    return f"<tr>{''.join(cells)}</tr>"


def _drawing() -> str:
    folder = Path(__file__).parent / "assets"
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in _SCRIPTS)


def write_script(path: Path) -> None:
    """Write the bundle, unless it is there from the same code and packages: it takes a second."""
    made_from = (metadata.version("vl-convert-python"), VL_VERSION, _drawing())
    mark = f"// {hashlib.sha256(repr(made_from).encode()).hexdigest()[:12]}\n"
    if not path.exists() or not path.read_text(encoding="utf-8").endswith(mark):
        path.write_text(script() + mark, encoding="utf-8")


@functools.cache
def script() -> str:
    """The bundle that draws every chart: Vega, Vega-Lite, vega-embed and the drawing code."""
    bundle = vlc.javascript_bundle(_drawing(), VL_VERSION)
    # In a function: its top-level names would collide with other scripts. Not a module: browsers
    # refuse those from file://.
    return f"(() => {{\n{bundle}\n}})();\n"


class MimeRenderer:
    """MyST-NB asks this class to draw each stored specification."""

    mime_priority_overrides = [("*", MIME, 1)]  # noqa: RUF012  # MyST-NB reads it from the class

    @staticmethod
    def handle_mime(renderer: Any, data: Any, inline: bool) -> list[nodes.Element] | None:
        """Nodes for one output, or None to leave it to MyST-NB."""
        if inline or data.mime_type != MIME:
            return None
        spec = data.content if isinstance(data.content, dict) else json.loads(data.string)
        builder = renderer.renderer.sphinx_env.app.builder
        if builder.format == "html" and builder.name != "epub":
            renderer.add_js_file(SCRIPT, SCRIPT, {"defer": "defer"})
            return [nodes.raw(text=figure_html(spec), format="html", classes=["output"])]
        demand_complete(spec)
        return [_picture(renderer, spec, as_svg=builder.name == "epub")]


def _picture(renderer: Any, spec: Spec, *, as_svg: bool) -> nodes.image:
    if as_svg:
        name = specs.chart_id(spec) + ".svg"
        content = printed_svg(spec).encode()
    else:
        name = specs.chart_id(spec) + ".png"
        content = pictures.png(spec, ppi=_PRINT_PPI)
    uri = renderer.write_file([name], content, overwrite=True)
    return nodes.image(uri=uri, alt=spec["description"])
