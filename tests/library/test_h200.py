"""The H200 figure of Erdil 2024, against its recomputed values and against limits.

Published values: recomputed table of the figure (sampled frontier; exact speeds differ by up to
1.5 %, costs near the fast end by up to 16 %), 16 bit, draft Llama 3 8B, 2.94 USD/h, empty context
and 100,000 tokens.
"""

from dataclasses import replace

import pytest

from llmecon import catalog, cost
from llmecon_book import essay
from llmecon_book.essay import halvings_frontier, machine_of

GPT4 = catalog.transformer("GPT-4 (Erdil assumption)")
DRAFT = catalog.transformer("Llama 3 8B")

# fraction: fastest, fastest at 10 USD, USD at 55 tokens/s; the last two at 100K context
EMPTY = {
    1: (82.7, 52.8, 11.57),
    1 / 2: (103.9, 85.2, 1.97),
    1 / 4: (135.3, 125.0, 0.48),
    1 / 8: (170.2, 167.6, 0.16),
    1 / 16: (221.1, 221.1, 0.06),
}
LONG = {
    1: (32.5, 23.4),
    1 / 2: (57.2, 9.48),
    1 / 4: (90.9, 4.80),
    1 / 8: (129.5, 1.77),
    1 / 16: (184.6, 0.80),
}


@pytest.fixture(scope="module")
def empty():
    return dict(tuple(halvings_frontier(GPT4, DRAFT, points=400).groupby("fraction")))


@pytest.fixture(scope="module")
def long():
    curves = halvings_frontier(GPT4, DRAFT, context=100_000, points=400)
    return dict(tuple(curves.groupby("fraction")))


@pytest.mark.parametrize("fraction", EMPTY)
def test_erdil_2024_figure_empty_context(empty, fraction):
    fastest, at_ten, usd = EMPTY[fraction]
    curve = empty[fraction]
    assert curve.tokens_per_s.max() == pytest.approx(fastest, rel=0.015)
    assert cost.fastest_at(curve, 10.0) == pytest.approx(at_ten, rel=0.015)
    assert cost.cheapest_at(curve, 55.0) == pytest.approx(usd, rel=0.05)


@pytest.mark.parametrize("fraction", LONG)
def test_erdil_2024_figure_100k_context(long, fraction):
    at_ten, usd = LONG[fraction]
    assert cost.fastest_at(long[fraction], 10.0) == pytest.approx(at_ten, rel=0.015)
    assert cost.cheapest_at(long[fraction], 55.0) == pytest.approx(usd, rel=0.05)


def test_erdil_2024_sizes_of_the_halvings(empty):
    sizes = [empty[f].n_params.iloc[0] for f in (1, 1 / 2, 1 / 4, 1 / 8, 1 / 16)]
    assert sizes == pytest.approx([1.797e12, 897.0e9, 446.8e9, 225.6e9, 111.7e9], rel=5e-4)


def test_cost_is_proportional_to_the_price_of_an_hour():
    one = halvings_frontier(GPT4, DRAFT, fractions=(0.5,), points=60, usd_per_gpu_hour=1.0)
    three = halvings_frontier(GPT4, DRAFT, fractions=(0.5,), points=60, usd_per_gpu_hour=3.0)
    assert three.usd_per_mtok.to_numpy() == pytest.approx(3 * one.usd_per_mtok.to_numpy())


def test_width_variant_and_pipeline_are_those_of_the_frontier():
    """The same as the frontier below it, asked for each."""
    case = {"variant": "paper_2d", "pipeline": False}
    shape, draft = (
        replace(essay.Shape.of(m), weight_bytes=1.0, activation_bytes=1.0) for m in (GPT4, DRAFT)
    )
    below = essay.published_frontier(
        shape, essay.H200, speculation=essay.Speculation(draft=draft), points=60, **case
    )
    ours = halvings_frontier(GPT4, DRAFT, fractions=(1.0,), points=60, bytes_per_value=1.0, **case)
    assert ours.usd_per_mtok.to_numpy() == pytest.approx(below.usd_per_mtok.to_numpy(), rel=1e-12)


def test_drafting_never_slows_the_fastest_point():
    with_draft = halvings_frontier(GPT4, DRAFT, fractions=(0.25,), points=60)
    without = halvings_frontier(GPT4, DRAFT, fractions=(0.25,), points=60, acceptance=0.0)
    assert with_draft.tokens_per_s.max() > without.tokens_per_s.max()


def test_a_chip_of_the_catalogue_comes_near_the_papers_round_numbers():
    chip = machine_of(catalog.accelerator("H200 SXM 141GB"), 2.94)
    ours = halvings_frontier(GPT4, DRAFT, machine=chip, fractions=(1.0,), points=100)
    theirs = halvings_frontier(GPT4, DRAFT, fractions=(1.0,), points=100)
    assert ours.tokens_per_s.max() == pytest.approx(theirs.tokens_per_s.max(), rel=0.02)


@pytest.mark.parametrize("fractions", [(0.0,), (-1.5,), (float("nan"),)])
def test_a_fraction_out_of_bounds_is_refused(fractions):
    with pytest.raises(ValueError, match="fractions"):
        halvings_frontier(GPT4, DRAFT, fractions=fractions)


def test_a_chip_without_links_is_refused():
    with pytest.raises(ValueError, match="no scale-up link"):
        machine_of(catalog.accelerator("H100 PCIe 80GB"), 2.0)
