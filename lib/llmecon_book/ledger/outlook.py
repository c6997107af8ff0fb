"""Claims of the chapter on the outlook: what the article expected, and what came."""

from typing import Any

import pandas as pd

from llmecon import catalog, chinchilla, cost, trends
from llmecon_book import facts
from llmecon_book.facts import ClaimRow
from llmecon_book.ledger import measures
from llmecon_book.ledger.registry import Result, decides, found, rounded, verdict

_TENTH = 0.1  # "relatively small": a tenth of the model it is compared with
_GREW = 1.5  # more than a stretch of training
_HALF = 0.5

# Prices and rates of Erdil, arXiv:2506.04645, for his cache example: an H100 at 2 USD/h.
_KV_CHIP_BYTES_PER_S, _KV_RENT = 3.3e12, 2.0
_BITS_16 = 2.0  # bytes of one number of the cache
# Speed goes with the cube root of bandwidth where arithmetic, memory and network all bind
# (Erdil, arXiv:2506.04645).
_BANDWIDTH_EXPONENT = 1 / 3


@decides("O04")
def test_time_compute(row: ClaimRow, *, forecast_made: str = facts.ESSAY_DAY) -> Result:
    """Right if a model sold on it was out by the essay's day; else wrong."""
    preview, full = facts.released(facts.O1_PREVIEW), facts.released(facts.O1)
    day = pd.Timestamp(forecast_made)
    months = 12 * trends.elapsed_years(preview, day)
    decided = verdict(right=preview <= day)
    return found(f"{preview:%Y-%m-%d}", decided, months=months, after=day - full)


@decides("O06")
def steady_speed_at_long_context(row: ClaimRow) -> Result:
    """Wrong if reading the cache alone cost more than the price; else unverifiable, for no reading
    by context length was found.
    """
    usd, latent = (
        cost.kv_read(
            kv_bytes=row.stated * catalog.transformer(name).kv_cache_bytes_per_token(_BITS_16),
            hbm_bytes_per_s=_KV_CHIP_BYTES_PER_S,
            usd_per_gpu_hour=_KV_RENT,
        )
        for name in (facts.MISTRAL, facts.DEEPSEEK_V3)
    )
    dearer = bool(usd > facts.list_price(facts.FIRST_SONNET))
    decided = verdict(wrong=dearer, otherwise="unverifiable")
    return found(usd, decided, latent=float(latent), context=row.stated)


@decides("O07")
def training_grew(row: ClaimRow) -> Result:
    """Right if training compute at the stated size grew by half or more while both sizes stayed
    within 5 % of it; imprecise if it grew, but not at one size; else wrong.
    """
    old, new = facts.model(facts.LLAMA2), facts.model(facts.LLAMA3)
    before, after = chinchilla.training_flop(row.stated, [old.training_tokens, new.training_tokens])
    growth = float(after / before)
    same = all(rounded(row.stated, model.total_params) for model in (old, new))
    return found(
        growth,
        verdict(right=growth >= _GREW and same, imprecise=growth >= _GREW),
        tokens=new.training_tokens / old.training_tokens,
        own_growth=growth * new.total_params / old.total_params,
        recorded=new.training_flop / old.training_flop,
    )


@decides("O08")
def small_and_strong(row: ClaimRow) -> Result:
    """Right if a model of less than a tenth of GPT-4's size scores above it; imprecise if a
    smaller one does; else wrong.
    """
    gap = catalog.score_gap(facts.LLAMA33, facts.GPT4, facts.ARENA, facts.ARENA_2025)
    ratio = facts.size(facts.GPT4) / facts.size(facts.LLAMA33)
    decided = verdict(right=gap > 0 and ratio > 1 / _TENTH, imprecise=gap > 0 and ratio > 1)
    return found(gap, decided, ratio=ratio)


@decides("O09")
def architecture_instead_of_size(
    row: ClaimRow, *, trend_from: str = facts.TREND_FROM, scored_until: str = ""
) -> Result:
    """Right if sparsity and data per active parameter of open frontier models grow and their size
    does not; imprecise if the size grows as well; else wrong.
    """
    models = facts.open_frontier(since=trend_from, until=scored_until or None)
    quantities = models[["total_params", "training_tokens"]].div(models.active_params, axis=0)
    sparsity, data = (facts.growth(models, values) for _, values in quantities.items())
    total = facts.growth(models, models.total_params)
    other_ways = sparsity.factor_per_year > 1 and data.factor_per_year > 1
    decided = verdict(right=other_ways and total.factor_per_year <= 1, imprecise=other_ways)
    return found(
        sparsity.factor_per_year,
        decided,
        interval=sparsity.interval,
        total=total,
        data=data,
        count=len(models),
    )


@decides("O10")
def hardware_improves(row: ClaimRow) -> Result:
    """Right if the B200, on sale, reads memory at least 1.5 times as fast as the H200; imprecise if
    faster; else wrong. The number counts the announced Vera Rubin, whose figures may change.
    """
    chips = [catalog.accelerator(name) for name in (facts.H200, facts.B200, facts.RUBIN)]
    h200, b200, rubin = (chip.hbm_bytes_per_s for chip in chips)
    sold, ratio = map(float, trends.ratio([b200, rubin], h200))
    speeds = {"speed": ratio**_BANDWIDTH_EXPONENT, "speed_sold": sold**_BANDWIDTH_EXPONENT}
    decided = verdict(right=sold >= _GREW, imprecise=sold > 1)
    return found(ratio, decided, h200=h200, b200=b200, rubin=rubin, **speeds)


@decides("O12")
def longer_training_pays(row: ClaimRow, *, floor_law: str = "BESIROGLU_2024") -> Result:
    """Right if the later model of the same size scores higher, and by the law its longer training
    buys at least half of the fall in loss that the same compute buys at the best size; imprecise
    if one of the two; else wrong.
    """
    size, law = row.stated, chinchilla.law(floor_law)
    assert isinstance(law, chinchilla.SeparableLaw)  # the chapter demands it as well
    short, long = (facts.known(n, "training_tokens") for n in (facts.LLAMA2, facts.LLAMA3))
    best: Any = law.optimal(flop=chinchilla.training_flop(size, long))
    start = law.loss(size, short)
    share = float((start - law.loss(size, long)) / (start - best.loss))
    gap = catalog.score_gap(facts.LLAMA3, facts.LLAMA2, facts.ARENA, facts.ARENA_LAST)
    parts = [gap > 0, share >= _HALF]
    decided = verdict(right=all(parts), imprecise=any(parts))
    return found(share, decided, gap=gap, best=best.params, size=size)


@decides("O13")
def hardware_against_shrinking(
    row: ClaimRow,
    *,
    forecast_made: str = facts.ESSAY_DAY,
    at_tokens_per_s: float | None = None,
    accept_usd_per_mtok: float | None = None,
    rent_date: str = measures.RENT_DAY,
) -> Result:
    """Right if the newest accelerator serves, at one speed and price, as much more as the largest
    open model has grown; imprecise if it serves more, but not so much; else wrong.
    """
    before, now = measures.served_then_and_now(at_tokens_per_s, accept_usd_per_mtok, rent_date)
    first = facts.largest(facts.open_frontier(until=forecast_made))
    last = facts.largest(facts.open_frontier(after=forecast_made))
    gain, grown = now / before, last.total_params / first.total_params
    decided = verdict(right=gain >= grown, imprecise=gain > 1)
    return found(gain, decided, grown=grown, before=before, now=now)
