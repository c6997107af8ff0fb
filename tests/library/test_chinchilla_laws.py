"""Proves what must hold of every law and optimum whatever the constants: an optimum is a minimum,
loss falls with size and data, the limits are the known ones, units do not touch exponents.

Oracles: invariants (hypothesis), limits, a second formula or a general optimiser.
"""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from llmecon import catalog
from llmecon import chinchilla as c
from llmecon.catalog.reading import read_rows
from llmecon.catalog.rows import TABLES
from llmecon.chinchilla import laws as of_table

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
    assert law.domain != c.Domain()
    assert getattr(c, name) is law
    assert name in dir(c)


@pytest.mark.parametrize("name", c.LAWS)
def test_laws_cannot_be_changed(name):
    with pytest.raises(dataclasses.FrozenInstanceError):
        c.LAWS[name].name = "other"
    with pytest.raises(TypeError):
        c.LAWS[name] = None


def test_a_name_that_is_no_law_is_no_attribute():
    with pytest.raises(AttributeError, match="NOBODY_2020"):
        _ = c.NOBODY_2020


# --- the table ---------------------------------------------------------------------------


def copy_with(tmp_path, **cells):
    """A copy of the table with one row more: de Vries's law under another name."""
    frame = catalog.table("scaling_laws")
    row = frame[frame.name == "DE_VRIES_2023"].assign(
        **{"name": "OWN_2026", "title": "own"} | cells
    )
    path = tmp_path / "scaling_laws.csv"
    (pd.concat([frame, row])).to_csv(path, index=False)
    return path


@pytest.mark.parametrize(
    ("form", "constants", "kind"),
    [
        ("separable", "E=1.7; A=400; B=410; alpha=0.34; beta=0.28", c.SeparableLaw),
        ("separable", "log_E=0.5; log_A=6.0; log_B=6.0; alpha=0.34; beta=0.28", c.SeparableLaw),
        ("power", "tokens_factor=0.3; tokens_exponent=0.54", c.PowerLaw),
        ("stated", "p=-1; q=2", c.StatedLaw),
    ],
)
def test_a_new_law_is_one_row(tmp_path, form, constants, kind):
    path = copy_with(tmp_path, form=form, constants=constants)
    law = of_table._record(read_rows(path, TABLES["scaling_laws"])[-1])
    assert isinstance(law, kind) and law.name == "OWN_2026"
    assert law.domain == c.DE_VRIES_2023.domain
    if form == "separable":
        assert float(law.E) == pytest.approx(np.exp(0.5), abs=0.06)
    if form == "power":
        assert law.optimal(flop=1e20).tokens == pytest.approx(0.3 * 1e20**0.54)


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [
        (
            "constants",
            "E=1.7; A=400; B=410; alpha=0.34",
            "of a separable law must be A, B, E, alpha",
        ),
        ("constants", "E=1.7, A=400", "must be like E=1.69; A=406.4, but has"),
        ("constants", "E=nan", "but has 'E=nan'"),
        ("constants", "E=1; log_E=0", "has E twice"),
        ("standard_errors", "E", "must be like"),
        ("form", "cubic", "'separable', 'repeatable'"),
        ("status", "guessed", "'printed' or 'recomputed'"),
        ("name", "own law", "pattern"),
        ("source_url", "here", "pattern"),
        ("flop_low", "-1", "greater than 0"),
        ("row", "", "flop_low is larger than flop_high"),
    ],
)
def test_a_broken_row_names_file_line_column_and_reason(tmp_path, column, cell, reason):
    cells = {"flop_low": 1e24, "flop_high": 1e20} if column == "row" else {column: cell}
    path = copy_with(tmp_path, **cells)
    line = len(c.LAWS) + 2
    where = rf"scaling_laws.csv, line {line}, column {column}: "
    with pytest.raises(catalog.BadRow, match=where) as caught:
        read_rows(path, TABLES["scaling_laws"])
    assert reason in str(caught.value)


# --- names -------------------------------------------------------------------------------


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


@same_every_time
@given(published, sizes, tokens)
def test_tokens_for_inverts_the_loss(law, size, data):
    loss = law.loss(size, data)
    if loss - law.E > 1e-3:  # nearer to E the inverse amplifies rounding
        assert law.tokens_for(size, loss) == pytest.approx(data, rel=1e-6)


@same_every_time
@given(laws(), sizes, tokens, st.floats(1e-3, 1e3), st.floats(1e-3, 1e3))
def test_a_change_of_units_leaves_exponents_and_losses_alone(law, size, data, unit_n, unit_d):
    scaled = dataclasses.replace(law, A=law.A * unit_n**-law.alpha, B=law.B * unit_d**-law.beta)
    assert scaled.loss(size / unit_n, data / unit_d) == pytest.approx(law.loss(size, data))
    assert scaled.a == law.a


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
    # the frontier is a power of the budget, L* = E + K C^-gamma
    twice = law.optimal(flop=2 * flop).loss
    gamma = law.alpha * law.beta / (law.alpha + law.beta)
    assert (twice - law.E) / (best.loss - law.E) == pytest.approx(2**-gamma, rel=1e-9)


def test_equal_exponents_keep_tokens_per_parameter():
    ratio = c.MUENNIGHOFF_2023.optimal(flop=[1e18, 1e22, 1e26]).tokens_per_param
    assert ratio == pytest.approx([19.6130280321] * 3)


# --- extrapolation -----------------------------------------------------------------------


def test_extrapolation_is_flagged_with_its_distance():
    best = c.BESIROGLU_2024.optimal(flop=[1e20, 1e22, 1.3e23, 1e17])
    assert (best.decades_outside > 0).tolist() == [False, False, True, True]
    assert best.decades_outside == pytest.approx([0, 0, 1, np.log10(14)], abs=0.2)
    assert best.decades["flop"][2] == pytest.approx(1.0)


def test_a_long_run_is_flagged_for_its_tokens_per_parameter():
    run = c.BESIROGLU_2024.predict(1e8, 3e11)  # 3,000 tokens a parameter, 1.8e20 FLOP
    assert run.decades_outside > 0
    assert {k for k, v in run.decades.items() if v > 0} == {"tokens_per_param"}


@pytest.mark.parametrize("name", [n for n, one in c.LAWS.items() if isinstance(one, c.Allocates)])
def test_every_law_that_allocates_flags_a_budget_of_1e28(name):
    assert c.LAWS[name].optimal(flop=1e28).decades_outside > 3


# --- demand ------------------------------------------------------------------------------


@same_every_time
@given(laws(), sizes, demand)
def test_inference_optimum_meets_loss_and_wedge_identity(law, reference, served):
    best = c.inference_optimal(law, reference_params=reference, tokens_served=served)
    loss = best.baseline.loss
    assert best.loss == pytest.approx(loss, rel=1e-9)
    w = law.wedge(best.params, best.tokens)
    assert w == pytest.approx(1 + served / 3 / best.tokens, rel=1e-7)
    assert law.params_floor(loss) <= best.params * (1 + 1e-9)
    assert best.params <= best.baseline.params * (1 + 1e-12)
    assert best.saved_fraction >= -1e-12


@same_every_time
@given(published, st.floats(1e9, 1e12), st.floats(1e10, 1e16))
def test_inference_optimum_is_a_minimum_along_equal_loss(law, reference, served):
    best = c.inference_optimal(law, reference_params=reference, tokens_served=served)
    for factor in (0.9, 0.99, 1.01, 1.1, 1.5):
        size = best.params * factor
        data = law.tokens_for(size, best.baseline.loss)
        if np.isfinite(data):
            other = 6 * size * data + 2 * size * served
            assert other >= best.total * (1 - 1e-10)


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
    assert best.total == pytest.approx(end.fun, rel=1e-10)
    assert float(best.params) == pytest.approx(np.exp(end.x), rel=1e-4)


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
    assert usd.total == pytest.approx(1e-18 * flop.total, rel=1e-9)
    assert usd.saved_fraction == pytest.approx(flop.saved_fraction, abs=1e-8)


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
@given(published, st.floats(1e18, 1e26), st.floats(0.05, 5))
def test_iso_loss_runs_have_the_loss_of_their_base(law, flop, factor):
    trade, base = c.iso_loss(law, size_factor=factor), law.optimal(flop=flop)
    if factor <= law.size_floor_ratio:
        assert trade.token_factor == np.inf
    elif trade.token_factor < 1e6:
        got = law.loss(base.params * factor, base.tokens * trade.token_factor)
        assert got == pytest.approx(base.loss, rel=1e-9)


@pytest.mark.parametrize("law", SEPARABLE, ids=lambda law: law.name)
def test_critical_size_takes_twice_the_compute(law):
    factor = c.critical_size(law)
    assert law.size_floor_ratio < factor < 1
    assert c.iso_loss(law, size_factor=factor).flop_overhead == pytest.approx(1.0, rel=1e-9)


@same_every_time
@given(published, st.floats(1.0, 50))
def test_exchange_keeps_the_loss_and_ends_at_the_wedge(law, w):
    span = c.exchange(law, wedge=w)
    best = law.optimal(flop=1e22)
    run = (best.params * span.size_factor, best.tokens * span.token_factor)
    assert law.loss(*run) == pytest.approx(best.loss, rel=1e-9)
    assert law.wedge(*run) == pytest.approx(w, rel=1e-7)
    same = c.iso_loss(law, size_factor=span.size_factor)
    assert span.flop_overhead == pytest.approx(same.flop_overhead, rel=1e-6, abs=1e-12)


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


def test_enough_unique_tokens_give_the_ordinary_optimum():
    best = c.data_constrained(MUENNIGHOFF, flop=1e21, unique_tokens=1e14)
    assert not best.constrained
    assert best.params == MUENNIGHOFF.optimal(flop=1e21).params
    assert best.epochs < 1


def test_with_equal_exponents_epochs_depend_on_flop_over_unique_squared_only():
    many = c.data_constrained(MUENNIGHOFF, flop=[1e21, 1e23], unique_tokens=[1e10, 1e11])
    assert many.epochs[0] == pytest.approx(many.epochs[1], rel=1e-9)


def test_few_unique_tokens_do_not_underflow():
    best = c.data_constrained(MUENNIGHOFF, flop=1e24, unique_tokens=[1e6, 1e8])
    assert np.all(np.isfinite(best.params))
    # no size and no repetition get below the worth of endless ones
    unique = np.array([1e6, 1e8])
    size = MUENNIGHOFF.optimal(n_tokens=unique).params * (1 + MUENNIGHOFF.r_n_star)
    floor = c.SeparableLaw.loss(MUENNIGHOFF, size, unique * (1 + MUENNIGHOFF.r_d_star))
    assert np.all(best.loss > floor - 1e-12)


# --- other laws --------------------------------------------------------------------------


def test_kaplan_names_of_a_budget_agree():
    law = c.KAPLAN_2020
    best = law.optimal(flop=[2e20, 1e23])
    for name, value in (("loss", best.loss), ("n_params", best.params), ("n_tokens", best.tokens)):
        assert law.optimal(**{name: value}).flop == pytest.approx(best.flop, rel=1e-9), name
    day = law.optimal(flop=2 * 8.64e19)  # C_min of one PF-day
    assert (day.params, day.tokens) == pytest.approx((1.3e9, 2.0e10))


@pytest.mark.parametrize("of", ["params", "tokens"])
def test_power_law_allocation_inverts(of):
    law = c.PowerLaw(
        name="",
        factor=0.1,
        exponent=0.5 if of == "params" else 0.53,
        of=of,
        provenance=c.LLAMA_3_2024.provenance,
    )
    best = law.optimal(flop=[1e20, 1e24])
    assert 6 * best.params * best.tokens == pytest.approx(best.flop)
    assert law.optimal(n_params=best.params).flop == pytest.approx(best.flop)
    assert law.optimal(n_tokens=best.tokens).flop == pytest.approx(best.flop)
    assert best.loss is None
    slope = np.log(best.params[1] / best.params[0]) / np.log(1e4)
    assert slope == pytest.approx(0.5 if of == "params" else 0.47)


def test_a_law_of_many_constants_answers_for_each():
    law = c.BESIROGLU_2024
    runs = c.simulate(law, *c.isoflop_design(law), noise=0.004, seed=3)
    refits = c.bootstrap(c.fit(runs), n_resamples=40, seed=1)

    def size(one):
        return c.inference_optimal(one, loss=2.3, tokens_served=1e12).params

    def trade(one):
        return c.iso_loss(one, size_factor=0.5).token_factor

    def critical(one):
        return c.critical_size(one)

    for quantity, shape in ((size, (40,)), (trade, (40,)), (critical, (40,))):
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
    text = " ".join(page.reasons)
    assert "without embeddings" in text
    assert "cosine" in text
    assert len(page.allocations) == 2
    page = c.explain(c.HOFFMANN_2022_TEX, c.BESIROGLU_2024)
    assert "averaged" in " ".join(page.reasons)
    factors = page.swaps.set_index("constant")["factor"]
    assert set(factors.index) == {"A", "B", "alpha", "beta"}
    base = c.HOFFMANN_2022_TEX.optimal(flop=5.76e23).params
    swapped = dataclasses.replace(c.HOFFMANN_2022_TEX, beta=c.BESIROGLU_2024.beta)
    assert factors["beta"] == pytest.approx(swapped.optimal(flop=5.76e23).params / base)


@pytest.mark.parametrize("first", c.LAWS)
def test_any_two_laws_can_be_explained(first):
    page = c.explain(first, "REFIT_240")
    assert page.reasons and page.names == (first, "REFIT_240")


def test_compare_lists_every_law_that_allocates():
    table = c.compare(flop=[1e21, 5.76e23])
    allocating = [n for n, one in c.LAWS.items() if isinstance(one, c.Allocates)]
    assert table["law"].unique().tolist() == allocating
    assert len(table) == 2 * len(allocating)
    gopher = table[(table["law"] == "HOFFMANN_2022_TEX") & (table["flop"] == 5.76e23)]
    assert gopher["params"].item() == pytest.approx(40.36e9, rel=1e-3)


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
        (lambda: c.iso_loss(LAW, size_factor=0), "size_factor must be > 0"),
        (lambda: c.exchange(LAW, wedge=-1), "wedge must be > 0"),
        (lambda: c.usd_per_flop(3, 1e15, 1.5), "mfu must be <= 1"),
        (lambda: c.data_constrained(MUENNIGHOFF, flop=1e21, unique_tokens=0), "unique_tokens"),
        (lambda: c.training_flop(1e9, 0), "n_tokens must be > 0"),
        (lambda: c.simulate(LAW, 1e9, 1e10, noise=-1), "noise must be >= 0"),
        (lambda: c.runs_needed(240, width=0.05, target_width=0), "target_width must be > 0"),
        (lambda: c.approach_2({"n_params": [1e9], "n_tokens": [1e9], "loss": [2.0]}, flop=1e20),
         "at least two budgets"),
        (lambda: dataclasses.replace(c.LLAMA_3_2024, factor=0.0), "factor must be > 0"),
        (lambda: c.simulated_width(LAW, 1e9, 1e10, noise=0.1, n_simulations=1), "n_simulations"),
    ],
)  # fmt: skip
def test_bad_input_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
