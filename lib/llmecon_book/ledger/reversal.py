"""Claims of the chapter on the reversal: models of 2024 that seem smaller than GPT-4."""

from typing import Any

import numpy as np
import pandas as pd

from llmecon import catalog, sizing, trends
from llmecon_book import facts
from llmecon_book.facts import ClaimRow
from llmecon_book.ledger import measures
from llmecon_book.ledger.registry import (
    SAME_ORDER,
    Result,
    by_range,
    decides,
    found,
    rounded,
    verdict,
)
from llmecon_book.words import listed, spelled

# Elo difference of 20 points: the better model wins 53 % of votes, a coin to most users.
_LEVEL = 20.0
# `frontier` of models.csv: within 60 Arena points of the best, a win share of 58.5 %.
_NEAR_THE_TOP = 60.0
_INDEX_STEP = 3.0  # index points between neighbours at the top of the quality index
# Errors of a size estimate that readers would call a judgement, and a guess at its order.
_FINE_ERROR, _COARSE_ERROR = 1.5, 4.0
_QUALITY_INDEX = "Artificial Analysis quality index"
_DRAWS = 500  # samples, as the chapter on evolution draws them
_NEARLY_ALL = 0.9
_TWO_OPEN = [facts.MISTRAL, facts.LLAMA33]


@decides("R01")
def gpt4o_size(row: ClaimRow, *, sold_on: str = facts.WINTER[1]) -> Result:
    """Right if the stated size lies inside the 80 % interval by price and speed and inside the
    probe's; imprecise if inside one of the two; else wrong.
    """
    sizes = facts.read_size(facts.GPT4O, sold_on).total_params
    probe = facts.independent_estimates(facts.GPT4O).iloc[-1]
    low, high = sizes.interval()
    in_probe = bool(probe.total_low <= row.stated <= probe.total_high)
    inside = [low <= row.stated <= high, in_probe]
    decided = verdict(right=all(inside), imprecise=any(inside))
    return found(sizes.median, decided, interval=(low, high), probe=probe)


@decides("R02")
def gpt4_over_gpt4o(row: ClaimRow) -> Result:
    """By the one estimator that reads both models and uses neither price nor speed: right if the
    interval of its ratio lies within a factor of two of the stated range; imprecise if the central
    value does; wrong if the interval lies outside; else unverifiable.
    """
    ratio, low, high = measures.independent_ratio(facts.GPT4, facts.GPT4O)
    first, last = row.stated_range
    near = (first / SAME_ORDER, last * SAME_ORDER)
    decided = verdict(
        right=near[0] <= low and high <= near[1],
        imprecise=near[0] <= ratio <= near[1],
        wrong=high < first or low > last,
        otherwise="unverifiable",
    )
    priced = facts.size(facts.GPT4) / facts.read_size(facts.GPT4O).total_params.median
    return found(ratio, decided, interval=(low, high), priced=priced)


@decides("R03")
def sonnet_size(row: ClaimRow, *, sold_on: str = facts.WINTER[1]) -> Result:
    """Right if the stated size lies inside the 80 % interval by price and speed; imprecise if it is
    within a factor of two of an end; else wrong.
    """
    sizes = facts.read_size(facts.SONNET, sold_on).total_params
    told = facts.latest_estimates()
    others = told[(told.model == facts.SONNET) & (told.series != "Erdil")].dropna(
        subset="total_params"
    )
    return found(
        sizes.median,
        by_range(row.stated, *sizes.interval()),
        interval=sizes.interval(),
        seen=facts.winter_readings(facts.SONNET, sold_on).date.max(),
        times=facts.size(facts.GPT4) / np.array([sizes.median, *sizes.interval()]),
        others=listed(others.series + " " + others.total_params.map(spelled), "none"),
    )


@decides("R05")
def best_open_models(row: ClaimRow, *, arena_list: str = facts.ESSAY_DAY) -> Result:
    """Right if the two lead the open models of both the index and the Arena list; imprecise if
    they are within reach of the leader on both; else wrong.
    """
    scores, day = catalog.scores(), pd.Timestamp(arena_list)
    index = scores[scores.benchmark == _QUALITY_INDEX].set_index("model").score
    pair_index = index[_TWO_OPEN].max()
    behind = index.max() - pair_index
    entries = facts.arena_list(until=day)
    ranked = entries[entries.open_weights]  # the best first
    mistral = catalog.score(facts.MISTRAL, facts.ARENA, arena_list)
    better = ranked[(ranked.score > mistral) & ~ranked.model.isin(_TWO_OPEN)]
    near = ranked.score.max() - mistral <= _NEAR_THE_TOP and behind <= SAME_ORDER * _INDEX_STEP
    return found(
        behind,
        verdict(right=behind <= 0 and better.empty, imprecise=near),
        leader=index.idxmax(),
        leader_index=index.max(),
        pair_index=pair_index,
        better=len(better),
        top=measures.level_at_top(ranked),
        weeks=(pd.Timestamp(facts.SERVED_DAY) - day).days / 7,
    )


@decides("R06")
def level_of_predecessors(row: ClaimRow, *, arena_list: str = facts.ESSAY_DAY) -> Result:
    """Right if both open models are at most 20 Arena points below each of the two older ones;
    imprecise if one of them is; else wrong.
    """
    mistral, llama = (
        [catalog.score_gap(name, other, facts.ARENA, day) for other in (facts.OPUS, facts.GPT4)]
        for name, day in zip(_TWO_OPEN, (arena_list, facts.ARENA_2025), strict=True)
    )
    level = [min(gaps) >= -_LEVEL for gaps in (mistral, llama)]
    decided = verdict(right=all(level), imprecise=any(level))
    return found(mistral[0], decided, to_gpt4=mistral[1])


@decides("R07")
def compact_and_cheap(
    row: ClaimRow,
    *,
    gpt4_shape: str = facts.GPT4_SHAPE,
    draft_model: str = facts.DRAFT_SHAPE,
    acceptance: float = 0.8,
    context_tokens: float = 0.0,
) -> Result:
    """Right if GPT-4 is more than twice each of the two in all parameters, in those at work on a
    token and in cost; imprecise if in all parameters only; else wrong.
    """
    total, active = (
        trends.ratio(facts.known(facts.GPT4, column), [facts.known(m, column) for m in _TWO_OPEN])
        for column in ("total_params", "active_params")
    )
    speed, shapes = facts.stated("R11"), (gpt4_shape, facts.LLAMA33)
    served: Any = {"draft": draft_model, "acceptance": acceptance, "context": context_tokens}
    lines = (measures.h200_frontier(name, **served) for name in shapes)
    usd, usd_llama = (measures.usd_at(line, speed) for line in lines)
    dearer = usd > SAME_ORDER * usd_llama  # no speed that neither reaches
    everywhere = bool(min(total.min(), active.min()) > SAME_ORDER and dearer)
    return found(
        total[0],
        verdict(right=everywhere, imprecise=bool(total.min() > SAME_ORDER)),
        total_llama=total[1],
        active_mistral=active[0],
        active_llama=active[1],
        cost_ratio=usd / usd_llama,
        speed=speed,
    )


@decides("R08")
def size_from_speed_and_price(row: ClaimRow) -> Result:
    """Right if the median error on families not seen is at most a factor of 1.5; imprecise up to 4;
    else wrong.
    """
    offers = sizing.offers()
    rows = sizing.evaluate(offers)
    line = sizing.summary(rows[rows.method == sizing.METHODS[0]]).loc["total_params"].iloc[0]
    error = float(line.median_factor)
    decided = verdict(right=error <= _FINE_ERROR, imprecise=error <= _COARSE_ERROR)
    one = offers[(offers.model == facts.LLAMA33) & (offers.date == facts.SERVED_DAY)]
    ends = (float(line.low), float(line.high))
    return found(error, decided, interval=ends, line=line, hosts=one.output_tokens_per_s.describe())


@decides("R09")
def gpt4o_speed(row: ClaimRow) -> Result:
    """Right if the median reading lies in the stated range; imprecise if some reading does; else
    wrong.
    """
    readings = facts.gpt4o_readings().output_tokens_per_s
    (low, high), median = row.stated_range, readings.median()
    inside = readings.between(low, high)
    return found(
        median,
        verdict(right=low <= median <= high, imprecise=bool(inside.any())),
        inside=inside.sum(),
        readings=readings.describe(),
        price=facts.list_price(facts.GPT4O, facts.WINTER[0]),
    )


@decides("R10", "R12", "R13")
def output_price(row: ClaimRow) -> Result:
    """Right if every version sold under the name had the stated output price; imprecise if one
    had; else wrong.
    """
    prices = catalog.prices().sort_values("effective_date")
    history = prices[prices.model == row.model]
    now = catalog.price_on(row.model, facts.ESSAY_DAY)
    agree = [rounded(row.stated, price) for price in history.output_usd_per_mtok]
    decided = verdict(right=all(agree), imprecise=any(agree))
    longer = prices[prices.model == f"{row.model} 32k"].output_usd_per_mtok.max()
    return found(now.output_usd_per_mtok, decided, now=now, first=history.iloc[0], longer=longer)


@decides("R11")
def turbo_speed(row: ClaimRow) -> Result:
    """Right if no reading is above the stated bound; imprecise if the median is not; else wrong."""
    readings = catalog.speed_readings(row.model)
    speeds = readings.output_tokens_per_s.sort_values(ascending=False)
    right, near = (bool(speed <= row.stated) for speed in (speeds.max(), speeds.median()))
    return found(
        speeds.max(),
        verdict(right=right, imprecise=near),
        count=len(speeds),
        dates=readings.date.describe(),
        second=speeds.iloc[1],
        slowest=speeds.min(),
    )


@decides("R14")
def smaller_is_faster(row: ClaimRow) -> Result:
    """Right if GPT-4o outruns and undercuts GPT-4 Turbo and no larger model is faster than it;
    imprecise if the direction holds but a larger model breaks it; else wrong.
    """
    # The model of OpenAI trained with most compute, by Epoch's estimate: GPT-4.5.
    models = facts.models()
    large = facts.largest(models[models.developer == "OpenAI"], "training_flop").model
    speed, turbo = (
        float(catalog.speed_readings(name).output_tokens_per_s.max())
        for name in (large, facts.TURBO)
    )
    median = facts.winter_readings(facts.GPT4O).output_tokens_per_s.median()
    faster = median > turbo
    cheaper = facts.list_price(facts.GPT4O) < facts.list_price(facts.TURBO)
    return found(
        median / turbo,
        verdict(right=faster and cheaper and speed < turbo, imprecise=faster and cheaper),
        large=large,
        large_speed=speed,
        large_price=catalog.prices().query("model == @large").output_usd_per_mtok.max(),
        turbo_speed=turbo,
    )


@decides("R15")
def fall_from_gpt4(row: ClaimRow) -> Result:
    """Draw the frontier models and their sizes anew: right if growth turned into a fall in nine of
    ten draws; imprecise if it slowed in so many; else wrong.
    """
    known = facts.frontier(since=facts.released(facts.GPT1), until=facts.ESSAY_DAY)
    drawn = trends.break_samples(known[known.total_params.notna()], draws=_DRAWS)
    slowed = float((drawn.after < drawn.before).mean())
    share = drawn.chance_of_shrinking
    decided = verdict(right=share >= _NEARLY_ALL, imprecise=slowed >= _NEARLY_ALL)
    return found(share, decided, slowed=slowed, fall=facts.the_fall())


@decides("R16")
def sonnet_on_the_market(row: ClaimRow, *, arena_list: str = facts.ESSAY_DAY) -> Result:
    """Right if within 60 Arena points of the top of the list, the frontier rule of models.csv;
    imprecise within twice that; else wrong.
    """
    entries = facts.arena_list(until=arena_list)
    behind = entries.score.max() - catalog.score(facts.SONNET, facts.ARENA, arena_list)
    gpt4o = catalog.score_gap(facts.GPT4O, facts.SONNET, facts.ARENA, arena_list)
    near, nearly = behind <= _NEAR_THE_TOP, behind <= SAME_ORDER * _NEAR_THE_TOP
    gain = catalog.score_gap(facts.SONNET, facts.GPT4O, *measures.ONE_GPQA)
    decided = verdict(right=near, imprecise=nearly)
    top = measures.level_at_top(entries)
    return found(behind, decided, top=top, behind_gpt4o=gpt4o, gpqa=gain, step=_NEAR_THE_TOP)


@decides("R17")
def independent_estimates(row: ClaimRow) -> Result:
    """Right if two published intervals that use neither price nor speed hold the stated 200
    billion; imprecise if one does; unsupported if none.
    """
    probes, size = facts.independent_estimates(facts.GPT4O), facts.size(facts.GPT4O)
    count = int(((probes.total_low <= size) & (size <= probes.total_high)).sum())
    decided = verdict(right=count > 1, imprecise=count == 1, otherwise="unsupported")
    last, ends = probes.iloc[-1], sorted(map(facts.size, _TWO_OPEN))
    return found(last.total_params, decided, size=size, probe=last, open=ends)
