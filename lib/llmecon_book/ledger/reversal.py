"""Claims of the chapter on the reversal: models of 2024 that seem smaller than GPT-4."""

from typing import Any

import pandas as pd

from llmecon import catalog, roofline, sizing, trends
from llmecon_book import facts
from llmecon_book.ledger import measures
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

# Elo difference of 20 points: the better model wins 53 % of votes, a coin to most users.
_LEVEL = 20.0
# `frontier` of models.csv: within 60 Arena points of the best, a win share of 58.5 %.
_NEAR_THE_TOP = 60.0
_INDEX_STEP = 3.0  # index points between neighbours at the top of the quality index
# Errors of a size estimate that readers would call a judgement, and a guess at its order.
_FINE_ERROR, _COARSE_ERROR = 1.5, 4.0
_QUALITY_INDEX = "Artificial Analysis quality index"
# One harness for both models; makers count differently, one the majority of 32 answers.
_ONE_GPQA, _ONE_GPQA_DAY = "GPQA Diamond, Artificial Analysis run", "2026-07-10"


def _winter_readings(model: str) -> pd.DataFrame:
    return catalog.speed_readings(model, since=facts.WINTER[0], until=facts.WINTER[1])


def _read(model: str) -> tuple[sizing.Reading, pd.DataFrame]:
    """Size by all readings of the winter together, each at the price of its version."""
    readings = _winter_readings(model)
    name = facts.FIRST_SONNET if model == facts.SONNET else model  # the price never changed
    days = readings.version if model == facts.GPT4O else pd.Series(facts.ESSAY_DAY, readings.index)
    prices = [catalog.price_on(name, day) for day in days]
    found = sizing.infer(
        [price.output_usd_per_mtok for price in prices],
        readings.output_tokens_per_s,
        facts.SERVED_DAY,
        input_usd_per_mtok=[price.input_usd_per_mtok for price in prices],
    )
    return found, readings


@decides("R01")
def gpt4o_size(asked: Asked) -> Result:
    """Right if the stated size lies inside the 80 % interval by price and speed and inside the
    probe's; imprecise if inside one of the two; else wrong.
    """
    sizes = _read(facts.GPT4O)[0].total_params
    probe = facts.independent_estimates(facts.GPT4O).iloc[-1]
    low, high = sizes.interval()
    inside = [
        low <= asked.stated <= high,
        bool(probe.total_low <= asked.stated <= probe.total_high),
    ]
    return found(
        sizes.median,
        verdict(right=all(inside), imprecise=any(inside)),
        low=low,
        high=high,
        probe=probe.total_params,
        probe_low=probe.total_low,
        probe_high=probe.total_high,
    )


@decides("R02")
def gpt4_over_gpt4o(asked: Asked) -> Result:
    """Right if the ratio lies in the stated range; imprecise within a factor of two of an end;
    else wrong.
    """
    ratio = float(trends.ratio(facts.size(facts.GPT4), facts.size(facts.GPT4O)))
    low, high = asked.stated_range
    near = min(apart(low, ratio), apart(high, ratio)) <= SAME_ORDER
    return found(ratio, verdict(right=low <= ratio <= high, imprecise=near))


@decides("R03")
def sonnet_size(asked: Asked) -> Result:
    """Right if the stated size lies inside the 80 % interval by price and speed; imprecise if it is
    within a factor of two of an end; else wrong.
    """
    reading, readings = _read(facts.SONNET)
    low, high = reading.total_params.interval()
    near = min(apart(asked.stated, low), apart(asked.stated, high)) <= SAME_ORDER
    return found(
        reading.total_params.median,
        verdict(right=low <= asked.stated <= high, imprecise=near),
        low=low,
        high=high,
        seen=readings.date.max(),
        below_gpt4=trends.ratio(facts.size(facts.GPT4), facts.size(facts.SONNET)),
    )


@decides("R04")
def open_frontier_since(asked: Asked) -> Result:
    """Right if no later open frontier model is larger than the largest of the essay's day;
    imprecise within a factor of two; else wrong.
    """
    before = float(facts.open_frontier(until=facts.ESSAY_DAY).total_params.max())
    largest = facts.largest(facts.open_frontier(after=facts.ESSAY_DAY))
    grown = float(largest.total_params) / before
    ratio = float(largest.total_params) / facts.size(facts.MISTRAL)
    return found(
        ratio,
        verdict(right=grown <= 1, imprecise=grown <= SAME_ORDER),
        largest=largest.model,
        params=largest.total_params,
        released=largest.release_date,
    )


@decides("R05")
def best_open_models(asked: Asked) -> Result:
    """Right if the two lead the open models of both the index and the Arena list; imprecise if
    they are within reach of the leader on both; else wrong.
    """
    scores = catalog.scores()
    index = scores[scores.benchmark == _QUALITY_INDEX].set_index("model").score
    pair = [facts.MISTRAL, facts.LLAMA33]
    leader = str(index.idxmax())
    behind = float(index.max() - index[pair].max())
    scored = facts.scored_models(facts.ARENA, facts.ESSAY_DAY)  # the best first
    ranked = scored[scored.open_weights & (scored.release_date <= pd.Timestamp(facts.ESSAY_DAY))]
    mistral = catalog.score(facts.MISTRAL, facts.ARENA, facts.ESSAY_DAY)
    above = ranked[(ranked.score > mistral) & ~ranked.model.isin(pair)]
    reach = float(ranked.score.max()) - mistral
    leads = behind <= 0 and above.empty
    return found(
        behind,
        verdict(
            right=leads, imprecise=behind <= SAME_ORDER * _INDEX_STEP and reach <= _NEAR_THE_TOP
        ),
        leader=leader,
        leader_index=index.max(),
        pair_index=index[pair].max(),
        above=listed(above.model) if len(above) else "none",
        weeks=(pd.Timestamp(facts.SERVED_DAY) - pd.Timestamp(facts.ESSAY_DAY)).days / 7,
    )


@decides("R06")
def level_of_predecessors(asked: Asked) -> Result:
    """Right if both open models are at most 20 Arena points below each of the two older ones;
    imprecise if one of them is; else wrong.
    """
    mistral = {
        other: catalog.score_gap(facts.MISTRAL, other, facts.ARENA, facts.ESSAY_DAY)
        for other in (facts.OPUS, facts.GPT4)
    }
    llama = {
        other: catalog.score_gap(facts.LLAMA33, other, facts.ARENA, facts.ARENA_2025)
        for other in (facts.OPUS, facts.GPT4)
    }
    level = [min(gaps.values()) >= -_LEVEL for gaps in (mistral, llama)]
    decided = verdict(right=all(level), imprecise=any(level))
    return found(mistral[facts.OPUS], decided, to_gpt4=mistral[facts.GPT4])


@decides("R07")
def compact_and_cheap(asked: Asked) -> Result:
    """Right if GPT-4 is more than twice each of the two in all parameters, in those at work on a
    token and in cost; imprecise if in all parameters only; else wrong.
    """
    total = trends.ratio(
        facts.size(facts.GPT4), [facts.size(facts.MISTRAL), facts.size(facts.LLAMA33)]
    )
    active = trends.ratio(
        facts.known(facts.GPT4, "active_params"),
        [facts.known(facts.MISTRAL, "active_params"), facts.known(facts.LLAMA33, "active_params")],
    )
    speed = facts.stated("R11")
    cost = measures.usd_at(measures.h200_frontier(), speed)
    cost_llama = measures.usd_at(measures.h200_frontier(facts.LLAMA33), speed)
    everywhere = min(total.min(), active.min(), cost / cost_llama) > SAME_ORDER
    return found(
        float(total[0]),
        verdict(right=everywhere, imprecise=bool(total.min() > SAME_ORDER)),
        total_llama=total[1],
        active_mistral=active[0],
        active_llama=active[1],
        cost_ratio=cost / cost_llama,
        speed=speed,
    )


@decides("R08")
def size_from_speed_and_price(asked: Asked) -> Result:
    """Right if the median error on families not seen is at most a factor of 1.5; imprecise up to 4;
    else wrong.
    """
    offers = sizing.offers()
    rows = sizing.evaluate(offers)
    line = sizing.summary(rows[rows.method == sizing.METHODS[0]]).loc["total_params"].iloc[0]
    one = offers[(offers.model == facts.LLAMA33) & (offers.date == facts.SERVED_DAY)]
    return found(
        float(line.median_factor),
        verdict(
            right=line.median_factor <= _FINE_ERROR, imprecise=line.median_factor <= _COARSE_ERROR
        ),
        one_in_ten=line.p90_factor,
        slowest=one.output_tokens_per_s.min(),
        fastest=one.output_tokens_per_s.max(),
    )


@decides("R09")
def gpt4o_speed(asked: Asked) -> Result:
    """Right if the median reading lies in the stated range; imprecise if some reading does; else
    wrong.
    """
    readings = facts.gpt4o_readings().output_tokens_per_s
    low, high = asked.stated_range
    inside = readings.between(low, high)
    median = float(readings.median())
    return found(
        median,
        verdict(right=low <= median <= high, imprecise=bool(inside.any())),
        inside=inside.sum(),
        count=len(readings),
        slowest=readings.min(),
        fastest=readings.max(),
        price=facts.list_price(facts.GPT4O, facts.WINTER[0]),
    )


def _output_price(asked: Asked, **more: Any) -> Result:
    """Verdict on a price: of one version, or of all that were sold under the name."""
    model = asked.model
    history = catalog.prices().query("model == @model").sort_values("effective_date")
    now = catalog.price_on(model, facts.ESSAY_DAY)
    agree = [rounded(asked.stated, price) for price in history.output_usd_per_mtok]
    first = history.iloc[0]
    return found(
        float(now.output_usd_per_mtok),
        verdict(right=all(agree), imprecise=any(agree)),
        input=now.input_usd_per_mtok,
        since=now.effective_date,
        first_output=first.output_usd_per_mtok,
        first_input=first.input_usd_per_mtok,
        first_since=first.effective_date,
        **more,
    )


@decides("R10", "R12")
def output_price(asked: Asked) -> Result:
    """Right if every version sold under the name had the stated output price; imprecise if one
    had; else wrong.
    """
    return _output_price(asked)


@decides("R11")
def turbo_speed(asked: Asked) -> Result:
    """Right if no reading is above the stated bound; imprecise if the median is not; else wrong."""
    readings = catalog.speed_readings(asked.model)
    speeds = readings.output_tokens_per_s.sort_values(ascending=False)
    bound = asked.stated
    return found(
        float(speeds.max()),
        verdict(right=bool(speeds.max() <= bound), imprecise=bool(speeds.median() <= bound)),
        count=len(speeds),
        first_year=readings.date.min().year,
        last_year=readings.date.max().year,
        fastest=speeds.iloc[0],
        second=speeds.iloc[1],
        slowest=speeds.iloc[-1],
    )


@decides("R13")
def gpt4_price(asked: Asked) -> Result:
    """Right if every version sold under the name had the stated output price; imprecise if one
    had; else wrong.
    """
    return _output_price(asked, longer=facts.list_price("GPT-4 32k"))


@decides("R14")
def smaller_is_faster(asked: Asked) -> Result:
    """Right if GPT-4o outruns and undercuts GPT-4 Turbo and no larger model is faster than it;
    imprecise if the direction holds but a larger model breaks it; else wrong.
    """
    rule = float(roofline.speed_ratio(facts.size(facts.GPT4O), facts.size(facts.GPT4)))
    turbo, gpt4o = catalog.speed_readings(facts.TURBO), _winter_readings(facts.GPT4O)
    fastest_turbo = float(turbo.output_tokens_per_s.max())
    faster = float(gpt4o.output_tokens_per_s.median()) > fastest_turbo
    cheaper = facts.list_price(facts.GPT4O) < facts.list_price(facts.TURBO)
    large = _largest_of_openai()
    large_speed = float(catalog.speed_readings(large).output_tokens_per_s.max())
    large_price = float(catalog.prices().query("model == @large").output_usd_per_mtok.max())
    direction = faster and cheaper
    return found(
        rule,
        verdict(right=direction and large_speed < fastest_turbo, imprecise=direction),
        large=large,
        large_speed=large_speed,
        large_price=large_price,
        turbo_speed=fastest_turbo,
    )


def _largest_of_openai() -> str:
    """The model of OpenAI trained with most compute, by Epoch's estimate: GPT-4.5."""
    models = catalog.models().query("developer == 'OpenAI' and training_flop == training_flop")
    return str(models.sort_values("training_flop", kind="stable").iloc[-1].model)


@decides("R15")
def fall_from_gpt4(asked: Asked) -> Result:
    """Right if the estimated size fell by more than half; imprecise if it fell; else wrong."""
    ratio = float(trends.ratio(facts.size(facts.GPT4O), facts.size(facts.GPT4)))
    return found(
        ratio,
        verdict(right=ratio < 1 / SAME_ORDER, imprecise=ratio < 1),
        parts=1 / ratio,
        months=12 * trends.elapsed_years(facts.released(facts.GPT4), facts.released(facts.GPT4O)),
        per_year=facts.the_fall().factor_per_year,
    )


@decides("R16")
def sonnet_on_the_market(asked: Asked) -> Result:
    """Right if within 60 Arena points of the best of our tables, the frontier rule of models.csv;
    imprecise within twice that; else wrong.
    """
    best = str(facts.scored_models(facts.ARENA, facts.ESSAY_DAY).model.iloc[0])
    behind = catalog.score_gap(best, facts.SONNET, facts.ARENA, facts.ESSAY_DAY)
    gain = catalog.score_gap(facts.SONNET, facts.GPT4O, _ONE_GPQA, _ONE_GPQA_DAY)
    return found(
        behind,
        verdict(right=behind <= _NEAR_THE_TOP, imprecise=behind <= SAME_ORDER * _NEAR_THE_TOP),
        best=best,
        behind_gpt4o=catalog.score_gap(facts.GPT4O, facts.SONNET, facts.ARENA, facts.ESSAY_DAY),
        gpqa=gain,
    )


@decides("R17")
def independent_estimates(asked: Asked) -> Result:
    """Right if two published intervals that use neither price nor speed hold the stated 200
    billion; imprecise if one does; unsupported if none.
    """
    probes = facts.independent_estimates(facts.GPT4O)
    size = facts.size(facts.GPT4O)
    inside = (probes.total_low <= size) & (size <= probes.total_high)
    count = int(inside.sum())
    open_sizes = sorted([facts.size(facts.MISTRAL), facts.size(facts.LLAMA33)])
    return found(
        float(probes.iloc[-1].total_params),
        verdict(right=count > 1, imprecise=count == 1, otherwise="unsupported"),
        size=size,
        probe_low=probes.iloc[-1].total_low,
        probe_high=probes.iloc[-1].total_high,
        open_low=open_sizes[0],
        open_high=open_sizes[1],
    )
