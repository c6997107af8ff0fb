"""The outlook's scorecard: verdicts of the reference, proper scores, numbers that follow data."""

import dataclasses
import math
import re
from html import unescape

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from llmecon import catalog
from llmecon_book import facts, ledger, words
from llmecon_book.ledger import brier, registry
from llmecon_book.ledger.answers import scored as answered
from llmecon_book.ledger.measures import interval_score

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
    "P9": "mixed",  # one model released and of stated size; the reference counts three announced
    "P10": "mixed",  # as the claim R08 on the same sentence: neither nine in ten nor under half
    "P11": "held",
}


PROPOSITIONS = {row.id: row for row in catalog.rows("propositions")}


@pytest.fixture(scope="module")
def scored():
    return {one.id: one for one in ledger.score()}


# ---- published table: the reference ---------------------------------------------------------


def test_each_proposition_has_the_verdict_of_the_reference(scored):
    assert REFERENCE.items() <= {name: one.verdict for name, one in scored.items()}.items()


def test_numbers_of_the_reference(scored):
    """Claims reference: P1 2.5 a year against 0.152; P2 0.80; P9 3.1 a year."""
    assert round(scored["P1a"].observed, 1) == 2.5
    assert round(scored["P1a"].result.reference, 3) == 0.152
    assert round(scored["P2"].observed, 2) == 0.80
    assert scored["P9"].observed == 1
    assert round(scored["P9"].numbers["sparsity"], 1) == 3.1


def test_paths_of_the_reference(scored):
    """P3: GPT-4 27.2e9 to 4.0e9. P8: 10 to 40 dollars; 0.28 in December 2024.

    P11, on whole lists: 99 in December 2024, 36 in August 2025.
    """
    assert "GPT-4: 27.2 billion to 4 billion" in scored["P3"].came
    assert scored["P8a"].high == 4.0
    path = facts.cheapest_at_level("GPT-4")
    assert path[path.date <= "2024-12-13"].output_usd_per_mtok.iloc[-1] == 0.28
    assert path[path.date <= "2025-07-15"].output_usd_per_mtok.iloc[-1] == 0.12
    assert [round(v) for v in (scored["P11"].numbers["before"], scored["P11"].observed)] == [99, 36]


def test_tokens_per_parameter_of_the_reference(scored):
    """P5: 21, 15, 29 by all parameters and 673, 484, 953 by active ones."""
    came = scored["P5"].came
    for pair in ("21 and 673", "15 and 484", "22 and 729"):
        assert pair in came


def test_simple_qa_of_the_reference(scored):
    """P4: Gemma 3 4B 4.0, GPT-4 Turbo 24.2, DeepSeek-V3 24.9 the first open model above it."""
    assert scored["P4"].observed == pytest.approx(4.0 / 24.2)
    assert "671 billion" in scored["P4"].came


# ---- how the article fares ------------------------------------------------------------------


def test_what_the_article_denied_and_failed_is_to_its_credit(scored):
    assert scored["P1a"].said == "no" and scored["P1a"].article == "right"
    assert scored["P9"].said == "yes" and scored["P9"].article == "partly right"
    assert scored["P2"].article == "said nothing"
    assert scored["P6a"].article == "cannot be scored"
    assert scored["P4"].article == "partly right"


def test_the_article_gives_nothing_that_a_proper_rule_could_score(scored):
    assert {one.scored_by for one in scored.values()} == {"direction", "none"}


def test_a_proposition_without_score_has_no_observed_direction(scored):
    for one in scored.values():
        if one.verdict == "cannot be scored" and one.id != "P8c":
            assert one.scored_by == "none" and one.hit is None


def test_every_claim_of_a_proposition_is_in_the_ledger():
    of_ledger = {row.id for row in catalog.rows("claims")}
    for row in PROPOSITIONS.values():
        assert row.claims and set(row.claims.split()) <= of_ledger


def test_every_forward_looking_claim_belongs_to_a_proposition():
    forward = {row.id for row in catalog.rows("claims") if row.kind == "forecast"}
    assert forward <= {name for row in PROPOSITIONS.values() for name in row.claims.split()}


def parts(scored):
    """Rows of the table, and items of the folded list."""
    table, reasons = ledger.scorecard(scored).split("<details", 1)
    rows = [line for line in table.split("\n") if line.startswith("<tr><th")]
    return rows, re.findall(r"- <a id=.*?</details>", reasons, re.S)


def test_the_list_is_plain_text_with_numbers_and_a_folded_rule(scored):
    _, items = parts(scored.values())
    for item, one in zip(items, scored.values(), strict=True):
        first, how = item.split("\n  <details")
        said = first.removeprefix(f'- <a id="{one.id.lower()}"></a>')
        assert said.startswith("**") and re.search(r"\d", said)
        assert not re.search(r"(?<!\\)[$_<`]", said)
        assert one.rule in unescape(how) and ", ".join(one.claims) in how
        assert ledger.direction(one) in how and f'{one.row.proposition}": {one.verdict}.' in how


def test_the_table_words_each_row_as_the_article_does(scored):
    """One row a claim, its verdict is of the article's word, and one number came."""
    rows, items = parts(scored.values())
    told = [one for one in scored.values() if one.said != "nothing"]
    for row, one in zip(rows, told, strict=True):
        assert f'href="#{one.id.lower()}">{words.escaped(one.row.as_said)}</a>' in row
        assert f">{one.article}</span>" in row and one.measure.partition(": ")[2] in unescape(row)
        assert any(f'<a id="{one.id.lower()}">' in item for item in items)
    assert "(perhaps meant)" in rows[[one.id for one in told].index("P7a")]
    assert all(one.article not in ("said nothing", "") for one in told)


def test_claims_of_the_list_lead_to_the_page_that_is_given(scored):
    text = ledger.scorecard([scored["P9"]], claims_page="claims.html")
    assert 'Claims <a href="claims.html#claim-e14">E14</a>, ' in text
    assert "<a href" not in parts([scored["P9"]])[1][0]


def test_what_came_is_told_in_the_unit_of_its_measure(scored):
    """By hand: 14 of 21 models are 67 %; 40/10 and 40/15 dollars; a share has its whole."""
    assert scored["P10"].measure.endswith("within a factor of three: 67%")
    assert scored["P8a"].measure.endswith(": 3.3 times the price (2.7 to 4.0)")
    assert scored["P1b"].measure.endswith(": 0 of 25 with a disclosed size")
    silent = dataclasses.replace(scored["P3"], result=registry.unanswered())
    assert silent.measure.endswith("against the first one: no number")
    assert all(": " in one.measure and "{" not in one.measure for one in scored.values())


def test_a_growth_whose_interval_holds_no_change_is_not_called_growth(scored):
    (early,) = ledger.score(["P6a"], until="2025-06-30")
    assert early.numbers["went"] == "showed no clear trend" and "models grew" not in early.came
    assert scored["P6a"].numbers["went"] == "grew"


def test_a_direction_is_told_with_its_distance_where_powers_of_ten_mean_something(scored):
    """By hand: log10(2.4786 / 0.1520) = 1.2; a gap in points and a share have none."""
    assert (
        ledger.direction(scored["P1a"]) == "Direction alone: right, 1.2 powers of ten above 0.152."
    )
    assert ledger.direction(scored["P8b"]).endswith("1.5 powers of ten below 1.")
    assert ledger.direction(scored["P11"]) == "Direction alone: right."
    assert ledger.direction(scored["P10"]) == "No direction to score."
    assert ledger.direction(scored["P1b"]) == "No direction to score."
    assert scored["P1a"].decades == pytest.approx(math.log10(scored["P1a"].observed / 0.15199799))
    ratios = [one for one in scored.values() if one.row.unit in ("ratio", "times per year")]
    assert {one.id for one in scored.values() if one.decades is not None} <= {r.id for r in ratios}


def test_directions_are_counted(scored):
    """By hand, of three: open totals rose as was said, flagships got dearer, one has no score."""
    three = [scored[name] for name in ("P1a", "P8a", "P2")]
    assert ledger.directions(three) == (1, 2)


def test_a_sentence_that_only_may_mean_it_is_not_called_wrong(scored):
    for name in ("P7a", "P7b"):
        assert (scored[name].verdict, scored[name].article) == ("failed", "not supported")


def test_counts_are_of_all_verdicts_in_order(scored):
    found = ledger.counts(scored.values())
    assert list(found) == list(ledger.OF_PROPOSITIONS) and sum(found.values()) == len(scored)
    assert ledger.counts([scored["P9"], scored["P11"]])["held"] == 1


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
    found = ledger.proposition("P1a")
    assert (found.verdict, found.article) == ("held", "wrong")


def test_disclosed_sizes_of_closed_models_would_be_scored(monkeypatch):
    def disclose(frame):
        names = ["Gemini 3 Pro", "GPT-5.6 Sol", "GPT-6 Astra"]
        rows = frame.model.isin(names)
        frame.loc[rows, "size_status"] = "disclosed"
        frame.loc[rows, "total_params"] = [1e12, 2e12, 6e12]

    changed_models(monkeypatch, disclose)
    assert ledger.proposition("P1b").verdict == "failed"


def test_active_parameters_that_rise_would_fail(monkeypatch):
    def raise_all(frame):
        frame["active_params"] = frame.total_params

    changed_models(monkeypatch, raise_all)
    assert ledger.proposition("P2").verdict == "failed"


def test_without_a_larger_model_the_race_would_be_over(monkeypatch):
    def remove(frame):
        soon = (frame.release_date > "2024-12-13") & (frame.release_date < "2025-04-15")
        frame.loc[soon, ["total_params", "training_flop"]] = np.nan

    changed_models(monkeypatch, remove)
    assert ledger.proposition("P9").verdict == "held"


def test_longer_training_of_the_largest_would_fail_the_one_off(monkeypatch):
    def train(frame):
        late = frame.release_date > "2024-12-13"
        frame.loc[late, "training_tokens"] *= 20

    changed_models(monkeypatch, train)
    assert ledger.proposition("P5").verdict == "failed"


def test_cheaper_flagships_would_have_held(monkeypatch):
    frame = catalog.prices()
    late = frame.flagship & (frame.effective_date > "2024-12-13")
    frame.loc[late, "output_usd_per_mtok"] = 1.0
    monkeypatch.setattr(catalog, "prices", lambda: frame.copy())
    assert ledger.proposition("P8a").verdict == "held"


def test_dearer_models_would_have_failed_at_fixed_quality(monkeypatch):
    frame = catalog.prices()
    frame.loc[frame.effective_date > "2024-12-13", "output_usd_per_mtok"] = 99.0
    monkeypatch.setattr(catalog, "prices", lambda: frame.copy())
    offers = catalog.served_offers().assign(output_usd_per_mtok=99.0)
    monkeypatch.setattr(catalog, "served_offers", lambda: offers.copy())
    assert ledger.proposition("P8b").verdict != "held"


def test_estimates_that_agree_would_hold(monkeypatch):
    frame = catalog.size_estimates()
    frame["total_params"] = 1e12
    monkeypatch.setattr(catalog, "size_estimates", lambda: frame.copy())
    assert ledger.proposition("P10").verdict == "held"


def test_a_wider_gap_of_open_models_would_fail(monkeypatch):
    frame = catalog.arena_lists()
    frame.loc[(frame.name == "Gemini-2.5-Pro") & (frame.date == facts.ARENA_2025), "score"] += 100
    monkeypatch.setattr(catalog, "arena_lists", lambda: frame.copy())
    assert ledger.proposition("P11").verdict == "failed"


def test_a_learned_small_model_would_leave_no_floor(monkeypatch):
    frame = catalog.scores()
    small = (frame.model == "Gemma 3 4B") & (frame.benchmark == "SimpleQA")
    frame.loc[small, "score"] = 30.0
    monkeypatch.setattr(catalog, "scores", lambda: frame.copy())
    assert ledger.proposition("P4").verdict == "failed"


def test_a_few_percent_at_one_level_decide_nothing(monkeypatch):
    """GPT-4o's level went from 27 to 26 billion. Without that step the verdict is the same; with
    no clear fall at a second level as well it is another.
    """
    found = ledger.proposition("P3")
    assert (found.numbers["fell"], found.numbers["levels"]) == (3, 4)
    assert "GPT-4o: 27 billion to 26 billion" in found.came
    assert found.high == pytest.approx(26 / 27)

    def first_at_two_levels(frame):
        late = frame.open_weights & (frame.release_date > "2025-06-01")
        frame.loc[late & (frame.total_params < 230e9), "total_params"] = 230e9

    changed_models(monkeypatch, first_at_two_levels)
    assert ledger.proposition("P3").verdict == "mixed"


def test_the_next_model_in_size_is_told_beside_the_three_largest(scored):
    largest, following = facts.largest_trained(after=facts.ESSAY_DAY, until=facts.SCORED_ON)
    assert list(largest.model) == ["DeepSeek-V4-Pro", "LongCat-2.0", "Kimi K2"]
    assert list(following.model) == ["Kimi K2.5"]
    assert "Kimi K2.5, the next below these in size, saw 29" in scored["P5"].came


def test_without_estimates_made_from_prices_fewer_agree(scored):
    numbers = scored["P10"].numbers
    frame = facts.latest_estimates(until=facts.SCORED_ON).dropna(subset=["total_params"])
    free = frame[frame.circular_with_price == "false"].groupby("model")
    several = [rows.total_params for _, rows in free if rows.series.nunique() > 1]
    within = [rows.max() / rows.min() < 3 for rows in several]
    assert numbers["n_without_price"] == len(within)
    assert numbers["within_without_price"] == pytest.approx(np.mean(within))
    assert f"{np.mean(within):.0%} of {len(within)}" in scored["P10"].came


# ---- closed sizes and speeds ----------------------------------------------------------------


def test_faster_flagships_in_one_series_would_have_held(monkeypatch):
    frame = catalog.speeds()
    late = frame.model.isin(["Claude Opus 4", "DeepSeek-V3"])
    frame.loc[late, "output_tokens_per_s"] = 150.0
    monkeypatch.setattr(catalog, "speeds", lambda: frame.copy())
    (found,) = ledger.score(["P8c"], until="2025-12-31")
    assert (found.verdict, found.hit) == ("held", True)
    assert (found.low, found.high) == (126.3, 150.0)  # GPT-4o, slower, was out before the forecast


def test_the_ledger_and_the_scorecard_tell_one_gap_at_long_context(scored):
    found = ledger.claim("O05")
    assert found.value == scored["P7a"].observed
    assert f"{scored['P7a'].numbers['empty']:.0f} times with none" in found.explanation


# ---- days -----------------------------------------------------------------------------------


def test_nothing_after_the_day_of_the_score_counts():
    early = {one.id: one for one in ledger.score(until="2025-12-31")}
    assert {name: early[name].verdict for name in REFERENCE} == REFERENCE | {
        "P8c": "failed",
    }
    assert "Kimi K3" not in early["P1a"].came
    assert early["P8c"].verdict != "cannot be scored"  # still one series of readings


def test_too_few_facts_are_refused_and_say_so():
    with pytest.raises(ValueError, match=r"three open frontier models, got 0"):
        ledger.score(["P1a"], since="2026-11-01")


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
        ledger.days(**given)


def test_an_unknown_proposition_is_refused_with_the_nearest():
    with pytest.raises(LookupError, match="nearest: P1"):
        ledger.score(["P1z"])


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


def test_a_direction_is_right_or_wrong_or_cannot_be_told(scored):
    def hit(value, **expected):
        result = registry.found(value, "held", **expected)
        return dataclasses.replace(scored["P1a"], result=result).hit

    assert (hit(3.0, above=2.0), hit(1.0, above=2.0)) == (True, False)
    assert (hit(3.0, below=2.0), hit(1.0, below=2.0)) == (False, True)
    assert hit(1.0) is None and hit(None, above=2.0) is None


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
    table = ledger.rivals()
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
    fit = ledger.rivals().set_index("forecast").loc["straight line"]
    assert fit.low < 2.8e12 < fit.high
    assert fit.interval_score == pytest.approx(math.log10(fit.high / fit.low))


def test_thinking_longer_makes_a_smaller_model_the_cheapest():
    shift = ledger.thinking_shift(np.array([1.0, 3.0, 10.0, 100.0]))
    assert shift[0] == 1.0
    assert (np.diff(shift) < 0).all()


def test_facts_grow_with_size():
    found = ledger.facts_by_size()
    assert found.attrs["points_per_decade"] > 5
    sizes = found.attrs["size_of"]
    assert sizes["GPT-4 Turbo"] < sizes["GPT-4o"]  # in the order of their scores


def test_alone_a_request_keeps_more_of_its_speed_than_in_company():
    kept = ledger.speed_kept(["Llama 3.1 8B", "gpt-oss-120b"], batch=[1.0, 8.0, 64.0])
    for _, rows in kept.groupby("name"):
        assert rows.sort_values("batch").kept.is_monotonic_decreasing
    assert ((kept.kept > 0) & (kept.kept < 1)).all()


def test_a_window_of_attention_keeps_more_than_full_attention():
    kept = ledger.speed_kept(["Llama 3.3 70B", "gpt-oss-120b"], batch=[32.0])
    assert (
        kept.set_index("name").kept["gpt-oss-120b"] > kept.set_index("name").kept["Llama 3.3 70B"]
    )


def test_cache_by_shape_holds_what_the_shapes_say():
    """Llama 3.3 70B: 2 x 80 x 8 x 128 x 2 = 327,680 bytes a token."""
    table = ledger.cache_by_shape().set_index("name")
    assert table.kv_bytes_per_token["DeepSeek-V3"] == 70_272
    assert 327_680 in set(table.kv_bytes_per_token)
    assert not table.duplicated(["total_params", "kv_bytes_per_token"]).any()


def test_a_faster_accelerator_for_the_same_rent_serves_a_larger_model():
    old, new = (
        ledger.servable(chip, 3.0, tokens_per_s=[100.0], usd_per_mtok=10.0).total_params[0]
        for chip in ("H200 SXM 141GB", "B200 SXM 180GB")
    )
    assert new > old


def test_names_of_counts():
    assert [words.spelled(v) for v in (999.6e9, 117e6, 12.0)] == ["1 trillion", "117 million", "12"]


# ---- sentences of the table -----------------------------------------------------------------


@pytest.mark.parametrize("name", PROPOSITIONS)
def test_every_sentence_is_filled(name, scored):
    assert not re.search(r"[{}]|\bnan\b|\binf\b|\.\d{5}|\(\)", scored[name].came), name


def test_the_other_wording_is_taken_where_the_facts_ask_for_it(scored):
    (early,) = ledger.score(["P8c"], until="2025-12-31")
    assert "prompts" in scored["P8c"].came and "prompts" not in early.came


def test_items_of_a_list_are_joined_and_the_last_mark_goes(scored):
    assert scored["P8a"].came.endswith("30, 20, 50, 40; Anthropic: 15, 75, 25, 50, 40")


def test_a_placeholder_without_a_number_is_refused_by_name():
    row = PROPOSITIONS["P11"].model_copy(update={"came": "{befor:.0f}"})
    with pytest.raises(ledger.BadEntry, match=r"P11: .*'befor'.*nearest: before"):
        answered(row, ledger.days())


SCRIPT = "<script>alert(1)</script> [a](javascript:b) <img src=x> `c` *d* | $e$ & \\"


@pytest.mark.parametrize("column", ["proposition", "as_said", "measure", "came"])
def test_a_script_in_the_table_stays_text(column):
    row = PROPOSITIONS["P9"].model_copy(update={column: SCRIPT})
    one = answered(row, ledger.days())
    page = BeautifulSoup(MarkdownIt("commonmark").render(ledger.scorecard([one])), "html.parser")
    assert not page.select("script, img, code, a[href^=javascript], em em")
    assert SCRIPT.removesuffix("\\").strip() in page.text
