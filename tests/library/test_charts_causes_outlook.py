"""Figures of the chapters on causes and outlook: a finding, units, words and controls."""

import inspect
import re
import tomllib
from pathlib import Path

import pandas as pd
import pytest

from llmecon import chinchilla, sizing
from llmecon_book import counterfactual, facts, ledger
from llmecon_book.chapters import Section
from llmecon_book.chapters import causes as sections
from llmecon_book.chapters import outlook as of_chapter
from llmecon_book.charts import causes, outlook, specs, texts

DAYS = pd.to_datetime(["2023-03-14", "2024-05-13"])


def table(columns, *rows):
    return pd.DataFrame(rows, columns=columns.split())


def of_causes():
    sizes = {"gpt4_active": 4e11, "result": 2e11, "gpt4o_low": 1e11, "gpt4o_high": 2e11}
    ranges = ("flop_all", "dollars_all", "need", "served", "result")
    low, high = (
        dict.fromkeys((f"{name}_{end}" for name in ranges), 2.0) for end in ("low", "high")
    )
    yield causes.steps(
        Section(
            steps=table(
                "step kind change start params low high",
                ("built", "built", "", 4e11, 4e11, 4e11, 4e11),
                ("law", "cause", "2.0 times smaller", 4e11, 2e11, 2e11, 2e11),
                ("data", "cause", "no smaller", 2e11, 2e11, 2e11, 2e11),
                ("demand", "cause", "no smaller", 2e11, 2e11, 1e11, 3e11),
            ),
            **(low | high | sizes),
            n_cases=1,
            case_demand=1e13,
        )
    )
    yield causes.tokens_per_param(
        Section(
            trained=table(
                "row tokens_per_param size_status",
                ("a, 2020", 1.7, "disclosed"),
                ("b, 2023", 7.2, "reported"),
            ),
            kaplan_ratio=0.5,
            gpt3_ratio=1.7,
            chinchilla_ratio=20.0,
            llama3_ratio=214.0,
        )
    )
    yield causes.decomposition(
        Section(
            rows=table(
                "row kind low middle high",
                ("fall", "to explain", 2.0, 5.0, 14.0),
                ("law", "FLOP", 0.6, 0.7, 1.3),
            ),
            **(low | high),
            n_laws=2,
        )
    )


def of_outlook():
    arena = facts.scored_models(facts.ARENA, facts.ESSAY_DAY)
    steps = [
        facts.smallest_at_score(arena, level=points).assign(level=name)
        for name, points in ((facts.GPT4, 1150), (facts.GPT5, 1250))
    ]
    steps = pd.concat(steps).assign(release_date=lambda rows: rows.open_date)
    yield outlook.open_frontier(
        Section(
            frontier=arena[arena.open_weights],
            lines=pd.DataFrame({"line": "a", "date": DAYS, "params": [1e12, 2e12]}),
            total_went="grew",
            total_rate=2.5,
            active_went="showed no clear trend",
        )
    )
    yield outlook.closed_sizes(
        Section(
            known=table(
                "model release_date total_params low high size_status",
                ("m", DAYS[0], 3e12, 1e12, 9e12, "reported"),
                ("n", DAYS[1], 1e12, 3e11, 3e12, "estimate"),
            ),
            closed_n=25,
            closed_disclosed=0,
            closed_width=9.0,
        )
    )
    yield outlook.smallest_at_score(
        Section(
            steps=steps,
            gpt4_small_total_params=4e9,
            gpt4_small_release_date=DAYS[1],
            top="GPT-5",
            top_last_total_params=2.6e10,
        )
    )
    yield outlook.facts_and_size(
        Section(
            known=table("model total_params score", ("m", 4e9, 4.0), ("n", 1e12, 31.0)),
            closed=table("model score", ("c", 24.0)),
            facts_per_decade=10.0,
            facts_first="n with 1T",
        )
    )
    yield outlook.price_paths(
        Section(
            paths=table(
                "path date model output_usd_per_mtok",
                ("flagship", DAYS[0], "m", 10.0),
                ("cheapest", DAYS[1], "n", 0.3),
            ),
            price_openai_then=10.0,
            price_openai_now=50.0,
            price_gpt4o_then=10.0,
            price_gpt4o_now=0.28,
        )
    )
    yield outlook.served(
        Section(
            sizes=table(
                "chip low params high essay",
                ("H", 1e11, 1.5e11, 2e11, 7e11),
                ("B", 2e11, 3e11, 4e11, 2e12),
                ("too slow", None, None, 3e10, 3e10),
            ),
            chip_speed=100.0,
            chip_usd=10.0,
            chip_h200="150B",
            chip_gb200="300B",
        )
    )


def public(module):
    return [
        name
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    ]


def by_name(module, charts):
    """Charts by the functions that made them, in the order of the module."""
    order = sorted(public(module), key=lambda name: inspect.getsourcelines(vars(module)[name])[1])
    specs = [chart.to_dict() for chart in charts]  # checked against Vega-Lite's schema
    return dict(zip(order, specs, strict=True))  # a new figure must be added above


ROOT = Path(__file__).parents[2]
FIGURES = by_name(causes, of_causes()) | by_name(outlook, of_outlook())


def test_no_words_are_left_of_a_figure_that_is_gone():
    written = tomllib.loads(Path(texts.__file__).with_name("texts.toml").read_text("utf-8"))
    drawing = [*Path(texts.__file__).parent.glob("*.py"), *ROOT.glob("notebooks/*.ipynb")]
    source = "".join(path.read_text("utf-8") for path in drawing)
    named = set(re.findall(r"[\w.]+(?=\\?\")", source))  # quoted in code, or in a cell's JSON
    keys = [(chapter, figure) for chapter, figures in written.items() for figure in figures]
    assert [key for key in keys if not named & {".".join(key), key[1]}] == []


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_valid_and_says_its_finding_in_numbers(name):
    assert specs.problems(FIGURES[name]) == []
    takeaway, _ = specs.title_lines(FIGURES[name])
    assert re.search(r"\d", takeaway) and re.search(r"\d", FIGURES[name]["description"])


@pytest.mark.parametrize("name", FIGURES)
def test_colour_is_never_the_only_difference(name):
    """Where a colour tells rows apart, a shape or a dash does too."""
    layers = [layer.get("encoding", {}) for layer in FIGURES[name]["layer"]]
    if any("field" in layer.get("color", {}) for layer in layers):
        assert any({"shape", "strokeDash"} & layer.keys() for layer in layers)


def test_only_a_disclosed_size_is_a_filled_mark():
    for name in ("tokens_per_param", "closed_sizes"):
        (scale,) = [
            layer["encoding"]["fill"]["scale"]
            for layer in FIGURES[name]["layer"]
            if "fill" in layer["encoding"]
        ]
        filled = dict(zip(scale["domain"], scale["range"], strict=True))
        assert {s for s, color in filled.items() if color != "transparent"} == {"disclosed"}


def test_an_accelerator_that_is_too_slow_is_not_drawn():
    rows = {row["chip"] for data in FIGURES["served"]["datasets"].values() for row in data}
    assert rows == {"H", "B"}


@pytest.mark.parametrize(
    ("until", "total", "active", "cautious", "ability"),
    [
        (facts.SCORED_ON, "grew", "showed no clear trend", ", and too cautious", "went on falling"),
        (
            "2025-06-30",
            "showed no clear trend",
            "showed no clear trend",
            "",
            "did not clearly fall",
        ),
    ],
)
def test_the_words_of_the_outlook_follow_the_numbers(until, total, active, cautious, ability):
    days = ledger.days(until=until)
    frontier = facts.open_frontier(since=facts.TREND_FROM, until=until)
    found = of_chapter.open_frontier(frontier, days, 0.8)
    assert (found.total_went, found.active_went) == (total, active)
    assert of_chapter.ability(days).ability_went == ability
    scored = ledger.score(until=until)
    assert of_chapter.expectations(of_chapter.by_id(scored), scored).cautious == cautious


@pytest.mark.parametrize(
    ("law", "demand", "said", "often"),
    [
        ("HOFFMANN_2022_TEX", 0.0, "times smaller", "in no case"),
        ("BESIROGLU_2024", 1e18, "times larger", "in every case"),
    ],
)
def test_the_words_on_causes_follow_extreme_numbers(law, demand, said, often):
    gpt4 = facts.model(facts.GPT4)
    cases = counterfactual.decompose(
        [chinchilla.law(law)],
        n_params=gpt4.active_params,
        n_tokens=gpt4.training_tokens,
        tokens_served=[demand],
        gains=[counterfactual.Gains(tokens=1.5, params=1.5)],
    )
    fast = sizing.infer(10.0, 120.8 if demand == 0 else 60.0, facts.SERVED_DAY)
    found = sections.answer(cases, cases, fast, 0.8)
    assert found.law_said.endswith(said) and found.flop_often == found.dollars_often == often
    whole = cases.factor[cases.cause == counterfactual.TOGETHER]
    assert (whole >= found.need_mid).all() == (often == "in every case")
    _, law_step, *_ = found.steps.change
    title, _ = specs.title_lines(causes.steps(found).to_dict())
    assert f"makes GPT-4 {law_step}" in title and law_step.endswith(said)
