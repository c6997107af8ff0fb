"""Explorables of the chapter on causes: the numbers shown, by a second route."""

import random
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize_scalar

from llmecon import chinchilla
from llmecon_book import counterfactual, facts
from llmecon_book.charts import specs
from llmecon_book.explore import causes
from llmecon_book.run.numbers import key_numbers
from llmecon_book.words import short

CHAPTER = Path(__file__).parents[2] / "notebooks" / "causes.ipynb"
GPT4 = facts.model(facts.GPT4)
BUILT = GPT4.active_params, GPT4.training_tokens
RENT = facts.h200_rent()

explorable = cache(lambda name: getattr(causes, name)())
prices = cache(counterfactual.life_prices)


def picks(name, count=40):
    """Settings at random, the default first: values by the control's name, and what is shown."""
    made = explorable(name)
    drawn = [made.default, *random.Random(13).sample([*made.settings()], count)]
    for setting in drawn:
        chosen = zip(made.controls, setting, strict=True)
        yield {one.name: one.options[words] for one, words in chosen}, made.at(setting)


def shown(name, **changed):
    """State of the default setting with some controls moved."""
    made = explorable(name)
    chosen = {one.name: one.default for one in made.controls} | changed
    return made.at(tuple(chosen.values()))


@pytest.mark.parametrize("name", ["compute_splitter", "lifetime_bill", "factors"])
def test_every_setting_can_be_drawn(name):
    made = explorable(name)
    states = [made.at(setting) for setting in made.settings()]
    assert {tuple(state.rows) for state in states} == {tuple(states[0].rows)}
    assert {tuple(state.readout) for state in states} == {tuple(states[0].readout)}
    assert not any(state.rows.isna().any(axis=None) for state in states)
    assert all(np.isfinite(state.rows.select_dtypes("number")).all(axis=None) for state in states)
    assert max(len(state.rows) for state in states) <= 60
    assert min(len(state.title.split()) for state in states) >= 3
    # Where the results differ, so do the titles, but for the digits that they leave out.
    results = {state.rows.round(0).to_json() for state in states}
    assert len({state.title for state in states}) > 0.9 * len(results)
    drawn = made.drawn().to_dict()
    assert not specs.problems(drawn)
    assert len(drawn["datasets"]) == 1 and drawn["title"] == made.at(made.default).title
    assert len(made.tries) == 3


def test_a_split_is_that_of_the_closed_forms():
    for chosen, state in picks("compute_splitter"):
        law, flop = chosen["law"], chosen["flop"]
        size = float(law.G * (flop / 6) ** law.a)
        kaplan = 1.3e9 * (flop / (2 * 8.64e19)) ** 0.73  # Eq. 1.3, budgets at twice C_min
        assert [*state.readout.values()] == [
            f"{short(size)} parameters",
            short(flop / 6 / size),
            f"{flop / 6 / size**2:.1f}",
            f"{short(kaplan)} parameters",
        ]
        assert f" {kaplan / size:.1f} times the size that " in state.title
        loss = law.loss(kaplan, flop / 6 / kaplan)
        sizes = np.geomspace(size / 300, size, 20_000)
        least = np.min(6 * sizes * law.tokens_for(sizes, loss))
        assert f" {flop / least:.1f} times the compute " in state.sentence


def test_models_of_about_the_budget_stand_where_the_law_puts_them():
    rows = shown("compute_splitter").rows.set_index("name")
    assert {"GPT-3 175B", "Chinchilla 70B"} < set(rows.index)
    assert rows.times["GPT-3 175B"] > rows.times["Chinchilla 70B"] >= 1
    law, gpt3 = chinchilla.BESIROGLU_2024, facts.model(facts.GPT3)
    best = law.optimal(loss=law.loss(gpt3.total_params, gpt3.training_tokens))
    spent = chinchilla.training_flop(gpt3.total_params, gpt3.training_tokens)
    assert rows.times["GPT-3 175B"] == pytest.approx(float(spent / best.flop))


def test_a_bill_is_that_of_the_cheapest_size():
    for chosen, state in picks("lifetime_bill"):
        law, served = chosen["law"], chosen["served"]
        case = prices(chosen["speed"], chosen["rent"])
        loss = float(law.loss(*BUILT))
        best = chinchilla.inference_optimal_usd(law, loss=loss, tokens_served=served, **case)

        def bill(log_size, law=law, loss=loss, case=case, served=served):
            size = np.exp(log_size)
            train = 6 * size * law.tokens_for(size, loss) * case["usd_per_train_flop"]
            return float(train + served * case["usd_per_served_token"](size)), float(train)

        ends = np.log([1.001 * law.params_floor(loss), 2 * best.baseline.params])
        found = minimize_scalar(lambda at: bill(at)[0], bounds=ends, method="bounded")
        usual = bill(np.log(best.baseline.params))[0]
        train = bill(np.log(best.params))[1]
        assert float(best.params) == pytest.approx(np.exp(found.x), rel=1e-3)
        assert [*state.readout.values()] == [
            f"{short(best.params)} active parameters",
            f"{short(found.fun)} dollars",
            f"{1 - train / found.fun:.0%}",
            f"{1 - found.fun / usual:.0%}",
        ]
        assert (
            f" {short(train)} dollars, serving them {short(found.fun - train)}." in state.sentence
        )
        assert f" {usual / found.fun:.1f} times as much in all." in state.sentence
        assert state.rows.together.min() == pytest.approx(found.fun)
        beyond = f"{float(best.decades_outside):.1f}"
        assert (f" {beyond} powers of ten beyond " in state.sentence) == (beyond != "0.0")


def test_causes_multiply_from_the_size_as_built_to_the_cheapest():
    for chosen, state in picks("factors"):
        law, served = chosen["law"], chosen["served"]
        case = {"loss": float(law.loss(*BUILT)), "tokens_served": served}
        better = chosen["gain"].applied(law)
        if chosen["dollars"]:
            last = chinchilla.inference_optimal_usd(better, **case, **prices(55.0, RENT))
        else:
            last = chinchilla.inference_optimal(better, **case)
        whole = BUILT[0] / float(last.params)
        first = BUILT[0] / float(law.optimal(loss=case["loss"]).params)
        assert f" multiply to {whole:.2f}: " in state.sentence
        assert f" become {short(last.params)}. " in state.sentence
        assert f"The factors {first:.2f}, " in state.sentence
        times = f"{max(whole, 1 / whole):.1f} times {'smaller' if whole > 1 else 'larger'}"
        said = "no smaller" if times.startswith("1.0") else times
        assert state.readout["All three"] == said and said in state.title
        sizes = state.rows.set_index("step").params
        assert sizes["Serving"] == sizes["All three"] == pytest.approx(float(last.params))


def test_default_settings_say_what_the_chapter_says():
    said = key_numbers(CHAPTER.read_text("utf-8"))
    splitter = shown("compute_splitter").readout
    assert splitter["Kaplan’s size"] == f"{short(said['gpt3_kaplan'])} parameters"
    bills = [
        explorable("lifetime_bill").at(("100T", "2.94", "55", law)).rows.query("mark == 'cheapest'")
        for law in explorable("lifetime_bill").controls[3].options
    ]
    sizes = pd.concat(bills).params
    assert short(sizes.min()) == short(said["mid_usd_low"])
    assert short(sizes.max()) == short(said["mid_usd_high"])
    assert f" become {short(said['result'])}. " in shown("factors").sentence


def best_size(state, mark):
    column = "size" if "size" in state.rows else "mark"
    return float(state.rows.params[state.rows[column] == mark].iloc[0])


def test_what_the_splitter_tells_to_try_is_true():
    flops, laws = (one.options for one in explorable("compute_splitter").controls)
    sizes = {
        name: [best_size(shown("compute_splitter", flop=flop), mark) for flop in (*flops,)]
        for name, mark in (("law", "best by the law"), ("kaplan", "advised in 2020"))
    }
    assert sizes["kaplan"][0] / sizes["law"][0] == pytest.approx(1, abs=0.05)
    assert sizes["kaplan"][-1] > 1e13
    printed, unrounded = (
        best_size(shown("compute_splitter", law=law), "best by the law")
        for law in ("Hoffmann 2022, as printed", "Hoffmann 2022, unrounded")
    )
    assert printed / unrounded == pytest.approx(0.8, abs=0.02) and len(laws) == 5


def test_what_the_bill_tells_to_try_is_true():
    little, much = (shown("lifetime_bill", served=served) for served in ("1T", "1,000T"))
    assert best_size(little, "cheapest") / best_size(little, "cheapest to train") < 0.56
    assert 2 < best_size(little, "cheapest") / best_size(much, "cheapest") < 3
    slow = best_size(shown("lifetime_bill", speed="5"), "cheapest")
    assert slow > 1.2 * best_size(shown("lifetime_bill"), "cheapest")


def test_what_the_causes_tell_to_try_is_true():
    laws = explorable("factors").controls[0].options
    alone = [
        shown("factors", law=law, served="0", gain="none").readout["All three"] for law in laws
    ]
    assert sum("larger" in said for said in alone) == 2 and len(alone) == 3
    flop, need = shown("factors", dollars="FLOP"), shown("factors").rows.params
    assert flop.rows.params.iloc[-2] > need.iloc[-1] > need.iloc[-2]
    fitted = explorable("factors").controls[2].options["as fitted, on data"]
    assert fitted.tokens == pytest.approx(2.9, abs=0.1)
    sizes = shown("factors", gain="as fitted, on data").rows.set_index("step").params
    assert 1 < sizes["Law"] / sizes["Data and methods"] < 1.2
