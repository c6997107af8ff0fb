"""Propositions on size: of the largest models, at work, at a given ability, of closed ones."""

import numpy as np
import pandas as pd

from llmecon import catalog, trends
from llmecon_book import parity
from llmecon_book.scorecard import facts
from llmecon_book.scorecard.record import Days, Outcome, Verdict, proposition
from llmecon_book.scorecard.scoring import Forecast, interval_score, magnitude_error
from llmecon_book.words import spelled

LEVELS = (facts.GPT4, facts.GPT4O, "Claude 3.5 Sonnet (Oct 2024)", "GPT-5")
KNOWN_WITHIN = 3.0  # a size known no better than this does not tell two generations apart
_UNSCORED: Verdict = "cannot be scored"
_NEARLY_ALL = 0.9
CLEARLY_LESS = 0.9  # of the first size; a few percent less are another shape, not a fall
_FOUR_MONTHS = pd.Timedelta(days=120)


@proposition(
    "P1a",
    "The total size of open frontier models goes on falling at the rate of GPT-4 to GPT-4o",
    said="no",
    claims=("O01", "R04"),
    measure="growth of all parameters",
    unit="times per year",
)
def open_totals(days: Days) -> Outcome:
    """Held if the interval of the growth holds the rate of the fall, failed if it lies above."""
    frame = facts.open_frontier(days)
    grown = facts.growth(frame, frame.total_params)
    fall = facts.the_fall().factor_per_year
    low, high = grown.interval
    largest = facts.extreme(frame, "total_params")
    verdict: Verdict = "failed" if low > fall else "held" if high >= fall else "mixed"
    return Outcome(
        verdict=verdict,
        observed=grown.factor_per_year,
        low=low,
        high=high,
        forecast=Forecast(direction=1, reference=fall),
        came=(
            f"{grown.n} open frontier models grew {grown.factor_per_year:.1f} times a year "
            f"({low:.1f} to {high:.1f}), to {spelled(largest.total_params)} parameters "
            f"({largest.model}); the fall was {fall:.2f} times a year"
        ),
        numbers=facts.numbers(
            growth=grown.factor_per_year, low=low, high=high, n=grown.n, fall=fall
        ),
    )


@proposition(
    "P1b",
    "The total size of closed frontier models goes on falling at that rate",
    said="no",
    claims=("O01", "R04"),
    measure="disclosed sizes",
    unit="models",
)
def closed_totals(days: Days) -> Outcome:
    """Cannot be scored while fewer than three closed frontier models have a disclosed size; else
    as for open models.
    """
    frame = facts.closed_frontier(days)
    told = frame[(frame.size_status == "reported") & frame.total_params.notna()]
    sure = frame[(frame.size_status == "disclosed") & frame.total_params.notna()]
    ranged = frame[(frame.size_status == "estimate") & frame.size_high.notna()]
    width = float((ranged.size_high / ranged.size_low).median()) if len(ranged) else np.nan
    sizes = told.set_index("model").total_params
    named = ", ".join(f"{name} {spelled(float(size))}" for name, size in sizes.items())
    forecast, verdict = Forecast(), _UNSCORED
    if len(sure) >= 3:
        fall = facts.the_fall().factor_per_year
        grown = facts.growth(sure, sure.total_params)
        forecast = Forecast(direction=1, reference=fall)
        verdict = "failed" if grown.interval[0] > fall else "held"
    return Outcome(
        verdict=verdict,
        observed=None if not len(sure) else float(len(sure)),
        forecast=forecast,
        came=(
            f"of {len(frame)} closed frontier models since, {len(sure)} have a disclosed size, "
            f"{len(told)} a reported one ({named}); the estimates' ranges are {width:.0f} times "
            "wide in the middle"
        ),
        numbers=facts.numbers(n=len(frame), disclosed=len(sure), reported=len(told), width=width),
    )


@proposition(
    "P2",
    "The parameters at work on a token go on falling",
    said="nothing",
    claims=("O09",),
    measure="growth of active parameters, open frontier",
    unit="times per year",
)
def active(days: Days) -> Outcome:
    """Held if the whole interval of the growth lies below 1, failed if above, else mixed."""
    frame = facts.open_frontier(days)
    frame = frame[frame.active_params.notna()]
    grown = facts.growth(frame, frame.active_params)
    low, high = grown.interval
    verdict: Verdict = "held" if high < 1 else "failed" if low > 1 else "mixed"
    least = facts.extreme(frame, "active_params", largest=False)
    last = facts.extreme(frame, "total_params")
    return Outcome(
        verdict=verdict,
        observed=grown.factor_per_year,
        low=low,
        high=high,
        came=(
            f"{grown.factor_per_year:.2f} times a year ({low:.2f} to {high:.2f})"
            f"{', no clear trend' if verdict == 'mixed' else ''}: down to "
            f"{spelled(least.active_params)} ({least.model}), and back at "
            f"{spelled(last.active_params)} in the largest, {last.model}"
        ),
        numbers=facts.numbers(growth=grown.factor_per_year, low=low, high=high, n=grown.n),
    )


@proposition(
    "P3",
    "The size needed for a given ability goes on falling",
    said="takes for granted",
    claims=("O08",),
    measure="smallest open model at a closed model's Arena level, last over first",
    unit="ratio",
)
def fixed_ability(days: Days) -> Outcome:
    """Held if at more than half of the levels the smallest size fell by more than a tenth after
    the first open model there, failed if at none, else mixed.
    """
    scored = facts.arena(days.until)
    level = scored.set_index("model").score
    paths = {}
    for name in LEVELS:
        if name in level.index and scored.loc[scored.open_weights, "score"].max() >= level[name]:
            steps = parity.smallest_at_score(scored, level=level[name])
            paths[name] = steps
    if not paths:
        return Outcome(verdict=_UNSCORED, observed=None, came="no open model reached a level yet")
    ratio = {n: p.total_params.iloc[-1] / p.total_params.iloc[0] for n, p in paths.items()}
    fell = sum(bool(value < CLEARLY_LESS) for value in ratio.values())
    told = "; ".join(
        f"{name}: {spelled(p.total_params.iloc[0])} to "
        f"{spelled(p.total_params.iloc[-1])} "
        f"({p.model.iloc[-1]}, {facts.month(p.open_date.iloc[-1])})"
        for name, p in paths.items()
    )
    return Outcome(
        verdict="held" if 2 * fell > len(ratio) else "mixed" if fell else "failed",
        observed=float(np.exp(np.mean(np.log(list(ratio.values()))))),
        low=float(min(ratio.values())),
        high=float(max(ratio.values())),
        forecast=Forecast(direction=-1, reference=1.0),
        came=f"it fell at {fell} of {len(ratio)} levels; {told}",
        numbers=facts.numbers(fell=fell, levels=len(ratio), **ratio),
    )


@proposition(
    "P9",
    "The industry gives up the race for parameter count",
    said="yes",
    claims=("E14", "O09"),
    measure="large makers whose model within four months was larger than all they had",
    unit="makers",
)
def race(days: Days) -> Outcome:
    """Held if no large maker shows its largest model within four months, mixed if one, else
    failed.
    """
    shown = facts.larger_models(days.made, _FOUR_MONTHS)
    open_models = facts.open_frontier(days)
    sparsity = facts.growth(open_models, open_models.total_params / open_models.active_params)
    count = len(shown)
    unsized = shown[shown.total_params.isna()]
    by_flop = f" ({', '.join(unsized.developer)} by training compute)" if len(unsized) else ""
    return Outcome(
        verdict="held" if count == 0 else "mixed" if count == 1 else "failed",
        observed=float(count),
        forecast=Forecast(direction=-1, reference=0.5),
        came=(
            f"within four months {count} large makers ({', '.join(shown.developer)}) showed a "
            f"model larger than any they had had{by_flop}; architecture changed as well: "
            f"parameters for each one at work grew {sparsity.factor_per_year:.1f} times a year"
        ),
        numbers=facts.numbers(
            larger=count, models=", ".join(shown.model), sparsity=sparsity.factor_per_year
        ),
    )


@proposition(
    "P10",
    "The size of a closed model can be known from outside, to a factor of three (the factor is "
    "ours)",
    said="yes",
    claims=("R08", "R17"),
    measure="closed models whose published central values lie within it",
    unit="share",
)
def known_from_outside(days: Days) -> Outcome:
    """Held if the published central values of nine in ten closed models with several estimators
    lie within a factor of three, else failed.
    """
    frame = facts.latest_estimates(days)
    spreads = _spreads(frame)
    if spreads.empty:
        return Outcome(verdict=_UNSCORED, observed=None, came="no model has two estimates")
    within = float((spreads < KNOWN_WITHIN).mean())
    unpriced = _spreads(frame[frame.circular_with_price == "false"])
    without = float((unpriced < KNOWN_WITHIN).mean()) if len(unpriced) else np.nan
    but = f", {without:.0%} of {len(unpriced)} without estimates made from prices"
    but = but if len(unpriced) else ""
    worst = spreads.sort_values(ascending=False).head(3)
    named = ", ".join(f"{name} {value:.1f}" for name, value in worst.items())
    return Outcome(
        verdict="held" if within >= _NEARLY_ALL else "failed",
        observed=within,
        forecast=Forecast(direction=1, reference=_NEARLY_ALL),
        came=(
            f"of {len(spreads)} models with several estimators {within:.0%} lie within it"
            f"{but}; most apart, largest over smallest: {named}{_probe_on_open_models(days)}"
        ),
        numbers=facts.numbers(
            within=within,
            n=len(spreads),
            median=spreads.median(),
            worst=spreads.max(),
            within_without_price=without,
            n_without_price=len(unpriced),
        ),
    )


def _spreads(estimates: pd.DataFrame) -> pd.Series:
    """Largest over smallest central value, of each model with several estimators. [times]"""
    several = estimates.groupby("model").filter(lambda rows: rows.by.nunique() > 1)
    return several.groupby("model").total_params.agg(facts.spread)


def _probe_on_open_models(days: Days) -> str:
    """How the estimator that was tried on open models did, as the end of a sentence."""
    check = catalog.size_estimates()
    check = check[(check.kind == "check") & (check.estimate_date <= days.until)]
    if check.empty:
        return ""
    off = check.total_params / check.known_total_params
    return (
        f". The one estimator with an error bar reads open models of known size at "
        f"{off.min():.2f} to {off.max():.1f} times their size"
    )


@proposition(
    "P11",
    "Open models are a fair proxy for the closed frontier",
    said="takes for granted",
    claims=("R05", "R06"),
    measure="best open model behind the best of all, on one Arena list",
    unit="Arena points",
)
def open_as_proxy(days: Days) -> Outcome:
    """Held if the gap on the last list is no larger than on the list of the forecast's day."""
    first, last = facts.arena(days.made), facts.arena(days.until)
    before, now = parity.gap_to_open(first), parity.gap_to_open(last)
    best = last[last.open_weights].iloc[0]
    return Outcome(
        verdict="held" if now <= before else "failed",
        observed=now,
        forecast=Forecast(direction=-1, reference=before + 0.5),
        came=(
            f"{before:.0f} points behind when the article appeared, {now:.0f} on the last list "
            f"({best.model} behind {last.model.iloc[0]})"
        ),
        numbers=facts.numbers(before=before, now=now),
    )


def rivals(days: Days, *, confidence: float = 0.8) -> pd.DataFrame:
    """Simple forecasts of the largest open model that the data of the day allowed, with scores.

    Parameters
    ----------
    days : Days
        When they are made and scored.
    confidence : float, optional
        Share of cases that the interval is meant to hold. [1]

    Returns
    -------
    pandas.DataFrame
        ``forecast``, ``low``, ``value``, ``high`` [parameters], ``error_decades`` and
        ``interval_score`` [decades]; attributes ``observed`` and ``model``.

    Notes
    -----
    "The fall goes on" and "GPT-3 to GPT-4 goes on" are lines through two points and have no
    interval. "No change" takes the largest open model of its day. The trend is fitted to frontier
    models, from GPT-1 to the day of the forecast, whose size was known by then: estimates made
    later are left out.
    """
    frame = facts.models(days)
    opened = frame[frame.open_weights & frame.total_params.notna()]
    after = opened[opened.frontier & (opened.release_date > days.made)]
    largest = facts.extreme(after, "total_params")
    came, day = float(largest.total_params), [largest.release_date]
    before = frame[frame.frontier & frame.total_params.notna() & (frame.release_date <= days.made)]
    before = before[facts.known_by(before, days.made)]
    fitted = trends.growth_rate(before.release_date, before.total_params, confidence=confidence)
    low, high = (float(end[0]) for end in fitted.band(day))
    pair = [facts.model(name) for name in (facts.GPT3, facts.GPT4)]
    old = trends.growth_rate([r.release_date for r in pair], [r.total_params for r in pair])
    at_rest = opened[opened.frontier & (opened.release_date <= days.made)].total_params.max()
    rows = [
        ("the fall goes on", np.nan, float(facts.the_fall().at(day)[0]), np.nan),
        ("no change", np.nan, float(at_rest), np.nan),
        ("GPT-3 to GPT-4 goes on", np.nan, float(old.at(day)[0]), np.nan),
        ("trend of all frontier models", low, float(fitted.at(day)[0]), high),
    ]
    table = pd.DataFrame(rows, columns=["forecast", "low", "value", "high"])
    table["error_decades"] = [magnitude_error(v, came) for v in table.value]
    table["interval_score"] = [
        interval_score(float(one), float(two), came, confidence) if np.isfinite(one) else np.nan
        for one, two in zip(table.low, table.high, strict=True)
    ]
    table.attrs["n_fitted"] = fitted.n
    table.attrs.update(observed=came, model=str(largest.model), date=largest.release_date)
    return table
