"""How fresh the facts are, on made-up catalogues of prices: what differs, is new, is missing."""

import json
from datetime import date
from types import SimpleNamespace

import pandas as pd
import pytest

from llmecon import catalog, cli
from llmecon_book import freshness


class Model:
    """As much of a model of `genai-prices` as is read."""

    def __init__(self, name, given, output):
        self.id, self.price = name, SimpleNamespace(input_mtok=given, output_mtok=output)

    def get_prices(self, at):
        assert at.tzinfo is not None  # the package refuses a time without a zone
        return self.price


class Provider:
    def __init__(self, name, *models):
        self.id, self.models = name, list(models)

    def find_model(self, reference):
        # As the package does: a pattern of a family matches longer names, too.
        return next((m for m in self.models if reference.startswith(m.id[:5])), None)


def ours(model):
    rows = catalog.prices()
    return rows[rows.model == model].sort_values("effective_date").iloc[-1]


@pytest.fixture
def found():
    row = ours("GPT-4.1")
    return freshness.compare_prices(
        [
            Provider("openai", Model("gpt-4.1", row.input_usd_per_mtok, row.output_usd_per_mtok)),
            Provider("x-ai", Model("grok-99", 1, 2)),
            Provider("google", Model("gemini-2.5-pro", 1.25, SimpleNamespace(base=11, tiers=[]))),
        ]
    )


def finding(found, model):
    return found[found.model == model].finding.iloc[0]


def test_an_equal_price_is_the_same_and_another_differs(found):
    assert finding(found, "GPT-4.1") == "same"
    assert finding(found, "Gemini 2.5 Pro") == "differs"
    row = found[found.model == "Gemini 2.5 Pro"].iloc[0]
    assert (row.output_there, row.output_usd_per_mtok) == (11, 10)  # first of its tiers


def test_a_family_that_matches_is_not_the_model(found):
    assert finding(found, "GPT-4 Turbo") == "not there"


def test_a_model_that_we_do_not_have_is_new(found):
    new = found[found.finding == "new there"]
    assert list(new.there) == ["grok-99"] and list(new.provider) == ["xAI"]


def test_every_watched_maker_is_one_of_ours():
    assert set(freshness.WATCHED) <= set(catalog.prices().provider)


def test_the_newest_row_is_counted_from_the_last_day_of_all():
    table = freshness.state().set_index("table")
    assert table.days_behind.min() == 0
    prices = catalog.prices().effective_date.max()
    assert table.newest["prices"] == prices
    assert table.days_behind["prices"] == (table.newest.max() - prices).days
    assert (table.stale == (table.days_behind > freshness.STALE_DAYS)).all()


def test_days_without_a_row_grow_with_the_day():
    a = freshness.days_without_a_row(date(2027, 1, 1)).set_index("provider").days
    b = freshness.days_without_a_row(date(2027, 1, 11)).set_index("provider").days
    assert ((b - a) == 10).all()


def test_the_command_says_that_the_package_is_missing(capsys, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "genai_prices.data", None)
    monkeypatch.setitem(__import__("sys").modules, "genai_prices", None)
    assert cli.main(["facts", "check"]) == 2
    assert "genai" in capsys.readouterr().err


def test_a_price_that_differs_gives_status_one(capsys, monkeypatch):
    frame = pd.DataFrame(
        {"finding": ["differs"], "provider": ["OpenAI"], "model": ["x"], "there": ["x"]}
    ).assign(
        effective_date=pd.Timestamp("2025-01-01"),
        input_usd_per_mtok=1.0,
        output_usd_per_mtok=1.0,
        input_there=2.0,
        output_there=1.0,
    )
    monkeypatch.setattr(freshness, "compare_prices", lambda: frame)
    assert cli.main(["facts", "check", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["prices"][0]["finding"] == "differs"
