"""Size at fixed capability, against the outlook scorecard of the ledger and a case made by hand."""

import pandas as pd
import pytest

from llmecon_book import parity


def test_scorecard_p3_the_smallest_models_at_the_level_of_gpt_4():
    arena = parity.scored_models("Arena text score", "2026-10-20")
    steps = parity.smallest_at_score(arena, level=1288.0)
    said = {(r.open_date.strftime("%Y-%m"), r.total_params) for r in steps.itertuples()}
    assert {("2024-06", 27.2e9), ("2025-03", 4.0e9)} <= said


def test_scorecard_p11_open_models_behind_the_best():
    assert parity.gap_to_open(parity.scored_models("Arena text score", "2024-12-13")) == 68
    late = parity.gap_to_open(parity.scored_models("Arena text score", "2026-10-20"))
    assert late == pytest.approx(36, abs=0.5)


def test_weights_opened_later_are_not_open_on_an_earlier_list():
    """Grok-2 leads the open models of the list of 2024-12-13 only since August 2025."""
    early = parity.scored_models("Arena text score", "2024-12-13").set_index("model")
    late = parity.scored_models("Arena text score", "2026-10-20").set_index("model")
    assert not early.open_weights["Grok-2"] and late.open_weights["Grok-2"]


def by_hand(**columns):
    days = pd.to_datetime(["2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01"])
    base = {
        "model": list("abcd"),
        "open_date": days,
        "open_weights": [True, True, False, True],
        "total_params": [100.0, 50.0, 1.0, 70.0],
        "score": [10.0, 10.0, 10.0, 10.0],
    }
    return pd.DataFrame(base | columns)


def test_closed_and_larger_models_set_no_mark():
    assert parity.smallest_at_score(by_hand(), level=10).model.tolist() == ["a", "b"]


def test_a_model_below_the_level_sets_no_mark():
    assert parity.smallest_at_score(by_hand(score=[9.0, 11, 11, 11]), level=10).model.tolist() == [
        "b"
    ]


def test_a_level_nobody_reaches_is_refused():
    with pytest.raises(ValueError, match="level must be <= 10"):
        parity.smallest_at_score(by_hand(), level=11)


def test_an_unknown_list_names_the_nearest():
    with pytest.raises(LookupError, match="2024-12-13"):
        parity.scored_models("Arena text score", "2024-12-14")
