"""Trends are the closed forms they claim to be, and their intervals hold what they promise."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from llmecon import catalog, trends

# Reference, claims.md, lines "Check" of E03, E05, E06, E07, E09, E12 and R15.
GPT1, GPT3, GPT4 = ("2018-06-11", 117e6), ("2020-05-28", 175e9), ("2023-03-14", 1.8e12)
GPT4O, SONNET = ("2024-05-13", 200e9), ("2024-06-20", 400e9)
ESSAY = "2024-12-13"


def pair(first, second):
    return [first[0], second[0]], [first[1], second[1]]


# ---- published numbers -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "printed"),
    [(GPT1, GPT3, 1.963), (GPT3, GPT4, 2.793), (GPT4, GPT4O, 1.17), (GPT4, SONNET, 1.27)],
)
def test_reference_elapsed_years(start, end, printed):
    digits = len(str(printed).split(".")[1])
    assert round(trends.elapsed_years(start[0], end[0]), digits) == printed


@pytest.mark.parametrize(
    ("a", "b", "printed"), [(GPT3, GPT1, 1495.7), (GPT4, GPT3, 10.3), (GPT4, GPT4O, 9.0)]
)
def test_reference_ratios(a, b, printed):
    assert round(float(trends.ratio(a[1], b[1])), 1) == printed


@pytest.mark.parametrize(
    ("first", "second", "printed"),
    [(GPT1, GPT3, 41.4), (GPT3, GPT4, 2.304), (GPT4, GPT4O, 0.152), (GPT4, SONNET, 0.306)],
)
def test_reference_growth_rates(first, second, printed):
    growth = trends.growth_rate(*pair(first, second)).factor_per_year
    assert growth == pytest.approx(printed, rel=2e-3)


def test_reference_ten_trillion():
    """E12: 7.770e12 on the essay's day, 10e12 on 2025-04-02; from GPT-1 to GPT-4 6.28e13."""
    recent, whole = pair(GPT3, GPT4), pair(GPT1, GPT4)
    assert trends.extrapolate(*recent, to=ESSAY) == pytest.approx(7.770e12, rel=1e-4)
    assert trends.extrapolate(*whole, to=ESSAY) == pytest.approx(6.28e13, rel=1e-3)
    assert trends.date_reached(*recent, size=10e12) == pd.Timestamp("2025-04-02")


def test_reference_open_frontier():
    """O01 and O09: totals 2.48, sparsity 3.10, active 0.80 times a year, 16 models."""
    models = catalog.models()
    models = models[models.open_weights & models.frontier & (models.release_date >= "2024-07-01")]
    for sizes, printed in (
        (models.total_params, 2.48),
        (models.total_params / models.active_params, 3.10),
        (models.active_params, 0.80),
    ):
        growth = trends.growth_rate(models.release_date, sizes)
        assert growth.n == 16
        assert round(growth.factor_per_year, 2) == printed


# ---- closed forms and a second formula --------------------------------------------------------


def exact(dates, level=1e9, factor=3.0):
    years = trends.years_since(dates[0], dates)
    return level * factor**years


DATES = ["2019-01-01", "2020-03-01", "2021-02-15", "2022-08-30", "2024-01-01"]


def test_an_exact_exponential_gives_its_factor_and_no_error():
    growth = trends.growth_rate(DATES, exact(DATES))
    assert growth.factor_per_year == pytest.approx(3.0, rel=1e-12)
    assert growth.standard_error == pytest.approx(0.0, abs=1e-12)
    assert growth.at(DATES) == pytest.approx(exact(DATES))
    assert growth.doubling_years == pytest.approx(math.log(2) / math.log(3))


def noisy(seed, n=12, sd=0.3, factor=2.0):
    rng = np.random.default_rng(seed)
    days = pd.Timestamp("2019-01-01") + pd.to_timedelta(np.sort(rng.integers(0, 2000, n)), "D")
    years = trends.years_since(days[0], days)
    return days, 1e10 * factor**years * 10 ** rng.normal(0, sd, n)


def test_the_fit_is_that_of_scipy():
    days, sizes = noisy(1)
    ours = trends.growth_rate(days, sizes)
    theirs = stats.linregress(trends.years_since(days[0], days), np.log10(sizes))
    assert ours.log10_slope == pytest.approx(theirs.slope, rel=1e-9)
    assert ours.standard_error == pytest.approx(theirs.stderr, rel=1e-9)


def test_the_band_is_that_of_the_textbook_formula():
    """Prediction interval of a line, from the matrix form (X'X)^-1."""
    days, sizes = noisy(2)
    growth = trends.growth_rate(days, sizes, confidence=0.9)
    years = trends.years_since(days[0], days)
    design = np.column_stack([np.ones_like(years), years])
    coefficients, squares, *_ = np.linalg.lstsq(design, np.log10(sizes), rcond=None)
    at = np.array([1.0, trends.elapsed_years(days[0], "2026-01-01")])
    variance = squares[0] / (len(years) - 2)
    leverage = at @ np.linalg.inv(design.T @ design) @ at
    t = stats.t.ppf(0.95, len(years) - 2)
    for of, spread in (("point", 1 + leverage), ("line", leverage)):
        low, high = growth.band("2026-01-01", of=of)
        half = t * math.sqrt(variance * spread)
        assert np.log10(low[0]) == pytest.approx(at @ coefficients - half, rel=1e-9)
        assert np.log10(high[0]) == pytest.approx(at @ coefficients + half, rel=1e-9)


def test_intervals_hold_the_truth_as_often_as_they_say():
    """Coverage over 1000 made-up frontiers: 80 % within three standard errors of that share."""
    hits = 0
    for seed in range(1000):
        low, high = trends.growth_rate(*noisy(seed), confidence=0.8).interval
        hits += low <= 2.0 <= high
    assert hits / 1000 == pytest.approx(0.8, abs=3 * math.sqrt(0.8 * 0.2 / 1000))


# ---- invariants --------------------------------------------------------------------------------


@settings(derandomize=True, max_examples=60)
@given(
    scale=st.floats(1e-3, 1e3),
    shift=st.integers(-2000, 2000),
    seed=st.integers(0, 50),
)
def test_units_and_the_calendar_do_not_matter(scale, shift, seed):
    days, sizes = noisy(seed)
    growth = trends.growth_rate(days, sizes)
    moved = trends.growth_rate(days + pd.Timedelta(days=shift), sizes * scale)
    assert moved.log10_slope == pytest.approx(growth.log10_slope, rel=1e-7, abs=1e-9)
    assert moved.standard_error == pytest.approx(growth.standard_error, rel=1e-7)


@settings(derandomize=True, max_examples=60)
@given(factor=st.floats(0.05, 50.0).filter(lambda f: abs(f - 1) > 1e-3))
def test_after_the_doubling_time_the_size_has_doubled(factor):
    assert factor ** trends.doubling_time(factor) == pytest.approx(2.0)


@settings(derandomize=True, max_examples=60)
@given(size=st.floats(1e11, 1e14))
def test_the_size_on_the_day_it_is_reached_is_that_size(size):
    dates, sizes = pair(GPT3, GPT4)
    day = trends.date_reached(dates, sizes, size=size)
    one_day = 2.304 ** (1 / 365.25)
    assert 1 / one_day < trends.extrapolate(dates, sizes, to=day) / size < one_day


def test_time_runs_both_ways():
    assert trends.elapsed_years("2020-01-01", "2019-01-01") == -365 / 365.25


def test_a_halving_is_a_negative_doubling_and_rest_never_doubles():
    assert trends.doubling_time(0.5) == pytest.approx(-1.0)
    assert trends.doubling_time(1.0) == math.inf


def test_two_points_leave_nothing_to_judge_by():
    growth = trends.growth_rate(*pair(GPT3, GPT4))
    assert growth.standard_error == math.inf and growth.interval == (0.0, math.inf)
    with pytest.raises(ValueError, match="a band needs at least 3 points, got 2"):
        growth.band(ESSAY)


def test_records_are_the_largest_so_far():
    frame = pd.DataFrame(
        {
            "model": list("abcde"),
            "release_date": pd.to_datetime(
                ["2020-01-01", "2021-01-01", "2019-01-01", "2022-01-01", "2023-01-01"]
            ),
            "total_params": [2.0, 1.5, 1.0, np.nan, 3.0],
        }
    )
    assert "".join(trends.records(frame, "total_params").model) == "cae"


# ---- bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: trends.elapsed_years("soon", ESSAY), "start must be ISO dates, got 'soon'"),
        (lambda: trends.elapsed_years(ESSAY, pd.NaT), "end must be dates, got an empty one"),
        (lambda: trends.ratio(1.0, 0.0), "b must be > 0, got 0"),
        (lambda: trends.growth_rate(["2020-01-01"], [1.0]), "two different days, got 1"),
        (lambda: trends.growth_rate(["2020-01-01"] * 2, [1.0, 2.0]), "two different days, got 1"),
        (lambda: trends.growth_rate(DATES, [1.0]), "sizes must be as many as dates, got 1 and 5"),
        (lambda: trends.growth_rate(DATES, [1.0, 2.0, 0.0, 4.0, 5.0]), "sizes must be > 0, got 0"),
        (lambda: trends.growth_rate(DATES, [1, 2, np.nan, 4, 5]), "sizes must be a finite number"),
        (lambda: trends.growth_rate(DATES, exact(DATES), confidence=1.0), "confidence must be <="),
        (lambda: trends.growth_rate(DATES, exact(DATES)).band(ESSAY, of="x"), "of must be 'point'"),
        (lambda: trends.doubling_time(-1.0), "factor_per_year must be > 0, got -1"),
        (lambda: trends.date_reached(*pair(GPT3, GPT4), size=0), "size must be > 0, got 0"),
        (
            lambda: trends.date_reached(DATES[:2], [1.0, 1.0], size=2.0),
            "never reached: the line is flat",
        ),
        (
            lambda: trends.date_reached(DATES[:2], [1.0, 1.0001], size=1e12),
            "beyond the calendar",
        ),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_nobody_sets_a_record_without_a_size():
    with pytest.raises(ValueError, match="no row has a value of total_params"):
        trends.records(catalog.models().query("model == 'GPT-4.5'"), "total_params")
