"""Proves that the averaging bug is what it is said to be: a general optimiser reports success at
its start where the objective is a mean, and reaches the optimum of `fit` where it has no scale.

Oracles: `fit`, whose own tests stand on published optima; differences for the gradient.
"""

import numpy as np
import pytest

from llmecon import chinchilla as c

LAW, START = c.BESIROGLU_2024, c.HOFFMANN_2022_TEX
RUNS = c.simulate(
    LAW,
    *c.isoflop_design(LAW, flop=np.geomspace(6e18, 3e21, 8), n_sizes=30, half_width=6),
    noise=0.005,
    seed=1,
)
FOUND = c.fit(RUNS)


def stop(scale, **options):
    return c.general_stop(RUNS, start=START, scale=scale, **options)


def test_the_mean_reports_success_far_from_the_optimum():
    end = stop("mean")
    assert end.success
    assert end.objective > 1.3 * FOUND.objective
    # it stays with the exponent it was given
    assert abs(end.law.a - START.a) < 0.1 * abs(FOUND.law.a - START.a)


def test_without_a_scale_it_reaches_the_optimum():
    end = stop("scaled")
    assert end.success
    assert end.objective == pytest.approx(FOUND.objective, rel=1e-7)
    assert float(end.law.a) == pytest.approx(float(FOUND.law.a), abs=1e-4)


def test_the_objective_is_the_sum_whatever_was_handed_over():
    for scale in ("mean", "sum", "scaled"):
        end = stop(scale)
        assert end.objective == pytest.approx(c.objective_at(end.law, RUNS), rel=1e-9)
        assert end.objective >= FOUND.objective


def test_a_law_that_is_the_optimum_is_left_alone():
    end = c.general_stop(RUNS, start=FOUND.law, scale="scaled")
    assert end.law.alpha == pytest.approx(FOUND.law.alpha, rel=1e-6)
    assert end.objective == pytest.approx(FOUND.objective, rel=1e-10)


def test_the_mean_stops_where_the_sum_still_falls_steeply():
    """By differences: the gradient of the sum, over its value, is far from zero."""
    end = stop("mean")
    raw = np.array([getattr(end.law, k) for k in ("A", "B", "E", "alpha", "beta")], dtype=float)
    raw[:3] = np.log(raw[:3])

    def objective(theta):
        a, b, e = np.exp(theta[:3])
        law = c.SeparableLaw(
            name="", A=a, B=b, E=e, alpha=theta[3], beta=theta[4], provenance=LAW.provenance
        )
        return c.objective_at(law, RUNS)

    steps = 1e-7 * np.eye(5)
    slope = [(objective(raw + h) - objective(raw - h)) / 2e-7 for h in steps]
    assert np.linalg.norm(slope) / end.objective > 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"scale": "average"}, "scale must be 'mean', 'sum' or 'scaled', got 'average'"),
        ({"delta": 0.0}, "delta must be > 0"),
    ],
)
def test_a_bad_option_is_named(options, words):
    with pytest.raises(ValueError, match=words):
        c.general_stop(RUNS, start=START, **options)
