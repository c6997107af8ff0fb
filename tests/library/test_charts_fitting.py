"""Every figure of a fit tells its finding, its units and, in words, its numbers (invariants)."""

import ast
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from llmecon import chinchilla
from llmecon_book.charts import fitting
from llmecon_book.site import specs

SOURCE = Path(fitting.__file__)
SAY = "A finding in five words"
LAW = chinchilla.BESIROGLU_2024
NAMES = ["BESIROGLU_2024", "HOFFMANN_2022_TEX", "KAPLAN_2020"]


def figures():
    budgets = np.array([1e19, 1e20])
    size, tokens = chinchilla.isoflop_design(LAW, flop=budgets, n_sizes=5)
    runs = chinchilla.simulate(LAW, size, tokens, noise=0.005)
    runs["flop"], runs["predicted"] = 6 * size * tokens, LAW.loss(size, tokens)
    best = LAW.optimal(flop=budgets)
    curves = runs.assign(budget=np.repeat(["1e19 FLOP", "1e20 FLOP"], 5), law="one")
    minima = pd.DataFrame(
        {"budget": ["1e19 FLOP", "1e20 FLOP"], "params": best.params, "loss": best.loss}
    )
    quantities = pd.DataFrame(
        [("B", "constant", 1.2, 0.7, 1.6), ("loss", "answer", 1.0, 0.99, 1.01)],
        columns=["quantity", "kind", "ratio", "low", "high"],
    )
    ends = pd.DataFrame(
        [("TEX", "start", 4.0e10), ("TEX", "mean", 4.1e10), ("TEX", "sum", 7.2e10)],
        columns=["start", "stage", "params"],
    )
    ways = [("tails", "Huber", 0.9), ("tails", "Huber", 1.2), ("short", "Huber", 0.8)]
    ratios = chinchilla.compare(NAMES[:2], flop=[1e20, 1e24])
    sizes = chinchilla.compare(NAMES, flop=5.76e23).assign(
        counts=["all", "all", "another"], low=[6e10, np.nan, np.nan], high=[8e10, np.nan, np.nan]
    )
    lows = curves[["law", "n_params", "loss"]].iloc[[2]]
    plans = pd.DataFrame(
        [("narrow", 30, 0.1), ("narrow", 120, 0.05), ("wide", 30, 0.03)],
        columns=["profile", "n_runs", "width"],
    )
    frontier = pd.DataFrame({"flop": budgets, "loss": best.loss})
    return {
        "fitted": fitting.fitted(runs, frontier, takeaway=SAY),
        "profiles": fitting.isoflop_profiles(runs, curves, minima, takeaway=SAY),
        "recovered": fitting.recovered(quantities, takeaway=SAY, subtitle="for a case"),
        "stops": fitting.stops(
            ends,
            stages=["start", "mean", "sum"],
            optimum=7.2e10,
            takeaway=SAY,
            subtitle="for a case",
        ),
        "dropping": fitting.dropping(
            pd.DataFrame(ways, columns=["case", "way", "ratio"]), takeaway=SAY, subtitle="a case"
        ),
        "ratio": fitting.tokens_per_param(ratios, rule=20.0, fitted_to=1.3e22, takeaway=SAY),
        "allocations": fitting.allocations(sizes, takeaway=SAY, subtitle="for a case"),
        "same": fitting.same_runs(
            curves, runs.iloc[[2]], lows, takeaway=SAY, subtitle="for a case"
        ),
        "widths": fitting.widths(plans, plans, takeaway=SAY),
    }


# Making a specification checks it against Vega-Lite's schema.
FIGURES = {name: chart.to_dict() for name, chart in figures().items()}
# Numbers that the description must hold, in words.
HELD = {
    "profiles": ["10 runs", "1e20 FLOP"],
    "recovered": ["B: 1.2 (0.7 to 1.6)"],
    "stops": ["mean 41B", "72B"],
    "dropping": ["tails, Huber: 15.0%", "short, Huber: 20.0%"],
    "ratio": ["1.3 × 10²² FLOP", "line at 20"],
    "allocations": ["by 3 laws", "BESIROGLU_2024: 60B to 80B"],
    "same": [f"{chinchilla.BESIROGLU_2024.optimal(flop=1e19).params / 1e6:.0f}M parameters"],
    "widths": ["narrow: 0.1 from 30 runs, 0.05 from 120 runs"],
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_valid_and_complete(name):
    spec = FIGURES[name]
    assert specs.problems(spec) == []
    assert specs.title_lines(spec)[0] == SAY


@pytest.mark.parametrize("name", HELD)
def test_a_description_holds_the_numbers(name):
    for words in HELD[name]:
        assert words in FIGURES[name]["description"]


def test_a_specification_is_the_same_each_time():
    again = {name: chart.to_dict(validate=False) for name, chart in figures().items()}
    assert json.dumps(FIGURES, sort_keys=True) == json.dumps(again, sort_keys=True)


def test_every_figure_function_is_tested():
    public = [
        node.name
        for node in ast.parse(SOURCE.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    ]
    here = Path(__file__).read_text("utf-8")
    assert not [name for name in public if f"fitting.{name}(" not in here]


@pytest.mark.parametrize("name", [n for n in FIGURES if n != "fitted"])
def test_colour_is_never_the_only_difference(name):
    """Where a colour tells rows apart, a shape or a dash does too (`fitted` has a scale)."""
    coloured = [e for e in encodings(name) if "field" in e.get("color", {})]
    apart = [e for e in encodings(name) if {"shape", "strokeDash"} & e.keys()]
    assert bool(coloured) <= bool(apart)


def encodings(name):
    return [layer.get("encoding", {}) for layer in FIGURES[name]["layer"]]


def test_a_law_without_an_interval_gets_no_bar():
    bars = FIGURES["allocations"]["layer"][0]
    assert bars["mark"]["type"] == "rule"
    rows = FIGURES["allocations"]["datasets"][bars["data"]["name"]]
    assert [row["law"] for row in rows] == ["BESIROGLU_2024"]


def test_axes_of_layers_hold_the_same_range():
    """Two layers with different domains would draw a bar beside its point."""
    for name in ("recovered", "allocations"):
        scales = [
            json.dumps(e["x"].get("scale")) for e in encodings(name) if "x2" in e or "shape" in e
        ]
        assert len(scales) == 2 and len(set(scales)) == 1


def test_names_of_exponents_are_plain():
    assert not re.search(r"nan|None", json.dumps([f["description"] for f in FIGURES.values()]))


def test_numbers_in_prose_have_a_power_of_ten():
    assert fitting.scientific(5.76e23) == "5.76 × 10²³"
    assert fitting.scientific(9.96e-7, 2) == "10⁻⁶"  # rounds up to the next power
    assert fitting.scientific(2.04e7, 1) == "2 × 10⁷"
