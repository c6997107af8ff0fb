"""The explorable of the chapter on the outlook: the numbers shown, by a second route."""

import random
from functools import cache
from pathlib import Path

import pandas as pd

from llmecon import catalog
from llmecon_book import facts
from llmecon_book.explore import outlook
from llmecon_book.run.numbers import key_numbers
from llmecon_book.site import specs
from llmecon_book.words import as_month, short

CHAPTER = Path(__file__).parents[2] / "notebooks" / "outlook.ipynb"
made = cache(outlook.ability_ladder)


def shown(**changed):
    """State of the default setting with some controls moved."""
    chosen = {one.name: one.default for one in made().controls} | changed
    return made().at(tuple(chosen.values()))


def smallest(level, day, counted):
    """First and smallest open model at a level, and how many reach it; None off the list."""
    scores = catalog.scores().query("benchmark == @facts.ARENA and date == @day")
    models = scores.merge(catalog.models(), on="model")
    level = models.loc[models.model == level, "score"]
    if level.empty:
        return None
    models["opened"] = models.weights_opened.fillna(models.release_date)
    able = models[models.open_weights & (models.opened <= day) & (models.score >= level.iloc[0])]
    column = "total_params" if counted == "all parameters" else "active_params"
    able = able.dropna(subset=column).sort_values(["opened", column])
    return able.assign(size=able[column])


def test_every_setting_can_be_drawn():
    states = [made().at(setting) for setting in made().settings()]
    assert {tuple(state.rows) for state in states} == {tuple(states[0].rows)}
    assert {tuple(state.readout) for state in states} == {tuple(states[0].readout)}
    assert not any(state.rows.isna().any(axis=None) for state in states)
    assert max(len(state.rows) for state in states) <= 60
    assert min(len(state.title.split()) for state in states) >= 3
    drawn = made().drawn().to_dict()
    assert not specs.problems(drawn)
    assert len(drawn["datasets"]) == 1 and len(made().tries) == 3


def test_the_smallest_is_found_among_all_that_are_as_able():
    kinds = set()
    for setting in random.Random(13).sample([*made().settings()], 40):
        state, day = made().at(setting), made().controls[1].options[setting[1]]
        able = smallest(setting[0], day, setting[2])
        if able is None or able.empty:
            assert {*state.readout.values()} == {"none"} and state.rows.empty
            said = "does not hold" if able is None else "is as able as"
            assert said in state.title and setting[0] in state.title
            kinds.add(said)
            continue
        first, least = able.iloc[0], able.loc[able["size"].idxmin()]
        assert [*state.readout.values()] == [
            str(len(able)),
            short(first["size"]),
            short(least["size"]),
        ]
        assert f"{first.model} with {short(first['size'])}" in state.sentence
        times = first["size"] / least["size"]
        if times * 0.9 > 1:
            months = (least.opened - first.opened) / pd.Timedelta(days=365.25 / 12)
            assert f" shrank {times:.1f} times in {months:.0f} months" in state.title
            assert f"{least.model} with {short(least['size'])}" in state.sentence
            assert f"({as_month(least.opened)})" in state.sentence
        else:
            assert "did not clearly shrink" in state.title
        drawn = state.rows[state.rows.part != "on the day of the list"]
        assert sorted(drawn.model) == sorted(able.model)
        kinds.add("shrank")
    assert kinds == {"does not hold", "is as able as", "shrank"}


def test_the_default_says_what_the_chapter_says():
    said, state = key_numbers(CHAPTER.read_text("utf-8")), shown()
    assert state.readout["The smallest has"] == short(said["gpt4_small_total_params"])
    assert said["gpt4_small_model"] in state.sentence


def test_what_it_tells_to_try_is_true():
    every, active = (
        shown(level=facts.GPT4O, counted=counted) for counted in made().controls[2].options
    )
    assert "did not clearly shrink" in every.title and " shrank " in active.title
    before = shown(level=facts.GPT4O, day="13 December 2024")
    assert before.title.startswith("No open model on the Arena list of 13 December 2024")
    newest = shown(level=facts.GPT5)
    steps = newest.rows[newest.rows.part == "smallest so far"]
    assert steps.date.str.startswith("2026").all() and steps.params.iloc[0] > 9e11
    days = pd.to_datetime(steps.date)
    assert days.iloc[-1] - days.iloc[0] < pd.Timedelta(days=120)
