"""Every figure tells a reader its finding, its units and, in words, its numbers (invariants).

The figures are those that the pages store; `tests/chapters` draws them anew, to the byte.
"""

import ast
import importlib
import inspect
import json
import pkgutil
import re
import tomllib
from pathlib import Path

import altair as alt
import nbformat
import numpy as np
import pandas as pd
import pytest

from llmecon import chinchilla
from llmecon_book import charts
from llmecon_book.chapters import Section
from llmecon_book.charts import common, errata, fitting, specs
from llmecon_book.charts.theme import MIME
from llmecon_book.notebook import check_parameters

ROOT = Path(__file__).parents[2]
CELLS = [
    cell
    for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
    for cell in nbformat.read(path, as_version=4).cells
    if cell.cell_type == "code"
]
FIGURES = {
    output.metadata.scrapbook.name: spec
    for cell in CELLS
    for output in cell.outputs
    for kind, spec in output.get("data", {}).items()
    if kind.endswith(MIME)
}


def encodings(spec):
    return [layer.get("encoding", {}) for layer in spec["layer"]]


@pytest.mark.parametrize("name", FIGURES)
class TestEveryFigure:
    def test_is_valid_and_complete(self, name):
        alt.LayerChart.from_dict(FIGURES[name])  # against Vega-Lite's schema
        assert specs.problems(FIGURES[name]) == []

    def test_says_its_numbers_in_words(self, name):
        said = [FIGURES[name]["description"], *specs.title_lines(FIGURES[name])]
        assert re.search(r"\d", said[0])
        assert not re.search(r"\b(nan|None|inf)\b|\d[eE][+-]?\d", said[1]), said

    def test_colour_is_never_the_only_difference(self, name):
        """Where a colour names rows, a shape or a dash does too; a scale of numbers has none."""
        layers = encodings(FIGURES[name])
        coloured = [e for e in layers if e.get("color", {}).get("type") == "nominal"]
        assert bool(coloured) <= any({"shape", "strokeDash"} & e.keys() for e in layers)

    def test_a_control_opens_inside_its_range(self, name):
        for param in FIGURES[name].get("params", []):
            bound = param["bind"]
            if bound["input"] == "range":
                assert bound["min"] <= param["value"] <= bound["max"]
            else:
                assert param["value"] in bound["options"]

    def test_layers_share_their_axes(self, name):
        """Two layers with different domains would draw a bar beside its point."""
        for channel in ("x", "y"):
            domains = {
                json.dumps(e[channel]["scale"]["domain"])
                for e in encodings(FIGURES[name])
                if "domain" in (e.get(channel, {}).get("scale") or {})
            }
            assert len(domains) <= 1

    def test_what_is_not_disclosed_is_hollow(self, name):
        fills = [e["fill"]["scale"] for e in encodings(FIGURES[name]) if "fill" in e]
        for scale in fills:
            hollow = {key for key, fill in zip(scale["domain"], scale["range"], strict=True)
                      if fill == "transparent"}  # fmt: skip
            assert hollow == {"reported", "estimate"}


def test_every_figure_function_is_drawn_by_a_page_or_a_command():
    public = {
        name
        for module in pkgutil.walk_packages(charts.__path__, f"{charts.__name__}.")
        for name, function in inspect.getmembers(
            importlib.import_module(module.name), inspect.isfunction
        )
        if not name.startswith("_") and function.__module__ == module.name
        if function.__annotations__.get("return") == "alt.LayerChart"
    }
    code = [
        path.read_text("utf-8") for path in (ROOT / "lib" / "llmecon_book").glob("commands/*.py")
    ]
    sources = [*(cell.source for cell in CELLS), *code]
    calls = [node for source in sources for node in ast.walk(ast.parse(source))]
    drawn = {n.func.attr for n in calls if isinstance(n, ast.Call) and hasattr(n.func, "attr")}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    pictures = project["entry-points"]["llmecon.pictures"].values()
    drawn |= {target.rpartition(":")[2] for target in pictures}
    assert public - drawn - {"finish"} == set()
    assert len(FIGURES) >= 40


def test_hollow_marks_are_there():
    assert sum("fill" in e for spec in FIGURES.values() for e in encodings(spec)) >= 3


def test_a_picture_of_a_fit_tells_what_was_fitted():
    law = chinchilla.BESIROGLU_2024
    plan = chinchilla.isoflop_design(law, flop=[1e19, 1e20], n_sizes=6)
    found = chinchilla.fit(chinchilla.simulate(law, *plan, noise=0.002, seed=3))
    spec = fitting.picture_of_fit(found).to_dict()
    assert specs.problems(spec) == []
    assert f"a floor of {found.law.E:.3f} nats/token" in specs.title_lines(spec)[0]
    worst = np.abs(np.expm1(found.residuals)).max()
    assert f"by more than {worst:.1%}." in spec["description"]
    curve, points = (spec["datasets"][layer["data"]["name"]] for layer in spec["layer"])
    assert len(points) == 12
    ten_times = found.law.optimal(flop=10 * max(row["flop"] for row in points))
    assert curve[-1]["loss"] == pytest.approx(float(ten_times.loss), rel=1e-4)


def test_log_ticks_are_inside_and_round():
    for low, high in [(1.0, 50.0), (3e9, 4e12), (0.02, 0.9)]:
        ticks = common.log_ticks(low, high)
        assert len(ticks) >= 2 and low <= min(ticks) and max(ticks) <= high


def test_words_come_from_the_numbers_as_they_are_and_marks_from_cut_ones():
    """1.7146 is 1.71; cut to four digits first it would be 1.72."""
    cases = pd.DataFrame({"place": ["p"], "source": ["s"], "ratio": [1.7146]})
    found = Section(all_cases=cases, n_errata=1, n_small=0, worst_times=1.7146)
    chart = errata.printed_over_computed(found).to_dict()
    assert "s: p: 1.71." in chart["description"]
    drawn = [row["ratio"] for rows in chart["datasets"].values() for row in rows]
    assert sorted(drawn) == [1.0, 1.715]


@pytest.mark.parametrize(
    ("wanted", "good", "bad"),
    [
        (float, 1, "1"),
        (float, 1.5, True),
        (int, 3, 3.0),
        (bool, True, 1),
        (str, "a", 1),
        (list[float], [1, 2.0], [1, "2"]),
        (list[str], [], "abc"),
    ],
)
def test_a_parameter_of_another_type_is_refused_by_name(wanted, good, bad):
    check_parameters({"__annotations__": {"p": wanted}, "p": good})
    with pytest.raises(ValueError, match="p must be"):
        check_parameters({"__annotations__": {"p": wanted}, "p": bad})
