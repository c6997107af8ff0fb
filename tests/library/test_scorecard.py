"""The outlook's scorecard: verdicts of the reference, proper scores, numbers that follow data."""

import math
import re
from html import escape, unescape

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmecon import catalog
from llmecon_book import claims, parity, scorecard
from llmecon_book.scorecard import facts
from llmecon_book.scorecard.scoring import Forecast, brier, interval_score, score

# The claims reference, "Outlook scorecard", as of November 2026. P1, P6, P7 and P8 are parted here.
# P6's "direction held, cause undecided" is no score for the cause and one for the hardware.
REFERENCE = {
    "P1a": "failed",
    "P1b": "cannot be scored",  # "Undisclosed sizes", caution 2
    "P2": "mixed",
    "P3": "held",
    "P4": "mixed",
    "P5": "mixed",
    "P6a": "cannot be scored",
    "P6b": "held",
    "P7a": "failed",
    "P7b": "failed",
    "P8a": "failed",
    "P8b": "held",
    "P8c": "cannot be scored",  # "Speeds", caution 5
    "P9": "failed",
    "P10": "failed",
    "P11": "held",
}


@pytest.fixture(scope="module")
def scored():
    return {one.id: one for one in scorecard.compute()}


# ---- published table: the reference ---------------------------------------------------------


def test_each_proposition_has_the_verdict_of_the_reference(scored):
    assert {name: one.verdict for name, one in scored.items()} == REFERENCE
    assert list(scored) == list(REFERENCE)


def test_numbers_of_the_reference(scored):
    """Claims reference: P1 2.5 a year against 0.152; P2 0.80; P9 three makers, 3.1 a year."""
    assert round(scored["P1a"].observed, 1) == 2.5
    assert round(scored["P1a"].forecast.reference, 3) == 0.152
    assert round(scored["P2"].observed, 2) == 0.80
    assert scored["P9"].observed == 3
    assert round(scored["P9"].numbers["sparsity"], 1) == 3.1


def test_paths_of_the_reference(scored):
    """P3: GPT-4 27.2e9 to 4.0e9. P8: 10 to 50 dollars, 0.40 in December 2024. P11: 68 to 36."""
    assert scored["P3"].numbers["GPT-4"] == pytest.approx(4.0 / 27.2, rel=1e-3)
    assert scored["P8a"].numbers["OpenAI"] == 5.0
    when = scorecard.days()
    path = scorecard.cheapest_at_level(
        catalog.score("GPT-4", "Arena text score", "2026-10-20"), when
    )
    assert path[path.date <= "2024-12-13"].output_usd_per_mtok.iloc[-1] == 0.40
    assert path[path.date <= "2025-07-15"].output_usd_per_mtok.iloc[-1] == 0.12
    assert [round(scored["P11"].numbers[k]) for k in ("before", "now")] == [68, 36]


def test_tokens_per_parameter_of_the_reference(scored):
    """P5: 21, 15, 29 by all parameters and 673, 484, 953 by active ones."""
    came = scored["P5"].came
    for pair in ("21 and 673", "15 and 484", "29 and 953"):
        assert pair in came


def test_simple_qa_of_the_reference(scored):
    """P4: Gemma 3 4B 4.0, GPT-4 Turbo 24.2, DeepSeek-V3 24.9 the first open model above it."""
    assert scored["P4"].observed == pytest.approx(4.0 / 24.2)
    assert "671 billion" in scored["P4"].came


# ---- how the article fares ------------------------------------------------------------------


def test_what_the_article_denied_and_failed_is_to_its_credit(scored):
    assert scored["P1a"].said == "no" and scored["P1a"].article == "right"
    assert scored["P9"].said == "yes" and scored["P9"].article == "wrong"
    assert scored["P2"].article == "said nothing"
    assert scored["P6a"].article == "cannot be scored"
    assert scored["P4"].article == "partly right"


def test_the_article_gives_nothing_that_a_proper_rule_could_score(scored):
    assert {one.score.rule for one in scored.values()} == {"direction", "none"}


def test_a_proposition_without_score_has_no_observed_direction(scored):
    for one in scored.values():
        if one.verdict == "cannot be scored" and one.id != "P8c":
            assert one.score.rule == "none" and one.score.hit is None


def test_every_claim_of_a_proposition_is_in_the_ledger():
    ledger = {row.id for row in catalog.rows("claims")}
    for one in scorecard.PROPOSITIONS.values():
        assert one.claims and set(one.claims) <= ledger
        assert one.computation.__doc__


def test_every_forward_looking_claim_belongs_to_a_proposition():
    forward = {row.id for row in catalog.rows("claims") if row.kind == "forecast"}
    assert forward <= {name for one in scorecard.PROPOSITIONS.values() for name in one.claims}


def test_the_list_is_plain_text_with_numbers_and_a_folded_rule(scored):
    items = scorecard.as_markdown(scored.values()).split("\n\n")[1].split("</details>\n")
    for item, one in zip(items, scored.values(), strict=True):
        first, how = item.split("\n  <details")
        said = first.removeprefix(f'- <a id="{one.id.lower()}"></a>')
        assert said.startswith(f"**{one.id} · {one.verdict}.** ") and re.search(r"\d", said)
        assert not re.search(r"(?<!\\)[$_<`]", said)
        assert one.rule in unescape(how) and ", ".join(one.claims) in how
        assert scorecard.direction(one) in how


def test_the_table_leads_to_the_list_and_says_what_came(scored):
    table, listing = scorecard.as_markdown(scored.values()).split("\n\n")
    for one in scored.values():
        (row,) = [line for line in table.split("\n") if f'href="#{one.id.lower()}"' in line]
        assert f'<a id="{one.id.lower()}">' in listing
        assert f">{one.verdict}</span>" in row and escape(one.measure) in row
        side = {True: "right", False: "wrong", None: "none"}[one.score.hit]
        assert f"<td>{side}</td>" in row and one.in_short in row
    assert set(scorecard.record.IN_SHORT) == set(scorecard.PROPOSITIONS)


def test_claims_of_the_list_lead_to_the_page_that_is_given(scored):
    text = scorecard.as_markdown([scored["P9"]], claims_page="claims.html")
    assert 'Claims <a href="claims.html#claim-e14">E14</a>, ' in text
    assert "<a href" not in scorecard.as_markdown([scored["P9"]]).split("\n\n")[1]


def test_what_came_is_told_in_the_unit_of_its_measure(scored):
    """By hand: 14 of 21 models are 67 %; a ratio is a number of times; no size, no number."""
    assert scorecard.what_came(scored["P10"]) == "67%"
    assert scorecard.what_came(scored["P8a"]) == "4.08 times (3.33 to 5)"
    assert scorecard.what_came(scored["P1b"]) == "no number"


def test_a_direction_is_told_with_its_distance_where_powers_of_ten_mean_something(scored):
    """By hand: log10(2.4786 / 0.1520) = 1.2; a gap in points and a share have none."""
    assert scorecard.direction(scored["P1a"]) == "Direction: right, 1.2 powers of ten above 0.152."
    assert scorecard.direction(scored["P8b"]).endswith("1.6 powers of ten below 1.")
    assert scorecard.direction(scored["P11"]) == "Direction: right."
    assert scorecard.direction(scored["P10"]) == "Direction: wrong."
    assert scorecard.direction(scored["P1b"]) == "No direction to score."
    assert scored["P1a"].decades == pytest.approx(math.log10(scored["P1a"].observed / 0.15199799))
    assert {one.id for one in scored.values() if one.decades is not None} == {
        *("P1a", "P3", "P6b", "P7a", "P8a", "P8b")
    }


def test_six_of_eleven_directions_were_right(scored):
    right = [one.id for one in scored.values() if one.score.hit]
    wrong = [one.id for one in scored.values() if one.score.hit is False]
    assert right == ["P1a", "P3", "P4", "P6b", "P8b", "P11"]
    assert wrong == ["P7a", "P7b", "P8a", "P9", "P10"]
    assert scorecard.directions(scored.values()) == (6, 11)


def test_a_sentence_that_only_may_mean_it_is_not_called_wrong(scored):
    for name in ("P7a", "P7b"):
        assert (scored[name].verdict, scored[name].article) == ("failed", "not supported")


def test_counts_are_of_all_verdicts_in_order(scored):
    assert scorecard.counts(scored.values()) == {
        "held": 4,
        "failed": 6,
        "mixed": 3,
        "cannot be scored": 3,
    }


# ---- a changed fact changes the verdict -----------------------------------------------------


def changed_models(monkeypatch, change):
    frame = catalog.models()
    change(frame)
    monkeypatch.setattr(catalog, "models", lambda: frame.copy())


def test_smaller_open_models_would_have_been_a_fall(monkeypatch):
    def shrink(frame):
        late = frame.open_weights & (frame.release_date > "2024-07-01")
        years = (frame.release_date - pd.Timestamp("2024-07-01")).dt.days / 365.25
        wobble = 1.1 ** (np.arange(late.sum()) % 3 - 1)  # a line without scatter has no interval
        frame.loc[late, "total_params"] = 3e11 * 0.152 ** years[late] * wobble

    changed_models(monkeypatch, shrink)
    found = scorecard.compute_one("P1a")
    assert (found.verdict, found.article) == ("held", "wrong")


def test_disclosed_sizes_of_closed_models_would_be_scored(monkeypatch):
    def disclose(frame):
        names = ["Gemini 3 Pro", "GPT-5.6 Sol", "GPT-6 Astra"]
        rows = frame.model.isin(names)
        frame.loc[rows, "size_status"] = "disclosed"
        frame.loc[rows, "total_params"] = [1e12, 2e12, 6e12]

    changed_models(monkeypatch, disclose)
    assert scorecard.compute_one("P1b").verdict == "failed"


def test_active_parameters_that_rise_would_fail(monkeypatch):
    def raise_all(frame):
        frame["active_params"] = frame.total_params

    changed_models(monkeypatch, raise_all)
    assert scorecard.compute_one("P2").verdict == "failed"


def test_without_a_larger_model_the_race_would_be_over(monkeypatch):
    def remove(frame):
        soon = (frame.release_date > "2024-12-13") & (frame.release_date < "2025-04-15")
        frame.loc[soon, ["total_params", "training_flop"]] = np.nan

    changed_models(monkeypatch, remove)
    assert scorecard.compute_one("P9").verdict == "held"


def test_longer_training_of_the_largest_would_fail_the_one_off(monkeypatch):
    def train(frame):
        late = frame.release_date > "2024-12-13"
        frame.loc[late, "training_tokens"] *= 20

    changed_models(monkeypatch, train)
    assert scorecard.compute_one("P5").verdict == "failed"


def test_cheaper_flagships_would_have_held(monkeypatch):
    frame = catalog.prices()
    late = frame.flagship & (frame.effective_date > "2024-12-13")
    frame.loc[late, "output_usd_per_mtok"] = 1.0
    monkeypatch.setattr(catalog, "prices", lambda: frame.copy())
    assert scorecard.compute_one("P8a").verdict == "held"


def test_dearer_models_would_have_failed_at_fixed_quality(monkeypatch):
    frame = catalog.prices()
    frame.loc[frame.effective_date > "2024-12-13", "output_usd_per_mtok"] = 99.0
    monkeypatch.setattr(catalog, "prices", lambda: frame.copy())
    assert scorecard.compute_one("P8b").verdict != "held"


def test_estimates_that_agree_would_hold(monkeypatch):
    frame = catalog.size_estimates()
    frame["total_params"] = 1e12
    monkeypatch.setattr(catalog, "size_estimates", lambda: frame.copy())
    assert scorecard.compute_one("P10").verdict == "held"


def test_a_wider_gap_of_open_models_would_fail(monkeypatch):
    frame = catalog.scores()
    best = (frame.model == "Gemini 4 Argon") & (frame.benchmark == facts.ARENA)
    frame.loc[best, "score"] += 100
    monkeypatch.setattr(catalog, "scores", lambda: frame.copy())
    assert scorecard.compute_one("P11").verdict == "failed"


def test_a_learned_small_model_would_leave_no_floor(monkeypatch):
    frame = catalog.scores()
    small = (frame.model == "Gemma 3 4B") & (frame.benchmark == "SimpleQA")
    frame.loc[small, "score"] = 30.0
    monkeypatch.setattr(catalog, "scores", lambda: frame.copy())
    assert scorecard.compute_one("P4").verdict == "failed"


def test_a_few_percent_at_one_level_decide_nothing(monkeypatch):
    """GPT-4o's level went from 27 to 26 billion. Without that step the verdict is the same; with
    no clear fall at a second level as well it is another.
    """
    found = scorecard.compute_one("P3")
    assert (found.numbers["fell"], found.numbers["levels"]) == (3, 4)
    assert found.numbers["GPT-4o"] == pytest.approx(26 / 27)

    def first_at_two_levels(frame):
        late = frame.open_weights & (frame.release_date > "2025-06-01")
        frame.loc[late & (frame.total_params < 230e9), "total_params"] = 230e9

    changed_models(monkeypatch, first_at_two_levels)
    assert scorecard.compute_one("P3").verdict == "mixed"


def test_the_next_model_in_size_is_told_beside_the_three_largest(scored):
    largest, following = scorecard.largest_trained(scorecard.days())
    assert list(largest.model) == ["DeepSeek-V4-Pro", "Kimi K2", "Kimi K2.5"]
    assert list(following.model) == ["Inkling"]
    assert "the next in size, Inkling, 46" in scored["P5"].came


def test_without_estimates_made_from_prices_fewer_agree(scored):
    numbers = scored["P10"].numbers
    frame = facts.latest_estimates(scorecard.days())
    free = frame[frame.circular_with_price == "false"].groupby("model")
    several = [rows.total_params for _, rows in free if rows.by.nunique() > 1]
    within = [rows.max() / rows.min() < 3 for rows in several]
    assert numbers["n_without_price"] == len(within)
    assert numbers["within_without_price"] == pytest.approx(np.mean(within))
    assert f"{np.mean(within):.0%} of {len(within)}" in scored["P10"].came


# ---- closed sizes and speeds ----------------------------------------------------------------


def test_a_closed_model_without_middle_in_the_table_takes_that_of_its_estimates():
    sizes = scorecard.closed_sizes(scorecard.days()).set_index("model")
    row = sizes.loc["Claude Opus 4"]  # models.csv leaves it empty; the one free reading is 210e9
    assert (row.total_params, row.low, row.high) == (210e9, 65.7e9, 672e9)
    assert sizes.total_params["GPT-5"] == 1.77e12  # of models.csv, not the middle of its readings
    early = scorecard.closed_sizes(scorecard.days(until="2026-04-30")).set_index("model")
    opus = early.loc["Claude Opus 4.6"]  # a range without a middle widens what another says
    assert (opus.low, opus.high) == (1.5e12, 5.3e12)
    assert len(sizes) == 15 and ((sizes.low <= sizes.total_params) & sizes.high.notna()).all()


def test_replaced_versions_and_a_rivals_word_are_no_usable_estimates():
    used = facts.usable_estimates(scorecard.days())
    opus = used[used.model == "Claude Opus 4.6"]
    assert sorted(set(opus.estimator)) == ["IKP v2", "unexcitedneurons"]
    assert opus.total_high.max() == 5.1e12
    assert "Musk" in set(used.estimator)  # of his own makers' models
    early = facts.usable_estimates(scorecard.days(until="2026-05-31"))
    assert "IKP v1" in set(early.estimator)  # nothing had replaced it yet


def test_a_size_that_was_estimated_later_was_not_known():
    frame = catalog.models()
    known = facts.known_by(frame, pd.Timestamp("2024-12-13"))
    named = known.groupby(frame.model).first()
    assert not named["o1"] and not named["GPT-4 Turbo"]  # both of the probe of July 2026
    assert named["GPT-4o"] and named["Claude 3.5 Sonnet (Oct 2024)"]  # of the essay itself
    assert known[frame.size_status != "estimate"].all()


def test_a_speed_is_of_the_makers_flagship_of_the_day():
    read = scorecard.flagship_speeds(scorecard.days())
    late = read[read.date >= "2026-01-01"]
    assert not {"GPT-4 Turbo", "GPT-4o", "GPT-5", "GPT-5.5"} & set(late.model)
    assert (late.output_tokens_per_s.min(), late.output_tokens_per_s.max()) == (36.9, 136.5)
    price = read.set_index(["model", "date"]).output_usd_per_mtok
    assert price["DeepSeek-V4-Pro", "2026-07-10"].item() == 0.87  # lowered on 2026-05-04
    assert price["DeepSeek-V4-Pro", "2026-10-03"].item() == 1.98
    assert read.date.is_monotonic_increasing and (read.date <= "2026-11-30").all()


def test_faster_flagships_in_one_series_would_have_held(monkeypatch):
    frame = catalog.speeds()
    frame.loc[frame.model == "Claude Opus 4", "output_tokens_per_s"] = 150.0
    monkeypatch.setattr(catalog, "speeds", lambda: frame.copy())
    (found,) = scorecard.compute(["P8c"], until="2025-12-31")
    assert (found.verdict, found.score.hit) == ("held", True)
    assert (found.low, found.high) == (126.3, 150.0)  # GPT-4o, slower, was out before the forecast


def test_the_ledger_and_the_scorecard_tell_one_gap_at_long_context(scored):
    found = claims.compute_one("O05")
    numbers = scored["P7a"].numbers
    assert (
        found.value == numbers["long"] and f"instead of {numbers['empty']:.0f}" in found.explanation
    )


# ---- days -----------------------------------------------------------------------------------


def test_nothing_after_the_day_of_the_score_counts():
    early = {one.id: one for one in scorecard.compute(until="2025-12-31")}
    assert {name: one.verdict for name, one in early.items()} == REFERENCE | {
        "P2": "held",
        "P3": "mixed",
        "P4": "cannot be scored",  # no SimpleQA of the smallest model of then
        "P8b": "mixed",
        "P8c": "failed",
        "P11": "failed",
    }
    assert "Kimi K3" not in early["P1a"].came
    assert early["P11"].verdict == "failed"  # 98 points on the list of August 2025
    assert early["P4"].verdict == "cannot be scored"
    assert early["P8c"].verdict != "cannot be scored"  # still one series of readings


def test_too_few_facts_are_refused_and_say_so():
    with pytest.raises(ValueError, match=r"three open frontier models, got 0"):
        scorecard.compute(["P1a"], since="2026-11-01")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"until": "2024-01-01"}, "until must be after made"),
        ({"until": "next year"}, "until must be an ISO date"),
        ({"made": None}, "made must be a date"),
    ],
)
def test_bad_days_are_refused_by_name(given, message):
    with pytest.raises(ValueError, match=message):
        scorecard.days(**given)


def test_an_unknown_proposition_is_refused_with_the_nearest():
    with pytest.raises(LookupError, match="nearest: P1"):
        scorecard.compute(["P1z"])


# ---- proper scores --------------------------------------------------------------------------


def test_brier_of_a_coin_and_of_the_sure():
    """Brier 1950: 0 for a sure and right forecast, 1 for a sure and wrong one."""
    assert (brier(0.5, True), brier(0.5, False)) == (0.25, 0.25)
    assert (brier(1.0, True), brier(1.0, False)) == (0.0, 1.0)


@settings(derandomize=True)
@given(truth=st.floats(0.02, 0.98), said=st.floats(0.0, 1.0))
def test_nobody_gains_by_saying_another_probability(truth, said):
    def expected(p):
        return truth * brier(p, True) + (1 - truth) * brier(p, False)

    assert expected(truth) <= expected(said) + 1e-15


@settings(derandomize=True)
@given(low=st.floats(9, 12), width=st.floats(0.1, 3), came=st.floats(6, 16))
def test_interval_score_is_width_and_ten_times_the_miss_at_80_percent(low, width, came):
    """Gneiting and Raftery 2007, Eq. 43 with alpha = 0.2: 2/alpha = 10."""
    found = interval_score(10**low, 10 ** (low + width), 10**came, 0.8)
    miss = max(low - came, came - low - width, 0.0)
    assert found == pytest.approx(width + 10 * miss, abs=1e-9)


def test_the_central_interval_of_the_truth_has_the_least_expected_score():
    rng = np.random.default_rng(0)
    draws = rng.normal(12, 0.5, 20_000)

    def expected(half):
        ends = 10 ** (12 - half), 10 ** (12 + half)
        return np.mean([interval_score(*ends, 10**x, 0.8) for x in draws[:4000]])

    best = 0.5 * 1.2815515655446004
    assert expected(best) < min(expected(best * 0.6), expected(best * 1.6))


def test_the_strictest_rule_is_taken():
    interval = {"low": 1.0, "high": 10.0, "share": 0.8}
    direction = {"direction": 1, "reference": 2.0}
    everything = Forecast(probability=0.7, value=5.0, **interval, **direction)
    assert score(everything, happened=True).rule == "probability"
    assert score(Forecast(value=5.0, **interval), observed=4.0).rule == "interval"
    by_number = score(Forecast(value=5.0, **direction), observed=50.0)
    assert (by_number.rule, by_number.points, by_number.hit) == ("magnitude", 1.0, True)
    by_direction = score(Forecast(**direction), observed=1.0)
    assert (by_direction.rule, by_direction.points, by_direction.hit) == ("direction", None, False)
    assert score(Forecast(), observed=1.0).rule == "none"
    assert score(Forecast(**direction)).rule == "none"  # nothing came


def test_an_even_probability_is_neither_right_nor_wrong():
    assert score(Forecast(probability=0.5), happened=True).hit is None
    assert score(Forecast(probability=0.6), happened=True).hit is True


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"low": 1.0, "high": 2.0}, "low, high and share"),
        ({"direction": 0, "reference": 1.0}, "direction must be -1 or 1"),
        ({"direction": 1}, "direction and reference"),
    ],
)
def test_half_a_forecast_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        Forecast(**given)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: brier(1.2, True), "probability must be <= 1"),
        (lambda: interval_score(10.0, 1.0, 2.0, 0.8), "low must be <= high"),
        (lambda: interval_score(1.0, 10.0, 0.0, 0.8), "observed must be > 0"),
        (lambda: interval_score(1.0, 10.0, 2.0, 1.0), "share must be <= 0.9999"),
    ],
)
def test_bad_scores_are_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# ---- rivals and curves ----------------------------------------------------------------------


def test_rivals_are_lines_through_what_was_known():
    """Second formula: N2 (N2/N1)^((t - t2)/(t2 - t1)) by hand."""
    table = scorecard.rivals(scorecard.days())
    values = table.set_index("forecast")
    one, two = facts.model("GPT-4"), facts.model("GPT-4o")
    lapse = (table.attrs["date"] - two.release_date) / (two.release_date - one.release_date)
    by_hand = two.total_params * (two.total_params / one.total_params) ** lapse
    assert values.value["the fall goes on"] == pytest.approx(by_hand)
    assert values.value["no change"] == 405e9
    assert table.attrs["model"] == "Kimi K3" and table.attrs["observed"] == 2.8e12
    error = values.error_decades["no change"]
    assert error == pytest.approx(math.log10(2.8e12 / 405e9))


def test_a_rival_that_holds_the_outcome_is_scored_by_its_width():
    fit = scorecard.rivals(scorecard.days()).iloc[-1]
    assert fit.low < 2.8e12 < fit.high
    assert fit.interval_score == pytest.approx(math.log10(fit.high / fit.low))


def test_thinking_longer_makes_a_smaller_model_the_cheapest():
    shift = scorecard.thinking_shift(np.array([1.0, 3.0, 10.0, 100.0]))
    assert shift[0] == 1.0
    assert (np.diff(shift) < 0).all()


def test_facts_grow_with_size():
    found = scorecard.facts_by_size(scorecard.days())
    assert found.attrs["points_per_decade"] > 5
    sizes = found.attrs["size_of"]
    assert sizes["GPT-4 Turbo"] < sizes["GPT-4o"]  # in the order of their scores


def test_the_least_price_is_never_above_a_model_that_counts():
    when = scorecard.days()
    level = float(parity.scored_models(facts.ARENA, "2026-10-20").set_index("model").score["GPT-4"])
    path = scorecard.cheapest_at_level(level, when)
    own = catalog.prices().query("model == 'GPT-4o mini'").output_usd_per_mtok.iloc[0]
    assert (path[path.date >= "2024-07-18"].output_usd_per_mtok <= own).all()
    assert path.date.is_monotonic_increasing and path.date.is_unique


def test_a_flagship_path_starts_with_the_price_in_force():
    path = scorecard.flagship_path("OpenAI", scorecard.days())
    assert path.tolist() == [10, 14, 15, 30, 20, 50]  # claims reference, P8
    assert (path.index <= pd.Timestamp("2024-12-13")).sum() == 1
    assert (path.diff().dropna() != 0).all()
    with pytest.raises(LookupError, match="nearest"):
        scorecard.flagship_path("OpenAl", scorecard.days())


def test_alone_a_request_keeps_more_of_its_speed_than_in_company():
    kept = scorecard.speed_kept(["Llama 3.1 8B", "gpt-oss-120b"], batch=[1.0, 8.0, 64.0])
    for _, rows in kept.groupby("name"):
        assert rows.sort_values("batch").kept.is_monotonic_decreasing
    assert ((kept.kept > 0) & (kept.kept < 1)).all()


def test_a_window_of_attention_keeps_more_than_full_attention():
    kept = scorecard.speed_kept(["Llama 3.3 70B", "gpt-oss-120b"], batch=[32.0])
    assert (
        kept.set_index("name").kept["gpt-oss-120b"] > kept.set_index("name").kept["Llama 3.3 70B"]
    )


def test_cache_by_shape_holds_what_the_shapes_say():
    """Llama 3.3 70B: 2 x 80 x 8 x 128 x 2 = 327,680 bytes a token."""
    table = scorecard.cache_by_shape().set_index("name")
    assert table.kv_bytes_per_token["DeepSeek-V3"] == 70_272
    assert 327_680 in set(table.kv_bytes_per_token)
    assert not table.duplicated(["total_params", "kv_bytes_per_token"]).any()


def test_a_faster_accelerator_for_the_same_rent_serves_a_larger_model():
    old, new = (
        scorecard.servable(chip, 3.0, tokens_per_s=[100.0], usd_per_mtok=10.0).total_params[0]
        for chip in ("H200 SXM 141GB", "B200 SXM 180GB")
    )
    assert new > old


def test_names_of_counts():
    assert [spelled(v) for v in (999.6e9, 117e6, 12.0)] == ["1 trillion", "117 million", "12"]
