"""Facts of the argument: the article's numbers, filters, size at fixed capability, by hand."""

import pandas as pd
import pytest

from llmecon import catalog
from llmecon_book import facts


def test_scorecard_p3_the_smallest_models_at_the_level_of_gpt_4():
    arena = facts.scored_models("Arena text score", "2026-10-20")
    steps = facts.smallest_at_score(arena, level=1288.0)
    said = {(r.open_date.strftime("%Y-%m"), r.total_params) for r in steps.itertuples()}
    assert {("2024-06", 27.2e9), ("2025-03", 4.0e9)} <= said


def test_scorecard_p11_open_models_behind_the_best():
    """Review of facts, 2: the whole list is led by no model of our tables."""
    entries = facts.arena_list(until=facts.ESSAY_DAY)
    best, best_open = entries.iloc[0], entries[entries.open_weights].iloc[0]
    assert (best["name"], best.score) == ("Gemini-Exp-1206", 1377)
    assert (best_open["name"], best_open.score) == ("Athene-v2-Chat-72B", 1278)
    assert facts.gap_to_open(entries) == 99
    late = facts.gap_to_open(facts.scored_models("Arena text score", "2026-10-20"))
    assert late == pytest.approx(36, abs=0.5)


def test_a_list_is_one_kind_and_one_day():
    """A later day finds the last whole list; a day before the first is refused."""
    assert len(facts.arena_list(until=facts.SCORED_ON)) == 265
    assert set(facts.arena_list(until="2025-07-31").date) == {pd.Timestamp("2025-01-31")}
    with pytest.raises(
        ValueError, match="until must be after the first Arena list, got 2024-12-12"
    ):
        facts.arena_list(until="2024-12-12")


def test_facts_are_scored_on_the_last_day_of_any_table():
    days = [catalog.prices().effective_date, catalog.speeds().date, catalog.scores().date]
    assert pd.Timestamp(facts.SCORED_ON) == max(day.max() for day in days)


def test_a_price_counts_for_the_model_that_it_buys():
    """Review of facts, 4: prices at GPT-4o's level and at GPT-4's, by hand from the tables."""
    at_gpt4o, at_gpt4 = (facts.cheapest_at_level(name) for name in (facts.GPT4O, facts.GPT4))

    def least(path, day):
        row = path[path.date <= day].iloc[-1]
        return row.model, row.output_usd_per_mtok

    assert least(at_gpt4o, "2024-12-13") == ("GPT-4o", 10)
    assert least(at_gpt4o, "2025-01-31") == ("DeepSeek-V3", 0.28)
    assert least(at_gpt4o, "2025-08-07") == ("DeepSeek-V3", 1.1)
    assert least(at_gpt4o, "2025-08-08") == ("Qwen3-32B", 0.3)
    assert least(at_gpt4, "2024-12-13") == ("DeepSeek-V2.5", 0.28)
    assert "gpt-oss-120b" in facts.as_able_as(facts.GPT4O)
    with pytest.raises(LookupError, match="no model on an Arena list by then is called 'GPT-4'"):
        facts.cheapest_at_level(facts.GPT4, until="2023-03-13")


def test_models_are_compared_on_the_last_list_that_has_both(monkeypatch):
    """DeepSeek-V3 is not on the list of 2026; a list without a model says nothing against it."""
    assert "DeepSeek-V3" in facts.as_able_as(facts.GPT4O)
    scores = catalog.scores()
    last = (scores.model == "DeepSeek-V3") & (scores.date == facts.ARENA_2025)
    scores.loc[last, "score"] = 1301.0  # GPT-4o stands at 1302; on the list before it is below V3
    monkeypatch.setattr(catalog, "scores", lambda: scores.copy())
    assert "DeepSeek-V3" not in facts.as_able_as(facts.GPT4O)
    assert "DeepSeek-V3" in facts.as_able_as(facts.GPT4O, until="2025-07-31")
    with pytest.raises(LookupError, match="no model on an Arena list by then is called 'GPT4'"):
        facts.as_able_as("GPT4")


def test_weights_opened_later_are_not_open_on_an_earlier_list():
    """Grok-2 leads the open models of the list of 2024-12-13 only since August 2025."""
    early = facts.scored_models("Arena text score", "2024-12-13").set_index("model")
    late = facts.scored_models("Arena text score", "2026-10-20").set_index("model")
    assert not early.open_weights["Grok-2"] and late.open_weights["Grok-2"]


def by_hand(**columns):
    days = pd.to_datetime(["2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01"])
    base = {
        "model": list("abcd"),
        "open_date": days,
        "open_weights": [True, True, False, True],
        "total_params": [100.0, 50.0, 1.0, 70.0],
        "score": [10.0, 10.0, 10.0, 10.0],
    }
    return pd.DataFrame(base | columns)


def test_closed_and_larger_models_set_no_mark():
    assert facts.smallest_at_score(by_hand(), level=10).model.tolist() == ["a", "b"]


def test_a_model_below_the_level_sets_no_mark():
    assert facts.smallest_at_score(by_hand(score=[9.0, 11, 11, 11]), level=10).model.tolist() == [
        "b"
    ]


def test_a_level_nobody_reaches_is_refused():
    with pytest.raises(ValueError, match="level must be <= 10"):
        facts.smallest_at_score(by_hand(), level=11)


def test_an_unknown_list_names_the_nearest():
    with pytest.raises(LookupError, match="2024-12-13"):
        facts.scored_models("Arena text score", "2024-12-14")


def test_a_closed_model_without_middle_in_the_table_takes_that_of_its_estimates():
    sizes = facts.closed_sizes(until=facts.SCORED_ON).set_index("model")
    row = sizes.loc["Claude Opus 4"]  # models.csv leaves it empty; the one free reading is 210e9
    assert (row.total_params, row.low, row.high) == (210e9, 65.7e9, 672e9)
    assert sizes.total_params["GPT-5"] == 1.77e12  # of models.csv, not the middle of its readings
    early = facts.closed_sizes(until="2026-04-30").set_index("model")
    opus = early.loc["Claude Opus 4.6"]  # a range without a middle widens what another says
    assert (opus.low, opus.high) == (1.5e12, 5.3e12)
    assert len(sizes) == 15 and ((sizes.low <= sizes.total_params) & sizes.high.notna()).all()


def test_replaced_versions_do_not_count_and_a_rivals_word_is_marked():
    last = facts.latest_estimates(until=facts.SCORED_ON)
    used = last[(last.circular_with_price == "false") & ~last.rival]
    opus = used[used.model == "Claude Opus 4.6"]
    assert sorted(set(opus.estimator)) == ["IKP v2", "unexcitedneurons"]
    assert opus.total_high.max() == 5.1e12
    assert "Musk" in set(used.estimator)  # of his own makers' models
    early = facts.latest_estimates(until="2026-05-31")
    assert "IKP v1" in set(early.estimator)  # nothing had replaced it yet


def test_a_size_that_was_estimated_later_was_not_known():
    frame = catalog.models()
    known = facts.known_by(frame, facts.ESSAY_DAY)
    named = known.groupby(frame.model).first()
    assert not named["o1"] and not named["GPT-4 Turbo"]  # both of the probe of July 2026
    assert named["GPT-4o"] and named["Claude 3.5 Sonnet (Oct 2024)"]  # of the essay itself
    assert known[frame.size_status != "estimate"].all()


def test_a_speed_is_of_the_makers_flagship_of_the_day():
    read = facts.flagship_speeds()
    late = read[read.date >= "2026-01-01"]
    assert not {"GPT-4 Turbo", "GPT-4o", "GPT-5", "GPT-5.5"} & set(late.model)
    assert (late.output_tokens_per_s.min(), late.output_tokens_per_s.max()) == (36.9, 136.5)
    price = read.set_index(["model", "date"]).output_usd_per_mtok
    assert price["DeepSeek-V4-Pro", "2026-07-10"].item() == 0.87  # lowered on 2026-05-04
    assert price["DeepSeek-V4-Pro", "2026-10-03"].item() == 1.98
    assert read.date.is_monotonic_increasing and (read.date <= facts.SCORED_ON).all()


def test_the_least_price_is_never_above_a_model_that_counts():
    level = float(facts.scored_models(facts.ARENA, "2026-10-20").set_index("model").score["GPT-4"])
    path = facts.cheapest_at_level(level)
    own = catalog.prices().query("model == 'GPT-4o mini'").output_usd_per_mtok.iloc[0]
    assert (path[path.date >= "2024-07-18"].output_usd_per_mtok <= own).all()
    assert path.date.is_monotonic_increasing and path.date.is_unique


def test_a_flagship_path_starts_with_the_price_in_force():
    path = facts.flagship_path("OpenAI")
    assert path.tolist() == [10, 14, 15, 30, 20, 50, 40]  # claims reference, P8
    assert (path.index <= pd.Timestamp("2024-12-13")).sum() == 1
    assert (path.diff().dropna() != 0).all()
    with pytest.raises(LookupError, match="nearest"):
        facts.flagship_path("OpenAl")


def test_the_articles_numbers_are_those_of_its_claims():
    assert facts.stated_range("R09") == (100, 150) and facts.stated("R03") == 4e11
    with pytest.raises(LookupError, match=r"no claim is called 'R9'; nearest: .*R09"):
        facts.stated("R9")


def test_the_frontier_is_parted_by_day_and_by_weights():
    """Invariant: open and closed, before and after a day, are all of it, each once."""
    every = facts.frontier()
    parts = [facts.open_frontier(), facts.closed_frontier()]
    assert sorted(pd.concat(parts).model) == sorted(every.model)
    day = facts.ESSAY_DAY
    parts = [facts.frontier(until=day), facts.frontier(after=day)]
    assert pd.concat(parts).model.tolist() == every.model.tolist()
    own = facts.released("GPT-4")
    assert "GPT-4" in set(facts.frontier(since=own).model) & set(facts.frontier(until=own).model)
    assert "GPT-4" not in set(facts.frontier(after=own).model)
    assert every.release_date.is_monotonic_increasing


def test_the_fall_is_the_line_through_two_models():
    """Second formula: (N2/N1)^(365.25/days)."""
    days = (facts.released("GPT-4o") - facts.released("GPT-4")).days
    by_hand = (facts.size("GPT-4o") / facts.size("GPT-4")) ** (365.25 / days)
    assert facts.the_fall().factor_per_year == pytest.approx(by_hand)


def test_flagships_are_of_the_makers_that_are_asked_for():
    own = facts.flagships(["OpenAI"], until="2024-12-31")
    assert set(own.provider) == {"OpenAI"} and own.effective_date.max() <= pd.Timestamp("2025")
    assert len(facts.flagships()) > len(facts.flagships(facts.MAKERS)) > len(own)


def test_an_unknown_size_is_refused_by_name():
    with pytest.raises(ValueError, match=r"no total_params in models.csv"):
        facts.size(catalog.models().query("total_params != total_params").model.iloc[0])
