"""Sizes from price and speed: closed forms, invariants, honesty in time, made-up worlds."""

import numpy as np
import pandas as pd
import pytest

from llmecon import catalog, sizing
from llmecon.sizing import line

A, B, C = 29.0, 0.6, -0.9  # constants of the made-up world


def world(n_models=60, n_families=12, noise=0.0, hosts=1, host_noise=0.0, seed=0):
    """Offers of a world in which the line holds, with errors of families and of hosts."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(n_models):
        price, speed = rng.normal(0, 1), rng.normal(4, 0.5)
        size = np.exp(A + B * price + C * speed + noise * rng.normal())
        for host in range(hosts):
            rows.append(
                {
                    "date": pd.Timestamp("2025-01-26") if i % 2 else pd.Timestamp("2025-08-08"),
                    "model": f"m{i}",
                    "family": f"f{i % n_families}",
                    "total_params": size,
                    "active_params": size / 2,
                    "host": f"h{host}",
                    "blended_usd_per_mtok": np.exp(price + host_noise * rng.normal()),
                    "output_tokens_per_s": np.exp(speed + host_noise * rng.normal()),
                }
            )
    return pd.DataFrame(rows)


def test_the_line_of_a_world_without_noise_is_found_exactly():
    found = line.line_of(sizing.readings(world()), "total_params")
    assert (found.level, found.price, found.speed) == pytest.approx((A, B, C))


def test_every_reading_of_such_a_world_is_exact_and_no_simpler_rule_is():
    rows = sizing.evaluate(world())
    worst = rows.groupby("method").factor.max()
    exact = list(sizing.METHODS[:2])  # a curve can be straight
    assert worst[exact].to_numpy() == pytest.approx([1.0, 1.0])
    assert (worst.drop(exact) > 1.5).all()


def test_where_the_world_bends_the_curve_is_exact_and_the_line_is_not():
    rows = world()
    bend = np.exp(0.3 * np.log(rows.blended_usd_per_mtok) ** 2)
    for kind in sizing.TARGETS:
        rows[kind] *= bend
    worst = sizing.evaluate(rows).groupby("method").factor.max()
    assert worst[sizing.METHODS[1]] == pytest.approx(1.0)
    assert worst[sizing.METHODS[0]] > 1.2


def test_an_interval_holds_what_it_says_where_errors_are_alike():
    """80 % of 300 models: a share outside 72 to 88 % has a chance below 1 in 1,000."""
    rows = sizing.evaluate(world(n_models=300, noise=0.7, seed=3))
    found = sizing.summary(rows)
    for kind in sizing.TARGETS:
        assert 0.72 < found.loc[(kind, sizing.METHODS[0]), "coverage"] < 0.88


def test_several_hosts_are_several_readings_of_one_size():
    """The mean over hosts of log price and log speed, so nine hosts err less than one."""
    one = sizing.evaluate(world(hosts=1, host_noise=0.6, seed=5))
    nine = sizing.evaluate(world(hosts=9, host_noise=0.6, seed=5))
    middle = [t[t.method == sizing.METHODS[0]].factor.median() for t in (one, nine)]
    assert middle[1] < middle[0]
    assert set(sizing.readings(world(hosts=9)).hosts) == {9}


def test_readings_do_not_depend_on_the_order_of_the_rows():
    rows = world(hosts=3, host_noise=0.5)
    mixed = rows.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(sizing.readings(rows), sizing.readings(mixed))


def test_prices_in_another_currency_change_no_size():
    rows = world(noise=0.5)
    other = rows.assign(blended_usd_per_mtok=rows.blended_usd_per_mtok * 7.1)
    a, b = sizing.evaluate(rows), sizing.evaluate(other)
    ours = a.method == sizing.METHODS[0]
    assert b.predicted[ours].to_numpy() == pytest.approx(a.predicted[ours].to_numpy())


def test_a_dearer_or_slower_model_is_read_larger():
    def median(price, speed):
        return sizing.infer(price, speed, "2025-08-08").total_params.median

    assert median(20, 60) > median(10, 60) > median(10, 120)


def test_two_hosts_are_read_at_their_geometric_mean():
    both = sizing.infer([4.0, 9.0], [50.0, 200.0], "2025-08-08")
    one = sizing.infer(6.0, 100.0, "2025-08-08")
    assert both.total_params.median == pytest.approx(one.total_params.median)


def test_nothing_of_a_later_day_is_used_unless_asked_for():
    before = sizing.infer(10, 100, "2025-02-01")
    after = sizing.infer(10, 100, "2025-02-01", later=True)
    assert before.newest == pd.Timestamp("2025-01-26")
    assert after.newest > before.newest and after.n_offers > before.n_offers
    assert (sizing.offers("2025-02-01").date <= "2025-02-01").all()


def test_a_day_before_the_first_list_is_said_to_be_unknown():
    with pytest.raises(ValueError, match="not known on 2024-05-13"):
        sizing.infer(10, 100, "2024-05-13")
    assert sizing.infer(10, 100, "2024-05-13", later=True).n_models > 10


def test_no_model_has_more_at_work_than_it_has():
    for price, speed in ((0.1, 300), (2, 60), (60, 20)):
        found = sizing.infer(price, speed, "2025-08-08")
        levels = np.linspace(0.01, 0.99, 25)
        total, active = found.total_params, found.active_params
        assert (active.quantile(levels) <= total.quantile(levels) * (1 + 1e-9)).all()


def test_offers_on_own_chips_are_in_the_table_and_out_of_the_fit():
    table = catalog.table("served_offers")
    assert table.own_chips.any() and not sizing.offers().own_chips.any()


def test_a_model_left_out_does_not_inform():
    name = sizing.offers().model.iloc[0]
    assert name not in set(sizing.offers(leave_out=[name]).model)
    with pytest.raises(LookupError, match="nearest"):
        sizing.offers(leave_out=[name + "x"])


def test_quantiles_of_equal_weights_are_those_of_weibull():
    sizes = sizing.Sizes.of(np.array([8.0, 1.0, 2.0, 4.0]), np.ones(4))
    assert sizes.quantile([0.2, 0.4, 0.6, 0.8]) == pytest.approx([1, 2, 4, 8])
    assert sizes.median == pytest.approx(np.sqrt(8))
    assert sizes.interval(0.6) == pytest.approx((1, 8))
    assert sizes.chance_below(3.0) == 0.5


def test_a_held_out_family_or_list_does_not_read_itself():
    """A family whose sizes are all a hundred times the line's: left out, it is missed so."""
    rows = world()
    strange = rows.family == "f0"
    rows.loc[strange, ["total_params", "active_params"]] *= 100
    found = sizing.evaluate(rows)
    ours = found[(found.method == sizing.METHODS[0]) & (found.of == "total_params")]
    assert ours[ours.family == "f0"].factor.to_numpy() == pytest.approx(100)
    by_date = sizing.evaluate(rows, out="date")
    assert (by_date.groupby("date").size() > 0).all()


def test_a_lead_is_a_ratio_of_medians_with_its_spread():
    rows = sizing.evaluate(world(noise=0.5))
    middle, low, high = sizing.lead(rows, "typical size")
    assert low <= middle <= high < 1
    same = sizing.lead(rows, sizing.METHODS[0])
    assert same == (1, 1, 1)


@pytest.mark.parametrize(
    ("call", "wrong"),
    [
        (lambda: sizing.infer(0, 100, "2025-08-08"), "output_usd_per_mtok must be > 0"),
        (lambda: sizing.infer(10, -1, "2025-08-08"), "output_tokens_per_s must be > 0"),
        (
            lambda: sizing.infer(10, 100, "2025-08-08", input_usd_per_mtok=0),
            "input_usd_per_mtok must be > 0",
        ),
        (lambda: sizing.evaluate(world().iloc[:0]), "different values of family"),
        (lambda: line.line_of(sizing.readings(world(n_models=5)), "total_params"), "models must"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(call, wrong):
    with pytest.raises(ValueError, match=wrong):
        call()
