"""Proves what must hold of every law and optimum whatever the constants: an optimum is a minimum,
loss falls with size and data, the limits are the known ones, units do not touch exponents.

Oracles: invariants (hypothesis), limits, a second formula or a general optimiser.
"""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from llmecon import chinchilla as c
from llmecon.chinchilla._roots import bracketed

SEPARABLE = [law for law in c.LAWS.values() if isinstance(law, c.SeparableLaw)]
exponents = st.floats(0.05, 1.5)
sizes = st.floats(1e6, 1e13)
tokens = st.floats(1e8, 1e15)
budgets = st.floats(1e17, 1e27)
demand = st.one_of(st.just(0.0), st.floats(1e6, 1e19))
published = st.sampled_from(SEPARABLE)
same_every_time = settings(derandomize=True, max_examples=60, deadline=None)


@st.composite
def laws(draw):
    """Separable laws with constants well outside the published ones."""
    alpha, beta = draw(exponents), draw(exponents)
    # terms of .01 to 10 nats at a billion parameters and 20 billion tokens
    return c.SeparableLaw(
        name="drawn",
        E=draw(st.floats(0.0, 3.0)),
        A=draw(st.floats(0.01, 10)) * 1e9**alpha,
        B=draw(st.floats(0.01, 10)) * 2e10**beta,
        alpha=alpha,
        beta=beta,
        provenance=c.BESIROGLU_2024.provenance,
    )


# --- records -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", c.LAWS)
def test_each_law_says_where_it_comes_from_and_what_it_counts(name):
    law = c.LAWS[name]
    assert isinstance(law, c.Law)
    assert law.name == name
    for field in ("source", "source_url", "place", "rounding", "params_convention", "corpus"):
        assert getattr(law.provenance, field).strip(), field
    assert law.provenance.source_url.startswith("https://")
    assert law.provenance.status in ("printed", "recomputed")
    assert law.domain != c.Domain()
    assert getattr(c, name) is law


@pytest.mark.parametrize("name", c.LAWS)
def test_laws_cannot_be_changed(name):
    with pytest.raises(dataclasses.FrozenInstanceError):
        c.LAWS[name].name = "other"
    with pytest.raises(TypeError):
        c.LAWS[name] = None


def test_readers_meet_each_law_under_a_title_of_its_own():
    titles = [c.law_title(name) for name in c.LAWS]
    assert len(set(titles)) == len(titles)
    assert not [title for title in titles if "_" in title or title.isupper()]


def test_a_law_is_found_by_name_in_any_case_and_misspellings_get_suggestions():
    assert c.law("hoffmann-2022 tex") is c.HOFFMANN_2022_TEX
    with pytest.raises(LookupError, match="BESIROGLU_2024"):
        c.law("besirolgu_2024")


@pytest.mark.parametrize("symbol", ["E", "A", "B", "alpha", "beta"])
@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
def test_a_law_with_an_impossible_constant_is_refused(symbol, value):
    with pytest.raises(ValueError, match=symbol):
        dataclasses.replace(c.BESIROGLU_2024, **{symbol: value})


# --- loss --------------------------------------------------------------------------------


@same_every_time
@given(laws(), sizes, tokens, st.floats(1.01, 100))
def test_loss_falls_with_size_and_with_data_and_stays_above_e(law, size, data, factor):
    here = law.loss(size, data)
    assert here > law.E
    assert law.loss(size * factor, data) < here
    assert law.loss(size, data * factor) < here


@same_every_time
@given(laws(), sizes, tokens)
def test_infinite_data_gives_the_floor(law, size, data):
    loss = law.loss(size, data)
    floor = law.params_floor(loss)
    assert floor < size
    assert law.loss(floor * (1 + 1e-9), 1e300) == pytest.approx(loss, rel=1e-6)
    assert law.tokens_for(floor * (1 - 1e-6), loss) == np.inf
    assert law.params_for(law.tokens_floor(loss) * (1 - 1e-6), loss) == np.inf


@same_every_time
@given(published, sizes, tokens)
def test_tokens_for_and_params_for_invert_the_loss(law, size, data):
    loss = law.loss(size, data)
    if loss - law.E > 1e-3:  # nearer to E the inverse amplifies rounding
        assert law.tokens_for(size, loss) == pytest.approx(data, rel=1e-6)
        assert law.params_for(data, loss) == pytest.approx(size, rel=1e-6)


@same_every_time
@given(laws(), sizes, tokens, st.floats(1e-3, 1e3), st.floats(1e-3, 1e3))
def test_a_change_of_units_leaves_exponents_and_losses_alone(law, size, data, unit_n, unit_d):
    scaled = dataclasses.replace(law, A=law.A * unit_n**-law.alpha, B=law.B * unit_d**-law.beta)
    assert scaled.loss(size / unit_n, data / unit_d) == pytest.approx(law.loss(size, data))
    assert (scaled.a, scaled.gamma) == (law.a, law.gamma)


def test_fitted_exponents_do_not_depend_on_units():
    law = c.BESIROGLU_2024
    runs = c.simulate(law, *c.isoflop_design(law), noise=0.004, seed=3)
    plain = c.fit(runs)
    scaled = runs.assign(n_params=runs["n_params"] / 1e9, n_tokens=runs["n_tokens"] / 1e9)
    with pytest.warns(c.FitWarning, match="give plain counts, not billions"):
        billions = c.fit(scaled)
    for symbol in ("E", "alpha", "beta"):
        got, want = getattr(billions.law, symbol), getattr(plain.law, symbol)
        assert got == pytest.approx(want, rel=1e-8)
    assert billions.objective == pytest.approx(plain.objective, rel=1e-10)


def test_arguments_broadcast():
    law = c.BESIROGLU_2024
    assert law.loss([[1e9], [1e10]], [1e10, 1e11, 1e12]).shape == (2, 3)
    assert law.optimal(flop=np.ones((4, 5)) * 1e21).params.shape == (4, 5)
    run = c.inference_optimal(law, loss=[[2.1], [2.2]], tokens_served=[0, 1e12, 1e13])
    assert run.params.shape == run.saved_fraction.shape == (2, 3)


# --- compute optimum ---------------------------------------------------------------------


@same_every_time
@given(laws(), budgets)
def test_the_optimum_spends_the_budget_and_is_a_minimum(law, flop):
    best = law.optimal(flop=flop)
    assert 6 * best.params * best.tokens == pytest.approx(flop, rel=1e-9)
    assert law.wedge(best.params, best.tokens) == pytest.approx(1, rel=1e-8)
    for factor in (0.5, 0.97, 1.03, 2):
        assert law.loss(best.params * factor, best.tokens / factor) >= best.loss
    share = (best.loss - law.E) * law.a
    assert law.A * best.params**-law.alpha == pytest.approx(share, rel=1e-7)


@same_every_time
@given(published, st.floats(1e18, 1e26))
def test_the_four_ways_to_name_an_optimum_agree(law, flop):
    best = law.optimal(flop=flop)
    for name, value in (("loss", best.loss), ("n_params", best.params), ("n_tokens", best.tokens)):
        again = law.optimal(**{name: value})
        assert again.params == pytest.approx(best.params, rel=1e-7), name
        assert again.flop == pytest.approx(flop, rel=1e-7), name
    assert best.loss == pytest.approx(law.E + law.K * (flop / 6) ** -law.gamma, rel=1e-12)


@same_every_time
@given(published, st.floats(1e18, 1e26), st.floats(0.25, 4))
def test_isoflop_penalty_is_the_difference_of_two_losses(law, flop, factor):
    best = law.optimal(flop=flop)
    moved = law.loss(best.params * factor, best.tokens / factor)
    penalty = law.isoflop_penalty(flop=flop, size_factor=factor)
    assert penalty == pytest.approx(moved - best.loss, abs=1e-13)
    estimate = law.isoflop_penalty_estimate(flop=flop, size_factor=factor)
    assert penalty == pytest.approx(estimate, rel=0.06, abs=1e-12)


def test_equal_exponents_keep_tokens_per_parameter():
    ratio = c.MUENNIGHOFF_2023.optimal(flop=[1e18, 1e22, 1e26]).tokens_per_param
    assert ratio == pytest.approx([19.6130280321] * 3)


def test_at_ratio_meets_budget_and_ratio():
    run = c.BESIROGLU_2024.at_ratio(flop=[1e20, 1e23], tokens_per_param=20)
    assert run.tokens_per_param == pytest.approx([20, 20])
    assert run.flop == pytest.approx([1e20, 1e23])


# --- extrapolation -----------------------------------------------------------------------


def test_extrapolation_is_flagged_with_its_distance():
    best = c.BESIROGLU_2024.optimal(flop=[1e20, 1e22, 1.3e23, 1e17])
    assert best.extrapolated.tolist() == [False, False, True, True]
    assert best.decades_outside == pytest.approx([0, 0, 1, np.log10(14)], abs=0.2)
    assert best.decades["flop"][2] == pytest.approx(1.0)


def test_a_long_run_is_flagged_for_its_tokens_per_parameter():
    run = c.BESIROGLU_2024.predict(1e8, 3e11)  # 3,000 tokens a parameter, 1.8e20 FLOP
    assert run.extrapolated
    assert {k for k, v in run.decades.items() if v > 0} == {"tokens_per_param"}


@pytest.mark.parametrize("name", [n for n, one in c.LAWS.items() if isinstance(one, c.Allocates)])
def test_every_law_that_allocates_flags_a_budget_of_1e28(name):
    assert bool(c.LAWS[name].optimal(flop=1e28).extrapolated)


# --- demand ------------------------------------------------------------------------------


@same_every_time
@given(laws(), sizes, demand)
def test_inference_optimum_meets_loss_and_wedge_identity(law, reference, served):
    best = c.inference_optimal(law, reference_params=reference, tokens_served=served)
    loss = best.baseline.loss
    assert best.loss == pytest.approx(loss, rel=1e-9)
    assert best.wedge == pytest.approx(1 + served / 3 / best.tokens, rel=1e-7)
    assert law.params_floor(loss) <= best.params * (1 + 1e-9)
    assert best.params <= best.baseline.params * (1 + 1e-12)
    assert best.total_flop <= best.baseline_total_flop * (1 + 1e-12)


@same_every_time
@given(published, st.floats(1e9, 1e12), st.floats(1e10, 1e16))
def test_inference_optimum_is_a_minimum_along_equal_loss(law, reference, served):
    best = c.inference_optimal(law, reference_params=reference, tokens_served=served)
    for factor in (0.9, 0.99, 1.01, 1.1, 1.5):
        size = best.params * factor
        data = law.tokens_for(size, best.baseline.loss)
        if np.isfinite(data):
            other = 6 * size * data + 2 * size * served
            assert other >= best.total_flop * (1 - 1e-10)


@same_every_time
@given(published, st.floats(1e9, 1e12), st.floats(1e10, 1e15))
def test_more_demand_means_a_smaller_model_on_more_tokens(law, reference, served):
    some, more = (
        c.inference_optimal(law, reference_params=reference, tokens_served=s)
        for s in (served, 2 * served)
    )
    assert more.params < some.params
    assert more.tokens > some.tokens


@pytest.mark.parametrize("law", SEPARABLE, ids=lambda law: law.name)
def test_no_demand_gives_the_compute_optimum(law):
    loss = law.E + np.array([0.1, 0.5, 1.0])
    none, best = c.inference_optimal(law, loss=loss, tokens_served=0), law.optimal(loss=loss)
    assert np.array_equal(none.params, best.params)
    assert np.array_equal(none.tokens, best.tokens)
    assert np.all(none.saved_fraction == 0)


def test_endless_demand_tends_to_the_floor():
    law = c.BESIROGLU_2024
    best = c.inference_optimal(law, loss=2.1, tokens_served=[1e15, 1e18, 1e21, 1e24])
    ratio = best.params / law.params_floor(2.1)
    assert np.all(np.diff(ratio) < 0)
    assert ratio[-1] == pytest.approx(1, abs=1e-3)
    with pytest.raises(ValueError, match="tokens_served must be finite"):
        c.inference_optimal(law, loss=2.1, tokens_served=np.inf)


@same_every_time
@given(published, st.floats(1e20, 1e26), st.one_of(st.just(0.0), st.floats(1e9, 1e15)))
def test_lifetime_budget_is_the_dual_of_lifetime_cost(law, total, served):
    best = c.inference_optimal(law, total_flop=total, tokens_served=served)
    assert best.total_flop == pytest.approx(total, rel=1e-9)
    back = c.inference_optimal(law, loss=best.loss, tokens_served=served)
    assert back.params == pytest.approx(best.params, rel=1e-5)
    assert back.total_flop == pytest.approx(total, rel=1e-6)


def test_inference_optimum_agrees_with_a_general_optimiser():
    law, served, loss = c.DE_VRIES_2023, 2e12, 1.947

    def cost(log_size):
        size = np.exp(log_size)
        return 6 * size * float(law.tokens_for(size, loss)) + 2 * size * served

    low = float(np.log(law.params_floor(loss) * 1.01))
    high = float(np.log(law.optimal(loss=loss).params))
    end = optimize.minimize_scalar(
        cost, bounds=(low, high), method="bounded", options={"xatol": 1e-9}
    )
    best = c.inference_optimal(law, loss=loss, tokens_served=served)
    assert best.total_flop == pytest.approx(end.fun, rel=1e-10)
    assert float(best.params) == pytest.approx(np.exp(end.x), rel=1e-4)


def test_serving_at_three_times_the_flop_is_three_times_the_demand():
    law = c.BESIROGLU_2024
    dear = c.inference_optimal(law, loss=2.1, tokens_served=1e12, serve_flop_per_param_token=6)
    much = c.inference_optimal(law, loss=2.1, tokens_served=3e12)
    assert dear.params == pytest.approx(much.params)
    assert dear.serve_flop == pytest.approx(much.serve_flop)


# --- dollars -----------------------------------------------------------------------------


@same_every_time
@given(published, st.floats(1e9, 1e12), st.floats(1e9, 1e16), st.floats(0.05, 20))
def test_dollars_at_one_price_per_flop_are_the_flop_optimum(law, reference, served, ratio):
    flop = c.inference_optimal(law, reference_params=reference, tokens_served=served * ratio)
    usd = c.inference_optimal_usd(
        law,
        reference_params=reference,
        tokens_served=served,
        usd_per_train_flop=1e-18,
        usd_per_served_token=lambda n: 2e-18 * ratio * n,
    )
    assert usd.params == pytest.approx(flop.params, rel=1e-6)
    assert usd.total_usd == pytest.approx(1e-18 * flop.total_flop, rel=1e-9)
    assert usd.total_ratio == pytest.approx(flop.total_ratio, rel=1e-8)
    short = c.inference_optimal_usd(
        law,
        reference_params=reference,
        tokens_served=served,
        usd_per_train_flop=1e-18,
        usd_per_served_flop=1e-18 * ratio,
    )
    assert short.params == pytest.approx(flop.params, rel=1e-12)
    assert short.total_usd == pytest.approx(usd.total_usd, rel=1e-9)
    assert short.saved_fraction == pytest.approx(flop.saved_fraction, abs=1e-12)


def test_dollars_of_a_flop():
    # 989e12 FLOP/s at 40% for 3 dollars an hour
    assert c.usd_per_flop(3.0, 989e12, 0.4) * 989e12 * 0.4 * 3600 == pytest.approx(3.0)


def test_endless_demand_in_dollars_tends_to_the_floor():
    law = c.BESIROGLU_2024
    best = c.inference_optimal_usd(
        law,
        loss=2.1,
        tokens_served=[1e15, 1e22],
        usd_per_train_flop=1e-18,
        usd_per_served_token=lambda n: 2e-18 * n,
    )
    flop = c.inference_optimal(law, loss=2.1, tokens_served=[1e15, 1e22])
    assert best.tokens == pytest.approx(flop.tokens, rel=1e-6)


def test_a_price_that_does_not_depend_on_size_leaves_the_compute_optimum():
    law = c.BESIROGLU_2024
    best = c.inference_optimal_usd(
        law,
        loss=2.1,
        tokens_served=1e14,
        usd_per_train_flop=1e-18,
        usd_per_served_token=lambda n: np.full_like(n, 1e-7),
    )
    assert best.size_ratio == pytest.approx(1, rel=1e-6)


def test_a_price_with_a_fixed_part_shifts_less_than_one_without():
    law = c.BESIROGLU_2024

    def size(price):
        return c.inference_optimal_usd(
            law,
            loss=2.1,
            tokens_served=1e13,
            usd_per_train_flop=1e-18,
            usd_per_served_token=price,
        ).params

    assert size(lambda n: 2e-18 * n) < size(lambda n: 2e-18 * n**0.7 * 1e10**0.3 / 2)


@pytest.mark.parametrize(
    ("price", "words"),
    [
        (lambda n: -n, "usd_per_served_token"),
        (lambda n: n * np.nan, "usd_per_served_token"),
        (lambda n: 1 / n, "must not fall with size"),
    ],
)
def test_an_impossible_price_is_refused(price, words):
    with pytest.raises(ValueError, match=words):
        c.inference_optimal_usd(
            c.BESIROGLU_2024,
            loss=2.1,
            tokens_served=1e13,
            usd_per_train_flop=1e-18,
            usd_per_served_token=price,
        )


# --- equal loss --------------------------------------------------------------------------


@same_every_time
@given(published, st.floats(1e9, 1e12), st.floats(1e10, 1e13), st.floats(0.05, 5))
def test_iso_loss_runs_have_the_loss_of_their_base(law, size, data, factor):
    trade = c.iso_loss(law, size_factor=factor, n_params=size, n_tokens=data)
    if factor <= trade.size_floor_factor:
        assert trade.token_factor == np.inf
    elif trade.token_factor < 1e6:
        got = law.loss(size * factor, data * trade.token_factor)
        assert got == pytest.approx(law.loss(size, data), rel=1e-9)


def test_iso_loss_floor_is_the_floor_of_the_loss():
    law = c.BESIROGLU_2024
    trade = c.iso_loss(law, size_factor=0.5, n_params=70e9, n_tokens=1.4e12)
    want = law.params_floor(law.loss(70e9, 1.4e12))
    assert trade.size_floor_factor * 70e9 == pytest.approx(want)
    assert float(want) == pytest.approx(10.7e9, rel=0.002)  # the reference's 10.7B


@same_every_time
@given(published, st.floats(0.01, 50))
def test_critical_size_costs_the_overhead_that_was_accepted(law, overhead):
    factor = c.critical_size(law, flop_overhead=overhead)
    assert law.size_floor_ratio < factor < 1
    got = c.iso_loss(law, size_factor=factor).flop_overhead
    assert got == pytest.approx(overhead, rel=1e-6)


@same_every_time
@given(published, st.floats(1.0, 50))
def test_exchange_keeps_the_loss_and_ends_at_the_wedge(law, w):
    span = c.exchange(law, wedge=w)
    best = law.optimal(flop=1e22)
    run = (best.params * span.size_factor, best.tokens * span.token_factor)
    assert law.loss(*run) == pytest.approx(best.loss, rel=1e-9)
    assert law.wedge(*run) == pytest.approx(w, rel=1e-7)
    same = c.iso_loss(law, size_factor=span.size_factor)
    assert span.train_flop_factor - 1 == pytest.approx(same.flop_overhead, rel=1e-6, abs=1e-12)


def test_loss_from_compute_is_the_loss():
    law = c.HOFFMANN_2022_TEX
    got = c.loss_from_compute(law, train_flop=6 * 70e9 * 1.4e12, serve_flop_per_token=140e9)
    assert got == pytest.approx(law.loss(70e9, 1.4e12), rel=1e-14)


# --- repeats -----------------------------------------------------------------------------

MUENNIGHOFF = c.MUENNIGHOFF_2023


@same_every_time
@given(st.floats(1e19, 1e25), st.one_of(st.floats(-4, -1e-9), st.floats(1e-9, 0.5)))
def test_data_constrained_optimum_is_a_minimum(flop, log_share):
    unique = float(MUENNIGHOFF.optimal(flop=flop).tokens) * 10**log_share
    best = c.data_constrained(MUENNIGHOFF, flop=flop, unique_tokens=unique)
    assert 6 * best.params * best.tokens == pytest.approx(flop, rel=1e-9)
    assert bool(best.constrained) == (log_share < 0)
    if best.constrained:
        assert best.epochs > 1
        for factor in (0.8, 0.99, 1.01, 1.25):
            run = (best.params * factor, best.tokens / factor)
            assert MUENNIGHOFF.loss(*run, unique_tokens=unique) >= best.loss - 1e-13


def test_data_constrained_optimum_agrees_with_a_general_optimiser():
    flop, unique = 1e22, 1e10

    def loss(log_size):
        size = np.exp(log_size)
        return float(MUENNIGHOFF.loss(size, flop / (6 * size), unique_tokens=unique))

    end = optimize.minimize_scalar(
        loss, bounds=(18, 26), method="bounded", options={"xatol": 1e-10}
    )
    best = c.data_constrained(MUENNIGHOFF, flop=flop, unique_tokens=unique)
    assert best.loss == pytest.approx(end.fun, rel=1e-14)
    assert float(best.params) == pytest.approx(np.exp(end.x), rel=1e-5)


@same_every_time
@given(st.floats(1e19, 1e24), st.floats(-2, -0.05))
def test_cheapest_run_to_a_loss_is_the_dual_of_the_best_run_of_a_budget(flop, log_share):
    unique = float(MUENNIGHOFF.optimal(flop=flop).tokens) * 10**log_share
    best = c.data_constrained(MUENNIGHOFF, flop=flop, unique_tokens=unique)
    back = c.data_constrained(MUENNIGHOFF, loss=best.loss, unique_tokens=unique)
    assert back.loss == pytest.approx(best.loss, rel=1e-12)
    assert back.flop == pytest.approx(flop, rel=1e-5)
    assert back.params == pytest.approx(best.params, rel=1e-3)


def test_enough_unique_tokens_give_the_ordinary_optimum():
    best = c.data_constrained(MUENNIGHOFF, flop=1e21, unique_tokens=1e14)
    assert not best.constrained
    assert best.params == MUENNIGHOFF.optimal(flop=1e21).params
    assert best.epochs < 1
    again = c.data_constrained(MUENNIGHOFF, loss=best.loss, unique_tokens=1e14)
    assert again.flop == pytest.approx(1e21)


def test_with_equal_exponents_epochs_depend_on_flop_over_unique_squared_only():
    many = c.data_constrained(MUENNIGHOFF, flop=[1e21, 1e23], unique_tokens=[1e10, 1e11])
    assert many.epochs[0] == pytest.approx(many.epochs[1], rel=1e-9)


def test_few_unique_tokens_do_not_underflow():
    best = c.data_constrained(MUENNIGHOFF, flop=1e24, unique_tokens=[1e6, 1e8])
    assert np.all(np.isfinite(best.params))
    assert np.all(best.loss > MUENNIGHOFF.loss_floor([1e6, 1e8]) - 1e-12)


def test_a_loss_that_unique_tokens_never_reach_is_refused():
    floor = float(MUENNIGHOFF.loss_floor(1e9))
    with pytest.raises(ValueError, match=r"loss must be > 2\.7.* no repetition"):
        c.data_constrained(MUENNIGHOFF, loss=floor - 0.01, unique_tokens=1e9)
    assert c.data_constrained(MUENNIGHOFF, loss=floor + 0.01, unique_tokens=1e9).epochs > 1


def test_another_law_can_be_given_the_worth_of_repeats():
    law = c.with_repeats(c.BESIROGLU_2024, r_d_star=15.4, r_n_star=5.3)
    assert law.loss(1e9, 1e11) == c.BESIROGLU_2024.loss(1e9, 1e11)
    assert law.loss(1e9, 1e11, unique_tokens=1e10) > law.loss(1e9, 1e11)


# --- other laws --------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["GADRE_2024_C4", "GADRE_2024_REDPAJAMA", "GADRE_2024_REFINEDWEB"])
def test_gadre_forms_agree(name):
    law = c.LAWS[name]
    flop, ratio = np.array([1e18, 1e21]), np.array([20.0, 320.0])
    run = law.at_ratio(flop=flop, tokens_per_param=ratio)
    assert law.loss_at(flop=flop, tokens_per_param=ratio) == pytest.approx(run.loss, rel=1e-13)
    best = law.optimal(flop=flop)
    assert best.tokens_per_param == pytest.approx([law.optimal_tokens_per_param] * 2)
    factor = c.overtraining_loss_factor(law.eta, ratio / law.optimal_tokens_per_param)
    assert run.loss - law.E == pytest.approx((best.loss - law.E) * factor, rel=1e-12)


def test_gadre_compute_factor_buys_back_the_loss():
    law = c.GADRE_2024_C4
    multiple = 100.0
    dearer = 1e20 * c.overtraining_flop_factor(law.eta, multiple)
    ratio = multiple * law.optimal_tokens_per_param
    got = law.loss_at(flop=dearer, tokens_per_param=ratio)
    assert got == pytest.approx(law.optimal(flop=1e20).loss, rel=1e-12)


def test_error_law_inverts():
    law = c.GADRE_2024_C4.error_law
    assert law.loss_for(law.error([2.5, 3.0])) == pytest.approx([2.5, 3.0])
    with pytest.raises(ValueError, match="epsilon - error must be > 0"):
        law.loss_for(0.9)


def test_kaplan_joint_law_inverts_and_has_its_univariate_limits():
    law = c.KAPLAN_2020
    assert law.tokens_for(1e9, law.loss(1e9, 3e10)) == pytest.approx(3e10, rel=1e-9)
    loss = law.loss(1e9, 1e30)
    assert law.params_floor(loss) == pytest.approx(1e9, rel=1e-6)
    assert law.tokens_for(law.params_floor(2.5) * 0.99, 2.5) == np.inf


def test_kaplan_names_of_a_budget_agree():
    law = c.KAPLAN_2020
    spent, least = law.optimal(flop=2e20), law.optimal(flop_min=1e20)
    assert (spent.params, spent.flop) == (least.params, least.flop)
    assert law.optimal(loss=least.loss).flop == pytest.approx(2e20)
    assert law.batch_tokens(c.FLOP_PER_PF_DAY) == pytest.approx(2.0e6)
    assert law.steps_min(c.FLOP_PER_PF_DAY) == pytest.approx(5.4e3)


@pytest.mark.parametrize("of", ["params", "tokens"])
def test_power_law_allocation_inverts(of):
    law = c.allocation(0.1, 0.5 if of == "params" else 0.53, of=of)
    best = law.optimal(flop=[1e20, 1e24])
    assert 6 * best.params * best.tokens == pytest.approx(best.flop)
    assert law.optimal(n_params=best.params).flop == pytest.approx(best.flop)
    assert law.optimal(n_tokens=best.tokens).flop == pytest.approx(best.flop)
    assert best.loss is None
    slope = np.log(best.params[1] / best.params[0]) / np.log(1e4)
    assert slope == pytest.approx(law.a)


def test_pearce_frontier_is_the_optimum_of_the_loss_in_non_embedding_compute():
    # minimise the loss over N_E at fixed C_E = 6 N_E D, by a general optimiser
    law, spent = c.BESIROGLU_2024, 1e19

    def loss(log_size):
        inner = np.exp(log_size)
        return float(law.loss(c.total_params(inner), spent / (6 * inner)))

    end = optimize.minimize_scalar(
        loss, bounds=(12, 25), method="bounded", options={"xatol": 1e-10}
    )
    got = c.frontier_params_non_embedding(law, spent)
    assert float(got) == pytest.approx(np.exp(end.x), rel=1e-5)
    assert c.frontier_flop_non_embedding(law, got) == pytest.approx(spent, rel=1e-12)


def test_pearce_local_exponent_is_the_slope_and_reaches_its_limits():
    law, size = c.BESIROGLU_2024, np.array([1e4, 1e8, 1e11])
    up, down = (c.frontier_flop_non_embedding(law, size * f) for f in (1.0001, 1 / 1.0001))
    slope = 2 * np.log(1.0001) / np.log(up / down)
    got = c.frontier_exponent_non_embedding(law, size)
    assert got == pytest.approx(slope, rel=1e-6)
    assert c.frontier_exponent_non_embedding(law, 1e18) == pytest.approx(law.a, rel=1e-6)


def test_hoffmann_type_law_looks_like_kaplan_in_kaplans_range():
    # Pearce and Song: a straight line over Kaplan's sizes (768 to 1.5e9) has a slope near .73
    size = np.geomspace(768, 1.5e9, 50)
    spent = c.frontier_flop_non_embedding(c.HOFFMANN_2022_TEX, size)
    slope = np.polyfit(np.log(spent), np.log(size), 1)[0]
    assert 0.69 < slope < 0.79


@same_every_time
@given(st.floats(1e3, 1e13))
def test_non_embedding_params_invert_total_params(size):
    assert c.non_embedding_params(c.total_params(size)) == pytest.approx(size, rel=1e-9)


def test_flop_conventions_of_one_shape():
    shape = c.Shape(n_layers=24, d_model=1280, d_ff=5120, n_heads=10, d_head=128)
    spent = {one.name: float(one.training_flop(shape, 1e10)) for one in c.FLOP_CONVENTIONS}
    assert spent["6ND, non-embedding"] < spent["6ND, total"] < spent["exact layer sum"]
    ratio = spent["exact layer sum"] / spent["6ND, total"]
    assert ratio == pytest.approx(1.0829191, rel=1e-7)
    assert spent["FLOP per token M"] == pytest.approx(
        (72 * 24 * 1280**2 + 12 * 24 * 1280 * 2048) * 1e10
    )


def test_moe_limits():
    assert c.CLARK_2022_HASH.effective_experts(1) == pytest.approx(4.175)
    assert c.CLARK_2022_HASH.effective_experts(1e9) == pytest.approx(477.741, rel=1e-3)
    dense = c.KRAJEWSKI_2024_DENSE
    assert dense.loss(1e9, 1e11, 1) == dense.loss(1e9, 1e11, 16)
    with pytest.raises(ValueError, match="1 - sparsity must be > 0"):
        c.ABNAR_2025.loss(1e9, 1e11, 1.0)
    with pytest.raises(ValueError, match="n_experts must be >= 1"):
        c.CLARK_2022_HASH.loss(1e9, 0)


def test_farseer_with_constant_exponents_is_separable():
    law = c.FarseerLaw(
        name="", a1=0.0, b1=np.log(0.3), a=0.1, a2=0.0, b2=np.log(500.0), b=0.1,
        a3=0.0, b3=np.log(1.7), g=0.1, provenance=c.REFIT_240.provenance, domain=c.Domain(),
    )  # fmt: skip
    assert law.loss(1e9, 1e10) == pytest.approx(1.7 + 500 * 1e10**-0.3)


def test_ho_progress_law_halves_the_need_in_its_doubling_times():
    law = c.HO_2024
    given_ = {"alpha_const": 1.0, "beta_const": 1.0, "least_params": 1e6, "least_tokens": 1e6}

    def size_term(n, years):
        return law.loss(n, 1e300, years, **given_)

    years = law.params_doubling_years
    assert size_term(1e9, 0.0) == pytest.approx(size_term(5e8, years), rel=1e-6)
    assert law.effective_flop_factor(law.flop_doubling_months / 12) == pytest.approx(2)


def test_bits_per_byte():
    assert c.bits_per_byte(np.log(2), 1.0) == pytest.approx(1.0)


def test_a_law_of_many_constants_answers_for_each():
    law = c.BESIROGLU_2024
    runs = c.simulate(law, *c.isoflop_design(law), noise=0.004, seed=3)
    refits = c.bootstrap(c.fit(runs), n_resamples=40, seed=1)

    def size(one):
        return c.inference_optimal(one, loss=2.3, tokens_served=1e12).params

    def trade(one):
        return c.iso_loss(one, size_factor=0.5).token_factor

    def critical(one):
        return c.critical_size(one, flop_overhead=[0.5, 1.0])

    for quantity, shape in ((size, (40,)), (trade, (40,)), (critical, (40, 2))):
        many = refits.values(quantity)
        assert many.shape == shape
        third = {n: float(getattr(refits.laws, n)[3, 0]) for n in ("E", "A", "B", "alpha", "beta")}
        alone = c.SeparableLaw(name="", provenance=law.provenance, **third)
        assert many[3] == pytest.approx(quantity(alone), rel=1e-9)
    with pytest.raises(ValueError, match="law must hold one set of constants"):
        c.inference_optimal_usd(
            refits.laws,
            loss=2.3,
            tokens_served=1e12,
            usd_per_train_flop=1e-18,
            usd_per_served_token=lambda n: n,
        )


# --- disagreement ------------------------------------------------------------------------


def test_explain_names_the_causes_and_shows_the_difference():
    page = c.explain("KAPLAN_2020", "HOFFMANN_2022_TEX", flop=1e21)
    text = str(page)
    assert "without embeddings" in text
    assert "cosine" in text
    assert len(page.allocations) == 2
    page = c.explain(c.HOFFMANN_2022_TEX, c.BESIROGLU_2024)
    assert "averaged" in str(page)
    factors = page.swaps.set_index("constant")["factor"]
    assert set(factors.index) == {"A", "B", "alpha", "beta"}
    base = c.HOFFMANN_2022_TEX.optimal(flop=5.76e23).params
    swapped = dataclasses.replace(c.HOFFMANN_2022_TEX, beta=c.BESIROGLU_2024.beta)
    assert factors["beta"] == pytest.approx(swapped.optimal(flop=5.76e23).params / base)


@pytest.mark.parametrize("first", c.LAWS)
def test_any_two_laws_can_be_explained(first):
    page = c.explain(first, "REFIT_240")
    assert page.reasons
    assert str(page).startswith(f"Why {first} and REFIT_240 disagree")


def test_compare_lists_every_law_that_allocates():
    table = c.compare(flop=[1e21, 5.76e23])
    allocating = [n for n, one in c.LAWS.items() if isinstance(one, c.Allocates)]
    assert table["law"].unique().tolist() == allocating
    assert len(table) == 2 * len(allocating)
    gopher = table[(table["law"] == "HOFFMANN_2022_TEX") & (table["flop"] == 5.76e23)]
    assert gopher["params"].item() == pytest.approx(40.36e9, rel=1e-3)


# --- roots -------------------------------------------------------------------------------


@same_every_time
@given(st.lists(st.floats(-50, 50), min_size=1, max_size=20), st.booleans())
def test_bracketed_roots(wanted, slopes):
    roots = np.array(wanted)

    def falling(point, at):
        away = point - roots[at]
        slope = -1 - 3 * away**2 if slopes else np.full_like(away, np.nan)
        return -away - away**3, slope

    got = bracketed(falling, np.full(len(roots), -60.0), np.full(len(roots), 60.0))
    assert np.all(np.abs(got - roots) <= 1e-13 * np.maximum(1, np.abs(roots)))


# --- bad input ---------------------------------------------------------------------------

LAW = c.BESIROGLU_2024


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: LAW.loss(0, 1e10), r"n_params must be > 0, got 0 \[parameters\]"),
        (lambda: LAW.loss(1e9, -1), r"n_tokens must be > 0, got -1 \[tokens\]"),
        (lambda: LAW.loss(float("nan"), 1e10), "n_params must be a finite number"),
        (lambda: LAW.loss("big", 1e10), "n_params must be a number"),
        (lambda: LAW.optimal(), "give exactly one of flop, loss, n_params, n_tokens"),
        (lambda: LAW.optimal(flop=1e20, loss=2.0), "got flop, loss"),
        (lambda: LAW.optimal(flop=0), "flop must be > 0"),
        (lambda: LAW.optimal(loss=1.8), r"loss must be > 1.8172, .* got 1.8 \[nats/token\]"),
        (lambda: LAW.optimal(loss=[2.0, 1.7]), "got 1.7"),
        (lambda: LAW.tokens_for(1e9, 1.8172), "loss must be > 1.8172"),
        (lambda: LAW.params_floor(1.0), "loss must be > 1.8172"),
        (lambda: c.inference_optimal(LAW, tokens_served=1e12), "give exactly one of loss"),
        (lambda: c.inference_optimal(LAW, loss=2, tokens_served=-1), "tokens_served must be >= 0"),
        (lambda: c.inference_optimal(LAW, loss=2, tokens_served=np.nan), "finite"),
        (lambda: c.inference_optimal(LAW, loss=1.5, tokens_served=0), "loss must be > 1.8172"),
        (lambda: c.iso_loss(LAW, size_factor=0.5, n_params=1e9), "given together"),
        (lambda: c.iso_loss(LAW, size_factor=0), "size_factor must be > 0"),
        (lambda: c.critical_size(LAW, flop_overhead=0), "flop_overhead must be > 0"),
        (lambda: c.exchange(LAW, wedge=-1), "wedge must be > 0"),
        (lambda: c.usd_per_flop(3, 1e15, 1.5), "mfu must be <= 1"),
        (lambda: c.data_constrained(MUENNIGHOFF, flop=1e21, unique_tokens=0), "unique_tokens"),
        (lambda: MUENNIGHOFF.optimal(n_params=1e9, unique_tokens=1e9), "goes with flop or loss"),
        (lambda: c.training_flop(1e9, 0), "n_tokens must be > 0"),
        (lambda: c.allocation(0.1, 0.5, of="flop"), "of must be"),
        (lambda: c.regress_allocation([1e20, 1e20], [1e9, 2e9]), "two different budgets"),
        (lambda: c.simulate(LAW, 1e9, 1e10, noise=-1), "noise must be >= 0"),
        (lambda: c.runs_needed(240, width=0.05, target_width=0), "target_width must be > 0"),
        (lambda: c.approach_2({"n_params": [1e9], "n_tokens": [1e9], "loss": [2.0]}, flop=1e20),
         "at least two budgets"),
        (lambda: c.fit_error([2, 3], [0.5, 0.6]), "at least 3"),
        (lambda: c.overtraining_law(name="", E=1, a_code=1, b_code=1, x=0,
                                    provenance=LAW.provenance, domain=LAW.domain), "alpha"),
    ],
)  # fmt: skip
def test_bad_input_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_a_wrong_column_of_training_curves_gets_a_suggestion():
    with pytest.raises(LookupError, match=r"run.*runs"):
        c.approach_1({"runs": [1], "n_params": [1e9], "n_tokens": [1e9], "loss": [2.0]})
