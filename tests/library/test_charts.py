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
from llmecon_book.charts import causes, common, errata, evolution, outlook, reversal
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
    law = pd.DataFrame(
        {
            "law": ["a", "a"],
            "params": [1e10, 1e11],
            "tokens": [1e13, 1e12],
            "decades_outside": [1.5, 0.8],
        }
    )
    scored = facts.scored_models("Arena text score", "2024-12-13")
    steps = facts.smallest_at_score(scored, level=1200).assign(level="L")
    ratios = MODELS.dropna(subset=["training_tokens"])
    ratios = ratios.assign(tokens_per_param=ratios.training_tokens / ratios.total_params)
    rules = pd.DataFrame([("rule", 20.0)], columns=["rule", "tokens_per_param"])
    demand = pd.DataFrame(
        {
            "law": ["a", "a"],
            "tokens_served": [1e10, 1e13],
            "ratio_known": [True, False],
            "decades_outside": [0.0, 1.2],
        }
    )
    by_size = pd.DataFrame(
        [("m", "55 tokens/s", 1e11, 0.1), ("n", "55 tokens/s", 1e12, 9.0)],
        columns=["model", "at", "total_params", "usd_per_mtok"],
    )
    asked = pd.DataFrame(
        [("GPT-3", "a", 3e10, 1.4)], columns=["budget", "law", "params", "decades_outside"]
    )
    built = pd.DataFrame([("GPT-3", 1.75e11)], columns=["budget", "params"])
    kv = pd.DataFrame(
        [("m", "GQA", 7e10, 327680.0), ("n", "MLA", 6.7e11, 70272.0)],
        columns=["name", "attention", "total_params", "kv_bytes_per_token"],
    )
    context = pd.DataFrame(
        {"name": ["m", "m"], "context_tokens": [1e3, 1e5], "usd_per_mtok": [0.1, 6.0]}
    )
    trend = lines.rename(columns={"trend": "line"})
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
        "ratio": causes.tokens_per_param(ratios, rules, named=["GPT-4"], takeaway=SAY),
        "advice": causes.prescriptions(asked, built, takeaway=SAY),
        "demand": causes.demand(
            demand.assign(share_of_optimum=[1.0, 0.4]), reference="x", takeaway=SAY
        ),
        "cost": causes.cost_by_size(
            by_size, usd_per_gpu_hour=3.0, takeaway=SAY, subtitle="for a case"
        ),
        **counterfactual_figures(),
        **outlook_figures(),
        **errata_figures(),
        "open": outlook.open_frontier(MODELS.tail(5), trend, takeaway=SAY),
        "floor": outlook.iso_loss(law, law.head(1), takeaway=SAY),
        "ability": outlook.smallest_at_score(steps, until="2024-12-13", takeaway=SAY),
        "kv": outlook.kv_cache(kv, named=["m"], takeaway=SAY),
        "context": outlook.context_cost(context, takeaway=SAY, subtitle="for a case"),
    }


def counterfactual_figures() -> dict[str, alt.LayerChart]:
    paths = pd.DataFrame(
        {
            "law": "a",
            "counting": ["FLOP"] * 6 + ["dollars"] * 6,
            "tokens_served": np.geomspace(1e11, 1e16, 6).tolist() * 2,
            "params": np.geomspace(4e11, 9e10, 12),
            "decades_outside": 3.0,
        }
    )
    lives = pd.DataFrame(
        {
            "law": ["a"] * 3 + ["b"] * 3,
            "params": [1e11, 2e11, 4e11] * 2,
            "train_usd": [9e7, 4e7, 3e7, 8e7, 3e7, 2e7],
            "usd_per_mtok": [0.5, 2.0, 9.0] * 2,
            "decades_outside": 3.1,
        }
    )
    trades = pd.DataFrame(
        {"law": "a", "size_ratio": [0.2, 0.5, 1.0, 3.0], "flop_ratio": [9.0, 1.3, 1.0, 1.4]}
    )
    real = pd.DataFrame(
        [("m", 0.4, 1.7, 2.9), ("n", 0.96, 1.0, 1.5)],
        columns=["model", "size_ratio", "flop_ratio", "decades_outside"],
    )
    factors = pd.DataFrame(
        [("fall", "to explain", 2.0, 5.0, 14.0), ("law", "one cause", 0.6, 0.7, 1.3)],
        columns=["row", "kind", "low", "middle", "high"],
    )
    flat = pd.DataFrame(
        {
            "data": ["1T", "1T", "all", "all"],
            "tokens": [1e12, 1e14] * 2,
            "loss": [2.1, 2, 2.1, 1.9],
            "decades_outside": [0.1, 2.0] * 2,
        }
    )
    return {
        "counterfactual": causes.counterfactual(
            paths, built=pd.DataFrame([("b", 2.8e11)], columns=["label", "params"]), takeaway=SAY
        ),
        "lifetime": causes.lifetime(lives, tokens_served=3e13, usd_per_gpu_hour=3.0, takeaway=SAY),
        "trade": causes.overtraining(
            trades, real, trades.head(1)[["law", "size_ratio"]], takeaway=SAY
        ),
        "repeats": causes.repeats(flat, takeaway=SAY, subtitle="for a case"),
        "decomposition": causes.decomposition(factors, takeaway=SAY, subtitle="for a case"),
    }


def outlook_figures() -> dict[str, alt.LayerChart]:
    closed = pd.DataFrame(
        [
            ("m", DAYS[0], 3e12, 1e12, 9e12, "reported"),
            ("n", DAYS[1], 1e12, 3e11, 3e12, "estimate"),
        ],
        columns=["model", "release_date", "total_params", "low", "high", "size_status"],
    )
    forecasts = pd.DataFrame(
        [("rest", None, 4e11, None, 0.8), ("trend", 5e11, 5e12, 5e13, 0.2)],
        columns=["forecast", "low", "value", "high", "error_decades"],
    )
    facts = pd.DataFrame(
        [("m", 4e9, 4.0), ("n", 1e12, 31.0)], columns=["model", "total_params", "score"]
    )
    both = pd.DataFrame(
        [("m", DAYS[0], 20.0, 20.0), ("n", DAYS[1], 15.0, 484.0)],
        columns=["model", "release_date", "per_param", "per_active"],
    )
    paths = pd.DataFrame(
        [("flagship", DAYS[0], "m", 10.0), ("cheapest", DAYS[1], "n", 0.3)],
        columns=["path", "date", "model", "output_usd_per_mtok"],
    )
    fast = pd.DataFrame(
        [
            ("A", "m", 2024, DAYS[0], 10.0, 60.0),
            ("A", "n", 2025, DAYS[1], 50.0, 40.0),
            ("B", "o", 2025, DAYS[1], 1.0, 90.0),
        ],
        columns=["maker", "model", "year", "date", "output_usd_per_mtok", "output_tokens_per_s"],
    )
    served = pd.DataFrame(
        [(c, u, s, u * 1e11 / s) for c in ("H", "B") for u in (1.0, 10.0) for s in (20.0, 50, 90)],
        columns=["chip", "usd_per_mtok", "tokens_per_s", "total_params"],
    )
    kept = pd.DataFrame(
        [("m", "GQA", 7e10, 1.0, 0.9), ("m", "GQA", 7e10, 32.0, 0.3)],
        columns=["name", "attention", "total_params", "batch", "kept"],
    )
    return {
        "closed": outlook.closed_sizes(closed, level=1.8e12, takeaway=SAY),
        "rivals": outlook.rivals(forecasts, observed=2.8e12, takeaway=SAY),
        "facts": outlook.facts_and_size(
            facts, facts.tail(1), score_title="Score [%]", takeaway=SAY
        ),
        "one-off": outlook.ratios(both, level=20.0, named=["m", "n"], takeaway=SAY),
        "paths": outlook.price_paths(paths, takeaway=SAY),
        "speed": outlook.speed_and_price(fast, takeaway=SAY, subtitle="for a case"),
        "servable": outlook.servable(served, usd_per_mtok=10.0, takeaway=SAY),
        "kept": outlook.speed_kept(kept, takeaway=SAY, subtitle="for a case"),
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
        for module in (evolution, reversal, causes, outlook, errata)
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__.startswith(module.__name__)
        and function.__annotations__["return"] == "alt.LayerChart"
    ]
    assert len(public) >= 38
    source = Path(__file__).read_text("utf-8")
    assert not [name for name in public if f"{name}(" not in source]


@pytest.mark.parametrize("name", ["sizes", "trend", "ratio", "bend"])
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


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("cost", {"usd_per_gpu_hour": 3.0}),
        ("lifetime", {"tokens_served": 3e13, "usd_per_gpu_hour": 3.0}),
        ("servable", {"usd_per_mtok": 10.0}),
    ],
)
def test_a_control_opens_with_the_case_of_the_title(name, values):
    controls = {param["name"]: param for param in FIGURES[name]["params"]}
    assert {key: param["value"] for key, param in controls.items()} == values
    for param in controls.values():
        bound = param["bind"]
        if bound["input"] == "range":
            assert bound["min"] <= param["value"] <= bound["max"]
        else:
            assert param["value"] in bound["options"]


@pytest.mark.parametrize(
    "name", ["advice", "demand", "counterfactual", "lifetime", "trade", "repeats", "floor"]
)
def test_what_lies_beyond_a_laws_experiments_is_said_in_the_figure(name):
    _, subtitle = specs.title_lines(FIGURES[name])
    flag = re.search(r"(All|\d+%) of .* lies? \d.* powers of ten beyond the runs .*", subtitle)
    assert flag and flag[0] in FIGURES[name]["description"]


def test_a_figure_within_the_experiments_says_nothing_of_it():
    asked = pd.DataFrame(
        [("small", "a", 3e9, 0.0)], columns=["budget", "law", "params", "decades_outside"]
    )
    chart = causes.prescriptions(
        asked, asked[["budget", "params"]], takeaway="A finding in five words"
    )
    assert specs.title_lines(chart.to_dict())[1] == ""


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
