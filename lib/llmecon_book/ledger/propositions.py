"""Propositions of the outlook: what the article expected, against what came by a day."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from llmecon import catalog, chinchilla
from llmecon_book import facts
from llmecon_book.ledger import measures
from llmecon_book.ledger.measures import LONG
from llmecon_book.ledger.registry import (
    UNSCORED,
    Days,
    Result,
    by_parts,
    decides,
    found,
    same_order,
    unanswered,
    verdict,
)
from llmecon_book.words import listed, spelled

LEVELS = (facts.GPT4, facts.GPT4O, facts.SONNET, facts.GPT5)
CLEARLY_LESS = 0.9  # of the first size; a few percent less are another shape, not a fall
_FOUR_MONTHS = 120  # d
_KNOWN_WITHIN = 3.0  # a size known no better than this does not tell two generations apart
_NEARLY_ALL = 0.9
_STEADY = 0.9  # a speed that keeps nine tenths of itself is steady
_STEADY_SHAPES = ("Llama 3.1 8B", "Llama 3.3 70B", "Mistral Large 2", "gpt-oss-120b")
_YEAR = pd.Timedelta(days=365)
_ONE_SERIES = pd.Timedelta(days=300)  # readings further apart were taken with other prompts


def _open_frontier(days: Days) -> pd.DataFrame:
    """Open frontier models from the start of the trend to the day of the score."""
    frame = facts.open_frontier(since=days.since, until=days.until)
    if len(frame) < 3:
        raise ValueError(
            f"since and until must leave three open frontier models, got {len(frame)} between "
            f"{days.since:%Y-%m-%d} and {days.until:%Y-%m-%d} [models]"
        )
    return frame


def _mean(ratios: Iterable[float]) -> float:
    """Geometric mean."""
    return float(np.exp(np.mean(np.log([*ratios]))))


def _ends(values: Iterable[float]) -> tuple[float, float]:
    many = [*values]
    return float(min(many)), float(max(many))


# ---- sizes -----------------------------------------------------------------------------------


@decides("P1a", "O01")
def open_totals(days: Days) -> Result:
    """Held if the 80 % interval of the growth holds the rate of the fall; failed if above it."""
    frame = _open_frontier(days)
    grown = facts.growth(frame, frame.total_params)
    fall = facts.the_fall().factor_per_year
    low, high = grown.interval
    decided = verdict(failed=low > fall, held=high >= fall, otherwise="mixed")
    return found(
        grown.factor_per_year,
        decided,
        interval=(low, high),
        above=fall,
        grown=grown,
        went=measures.went(grown),
        fall=fall,
        largest=facts.largest(frame),
        since=days.since,
        earlier=facts.growth_between(facts.GPT3, facts.GPT4).factor_per_year,
    )


@decides("P1b", "R04")
def closed_totals(days: Days) -> Result:
    """Cannot be scored while fewer than three closed frontier models have a disclosed size. Then
    failed if the 80 % interval of their growth lies above the rate of the fall, else held.
    """
    frame = facts.closed_frontier(after=days.made, until=days.until)
    sized = frame[frame.total_params.notna()]
    told, sure = (sized[sized.size_status == s] for s in ("reported", "disclosed"))
    ranged = frame[(frame.size_status == "estimate") & frame.size_high.notna()]
    fall, decided = None, UNSCORED
    if len(sure) >= 3:
        fall = facts.the_fall().factor_per_year
        low = facts.growth(sure, sure.total_params).interval[0]
        decided = verdict(failed=low > fall, otherwise="held")
    return found(
        len(sure),
        decided,
        above=fall,
        each=told.to_dict("records"),
        n=len(frame),
        disclosed=len(sure) or "none",
        reported=len(told),
        width=(ranged.size_high / ranged.size_low).median(),
        template="came" if len(ranged) else "came_otherwise",
    )


@decides("P2")
def active(days: Days) -> Result:
    """Held if the whole 80 % interval of the growth lies below 1 with the dense models and without
    them, failed if above both times, else mixed.
    """
    frame = _open_frontier(days)
    frame = frame[frame.active_params.notna()]
    part = frame[frame.active_params < frame.total_params]
    parts = [frame, part if len(part) > 2 else frame]
    every, sparse = (facts.growth(part, part.active_params) for part in parts)
    ends = [every.interval, sparse.interval]
    decided = verdict(
        held=all(high < 1 for _, high in ends),
        failed=all(low > 1 for low, _ in ends),
        otherwise="mixed",
    )
    return found(
        every.factor_per_year,
        decided,
        interval=every.interval,
        dense=every.n - sparse.n,
        sparse=sparse,
        template="came" if decided == "mixed" else "came_otherwise",
    )


@decides("P3")
def fixed_ability(days: Days) -> Result:
    """Held if at more than half of the levels the smallest size fell by more than a tenth after
    the first open model there, failed if at none, else mixed.
    """
    scored = facts.arena(until=days.until)
    level = scored.set_index("model").score
    best = scored.loc[scored.open_weights, "score"].max()
    reached = [name for name in LEVELS if name in level.index and best >= level[name]]
    if not reached:
        return unanswered()
    paths = [facts.smallest_at_score(scored, level=level[name]) for name in reached]
    steps = zip(reached, paths, strict=True)
    each = [{"name": name, "first": p.iloc[0], "last": p.iloc[-1]} for name, p in steps]
    ratio = [float(p.total_params.iloc[-1] / p.total_params.iloc[0]) for p in paths]
    fell = sum(value < CLEARLY_LESS for value in ratio)
    return found(
        _mean(ratio),
        verdict(held=2 * fell > len(ratio), mixed=fell > 0, otherwise="failed"),
        interval=_ends(ratio),
        below=1.0,
        each=each,
        fell=fell,
        levels=len(ratio),
    )


@decides("P9", "E14")
def race(days: Days) -> Result:
    """Held if no large maker releases within four months a model of stated size that is larger
    than all it had, mixed if one does, else failed. Models never released do not count.
    """
    larger = facts.larger_models(days.made, _FOUR_MONTHS)
    sized, out = larger.total_params.notna(), larger.frontier_basis != "never released"
    shown = larger[sized & out]
    frame = _open_frontier(days)
    sparsity = facts.growth(frame, frame.total_params / frame.active_params).factor_per_year
    return found(
        len(shown),
        verdict(held=len(shown) == 0, mixed=len(shown) == 1, otherwise="failed"),
        below=0.5,
        days=_FOUR_MONTHS,
        shown=listed(
            f"{m['developer']} ({m['model']}, {m['size_status']} {spelled(m['total_params'])})"
            for m in shown.to_dict("records")
        ),
        left_out=listed(larger.model[~(sized & out)], "none"),
        sparsity=sparsity,
    )


@decides("P10")
def known_from_outside(days: Days) -> Result:
    """Held if the published central values of nine in ten closed models with several estimators
    lie within a factor of three, failed if of fewer than half, else mixed.
    """
    frame = facts.latest_estimates(until=days.until)
    frame = frame[frame.total_params.notna()]
    spreads = _spreads(frame)
    if spreads.empty:
        return unanswered()
    within = float((spreads < _KNOWN_WITHIN).mean())
    unpriced = _spreads(frame[frame.circular_with_price == "false"])
    off = facts.checked_estimates(until=days.until)
    decided = verdict(held=within >= _NEARLY_ALL, mixed=within >= 0.5, otherwise="failed")
    return found(
        within,
        decided,
        each=[{"model": m, "times": t} for m, t in spreads.nlargest(3).items()],
        n=len(spreads),
        within_without_price=(unpriced < _KNOWN_WITHIN).mean() if len(unpriced) else 0.0,
        n_without_price=len(unpriced),
        read=off.describe(),
        template="came" if len(off) else "came_otherwise",
    )


def _spreads(estimates: pd.DataFrame) -> pd.Series:
    """Largest over smallest central value, of each model with several estimators. [times]"""
    several = estimates.groupby("model").filter(lambda rows: rows.series.nunique() > 1)
    sizes = several.groupby("model").total_params
    return sizes.max() / sizes.min()


@decides("P11")
def open_as_proxy(days: Days) -> Result:
    """Held if the gap of the best open model to the best of all is no larger on the last whole
    list than on that of the forecast's day.
    """
    first, last = (facts.arena_list(until=day) for day in (days.made, days.until))
    before, now = facts.gap_to_open(first), facts.gap_to_open(last)
    return found(
        now,
        verdict(held=now <= before, otherwise="failed"),
        below=before + 0.5,
        before=before,
        day=last.date.iloc[0],
        best_open=measures.level_at_top(last[last.open_weights]),
        best=measures.level_at_top(last),
    )


# ---- laws ------------------------------------------------------------------------------------


@decides("P4", "O03")
def floor(days: Days) -> Result:
    """Two parts: in votes, the smallest open model at GPT-4's level was reached once and has not
    become smaller; in facts, that model answers less than half of what GPT-4 Turbo does. Held if
    both, failed if neither.
    """
    scored = facts.arena(until=days.until)
    level = float(scored.set_index("model").score[facts.GPT4])
    steps = facts.smallest_at_score(scored, level=level)
    smallest = steps.iloc[-1]
    known = facts.simple_qa(until=days.until)
    answers = known.drop_duplicates("model").set_index("model").score
    if not {smallest.model, facts.TURBO} <= set(answers.index):
        return unanswered(smallest=smallest)
    share = float(answers[smallest.model] / answers[facts.TURBO])
    matching = known[known.open_weights & (known.score >= answers[facts.TURBO])].total_params
    law, size = chinchilla.BESIROGLU_2024, facts.size(facts.CHINCHILLA)
    loss = law.loss(size, facts.known(facts.CHINCHILLA, "training_tokens"))
    return found(
        share,
        by_parts(len(steps) == 1, share < 0.5),
        below=0.5,
        in_votes="one" if len(steps) == 1 else "none",
        in_facts="one" if share < 0.5 else "none",
        smallest=smallest,
        answers=[answers[smallest.model], answers[facts.TURBO]],
        matching=spelled(matching.min()) if len(matching) else "no known size",
        by_law=float(law.params_floor(loss)),
    )


@decides("P5", "O02")
def one_off(days: Days) -> Result:
    """Two parts: the three largest open models with known tokens are within a factor of two of
    Chinchilla's ratio by all parameters; and by active parameters. Held if both, failed if neither.
    """
    largest, following = facts.largest_trained(after=days.made, until=days.until)
    if following.empty:
        return unanswered()
    target = facts.tokens_per_param(facts.CHINCHILLA)
    total, at_work = (
        largest.training_tokens / largest[f"{which}_params"] for which in ("total", "active")
    )
    near = [all(same_order(value, target) for value in v) for v in (total, at_work)]
    after = following.iloc[0]
    return found(
        _mean(total / target),
        by_parts(*near),
        interval=_ends(total / target),
        each=largest.assign(total=total, at_work=at_work).to_dict("records"),
        target=target,
        next=after,
        next_ratio=after.training_tokens / after.total_params,
        for_size="over" if near[0] else "not over",
        for_length="over" if near[1] else "not over",
    )


@decides("P6a", "O11")
def thinking(days: Days, *, thinking_times: float = measures.THINKING) -> Result:
    """Cannot be scored while the law and the events disagree: longer answers alone make a smaller
    model the cheapest, and sizes did not shrink. Held if both point up, failed if both down.
    """
    pull = float(measures.thinking_shift(thinking_times))
    frame = _open_frontier(days)
    grown = facts.growth(frame, frame.total_params)
    sizes = measures.went(grown)
    first_day = facts.released(facts.O1_PREVIEW)
    first, flagship = (facts.list_price(n, first_day) for n in (facts.O1_PREVIEW, facts.GPT4O))
    up, down = pull > 1 and sizes == "grew", pull <= 1 and sizes == "shrank"
    decided = verdict(held=up, failed=down, otherwise=UNSCORED)
    return found(
        pull,
        decided,
        times=thinking_times,
        grown=grown,
        went=sizes,
        price_ratio=first / flagship,
    )


# ---- serving ---------------------------------------------------------------------------------


@decides("P6b")
def hardware(
    days: Days,
    *,
    at_tokens_per_s: float | None = None,
    accept_usd_per_mtok: float | None = None,
    rent_date: str = measures.RENT_DAY,
) -> Result:
    """Two parts: the newest accelerator on the market by then reads memory at least 1.5 times as
    fast as the H200; it serves a larger model at the speed and the price of GPT-4o. Held if
    both, failed if neither.
    """
    old, new = (catalog.accelerator(name) for name in (facts.H200, facts.GB200))
    released = catalog.accelerators().set_index("name").release_date
    on_sale = bool(released[facts.GB200] <= days.until)
    bandwidth = new.hbm_bytes_per_s / old.hbm_bytes_per_s if on_sale else 1.0
    served = (at_tokens_per_s, accept_usd_per_mtok, rent_date)
    before, now = measures.served_then_and_now(*served)
    larger = now / before
    return found(
        larger,
        by_parts(bandwidth >= 1.5, on_sale and larger > 1),
        above=1.0,
        old=old,
        new=new,
        speed=facts.stated("R09") if at_tokens_per_s is None else at_tokens_per_s,
        price=facts.stated("R10") if accept_usd_per_mtok is None else accept_usd_per_mtok,
        before=before,
        now=now,
    )


@decides("P7a", "O05")
def long_context(days: Days) -> Result:
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
        below=1.0,
        parts=1 / facts.EIGHTH,
        empty=empty,
        rank=rank,
        context=LONG,
        shapes=len(shapes),
    )


@decides("P7b")
def steady_speed(days: Days) -> Result:
    """Failed if a model of 8 billion parameters keeps its speed about as well as one of 123
    billion when alone on its accelerators, for then steadiness says nothing of size; held if it
    keeps less than half of what the large one does; mixed in between. That Claude's speed was
    steady cannot be checked: no reading by context length is public.
    """
    table = measures.speed_kept([*_STEADY_SHAPES], batch=[1.0, 32.0])
    small, _, large, _, _, _, crowded, windowed = table.sort_values("batch", kind="stable").kept
    steady = _STEADY * large
    decided = verdict(failed=small >= steady, held=small < 0.5 * large, otherwise="mixed")
    return found(small, decided, below=steady, large=large, windowed=windowed, crowded=crowded)


# ---- prices and speeds -----------------------------------------------------------------------


@decides("P8a")
def flagships(days: Days) -> Result:
    """Held if the flagship of OpenAI and of Anthropic both cost less than on the forecast's day,
    failed if neither does.
    """
    paths = [facts.flagship_path(m, made=days.made, until=days.until) for m in facts.MAKERS]
    ratio = [float(path.iloc[-1] / path.iloc[0]) for path in paths]
    told = [", ".join(f"{usd:g}" for usd in path) for path in paths]
    each = [{"maker": m, "path": path} for m, path in zip(facts.MAKERS, told, strict=True)]
    decided = by_parts(*(value < 1 for value in ratio))
    return found(_mean(ratio), decided, interval=_ends(ratio), below=1.0, each=each)


@decides("P8b")
def fixed_quality(days: Days) -> Result:
    """Held if the least price at the Arena level of GPT-4 and of GPT-4o is below that of the
    forecast's day, failed if at neither.
    """
    each: list[dict[str, Any]] = []
    for name in (facts.GPT4, facts.GPT4O):
        path = facts.cheapest_at_level(name, until=days.until)
        before = path[path.date <= days.made]
        if before.empty:
            return unanswered()
        each.append({"name": name, "then": before.iloc[-1], "now": path.iloc[-1]})
    ratio = [two["now"].output_usd_per_mtok / two["then"].output_usd_per_mtok for two in each]
    decided = by_parts(*(bool(value < 1) for value in ratio))
    return found(ratio[-1], decided, interval=_ends(ratio), below=1.0, each=each)


@decides("P8c")
def speeds(days: Days) -> Result:
    """Cannot be scored where the readings are not one series: another prompt length, other hosts.
    Held if the median of the last year's readings of flagships released since the forecast is
    above that of GPT-4o's own, else failed.
    """
    read = facts.flagship_speeds(until=days.until)
    then = read[read.model == facts.GPT4O].output_tokens_per_s
    released = read.model.map(catalog.models().set_index("model").release_date)
    last = read[(released > days.made) & (read.date > days.until - _YEAR)]
    if last.empty:
        return unanswered()
    other_series = last.date.min() - days.made > _ONE_SERIES
    now, before = last.output_tokens_per_s, float(then.median())
    return found(
        float(now.median()),
        UNSCORED if other_series else verdict(held=now.median() > before, otherwise="failed"),
        interval=_ends(now),
        above=None if other_series else before,
        then=then.describe(),
        template="came" if other_series else "came_otherwise",
    )
