"""Claims of the chapter on evolution: how language models grew until 2024."""

import math

import pandas as pd

from llmecon import catalog, trends
from llmecon.catalog.rows import ClaimRow
from llmecon_book.claims import lookups as at
from llmecon_book.claims.registry import Result, claim
from llmecon_book.claims.rules import by_grade, by_size, rounded
from llmecon_book.scorecard.facts import larger_models

_GPT1, _GPT3, _GPT4, _GPT4O = "GPT-1", "GPT-3 175B", "GPT-4", "GPT-4o"
_FIRST = "Transformer (big)"  # the date the article gives before it counts years

_AFTER_THE_ESSAY = pd.Timedelta(days=120)  # the "four months" of claim E14


@claim("E01")
def transformer_year(row: ClaimRow) -> Result:
    """Right if the paper is of the stated year; else wrong."""
    first = at.model(_FIRST)
    year = float(first.release_date.year)
    return Result(
        value=year,
        verdict=by_grade(year == at.stated(row), False),
        numbers=at.mapping(released=first.release_date, params=first.total_params),
    )


@claim("E02")
def gpt1_size(row: ClaimRow) -> Result:
    """Right if the disclosed size is the stated one within 5 %; imprecise within a factor of two;
    else wrong.
    """
    params = at.size(_GPT1)
    return Result(
        value=params,
        verdict=by_size(at.stated(row), params),
        numbers=at.mapping(released=at.released(_GPT1)),
    )


@claim("E03")
def gpt1_to_gpt3_years(row: ClaimRow) -> Result:
    """Right if the years fit, within 5 %, from the only date the article has given; imprecise if
    they fit from GPT-1; else wrong.
    """
    start, end = at.released(_GPT1), at.released(_GPT3)
    years = trends.elapsed_years(start, end)
    from_first = trends.elapsed_years(at.released(_FIRST), end)
    claimed = at.stated(row)
    return Result(
        value=years,
        verdict=by_grade(rounded(claimed, from_first), rounded(claimed, years)),
        numbers=at.mapping(
            years=years,
            days=(end - start).days,
            first_year=at.released(_FIRST).year,
            from_first=from_first,
        ),
    )


@claim("E04")
def gpt3_size(row: ClaimRow) -> Result:
    """Right if the size counted from the shape is the stated one within 5 %; imprecise within a
    factor of two; else wrong.
    """
    counted = float(catalog.transformer(_GPT3).n_params)
    claimed = at.stated(row)
    return Result(
        value=counted,
        verdict=by_size(claimed, counted),
        numbers=at.mapping(
            printed=at.size(_GPT3), counted=counted, quoted=at.quoted_gpt3(), claimed=claimed
        ),
    )


@claim("E05")
def gpt3_over_predecessor(row: ClaimRow) -> Result:
    """Right if the stated ratio is that to the direct predecessor within 5 %; imprecise if within
    a factor of two of some reading; else wrong.
    """
    models = catalog.models()
    before = models[(models.developer == "OpenAI") & (models.release_date < at.released(_GPT3))]
    direct = before.sort_values("release_date").iloc[-1]
    size = at.quoted_gpt3()
    from_gpt1 = float(trends.ratio(size, at.size(_GPT1)))
    from_direct = float(trends.ratio(size, float(direct.total_params)))
    return Result(
        value=from_gpt1,
        verdict=by_size(at.stated(row), from_direct, from_gpt1),
        numbers=at.mapping(
            from_gpt1=from_gpt1,
            direct=direct.model,
            direct_params=direct.total_params,
            from_direct=from_direct,
        ),
    )


@claim("E06")
def growth_before_and_after(row: ClaimRow) -> Result:
    """Right if no model between GPT-1 and GPT-3 set a record of size and growth sped up after
    GPT-3; imprecise if sizes grew on after GPT-3; else wrong.
    """
    sizes = [at.size(_GPT1), at.quoted_gpt3(), at.size(_GPT4)]
    days = [at.released(name) for name in (_GPT1, _GPT3, _GPT4)]
    before = trends.growth_rate(days[:2], sizes[:2]).factor_per_year
    after = trends.growth_rate(days[1:], sizes[1:]).factor_per_year
    records = trends.records(catalog.models(), "total_params")
    between = records[(records.release_date > days[0]) & (records.release_date < days[1])]
    return Result(
        value=before,
        verdict=by_grade(between.empty and after > before, after > 1),
        numbers=at.mapping(
            before=before,
            after=after,
            between=at.listed(between.model) if len(between) else "nobody",
        ),
    )


@claim("E07")
def gpt3_to_gpt4_years(row: ClaimRow) -> Result:
    """Right if the stated years are the elapsed ones within 5 %; imprecise if those round to them;
    else wrong.
    """
    start, end = at.released(_GPT3), at.released(_GPT4)
    years = trends.elapsed_years(start, end)
    claimed = at.stated(row)
    return Result(
        value=years,
        verdict=by_grade(rounded(claimed, years), round(years) == claimed),
        numbers=at.mapping(
            days=(end - start).days,
            whole_years=math.floor(years),
            months=12 * (years - math.floor(years)),
        ),
    )


@claim("E08")
def gpt4_size(row: ClaimRow) -> Result:
    """Right if a disclosed size is the stated one within 5 %; imprecise if the size is only
    reported or estimated, but the stated one; else wrong.
    """
    counted = float(catalog.transformer(at.ERDIL_GPT4).n_params)
    gpt4 = at.model(_GPT4)
    agrees = rounded(at.stated(row), counted) and rounded(at.stated(row), gpt4.total_params)
    return Result(
        value=counted,
        verdict=by_grade(agrees and gpt4.size_status == "disclosed", agrees),
        numbers=at.mapping(counted=counted, active=gpt4.active_params),
    )


@claim("E09")
def gpt4_over_gpt3(row: ClaimRow) -> Result:
    """Right if the stated ratio is the computed one within 5 %; imprecise within a factor of two;
    else wrong.
    """
    total = float(trends.ratio(at.size(_GPT4), at.quoted_gpt3()))
    active = float(trends.ratio(at.known(_GPT4, "active_params"), at.quoted_gpt3()))
    return Result(
        value=total,
        verdict=by_size(at.stated(row), total),
        numbers=at.mapping(total=total, active=active),
    )


@claim("E10")
def whale_picture(row: ClaimRow) -> Result:
    """Decided by reading the transcript: no number decides."""
    talk = at.source_day(row)
    return Result(
        value=None,
        verdict=None,
        numbers=at.mapping(talk=talk, days=(talk - at.released(_GPT4O)).days),
    )


@claim("E11")
def smaller_beats_larger(row: ClaimRow) -> Result:
    """No source for the certainty was found: unsupported while a smaller model of the same compute
    scores higher, else unverifiable.
    """
    small, large = "Chinchilla 70B", "Gopher 280B"
    day, other_day = at.iso(at.released(small)), at.iso(at.released(large))
    gap = catalog.score_gap(small, large, "MMLU", day, other_day)
    ratio = float(trends.ratio(at.size(large), at.size(small)))
    unsupported = gap > 0 and ratio > 1
    return Result(
        value=gap,
        verdict="unsupported" if unsupported else "unverifiable",
        numbers=at.mapping(
            gap=gap,
            ratio=ratio,
            months=12 * trends.elapsed_years(day, at.released(_GPT4)),
            small=catalog.score(small, "MMLU", day),
            large=catalog.score(large, "MMLU", other_day),
        ),
    )


@claim("E12")
def trend_continued(row: ClaimRow) -> Result:
    """Right if the stated size is that of the trend on the essay's day within 5 %; imprecise
    within a factor of two of some reading; else wrong.
    """
    days = [at.released(_GPT3), at.released(_GPT4)]
    sizes = [at.quoted_gpt3(), at.size(_GPT4)]
    reached = trends.extrapolate(days, sizes, to=at.ESSAY_DAY)
    from_gpt1 = trends.extrapolate(
        [at.released(_GPT1), days[1]], [at.size(_GPT1), sizes[1]], to=at.ESSAY_DAY
    )
    claimed = at.stated(row)
    return Result(
        value=reached,
        verdict=by_size(claimed, reached, from_gpt1),
        numbers=at.mapping(
            reached=reached,
            over_gpt4=reached / sizes[1],
            from_gpt1=from_gpt1,
            claimed=claimed,
            day_reached=trends.date_reached(days, sizes, size=claimed),
        ),
    )


@claim("E13")
def smaller_and_better(row: ClaimRow) -> Result:
    """Right if the later model scores higher and its estimated size is less; imprecise if it only
    scores higher; else wrong.
    """
    gap = catalog.score_gap(_GPT4O, _GPT4, at.ARENA, at.ESSAY_DAY)
    ratio = float(trends.ratio(at.size(_GPT4), at.size(_GPT4O)))
    return Result(
        value=gap,
        verdict=by_grade(gap > 0 and ratio > 1, gap > 0),
        numbers=at.mapping(gap=gap, ratio=ratio),
    )


@claim("E14")
def makers_with_a_larger_model(row: ClaimRow) -> Result:
    """Large makers that showed their largest model within 120 days of the essay: right if none,
    imprecise if one, else wrong.
    """
    shown = larger_models(pd.Timestamp(at.ESSAY_DAY), _AFTER_THE_ESSAY)
    count = shown.developer.nunique()
    cells_of = shown[["developer", "model", "total_params", "size_status"]].to_numpy()
    return Result(
        value=float(count),
        verdict=by_grade(count == 0, count == 1),
        numbers=at.mapping(
            count=count,
            days=_AFTER_THE_ESSAY.days,
            shown=at.listed([_name_and_size(*cells) for cells in cells_of]) if count else "none",
        ),
    )


def _name_and_size(developer: str, model: str, params: float, status: str) -> str:
    if math.isnan(params):
        return f"{developer} {model} (size not disclosed, most compute of theirs by estimate)"
    return f"{developer} {model} ({status} {params / 1e12:.0f} trillion)"
