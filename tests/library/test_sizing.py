"""The baseline for inferring size reproduces its printed constants and misses as it says."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmecon import catalog, sizing


@pytest.fixture(scope="module")
def served():
    frame = catalog.served_open_models()
    return frame[frame.date == pd.Timestamp("2025-01-26")].reset_index(drop=True)


@pytest.fixture(scope="module")
def line(served):
    return sizing.fit(served)


# ---- published numbers: reference, claims.md, "A baseline for inferring size" ------------------


def test_reference_baseline_rows(line):
    """23 rows of 17 models."""
    assert (line.n_rows, line.n_models) == (23, 17)


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
    assert line.active_params([[1.0], [10.0]], [50.0, 100.0]).shape == (2, 2)


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
