"""The trend picker: what it shows is what least squares by hand and the library's samples give."""

import random

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from llmecon import catalog, trends
from llmecon_book import facts, words
from llmecon_book.explore.evolution import trend_picker
from llmecon_book.site import specs

SHOWN = trend_picker()
SETTINGS = [*SHOWN.settings()]
COUNTED, SINCE, UNTIL, _ = (control.options for control in SHOWN.controls)
FRONTIER = ("frontier models", "January 2018", "March 2023", "as given")


def counted(what: str, since: str, until: str) -> tuple[pd.DataFrame, str]:
    """The models of a window, straight from the table, and the column that counts."""
    table = catalog.models().sort_values("release_date", kind="stable")
    days = table.release_date.between(SINCE[since], UNTIL[until])
    models = table[table.frontier & days & table.total_params.notna()]
    if what == "record setters":
        best = models.total_params.cummax().shift(fill_value=0)
        models = models[models.total_params > best]
    if what == "disclosed sizes":
        models = models[models.size_status == "disclosed"]
    if what == "parameters at work":
        return models[models.active_params.notna()], "active_params"
    return models, "total_params"


def fold(times: float) -> str:
    return f"{times:.2f}" if times < 2 else f"{times:.1f}" if times < 10 else f"{times:,.0f}"


def by_hand(models: pd.DataFrame, column: str) -> tuple[str, str, float]:
    """Growth with its interval, and size on the essay's day, by scipy's regression."""
    years = (models.release_date - pd.Timestamp(facts.ESSAY_DAY)).dt.days / 365.25
    line = stats.linregress(years, np.log10(models[column].astype(float)))
    half = stats.t.ppf(0.9, len(models) - 2) * line.stderr
    rate, low, high = (fold(10**slope) for slope in (line.slope + np.array([0, -half, half])))
    return f"{rate}-fold ({low} to {high})", rate, 10**line.intercept


def by_samples(models: pd.DataFrame, column: str) -> tuple[str, str, float]:
    samples = trends.growth_samples(models, column=column, draws=2000)
    rate, low, high = (fold(q) for q in np.quantile(samples.factor_per_year, [0.5, 0.1, 0.9]))
    there = trends.fan(samples, [facts.ESSAY_DAY], levels=(0.8,))["median"].iloc[0]
    return f"{rate}-fold ({low} to {high})", rate, float(there)


@pytest.mark.parametrize("setting", random.Random(13).sample(SETTINGS, 40), ids="-".join)
def test_readout_is_what_a_second_way_gives(setting: tuple[str, ...]) -> None:
    *window, fit = setting
    (models, column), state = counted(*window), SHOWN.at(setting)
    growth, number, there = state.readout.values()
    assert number == str(len(models))
    assert set(models.model) == set(state.rows.model[state.rows.part == "model"])
    if len(models) < 5:
        assert growth == "no line"
        assert set(state.rows.part) <= {"model", "claim"}
        return
    said, rate, size = (by_hand if fit == "as given" else by_samples)(models, column)
    assert growth == said
    assert f"{rate}-fold a year" in state.title
    assert there.startswith(f"{words.short(size)} (")
    low, high = (float(end) for end in said.split("(")[1].rstrip(")").split(" to "))
    what = "grew" if low > 1 else "shrank" if high < 1 else "no clear trend"
    assert what in state.title or 1 in (low, high)  # an end that rounds to 1


def test_it_opens_with_the_single_line_of_the_chapter() -> None:
    assert SHOWN.default == FRONTIER
    window = facts.frontier(since="2018-01-01", until="2023-03-31").dropna(subset="total_params")
    line = facts.growth(window, window.total_params, confidence=0.8)
    assert f"{line.factor_per_year:.1f}-fold" in SHOWN.at(FRONTIER).title
    day = words.as_month(line.date_of(1e13))
    assert f"reaches the article's 10 trillion in {day}" in SHOWN.at(FRONTIER).sentence


def test_what_it_invites_to_try_is_so() -> None:
    def title(what: str, since: str, until: str) -> str:
        return SHOWN.at((what, since, until, "as given")).title

    essay, today = list(UNTIL)[1:]
    assert "no clear trend" in title("frontier models", "GPT-3, May 2020", "March 2023")
    first, later = (
        facts.growth(models, models.total_params).factor_per_year
        for models, _ in (
            counted("frontier models", "January 2018", u) for u in UNTIL if u != today
        )
    )
    assert 0.4 < later / first < 0.6
    assert (pd.Timestamp(UNTIL[essay]) - pd.Timestamp(UNTIL["March 2023"])).days < 2 * 365
    assert "grew" in title("frontier models", "GPT-4, March 2023", today)
    assert "shrank" in title("parameters at work", "GPT-4, March 2023", today)


def test_every_setting_can_be_drawn() -> None:
    states = [SHOWN.at(setting) for setting in SETTINGS]
    assert len({tuple(state.rows.columns) for state in states}) == 1
    assert len({tuple(state.readout) for state in states}) == 1
    for state in states:
        assert not state.rows.isna().any(axis=None)
        assert (state.rows.low <= state.rows.params).all()
        assert (state.rows.params <= state.rows.high).all()
        assert len(state.rows) <= 60
        assert len(state.title.split()) >= 3
    rates = {(state.title, next(iter(state.readout.values())).split()[0]) for state in states}
    assert len(rates) == len({state.title for state in states})  # another rate, another title
    spec = SHOWN.drawn().to_dict()
    assert specs.problems(spec) == []
    assert len(spec["datasets"]) == 1
