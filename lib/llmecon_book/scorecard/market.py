"""Propositions on prices and speeds, of flagships and at a fixed quality."""

import numpy as np
import pandas as pd

from llmecon import catalog
from llmecon_book.scorecard import facts
from llmecon_book.scorecard.record import Days, Outcome, by_parts, proposition
from llmecon_book.scorecard.scoring import Forecast

MAKERS = ("OpenAI", "Anthropic")
_YEAR = pd.Timedelta(days=365)
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
    measure="output speed of flagships released since, read in the last year",
    unit="tokens/s",
)
def speeds(days: Days) -> Outcome:
    """Cannot be scored where the readings are not one series: another prompt length, other hosts.
    Held if the median of the last year's readings of flagships released since the forecast is
    above that of GPT-4o's own, else failed.
    """
    read = flagship_speeds(days)
    then = read[read.model == facts.GPT4O].output_tokens_per_s
    released = read.model.map(catalog.models().set_index("model").release_date)
    last = read[(released > days.made) & (read.date > days.until - _YEAR)]
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
        forecast=Forecast() if apart else Forecast(direction=1, reference=float(then.median())),
        came=(
            f"flagships released since read {now.min():.1f} to {now.max():.1f} tokens/s in the "
            f"last year, GPT-4o while it was one {then.min():.1f} to {then.max():.1f}{but}; "
            "a speed belongs to its host"
        ),
        numbers=facts.numbers(then=then.median(), now=now.median(), n=len(last)),
    )


def flagship_speeds(days: Days) -> pd.DataFrame:
    """Speed readings of models that were their maker's flagship that day, beside its price.

    Parameters
    ----------
    days : Days
        Readings after the day of the score do not count.

    Returns
    -------
    pandas.DataFrame
        ``date``, ``provider``, ``model``, ``output_tokens_per_s`` [tokens/s],
        ``output_usd_per_mtok``, the maker's own price in force [USD per million tokens], and
        ``source``; one row a reading, in order of date.

    Notes
    -----
    Readings of a model whose maker had a newer flagship are left out: they tell how fast an old
    model is served, not how fast the best one is.

    Examples
    --------
    >>> from llmecon_book import scorecard
    >>> last = flagship_speeds(scorecard.days()).iloc[-1]
    >>> last.model, float(last.output_tokens_per_s), float(last.output_usd_per_mtok)
    ('Kimi K3', 36.9, 15.0)
    """
    sold = catalog.prices().query("flagship").sort_values("effective_date", kind="stable")
    makers = sold.drop_duplicates("model").set_index("model").provider
    read = catalog.speeds().sort_values("date", kind="stable")
    read = read[read.date <= days.until].assign(provider=read.model.map(makers))
    best = pd.merge_asof(
        read.dropna(subset=["provider"]),
        sold[["provider", "model", "effective_date", "output_usd_per_mtok"]],
        left_on="date",
        right_on="effective_date",
        by="provider",
        suffixes=("", "_in_force"),
    )
    of_best = best[best.model == best.model_in_force].reset_index(drop=True)
    kept = ["date", "provider", "model", "output_tokens_per_s", "output_usd_per_mtok", "source"]
    return of_best[kept]
