"""Claims of the chapter on evolution: how language models grew until 2024."""

import math

from llmecon import catalog, trends
from llmecon_book import facts
from llmecon_book.ledger.registry import Asked, Result, by_size, decides, found, rounded, verdict
from llmecon_book.words import listed

_FOUR_MONTHS = 120  # d


@decides("E01")
def transformer_year(asked: Asked) -> Result:
    """Right if the paper is of the stated year; else wrong."""
    first = facts.model(asked.model)
    year = float(first.release_date.year)
    decided = verdict(right=year == asked.stated)
    return found(year, decided, released=first.release_date, params=first.total_params)


@decides("E02")
def gpt1_size(asked: Asked) -> Result:
    """Right if the disclosed size is the stated one within 5 %; imprecise within a factor of two;
    else wrong.
    """
    params = facts.size(asked.model)
    return found(params, by_size(asked.stated, params), released=facts.released(asked.model))


@decides("E03")
def gpt1_to_gpt3_years(asked: Asked) -> Result:
    """Right if the years fit, within 5 %, from the only date the article has given; imprecise if
    they fit from GPT-1; else wrong.
    """
    start, end = facts.released(facts.GPT1), facts.released(facts.GPT3)
    years = trends.elapsed_years(start, end)
    from_first = trends.elapsed_years(facts.released(facts.FIRST_TRANSFORMER), end)
    claimed = asked.stated
    return found(
        years,
        verdict(right=rounded(claimed, from_first), imprecise=rounded(claimed, years)),
        days=(end - start).days,
        first_year=facts.released(facts.FIRST_TRANSFORMER).year,
        from_first=from_first,
    )


@decides("E04", "R18", "R19")
def counted_size(asked: Asked) -> Result:
    """Right if the size counted from the shape is the stated one within 5 %; imprecise within a
    factor of two; else wrong.
    """
    counted = float(catalog.transformer(asked.model).n_params)
    printed = facts.size(asked.model)
    return found(
        counted, by_size(asked.stated, counted), printed=printed, quoted=facts.quoted(printed)
    )


@decides("E05")
def gpt3_over_predecessor(asked: Asked) -> Result:
    """Right if the stated ratio is that to the direct predecessor within 5 %; imprecise if within
    a factor of two of some reading; else wrong.
    """
    models = catalog.models()
    before = models[
        (models.developer == "OpenAI") & (models.release_date < facts.released(facts.GPT3))
    ]
    direct = before.sort_values("release_date").iloc[-1]
    size = facts.quoted(facts.size(facts.GPT3))
    from_gpt1 = float(trends.ratio(size, facts.size(facts.GPT1)))
    from_direct = float(trends.ratio(size, float(direct.total_params)))
    return found(
        from_gpt1,
        by_size(asked.stated, from_direct, from_gpt1),
        direct=direct.model,
        direct_params=direct.total_params,
        from_direct=from_direct,
    )


@decides("E06")
def growth_before_and_after(asked: Asked) -> Result:
    """Right if no model between GPT-1 and GPT-3 set a record of size and growth sped up after
    GPT-3; imprecise if sizes grew on after GPT-3; else wrong.
    """
    sizes = [facts.size(facts.GPT1), facts.quoted(facts.size(facts.GPT3)), facts.size(facts.GPT4)]
    days = [facts.released(name) for name in (facts.GPT1, facts.GPT3, facts.GPT4)]
    before = trends.growth_rate(days[:2], sizes[:2]).factor_per_year
    after = trends.growth_rate(days[1:], sizes[1:]).factor_per_year
    records = trends.records(catalog.models(), "total_params")
    between = records[(records.release_date > days[0]) & (records.release_date < days[1])]
    decided = verdict(right=between.empty and after > before, imprecise=after > 1)
    return found(
        before, decided, after=after, between=listed(between.model) if len(between) else "nobody"
    )


@decides("E07")
def gpt3_to_gpt4_years(asked: Asked) -> Result:
    """Right if the stated years are the elapsed ones within 5 %; imprecise if those round to them;
    else wrong.
    """
    start, end = facts.released(facts.GPT3), facts.released(facts.GPT4)
    years = trends.elapsed_years(start, end)
    claimed = asked.stated
    return found(
        years,
        verdict(right=rounded(claimed, years), imprecise=round(years) == claimed),
        days=(end - start).days,
        whole_years=math.floor(years),
        months=12 * (years - math.floor(years)),
    )


@decides("E08")
def gpt4_size(asked: Asked) -> Result:
    """Right if a disclosed size is the stated one within 5 %; imprecise if the size is only
    reported or estimated, but the stated one; else wrong.
    """
    counted = float(catalog.transformer(facts.GPT4_SHAPE).n_params)
    gpt4 = facts.model(facts.GPT4)
    agrees = rounded(asked.stated, counted) and rounded(asked.stated, gpt4.total_params)
    decided = verdict(right=agrees and gpt4.size_status == "disclosed", imprecise=agrees)
    return found(counted, decided, active=gpt4.active_params)


@decides("E09")
def gpt4_over_gpt3(asked: Asked) -> Result:
    """Right if the stated ratio is the computed one within 5 %; imprecise within a factor of two;
    else wrong.
    """
    total = float(trends.ratio(facts.size(facts.GPT4), facts.quoted(facts.size(facts.GPT3))))
    active = float(
        trends.ratio(facts.known(facts.GPT4, "active_params"), facts.quoted(facts.size(facts.GPT3)))
    )
    return found(total, by_size(asked.stated, total), active=active)


@decides("E10")
def whale_picture(asked: Asked) -> Result:
    """Decided by reading the transcript: no number decides."""
    talk = asked.source_day
    return found(None, None, talk=talk, days=(talk - facts.released(facts.GPT4O)).days)


@decides("E11")
def smaller_beats_larger(asked: Asked) -> Result:
    """No source for the certainty was found: unsupported while a smaller model of the same compute
    scores higher, else unverifiable.
    """
    small, large = (
        facts.score_on_release(name, facts.MMLU) for name in (facts.CHINCHILLA, facts.GOPHER)
    )
    gap = small - large
    ratio = facts.size(facts.GOPHER) / facts.size(facts.CHINCHILLA)
    months = 12 * trends.elapsed_years(facts.released(facts.CHINCHILLA), facts.released(facts.GPT4))
    decided = verdict(unsupported=gap > 0 and ratio > 1, otherwise="unverifiable")
    return found(gap, decided, ratio=ratio, months=months, small=small, large=large)


@decides("E12")
def trend_continued(asked: Asked) -> Result:
    """Right if the stated size is that of the trend on the essay's day within 5 %; imprecise
    within a factor of two of some reading; else wrong.
    """
    days = [facts.released(facts.GPT3), facts.released(facts.GPT4)]
    sizes = [facts.quoted(facts.size(facts.GPT3)), facts.size(facts.GPT4)]
    reached = trends.extrapolate(days, sizes, to=facts.ESSAY_DAY)
    from_gpt1 = trends.extrapolate(
        [facts.released(facts.GPT1), days[1]],
        [facts.size(facts.GPT1), sizes[1]],
        to=facts.ESSAY_DAY,
    )
    claimed = asked.stated
    return found(
        reached,
        by_size(claimed, reached, from_gpt1),
        over_gpt4=reached / sizes[1],
        claimed=claimed,
        day_reached=trends.date_reached(days, sizes, size=claimed),
    )


@decides("E13")
def smaller_and_better(asked: Asked) -> Result:
    """Right if the later model scores higher and its estimated size is less; imprecise if it only
    scores higher; else wrong.
    """
    gap = catalog.score_gap(facts.GPT4O, facts.GPT4, facts.ARENA, facts.ESSAY_DAY)
    ratio = float(trends.ratio(facts.size(facts.GPT4), facts.size(facts.GPT4O)))
    return found(gap, verdict(right=gap > 0 and ratio > 1, imprecise=gap > 0), ratio=ratio)


@decides("E14")
def makers_with_a_larger_model(asked: Asked) -> Result:
    """Large makers that showed their largest model within 120 days of the essay: right if none,
    imprecise if one, else wrong.
    """
    shown = facts.larger_models(facts.ESSAY_DAY, _FOUR_MONTHS)
    count = shown.developer.nunique()
    cells_of = shown[["developer", "model", "total_params", "size_status"]].to_numpy()
    return found(
        float(count),
        verdict(right=count == 0, imprecise=count == 1),
        days=_FOUR_MONTHS,
        shown=listed([_name_and_size(*cells) for cells in cells_of]) if count else "none",
    )


def _name_and_size(developer: str, model: str, params: float, status: str) -> str:
    if math.isnan(params):
        return f"{developer} {model} (size not disclosed, most compute of theirs by estimate)"
    return f"{developer} {model} ({status} {params / 1e12:.0f} trillion)"
