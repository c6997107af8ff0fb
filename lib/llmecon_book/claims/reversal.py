"""Claims of the chapter on the reversal: models of 2024 that seem smaller than GPT-4."""

import numpy as np
import pandas as pd

from llmecon import catalog, roofline, sizing, trends
from llmecon.catalog.rows import ClaimRow
from llmecon_book import parity
from llmecon_book.claims import lookups as at
from llmecon_book.claims.registry import Result, claim
from llmecon_book.claims.rules import SAME_ORDER, apart, by_grade, by_size, rounded

_GPT4, _TURBO, _GPT4O = "GPT-4", "GPT-4 Turbo", "GPT-4o"
_SONNET, _FIRST_SONNET = "Claude 3.5 Sonnet (Oct 2024)", "Claude 3.5 Sonnet (Jun 2024)"
_MISTRAL, _LLAMA, _OPUS = "Mistral Large 2", "Llama 3.3 70B", "Claude 3 Opus"
_ARENA_2025 = "2025-08-04"  # first list with Llama 3.3 70B
_SERVED_DAY = "2025-01-26"  # leaderboard that the baseline of `sizing` is fitted to
_WINTER = ("2025-01-26", "2025-02-07")  # the two leaderboards nearest to the essay
_GPT4O_AT_10 = ("2024-08-06", "2024-11-20")  # versions sold at 10 USD/Mtok

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


def _baseline() -> sizing.SizeFit:
    served = catalog.served_open_models()
    return sizing.fit(served[served.date == pd.Timestamp(_SERVED_DAY)])


def _published_error(model: str, estimator: str = "Erdil 2024") -> float:
    """Factor between the upper end and the central value of a published estimate."""
    frame = catalog.size_estimates()
    row = frame[(frame.model == model) & (frame.estimator == estimator)].iloc[0]
    return float(row.total_high / row.total_params)


def _independent(model: str) -> pd.DataFrame:
    """Published intervals of a model's size that rest on neither price nor speed."""
    frame = catalog.size_estimates()
    keep = (
        (frame.model == model)
        & (frame.circular_with_price == "false")
        & (frame.circular_with_speed == "false")
        & frame.total_low.notna()
        & frame.total_high.notna()
    )
    return frame[keep]


def _winter_readings(model: str) -> pd.DataFrame:
    return catalog.speed_readings(model, since=_WINTER[0], until=_WINTER[1])


@claim("R01")
def gpt4o_size(row: ClaimRow) -> Result:
    """Right if the stated size is within the essay's own error of the baseline's median and inside
    the probe's interval; imprecise if one of the two; else wrong.
    """
    readings = _winter_readings(_GPT4O)
    prices = [at.list_price(_GPT4O, version) for version in readings.version]
    implied = _baseline().total_params(prices, readings.output_tokens_per_s)
    probe = _independent(_GPT4O).iloc[-1]
    error = _published_error(_GPT4O)
    claimed, median = at.stated(row), float(np.median(implied))
    near = apart(claimed, median) <= error
    inside = bool(probe.total_low <= claimed <= probe.total_high)
    return Result(
        value=median,
        verdict=by_grade(near and inside, near or inside),
        numbers=at.mapping(
            median=median,
            low=implied.min(),
            high=implied.max(),
            error=error,
            probe=probe.total_params,
            probe_low=probe.total_low,
            probe_high=probe.total_high,
        ),
    )


@claim("R02")
def gpt4_over_gpt4o(row: ClaimRow) -> Result:
    """Right if the ratio lies in the stated range; imprecise within a factor of two of an end;
    else wrong.
    """
    ratio = float(trends.ratio(at.size(_GPT4), at.size(_GPT4O)))
    low, high = at.stated(row), row.stated_value_high or at.stated(row)
    near = min(apart(low, ratio), apart(high, ratio)) <= SAME_ORDER
    return Result(
        value=ratio, verdict=by_grade(low <= ratio <= high, near), numbers=at.mapping(ratio=ratio)
    )


@claim("R03")
def sonnet_size(row: ClaimRow) -> Result:
    """Right if the stated size is within the essay's own error of the baseline's median; imprecise
    if within that error of some host's value; else wrong.
    """
    readings = _winter_readings(_SONNET)
    implied = _baseline().total_params(
        at.list_price(_FIRST_SONNET, at.ESSAY_DAY), readings.output_tokens_per_s
    )
    claimed, median, error = at.stated(row), float(np.median(implied)), _published_error(_SONNET)
    some = any(apart(claimed, float(size)) <= error for size in implied)
    return Result(
        value=median,
        verdict=by_grade(apart(claimed, median) <= error, some),
        numbers=at.mapping(
            median=median,
            low=implied.min(),
            high=implied.max(),
            seen=readings.date.max(),
            below_gpt4=trends.ratio(at.size(_GPT4), at.size(_SONNET)),
        ),
    )


@claim("R04")
def open_frontier_since(row: ClaimRow) -> Result:
    """Right if no later open frontier model is larger than the largest of the essay's day;
    imprecise within a factor of two; else wrong.
    """
    models = at.open_frontier("2017-01-01")
    day = pd.Timestamp(at.ESSAY_DAY)
    before = float(models.loc[models.release_date <= day, "total_params"].max())
    later = models[models.release_date > day]
    largest = later.sort_values("total_params", kind="stable").iloc[-1]
    grown = float(largest.total_params) / before
    return Result(
        value=float(trends.ratio(float(largest.total_params), at.size(_MISTRAL))),
        verdict=by_grade(grown <= 1, grown <= SAME_ORDER),
        numbers=at.mapping(
            largest=largest.model,
            params=largest.total_params,
            ratio=trends.ratio(float(largest.total_params), at.size(_MISTRAL)),
            released=largest.release_date,
        ),
    )


@claim("R05")
def best_open_models(row: ClaimRow) -> Result:
    """Right if the two lead the open models of both the index and the Arena list; imprecise if
    they are within reach of the leader on both; else wrong.
    """
    scores = catalog.scores()
    index = scores[scores.benchmark == _QUALITY_INDEX].set_index("model").score
    pair = [_MISTRAL, _LLAMA]
    leader = str(index.idxmax())
    behind = float(index.max() - index[pair].max())
    scored = parity.scored_models(at.ARENA, at.ESSAY_DAY)  # the best first
    ranked = scored[scored.open_weights & (scored.release_date <= pd.Timestamp(at.ESSAY_DAY))]
    mistral = catalog.score(_MISTRAL, at.ARENA, at.ESSAY_DAY)
    above = ranked[(ranked.score > mistral) & ~ranked.model.isin(pair)]
    reach = float(ranked.score.max()) - mistral
    leads = behind <= 0 and above.empty
    return Result(
        value=behind,
        verdict=by_grade(leads, behind <= SAME_ORDER * _INDEX_STEP and reach <= _NEAR_THE_TOP),
        numbers=at.mapping(
            leader=leader,
            leader_index=index.max(),
            pair_index=index[pair].max(),
            above=at.listed(above.model) if len(above) else "none",
            weeks=(pd.Timestamp(_SERVED_DAY) - pd.Timestamp(at.ESSAY_DAY)).days / 7,
        ),
    )


@claim("R06")
def level_of_predecessors(row: ClaimRow) -> Result:
    """Right if both open models are at most 20 Arena points below each of the two older ones;
    imprecise if one of them is; else wrong.
    """
    mistral = {
        other: catalog.score_gap(_MISTRAL, other, at.ARENA, at.ESSAY_DAY)
        for other in (_OPUS, _GPT4)
    }
    llama = {
        other: catalog.score_gap(_LLAMA, other, at.ARENA, _ARENA_2025) for other in (_OPUS, _GPT4)
    }
    level = [min(gaps.values()) >= -_LEVEL for gaps in (mistral, llama)]
    return Result(
        value=mistral[_OPUS],
        verdict=by_grade(all(level), any(level)),
        numbers=at.mapping(
            to_opus=mistral[_OPUS],
            to_gpt4=mistral[_GPT4],
            llama_to_opus=llama[_OPUS],
            llama_to_gpt4=llama[_GPT4],
        ),
    )


@claim("R07")
def compact_and_cheap(row: ClaimRow) -> Result:
    """Right if GPT-4 is more than twice each of the two in all parameters, in those at work on a
    token and in cost; imprecise if in all parameters only; else wrong.
    """
    total = trends.ratio(at.size(_GPT4), [at.size(_MISTRAL), at.size(_LLAMA)])
    active = trends.ratio(
        at.known(_GPT4, "active_params"),
        [at.known(_MISTRAL, "active_params"), at.known(_LLAMA, "active_params")],
    )
    cost = at.usd_at(at.h200_frontier(), at.TURBO_SPEED)
    cost_llama = at.usd_at(at.h200_frontier(_LLAMA), at.TURBO_SPEED)
    everywhere = min(total.min(), active.min(), cost / cost_llama) > SAME_ORDER
    return Result(
        value=float(total[0]),
        verdict=by_grade(everywhere, bool(total.min() > SAME_ORDER)),
        numbers=at.mapping(
            total_mistral=total[0],
            total_llama=total[1],
            active_mistral=active[0],
            active_llama=active[1],
            cost_ratio=cost / cost_llama,
            speed=at.TURBO_SPEED,
        ),
    )


@claim("R08")
def size_from_speed_and_price(row: ClaimRow) -> Result:
    """Right if the median error on models not seen is at most a factor of 1.5; imprecise up to 4;
    else wrong.
    """
    fit = _baseline().total
    served = catalog.served_open_models()
    speeds = served[
        (served.model == _LLAMA) & (served.date == pd.Timestamp(_SERVED_DAY))
    ].output_tokens_per_s
    median = fit.error_factor()
    return Result(
        value=median,
        verdict=by_grade(median <= _FINE_ERROR, median <= _COARSE_ERROR),
        numbers=at.mapping(
            median=median,
            one_in_ten=fit.error_factor(0.9),
            slowest=speeds.min(),
            fastest=speeds.max(),
        ),
    )


@claim("R09")
def gpt4o_speed(row: ClaimRow) -> Result:
    """Right if the median reading lies in the stated range; imprecise if some reading does; else
    wrong.
    """
    readings = catalog.speed_readings(
        _GPT4O, versions=_GPT4O_AT_10, since=_WINTER[0], until=_WINTER[1]
    ).output_tokens_per_s
    low, high = at.stated(row), row.stated_value_high or at.stated(row)
    inside = readings.between(low, high)
    median = float(readings.median())
    return Result(
        value=median,
        verdict=by_grade(low <= median <= high, bool(inside.any())),
        numbers=at.mapping(
            median=median,
            inside=inside.sum(),
            count=len(readings),
            slowest=readings.min(),
            fastest=readings.max(),
            price=at.list_price(_GPT4O, _WINTER[0]),
        ),
    )


def _output_price(row: ClaimRow, model: str, day: str) -> Result:
    """Verdict on a price: of one version, or of all that were sold under the name."""
    history = catalog.prices().query("model == @model").sort_values("effective_date")
    now = catalog.price_on(model, day)
    agree = [rounded(at.stated(row), price) for price in history.output_usd_per_mtok]
    first = history.iloc[0]
    return Result(
        value=float(now.output_usd_per_mtok),
        verdict=by_grade(all(agree), any(agree)),
        numbers=at.mapping(
            output=now.output_usd_per_mtok,
            input=now.input_usd_per_mtok,
            since=now.effective_date,
            first_output=first.output_usd_per_mtok,
            first_input=first.input_usd_per_mtok,
            first_since=first.effective_date,
        ),
    )


@claim("R10")
def gpt4o_price(row: ClaimRow) -> Result:
    """Right if every version sold under the name had the stated output price; imprecise if one
    had; else wrong.
    """
    return _output_price(row, _GPT4O, at.ESSAY_DAY)


@claim("R11")
def turbo_speed(row: ClaimRow) -> Result:
    """Right if no reading is above the stated bound; imprecise if the median is not; else wrong."""
    readings = catalog.speed_readings(_TURBO)
    speeds = readings.output_tokens_per_s.sort_values(ascending=False)
    bound = at.stated(row)
    return Result(
        value=float(speeds.max()),
        verdict=by_grade(bool(speeds.max() <= bound), bool(speeds.median() <= bound)),
        numbers=at.mapping(
            count=len(speeds),
            first_year=readings.date.min().year,
            last_year=readings.date.max().year,
            fastest=speeds.iloc[0],
            second=speeds.iloc[1],
            slowest=speeds.iloc[-1],
        ),
    )


@claim("R12")
def turbo_price(row: ClaimRow) -> Result:
    """Right if every version sold under the name had the stated output price; imprecise if one
    had; else wrong.
    """
    return _output_price(row, _TURBO, at.ESSAY_DAY)


@claim("R13")
def gpt4_price(row: ClaimRow) -> Result:
    """Right if every version sold under the name had the stated output price; imprecise if one
    had; else wrong.
    """
    found = _output_price(row, _GPT4, at.ESSAY_DAY)
    extra = at.mapping(longer=at.list_price("GPT-4 32k", at.ESSAY_DAY))
    return Result(value=found.value, verdict=found.verdict, numbers={**found.numbers, **extra})


@claim("R14")
def smaller_is_faster(row: ClaimRow) -> Result:
    """Right if GPT-4o outruns and undercuts GPT-4 Turbo and no larger model is faster than it;
    imprecise if the direction holds but a larger model breaks it; else wrong.
    """
    rule = float(roofline.speed_ratio(at.size(_GPT4O), at.size(_GPT4)))
    turbo, gpt4o = catalog.speed_readings(_TURBO), _winter_readings(_GPT4O)
    fastest_turbo = float(turbo.output_tokens_per_s.max())
    faster = float(gpt4o.output_tokens_per_s.median()) > fastest_turbo
    cheaper = at.list_price(_GPT4O, at.ESSAY_DAY) < at.list_price(_TURBO, at.ESSAY_DAY)
    large = _largest_of_openai()
    large_speed = float(catalog.speed_readings(large).output_tokens_per_s.max())
    large_price = float(catalog.prices().query("model == @large").output_usd_per_mtok.max())
    direction = faster and cheaper
    return Result(
        value=rule,
        verdict=by_grade(direction and large_speed < fastest_turbo, direction),
        numbers=at.mapping(
            rule=rule,
            large=large,
            large_speed=large_speed,
            large_price=large_price,
            turbo_speed=fastest_turbo,
        ),
    )


def _largest_of_openai() -> str:
    """The model of OpenAI trained with most compute, by Epoch's estimate: GPT-4.5."""
    models = catalog.models().query("developer == 'OpenAI' and training_flop == training_flop")
    return str(models.sort_values("training_flop", kind="stable").iloc[-1].model)


@claim("R15")
def fall_from_gpt4(row: ClaimRow) -> Result:
    """Right if the estimated size fell by more than half; imprecise if it fell; else wrong."""
    ratio = float(trends.ratio(at.size(_GPT4O), at.size(_GPT4)))
    start, end = at.released(_GPT4), at.released(_GPT4O)
    growth = trends.growth_rate([start, end], [at.size(_GPT4), at.size(_GPT4O)])
    return Result(
        value=ratio,
        verdict=by_grade(ratio < 1 / SAME_ORDER, ratio < 1),
        numbers=at.mapping(
            parts=1 / ratio,
            months=12 * trends.elapsed_years(start, end),
            per_year=growth.factor_per_year,
        ),
    )


@claim("R16")
def sonnet_on_the_market(row: ClaimRow) -> Result:
    """Right if within 60 Arena points of the best of our tables, the frontier rule of models.csv;
    imprecise within twice that; else wrong.
    """
    best = str(at.arena_list().iloc[0].model)
    behind = catalog.score_gap(best, _SONNET, at.ARENA, at.ESSAY_DAY)
    gain = catalog.score_gap(_SONNET, _GPT4O, _ONE_GPQA, _ONE_GPQA_DAY)
    return Result(
        value=behind,
        verdict=by_grade(behind <= _NEAR_THE_TOP, behind <= SAME_ORDER * _NEAR_THE_TOP),
        numbers=at.mapping(
            best=best,
            behind=behind,
            behind_gpt4o=catalog.score_gap(_GPT4O, _SONNET, at.ARENA, at.ESSAY_DAY),
            gpqa=gain,
        ),
    )


@claim("R17")
def independent_estimates(row: ClaimRow) -> Result:
    """Right if two published intervals that use neither price nor speed hold the stated 200
    billion; imprecise if one does; unsupported if none.
    """
    probes = _independent(_GPT4O)
    size = at.size(_GPT4O)
    inside = (probes.total_low <= size) & (size <= probes.total_high)
    count = int(inside.sum())
    open_sizes = sorted([at.size(_MISTRAL), at.size(_LLAMA)])
    return Result(
        value=float(probes.iloc[-1].total_params),
        verdict="right" if count > 1 else "imprecise" if count else "unsupported",
        numbers=at.mapping(
            count=count,
            size=size,
            probe=probes.iloc[-1].total_params,
            probe_low=probes.iloc[-1].total_low,
            probe_high=probes.iloc[-1].total_high,
            open_low=open_sizes[0],
            open_high=open_sizes[1],
        ),
    )


def _counted(row: ClaimRow, model: str) -> Result:
    counted = float(catalog.transformer(model).n_params)
    return Result(
        value=counted,
        verdict=by_size(at.stated(row), counted),
        numbers=at.mapping(counted=counted),
    )


@claim("R18")
def mistral_size(row: ClaimRow) -> Result:
    """Right if the size counted from the shape is the stated one within 5 %; imprecise within a
    factor of two; else wrong.
    """
    return _counted(row, _MISTRAL)


@claim("R19")
def llama_size(row: ClaimRow) -> Result:
    """Right if the size counted from the shape is the stated one within 5 %; imprecise within a
    factor of two; else wrong.
    """
    return _counted(row, _LLAMA)
