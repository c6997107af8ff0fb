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
_BERT = "BERT-Large"
_LANDMARKS = ("GPT-2 XL", facts.CHINCHILLA, facts.GPT4O)
_BOTH_SIZES = ("GPT-2 XL", "GLaM", "PaLM 540B", "Mixtral 8x22B", facts.DEEPSEEK_V3)
_SHOWN_FROM = pd.Timestamp("2020-01-01")  # where the figure of the trends begins


def usable(models: DataFrame, left_out: Iterable[str] = ()) -> DataFrame:
    """Models of known size, without those that the fits should ignore."""
    return models[models.total_params.notna() & ~models.model.isin([*left_out])]


def _fit(models: DataFrame, confidence: float = 0.8) -> Growth:
    return trends.growth_rate(models.release_date, models.total_params, confidence=confidence)


def _drawn(lines: Mapping[str, Any], days: pd.DatetimeIndex) -> DataFrame:
    """Points of lines for a figure."""
    drawn = {name: Series(line.at(days), index=days) for name, line in lines.items()}
    return pd.concat(drawn, names=["line", "date"]).rename("params").reset_index()


def sizes(story: list[str], times: float, years: float, until: str) -> Section:
    """Which sizes are known up to a day, and how sure are they?

    Parameters
    ----------
    times, years : float
        Growth from the first model to the last, and how long it took. [times, years]
    until : str
        The day, ISO.
    """
    by_then = facts.models(until=until)
    sized = usable(by_then)
    first, middle, last = map(facts.model, story)
    return Section(
        **named("first", first, "model total_params"),
        **named("last", last, "model total_params size_status active_params"),
        middle_name=middle.model.removesuffix(" 175B"),
        n_sized=len(sized),
        n_disclosed=(sized.size_status == "disclosed").sum(),
        n_reported=(sized.size_status == "reported").sum(),
        n_unsized=len(by_then) - len(sized),
        story_times=float(times),
        story_years=years,
        story=Series([facts.size(name) for name in story], index=story),
        sized=sized,
        named=Series([*story, *_LANDMARKS]),
    )


def growth(
    story: list[str],
    window: DataFrame,
    lines: Iterable[Growth],
    unsure: GrowthSamples,
    days: Iterable[str],
) -> Section:
    """How fast did the models grow, by which way to ask?

    Parameters
    ----------
    lines : iterable of llmecon.trends.Growth
        From the first model to the middle one, from that to the last, and through the window.
    unsure : llmecon.trends.GrowthSamples
        Through the window, sizes drawn within their ranges.
    days : iterable of str
        First and last day of the window, ISO.
    """
    first, middle, last = story
    early, late, fitted = lines
    records = _fit(trends.records(window, "total_params"), fitted.confidence)
    without = _fit(window[window.model != _DOUBTFUL], fitted.confidence)
    spans = {
        f"{first} to {middle}": (early.factor_per_year, None, None),
        f"{middle} to {last}": (late.factor_per_year, None, None),
        f"fit to {fitted.n} frontier models": (fitted.factor_per_year, *fitted.interval),
        f"fit to {records.n} record setters": (records.factor_per_year, *records.interval),
    }
    return Section(
        **dict(zip(("fit_from", "fit_until"), days, strict=True)),
        early_rate=early.factor_per_year,
        early_doubling=12 * early.doubling_years,
        late_rate=late.factor_per_year,
        late_doubling=12 * late.doubling_years,
        slowdown=late.doubling_years / early.doubling_years,
        **named("fit", fitted, "factor_per_year n confidence"),
        **ends("fit", fitted.interval),
        **named("doubtful", facts.model(_DOUBTFUL), "total_params size_high"),
        without_rate=without.factor_per_year,
        **ends("without", without.interval),
        **named("record", records, "factor_per_year n"),
        **ends("unsure", unsure.interval(fitted.confidence)),
        unsure_share=unsure.share_from_sizes,
        spans=DataFrame.from_dict(spans, "index", columns=["factor_per_year", "low", "high"]),
    )


def bend(
    frontier: DataFrame, left_out: list[str], turn: trends.Break, sampled: trends.BreakSamples
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
    """
    known = usable(frontier, left_out)
    longer = usable(facts.frontier(until=frontier.release_date.max()), left_out)
    since_2017 = trends.break_point(longer.release_date, longer.total_params)
    sound = known[known.model != _DOUBTFUL]
    edges = pd.DatetimeIndex([known.release_date.min(), turn.date, known.release_date.max()])
    estimates = catalog.size_estimates().query("estimator == 'Erdil 2024'")
    return Section(
        **named("bend", turn, "date earliest latest before after n"),
        bend_p=max(turn.p_value, 0.001),
        **named("bend_2017", since_2017, "date before after"),
        n_blank=frontier.total_params.isna().sum(),
        n_essay=known.model.isin(estimates.model).sum(),
        shrink_chance=sampled.chance_of_shrinking,
        shrink_without=trends.break_samples(sound, draws=len(sampled.before)).chance_of_shrinking,
        known=known,
        lines=_drawn({"with a bend": turn, "straight": _fit(known)}, edges),
    )


def active(story: list[str], total: float, at_work: float, shape: Transformer) -> Section:
    """Ten times larger, or less than twice?

    Parameters
    ----------
    total, at_work : float
        Last model over the middle one: all parameters, and those at work on a token. [times]
    shape : llmecon.transformer.Transformer
        The last model's, as the essay assumes it.
    """
    models = facts.models().dropna(subset="active_params")
    return Section(
        **named("counted", shape, "n_params n_active_params"),
        total_ratio=float(total),
        active_ratio=float(at_work),
        story=Series(story),
        shown=models[models.model.isin([*story, *_BOTH_SIZES])],
    )


def trend(
    story: list[str],
    window: DataFrame,
    lines: Iterable[Growth],
    unsure: GrowthSamples,
    due: pd.Timestamp,
    claim: float,
    until: str,
) -> Section:
    """Where would the trend have led?

    Parameters
    ----------
    lines : iterable of llmecon.trends.Growth
        From the middle model to the last, from the first to the last, and through the window.
    unsure : llmecon.trends.GrowthSamples
        Through the window, sizes drawn within their ranges.
    due : pandas.Timestamp
        When the first line reaches the claim.
    claim : float
        Size that the article expects. [parameters]
    until : str
        Day on which it does, ISO, to which the lines are drawn on.
    """
    first, middle, last = map(facts.model, story)
    late, whole, fitted = lines
    records = _fit(trends.records(window, "total_params"))
    drawn = {
        f"{middle.model} and {last.model}": late,
        f"{first.model} and {last.model}": whole,
        f"{fitted.n} frontier models": fitted,
        f"{records.n} record setters": records,
    }
    two_point, *others = (float(line.at(until)[0]) for line in drawn.values())
    days = pd.date_range(last.release_date, until, periods=12).normalize()
    fan = trends.fan(unsure, days)
    widest = fan[fan.level == fan.level.max()].iloc[-1]
    recent = usable(facts.models(until=until))
    return Section(
        two_point=two_point,
        two_point_over_last=two_point / last.total_params,
        whole_line=others[0],
        fit_at_end=others[1],
        record_at_end=others[2],
        without_at_end=float(_fit(window[window.model != _DOUBTFUL]).at(until)[0]),
        n_others=len(others),
        n_others_above=sum(size > claim for size in others),
        **named("fan", widest, "level low high"),
        claim=claim,
        claim_by_then=np.mean(unsure.dates_of(claim) <= np.datetime64(until)),
        date_of_claim=due,
        claim_over_two_point=claim / two_point,
        story=Series(story),
        trends=_drawn(drawn, days),
        released=recent[recent.release_date >= _SHOWN_FROM],
        fan=fan,
    )


def peak(story: list[str], until: str) -> Section:
    """Which model put the most parameters to work on a token, until a day (ISO)?"""
    _, middle, last = map(facts.model, story)
    most = facts.largest(facts.models(until=until), "active_params")
    return Section(
        **named("peak", most, "model release_date active_params"),
        peak_times=most.active_params / middle.total_params,
        peak_months=12 * trends.elapsed_years(most.release_date, last.release_date),
    )


def exercises(bert: Growth, pace: Growth, due: pd.Timestamp) -> Section:
    """What do the solutions say?

    Parameters
    ----------
    bert, pace : llmecon.trends.Growth
        From GPT-1 to BERT-Large, and from GPT-3 to GPT-4.
    due : pandas.Timestamp
        When the second reaches 100 trillion parameters.
    """
    months = 12 * trends.elapsed_years(facts.released(facts.GPT1), facts.released(_BERT))
    years = trends.elapsed_years(facts.released(facts.GPT4), due)
    return Section(
        bert_times=facts.size(_BERT) / facts.size(facts.GPT1),
        bert_months=months,
        bert_rate=bert.factor_per_year,
        hundred_from=facts.size(facts.GPT4),
        hundred_doublings=years / pace.doubling_years,
        hundred_months=12 * pace.doubling_years,
        hundred_date=due,
    )
