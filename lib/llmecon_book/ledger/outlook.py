"""Claims of the chapter on the outlook: what the article expected, by November 2026."""

import pandas as pd

from llmecon import catalog, chinchilla, cost, trends
from llmecon_book import facts
from llmecon_book.ledger import measures
from llmecon_book.ledger.measures import LONG
from llmecon_book.ledger.registry import (
    SAME_ORDER,
    Asked,
    Result,
    apart,
    decides,
    found,
    rounded,
    verdict,
)
from llmecon_book.words import listed

_TENTH = 0.1  # "relatively small": a tenth of the model it is compared with
_GREW = 1.5  # more than a stretch of training

# Prices and rates of Erdil, arXiv:2506.04645, for his cache example: an H100 at 2 USD/h.
_KV_CHIP_BYTES_PER_S, _KV_RENT = 3.3e12, 2.0
_BITS_16 = 2.0  # bytes of one number of the cache
# Speed goes with the cube root of bandwidth where arithmetic, memory and network all bind
# (Erdil, arXiv:2506.04645).
_BANDWIDTH_EXPONENT = 1 / 3


@decides("O01")
def open_totals_since(asked: Asked) -> Result:
    """Right if the whole interval of the growth of open frontier totals lies above the article's
    rate of shrinking; imprecise if only the central value does; else wrong.
    """
    models = facts.open_frontier(since=facts.TREND_FROM)
    growth = facts.growth(models, models.total_params)
    shrink = facts.the_fall().factor_per_year
    earlier = trends.growth_rate(
        [facts.released(facts.GPT3), facts.released(facts.GPT4)],
        [facts.quoted(facts.size(facts.GPT3)), facts.size(facts.GPT4)],
    ).factor_per_year
    return found(
        growth.factor_per_year,
        verdict(right=growth.interval[0] > shrink, imprecise=growth.factor_per_year > shrink),
        low=growth.interval[0],
        high=growth.interval[1],
        count=growth.n,
        since=pd.Timestamp(facts.TREND_FROM),
        earlier=earlier,
    )


@decides("O02")
def back_at_chinchilla(asked: Asked) -> Result:
    """Right if the three largest open models with known training are within a factor of two of
    Chinchilla's tokens per parameter by total and by active size; imprecise if by total size
    only; else wrong.
    """
    largest, following = facts.largest_trained(after=facts.ESSAY_DAY, until=facts.SCORED_ON)
    target = facts.tokens_per_param(facts.CHINCHILLA)
    total = [facts.tokens_per_param(name) for name in largest.model]
    later = facts.models(after=facts.ESSAY_DAY)
    sparse = later[later.open_weights & (later.active_params < later.total_params)]
    active = (sparse.training_tokens / sparse.active_params).dropna()
    by_total = all(apart(ratio, target) <= SAME_ORDER for ratio in total)
    by_active = all(apart(ratio, target) <= SAME_ORDER for ratio in active)
    return found(
        total[0],
        verdict(right=by_total and by_active, imprecise=by_total),
        target=target,
        largest=listed(
            f"{name} {ratio:.0f}" for name, ratio in zip(largest.model, total, strict=True)
        ),
        next_name=listed(following.model),
        next_ratio=facts.tokens_per_param(following.model.iloc[0]),
        v3=facts.tokens_per_param(facts.DEEPSEEK_V3),
        dense=facts.tokens_per_param(facts.LLAMA3, "active_params"),
        active_low=active.min(),
        active_high=active.max(),
    )


@decides("O03")
def floor_of_size(asked: Asked) -> Result:
    """Right if a law has a size below which no data reach Chinchilla's loss, and factual knowledge
    falls with size; imprecise if only one of the two; else wrong.
    """
    law = chinchilla.BESIROGLU_2024
    params = facts.size(facts.CHINCHILLA)
    loss = law.loss(params, facts.known(facts.CHINCHILLA, "training_tokens"))
    floor = float(law.params_floor(loss))
    small, large = (
        facts.score_on_release(name, facts.SIMPLE_QA) for name in (facts.GEMMA_4B, facts.GPT4O)
    )
    exists = 0 < floor < params
    decided = verdict(right=exists and small < large, imprecise=exists or small < large)
    return found(floor, decided, small=small, large=large)


@decides("O04")
def test_time_compute(asked: Asked) -> Result:
    """Right if a model sold on it was out by the essay's day; else wrong."""
    preview, full = facts.released(facts.O1_PREVIEW), facts.released(facts.O1)
    day = pd.Timestamp(facts.ESSAY_DAY)
    return found(
        f"{preview:%Y-%m-%d}",
        verdict(right=preview <= day),
        months=12 * trends.elapsed_years(preview, day),
        days=(day - full).days,
    )


@decides("O05")
def long_context_favours_large(asked: Asked) -> Result:
    """Right if at a long context the full model is cheaper than one of an eighth of its size at
    the same speed; else unsupported, for no source was found.
    """
    long, empty = (measures.over_an_eighth(context) for context in (LONG, 0.0))
    decided = verdict(right=long < 1, otherwise="unsupported")
    return found(long, decided, parts=1 / facts.EIGHTH, empty=empty, context=LONG)


def _kv_read_usd(name: str, context: float) -> float:
    shape = catalog.transformer(name)
    return float(
        cost.kv_read(
            kv_bytes=context * shape.kv_cache_bytes_per_token(_BITS_16),
            hbm_bytes_per_s=_KV_CHIP_BYTES_PER_S,
            usd_per_gpu_hour=_KV_RENT,
        )
    )


@decides("O06")
def steady_speed_at_long_context(asked: Asked) -> Result:
    """Wrong if reading the cache alone cost more than the price; else unverifiable, for no reading
    by context length was found.
    """
    context = asked.stated
    usd = _kv_read_usd(facts.MISTRAL, context)
    price = facts.list_price(facts.FIRST_SONNET)
    decided = verdict(wrong=usd > price, otherwise="unverifiable")
    return found(usd, decided, latent=_kv_read_usd(facts.DEEPSEEK_V3, context), context=context)


@decides("O07")
def training_grew(asked: Asked) -> Result:
    """Right if training compute at the stated size grew by half or more while both sizes stayed
    within 5 % of it; imprecise if it grew, but not at one size; else wrong.
    """
    params = asked.stated
    tokens = [facts.known(name, "training_tokens") for name in (facts.LLAMA2, facts.LLAMA3)]
    flop = chinchilla.training_flop(params, tokens)
    growth = float(trends.ratio(flop[1], flop[0]))
    same = all(rounded(params, facts.size(name)) for name in (facts.LLAMA2, facts.LLAMA3))
    return found(
        growth,
        verdict(right=growth >= _GREW and same, imprecise=growth >= _GREW),
        tokens=trends.ratio(tokens[1], tokens[0]),
        own=facts.size(facts.LLAMA3),
        own_growth=growth * trends.ratio(facts.size(facts.LLAMA3), facts.size(facts.LLAMA2)),
    )


@decides("O08")
def small_and_strong(asked: Asked) -> Result:
    """Right if a model of less than a tenth of GPT-4's size scores above it; imprecise if a
    smaller one does; else wrong.
    """
    gap = catalog.score_gap(facts.LLAMA33, facts.GPT4, facts.ARENA, facts.ARENA_2025)
    ratio = float(trends.ratio(facts.size(facts.GPT4), facts.size(facts.LLAMA33)))
    decided = verdict(right=gap > 0 and ratio > 1 / _TENTH, imprecise=gap > 0 and ratio > 1)
    return found(gap, decided, ratio=ratio)


@decides("O09")
def architecture_instead_of_size(asked: Asked) -> Result:
    """Right if sparsity and data per active parameter of open frontier models grow and their size
    does not; imprecise if the size grows as well; else wrong.
    """
    models = facts.open_frontier(since=facts.TREND_FROM)
    sparsity = facts.growth(models, models.total_params / models.active_params)
    total = facts.growth(models, models.total_params)
    data = facts.growth(models, models.training_tokens / models.active_params)
    other_ways = sparsity.factor_per_year > 1 and data.factor_per_year > 1
    return found(
        sparsity.factor_per_year,
        verdict(right=other_ways and total.factor_per_year <= 1, imprecise=other_ways),
        total=total.factor_per_year,
        data=data.factor_per_year,
        data_low=data.interval[0],
        data_high=data.interval[1],
        trained=data.n,
        count=len(models),
    )


@decides("O10")
def hardware_improves(asked: Asked) -> Result:
    """Right if the B200, on sale, reads memory at least 1.5 times as fast as the H200; imprecise if
    faster; else wrong. The number counts the announced Vera Rubin, whose figures may change.
    """
    h200, b200, rubin = (
        catalog.accelerator(name).hbm_bytes_per_s for name in (facts.H200, facts.B200, facts.RUBIN)
    )
    ratio, sold = (float(trends.ratio(rate, h200)) for rate in (rubin, b200))
    return found(
        ratio,
        verdict(right=sold >= _GREW, imprecise=sold > 1),
        h200=h200,
        b200=b200,
        rubin=rubin,
        speed=ratio**_BANDWIDTH_EXPONENT,
        speed_sold=sold**_BANDWIDTH_EXPONENT,
    )
