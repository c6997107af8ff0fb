"""Counterfactual sizes: closed forms of the laws, a second way to each optimum, and invariants."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmecon import catalog, chinchilla, cost
from llmecon_book import counterfactual as cf
from llmecon_book import essay

LAW = chinchilla.BESIROGLU_2024
GPT4, DRAFT = map(catalog.transformer, ("GPT-4 (Erdil assumption)", "Llama 3 8B"))
GPT4_PARAMS, GPT4_TOKENS = 2.8e11, 1.3e13  # reported
RATE = 2e-18  # USD/FLOP


def decomposed(law=LAW, served=(1e14,), gains=None, **prices):
    return cf.decompose(
        [law],
        n_params=GPT4_PARAMS,
        n_tokens=GPT4_TOKENS,
        tokens_served=served,
        gains=gains or [cf.Gains()],
        **prices,
    ).set_index("cause")


# ---- closed forms ---------------------------------------------------------------------------


def test_better_tokens_alone_shorten_training_and_leave_the_optimal_size():
    """N_c = (A (1 + alpha/beta)/(L - E))^(1/alpha) holds no B."""
    better = cf.Gains(tokens=3.0).applied(LAW)
    before, after = (law.optimal(loss=1.95) for law in (LAW, better))
    assert after.params == pytest.approx(before.params, rel=1e-12)
    assert after.tokens == pytest.approx(before.tokens / 3, rel=1e-12)


def test_better_parameters_divide_the_optimal_size_by_their_gain():
    better = cf.Gains(params=3.0).applied(LAW)
    before, after = (law.optimal(loss=1.95) for law in (LAW, better))
    assert after.params == pytest.approx(before.params / 3, rel=1e-12)


def test_gains_are_effective_tokens_and_parameters():
    gains = cf.Gains(tokens=2.0, params=5.0)
    assert gains.applied(LAW).loss(1e10, 1e12) == pytest.approx(LAW.loss(5e10, 2e12), rel=1e-14)


def test_without_demand_only_the_law_changes_the_size():
    found = decomposed(served=(0.0,))
    optimal = LAW.optimal(loss=LAW.loss(GPT4_PARAMS, GPT4_TOKENS)).params
    assert found.factor["law"] == pytest.approx(GPT4_PARAMS / optimal)
    assert found.factor["demand"] == pytest.approx(1)
    assert found.factor["data"] == pytest.approx(1)


def test_unbounded_demand_ends_at_the_floor_of_the_law():
    found = decomposed(served=(1e25,))
    floor = LAW.params_floor(LAW.loss(GPT4_PARAMS, GPT4_TOKENS))
    size = GPT4_PARAMS / found.factor["all"]
    assert size == pytest.approx(floor, rel=0.01)
    assert size > floor


# ---- second formula -------------------------------------------------------------------------


def test_a_price_in_proportion_to_size_gives_the_optimum_of_flop():
    """With p(N) = 2 c N and training at c dollars a FLOP, dollars and FLOP agree."""
    gains = [cf.Gains(tokens=2.0, params=1.5)]
    in_flop = decomposed(gains=gains)
    in_usd = decomposed(
        gains=gains, usd_per_train_flop=RATE, usd_per_served_token=lambda n: 2 * RATE * n
    )
    pd.testing.assert_series_equal(in_flop.factor, in_usd.factor, rtol=1e-6)


def test_the_valley_of_a_lifetime_curve_is_the_optimum_in_dollars():
    served, price = 2e12, lambda n: 3e-18 * n**1.1
    curve = cf.lifetime_curve(
        LAW, loss=1.95, usd_per_train_flop=RATE, usd_per_served_token=price, points=4000
    )
    total = curve.train_usd + served * curve.usd_per_mtok / 1e6
    best = chinchilla.inference_optimal_usd(
        LAW,
        loss=1.95,
        tokens_served=served,
        usd_per_train_flop=RATE,
        usd_per_served_token=price,
    )
    assert curve.params[total.idxmin()] == pytest.approx(float(best.params), rel=2e-3)
    assert total.min() == pytest.approx(float(best.total), rel=1e-5)


def test_a_coarse_lifetime_curve_can_be_led_through_the_optimum():
    case = {
        "loss": 1.95,
        "usd_per_train_flop": RATE,
        "usd_per_served_token": lambda n: 3e-18 * n**1.1,
    }
    best = chinchilla.inference_optimal_usd(LAW, tokens_served=2e12, **case)
    coarse, led = (cf.lifetime_curve(LAW, points=9, **case, through=t) for t in ([], [best.params]))
    least = [(c.train_usd + 2e12 * c.usd_per_mtok / 1e6).min() for c in (coarse, led)]
    assert least[1] == pytest.approx(float(best.total), rel=1e-9)
    assert least[0] > 1.001 * least[1] and len(led) == 10


def test_every_size_of_a_lifetime_curve_has_the_loss():
    curve = cf.lifetime_curve(
        LAW, loss=1.95, usd_per_train_flop=RATE, usd_per_served_token=lambda n: 1e-18 * n
    )
    np.testing.assert_allclose(LAW.loss(curve.params, curve.tokens), 1.95, rtol=1e-12)
    assert (curve.decades_outside > 0).all()  # a loss no experiment has reached


# ---- published values -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "params", "tokens", "ratio"),
    # Scaling-law reference, section 5.6: demand over training tokens, Besiroglu's constants.
    [
        ("GPT-3", 175e9, 300e9, -1.72),
        ("Chinchilla", 70e9, 1.4e12, 0.09),
        ("Llama 2 70B", 70e9, 2e12, 0.52),
        ("Llama 3 8B", 8e9, 15e12, 12.65),
        ("Llama 3 70B", 70e9, 15e12, 4.36),
        ("Llama 3.1 405B", 405e9, 15.6e12, 1.06),
    ],
)
def test_demand_that_justifies_released_models(name, params, tokens, ratio):
    row = pd.DataFrame({"model": [name], "active_params": [params], "training_tokens": [tokens]})
    found = cf.servings_that_justify(LAW, row).iloc[0]
    assert round(found.tokens_served / tokens, 2) == ratio
    assert found.flop_ratio >= 1


def test_served_as_much_as_a_model_bets_on_it_is_the_cheapest():
    row = pd.DataFrame({"model": ["m"], "active_params": [7e10], "training_tokens": [1.5e13]})
    bet = cf.servings_that_justify(LAW, row).iloc[0]
    best = chinchilla.inference_optimal(
        LAW, loss=LAW.loss(7e10, 1.5e13), tokens_served=bet.tokens_served
    )
    assert float(best.params) == pytest.approx(7e10, rel=1e-9)
    assert bet.size_ratio == pytest.approx(float(best.size_ratio), rel=1e-9)


def test_a_rent_is_that_of_the_table():
    """SemiAnalysis, 3 April 2026, as in gpu_prices.csv."""
    assert cf.rent_on("GB200 NVL72", "2026-04-03") == 3.3
    with pytest.raises(LookupError, match="nearest: H200 SXM 141GB"):
        cf.rent_on("H200 SXM 140GB", "2026-04-03")


# ---- invariants -----------------------------------------------------------------------------


@settings(derandomize=True, max_examples=25, deadline=None)
@given(
    served=st.floats(1e11, 1e16),
    tokens=st.floats(1.0, 8.0),
    params=st.floats(1.0, 8.0),
    law=st.sampled_from(["BESIROGLU_2024", "HOFFMANN_2022_TEX", "MUENNIGHOFF_2023"]),
)
def test_factors_multiply_up_and_causes_never_make_a_model_larger(served, tokens, params, law):
    gains = [cf.Gains(tokens=tokens, params=params)]
    found = decomposed(chinchilla.law(law), (served,), gains)
    assert found.factor[[cf.LAW, cf.DEMAND, cf.DATA]].prod() == pytest.approx(
        found.factor[cf.TOGETHER]
    )
    assert found.factor["demand"] >= 1 and found.factor["data"] >= 1 - 1e-9
    assert (found.low <= found.factor * (1 + 1e-12)).all()
    assert (found.factor <= found.high * (1 + 1e-12)).all()


def test_the_middle_case_multiplies_up_and_is_nearest_the_median():
    cases = decomposed(served=(1e13, 1e14, 1e16), gains=cf.gains(1.0)).reset_index()
    one = cf.middle_case(cases)
    assert set(one.case) == {int(one.case.iloc[0])}
    assert one.factor[[cf.LAW, cf.DEMAND, cf.DATA]].prod() == pytest.approx(one.factor[cf.TOGETHER])
    whole = np.log(cases.factor[cases.cause == cf.TOGETHER])
    away = (whole - np.log(np.exp(whole).median())).abs().min()
    assert abs(np.log(one.factor[cf.TOGETHER]) - np.log(np.exp(whole).median())) == away


def test_progress_grows_with_time_and_is_none_without():
    none, year, two = (cf.gains(years) for years in (0.0, 1.0, 2.0))
    assert all(each == cf.Gains() for each in none)
    for one, both in zip(year, two, strict=True):
        assert both.tokens == pytest.approx(one.tokens**2)
        assert both.params == pytest.approx(one.params**2)


def test_prices_of_a_life_are_those_of_the_parts():
    """An H100 that reaches 40 % of 989e12 FLOP/s at 2 dollars; serving follows the rent."""
    one, two = (cf.life_prices(20.0, usd) for usd in (3.0, 6.0))
    assert one["usd_per_train_flop"] == pytest.approx(2 / 3600 / (0.4 * 989e12), rel=1e-3)
    cheap, dear = (each["usd_per_served_token"](1e11) for each in (one, two))
    assert float(dear) == pytest.approx(2 * float(cheap))


def test_ranges_are_the_ends_over_cases_and_orders():
    gains = [cf.Gains(tokens=3.0, params=1.5)]  # orders differ, so low is not the factor
    cases = decomposed(served=(1e13, 1e14, 1e15), gains=gains).reset_index()
    table = cf.ranges(cases)
    demand = cases[cases.cause == "demand"]
    assert demand.low.min() < demand.factor.min() and demand.high.max() > demand.factor.max()
    assert table.low["demand"] == demand.low.min() and table.high["demand"] == demand.high.max()
    assert table.middle["demand"] == demand.factor.median()


def copies(**case):
    case = {"fractions": cf.SCALES, "points": 60, "usd_per_gpu_hour": 3.0} | case
    return essay.halvings_frontier(GPT4, DRAFT, acceptance=0.0, **case)


@pytest.fixture(scope="module")
def frontiers():
    return copies()


def test_the_price_of_a_size_that_was_computed_is_its_own(frontiers):
    price = cf.serving_price(frontiers, tokens_per_s=20.0)
    shape = essay.Shape.of(GPT4)
    for scale in (0.125, 0.5, 1.0):
        own = float(cost.cheapest_at(frontiers[frontiers.fraction == scale], 20.0))
        assert float(price(shape.scaled(scale).n_active_params)) * 1e6 == pytest.approx(own)


@settings(derandomize=True, max_examples=60, deadline=None)
@given(size=st.floats(1e9, 2e12), step=st.floats(1.001, 3.0))
def test_a_larger_model_never_costs_less(frontiers, size, step):
    price = cf.serving_price(frontiers, tokens_per_s=20.0)
    assert 0 < price(size) <= price(size * step) * (1 + 1e-12)


def test_speed_makes_size_dear(frontiers):
    slow, fast = (cf.serving_price(frontiers, tokens_per_s=v) for v in (0.01, 30.0))
    assert 0.8 < float(slow.exponent(1e11)) < 1.6 < float(fast.exponent(2.8e11))


def test_price_follows_the_rent(frontiers):
    dear = copies(usd_per_gpu_hour=6.0)
    one, two = (cf.serving_price(lines, tokens_per_s=20.0) for lines in (frontiers, dear))
    assert float(two(1e11)) == pytest.approx(2 * float(one(1e11)))


def test_half_the_bytes_are_an_accelerator_of_twice_every_rate():
    """The published rate at 8 bit is twice that at 16: memory, links and arithmetic all double.

    With expert parallelism: without it the code forgets the width of one activation.
    """
    h200 = essay.H200
    rates = ("flop_per_s_16bit", "hbm_bytes_per_s", "hbm_bytes")
    links = ("intra_bytes_per_s", "inter_bytes_per_s")
    twice = replace(h200, **{name: 2 * getattr(h200, name) for name in (*rates, *links)})
    case = {"fractions": (1.0,), "variant": "ep_v2"}
    narrow = copies(bytes_per_value=1.0, **case)
    pd.testing.assert_frame_equal(narrow, copies(machine=twice, **case))


@pytest.mark.parametrize("width", [0.0, 4.0, float("nan")])
def test_a_width_that_no_format_has_is_refused(width):
    with pytest.raises(ValueError, match="bytes_per_value must be"):
        copies(bytes_per_value=width)


def test_a_speed_that_nothing_reaches_is_refused(frontiers):
    with pytest.raises(ValueError, match=r"tokens_per_s must be a speed .* got 10000"):
        cf.serving_price(frontiers, tokens_per_s=1e4)


def test_a_copy_is_the_largest_served_at_its_own_fastest_speed(frontiers):
    for scale in (0.25, 1.0):
        fastest = float(cost.fastest_at(frontiers[frontiers.fraction == scale], 10.0))
        found = cf.servable_sizes(frontiers, tokens_per_s=[fastest], usd_per_mtok=10.0)
        size = essay.Shape.of(GPT4).scaled(scale).n_params
        assert found.total_params[0] == pytest.approx(size)
        assert not found.at_end[0]


def test_faster_and_cheaper_is_smaller(frontiers):
    speeds = [10.0, 20.0, 40.0, 80.0]
    ten, one = (
        cf.servable_sizes(frontiers, tokens_per_s=speeds, usd_per_mtok=usd).total_params
        for usd in (10.0, 1.0)
    )
    assert ten.is_monotonic_decreasing and one.is_monotonic_decreasing
    assert (one <= ten).all()


def test_a_size_at_the_end_of_the_copies_is_marked(frontiers):
    found = cf.servable_sizes(frontiers, tokens_per_s=[0.01, 2000.0], usd_per_mtok=10.0)
    assert found.at_end.tolist() == [True, True]


def test_more_accelerators_on_fast_links_serve_faster():
    machines = essay.H200, replace(essay.H200, node_size=72)
    one, two = (copies(machine=machine, fractions=(1.0,)) for machine in machines)
    assert two.tokens_per_s.max() > one.tokens_per_s.max()


@pytest.mark.parametrize("bad", [0.0, -1.0, float("nan")])
def test_gains_that_are_none_are_refused_by_name(bad):
    with pytest.raises(ValueError, match="tokens"):
        cf.Gains(tokens=bad)
