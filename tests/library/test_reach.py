"""The H200 figure with its assumptions changed: recomputed values, and what changes must do."""

import pytest

from llmecon import catalog
from llmecon_book import essay
from llmecon_book.essay.frontier import CHANGES

SHAPES = catalog.transformer("GPT-4 (Erdil assumption)"), catalog.transformer("Llama 3 8B")


def test_erdil_2024_with_pipelines():
    """Recomputed values of the figure with pipelines tried: 59.8 at ten dollars, 100.9 at most."""
    table = essay.reach(*SHAPES, usd_per_mtok=10.0, changes={"p": {"pipeline": True}})
    assert table.tokens_per_s[1] == pytest.approx(59.8, rel=0.015)
    assert table.fastest[1] == pytest.approx(100.9, rel=0.015)


def test_every_change_helps_and_two_help_more_than_one():
    table = essay.reach(*SHAPES, usd_per_mtok=10.0, points=60).set_index("setting")
    assert table.n_changes.tolist() == [0] + [1] * 4 + [2] * 6
    drawn = essay.halvings_frontier(*SHAPES, fractions=(1.0,), points=60)
    assert table.fastest.iloc[0] == drawn.tokens_per_s.max()
    for name in CHANGES:
        assert table.tokens_per_s[name] > table.tokens_per_s.iloc[0]
        pairs = table[table.index.str.contains(name) & (table.n_changes == 2)]
        assert len(pairs) == 3 and (pairs.tokens_per_s > table.tokens_per_s[name]).all()


def test_what_is_changed_overrules_what_is_set():
    cheap, dear = (
        essay.reach(*SHAPES, usd_per_mtok=10.0, usd_per_gpu_hour=usd, together=1, points=60)
        for usd in (0.5, 5.0)
    )
    assert cheap.tokens_per_s[1] == cheap.tokens_per_s[0]  # the hour is at half a dollar already
    assert dear.tokens_per_s[1] == cheap.tokens_per_s[1] > dear.tokens_per_s[0]
