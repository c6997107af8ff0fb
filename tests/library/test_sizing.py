"""The baseline for inferring size reproduces its printed constants and misses as it says."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmecon import catalog, sizing
from llmecon.sizing import evaluation, open_models
from llmecon_book import essay


@pytest.fixture(scope="module")
def served():
    frame = catalog.served_open_models()
    return frame[frame.date == pd.Timestamp("2025-01-26")].reset_index(drop=True)


@pytest.fixture(scope="module")
def line(served):
    return sizing.fit(served)


# ---- published numbers: reference, claims.md, "A baseline for inferring size" ------------------


def test_reference_baseline_rows(served, line):
    """23 rows of 17 models."""
    assert (len(line.total.errors), served.model.nunique()) == (23, 17)


@pytest.mark.parametrize(
    ("which", "printed"), [("total", (12.285, 0.401, -0.708)), ("active", (11.804, 0.540, -0.583))]
)
def test_reference_baseline_constants(line, which, printed):
    fit = getattr(line, which)
    found = (fit.intercept, fit.usd_exponent, fit.speed_exponent)
    assert tuple(round(c, 3) for c in found) == printed


@pytest.mark.parametrize(
    ("which", "median", "one_in_ten"), [("total", 2.33, 4.98), ("active", 2.1, 5.4)]
)
def test_reference_baseline_errors_leaving_one_model_out(line, which, median, one_in_ten):
    fit = getattr(line, which)
    assert fit.error_factor() == pytest.approx(median, abs=0.006)
    assert fit.error_factor(0.9) == pytest.approx(one_in_ten, abs=0.04)


@pytest.mark.parametrize(
    ("usd", "speed", "printed"),
    [
        (10, 120.8, 1.63e11),  # GPT-4o, November version
        (10, 69.0, 2.42e11),
        (15, 68.0, 2.88e11),
        (15, 85.3, 2.45e11),  # Claude 3.5 Sonnet
        (15, 43.4, 3.96e11),
        (30, 35.7, 6.0e11),  # GPT-4 Turbo
        (60, 28.7, 9.3e11),  # GPT-4
    ],
)
def test_reference_baseline_reads_closed_models(line, usd, speed, printed):
    assert float(line.total_params(usd, speed)) == pytest.approx(printed, rel=0.006)


# ---- closed form, second formula ---------------------------------------------------------------


def made_up(served, c0=11.0, c1=0.5, c2=-0.5):
    size = 10**c0 * served.output_usd_per_mtok**c1 * served.output_tokens_per_s**c2
    return served.assign(total_params=size, active_params=size / 10)


def test_rows_on_a_plane_give_it_back_and_are_predicted_exactly(served):
    fit = sizing.fit(made_up(served)).total
    assert (fit.intercept, fit.usd_exponent, fit.speed_exponent) == pytest.approx((11, 0.5, -0.5))
    assert fit.error_factor(1.0) == pytest.approx(1.0)


def test_leaving_a_model_out_is_fitting_without_it(served, line):
    """Second formula: refit by hand without DeepSeek-V3 and predict it."""
    out = (served.model == "DeepSeek-V3").to_numpy()
    row = served[out].iloc[0]
    alone = sizing.fit(served[~out]).total(row.output_usd_per_mtok, row.output_tokens_per_s)
    assert line.total.errors[out] == pytest.approx(alone / row.total_params)


def test_all_rows_of_a_model_leave_together(served, line):
    out = (served.model == "Llama 3.1 405B").to_numpy()
    assert out.sum() == 4
    rest = sizing.fit(served[~out]).total
    predicted = rest(served[out].output_usd_per_mtok, served[out].output_tokens_per_s)
    assert line.total.errors[out] == pytest.approx(predicted / served[out].total_params)


# ---- invariants --------------------------------------------------------------------------------


@settings(derandomize=True, max_examples=50)
@given(usd=st.floats(0.05, 100), speed=st.floats(5, 500), more=st.floats(1.01, 5))
def test_a_dearer_or_slower_model_is_larger(line, usd, speed, more):
    assert line.total_params(usd * more, speed) > line.total_params(usd, speed)
    assert line.total_params(usd, speed * more) < line.total_params(usd, speed)


def test_the_order_of_rows_does_not_matter(served, line):
    again = sizing.fit(served.sample(frac=1, random_state=0))
    assert again.total.intercept == pytest.approx(line.total.intercept)
    assert np.sort(again.total.errors) == pytest.approx(np.sort(line.total.errors))


def test_arrays_go_in_and_come_out(line):
    assert line.total_params([[1.0], [10.0]], [50.0, 100.0]).shape == (2, 2)


# ---- bad input ---------------------------------------------------------------------------------


def test_bad_frames_and_numbers_are_named(served, line):
    with pytest.raises(ValueError, match="frame lacks the column active_params"):
        sizing.fit(served.drop(columns="active_params"))
    with pytest.raises(ValueError, match="frame must have >= 4 different models, got 1"):
        sizing.fit(served[served.model == "Llama 3.3 70B"])
    with pytest.raises(ValueError, match="total_params must be > 0, got 0"):
        sizing.fit(served.assign(total_params=0.0))
    with pytest.raises(ValueError, match=r"output_tokens_per_s must be > 0, got -1 \[tokens/s\]"):
        line.total_params(10.0, -1.0)
    with pytest.raises(ValueError, match="quantile must be <= 1"):
        line.total.error_factor(2.0)


# ---- the inference: published readings ---------------------------------------------------------

# Reference, serving.md, section 13, "Implied total size": price, speed, context, margin, size.
IMPLIED = [
    (10, 100, 0, 1, 671e9),
    (10, 150, 0, 1, 292e9),
    (10, 100, 0, 2, 536e9),
    (10, 150, 0, 2, 255e9),
    (10, 100, 0, 3, 476e9),
    (10, 150, 0, 3, 233e9),
    (10, 100, 100_000, 1, 371e9),
    (10, 125, 100_000, 1, 241e9),
    (10, 150, 100_000, 1, 169e9),
    (10, 100, 100_000, 2, 214e9),
    (10, 125, 100_000, 3, 134e9),
    (15, 60, 0, 1, 1751e9),
    (15, 71.6, 0, 1, 1327e9),
    (15, 60, 0, 3, 1106e9),
    (15, 60, 100_000, 1, 1159e9),
    (15, 71.6, 100_000, 2, 498e9),
    (15, 60, 100_000, 3, 419e9),
    (15, 71.6, 100_000, 3, 332e9),
]


@pytest.mark.parametrize(("usd", "speed", "context", "margin", "printed"), IMPLIED)
def test_reference_implied_sizes_of_the_article(usd, speed, context, margin, printed):
    size = essay.article_reading(usd, speed, margin=margin, context=context)
    assert size == pytest.approx(printed, rel=0.01)


def test_the_margin_that_a_size_needs_gives_that_size_back():
    """Second formula: the reading at the needed margin is the size, but for interpolation."""
    for usd, speed, context, size in ((10.0, 120.0, 0.0, 400e9), (15.0, 65.0, 1e5, 400e9)):
        margin = essay.margin_needed(size, usd, speed, context=context)
        back = essay.article_reading(usd, speed, margin=margin, context=context)
        assert back == pytest.approx(size, rel=0.12)


def test_a_size_that_never_reaches_the_speed_is_refused():
    with pytest.raises(ValueError, match=r"output_tokens_per_s must be <= 8\d for 1.79e\+12"):
        essay.margin_needed(1.79e12, 10.0, 150.0)


def test_the_table_of_readings_falls_with_margin_and_is_empty_where_nothing_sells():
    sizes = essay.readings(10.0, 100.0, margins=(1.0, 3.0, 1e4), contexts=(0.0,)).total_params
    assert sizes[0] > sizes[1]
    assert np.isnan(sizes[2])


# ---- the inference: where the truth is known ----------------------------------------------------


@pytest.fixture(scope="module")
def judged():
    return sizing.evaluate(draws=2000)


def test_measured_errors_leaving_one_family_out(judged):
    """Served open models of three days: the error budget of the book.

    The aim was a median factor of 1.6 on active and of 2 on total parameters: reached on the
    first, missed on the second, which price and speed hardly tell (dense or sparse).
    """
    table = sizing.summary(judged).set_index(["of", "method"])
    active, total = (table.loc[(of, sizing.METHOD)] for of in ("active_params", "total_params"))
    assert active.median_factor < 1.6
    assert total.median_factor < 2.35
    assert 0.70 <= active.coverage_80 <= 0.90
    assert 0.70 <= total.coverage_80 <= 0.90


@pytest.mark.parametrize("of", ["active_params", "total_params"])
def test_the_inference_beats_every_naive_rule_in_the_median(judged, of):
    table = sizing.summary(judged)
    table = table[table.of == of].set_index("method").median_factor
    assert table.index.tolist() == [sizing.METHOD, *evaluation.RULES]
    assert (table[sizing.METHOD] < table.drop(sizing.METHOD)).all()


def test_the_width_of_a_family_is_that_which_the_others_choose(judged):
    """Second way: one evaluation a width, and the choice made here from the other families."""
    one_by_one = pd.concat(sizing.evaluate(draws=2000, widths=(w,)) for w in evaluation.WIDTHS)
    tried = one_by_one[one_by_one.method == sizing.METHOD]
    alone = ("DeepSeek-V4-Pro", "gpt-oss-120b", "Mixtral 8x22B", "Mistral Medium 3.5")
    for name in alone:  # families of one model
        chosen = judged[(judged.model == name) & (judged.method == sizing.METHOD)].widened
        assert set(chosen) == {evaluation.calibrated_width(tried[tried.model != name])}
    assert evaluation.calibrated_width(tried) == sizing.Assumptions().widened


def test_the_calibrated_width_holds_four_of_five_families_each_counted_once():
    """By hand: at 1 half of the families are held, at 2 four of five, at 3 all."""
    held = {1.0: "ab", 2.0: "abcd", 3.0: "abcde"}
    tried = pd.DataFrame(
        [
            {"model": name, "widened": width, "true": 1.0, "low_80": 0.5, "high_80": high}
            for width, names in held.items()
            for name in "abcde" + "e" * 9  # rows of one family do not count ten times
            for high in [2.0 if name in names else 0.9]
        ]
    )
    assert evaluation.calibrated_width(tried) == 2.0


def test_what_is_drawn_towards_the_middle_is_said(judged):
    """Closed form: predicted = 1e11 (true / 1e11)^0.3; then the rows of the book."""
    true = np.array([1e9, 1e10, 1e11, 1e12])
    made = pd.DataFrame({"true": true, "predicted": 1e11 * (true / 1e11) ** 0.3})
    made = made.assign(error=made.predicted / true, of="total_params", method=sizing.METHOD)
    assert sizing.read_per_tenfold(made) == pytest.approx(10**0.3)
    table = sizing.by_true_size(made, [0, 2e10, 5e11, 5e11 + 1, 1e13])
    assert table.n.tolist() == [2, 1, 0, 1]
    assert table.n_under.tolist() == [0, 0, 0, 1]
    assert table.bias.to_numpy() == pytest.approx([10**1.05, 1.0, np.nan, 10**-0.7], nan_ok=True)
    small, large = sizing.by_true_size(judged, [0, 5e10, 1e13]).itertuples()
    assert small.bias > 2 and large.bias < 1
    assert 1 < sizing.read_per_tenfold(judged) < 10


def test_the_baseline_among_the_rules_is_the_log_linear_fit(served, judged):
    """Second formula: the rule leaves families out, `fit` models; one family is one model here."""
    rows = catalog.served_open_models()
    rest = sizing.fit(rows[rows.model != "gpt-oss-120b"]).active
    row = rows[rows.model == "gpt-oss-120b"].iloc[0]
    mine = judged[
        (judged.model == "gpt-oss-120b")
        & (judged.of == "active_params")
        & (judged.method == "price and speed, log-linear")
    ]
    by_hand = rest(row.output_usd_per_mtok, row.output_tokens_per_s)
    assert mine.predicted.item() == pytest.approx(float(by_hand))


def test_a_model_does_not_inform_its_own_size():
    """Its row, its shape and its family leave together."""
    found = sizing.infer(0.88, 177.4, "2025-01-26", leave_out=("Llama 3.3 70B",))
    known = sizing.infer(0.88, 177.4, "2025-01-26")
    again = sizing.infer(0.88, 177.4, "2025-01-26", leave_out=("Llama 3 70B",))
    assert found.quantile(0.5) != known.quantile(0.5)
    assert (found.total_params == again.total_params).all()


def test_leaving_out_nothing_by_mistake_is_refused():
    with pytest.raises(ValueError, match=r"leave_out must be a tuple of names, got 'Llama 3\.1"):
        sizing.infer(10.0, 120.8, "2024-11-20", leave_out="Llama 3.1 70B")
    with pytest.raises(catalog.UnknownName, match=r"'Llama 4\.1 70B'; nearest: Llama 3\.1 70B"):
        sizing.infer(10.0, 120.8, "2024-11-20", leave_out=("Llama 4.1 70B",))


def test_a_sparsity_that_is_given_is_kept():
    for allowed, low, high in (((3.0, 3.05), 3.0, 3.05), (4.0, 4.0, 4.0)):
        found = sizing.infer(10.0, 120.8, "2024-11-20", draws=500, sparsity=allowed)
        ratio = found.total_params / found.active_params
        assert low * (1 - 1e-12) <= ratio.min() <= ratio.max() <= high * (1 + 1e-12)
    with pytest.raises(ValueError, match=r"sparsity must be <= 39\.8"):
        sizing.infer(10.0, 120.8, "2024-11-20", sparsity=1e9)


def test_residuals_have_the_unbiased_covariance_of_their_families():
    """Second formula: NumPy's on one row a family; rows of a family count as one."""
    values = np.random.default_rng(0).normal(size=(6, 2))
    rows = pd.DataFrame(values, columns=["price", "speed"]).assign(family=list("abcdef"))
    mean, covariance = open_models.mean_and_covariance(rows)
    assert mean == pytest.approx(values.mean(axis=0))
    assert covariance == pytest.approx(np.cov(values.T))
    thrice = pd.concat([rows, rows[rows.family == "a"], rows[rows.family == "a"]])
    assert open_models.mean_and_covariance(thrice)[1] == pytest.approx(covariance)
    with pytest.raises(ValueError, match="of >= 4 families, got 3"):
        open_models.mean_and_covariance(rows.head(3))


def test_every_rent_that_may_be_asked_for_is_of_one_rank_a_kind():
    prices = catalog.gpu_prices().dropna(subset="provider_rank")
    assert (prices.groupby("price_kind").provider_rank.nunique() == 1).all()
    assert (prices.groupby("provider_rank").price_kind.nunique() == 1).all()


# ---- the inference: invariants -------------------------------------------------------------------


def test_the_same_seed_gives_the_same_samples_and_another_almost():
    first, same = (sizing.infer(10.0, 120.8, "2024-11-20", seed=1) for _ in range(2))
    other = sizing.infer(10.0, 120.8, "2024-11-20", seed=2)
    assert (first.total_params == same.total_params).all()
    assert first.quantile(0.5) == pytest.approx(other.quantile(0.5), rel=0.05)


def test_a_dearer_a_slower_and_an_earlier_model_is_larger():
    middle = sizing.infer(2.0, 80.0, "2025-08-08").quantile(0.5, of="active_params")
    assert sizing.infer(8.0, 80.0, "2025-08-08").quantile(0.5, of="active_params") > middle
    assert sizing.infer(2.0, 160.0, "2025-08-08").quantile(0.5, of="active_params") < middle


def test_a_higher_margin_reads_a_smaller_model():
    sizes = [sizing.infer(10.0, 100.0, "2024-11-20", margin=m).quantile(0.5) for m in (1, 3, 10)]
    assert sizes[0] > sizes[1] > sizes[2]


def test_margin_and_utilisation_trade_against_each_other():
    """Closed form: half the load at the same margin is twice the price over full-load cost."""
    busy = sizing.infer(10.0, 100.0, "2024-11-20", margin=4.0)
    idle = sizing.infer(10.0, 100.0, "2024-11-20", margin=2.0, utilisation=0.5)
    assert (busy.total_params == idle.total_params).all()


def test_rent_and_price_rise_together_without_effect():
    """Closed form: cost is proportional to rent, so that only price over rent counts."""
    cheap = sizing.infer(1.0, 60.0, "2025-08-08", usd_per_gpu_hour=2.0)
    dear = sizing.infer(2.0, 60.0, "2025-08-08", usd_per_gpu_hour=4.0)
    assert cheap.active_params == pytest.approx(dear.active_params)


def test_what_is_assumed_holds_in_every_draw():
    found = sizing.infer(
        10.0,
        100.0,
        "2024-11-20",
        sparsity=(5.0, 10.0),
        chip="H200 SXM 141GB",
        weights="fp8",
        context=4000,
        draws=3000,
    )
    ratio = found.total_params / found.active_params
    assert ratio.min() > 4.5 and ratio.max() < 11.0
    assert set(found.set_up.chip) == {"H200 SXM 141GB"}
    assert set(found.set_up.prompt_tokens) == {4000.0}
    assert len(found.total_params) == 3000


def test_a_dense_model_has_all_its_parameters_at_work():
    found = sizing.infer(0.9, 60.0, "2025-01-26", sparsity=1.0)
    assert (found.total_params == found.active_params).all()


def test_without_news_of_price_and_speed_the_prior_is_the_answer():
    """Limit: residuals so wide that every size explains the offer."""
    blind = sizing.infer(10.0, 120.8, "2024-12-13", widened=1e4)
    before = sizing.prior("2024-12-13")
    told = sizing.infer(10.0, 120.8, "2024-12-13")
    levels = [0.1, 0.5, 0.9]
    assert blind.quantile(levels) == pytest.approx(before.quantile(levels), rel=0.05)
    assert told.quantile(0.9) < 0.8 * before.quantile(0.9)


def test_the_prior_knows_the_day_and_what_is_left_out():
    at_least = sizing.prior("2024-12-13", sparsity=(4.0, 8.0))
    assert (at_least.total_params / at_least.active_params).min() > 3.5
    assert sizing.prior("2026-07-10").chance_below(1e12) < sizing.prior("2023-12-31").chance_below(
        1e12
    )
    without = sizing.prior("2024-12-13", leave_out=("Llama 3.1 405B",), wide=0.0)
    assert without.chance_below(3e11) > sizing.prior("2024-12-13", wide=0.0).chance_below(3e11)


def test_the_chance_of_a_smaller_size_is_the_level_of_its_quantile():
    found = sizing.infer(10.0, 120.8, "2024-12-13")
    for of in ("total_params", "active_params"):
        for level in (0.1, 0.5, 0.99):
            size = float(found.quantile(level, of=of))
            assert found.chance_below(size, of=of) == pytest.approx(level, abs=1e-3)


def test_intervals_lie_inside_each_other_around_the_median():
    found = sizing.infer(10.0, 120.8, "2024-11-20")
    (low_80, high_80), (low_50, high_50) = found.interval(0.8), found.interval(0.5)
    assert low_80 < low_50 < found.quantile(0.5) < high_50 < high_80


def test_drivers_are_shares_and_margin_and_speed_lead():
    drivers = sizing.infer(10.0, 120.8, "2024-11-20").drivers
    assert drivers.to_numpy().min() >= 0 and drivers.to_numpy().max() <= 1
    assert set(drivers.index[:3]) == {"margin", "speed share", "sparsity"}


def test_the_sizes_of_the_article_lie_inside_the_intervals():
    """200e9 for GPT-4o at 10 USD and 120.8 tokens/s, 400e9 for Claude 3.5 Sonnet."""
    for usd, speed, day, size in (
        (10.0, 120.8, "2024-12-13", 2e11),
        (15.0, 72.9, "2024-12-13", 4e11),
    ):
        low, high = sizing.infer(usd, speed, day).interval(0.8)
        assert low < size < high


# ---- the inference: bad input --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: sizing.infer(1e-4, 50.0, "2025-01-26"),
            "output_usd_per_mtok must be >= 0.00.*the cheapest that the smallest model",
        ),
        (
            lambda: sizing.infer(1.0, 5000.0, "2025-01-26"),
            r"output_tokens_per_s must be <= \d+, the fastest .* got 5000 \[tokens/s\]",
        ),
        (lambda: sizing.infer(1.0, 50.0, "2015-01-01"), "date must be >= 2018-03-27"),
        (lambda: sizing.infer(1.0, 50.0, "tomorrow"), "date must be an ISO date"),
        (lambda: sizing.infer(0.0, 50.0, "2025-01-26"), "output_usd_per_mtok must be > 0"),
        (lambda: sizing.infer(1.0, float("nan"), "2025-01-26"), "finite number"),
        (lambda: sizing.infer(1.0, 50.0, "2025-01-26", draws=0), "draws must be >= 1"),
        (
            lambda: sizing.infer(1.0, 50.0, "2025-01-26", margin=(3.0, 1.0)),
            "margin must rise from low to high",
        ),
        (
            lambda: sizing.infer(1.0, 50.0, "2025-01-26", sparsity=0.5),
            "sparsity must be >= 1",
        ),
        (
            lambda: sizing.infer(1.0, 50.0, "2025-01-26", utilisation=2.0),
            "utilisation must be <= 1",
        ),
        (
            lambda: sizing.evaluate(catalog.served_open_models().iloc[:0]),
            "at least one row",
        ),
        (lambda: sizing.evaluate(widths=()), "at least one width"),
        (
            lambda: sizing.infer(1.0, 50.0, "2025-01-26", widened=0.0),
            "widened must be > 0",
        ),
        (lambda: sizing.by_true_size(pd.DataFrame(), [2.0, 1.0]), "edges must rise"),
    ],
)
def test_bad_questions_are_answered_with_the_bound(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_unknown_names_are_answered_with_the_nearest():
    with pytest.raises(catalog.UnknownName, match=r"no assumption is called 'margins'.*margin"):
        sizing.infer(1.0, 50.0, "2025-01-26", margins=2.0)
    with pytest.raises(catalog.UnknownName, match="accelerator"):
        sizing.infer(1.0, 50.0, "2025-01-26", chip="H300")
    with pytest.raises(catalog.UnknownName, match="no size is called 'params'"):
        sizing.infer(1.0, 50.0, "2025-01-26").quantile(0.5, of="params")
