"""GPT-4's server and the size reader: what they show is what the library says by another way."""

import random
import re
from functools import cache

import numpy as np
import pandas as pd
import pytest

from llmecon import catalog, cost, sizing
from llmecon_book import essay, facts, words
from llmecon_book.charts import specs
from llmecon_book.explore import Explorable
from llmecon_book.explore.reversal import gpt4_server, size_reader

SERVER, READER = gpt4_server(), size_reader()
FEB, AUG = READER.controls[2].options


def some(explorable: Explorable, count: int = 40) -> list[tuple[str, ...]]:
    return random.Random(13).sample([*explorable.settings()], count)


def values(explorable: Explorable, setting: tuple[str, ...]) -> dict[str, object]:
    chosen = zip(explorable.controls, setting, strict=True)
    return {control.name: control.options[words] for control, words in chosen}


def direct(case: dict[str, object]) -> tuple[pd.DataFrame, float]:
    """GPT-4's frontier in one call of the library, and what a token may cost."""
    shape, draft = map(catalog.transformer, (facts.GPT4_SHAPE, facts.DRAFT_SHAPE))
    how = {name: case[name] for name in ("acceptance", "context")}
    rents = {case["chip"]: case["rent"]}
    weights = list(case["formats"])
    line = essay.roofline_halvings(
        shape, draft, rents=rents, weights=weights, fractions=(1.0,), **how
    )
    return line, facts.list_price(facts.GPT4O) / case["margin"]


@pytest.mark.parametrize("setting", some(SERVER), ids="-".join)
def test_server_shows_what_one_call_of_the_library_gives(setting: tuple[str, ...]) -> None:
    line, paid = direct(values(SERVER, setting))
    shape = catalog.transformer(facts.GPT4_SHAPE)
    middle, low, high = (
        float(cost.fastest_at(each, paid)) for each in (line, *cost.band(line, shape))
    )
    least = float(cost.cheapest_at(line, 100))
    state = SERVER.at(setting)
    assert [*state.readout.values()] == [
        f"{middle:.0f} tokens/s",
        f"{low:.0f} to {high:.0f} tokens/s",
        f"{least:.3g} dollars" if least < np.inf else "not at any cost",
    ]
    reach = "reaches" if middle >= 100 else "may reach" if high >= 100 else "remains below"
    assert (reach if middle else "cannot be served") in state.title
    curve = state.rows[state.rows.part != facts.GPT4O]
    drawn = cost.fastest_at(line, curve.usd_per_mtok * 1.003)  # three digits of the cost
    assert np.all(curve.tokens_per_s <= drawn * 1.006)


def test_server_opens_with_the_chapters_case_of_an_h200_alone() -> None:
    """`if_only_h200` of the chapter; the main case may choose among all chips of known rent."""
    how = {"acceptance": 0.8, "context": 0, "weights": ["bf16", "fp8"], "fractions": (1.0,)}
    shapes = map(catalog.transformer, (facts.GPT4_SHAPE, facts.DRAFT_SHAPE))
    line = essay.roofline_halvings(*shapes, rents={facts.H200: facts.h200_rent()}, **how)
    speed = float(cost.fastest_at(line, 10))
    assert f": {speed:.0f} tokens/s for 10 dollars" in SERVER.at(SERVER.default).title


def test_what_the_server_invites_to_try_is_so() -> None:
    def title(*setting: str) -> str:
        return SERVER.at(setting).title

    sold = "1, sold at cost"
    assert "may reach" in title("H200", "4", "90%", "empty", "2.94", sold)
    speeds = [
        float(re.search(r"(\d+) tokens/s", title("H200", "8", "80%", "empty", rent, sold))[1])
        for rent in ("2.94", "1")
    ]
    assert 1 < speeds[1] / speeds[0] < 4 / 3
    assert "shape reaches" in title("B200 (2025)", "4", "90%", "empty", "2.94", sold)


@cache
def evaluated(day: str) -> pd.DataFrame:
    return sizing.evaluate(sizing.offers(day))


def misread(case: dict[str, object]) -> pd.Series:
    """The offer nearest in price and speed, by hand, as `sizing.evaluate` reads it."""
    offers = sizing.offers(case["day"])
    means = sizing.readings(offers).set_index(["date", "model"])
    blended = 0.75 * case["usd"] / 4 + 0.25 * case["usd"]
    away = (means.log_price - np.log(blended)) ** 2 + (means.log_speed - np.log(case["speed"])) ** 2
    date, model = away.idxmin()
    rows = evaluated(case["day"])
    chosen = (rows.model == model) & (rows.date == date) & (rows.of == "total_params")
    return rows[chosen & (rows.method == sizing.METHODS[0])].iloc[0]


@pytest.mark.parametrize("setting", some(READER), ids="-".join)
def test_reader_shows_what_the_library_infers(setting: tuple[str, ...]) -> None:
    case = values(READER, setting)
    found = sizing.infer(case["usd"], case["speed"], case["day"])
    total, (low, high) = found.total_params.median, found.total_params.interval(0.8)
    other, state = misread(case), READER.at(setting)
    assert [*state.readout.values()] == [
        f"{words.short(total)} ({words.short(low)} to {words.short(high)})",
        words.short(found.active_params.median),
        words.short(other.predicted),
        words.short(other.true),
    ]
    assert other.model in state.title
    times = max(other.predicted / other.true, other.true / other.predicted)
    side = "little" if other.predicted < other.true else "much"
    assert f"{times:.2g} times too {side}" in state.title or f"{times:.2g}" == "1"


def test_what_the_reader_invites_to_try_is_so() -> None:
    def found(usd: float, speed: float) -> sizing.Sizes:
        return sizing.infer(usd, speed, "2025-02-07").total_params

    assert found(10, 64).median > 2 * found(10, 144).median
    assert found(60, 40).interval()[1] > facts.size("GPT-4")
    assert "to Kimi K2, the nearest known model, it gives 6.1 times too little" in (
        READER.at(("3", "40", AUG)).title
    )
    assert "Kimi K2" not in READER.at(("3", "40", FEB)).title


@pytest.mark.parametrize("explorable", [SERVER, READER], ids=lambda each: each.key)
def test_every_setting_can_be_drawn(explorable: Explorable) -> None:
    states = [explorable.at(setting) for setting in explorable.settings()]
    assert len(states) <= 600
    assert len({tuple(state.rows.columns) for state in states}) == 1
    assert len({tuple(state.readout) for state in states}) == 1
    for state in states:
        assert not state.rows.isna().any(axis=None)
        assert np.isfinite(state.rows.select_dtypes("number")).all(axis=None)
        assert len(state.title.split()) >= 3
    told = {(state.title, next(iter(state.readout.values()))[:4]) for state in states}
    assert len(told) == len({state.title for state in states})  # another number, another title
    spec = explorable.drawn().to_dict()
    assert specs.problems(spec) == []
    assert len(spec["datasets"]) == 1
