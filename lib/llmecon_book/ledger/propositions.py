"""Propositions of the outlook: what the article expected, against what came by a day."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from llmecon import catalog
from llmecon_book import counterfactual, facts
from llmecon_book.ledger import measures
from llmecon_book.ledger.measures import LONG
from llmecon_book.ledger.registry import (
    SAME_ORDER,
    UNSCORED,
    Asked,
    Result,
    apart,
    by_parts,
    decides,
    found,
    unanswered,
    verdict,
)
from llmecon_book.ledger.scoring import Forecast
from llmecon_book.words import spelled

LEVELS = (facts.GPT4, facts.GPT4O, facts.SONNET, facts.GPT5)
CLEARLY_LESS = 0.9  # of the first size; a few percent less are another shape, not a fall
_FOUR_MONTHS = 120  # d
_KNOWN_WITHIN = 3.0  # a size known no better than this does not tell two generations apart
_NEARLY_ALL = 0.9
_THINKING = 10.0  # tokens of an answer with reasoning over those without, in the worked case
_RENT_DAY = "2026-04-03"  # day on which the table has rents of both accelerators
_STEADY = 0.9  # a speed that keeps nine tenths of itself is steady
_STEADY_SHAPES = ("Llama 3.1 8B", "Llama 3.3 70B", "Mistral Large 2", "gpt-oss-120b")
_YEAR = pd.Timedelta(days=365)
_ONE_SERIES = pd.Timedelta(days=300)  # readings further apart were taken with other prompts
_FALLS = Forecast(direction=-1, reference=1.0)


def _open_frontier(asked: Asked) -> pd.DataFrame:
    """Open frontier models from the start of the trend to the day of the score."""
    since, until = asked.days.since, asked.days.until
    frame = facts.open_frontier(since=since, until=until)
    if len(frame) < 3:
        raise ValueError(
            f"since and until must leave three open frontier models, got {len(frame)} between "
            f"{since:%Y-%m-%d} and {until:%Y-%m-%d} [models]"
        )
    return frame


def _mean(ratios: Iterable[float]) -> float:
    """Geometric mean."""
    return float(np.exp(np.mean(np.log([*ratios]))))


def _ends(values: Iterable[float]) -> tuple[float, float]:
    many = [*values]
    return float(min(many)), float(max(many))


# ---- sizes -----------------------------------------------------------------------------------


@decides("P1a")
def open_totals(asked: Asked) -> Result:
    """Held if the interval of the growth holds the rate of the fall, failed if it lies above."""
    frame = _open_frontier(asked)
    grown = facts.growth(frame, frame.total_params)
    fall = facts.the_fall().factor_per_year
    low, high = grown.interval
    largest = facts.largest(frame)
    return found(
        grown.factor_per_year,
        verdict(failed=low > fall, held=high >= fall, otherwise="mixed"),
        interval=(low, high),
        forecast=Forecast(direction=1, reference=fall),
        n=grown.n,
        fall=fall,
        largest=largest.model,
        params=largest.total_params,
    )


@decides("P1b")
def closed_totals(asked: Asked) -> Result:
    """Cannot be scored while fewer than three closed frontier models have a disclosed size; else
    as for open models.
    """
    frame = facts.closed_frontier(after=asked.days.made, until=asked.days.until)
    sized = frame[frame.total_params.notna()]
    told, sure = (sized[sized.size_status == s] for s in ("reported", "disclosed"))
    ranged = frame[(frame.size_status == "estimate") & frame.size_high.notna()]
    forecast, decided = Forecast(), UNSCORED
    if len(sure) >= 3:
        fall = facts.the_fall().factor_per_year
        forecast = Forecast(direction=1, reference=fall)
        low = facts.growth(sure, sure.total_params).interval[0]
        decided = verdict(failed=low > fall, otherwise="held")
    return found(
        float(len(sure)) if len(sure) else None,
        decided,
        forecast=forecast,
        each=told.to_dict("records"),
        n=len(frame),
        disclosed=len(sure),
        reported=len(told),
        width=(ranged.size_high / ranged.size_low).median(),
        template="came" if len(ranged) else "came_otherwise",
    )


@decides("P2")
def active(asked: Asked) -> Result:
    """Held if the whole interval of the growth lies below 1, failed if above, else mixed."""
    frame = _open_frontier(asked)
    frame = frame[frame.active_params.notna()]
    grown = facts.growth(frame, frame.active_params)
    low, high = grown.interval
    decided = verdict(held=high < 1, failed=low > 1, otherwise="mixed")
    least = frame.nsmallest(1, "active_params").iloc[0]
    last = facts.largest(frame)
    return found(
        grown.factor_per_year,
        decided,
        interval=(low, high),
        least=least.model,
        least_params=least.active_params,
        largest=last.model,
        largest_params=last.active_params,
        template="came" if decided == "mixed" else "came_otherwise",
    )


@decides("P3")
def fixed_ability(asked: Asked) -> Result:
    """Held if at more than half of the levels the smallest size fell by more than a tenth after
    the first open model there, failed if at none, else mixed.
    """
    scored = facts.arena(until=asked.days.until)
    level = scored.set_index("model").score
    best = scored.loc[scored.open_weights, "score"].max()
    reached = [name for name in LEVELS if name in level.index and best >= level[name]]
    if not reached:
        return unanswered()
    paths = {name: facts.smallest_at_score(scored, level=level[name]) for name in reached}
    ratio: dict[str, Any] = {
        name: float(path.total_params.iloc[-1] / path.total_params.iloc[0])
        for name, path in paths.items()
    }
    fell = sum(value < CLEARLY_LESS for value in ratio.values())
    return found(
        _mean(ratio.values()),
        verdict(held=2 * fell > len(ratio), mixed=fell > 0, otherwise="failed"),
        interval=_ends(ratio.values()),
        forecast=_FALLS,
        each=[
            {
                "name": name,
                "first": path.total_params.iloc[0],
                "last": path.total_params.iloc[-1],
                "model": path.model.iloc[-1],
                "date": path.open_date.iloc[-1],
            }
            for name, path in paths.items()
        ],
        fell=fell,
        levels=len(ratio),
        **ratio,
    )


@decides("P9")
def race(asked: Asked) -> Result:
    """Held if no large maker shows its largest model within four months, mixed if one, else
    failed.
    """
    shown = facts.larger_models(asked.days.made, _FOUR_MONTHS)
    frame = _open_frontier(asked)
    sparsity = facts.growth(frame, frame.total_params / frame.active_params).factor_per_year
    unsized = shown[shown.total_params.isna()]
    return found(
        float(len(shown)),
        verdict(held=len(shown) == 0, mixed=len(shown) == 1, otherwise="failed"),
        forecast=Forecast(direction=-1, reference=0.5),
        makers=", ".join(shown.developer),
        by_compute=", ".join(unsized.developer),
        sparsity=sparsity,
        template="came" if len(unsized) else "came_otherwise",
    )


@decides("P10")
def known_from_outside(asked: Asked) -> Result:
    """Held if the published central values of nine in ten closed models with several estimators
    lie within a factor of three, else failed.
    """
    frame = facts.latest_estimates(until=asked.days.until)
    frame = frame[frame.total_params.notna()]
    spreads = _spreads(frame)
    if spreads.empty:
        return unanswered()
    within = float((spreads < _KNOWN_WITHIN).mean())
    unpriced = _spreads(frame[frame.circular_with_price == "false"])
    off = facts.checked_estimates(until=asked.days.until)
    worst = spreads.sort_values(ascending=False).head(3)
    return found(
        within,
        verdict(held=within >= _NEARLY_ALL, otherwise="failed"),
        forecast=Forecast(direction=1, reference=_NEARLY_ALL),
        each=worst.rename("times").reset_index().to_dict("records"),
        n=len(spreads),
        within_without_price=(unpriced < _KNOWN_WITHIN).mean() if len(unpriced) else 0.0,
        n_without_price=len(unpriced),
        least_read=off.min(),
        most_read=off.max(),
        template="came" if len(off) else "came_otherwise",
    )


def _spreads(estimates: pd.DataFrame) -> pd.Series:
    """Largest over smallest central value, of each model with several estimators. [times]"""
    several = estimates.groupby("model").filter(lambda rows: rows.by.nunique() > 1)
    sizes = several.groupby("model").total_params
    return sizes.max() / sizes.min()


@decides("P11")
def open_as_proxy(asked: Asked) -> Result:
    """Held if the gap on the last list is no larger than on the list of the forecast's day."""
    first, last = (facts.arena(until=day) for day in (asked.days.made, asked.days.until))
    before, now = facts.gap_to_open(first), facts.gap_to_open(last)
    return found(
        now,
        verdict(held=now <= before, otherwise="failed"),
        forecast=Forecast(direction=-1, reference=before + 0.5),
        before=before,
        now=now,
        best_open=last[last.open_weights].model.iloc[0],
        best=last.model.iloc[0],
    )


# ---- laws ------------------------------------------------------------------------------------


@decides("P4")
def floor(asked: Asked) -> Result:
    """Two parts: in votes, the smallest open model at GPT-4's level was reached once and has not
    become smaller; in facts, that model answers less than half of what GPT-4 Turbo does. Held if
    both, failed if neither.
    """
    scored = facts.arena(until=asked.days.until)
    level = float(scored.set_index("model").score[facts.GPT4])
    steps = facts.smallest_at_score(scored, level=level)
    smallest = steps.iloc[-1]
    known = facts.simple_qa(until=asked.days.until)
    answers = known.drop_duplicates("model").set_index("model").score
    if not {smallest.model, facts.TURBO} <= set(answers.index):
        return unanswered(smallest=smallest.model)
    share = float(answers[smallest.model] / answers[facts.TURBO])
    matching = known[known.open_weights & (known.score >= answers[facts.TURBO])].total_params
    return found(
        share,
        by_parts(len(steps) == 1, share < 0.5),
        forecast=Forecast(direction=-1, reference=0.5),
        smallest=smallest.total_params,
        smallest_name=smallest.model,
        answers=answers[smallest.model],
        turbo_answers=answers[facts.TURBO],
        matching=spelled(matching.min()) if len(matching) else "no known size",
    )


@decides("P5")
def one_off(asked: Asked) -> Result:
    """Two parts: the three largest open models with known tokens are within a factor of two of
    Chinchilla's ratio by all parameters; and by active parameters. Held if both, failed if neither.
    """
    largest, following = facts.largest_trained(after=asked.days.made, until=asked.days.until)
    if following.empty:
        return unanswered()
    target = facts.tokens_per_param(facts.CHINCHILLA)
    total, at_work = (
        largest.training_tokens / largest[f"{which}_params"] for which in ("total", "active")
    )
    near = [all(apart(value, target) <= SAME_ORDER for value in v) for v in (total, at_work)]
    after = following.iloc[0]
    return found(
        _mean(total / target),
        by_parts(*near),
        interval=_ends(total / target),
        each=largest.assign(total=total, at_work=at_work).to_dict("records"),
        target=target,
        next_name=after.model,
        next_ratio=after.training_tokens / after.total_params,
        for_size="Over" if near[0] else "Not over",
        for_length="and" if near[1] else "not",
    )


@decides("P6a")
def thinking(asked: Asked) -> Result:
    """Cannot be scored while the law and the events disagree: longer answers alone make a smaller
    model the cheapest, and sizes grew. Held if both point up, failed if both point down.
    """
    pull = float(measures.thinking_shift(_THINKING))
    frame = _open_frontier(asked)
    grown = facts.growth(frame, frame.total_params).factor_per_year
    first_day = facts.released(facts.O1_PREVIEW)
    first, flagship = (facts.list_price(n, first_day) for n in (facts.O1_PREVIEW, facts.GPT4O))
    up, down = pull > 1 and grown > 1, pull <= 1 and grown <= 1
    decided = verdict(held=up, failed=down, otherwise=UNSCORED)
    return found(
        pull if up or down else None, decided, pull=pull, growth=grown, price_ratio=first / flagship
    )


# ---- serving ---------------------------------------------------------------------------------


@decides("P6b")
def hardware(asked: Asked) -> Result:
    """Two parts: the newest accelerator on the market by then reads memory at least 1.5 times as
    fast as the H200; it serves a larger model at the speed and the price of GPT-4o. Held if
    both, failed if neither.
    """
    old, new = (catalog.accelerator(name) for name in (facts.H200, facts.GB200))
    released = catalog.accelerators().set_index("name").release_date
    on_sale = bool(released[facts.GB200] <= asked.days.until)
    bandwidth = new.hbm_bytes_per_s / old.hbm_bytes_per_s if on_sale else 1.0
    speed, price = facts.stated("R09"), facts.stated("R10")
    before, now = (
        measures.servable(
            name, counterfactual.rent_on(name, _RENT_DAY), tokens_per_s=[speed], usd_per_mtok=price
        ).total_params[0]
        for name in (facts.H200, facts.GB200)
    )
    larger = float(now / before)
    return found(
        larger,
        by_parts(bandwidth >= 1.5, on_sale and larger > 1),
        forecast=Forecast(direction=1, reference=1.0),
        old_bytes_per_s=old.hbm_bytes_per_s,
        new_bytes_per_s=new.hbm_bytes_per_s,
        speed=speed,
        price=price,
        before=before,
        now=now,
    )


@decides("P7a")
def long_context(asked: Asked) -> Result:
    """Held if the whole model is cheaper than an eighth of it at the long context, mixed if over
    published shapes larger models have clearly lighter caches (rank correlation below -0.5), else
    failed.
    """
    long, empty = (measures.over_an_eighth(context) for context in (LONG, 0.0))
    shapes = measures.cache_by_shape()
    rank = float(shapes.total_params.rank().corr(shapes.kv_bytes_per_token.rank()))
    return found(
        long,
        verdict(held=long < 1, mixed=rank < -0.5, otherwise="failed"),
        forecast=_FALLS,
        long=long,
        empty=empty,
        rank=rank,
        context=LONG,
        shapes=len(shapes),
    )


@decides("P7b")
def steady_speed(asked: Asked) -> Result:
    """Failed if a model of 8 billion parameters keeps its speed about as well as one of 123
    billion when alone on its accelerators, for then steadiness says nothing of size; held if it
    keeps less than half of what the large one does; mixed in between. That Claude's speed was
    steady cannot be checked: no reading by context length is public.
    """
    table = measures.speed_kept([*_STEADY_SHAPES], batch=[1.0, 32.0])
    kept: Any = table.set_index(["name", "batch"]).kept
    small, large = (float(kept[_STEADY_SHAPES[i], 1.0]) for i in (0, 2))
    windowed, crowded = (float(kept[_STEADY_SHAPES[i], 32.0]) for i in (3, 2))
    return found(
        small,
        verdict(failed=small >= _STEADY * large, held=small < 0.5 * large, otherwise="mixed"),
        forecast=Forecast(direction=-1, reference=_STEADY * large),
        small=small,
        large=large,
        windowed=windowed,
        crowded=crowded,
    )


# ---- prices and speeds -----------------------------------------------------------------------


@decides("P8a")
def flagships(asked: Asked) -> Result:
    """Held if the flagship of OpenAI and of Anthropic both cost less than on the forecast's day,
    failed if neither does.
    """
    days = {"made": asked.days.made, "until": asked.days.until}
    paths = {maker: facts.flagship_path(maker, **days) for maker in facts.MAKERS}
    ratio: dict[str, Any] = {maker: float(p.iloc[-1] / p.iloc[0]) for maker, p in paths.items()}
    return found(
        _mean(ratio.values()),
        by_parts(*(value < 1 for value in ratio.values())),
        interval=_ends(ratio.values()),
        forecast=_FALLS,
        each=[
            {"maker": maker, "path": ", ".join(f"{usd:g}" for usd in path)}
            for maker, path in paths.items()
        ],
        **ratio,
    )


@decides("P8b")
def fixed_quality(asked: Asked) -> Result:
    """Held if the least price at the Arena level of GPT-4 and of GPT-4o is below that of the
    forecast's day, failed if at neither.
    """
    scored = facts.arena(until=asked.days.until).set_index("model").score
    ratio: dict[str, Any] = {}
    each = []
    for name in (facts.GPT4, facts.GPT4O):
        path = facts.cheapest_at_level(float(scored[name]), until=asked.days.until)
        before = path[path.date <= asked.days.made]
        if before.empty:
            continue
        then, now = before.output_usd_per_mtok.iloc[-1], path.output_usd_per_mtok.iloc[-1]
        ratio[name] = float(now / then)
        each.append({"name": name, "then": then, "now": now, "model": path.model.iloc[-1]})
    return found(
        ratio[facts.GPT4O],
        by_parts(*(value < 1 for value in ratio.values())),
        interval=_ends(ratio.values()),
        forecast=_FALLS,
        each=each,
        **ratio,
    )


@decides("P8c")
def speeds(asked: Asked) -> Result:
    """Cannot be scored where the readings are not one series: another prompt length, other hosts.
    Held if the median of the last year's readings of flagships released since the forecast is
    above that of GPT-4o's own, else failed.
    """
    read = facts.flagship_speeds(until=asked.days.until)
    then = read[read.model == facts.GPT4O].output_tokens_per_s
    released = read.model.map(catalog.models().set_index("model").release_date)
    last = read[(released > asked.days.made) & (read.date > asked.days.until - _YEAR)]
    if last.empty:
        return unanswered()
    other_series = last.date.min() - asked.days.made > _ONE_SERIES
    now, before = last.output_tokens_per_s, float(then.median())
    return found(
        float(now.median()),
        UNSCORED if other_series else verdict(held=now.median() > before, otherwise="failed"),
        interval=_ends(now),
        forecast=Forecast() if other_series else Forecast(direction=1, reference=before),
        then_low=then.min(),
        then_high=then.max(),
        template="came" if other_series else "came_otherwise",
    )
