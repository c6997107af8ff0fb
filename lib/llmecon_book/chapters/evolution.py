"""How large did the models get? What each section finds.

``story`` names the first model, the middle one and the last; ``window`` holds the frontier models
that a fit goes through.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from llmecon import catalog, trends
from llmecon.transformer import Transformer
from llmecon.trends import Growth, GrowthSamples
from llmecon_book import facts
from llmecon_book.chapters import Section, ends, named

_DOUBTFUL = "GPT-3.5 Turbo"  # its size comes from a withdrawn paper, and weighs much
_BOTH_SIZES = ("GPT-2 XL", "GLaM", "PaLM 540B", "Mixtral 8x22B", facts.DEEPSEEK_V3)
_SHOWN_FROM = pd.Timestamp("2020-01-01")  # where the figure of the trends begins
_FLAT = 1.25  # times a year, either way: such a line stands still
_OF_THE_ARTICLE = [facts.GPT1, facts.GPT3, facts.GPT4]  # models by which it tells the story
_SOURCES = {
    "disclosed": "according to its maker",
    "reported": "according to the leak",
    "estimate": "according to an estimate",
}
_DOUBT = 0.05  # largest p-value of a clear break
_WORDS_OF_CHANCE = {  # up to which share
    0.1: "very unlikely",
    0.35: "unlikely",
    0.65: "a coin toss",
    0.9: "likely",
    1.0: "very likely",
}


def usable(models: DataFrame, left_out: Iterable[str] = ()) -> DataFrame:
    """Models of known size, without those that the fits should ignore."""
    return models[models.total_params.notna() & ~models.model.isin([*left_out])]


def lines(story: list[str], window: DataFrame, confidence: float) -> dict[str, Growth]:
    """Growth by every way to ask: between models of the story, and through the window."""
    first, middle, last = story

    def fit(models: DataFrame) -> Growth:
        return facts.growth(models, models.total_params, confidence=confidence)

    return {
        "early": facts.growth_between(first, middle),
        "late": facts.growth_between(middle, last),
        "whole": facts.growth_between(first, last),
        "fit": fit(window),
        "record": fit(trends.records(window, "total_params")),
        "without": fit(window[window.model != _DOUBTFUL]),
    }


def _drawn(drawn: Mapping[str, Any], days: pd.DatetimeIndex) -> DataFrame:
    """Points of lines for a figure."""
    points = {name: Series(line.at(days), index=days) for name, line in drawn.items()}
    return pd.concat(points, names=["line", "date"]).rename("params").reset_index()


def sizes(story: list[str], until: str) -> Section:
    """Which sizes are known up to a day (ISO), and how sure are they?"""
    by_then = facts.models(until=until)
    sized = usable(by_then)
    first, middle, last = map(facts.model, story)
    as_told = story == _OF_THE_ARTICLE
    return Section(
        story_is="The article begins with"
        if as_told
        else "This run puts in place of the article's",
        own_story="the article's own story" if as_told else "this story",
        turn_at="The article that this book checks puts the turn at"
        if last.model == facts.GPT4
        else "The story of this run turns at",
        sized_until=until,
        **named("first", first, "model total_params"),
        **named("middle", middle, "total_params"),
        **named("last", last, "model total_params active_params"),
        **named("gpt4", facts.model(facts.GPT4), "total_params active_params"),
        last_source=_SOURCES[last.size_status],
        last_status=last.size_status.replace("estimate", "an estimate"),
        middle_name=middle.model.removesuffix(" 175B"),
        n_sized=len(sized),
        n_disclosed=(sized.size_status == "disclosed").sum(),
        n_reported=(sized.size_status == "reported").sum(),
        n_unsized=len(by_then) - len(sized),
        essay_gpt4o=facts.size(facts.GPT4O),
        essay_sonnet=facts.size(facts.SONNET),
        story=Series([facts.size(name) for name in story], index=story),
        sized=sized,
    )


def growth(by: Mapping[str, Growth], window: DataFrame, unsure: GrowthSamples) -> Section:
    """How fast did the models grow, by which way to ask?

    Parameters
    ----------
    by : mapping of llmecon.trends.Growth
        Of `lines`.
    unsure : llmecon.trends.GrowthSamples
        Through the window, sizes drawn within their ranges.
    """
    early, late, fit = by["early"], by["late"], by["fit"]
    return Section(
        **{f"{way}_rate": line.factor_per_year for way, line in by.items()},
        pace="slowed" if late.factor_per_year < early.factor_per_year else "sped up",
        early_doubling=12 * early.doubling_years,
        late_doubling=12 * late.doubling_years,
        fit_from=window.release_date.min(),
        fit_until=window.release_date.max(),
        **named("fit", fit, "n confidence"),
        record_n=by["record"].n,
        **ends("fit", fit.interval),
        **ends("without", by["without"].interval),
        **ends("unsure", unsure.interval(fit.confidence)),
        unsure_share=unsure.share_from_sizes,
        **named("doubtful", facts.model(_DOUBTFUL), "model total_params size_high"),
    )


def after_the_bend(turn: trends.Break) -> str:
    """What growth did on the day of a break, in a word."""
    if turn.after < _FLAT:
        return "reversed" if turn.after < 1 / _FLAT else "stalled"
    return "slowed" if turn.after < turn.before else "sped up"


def chance(share: float) -> str:
    """A share of resamples in words."""
    return next(word for most, word in _WORDS_OF_CHANCE.items() if share <= most)


def bend(
    frontier: DataFrame,
    left_out: list[str],
    turn: trends.Break,
    sampled: trends.BreakSamples,
    last: str,
) -> Section:
    """When did the line bend, and how sure is that?

    Parameters
    ----------
    frontier : pandas.DataFrame
        Frontier models of the days looked at, also those without a size.
    left_out : list of str
        Models that the fits ignore.
    turn, sampled : llmecon.trends.Break, llmecon.trends.BreakSamples
        Two growth rates through the others: sizes as published, and drawn anew.
    last : str
        Model after which the article places the turn.
    """
    known = usable(frontier, left_out)
    longer = facts.bend(usable(facts.frontier(until=frontier.release_date.max()), left_out))
    sound = trends.break_samples(known[known.model != _DOUBTFUL], draws=len(sampled.before))
    disclosed = facts.bend(known[known.size_status == "disclosed"])
    edges = pd.DatetimeIndex([known.release_date.min(), turn.date, known.release_date.max()])
    estimates = catalog.size_estimates().query("estimator == 'Erdil 2024'")
    lead = trends.elapsed_years(turn.date, facts.released(last))
    on_line = float(turn.at([facts.released(last)])[0])
    tail = (1 - turn.confidence) / 2
    fell = chance(sampled.chance_of_shrinking)
    return Section(
        **named("bend", turn, "date earliest latest before after n"),
        bend_what=after_the_bend(turn),
        bend_clear="clearly" if turn.p_value <= _DOUBT else "perhaps",
        bend_lead=abs(lead),
        bend_side="before" if lead > 0 else "after",
        **ends("bend_after", np.quantile(sampled.after, [tail, 1 - tail])),
        bend_p=max(turn.p_value, 0.001),
        last_over_line=facts.size(last) / on_line,
        **named("disclosed", disclosed, "after n"),
        **named("longer", longer, "date before after"),
        n_blank=frontier.total_params.isna().sum(),
        n_essay=known.model.isin(estimates.model).sum(),
        fell=fell,
        fell_that="Whether" if fell == "a coin toss" else "That",
        fell_share=sampled.chance_of_shrinking,
        fell_without=sound.chance_of_shrinking,
        looked_until=frontier.release_date.max(),
        known=known,
        lines=_drawn(
            {"with a bend": turn, "straight": facts.growth(known, known.total_params)}, edges
        ),
    )


def active(story: list[str], shape: Transformer, until: str) -> Section:
    """How much larger by each size, and which model had most at work until a day (ISO)?

    Parameters
    ----------
    shape : llmecon.transformer.Transformer
        The last model's, as the essay assumes it.
    """
    models = facts.models().dropna(subset="active_params")
    _, middle, last = map(facts.model, story)
    most = facts.largest(facts.models(until=until), "active_params")
    return Section(
        **named("counted", shape, "n_params n_active_params"),
        total_ratio=last.total_params / middle.total_params,
        active_ratio=last.active_params / middle.active_params,
        **named("peak", most, "model release_date active_params"),
        story=Series(story),
        shown=models[models.model.isin([*story, *_BOTH_SIZES])],
    )


def trend(
    story: list[str], by: Mapping[str, Growth], unsure: GrowthSamples, claim: float, until: str
) -> Section:
    """Where would the trend have led?

    Parameters
    ----------
    by : mapping of llmecon.trends.Growth
        Of `lines`.
    unsure : llmecon.trends.GrowthSamples
        Through the window, sizes drawn within their ranges.
    claim : float
        Size that the article expects. [parameters]
    until : str
        Day on which it does, ISO, to which the lines are drawn on.
    """
    first, middle, last = story
    drawn = {
        f"{middle} and {last}": by["late"],
        f"{first} and {last}": by["whole"],
        f"{by['fit'].n} frontier models": by["fit"],
        f"{by['record'].n} record setters": by["record"],
    }
    two_point, *others = (float(line.at(until)[0]) for line in drawn.values())
    days = pd.date_range(facts.released(last), until, periods=12).normalize()
    fan = trends.fan(unsure, days)
    widest = fan[fan.level == fan.level.max()].iloc[-1]
    recent = usable(facts.models(until=until))
    above = sum(size > claim for size in others)
    return Section(
        two_point=two_point,
        two_point_over_last=two_point / facts.size(last),
        **dict(zip(("whole_at_end", "fit_at_end", "record_at_end"), others, strict=True)),
        without_at_end=float(by["without"].at(until)[0]),
        **ends("trend", [two_point, *others]),
        others_above=f"all {len(others)}" if above == len(others) else f"{above} of {len(others)}",
        **named("fan", widest, "level low high"),
        claim=claim,
        claim_by_then=np.mean(unsure.dates_of(claim) <= np.datetime64(until)),
        date_of_claim=by["late"].date_of(claim),
        claim_over_two_point=claim / two_point,
        story=Series(story),
        trends=_drawn(drawn, days),
        released=recent[recent.release_date >= _SHOWN_FROM],
        fan=fan,
    )


def whole_story(
    turn: trends.Break, opened: DataFrame, last: str, claim: float, until: str
) -> Section:
    """What the landing page shows: every size known today, and what the lines through them did.

    Parameters
    ----------
    turn : llmecon.trends.Break
        Of the frontier up to the article.
    opened : pandas.DataFrame
        Open frontier models since.
    last : str
        Model from which the article drew on.
    claim : float
        Size that it expected. [parameters]
    until : str
        On which day, ISO.
    """
    models = usable(facts.frontier(until=facts.SCORED_ON))
    ends = pd.DatetimeIndex([opened.release_date.min(), opened.release_date.max()])
    bent = pd.DatetimeIndex([facts.released(facts.GPT1), turn.date, pd.Timestamp(until)])
    total, at_work = (
        facts.growth(opened, opened[f"{size}_params"]) for size in ("total", "active")
    )
    low, high = at_work.interval
    drawn = {"all, open": total, "at work": at_work}
    return Section(
        again="have grown" if total.factor_per_year > 1 else "have changed",
        again_rate=total.factor_per_year,
        work="have grown too" if low > 1 else "have fallen" if high < 1 else "show no clear trend",
        again_since=ends[0],
        turn=Series({"date": turn.date, "what": after_the_bend(turn)}),
        models=models,
        lines=pd.concat([_drawn({"all": turn}, bent), _drawn(drawn, ends)]),
        claim=DataFrame(
            {
                "date": [facts.released(last), pd.Timestamp(until)],
                "params": [facts.size(last), claim],
            }
        ),
    )
