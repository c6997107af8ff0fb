"""Claims of the chapter on the outlook: what the article expected, by November 2026."""

import numpy as np
import pandas as pd

from llmecon import catalog, chinchilla, cost, trends
from llmecon.catalog.rows import ClaimRow
from llmecon_book import scorecard
from llmecon_book.claims import lookups as at
from llmecon_book.claims.registry import Result, claim
from llmecon_book.claims.rules import SAME_ORDER, Verdict, apart, by_grade, rounded
from llmecon_book.scorecard import serving

_GPT4, _GPT4O, _CHINCHILLA = "GPT-4", "GPT-4o", "Chinchilla 70B"
_MISTRAL, _LLAMA33 = "Mistral Large 2", "Llama 3.3 70B"
_LLAMA2, _LLAMA3 = "Llama 2 70B", "Llama 3 70B"
_ARENA_2025 = "2025-08-04"  # first list with Llama 3.3 70B
_TENTH = 0.1  # "relatively small": a tenth of the model it is compared with
_GREW = 1.5  # more than a stretch of training

# Prices and rates of Erdil, arXiv:2506.04645, for his cache example: an H100 at 2 USD/h.
_KV_CHIP_BYTES_PER_S, _KV_RENT = 3.3e12, 2.0
_BITS_16 = 2.0  # bytes of one number of the cache
# Speed goes with the cube root of bandwidth where arithmetic, memory and network all bind
# (Erdil, arXiv:2506.04645).
_BANDWIDTH_EXPONENT = 1 / 3


def _growth(column: pd.Series, dates: pd.Series) -> trends.Growth:
    return trends.growth_rate(dates, column.to_numpy(dtype=float))


@claim("O01")
def open_totals_since(row: ClaimRow) -> Result:
    """Right if the whole interval of the growth of open frontier totals lies above the article's
    rate of shrinking; imprecise if only the central value does; else wrong.
    """
    models = at.open_frontier()
    growth = _growth(models.total_params, models.release_date)
    shrink = trends.growth_rate(
        [at.released(_GPT4), at.released(_GPT4O)], [at.size(_GPT4), at.size(_GPT4O)]
    ).factor_per_year
    earlier = trends.growth_rate(
        [at.released("GPT-3 175B"), at.released(_GPT4)], [at.quoted_gpt3(), at.size(_GPT4)]
    ).factor_per_year
    return Result(
        value=growth.factor_per_year,
        verdict=by_grade(growth.interval[0] > shrink, growth.factor_per_year > shrink),
        numbers=at.mapping(
            growth=growth.factor_per_year,
            low=growth.interval[0],
            high=growth.interval[1],
            count=growth.n,
            since=pd.Timestamp(at.TURNED),
            shrink=shrink,
            earlier=earlier,
        ),
    )


def _per_param(name: str, column: str) -> float:
    return float(
        chinchilla.tokens_per_param(at.known(name, column), at.known(name, "training_tokens"))
    )


@claim("O02")
def back_at_chinchilla(row: ClaimRow) -> Result:
    """Right if the three largest open models with known training are within a factor of two of
    Chinchilla's tokens per parameter by total and by active size; imprecise if by total size
    only; else wrong.
    """
    largest, following = scorecard.largest_trained(scorecard.days())
    target = _per_param(_CHINCHILLA, "total_params")
    total = [_per_param(name, "total_params") for name in largest.model]
    models = catalog.models()
    later = models[models.open_weights & (models.release_date > pd.Timestamp(at.ESSAY_DAY))]
    sparse = later[(later.active_params < later.total_params) & later.training_tokens.notna()]
    active = (sparse.training_tokens / sparse.active_params).to_numpy(dtype=float)
    by_total = all(apart(ratio, target) <= SAME_ORDER for ratio in total)
    by_active = all(apart(float(ratio), target) <= SAME_ORDER for ratio in active)
    return Result(
        value=total[0],
        verdict=by_grade(by_total and by_active, by_total),
        numbers=at.mapping(
            target=target,
            largest=at.listed(
                f"{name} {ratio:.0f}" for name, ratio in zip(largest.model, total, strict=True)
            ),
            next_name=at.listed(following.model),
            next_ratio=_per_param(following.model.iloc[0], "total_params"),
            k2=_per_param("Kimi K2", "total_params"),
            v3=_per_param("DeepSeek-V3", "total_params"),
            dense=_per_param(_LLAMA3, "active_params"),
            active_low=np.min(active),
            active_high=np.max(active),
        ),
    )


@claim("O03")
def floor_of_size(row: ClaimRow) -> Result:
    """Right if a law has a size below which no data reach Chinchilla's loss, and factual knowledge
    falls with size; imprecise if only one of the two; else wrong.
    """
    law = chinchilla.BESIROGLU_2024
    params = at.size(_CHINCHILLA)
    loss = law.loss(params, at.known(_CHINCHILLA, "training_tokens"))
    floor = float(law.params_floor(loss))
    small = catalog.score("Gemma 3 4B", "SimpleQA", at.iso(at.released("Gemma 3 4B")))
    large = catalog.score(_GPT4O, "SimpleQA", at.iso(at.released(_GPT4O)))
    exists = 0 < floor < params
    return Result(
        value=floor,
        verdict=by_grade(exists and small < large, exists or small < large),
        numbers=at.mapping(floor=floor, loss=loss, small=small, large=large),
    )


@claim("O04")
def test_time_compute(row: ClaimRow) -> Result:
    """Right if a model sold on it was out by the essay's day; else wrong."""
    preview, full = at.released("o1-preview"), at.released("o1")
    day = pd.Timestamp(at.ESSAY_DAY)
    return Result(
        value=at.iso(preview),
        verdict=by_grade(preview <= day, False),
        numbers=at.mapping(months=12 * trends.elapsed_years(preview, day), days=(day - full).days),
    )


@claim("O05")
def long_context_favours_large(row: ClaimRow) -> Result:
    """Right if at a long context the full model is cheaper than one of an eighth of its size at
    the same speed; else unsupported, for no source was found.
    """
    long, empty = (scorecard.over_an_eighth(context) for context in (serving.LONG, 0.0))
    return Result(
        value=long,
        verdict="right" if long < 1 else "unsupported",
        numbers=at.mapping(
            parts=1 / serving.EIGHTH,
            long=long,
            empty=empty,
            context=serving.LONG,
            speed=at.TURBO_SPEED,
        ),
    )


def _kv_read_usd(name: str, context: float) -> float:
    shape = catalog.transformer(name)
    return float(
        cost.kv_read(
            kv_bytes=context * shape.kv_cache_bytes_per_token(_BITS_16),
            hbm_bytes_per_s=_KV_CHIP_BYTES_PER_S,
            usd_per_gpu_hour=_KV_RENT,
        )
    )


@claim("O06")
def steady_speed_at_long_context(row: ClaimRow) -> Result:
    """Wrong if reading the cache alone cost more than the price; else unverifiable, for no reading
    by context length was found.
    """
    context = at.stated(row)
    usd = _kv_read_usd(_MISTRAL, context)
    price = at.list_price("Claude 3.5 Sonnet (Jun 2024)", at.ESSAY_DAY)
    verdict: Verdict = "wrong" if usd > price else "unverifiable"
    return Result(
        value=usd,
        verdict=verdict,
        numbers=at.mapping(
            usd=usd, latent=_kv_read_usd("DeepSeek-V3", context), context=context, price=price
        ),
    )


@claim("O07")
def training_grew(row: ClaimRow) -> Result:
    """Right if training compute at the stated size grew by half or more while both sizes stayed
    within 5 % of it; imprecise if it grew, but not at one size; else wrong.
    """
    params = at.stated(row)
    tokens = [at.known(name, "training_tokens") for name in (_LLAMA2, _LLAMA3)]
    flop = chinchilla.training_flop(params, tokens)
    growth = float(trends.ratio(flop[1], flop[0]))
    same = all(rounded(params, at.size(name)) for name in (_LLAMA2, _LLAMA3))
    return Result(
        value=growth,
        verdict=by_grade(growth >= _GREW and same, growth >= _GREW),
        numbers=at.mapping(
            growth=growth,
            tokens=trends.ratio(tokens[1], tokens[0]),
            own=at.size(_LLAMA3),
            own_growth=growth * trends.ratio(at.size(_LLAMA3), at.size(_LLAMA2)),
        ),
    )


@claim("O08")
def small_and_strong(row: ClaimRow) -> Result:
    """Right if a model of less than a tenth of GPT-4's size scores above it; imprecise if a
    smaller one does; else wrong.
    """
    gap = catalog.score_gap(_LLAMA33, _GPT4, at.ARENA, _ARENA_2025)
    ratio = float(trends.ratio(at.size(_GPT4), at.size(_LLAMA33)))
    return Result(
        value=gap,
        verdict=by_grade(gap > 0 and ratio > 1 / _TENTH, gap > 0 and ratio > 1),
        numbers=at.mapping(gap=gap, ratio=ratio),
    )


@claim("O09")
def architecture_instead_of_size(row: ClaimRow) -> Result:
    """Right if sparsity and data per active parameter of open frontier models grow and their size
    does not; imprecise if the size grows as well; else wrong.
    """
    models = at.open_frontier()
    sparsity = _growth(models.total_params / models.active_params, models.release_date)
    total = _growth(models.total_params, models.release_date)
    active = _growth(models.active_params, models.release_date)
    trained = models[models.training_tokens.notna()]  # the others do not say
    data = _growth(trained.training_tokens / trained.active_params, trained.release_date)
    other_ways = sparsity.factor_per_year > 1 and data.factor_per_year > 1
    return Result(
        value=sparsity.factor_per_year,
        verdict=by_grade(other_ways and total.factor_per_year <= 1, other_ways),
        numbers=at.mapping(
            sparsity=sparsity.factor_per_year,
            total=total.factor_per_year,
            active=active.factor_per_year,
            data=data.factor_per_year,
            data_low=data.interval[0],
            data_high=data.interval[1],
            trained=len(trained),
            count=len(models),
        ),
    )


@claim("O10")
def hardware_improves(row: ClaimRow) -> Result:
    """Right if the B200, on sale, reads memory at least 1.5 times as fast as the H200; imprecise if
    faster; else wrong. The number counts the announced Vera Rubin, whose figures may change.
    """
    h200, b200, rubin = (
        catalog.accelerator(name).hbm_bytes_per_s
        for name in ("H200 SXM 141GB", "B200 SXM 180GB", "Vera Rubin NVL72")
    )
    ratio, sold = (float(trends.ratio(rate, h200)) for rate in (rubin, b200))
    return Result(
        value=ratio,
        verdict=by_grade(sold >= _GREW, sold > 1),
        numbers=at.mapping(
            ratio=ratio,
            sold=sold,
            h200=h200,
            b200=b200,
            rubin=rubin,
            speed=ratio**_BANDWIDTH_EXPONENT,
            speed_sold=sold**_BANDWIDTH_EXPONENT,
        ),
    )
