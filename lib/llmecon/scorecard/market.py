"""Propositions on prices and speeds, of flagships and at a fixed quality."""

import numpy as np
import pandas as pd

from llmecon import catalog
from llmecon.scorecard import facts
from llmecon.scorecard.record import Days, Outcome, by_parts, proposition
from llmecon.scorecard.scoring import Forecast

MAKERS = ("OpenAI", "Anthropic")
_ONE_SERIES = pd.Timedelta(days=300)  # readings further apart were taken with other prompts


@proposition(
    "P8a",
    "The price of the makers' flagship models goes on falling",
    said="takes for granted",
    claims=("R14",),
    measure="flagship output price over that of the forecast's day",
    unit="ratio",
)
def flagships(days: Days) -> Outcome:
    """Held if the flagship of OpenAI and of Anthropic both cost less than on the forecast's day,
    failed if neither does.
    """
    paths = {maker: flagship_path(maker, days) for maker in MAKERS}
    ratio = {maker: float(p.iloc[-1] / p.iloc[0]) for maker, p in paths.items()}
    told = "; ".join(
        f"{maker}: " + ", ".join(f"{usd:g}" for usd in path) for maker, path in paths.items()
    )
    return Outcome(
        verdict=by_parts(*(value < 1 for value in ratio.values())),
        observed=float(np.exp(np.mean(np.log(list(ratio.values()))))),
        low=min(ratio.values()),
        high=max(ratio.values()),
        forecast=Forecast(direction=-1, reference=1.0),
        came=f"dollars per million output tokens, from then on: {told}",
        numbers=facts.numbers(**ratio),
    )


def flagship_path(maker: str, days: Days) -> pd.Series:
    """Output price of a maker's flagship in force when the forecast was made, and each change.

    Raises
    ------
    UnknownName
        If the maker had no flagship by then.
    """
    frame = catalog.prices()
    own = frame[(frame.provider == maker) & frame.flagship & (frame.effective_date <= days.until)]
    own = own.sort_values("effective_date", kind="stable")
    before = own[own.effective_date <= days.made]
    if before.empty:
        raise catalog.UnknownName("maker with a flagship by then", maker, frame.provider.unique())
    since = pd.concat([before.tail(1), own[own.effective_date > days.made]])
    prices = since.set_index("effective_date").output_usd_per_mtok
    return prices[prices.diff() != 0]


@proposition(
    "P8b",
    "The price of a given quality goes on falling",
    said="takes for granted",
    claims=("R14",),
    measure="least output price at GPT-4o's Arena level over that of the forecast's day",
    unit="ratio",
)
def fixed_quality(days: Days) -> Outcome:
    """Held if the least price at the Arena level of GPT-4 and of GPT-4o is below that of the
    forecast's day, failed if at neither.
    """
    scored = facts.arena(days.until).set_index("model").score
    ratio, told = {}, []
    for name in (facts.GPT4, facts.GPT4O):
        path = facts.cheapest_at_level(float(scored[name]), days)
        before = path[path.date <= days.made]
        if before.empty:
            continue
        then, now = before.iloc[-1], path.iloc[-1]
        ratio[name] = float(now.output_usd_per_mtok / then.output_usd_per_mtok)
        told.append(
            f"{name}'s level: {then.output_usd_per_mtok:g} to {now.output_usd_per_mtok:g} "
            f"dollars ({now.model})"
        )
    return Outcome(
        verdict=by_parts(*(value < 1 for value in ratio.values())),
        observed=ratio[facts.GPT4O],
        low=min(ratio.values()),
        high=max(ratio.values()),
        forecast=Forecast(direction=-1, reference=1.0),
        came="; ".join(told),
        numbers=facts.numbers(**ratio),
    )


@proposition(
    "P8c",
    "Models go on getting faster",
    said="takes for granted",
    claims=("R14",),
    measure="output speed of flagships",
    unit="tokens/s",
)
def speeds(days: Days) -> Outcome:
    """Cannot be scored where the readings are not one series: another prompt length, other hosts.
    Held if the median of a year's flagships is above GPT-4o's of the forecast's day, else failed.
    """
    then = catalog.speed_readings(facts.GPT4O, until="2025-05-31").output_tokens_per_s
    frame = catalog.speeds()
    flagship = catalog.prices().query("flagship").model.unique()
    last = frame[frame.model.isin(flagship) & (frame.date <= days.until)]
    last = last[last.date > days.until - pd.Timedelta(days=365)]
    if last.empty:
        return Outcome(verdict="cannot be scored", observed=None, came="no later reading")
    apart = last.date.min() - days.made > _ONE_SERIES
    now = last.output_tokens_per_s
    faster = bool(now.median() > then.median())
    but = "; but the prompts of the readings were lengthened in between" if apart else ""
    return Outcome(
        verdict="cannot be scored" if apart else "held" if faster else "failed",
        observed=float(now.median()),
        low=float(now.min()),
        high=float(now.max()),
        came=(
            f"flagships read {now.min():.0f} to {now.max():.0f} tokens/s in the last year, GPT-4o "
            f"{then.min():.0f} to {then.max():.0f} in its first{but}; a speed belongs to its host"
        ),
        numbers=facts.numbers(then=then.median(), now=now.median(), n=len(last)),
    )
