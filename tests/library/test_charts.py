"""Every figure of the book tells a reader its finding, its units and, in words, its numbers."""

import inspect
import json
import re
from pathlib import Path

import altair as alt
import numpy as np
import pandas as pd
import pytest

from llmecon import catalog
from llmecon_book import facts
from llmecon_book.charts import common, errata, evolution, reversal
from llmecon_book.notebook import check_parameters
from llmecon_book.site import specs

ROOT = Path(__file__).parents[2]
MODELS = catalog.models().dropna(subset=["total_params"])
DAYS = pd.to_datetime(["2023-03-14", "2024-05-13"])
SAY = "A finding in five words"


def figures() -> dict[str, alt.LayerChart]:
    lines = pd.DataFrame({"trend": ["a", "a"], "date": DAYS, "params": [1e12, 2e12]})
    fan = pd.DataFrame({"date": DAYS, "level": 0.8, "low": [1e12, 5e11], "high": [1e12, 9e12]})
    window = pd.DataFrame([{"start": DAYS[0], "end": DAYS[1]}])
    tested = pd.DataFrame(
        [("m", 7e10, 9e10, 3e10, 2e11), ("n", 6e11, 1e11, 5e10, 3e11)],
        columns=["model", "true", "predicted", "low_80", "high_80"],
    )
    rules_tested = pd.DataFrame(
        [("r", "all", 2.2), ("r", "at work", 1.5)], columns=["method", "which", "median_factor"]
    )
    shares = pd.DataFrame([("margin", 0.6)], columns=["assumption", "share"])
    margins = pd.DataFrame(
        [("c", 1.0, 6e11), ("c", 3.0, 2e11)], columns=["case", "margin", "total_params"]
    )
    spans = pd.DataFrame(
        [("one", 2.0, None, None), ("two", 4.0, 3.0, 5.0)],
        columns=["span", "factor_per_year", "low", "high"],
    )
    curves = pd.DataFrame(
        {"model": ["m"] * 3, "tokens_per_s": [10.0, 20, 30], "usd_per_mtok": [1.0, 2, 9]}
    )
    sold = pd.DataFrame(
        [("P", 10.0, 20.0, 5.0)], columns=["product", "low", "high", "usd_per_mtok"]
    )
    readings = pd.DataFrame(
        [("M", "X", "price", 2e11, 1e11, 4e11)],
        columns=["model", "by", "basis", "total_params", "low", "high"],
    )
    stated = pd.DataFrame([("M", 2e11)], columns=["model", "total_params"])
    scored = facts.scored_models(facts.ARENA, facts.ESSAY_DAY)
    open_models = scored[scored.open_weights]
    return {
        "sizes": evolution.sizes(MODELS, named=["GPT-4"], takeaway=SAY),
        "growth": evolution.growth(spans, takeaway=SAY),
        "active": evolution.total_and_active(MODELS.head(4), takeaway=SAY),
        "trend": evolution.extrapolations(lines, MODELS, fan, claim_params=1e13, takeaway=SAY),
        "bend": evolution.turning_point(
            MODELS, lines.rename(columns={"trend": "line"}), window, takeaway=SAY
        ),
        "tested": reversal.predicted_and_true(tested, takeaway=SAY),
        "rules": reversal.error_by_rule(rules_tested, takeaway=SAY),
        "drivers": reversal.drivers(shares, takeaway=SAY),
        "margins": reversal.margin_curves(
            margins,
            stated=pd.DataFrame([("s", 2e11)], columns=["label", "total_params"]),
            takeaway=SAY,
        ),
        "prices": reversal.price_steps(catalog.prices().query("flagship"), takeaway=SAY),
        "speeds": reversal.speed_readings(
            catalog.speeds(),
            pd.DataFrame([("GPT-4o", 100.0, 150.0)], columns=["model", "low", "high"]),
            takeaway=SAY,
        ),
        "parity": reversal.score_and_size(
            open_models,
            scored[scored.model == "GPT-4"],
            score_title="Score [points]",
            takeaway=SAY,
        ),
        "frontier": reversal.frontier(curves, sold, usd_per_gpu_hour=3.0, takeaway=SAY),
        "estimates": reversal.size_readings(readings, stated=stated, takeaway=SAY),
        **errata_figures(),
    }


def errata_figures() -> dict[str, alt.LayerChart]:
    printed = pd.DataFrame([("S", "p", 0.1), ("T", "q", 1.1)], columns=["source", "place", "ratio"])
    rows = pd.DataFrame(
        [("Table 3", 4e8, 1.0), ("Table A3", 1.75e11, 0.1)], columns=["approach", "params", "ratio"]
    )
    curves = pd.DataFrame({"law": ["a", "a"], "flop": [1e21, 1e26], "params": [2e9, 6e11]})
    return {
        "printed": errata.printed_over_computed(printed, takeaway=SAY),
        "printed-table": errata.printed_table(rows, takeaway=SAY),
        "prescribed": errata.prescribed(curves, takeaway=SAY),
    }


# Making a specification checks it against Vega-Lite's schema.
FIGURES = {name: chart.to_dict() for name, chart in figures().items()}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_valid_and_complete(name):
    spec = FIGURES[name]
    assert specs.problems(spec) == []
    assert specs.title_lines(spec)[0] == SAY


@pytest.mark.parametrize("name", FIGURES)
def test_a_description_holds_numbers_of_the_data(name):
    assert re.search(r"\d", FIGURES[name]["description"])


def test_a_specification_is_the_same_each_time():
    again = {name: chart.to_dict(validate=False) for name, chart in figures().items()}
    assert json.dumps(FIGURES, sort_keys=True) == json.dumps(again, sort_keys=True)


def test_every_figure_function_is_tested():
    """A new figure must be added above."""
    public = [
        f"{module.__name__.rpartition('.')[2]}.{name}"
        for module in (evolution, reversal, errata)
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__.startswith(module.__name__)
        and function.__annotations__["return"] == "alt.LayerChart"
    ]
    assert len(public) >= 16
    source = Path(__file__).read_text("utf-8")
    assert not [name for name in public if f"{name}(" not in source]


@pytest.mark.parametrize("name", ["sizes", "trend", "bend"])
def test_only_a_disclosed_size_is_a_filled_mark(name):
    spec = FIGURES[name]
    fills = [
        layer["encoding"]["fill"]["scale"]
        for layer in spec["layer"]
        if "fill" in layer.get("encoding", {})
    ]
    assert fills
    for scale in fills:
        assert dict(zip(scale["domain"], scale["range"], strict=True)).items() >= {
            ("reported", "transparent"),
            ("estimate", "transparent"),
        }
        assert scale["range"][scale["domain"].index("disclosed")] != "transparent"


@pytest.mark.parametrize("name", FIGURES)
def test_colour_is_never_the_only_difference(name):
    """Where a colour tells rows apart, a shape or a dash does too."""
    for layer in FIGURES[name]["layer"]:
        encoding = layer.get("encoding", {})
        if "field" in encoding.get("color", {}):
            others = [
                other["encoding"]
                for other in FIGURES[name]["layer"]
                if {"shape", "strokeDash"} & other.get("encoding", {}).keys()
            ]
            assert others, layer


def test_the_hourly_price_of_the_frontier_can_be_moved():
    (param,) = FIGURES["frontier"]["params"]
    assert param["bind"]["input"] == "range" and param["value"] == 3.0


def test_log_ticks_are_inside_and_round():
    for low, high in [(1.0, 50.0), (3e9, 4e12), (0.02, 0.9)]:
        ticks = common.log_ticks(low, high)
        assert len(ticks) >= 2 and low <= min(ticks) and max(ticks) <= high


def test_words_come_from_the_numbers_as_they_are_and_marks_from_cut_ones():
    """1.7146 is 1.71; cut to four digits first it would be 1.72."""
    chart = errata.printed_over_computed(
        pd.DataFrame({"place": ["p"], "source": ["s"], "ratio": [1.7146]}), takeaway=SAY
    ).to_dict()
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
    with pytest.raises(TypeError, match="p must be"):
        check_parameters({"__annotations__": {"p": wanted}, "p": bad})


def test_short_counts_round_to_three_digits():
    assert [common.short(v) for v in (999.6e9, 1e12, np.float64(27.2e9), 0.5)] == [
        "1T",
        "1T",
        "27.2B",
        "0.5",
    ]
