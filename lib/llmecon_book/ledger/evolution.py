"""Claims of the chapter on evolution: how language models grew until 2024."""

import math
from typing import Any

import pandas as pd

from llmecon import catalog, trends
from llmecon_book import facts
from llmecon_book.facts import ClaimRow
from llmecon_book.ledger import measures
from llmecon_book.ledger.registry import Result, by_size, decides, found, rounded, verdict
from llmecon_book.words import listed


@decides("E01", "C02", "C03", "C08")
def released_in_period(row: ClaimRow) -> Result:
    """Right if the release is of the stated year or month; imprecise if of the one before or after;
    else wrong.
    """
    model: Any = facts.model(row.model) if row.model else None
    day = row.source_day if model is None else model.release_date
    stated = pd.Period(row.stated_value)
    off = abs((day.to_period(stated.freqstr[0]) - stated).n)
    return found(
        day.year if row.unit == "year" else f"{day:%Y-%m-%d}",
        verdict(right=off == 0, imprecise=off == 1),
        released=day,
        claimed=row.stated_value,
        model=model,
        ratio=None if model is None else model.training_tokens / model.total_params,
    )


@decides("E02")
def gpt1_size(row: ClaimRow) -> Result:
    """Right if the disclosed size is the stated one within 5 %; imprecise within a factor of two;
    else wrong.
    """
    params = facts.size(row.model)
    return found(params, by_size(row.stated, params), released=facts.released(row.model))


@decides("E03")
def gpt1_to_gpt3_years(row: ClaimRow) -> Result:
    """Right if the years fit, within 5 %, from the only date the article has given; imprecise if
    they fit from GPT-1; else wrong.
    """
    first, start, end = map(facts.released, (facts.FIRST_TRANSFORMER, facts.GPT1, facts.GPT3))
    years, from_first = trends.elapsed_years(start, end), trends.elapsed_years(first, end)
    decided = verdict(right=rounded(row.stated, from_first), imprecise=rounded(row.stated, years))
    return found(years, decided, lapse=end - start, first=first, from_first=from_first)


@decides("E04", "R18", "R19")
def counted_size(row: ClaimRow) -> Result:
    """Right if the size counted from the shape is the stated one within 5 %; imprecise within a
    factor of two; else wrong.
    """
    counted, printed = catalog.transformer(row.model).n_params, facts.size(row.model)
    decided = by_size(row.stated, counted)
    return found(counted, decided, printed=printed)


@decides("E05")
def gpt3_over_predecessor(row: ClaimRow) -> Result:
    """Right if the stated ratio is that to the direct predecessor within 5 %; imprecise if within
    a factor of two of some reading; else wrong.
    """
    models, size = facts.models(), facts.size(facts.GPT3)
    earlier = models[models.release_date < facts.released(facts.GPT3)]
    direct = earlier[earlier.developer == "OpenAI"].iloc[-1]
    from_gpt1, from_direct = trends.ratio(size, [facts.size(facts.GPT1), direct.total_params])
    decided = by_size(row.stated, from_direct, from_gpt1)
    return found(from_gpt1, decided, direct=direct, from_direct=from_direct)


@decides("E06")
def growth_before_and_after(row: ClaimRow) -> Result:
    """Right if no model between GPT-1 and GPT-3 set a record of size and growth sped up after
    GPT-3; imprecise if sizes grew on after GPT-3; else wrong.
    """
    before, after = (
        facts.growth_between(*pair).factor_per_year
        for pair in ((facts.GPT1, facts.GPT3), (facts.GPT3, facts.GPT4))
    )
    records = trends.records(catalog.models(), "total_params").set_index("model").release_date
    first, last = facts.released(facts.GPT1), facts.released(facts.GPT3)
    between = records[(records > first) & (records < last)]
    decided = verdict(right=between.empty and after > before, imprecise=after > 1)
    return found(before, decided, after=after, between=listed(between.index))


@decides("E07")
def gpt3_to_gpt4_years(row: ClaimRow) -> Result:
    """Right if the stated years are the elapsed ones within 5 %; imprecise if those round to them;
    else wrong.
    """
    start, end = facts.released(facts.GPT3), facts.released(facts.GPT4)
    years = trends.elapsed_years(start, end)
    part, whole = math.modf(years)
    decided = verdict(right=rounded(row.stated, years), imprecise=round(years) == row.stated)
    return found(years, decided, lapse=end - start, whole_years=whole, months=12 * part)


@decides("E08")
def gpt4_size(row: ClaimRow) -> Result:
    """Right if a disclosed size is the stated one within 5 %; imprecise if the size is only
    reported or estimated, but the stated one; else wrong.
    """
    counted, gpt4 = catalog.transformer(facts.GPT4_SHAPE).n_params, facts.model(facts.GPT4)
    agrees = rounded(row.stated, counted) and rounded(row.stated, gpt4.total_params)
    decided = verdict(right=agrees and gpt4.size_status == "disclosed", imprecise=agrees)
    return found(counted, decided, gpt4=gpt4)


@decides("E09")
def gpt4_over_gpt3(row: ClaimRow) -> Result:
    """Right if the stated ratio is the computed one within 5 %; imprecise within a factor of two;
    else wrong.
    """
    sizes = [facts.known(facts.GPT4, f"{which}_params") for which in ("total", "active")]
    total, active = trends.ratio(sizes, facts.size(facts.GPT3))
    return found(total, by_size(row.stated, total), active=active)


@decides("E10")
def whale_picture(row: ClaimRow) -> Result:
    """Decided by reading the transcript: no number decides."""
    talk = row.source_day
    return found(None, None, talk=talk, after=talk - facts.released(facts.GPT4O))


@decides("E11")
def smaller_beats_larger(row: ClaimRow) -> Result:
    """No source for the certainty was found: unsupported while a smaller model of the same compute
    scores higher, else unverifiable.
    """
    pair = facts.CHINCHILLA, facts.GOPHER
    small, large = (facts.score_on_release(name, facts.MMLU) for name in pair)
    ratio = facts.size(facts.GOPHER) / facts.size(facts.CHINCHILLA)
    years = trends.elapsed_years(facts.released(facts.CHINCHILLA), facts.released(facts.GPT4))
    decided = verdict(unsupported=small > large and ratio > 1, otherwise="unverifiable")
    return found(small - large, decided, ratio=ratio, months=12 * years, small=small, large=large)


@decides("E12")
def trend_continued(
    row: ClaimRow,
    *,
    first_model: str = facts.GPT1,
    middle_model: str = facts.GPT3,
    last_model: str = facts.GPT4,
    extrapolate_to: str = facts.ESSAY_DAY,
    claimed_params: float | None = None,
) -> Result:
    """Right if the stated size is that of the trend on the essay's day within 5 %; imprecise
    within a factor of two of some reading; else wrong.
    """
    stated = row.stated if claimed_params is None else claimed_params
    line, from_first = (facts.growth_between(n, last_model) for n in (middle_model, first_model))
    reached, other = (float(one.at([extrapolate_to])[0]) for one in (line, from_first))
    return found(
        reached,
        by_size(stated, reached, other),
        over_gpt4=reached / facts.size(facts.GPT4),
        claimed=stated,
        day_reached=line.date_of(stated),
    )


@decides("E13")
def smaller_and_better(row: ClaimRow) -> Result:
    """Right if the later model scores higher and is smaller by the whole interval of an estimator
    that uses neither price nor speed; imprecise if it only scores higher; else wrong.
    """
    gap = catalog.score_gap(facts.GPT4O, facts.GPT4, facts.ARENA, facts.ESSAY_DAY)
    ratio, low, high = measures.independent_ratio(facts.GPT4, facts.GPT4O)
    decided = verdict(right=gap > 0 and low > 1, imprecise=gap > 0)
    return found(gap, decided, ratio=ratio, least=low, most=high)
