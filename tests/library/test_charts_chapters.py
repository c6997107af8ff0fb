"""Figures of the first two chapters: what is told apart, named and held by an axis."""

import pandas as pd
import pytest

from llmecon import catalog
from llmecon_book.charts import evolution, reversal
from llmecon_book.charts.layers import RENTS

SAY = "A finding in five words"
READ_ON = pd.Timestamp("2026-10-20")


def marks(chart, kind):
    return [layer for layer in chart.layer if layer.mark["type"] == kind]


def test_prices_hold_until_the_day_they_were_read_and_points_are_changes():
    flagships = catalog.prices().query("flagship and provider in ['OpenAI', 'Anthropic']")
    chart = reversal.price_steps(flagships, named=["GPT-4"], until=READ_ON, takeaway=SAY)
    (line,), (points,) = marks(chart, "line"), marks(chart, "point")
    ends = line.data.groupby("provider").effective_date.max()
    assert (ends == READ_ON).all() and len(points.data) == len(flagships)
    # Makers are told in a legend of lines, which a legend of the points would replace.
    assert {mark.encoding.color["legend"].symbolType for mark in (line, points)} == {"stroke"}
    last = line.data.groupby("provider").output_usd_per_mtok.last()
    assert last["OpenAI"] == catalog.price_on("GPT-6 Astra", "2026-10-20").output_usd_per_mtok
    assert [text.data.model.tolist() for text in marks(chart, "text")] == [["GPT-4"], []]


def test_named_models_keep_their_names_on_a_narrow_screen():
    models = pd.DataFrame(
        {"model": list("abc"), "score": [1100, 1200, 1300], "total_params": [7e9, 7e10, 4e11]}
    )
    levels = pd.DataFrame({"model": ["closed"], "score": [1150]})
    chart = reversal.score_and_size(
        models,
        levels,
        score_title="Score [points]",
        named={"a": "left", "b": "below*"},
        takeaway=SAY,
    )
    shown = {
        text.data.model.iloc[0]: text.mark.to_dict()
        for text in marks(chart, "text")
        if text.data.model.iloc[0] != "closed"
    }
    assert "opacity" not in shown["a"] and shown["a"]["align"] == "right"
    assert "width" in shown["b"]["opacity"]["expr"] and shown["b"]["dy"] > 0
    assert "width" in shown["c"]["opacity"]["expr"]


@pytest.mark.parametrize("rent", [1.0, 2.94])
def test_the_axis_holds_every_cost_that_the_slider_gives(rent):
    curves = pd.DataFrame(
        {"model": "m", "tokens_per_s": [10.0, 20, 30], "usd_per_mtok": [0.03, 2, 400]}
    )
    sold = pd.DataFrame([("P", 10, 20, 5.0)], columns=["product", "low", "high", "usd_per_mtok"])
    chart = reversal.frontier(curves, sold, usd_per_gpu_hour=rent, takeaway=SAY)
    low, high = marks(chart, "line")[0].encoding.y["scale"]["domain"]
    assert low < 0.03 * RENTS[0] / rent and high > 400 * RENTS[1] / rent


def test_a_size_that_is_not_disclosed_is_hollow_and_says_so():
    models = catalog.models().set_index("model").loc[["GPT-3 175B", "GPT-4"]].reset_index()
    chart = evolution.total_and_active(models, takeaway=SAY)
    sure, told = marks(chart, "point")
    assert sure.mark.filled and set(sure.data.model) == {"GPT-3 175B"}
    assert not told.mark.filled and set(told.data.model) == {"GPT-4 (reported)"}


def test_the_bend_shows_the_ranges_of_what_is_not_disclosed():
    models = catalog.models().set_index("model").loc[["GPT-3 175B", "GPT-4"]].reset_index()
    models = models.assign(size_low=1e9, size_high=9e13)  # beyond the sizes themselves
    line = pd.DataFrame({"line": "a", "date": models.release_date, "params": [1e11, 1e12]})
    window = pd.DataFrame([{"start": models.release_date[0], "end": models.release_date[1]}])
    chart = evolution.turning_point(models, line, window, takeaway=SAY)
    (bars,) = marks(chart, "rule")
    assert bars.data.model.tolist() == ["GPT-4"]
    low, high = bars.encoding.y["scale"]["domain"]
    assert low < bars.data.size_low.min() and high > bars.data.size_high.max()
