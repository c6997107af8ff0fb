"""Trends are the closed forms they claim to be, and their intervals hold what they promise."""

import math
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from llmecon import catalog, trends
from llmecon._checks import iso_date
from llmecon.trends._dates import years_since

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
    assert trends.growth_rate(*recent).at(ESSAY) == pytest.approx(7.770e12, rel=1e-4)
    assert trends.growth_rate(*whole).at(ESSAY) == pytest.approx(6.28e13, rel=1e-3)
    assert trends.growth_rate(*recent).date_of(10e12) == pd.Timestamp("2025-04-02")


def test_reference_open_frontier():
    """O01 and O09: totals 2.48, sparsity 3.10, active 0.80 times a year, 16 models."""
    models = catalog.models()
    then = models.release_date.between("2024-07-01", "2026-11-24")  # what the reference knew
    models = models[models.open_weights & models.frontier & then]
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
    years = years_since(dates[0], dates)
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
    years = years_since(days[0], days)
    return days, 1e10 * factor**years * 10 ** rng.normal(0, sd, n)


def test_the_fit_is_that_of_scipy():
    days, sizes = noisy(1)
    ours = trends.growth_rate(days, sizes)
    theirs = stats.linregress(years_since(days[0], days), np.log10(sizes))
    assert ours.log10_slope == pytest.approx(theirs.slope, rel=1e-9)
    assert ours.standard_error == pytest.approx(theirs.stderr, rel=1e-9)


def test_the_band_is_that_of_the_textbook_formula():
    """Prediction interval of a line, from the matrix form (X'X)^-1."""
    days, sizes = noisy(2)
    growth = trends.growth_rate(days, sizes, confidence=0.9)
    years = years_since(days[0], days)
    design = np.column_stack([np.ones_like(years), years])
    coefficients, squares, *_ = np.linalg.lstsq(design, np.log10(sizes), rcond=None)
    at = np.array([1.0, trends.elapsed_years(days[0], "2026-01-01")])
    variance = squares[0] / (len(years) - 2)
    leverage = at @ np.linalg.inv(design.T @ design) @ at
    t = stats.t.ppf(0.95, len(years) - 2)
    low, high = growth.band("2026-01-01")
    half = t * math.sqrt(variance * (1 + leverage))
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
    day = trends.growth_rate(dates, sizes).date_of(size)
    one_day = 2.304 ** (1 / 365.25)
    assert 1 / one_day < trends.growth_rate(dates, sizes).at(day) / size < one_day


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
        (lambda: trends.elapsed_years("soon", ESSAY), "start must be an ISO date, got 'soon'"),
        (lambda: trends.elapsed_years(ESSAY, pd.NaT), "end must be an ISO date, got NaT"),
        (lambda: trends.elapsed_years("-2019-01-01", ESSAY), "start must be an ISO date"),
        (lambda: trends.growth_rate([2018, 2020], [1, 2]), "dates must be an ISO date, got 2018"),
        (lambda: trends.growth_rate([2018.5, 2020.0], [1, 2]), "dates must be an ISO date, got"),
        (lambda: trends.growth_rate(np.array([2018, 2020]), [1, 2]), "dates must be an ISO date"),
        (lambda: trends.growth_rate(2018, 1.0), "dates must be an ISO date, got 2018"),
        (lambda: trends.ratio(1.0, 0.0), "b must be > 0, got 0"),
        (lambda: trends.growth_rate(["2020-01-01"], [1.0]), "two different days, got 1"),
        (lambda: trends.growth_rate(["2020-01-01"] * 2, [1.0, 2.0]), "two different days, got 1"),
        (lambda: trends.growth_rate(DATES, [1.0]), "sizes must be as many as dates, got 1 and 5"),
        (lambda: trends.growth_rate(DATES, [1.0, 2.0, 0.0, 4.0, 5.0]), "sizes must be > 0, got 0"),
        (lambda: trends.growth_rate(DATES, [1, 2, np.nan, 4, 5]), "sizes must be a finite number"),
        (lambda: trends.growth_rate(DATES, exact(DATES), confidence=1.0), "confidence must be <="),
        (lambda: trends.doubling_time(-1.0), "factor_per_year must be > 0, got -1"),
        (lambda: trends.growth_rate(*pair(GPT3, GPT4)).date_of(0), "size must be > 0, got 0"),
        (
            lambda: trends.growth_rate(DATES[:2], [1.0, 1.0]).date_of(2.0),
            "never reached: the line is flat",
        ),
        (
            lambda: trends.growth_rate(DATES[:2], [1.0, 1.0001]).date_of(1e12),
            "beyond the calendar",
        ),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    "text",
    [
        *("03/04/2024", "31/12/2025", "2024Q3", "now", "today", "2024", "20241213", "2024-13-01"),
        *("2023-02-29", "2024-12-13T00:00", "2024-12-13+01:00", " 2024-12-13", "-2019-01-01"),
        *(pd.Timestamp("2024-12-13", tz="UTC"), 2024, None, True),
    ],
)
def test_what_is_no_iso_date_is_refused_in_one_line(text):
    with pytest.raises(ValueError, match=r"^day must be an ISO date, got ") as caught:
        iso_date("day", text)
    assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match="start must be an ISO date"):
        trends.elapsed_years(text, ESSAY)


def test_a_month_is_its_first_day_and_dates_stay_themselves():
    for form in ("2024-08", "2024-08-01", date(2024, 8, 1), pd.Timestamp("2024-08-01 12:00")):
        assert iso_date("day", form) == date(2024, 8, 1)


def test_nobody_sets_a_record_without_a_size():
    with pytest.raises(ValueError, match="no row has a value of total_params"):
        trends.records(catalog.models().query("model == 'GPT-4.5'"), "total_params")


# ---- break points -------------------------------------------------------------------------------

QUARTERS = [f"{year}-{month:02d}-01" for year in range(2018, 2025) for month in (1, 4, 7, 10)]


def broken(turn="2021-05-15", before=8.0, after=0.5, sd=0.0, seed=0):
    years = years_since(turn, QUARTERS)
    logs = np.where(years < 0, np.log10(before), np.log10(after)) * years
    return 1e11 * 10 ** (logs + np.random.default_rng(seed).normal(0, sd, len(years)))


def test_two_exact_lines_give_their_day_and_their_rates():
    turn = trends.break_point(QUARTERS, broken(sd=1e-4))
    assert abs(turn.date - pd.Timestamp("2021-05-15")).days <= 1
    assert turn.before == pytest.approx(8.0, rel=0.01)
    assert turn.after == pytest.approx(0.5, rel=0.01)
    assert turn.p_value == pytest.approx(1 / 1000)


def test_the_day_of_the_break_is_that_of_a_numerical_minimiser():
    """Second formula: SciPy on the same sum of squares."""
    sizes = broken(sd=0.2, seed=3)
    years = years_since(QUARTERS[0], QUARTERS)

    def squares(turn):
        away = years - turn
        design = np.column_stack([np.ones_like(away), np.minimum(away, 0), np.maximum(away, 0)])
        return np.linalg.lstsq(design, np.log10(sizes), rcond=None)[1][0]

    grid = np.linspace(years[2], years[-3], 2000)
    best = grid[np.argmin([squares(turn) for turn in grid])]
    found = trends.break_point(QUARTERS, sizes)
    assert trends.elapsed_years(QUARTERS[0], found.date) == pytest.approx(best, abs=0.005)


def test_intervals_of_the_day_hold_the_true_day():
    """Coverage over 150 made-up frontiers, between 70 and 90 % of 80 %-intervals."""
    hits = 0
    for seed in range(150):
        turn = trends.break_point(QUARTERS, broken(sd=0.3, seed=seed), draws=199)
        hits += turn.earliest <= pd.Timestamp("2021-05-15") <= turn.latest
    assert 0.70 <= hits / 150 <= 0.90


def test_the_p_value_is_level_where_there_is_no_break():
    """Of 150 straight frontiers about a tenth fall below 0.1: three standard errors."""
    low = 0
    for seed in range(150):
        sizes = broken(before=3.0, after=3.0, sd=0.3, seed=seed)
        low += trends.break_point(QUARTERS, sizes, draws=199, seed=seed).p_value < 0.1
    assert low / 150 == pytest.approx(0.1, abs=3 * math.sqrt(0.1 * 0.9 / 150))


def test_the_frontier_of_the_article_broke_before_gpt4():
    """Regression, no source: frontier models of models.csv until the essay's day."""
    models = catalog.models()
    models = models[models.frontier & models.total_params.notna() & (models.release_date <= ESSAY)]
    turn = trends.break_point(models.release_date, models.total_params)
    assert turn.latest < pd.Timestamp("2022-06-01") and turn.p_value < 0.01
    assert turn.before > 5 and turn.after < 1.5


# ---- sizes that are only estimated ---------------------------------------------------------------


@pytest.fixture(scope="module")
def frontier():
    models = catalog.models()
    return models[models.frontier & models.total_params.notna() & (models.release_date <= ESSAY)]


def test_disclosed_sizes_are_fixed_and_ranges_hold_nine_tenths(frontier):
    sizes = trends.sample_sizes(frontier, draws=20_000)
    sure = (frontier.size_status == "disclosed").to_numpy()
    assert (sizes[:, sure] == frontier.total_params.to_numpy()[sure]).all()
    gpt4o = (frontier.model == "GPT-4o").to_numpy()
    row = frontier[gpt4o].iloc[0]
    drawn = sizes[:, gpt4o]
    assert np.median(drawn) == pytest.approx(row.total_params, rel=0.02)
    inside = (drawn >= row.size_low) & (drawn <= row.size_high)
    assert inside.mean() == pytest.approx(0.9, abs=0.01)


def test_with_sure_sizes_the_samples_are_the_interval_of_the_line():
    """Closed form: only the scatter is left, so that Student's interval comes back."""
    days, sizes = noisy(5)
    models = pd.DataFrame(
        {
            "release_date": days,
            "total_params": sizes,
            "size_low": sizes,
            "size_high": sizes,
            "size_status": "disclosed",
        }
    )
    samples = trends.growth_samples(models, draws=40_000)
    expected = trends.growth_rate(days, sizes, confidence=0.8).interval
    assert samples.interval(0.8) == pytest.approx(expected, rel=0.01)
    assert samples.share_from_sizes == pytest.approx(0.0, abs=1e-12)
    low, high = trends.growth_rate(days, sizes, confidence=0.8).band("2026-01-01")
    row = trends.fan(samples, ["2026-01-01"], levels=(0.8,)).iloc[0]
    assert (row.low, row.high) == pytest.approx((low[0], high[0]), rel=0.12)


def test_unsure_sizes_widen_the_growth_and_say_how_much(frontier):
    unsure = frontier.assign(size_status="estimate", size_low=frontier.total_params / 5)
    unsure = unsure.assign(size_high=frontier.total_params * 5)
    wide, narrow = trends.growth_samples(unsure), trends.growth_samples(frontier)
    assert np.ptp(wide.interval()) > np.ptp(narrow.interval())
    assert wide.share_from_sizes > narrow.share_from_sizes


def test_the_fan_opens_and_holds_its_levels_inside_each_other(frontier):
    samples = trends.growth_samples(frontier)
    frame = trends.fan(samples, ["2025-01-01", "2027-01-01"], levels=(0.5, 0.8))
    width = np.log10(frame.high / frame.low).to_numpy().reshape(2, 2)
    assert (width[:, 1] > width[:, 0]).all()  # later is wider
    assert (width[1] > width[0]).all()  # 80 % is wider than 50 %


def test_days_on_which_a_size_is_reached_agree_with_the_sizes(frontier):
    samples = trends.growth_samples(frontier)
    days = samples.dates_of(1e13)
    reached = ~np.isnat(days)
    by_2027 = (days[reached] <= np.datetime64("2027-01-01")).mean()
    assert (samples.at("2027-01-01")[reached, 0] >= 1e13).mean() == pytest.approx(by_2027, abs=0.01)
    falling = trends.GrowthSamples(
        origin=pd.Timestamp(ESSAY),
        log10_level=np.array([12.0]),
        log10_slope=np.array([-0.1]),
        residual_sd=np.array([0.1]),
        share_from_sizes=0.0,
    )
    assert np.isnat(falling.dates_of(1e13)).all()


def test_breaks_of_unsure_sizes_surround_the_break_of_the_central_ones(frontier):
    samples = trends.break_samples(frontier, draws=300)
    centre = trends.break_point(frontier.release_date, frontier.total_params)
    days = np.quantile(samples.dates.astype("int64"), [0.1, 0.9])
    assert days[0] <= centre.date.value / 86_400e9 <= days[1]
    assert 0.0 <= samples.chance_of_shrinking <= 1.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: trends.break_point(DATES, exact(DATES)), "a break needs at least 8 points, got 5"),
        (
            lambda: trends.break_point(["2020-01-01"] * 4 + ["2021-01-01"] * 4, np.ones(8)),
            "a break needs 6 different days, got 2",
        ),
        (lambda: trends.break_point(QUARTERS, [1.0]), "sizes must be as many as dates"),
        (
            lambda: trends.growth_samples(catalog.models().iloc[:2]),
            "at least 3 models, got 2",
        ),
        (
            lambda: trends.sample_sizes(catalog.models().query("model == 'GPT-4.5'")),
            "total_params must be a finite number",
        ),
        (lambda: trends.sample_sizes(catalog.models().iloc[:2], draws=0), "draws must be >= 1"),
        (
            lambda: trends.fan(
                trends.growth_samples(catalog.models().iloc[:5]), [ESSAY], levels=(1.5,)
            ),
            "levels must be <= 0.9999",
        ),
    ],
)
def test_bad_input_for_breaks_and_samples_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_broken_line_passes_through_the_points_it_was_made_of():
    """Closed form: without noise the fit is the line itself."""
    dates = [f"{year}-{month}-01" for year in range(2019, 2025) for month in ("01", "07")]
    years = years_since("2022-01-01", dates)
    sizes = 3e10 * 8.0 ** np.where(years < 0, years, -0.5 * years)
    found = trends.break_point(dates, sizes, draws=20)
    assert found.at(dates) == pytest.approx(sizes, rel=0.02)
