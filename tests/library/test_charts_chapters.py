"""Figures of the first two chapters: what is told apart, named and held by an axis."""

import numpy as np
import pandas as pd
import pytest

from llmecon import catalog, cost, sizing, trends
from llmecon_book import essay, facts, ledger, words
from llmecon_book.chapters import Section
from llmecon_book.chapters import evolution as grown
from llmecon_book.chapters import reversal as shrunk
from llmecon_book.chapters import sizing as judging
from llmecon_book.charts import evolution, reversal
from llmecon_book.charts import sizing as judging_charts


def marks(chart, kind):
    return [layer for layer in chart.layer if layer.mark["type"] == kind]


def rows_of(*models):
    return catalog.models().set_index("model", drop=False).loc[[*models]]


def test_prices_hold_until_the_day_they_were_read_and_points_are_changes():
    found = shrunk.prices(facts.ESSAY_DAY)
    chart = reversal.price_steps(found)
    (line,), (points,) = marks(chart, "line"), marks(chart, "point")
    ends = line.data.groupby("provider").effective_date.max()
    assert (ends == catalog.prices().effective_date.max()).all()
    assert len(points.data) == found.n_prices == len(line.data) - len(ends)
    # Makers are told in a legend of lines, which a legend of the points would replace.
    assert {mark.encoding.color["legend"].symbolType for mark in (line, points)} == {"stroke"}
    last = line.data.groupby("provider").output_usd_per_mtok.last()
    assert last["OpenAI"] == found.newest_output_usd_per_mtok
    named = [model for text in marks(chart, "text") for model in text.data.model]
    assert {"GPT-4", found.newest_model} < set(named) and len(named) == len(set(named))
    assert f"{found.gpt4_price:.0f} dollars for GPT-4, {found.gpt4o_price:.0f}" in chart.title


def test_named_models_keep_their_names_on_a_narrow_screen():
    beside, below, other = "Gemma 2 27B", "Mistral Large 2", "Llama 3.1 70B"
    models = pd.DataFrame(
        {
            "model": [beside, below, other],
            "score": [1100, 1200, 1300],
            "total_params": [7e9, 7e10, 4e11],
        }
    )
    found = Section(
        arena_day="2024-12-13",
        n_open=3,
        n_open_above=2,
        smallest_total_params=7e10,
        open_models=models,
        closed=pd.DataFrame({"model": ["closed"], "score": [1150]}),
    )
    chart = reversal.score_and_size(found)
    shown = {text.data.model.iloc[0]: text.mark.to_dict() for text in marks(chart, "text")}
    assert "opacity" not in shown[beside] and shown[beside]["align"] == "left"
    assert "opacity" not in shown[below] and shown[below]["dy"] > 0
    assert "width" in shown[other]["opacity"]["expr"]
    low, high = marks(chart, "point")[0].encoding.y["scale"]["domain"]
    assert low < 1100 and high > 1300


def test_a_size_that_is_not_disclosed_is_hollow_and_says_so():
    story = pd.Series(["GPT-1", "GPT-3 175B", "GPT-4"])
    shown = rows_of("GPT-3 175B", "GPT-4")
    found = Section(story=story, shown=shown, total_ratio=10.3, active_ratio=1.6)
    chart = evolution.total_and_active(found)
    sure, told = marks(chart, "point")
    assert sure.mark.filled and set(sure.data.model) == {"GPT-3 175B"}
    assert not told.mark.filled and set(told.data.model) == {"GPT-4 (reported)"}
    assert "GPT-4 has 10.3 times the parameters of GPT-3 175B" in chart.title


def test_the_bend_shows_the_ranges_of_what_is_not_disclosed():
    models = rows_of("GPT-3 175B", "GPT-4").assign(size_low=1e9, size_high=9e13)  # beyond the sizes
    first, last = models.release_date
    found = Section(
        known=models,
        lines=pd.DataFrame({"line": "a", "date": [first, last], "params": [1e11, 1e12]}),
        bend_what="slowed",
        bend_date=first,
        bend_earliest=first,
        bend_latest=last,
        bend_before=10.0,
        bend_after=1.1,
    )
    chart = evolution.turning_point(found)
    (bars,) = marks(chart, "rule")
    assert bars.data.model.tolist() == ["GPT-4"]
    low, high = bars.encoding.y["scale"]["domain"]
    assert low < bars.data.size_low.min() and high > bars.data.size_high.max()


@pytest.fixture(scope="module")
def shapes():
    return catalog.transformer(facts.GPT4_SHAPE), catalog.transformer(facts.DRAFT_SHAPE)


# Rent of an H200, formats, share of drafted tokens kept: what the words of the section must say.
OUTCOMES = {
    "dear": (6.0, ["bf16"], 0.0, "reaches that speed by neither calculation", "probably"),
    "usual": (2.94, ["bf16", "fp8"], 0.8, "reaches that speed by neither calculation", "probably"),
    "cheap": (0.2, ["int4"], 0.97, "reaches that speed by both calculations", "not necessarily"),
}


@pytest.mark.parametrize("case", OUTCOMES)
def test_what_the_curves_reach_is_said_in_words(shapes, case):
    rent, formats, acceptance, reach, sure = OUTCOMES[case]
    shape, draft = shapes
    with_draft = {"draft": draft, "acceptance": acceptance}
    how = {"rents": {facts.H200: rent}, "weights": formats, **with_draft}
    ours = essay.roofline_halvings(shape, fractions=(1.0, 1 / 8), **how)
    theirs = essay.halvings_frontier(
        shape, usd_per_gpu_hour=rent, fractions=(1.0, 1 / 8), points=60, **with_draft
    )
    price = shrunk.prices(facts.ESSAY_DAY)
    winter = facts.winter_readings(facts.SONNET).output_tokens_per_s
    speed = shrunk.speeds(facts.gpt4o_readings().output_tokens_per_s, winter, winter, "2025-06-30")
    otherwise = shrunk.cases(shape, ours, price.gpt4o_price, how)
    found = shrunk.served(shape, ours, theirs, otherwise, price, speed, how)
    assert (found.reach, found.sure) == (reach, sure)
    assert found.bits == {"dear": "16", "usual": "16 or 8", "cheap": "4"}[case]
    assert found.drafting.startswith("a small model" if acceptance else "no small model")
    dear = found.gpt4_at_55 == "infinitely many" or float(found.gpt4_at_55) >= 30
    assert found.room == ("could not" if dear else "could")
    slow, fast = cost.band(ours[ours.fraction == 1], shape)
    by_hand = [float(cost.fastest_at(line, price.gpt4o_price)) for line in (slow, fast)]
    assert [found.gpt4_at_ten_low, found.gpt4_at_ten_high] == by_hand
    assert found.if_half_rent >= found.gpt4_at_ten and found.if_two <= found.if_three
    assert ("full size" in found.fits.split(";")[0]) == (found.gpt4_at_ten >= speed.wanted_low)
    assert found.sold.usd_per_mtok.tolist() == [10.0, 15.0, 30.0]
    chart = reversal.frontier(found)
    assert {"GPT-4 (1.8T)", "GPT-4, the essay's model"} <= set(marks(chart, "line")[0].data.model)


def test_what_cannot_be_bought_is_no_number():
    assert shrunk._sum(float("inf")) == "infinitely many"
    assert shrunk._sum(float("nan")) == "no known number of"
    assert (shrunk._sum(0.0), shrunk._sum(11.36)) == ("0", "11")


def test_all_readings_of_a_model_give_one_size_on_all_pages():
    seen = facts.winter_readings(facts.GPT4O)
    read = facts.read_size(facts.GPT4O).total_params.median
    assert len(seen) > 1
    assert shrunk.closed("2025-02-07")[facts.GPT4O].total_params.median == read
    assert ledger.claim("R01").value == read
    last = sizing.infer(10.0, float(seen.output_tokens_per_s.iloc[-1]), facts.SERVED_DAY)
    assert last.total_params.median != read
    with pytest.raises(ValueError, match="not known on 2024-12-13"):
        facts.read_size(facts.GPT4O, facts.ESSAY_DAY)


@pytest.fixture(scope="module")
def judged():
    return sizing.evaluate(), sizing.evaluate(out="date"), sizing.firsts()


@pytest.mark.parametrize("high", [0.95, 1.05])
def test_a_lead_is_claimed_only_where_its_interval_lies_below_one(monkeypatch, judged, high):
    monkeypatch.setattr(sizing, "lead", lambda rows, rule, of: (0.9, 0.8, high))
    found = judging.tested(*judged)
    told = [found.total_ahead, found.total_level]
    assert told.index("none") == (1 if high < 1 else 0)
    assert found.total_n_level == (0 if high < 1 else len(sizing.METHODS) - 1)


def test_what_intervals_hold_is_counted_by_true_size(judged):
    found = judging.tested(*judged)
    rows = found.offers
    large = rows[rows.true >= 1e11]
    assert found.total_2 == (large.low <= large.true).mul(large.true <= large.high).mean()
    assert found.worst_held <= found.total_2
    assert (found.n_large, found.large_under) == (len(large), (large.predicted < large.true).sum())
    chart = judging_charts.predicted_and_true(found)
    (points,) = marks(chart, "point")
    misses = (points.data.interval == "misses it").mean()
    assert misses == pytest.approx(1 - found.total_coverage)


def test_who_comes_first_is_counted_once_a_family(judged):
    by_family, _, firsts = judged
    families = by_family.family.unique()
    assert firsts.sum().tolist() == [len(families)] * 2
    offers = sizing.offers()
    rest = sizing.evaluate(offers[offers.family != families[0]])
    best = rest.groupby(["of", "method"]).factor.median()["total_params"].idxmin()
    assert firsts.total_params[best] > 0


def test_closed_models_are_drawn_with_both_sets_of_offers_beside_what_others_state():
    known, later = (shrunk.closed("2025-02-07", later=more) for more in (False, True))
    found = judging.closed(known, later)
    assert found.later_gpt4o == later[facts.GPT4O].total_params.median != found.inferred_gpt4o
    chart = reversal.sizes(found, "sizing.later")
    (points,), (ticks,) = marks(chart, "point"), marks(chart, "tick")
    assert len(points.data) == len(ticks.data) == 6
    assert set(ticks.data.total_params) == {2e11, 4e11, facts.size(facts.GPT4)}
    one = shrunk.sizes(
        "2025-02-07", known, sizing.prior("2025-02-07"), sizing.summary(sizing.evaluate())
    )
    low, high = one.inferred_gpt4o_low, one.inferred_gpt4o_high
    assert one.inside_gpt4o == ("inside" if low < 2e11 < high else "outside")


def test_a_model_left_out_is_in_no_fit():
    frontier = facts.frontier(until=facts.ESSAY_DAY)
    kept = grown.usable(frontier, ["GPT-4"])
    assert set(frontier.model) - set(kept.model) >= {"GPT-4"} and kept.total_params.notna().all()


def made_up(before, after):
    """A frontier that grows by one factor a year until 2021 and by another since."""
    days = pd.date_range("2018-06-01", "2024-06-01", periods=24, unit="us")
    years = (days - pd.Timestamp("2021-06-01")).days / 365.25
    rows = facts.frontier().head(1).drop(columns=["model", "release_date", "total_params"])
    sizes = 1e11 * np.where(years < 0, before, after) ** years
    return pd.concat([rows] * 24, ignore_index=True).assign(
        model=[f"m{n}" for n in range(24)],
        release_date=days,
        total_params=sizes,
        size_low=sizes,
        size_high=sizes,
        size_status="disclosed",
    )


@pytest.mark.parametrize(
    ("before", "after", "what", "fell", "lead"),
    [
        (30.0, 1.1, "stalled", "That very unlikely", "before"),
        (30.0, 4.0, "slowed", "That very unlikely", "before"),
        (3.0, 0.4, "reversed", "That very likely", "before"),
        (2.0, 9.0, "sped up", "That very unlikely", "after"),
    ],
)
def test_what_growth_did_and_whether_sizes_fell_follow_the_sizes(before, after, what, fell, lead):
    frontier = made_up(before, after)
    turn, sampled = facts.bend(frontier), trends.break_samples(frontier, draws=50)
    last = facts.GPT4 if lead == "before" else facts.GPT1
    found = grown.bend(frontier, [], turn, sampled, last)
    assert (found.bend_what, found.bend_side) == (what, lead)
    assert f"{found.fell_that} {found.fell}" == fell
    assert found.bend_clear == "clearly"
    assert f"Growth {what} around" in evolution.turning_point(found).title
    assert found.bend_after_low <= found.bend_after_high
    assert grown.chance(0.46) == "a coin toss"


@pytest.mark.parametrize(
    ("story", "pace"),
    [
        (["GPT-1", "GPT-3 175B", "GPT-4"], "slowed"),
        (["GPT-3 175B", "Gopher 280B", "GPT-4"], "sped up"),
        (["GPT-4", "GPT-4o", "Llama 3.1 405B"], "sped up"),
    ],
)
def test_the_pace_of_the_story_follows_its_models(story, pace):
    window = grown.usable(facts.frontier(since="2018-01-01", until=facts.ESSAY_DAY))
    by = grown.lines(story, window, 0.8)
    unsure = trends.growth_samples(window, draws=50)
    assert grown.growth(by, window, unsure).pace == pace
    end = grown.trend(story, by, unsure, 1e13, "2025-06-30")
    assert (
        f"{words.short(end.two_point)}, the article says 10T" in evolution.extrapolations(end).title
    )
    assert end.trend_low <= min(end.two_point, end.record_at_end) <= end.trend_high


@pytest.mark.parametrize(("factor", "work"), [(1.0, "have grown too"), (0.01, "have fallen")])
def test_the_landing_picture_says_what_the_lines_do(factor, work):
    opened = facts.open_frontier(since=facts.TREND_FROM)
    years = (opened.release_date - opened.release_date.min()).dt.days / 365.25
    opened["total_params"] = opened.active_params = 1e11 * (3.0 * factor) ** years
    turn = facts.bend(facts.frontier(until=facts.ESSAY_DAY))
    found = grown.whole_story(turn, opened, facts.GPT4, 1e13, facts.ESSAY_DAY)
    assert (found.again, found.work) == ("have grown" if factor == 1 else "have changed", work)
    chart = evolution.whole_story(found)
    assert work in chart.title and found.turn.what in chart.title
    hollow, *_ = marks(chart, "point")
    assert {"disclosed", "reported", "estimate"} == set(hollow.data.size_status)
    assert {name for text in marks(chart, "text") for name in text.data.get("called", [])} >= {
        "GPT-1",
        "GPT-3",
        "GPT-4",
        "GPT-4o",
        "Claude 3.5",
        "DeepSeek-V3",
        "Kimi K3",
    }
