"""Figures and numbers of the page on fits: what each must show whatever the numbers are."""

import numpy as np
import pytest

from llmecon import chinchilla
from llmecon_book.chapters import fitting as chapter
from llmecon_book.charts import fitting
from llmecon_book.words import scientific
from test_charts import FIGURES


def test_a_law_without_an_interval_gets_no_bar():
    spec = FIGURES["fig-allocations-chart"]
    bars, points = spec["layer"]
    assert (bars["mark"]["type"], points["mark"]["type"]) == ("rule", "point")
    barred, all_laws = (spec["datasets"][layer["data"]["name"]] for layer in (bars, points))
    assert 1 < len(barred) < len(all_laws)
    assert all(row["low"] < row["high"] for row in barred)
    assert {row["law"] for row in barred} == {row["law"] for row in all_laws if row["low"]}


def test_twins_share_the_runs_and_not_the_optimum():
    """Second formula: each minimum is the lowest of its curve."""
    law = chinchilla.BESIROGLU_2024
    found = chapter.twins(law, law.optimal(flop=[1e19, 1e20, 1e21]))
    assert found.gap < 1e-9 and found.twin_factor > 10 and found.n_twins == len(found.minima)
    for twin in found.minima.itertuples():
        curve = found.curves[found.curves.law == twin.law]
        at = curve.n_params.iloc[np.argmin(curve.loss)]
        assert twin.n_params == pytest.approx(at, rel=0.1)
    circles = fitting.twins(found).to_dict()["layer"][2]
    assert circles["mark"]["shape"] == "circle"


def test_a_plan_on_one_line_fixes_nothing_and_the_fit_says_so():
    law = chinchilla.BESIROGLU_2024
    runs = chinchilla.simulate(
        law, *chinchilla.isoflop_design(law, flop=[1e19, 1e21], n_sizes=9), noise=0.005
    )
    plans = chapter.narrow_plans(runs, law)
    on_line = chinchilla.fit(chinchilla.simulate(law, *plans["frontier"], noise=0.005), warn=False)
    found = chapter.conditions(plans, law, on_line)
    assert found.good_condition < 1e4 and found.n_useless >= 3
    assert "straight line" in found.warned and found.refusal != "given"
    given = chapter.conditions(plans | {"one ratio": plans["profiles"]}, law, on_line)
    assert given.ratio_condition == given.good_condition


def test_numbers_in_prose_have_a_power_of_ten():
    assert scientific(5.76e23) == "5.76 × 10²³"
    assert scientific(9.96e-7, 2) == "10⁻⁶"  # rounds up to the next power
    assert scientific(2.04e7, 1) == "2 × 10⁷"
