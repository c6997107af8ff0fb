"""Facts as the propositions ask for them, nothing later than the day of the score."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from llmecon import catalog, trends
from llmecon_book import parity
from llmecon_book.scorecard.record import Days

ARENA = "Arena text score"
GPT3, GPT4, TURBO, GPT4O = "GPT-3 175B", "GPT-4", "GPT-4 Turbo", "GPT-4o"
CHINCHILLA = "Chinchilla 70B"


def month(day: pd.Timestamp) -> str:
    """Month and year."""
    return f"{day:%B %Y}"


def models(days: Days) -> pd.DataFrame:
    """Models released by the day of the score, in order of date."""
    frame = catalog.models()
    kept = frame[frame.release_date <= days.until]
    return kept.sort_values("release_date", kind="stable").reset_index(drop=True)


def model(name: str) -> pd.Series:
    """Row of ``models.csv``."""
    frame = catalog.models()
    found = frame[frame.model == name]
    if found.empty:
        raise catalog.UnknownName("model", name, frame.model)
    return found.iloc[0]


def open_frontier(days: Days) -> pd.DataFrame:
    """Open models that stood at the frontier, from the start of the trend on.

    Raises
    ------
    ValueError
        With fewer than three of them: no trend can be fitted.
    """
    frame = models(days)
    found = frame[frame.open_weights & frame.frontier & (frame.release_date >= days.since)]
    if len(found) < 3:
        raise ValueError(
            f"since and until must leave three open frontier models, got {len(found)} between "
            f"{days.since:%Y-%m-%d} and {days.until:%Y-%m-%d} [models]"
        )
    return found.reset_index(drop=True)


def closed_frontier(days: Days) -> pd.DataFrame:
    """Closed models that stood at the frontier, released after the forecast was made."""
    frame = models(days)
    return frame[~frame.open_weights & frame.frontier & (frame.release_date > days.made)]


def the_fall() -> trends.Growth:
    """The fall that the article tells: GPT-4 to GPT-4o, on estimates."""
    rows = [model(name) for name in (GPT4, GPT4O)]
    return trends.growth_rate([r.release_date for r in rows], [r.total_params for r in rows])


def growth(frame: pd.DataFrame, values: pd.Series) -> trends.Growth:
    """Growth of a column over release dates, empty cells left out."""
    known = values.notna()
    return trends.growth_rate(frame.release_date[known], values[known].to_numpy(dtype=float))


def arena(until: pd.Timestamp) -> pd.DataFrame:
    """Last Arena list up to a day."""
    scores = catalog.scores()
    lists = scores.loc[(scores.benchmark == ARENA) & (scores.date <= until), "date"]
    if lists.empty:
        raise ValueError(f"until must be after the first Arena list, got {until:%Y-%m-%d}")
    return parity.scored_models(ARENA, f"{lists.max():%Y-%m-%d}")


def simple_qa(days: Days) -> pd.DataFrame:
    """SimpleQA of models, with their size where it is known: a row a model."""
    scores = catalog.scores()
    kept = scores[(scores.benchmark == "SimpleQA") & (scores.date <= days.until)]
    sizes = catalog.models()[["model", "total_params", "size_status", "open_weights"]]
    return kept[["model", "score", "date"]].merge(sizes, on="model").reset_index(drop=True)


def usable_estimates(days: Days) -> pd.DataFrame:
    """Published sizes of closed models that use no price, with range and day.

    Of each estimator its last: later versions replace earlier ones. What a rival says of a model
    is left out.
    """
    frame = _last_of_each_estimator(catalog.size_estimates(), days)
    usable = (frame.circular_with_price == "false") & ~frame.by_rival
    return frame[usable].reset_index(drop=True)


def closed_sizes(days: Days) -> pd.DataFrame:
    """Closed frontier models since the forecast for which a size without price is published.

    Returns
    -------
    pandas.DataFrame
        ``model``, ``release_date``, ``total_params``: of ``models.csv``, or the middle of the
        usable estimates where it has none; ``low``, ``high``: the ends of all usable ones
        [parameters]; ``size_status``.

    Examples
    --------
    >>> from llmecon_book import scorecard
    >>> first = closed_sizes(scorecard.days()).iloc[0]
    >>> first.model, spelled(first.low), spelled(first.high)
    ('Grok 3', '642 billion', '6.6 trillion')
    """
    usable = usable_estimates(days)
    ends = usable.melt("model", ["total_params", "total_low", "total_high"]).groupby("model").value
    frame = closed_frontier(days).merge(ends.agg(low="min", high="max"), on="model")
    middle = frame.model.map(usable.groupby("model").total_params.median())
    frame["total_params"] = frame.total_params.fillna(middle)
    told = frame.dropna(subset=["total_params"]).reset_index(drop=True)
    return told[["model", "release_date", "total_params", "low", "high", "size_status"]]


def known_by(frame: pd.DataFrame, day: pd.Timestamp) -> pd.Series:
    """Whether the size in each row of ``models.csv`` had been published by a day.

    Disclosed and reported sizes count as known from the release on; an estimate from the day on
    which somebody first gave that number.

    Examples
    --------
    The size of o1 in ``models.csv`` is that of a probe of July 2026.

    >>> o1 = catalog.models().query("model == 'o1'")
    >>> [bool(known_by(o1, pd.Timestamp(day)).iloc[0]) for day in ("2024-12-13", "2026-11-30")]
    [False, True]
    """
    given = catalog.size_estimates().groupby(["model", "total_params"]).estimate_date.min()
    first = frame[["model", "total_params"]].merge(given.reset_index(), how="left").estimate_date
    later = first.set_axis(frame.index) > day
    return ~((frame.size_status == "estimate") & later)


def cheapest_at_level(level: float, days: Days, *, on_list: str | None = None) -> pd.DataFrame:
    """Least output price, day by day, of a model with at least a score.

    Parameters
    ----------
    level : float
        Score to reach, of the same list. [Arena points]
    days : Days
        Prices after the day of the score do not count.
    on_list : str, optional
        Date of the Arena list; the last one up to the day of the score if not given.

    Returns
    -------
    pandas.DataFrame
        ``date``, ``model``, ``output_usd_per_mtok``: one row a change of the least price. A model
        counts at its last listed price; whether it is still sold is not known.
    """
    scored = arena(days.until if on_list is None else pd.Timestamp(on_list))
    able = set(scored.loc[scored.score >= level, "model"])
    prices = catalog.prices()
    prices = prices[prices.model.isin(able) & (prices.effective_date <= days.until)]
    prices = prices.sort_values("effective_date", kind="stable")
    in_force: dict[tuple[str, str], float] = {}
    rows: list[tuple[pd.Timestamp, str, float]] = []
    for row in prices.to_dict("records"):
        in_force[row["provider"], row["model"]] = row["output_usd_per_mtok"]
        (_, name), usd = min(in_force.items(), key=lambda item: item[1])
        if not rows or (name, usd) != rows[-1][1:]:
            rows.append((row["effective_date"], name, usd))
    frame = pd.DataFrame(rows, columns=["date", "model", "output_usd_per_mtok"])
    return frame.drop_duplicates("date", keep="last").reset_index(drop=True)


def tokens_per_param(frame: pd.DataFrame, column: str) -> pd.Series:
    """Training tokens over a count of parameters. [tokens/parameter]"""
    return frame.training_tokens / frame[column]


# Regulation (EU) 2024/1689, Art. 51(2): a model trained with more is presumed to have systemic
# risk. Here: which makers count as large.
LARGE_MAKER_FLOP = 1e25


def larger_models(after: pd.Timestamp, within: pd.Timedelta) -> pd.DataFrame:
    """Each large maker's first model after a day that is larger than all it had before.

    Larger by a size that is disclosed or reported; by training compute where no size is known.
    """
    frame = catalog.models().sort_values("release_date", kind="stable")
    earlier = frame[frame.release_date <= after].groupby("developer")
    most_flop, most_params = earlier.training_flop.max(), earlier.total_params.max()
    large = most_flop[most_flop >= LARGE_MAKER_FLOP].index
    soon = (frame.release_date > after) & (frame.release_date <= after + within)
    new = frame[soon & frame.developer.isin(large)]
    by_size = (new.size_status != "estimate") & (new.total_params > new.developer.map(most_params))
    by_flop = new.total_params.isna() & (new.training_flop > new.developer.map(most_flop))
    return new[by_size | by_flop].drop_duplicates("developer")


def latest_estimates(days: Days) -> pd.DataFrame:
    """Central values of closed models' sizes: of each estimator its last, superseded ones left out.

    An estimator is the first word of its name: later versions replace earlier ones.
    """
    frame = catalog.size_estimates()
    return _last_of_each_estimator(frame[frame.total_params.notna()], days)


def _last_of_each_estimator(frame: pd.DataFrame, days: Days) -> pd.DataFrame:
    frame = frame[(frame.kind != "check") & (frame.estimate_date <= days.until)].copy()
    frame["by"] = frame.estimator.str.split().str[0]
    last = frame.groupby(["model", "by"]).estimate_date.transform("max")
    return frame[frame.estimate_date == last].reset_index(drop=True)


def extreme(frame: pd.DataFrame, column: str, *, largest: bool = True) -> pd.Series:
    """Row with the largest or the smallest value of a column."""
    return frame.sort_values(column, ascending=not largest, kind="stable").iloc[0]


def spread(values: pd.Series) -> float:
    """Largest over smallest. [times]"""
    return float(np.max(values) / np.min(values))


def numbers(**values: object) -> Mapping[str, object]:
    """Numbers by name, numpy scalars as plain ones."""
    return {k: v.item() if isinstance(v, np.generic) else v for k, v in values.items()}
