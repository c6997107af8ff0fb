"""Every named fact of the argument and every filter, once: the article's numbers, models, days.

A day is anything that pandas reads as one. Frames are fresh copies in order of date, their dates
pandas timestamps; an empty cell is missing, never zero.
"""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Literal, TypeAlias

import numpy as np
import pandas as pd
from pydantic import StringConstraints

from llmecon import catalog, sizing, trends
from llmecon._checks import column, require
from llmecon.catalog.rows import Sourced, Text
from llmecon_book import freshness

Day: TypeAlias = str | date | pd.Timestamp

# Models, as in ``models.csv``.
FIRST_TRANSFORMER = "Transformer (big)"
GPT1, GPT3, GPT4, TURBO, GPT4O = "GPT-1", "GPT-3 175B", "GPT-4", "GPT-4 Turbo", "GPT-4o"
GPT5, O1, O1_PREVIEW = "GPT-5", "o1", "o1-preview"
OPUS, FIRST_SONNET = "Claude 3 Opus", "Claude 3.5 Sonnet (Jun 2024)"
SONNET = "Claude 3.5 Sonnet (Oct 2024)"
CHINCHILLA, GOPHER, PHI4, GEMMA_4B = "Chinchilla 70B", "Gopher 280B", "Phi-4", "Gemma 3 4B"
LLAMA2, LLAMA3, LLAMA33 = "Llama 2 70B", "Llama 3 70B", "Llama 3.3 70B"
MISTRAL, DEEPSEEK_V3, KIMI_K2 = "Mistral Large 2", "DeepSeek-V3", "Kimi K2"

# Shapes and accelerators.
GPT4_SHAPE, DRAFT_SHAPE = "GPT-4 (Erdil assumption)", "Llama 3 8B"
H200, B200, GB200, RUBIN = "H200 SXM 141GB", "B200 SXM 180GB", "GB200 NVL72", "Vera Rubin NVL72"

# Benchmarks, as in ``scores.csv``.
ARENA, MMLU, SIMPLE_QA = catalog.ARENA, "MMLU", "SimpleQA"

# Days.
ESSAY_DAY = "2024-12-13"  # of the essay that the article retells; the article has no date
TREND_FROM = "2024-07-01"  # from here on the open frontier of today is counted
SCORED_ON = f"{freshness.state().newest.max():%Y-%m-%d}"  # last day of the facts
ARENA_2025 = "2025-08-04"  # first Arena list with Llama 3.3 70B
ARENA_LAST = "2026-10-20"
SERVED_DAY = "2025-01-26"  # leaderboard of hosts that the baseline of `sizing` is fitted to
WINTER = (SERVED_DAY, "2025-02-07")  # the two leaderboards nearest to the essay
H200_RENT_DAY = "2025-01-23"  # of the published configuration of the H200 figure

EIGHTH = 1 / 8  # size of the smaller model of the H200 figure
MAKERS = ("OpenAI", "Anthropic")  # whose flagships are followed
GPT4O_AT_10 = ("2024-08-06", "2024-11-20")  # versions of GPT-4o sold at 10 USD/Mtok
LARGE_MAKER_FLOP = 1e25  # Regulation (EU) 2024/1689, Art. 51(2): more is systemic risk


# ---- what the article says -------------------------------------------------------------------


class ClaimRow(Sourced):
    """One checkable statement of the article."""

    KEY = ("id",)
    TITLE = "Claims"
    RULE = "Every checkable statement of the article, in our own words."

    id: Annotated[str, StringConstraints(pattern=r"^[ERCO]\d\d$")] = column("Stable name")
    chapter: Literal["evolution", "reversal", "causes", "outlook"] = column("Where it is discussed")
    kind: Literal["fact", "estimate", "arithmetic", "trend", "causal", "forecast"] = column(
        "What sort of statement it is"
    )
    claim: Text = column("The statement")
    stated_value: str = column("Number or date the article states", default="")
    stated_value_high: float | None = column("Upper end of a stated range", default=None)
    model: str = column("Model that it is about, where its rule asks for one", default="")
    unit: str = column("Unit of stated and expected value", default="")
    expected_value: str = column("What the computation must give (test oracle)", default="")
    tolerance: str = column(
        "Plain: absolute; `1%`: relative; `x2`: a factor either way", default=""
    )
    verdict: Literal["right", "imprecise", "wrong", "unsupported", "unverifiable"] = column(
        "The ledger's verdict, which the computed one must match"
    )
    explanation: Text = column("What a reader should take from it; numbers are filled in")
    checked_by: Text = column("Computation that decides, as `room.function` of the library")
    source_date: date | None = column("Day of the source, where the claim uses it", default=None)

    @property
    def stated(self) -> float:
        """The number that the article states, the lower end of a range."""
        return self.stated_range[0]

    @property
    def stated_range(self) -> tuple[float, float]:
        """Both ends of a range that the article states; one number stands for both."""
        try:
            low = float(self.stated_value)
        except ValueError as error:
            raise ValueError(
                f"claim {self.id} states no number, got {self.stated_value!r}"
            ) from error
        return low, low if self.stated_value_high is None else self.stated_value_high

    @property
    def source_day(self) -> pd.Timestamp:
        """Day of the source that decides the claim."""
        if self.source_date is None:
            raise ValueError(f"claim {self.id} has no source_date")
        return pd.Timestamp(self.source_date)


class PropositionRow(Sourced):
    """A sentence about what came after the article, which data can decide."""

    KEY = ("id",)
    TITLE = "Propositions"
    RULE = (
        "What the article expected, put so that data can decide it, and the opposite sides of it."
    )

    id: Annotated[str, StringConstraints(pattern=r"^P[0-9]+[a-z]?$")] = column("Short name")
    proposition: Text = column("A sentence that data can decide")
    in_short: Text = column("The same in a few words")
    as_said: str = column("What the article claims of it; empty where it is silent", default="")
    said: Literal["yes", "no", "takes for granted", "may mean", "nothing"] = column(
        "Whether the article says it, denies it, takes it for granted, may mean it, or is silent"
    )
    claims: Annotated[str, StringConstraints(pattern=r"^[ERCO]\d\d( [ERCO]\d\d)*$")] = column(
        "Ids of the claims that it belongs to, separated by spaces"
    )
    measure: Text = column("What is measured, a colon, and the number that decides")
    unit: Text = column("Unit of the measure")
    came: Text = column("What came, as a sentence; numbers are filled in")
    came_otherwise: str = column("The same where the facts leave the usual case", default="")
    unanswered: str = column("What is said where the facts of a day hold no number", default="")
    each: str = column("One item of `{each}` in the sentence, with the mark after it", default="")


catalog.TABLES.update(claims=ClaimRow, propositions=PropositionRow)


def _claim(claim: str) -> ClaimRow:
    rows = {row.id: row for row in catalog.rows("claims") if isinstance(row, ClaimRow)}
    if claim not in rows:
        raise catalog.UnknownName("claim", claim, rows)
    return rows[claim]


def stated(claim: str) -> float:
    """The number that the article states, in the unit of the claim of that id.

    Raises
    ------
    UnknownName
        If no claim is called so; the nearest are suggested.
    ValueError
        If the claim states no number.

    Examples
    --------
    GPT-4o's size, and the speed of GPT-4 Turbo:

    >>> stated("R01"), stated("R11")
    (200000000000.0, 55.0)
    """
    return _claim(claim).stated


def stated_range(claim: str) -> tuple[float, float]:
    """Both ends of a range that the article states; one number stands for both.

    Examples
    --------
    >>> stated_range("R09"), stated_range("R11")
    ((100.0, 150.0), (55.0, 55.0))
    """
    return _claim(claim).stated_range


# ---- models and their sizes ------------------------------------------------------------------


def model(name: str) -> pd.Series:
    """Row of ``models.csv``.

    Raises
    ------
    UnknownName
        If no model is called so; the nearest are suggested.
    """
    frame = catalog.models()
    found = frame[frame.model == name]
    if found.empty:
        raise catalog.UnknownName("model", name, frame.model)
    return found.iloc[0]


def known(name: str, column: str) -> float:
    """A number of ``models.csv``.

    Raises
    ------
    ValueError
        If the cell is empty.
    """
    cell = float(model(name)[column])
    if np.isnan(cell):
        raise ValueError(f"{name} has no {column} in models.csv")
    return cell


def size(name: str) -> float:
    """All parameters of a model. [parameters]

    Examples
    --------
    >>> size("GPT-4") / size("GPT-4o")
    9.0
    """
    return known(name, "total_params")


def released(name: str) -> pd.Timestamp:
    """Release date of a model."""
    return pd.Timestamp(model(name).release_date)


def tokens_per_param(name: str, column: str = "total_params") -> float:
    """Training tokens over all, or over active parameters. [tokens/parameter]"""
    return known(name, "training_tokens") / known(name, column)


def models(**days: Day | None) -> pd.DataFrame:
    """Models in order of date; days as of `frontier`."""
    return _between(catalog.models(), "release_date", **days)


def frontier(*, open_weights: bool | None = None, **days: Day | None) -> pd.DataFrame:
    """Models that stood at the frontier on their release, in order of date.

    Parameters
    ----------
    open_weights : bool, optional
        Only models whose weights can, or cannot, be downloaded.
    **days : day, optional
        ``since``, first day; ``after``, day before the first; ``until``, last day. Without bound
        if not given.
    """
    frame = catalog.models()
    keep = frame.frontier
    if open_weights is not None:
        keep &= frame.open_weights == open_weights
    return _between(frame[keep], "release_date", **days)


def open_frontier(**days: Day | None) -> pd.DataFrame:
    """Open models of the `frontier`.

    Examples
    --------
    >>> len(open_frontier(since=TREND_FROM, until=SCORED_ON))
    16
    """
    return frontier(open_weights=True, **days)


def closed_frontier(**days: Day | None) -> pd.DataFrame:
    """Closed models of the `frontier`."""
    return frontier(open_weights=False, **days)


def _between(
    frame: pd.DataFrame,
    column: str,
    *,
    since: Day | None = None,
    after: Day | None = None,
    until: Day | None = None,
) -> pd.DataFrame:
    day = frame[column]
    first, before, last = pd.to_datetime(pd.Series([since, after, until]))
    kept = frame[day.notna() & ~(day < first) & ~(day <= before) & ~(day > last)]
    return kept.sort_values(column, kind="stable").reset_index(drop=True)


def growth(frame: pd.DataFrame, values: pd.Series, **options: float) -> trends.Growth:
    """Growth of values over the release dates of models, empty cells left out."""
    told = values.notna()
    return trends.growth_rate(
        frame.release_date[told], values[told].to_numpy(dtype=float), **options
    )


def bend(frame: pd.DataFrame, *, confidence: float = 0.8) -> trends.Break:
    """When growth of all parameters changed over the release dates of models with a size.

    Examples
    --------
    The line of chapter 1, drawn on to today:

    >>> turn = bend(frontier(since="2018-01-01", until=ESSAY_DAY))
    >>> turn.date.year, turn.after < turn.before, turn.at(SCORED_ON).shape
    (2020, True, (1,))
    """
    known = frame.dropna(subset="total_params")
    return trends.break_point(known.release_date, known.total_params, confidence=confidence)


def growth_between(first: str, last: str) -> trends.Growth:
    """Growth of all parameters from one model to another."""
    return trends.growth_rate([released(first), released(last)], [size(first), size(last)])


def the_fall() -> trends.Growth:
    """The fall that the article tells: GPT-4 to GPT-4o, on estimates.

    Examples
    --------
    >>> round(the_fall().factor_per_year, 3)
    0.152
    """
    return growth_between(GPT4, GPT4O)


def largest(frame: pd.DataFrame, column: str = "total_params") -> pd.Series:
    """Row with the largest value of a column, the first of equals."""
    return frame.sort_values(column, ascending=False, kind="stable").iloc[0]


def largest_trained(
    *, after: Day, until: Day | None = None, count: int = 3
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The largest open models with known training tokens, and the next one.

    Returns
    -------
    tuple of pandas.DataFrame
        Rows of ``models.csv``, the largest first; and one row more, empty where there is none: how
        much a verdict hangs on where the largest end.

    Examples
    --------
    >>> both = largest_trained(after=ESSAY_DAY, until=SCORED_ON)
    >>> [frame.model.tolist() for frame in both]
    [['DeepSeek-V4-Pro', 'LongCat-2.0', 'Kimi K2'], ['Kimi K2.5']]
    """
    frame = models(after=after, until=until)
    trained = frame[frame.open_weights & frame.training_tokens.notna()]
    ranked = trained.nlargest(count + 1, "total_params")
    return ranked.head(count), ranked.iloc[count:]


def larger_models(after: Day, days: int = 120) -> pd.DataFrame:
    """Each large maker's first model after a day that is larger than all it had before.

    Larger by a size that is disclosed or reported; by training compute where no size is known.

    Parameters
    ----------
    after : day
        Start.
    days : int, optional
        How long after it; 120 are the article's four months. [d]
    """
    frame, day = models(), pd.Timestamp(after)
    earlier = frame[frame.release_date <= day].groupby("developer")
    most_flop, most_params = earlier.training_flop.max(), earlier.total_params.max()
    large = most_flop[most_flop >= LARGE_MAKER_FLOP].index
    soon = (frame.release_date > day) & (frame.release_date <= day + pd.Timedelta(days=days))
    new = frame[soon & frame.developer.isin(large)]
    by_size = (new.size_status != "estimate") & (new.total_params > new.developer.map(most_params))
    by_flop = new.total_params.isna() & (new.training_flop > new.developer.map(most_flop))
    return new[by_size | by_flop].drop_duplicates("developer")


def known_by(frame: pd.DataFrame, day: Day) -> pd.Series:
    """Whether the size in each row of ``models.csv`` had been published by a day.

    Disclosed and reported sizes count as known from the release on; an estimate from the day on
    which somebody first gave that number.

    Examples
    --------
    The size of o1 in ``models.csv`` is that of a probe of July 2026.

    >>> o1 = catalog.models().query("model == 'o1'")
    >>> [bool(known_by(o1, day).iloc[0]) for day in (ESSAY_DAY, SCORED_ON)]
    [False, True]
    """
    given = catalog.size_estimates().groupby(["model", "total_params"]).estimate_date.min()
    first = frame[["model", "total_params"]].merge(given.reset_index(), how="left").estimate_date
    later = first.set_axis(frame.index) > pd.Timestamp(day)
    return ~((frame.size_status == "estimate") & later)


# ---- published sizes of closed models --------------------------------------------------------


def latest_estimates(*, until: Day | None = None) -> pd.DataFrame:
    """Published sizes of models whose makers are silent: of each estimator its last.

    Returns
    -------
    pandas.DataFrame
        Rows of ``size_estimates.csv``.
    """
    frame = _between(catalog.size_estimates(), "estimate_date", until=until)
    frame = frame[frame.kind != "check"]
    last = frame.groupby(["model", "series"]).estimate_date.transform("max")
    return frame[frame.estimate_date == last].reset_index(drop=True)


def checked_estimates(*, until: Day | None = None) -> pd.Series:
    """Estimates of open models of known size, over that size: how good the estimator is. [times]"""
    frame = _between(catalog.size_estimates(), "estimate_date", until=until)
    frame = frame[frame.kind == "check"]
    return frame.total_params / frame.known_total_params


def independent_estimates(name: str) -> pd.DataFrame:
    """Published intervals of a model's size that rest on neither price nor speed."""
    frame = catalog.size_estimates()
    free = (frame.circular_with_price == "false") & (frame.circular_with_speed == "false")
    return frame[(frame.model == name) & free & frame.total_low.notna() & frame.total_high.notna()]


def closed_sizes(*, after: Day = ESSAY_DAY, until: Day | None = None) -> pd.DataFrame:
    """Closed frontier models for which a size without price is published.

    Returns
    -------
    pandas.DataFrame
        ``model``, ``release_date``, ``total_params``: of ``models.csv``, or the middle of the
        usable estimates where it has none; ``low``, ``high``: the ends of all usable ones
        [parameters]; ``size_status``. Usable are the `latest_estimates` that use no price and are
        not a rival's word.

    Examples
    --------
    >>> first = closed_sizes(until=SCORED_ON).iloc[0]
    >>> first.model, float(first.low), float(first.high)
    ('Grok 3', 642000000000.0, 6600000000000.0)
    """
    latest = latest_estimates(until=until)
    usable = latest[(latest.circular_with_price == "false") & ~latest.rival]
    ends = usable.melt("model", ["total_params", "total_low", "total_high"]).groupby("model").value
    closed = closed_frontier(after=after, until=until)
    frame = closed.merge(ends.agg(low="min", high="max"), on="model")
    middle = frame.model.map(usable.groupby("model").total_params.median())
    frame["total_params"] = frame.total_params.fillna(middle)
    told = frame.dropna(subset=["total_params"]).reset_index(drop=True)
    return told[["model", "release_date", "total_params", "low", "high", "size_status"]]


# ---- scores ----------------------------------------------------------------------------------


def scored_models(benchmark: str, day: Day) -> pd.DataFrame:
    """Models with a score on one list, with their size and release date.

    Parameters
    ----------
    benchmark : str
        Benchmark, as in ``scores.csv``.
    day : day
        List date: scores of two lists are never mixed.

    Returns
    -------
    pandas.DataFrame
        Rows of ``models.csv`` with ``score``, ``variant`` and ``open_date``, the day from which
        the weights could be downloaded; the best first.

    Raises
    ------
    UnknownName
        If there is no such list.

    Examples
    --------
    >>> scored_models(ARENA, ESSAY_DAY).model.iloc[0]
    'o1-preview'
    """
    scores, day = catalog.scores(), pd.Timestamp(day)
    on_list = scores[(scores.benchmark == benchmark) & (scores.date == day)]
    if on_list.empty:
        lists = scores.benchmark + " of " + scores.date.dt.strftime("%Y-%m-%d")
        raise catalog.UnknownName("list", f"{benchmark} of {day:%Y-%m-%d}", lists.unique())
    merged = catalog.models().merge(on_list[["model", "score", "variant"]], on="model")
    # Weights that were opened after the list did not count as open on its day.
    opened = merged.weights_opened.fillna(merged.release_date).where(merged.open_weights)
    merged["open_date"] = opened
    merged["open_weights"] = opened <= day
    return merged.sort_values("score", ascending=False, kind="stable").reset_index(drop=True)


def arena_list(*, until: Day) -> pd.DataFrame:
    """All entries of the last Arena list up to a day that was kept whole.

    Returns
    -------
    pandas.DataFrame
        Rows of ``arena_lists.csv``, the best first; ``model`` is the name of the entry where it has
        no row of its own. ``open_weights`` is of the day of the list.

    Raises
    ------
    ValueError
        If the day is before the first list.

    Examples
    --------
    >>> entries = arena_list(until=ESSAY_DAY)
    >>> entries.model.iloc[0], entries[entries.open_weights].model.iloc[0]
    ('Gemini-Exp-1206', 'Athene-v2-Chat-72B')
    """
    lists = _between(catalog.arena_lists(), "date", until=until)
    if lists.empty:
        raise ValueError(f"until must be after the first Arena list, got {pd.Timestamp(until):%F}")
    entries: pd.DataFrame = lists[lists.date == lists.date.max()]
    entries = entries.assign(model=entries.model.fillna(entries.name))
    return entries.sort_values("score", ascending=False, kind="stable").reset_index(drop=True)


def score_on_release(name: str, benchmark: str) -> float:
    """Score that a model was released with. [points of the benchmark]"""
    return catalog.score(name, benchmark, f"{released(name):%Y-%m-%d}")


def arena(*, until: Day = SCORED_ON) -> pd.DataFrame:
    """`scored_models` of the last Arena list up to a day, whole or not.

    Raises
    ------
    ValueError
        If the day is before the first list.
    """
    scores, day = catalog.scores(), pd.Timestamp(until)
    lists = scores.loc[(scores.benchmark == ARENA) & (scores.date <= day), "date"]
    if lists.empty:
        raise ValueError(f"until must be after the first Arena list, got {day:%Y-%m-%d}")
    return scored_models(ARENA, lists.max())


def smallest_at_score(scored: pd.DataFrame, *, level: float) -> pd.DataFrame:
    """Open models that were, on their day, the smallest with at least a score.

    Parameters
    ----------
    scored : pandas.DataFrame
        From `scored_models`.
    level : float
        Score to reach. [points of the list]

    Returns
    -------
    pandas.DataFrame
        Rows of `scored` in order of opening, each smaller than the one before.

    Raises
    ------
    ValueError
        If no open model of known size reaches the score.

    Notes
    -----
    A list holds only models that somebody entered: the true date may be earlier, never later.

    Examples
    --------
    >>> smallest_at_score(scored_models(ARENA, ARENA_LAST), level=1288.0).model.iloc[-1]
    'Gemma 3 4B'
    """
    require("level", level, above=0)
    open_known = scored[scored.open_weights & scored.total_params.notna()]
    reached = open_known[open_known.score >= level].sort_values(
        ["open_date", "total_params"], kind="stable"
    )
    if reached.empty:
        best = open_known.score.max()
        raise ValueError(f"level must be <= {best:g}, the best open score, got {level:g}")
    before = reached.total_params.cummin().shift(fill_value=float("inf"))
    return reached[reached.total_params < before].reset_index(drop=True)


def gap_to_open(entries: pd.DataFrame) -> float:
    """Points that the best open entry of a list stands behind the best of all.

    Parameters
    ----------
    entries : pandas.DataFrame
        From `arena_list`; from `scored_models`, of the models of our tables only. Two days compare
        where both are of one kind.

    Examples
    --------
    >>> gap_to_open(arena_list(until=ESSAY_DAY)), gap_to_open(scored_models(ARENA, ESSAY_DAY))
    (99.0, 68.0)
    """
    return float(entries.score.max() - entries.loc[entries.open_weights, "score"].max())


def simple_qa(*, until: Day | None = None) -> pd.DataFrame:
    """SimpleQA of models, with their size where it is known: a row a model."""
    kept = _between(catalog.scores().query("benchmark == @SIMPLE_QA"), "date", until=until)
    sizes = catalog.models()[["model", "total_params", "size_status", "open_weights"]]
    return kept[["model", "score", "date"]].merge(sizes, on="model").reset_index(drop=True)


# ---- prices and speeds -----------------------------------------------------------------------


def list_price(name: str, day: Day = ESSAY_DAY) -> float:
    """Output price in force on a day. [USD per million tokens]

    Examples
    --------
    >>> [list_price(name) for name in (GPT4, TURBO, GPT4O)]
    [60.0, 30.0, 10.0]
    """
    row = catalog.price_on(name, f"{pd.Timestamp(day):%Y-%m-%d}")
    return float(row.output_usd_per_mtok)


def flagships(makers: Iterable[str] | None = None, *, until: Day | None = None) -> pd.DataFrame:
    """Prices of makers' main general models, in order of date: rows of ``prices.csv``."""
    frame = catalog.prices()
    keep = frame.flagship if makers is None else frame.flagship & frame.provider.isin([*makers])
    return _between(frame[keep], "effective_date", until=until)


def flagship_path(maker: str, *, made: Day = ESSAY_DAY, until: Day = SCORED_ON) -> pd.Series:
    """Output price of a maker's flagship in force on the first day, and each change to the last.

    Raises
    ------
    UnknownName
        If the maker had no flagship by then.
    """
    own = flagships([maker], until=until)
    before = own[own.effective_date <= pd.Timestamp(made)]
    if before.empty:
        known_makers = catalog.prices().provider.unique()
        raise catalog.UnknownName("maker with a flagship by then", maker, known_makers)
    since = pd.concat([before.tail(1), own[own.effective_date > pd.Timestamp(made)]])
    prices = since.set_index("effective_date").output_usd_per_mtok
    return prices[prices.diff() != 0]


def flagship_speeds(*, until: Day = SCORED_ON) -> pd.DataFrame:
    """Speed readings of models that were their maker's flagship that day, beside its price.

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
    >>> last = flagship_speeds().iloc[-1]
    >>> last.model, float(last.output_tokens_per_s), float(last.output_usd_per_mtok)
    ('Kimi K3', 36.9, 15.0)
    """
    sold = flagships().assign(model=lambda prices: prices.serves.fillna(prices.model))
    makers = sold.drop_duplicates("model").set_index("model").provider
    read = _between(catalog.speeds(), "date", until=until)
    read = read.assign(provider=read.model.map(makers))
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


def gpt4o_readings() -> pd.DataFrame:
    """Speed readings of the versions of GPT-4o sold at 10 USD/Mtok, in the essay's winter."""
    first, last = WINTER
    return catalog.speed_readings(GPT4O, versions=GPT4O_AT_10, since=first, until=last)


def _sold() -> pd.DataFrame:
    """Makers' and hosts' prices with the model that each buys, in order of date."""
    prices = catalog.prices().rename(columns={"model": "sold_as", "serves": "model"})
    offers = catalog.served_offers().dropna(subset=["output_usd_per_mtok"])
    offers = offers.rename(
        columns={"date": "effective_date", "host": "provider", "name_at_host": "sold_as"}
    )
    kept = ["effective_date", "provider", "sold_as", "model", "output_usd_per_mtok"]
    return pd.concat([prices[kept], offers[kept]]).sort_values("effective_date", kind="stable")


def as_able_as(
    level: float | str, *, until: Day = SCORED_ON, on_list: Day | None = None
) -> set[str]:
    """Models with at least a score on one Arena list, or at least another model's.

    Parameters
    ----------
    level : float or str
        Score to reach [Arena points]; or a model: then each pair is compared on the last list that
        has both, and a list that has left one of them out does not count against it.
    until : day, optional
        Later lists do not count.
    on_list : day, optional
        List of the score; the last one up to `until` if not given.

    Raises
    ------
    UnknownName
        If no list up to `until` has that model.
    """
    scores = _between(catalog.scores().query("benchmark == @ARENA"), "date", until=until)
    if not isinstance(level, str):
        last = arena(until=until) if on_list is None else scored_models(ARENA, on_list)
        return set(last.loc[last.score >= level, "model"])
    own = scores[scores.model == level].set_index("date").score
    if own.empty:
        raise catalog.UnknownName("model on an Arena list by then", level, scores.model.unique())
    last = scores[scores.date.isin(own.index)].groupby("model").last()
    return set(last.index[last.score >= last.date.map(own)])


def cheapest_at_level(
    level: float | str, *, until: Day = SCORED_ON, on_list: Day | None = None
) -> pd.DataFrame:
    """Least output price, day by day, of a model `as_able_as` a score or another model.

    Returns
    -------
    pandas.DataFrame
        ``date``, ``model``, ``output_usd_per_mtok``: one row a change of the least price. Counted
        are the prices of ``prices.csv``, each for the model that it buys, and offers of hosts from
        the day of their list on. An offer counts until it changes; whether it is still sold is not
        known.

    Examples
    --------
    >>> path = cheapest_at_level(GPT4O, until="2025-08-08")
    >>> path.model.iloc[-1], float(path.output_usd_per_mtok.iloc[-1])
    ('Qwen3-32B', 0.3)
    """
    able = as_able_as(level, until=until, on_list=on_list)
    in_force: dict[tuple[str, str], tuple[float, str]] = {}
    rows: list[tuple[pd.Timestamp, str, float]] = []
    for row in _between(_sold(), "effective_date", until=until).to_dict("records"):
        in_force.pop(offer := (row["provider"], row["sold_as"]), None)
        if row["model"] in able:
            in_force[offer] = row["output_usd_per_mtok"], row["model"]
        if not in_force:
            continue
        usd, name = min(in_force.values(), key=lambda price: price[0])
        if not rows or (name, usd) != rows[-1][1:]:
            rows.append((row["effective_date"], name, usd))
    frame = pd.DataFrame(rows, columns=["date", "model", "output_usd_per_mtok"])
    return frame.drop_duplicates("date", keep="last").reset_index(drop=True)


def h200_rent() -> float:
    """Rent of an H200 in the configuration of the H200 figure. [USD/h]"""
    assumed = catalog.gpu_prices().query("price_kind == 'assumed_in_model'")
    rents = assumed.set_index(["accelerator", "date"]).usd_per_gpu_hour
    return float(rents[H200, pd.Timestamp(H200_RENT_DAY)])


def rents(day: Day) -> dict[str, float]:
    """Least rent of each accelerator that anybody had printed by a day. [USD/h]

    Examples
    --------
    >>> sorted(rents(WINTER[1]))[:2]
    ['A100 SXM 80GB', 'H100 SXM 80GB']
    """
    known_rents = _between(catalog.gpu_prices(), "date", until=day)
    least = known_rents.groupby("accelerator").usd_per_gpu_hour.min()
    return {str(name): float(rent) for name, rent in least.items()}


def winter_readings(name: str, day: Day = WINTER[1]) -> pd.DataFrame:
    """Speed readings of a model from the essay's winter up to a day."""
    return catalog.speed_readings(name, since=WINTER[0], until=f"{pd.Timestamp(day):%Y-%m-%d}")


def read_size(name: str, day: Day = WINTER[1], *, later: bool = False) -> sizing.Reading:
    """Size of a closed model by all its `winter_readings`, each at the price of its version.

    Parameters
    ----------
    name : str
        Model with speed readings.
    day : day, optional
        Of the offers that the line goes through, and of the last reading.
    later : bool, optional
        Use offers of later days too.

    Raises
    ------
    ValueError
        If no offer or no reading was known on that day.

    Examples
    --------
    >>> read_size(GPT4O).total_params.median < size(GPT4)
    True
    """
    on = f"{pd.Timestamp(day):%Y-%m-%d}"
    if pd.Timestamp(day) < pd.Timestamp(WINTER[0]):
        raise ValueError(f"not known on {on}: the first speed readings are of {WINTER[0]}")
    seen = winter_readings(name, day)
    # The price of Claude 3.5 Sonnet never changed; it is listed under the first version.
    sold = FIRST_SONNET if name == SONNET else name
    days = pd.to_datetime(seen.version, errors="coerce", format="%Y-%m-%d").fillna(on)
    paid = pd.DataFrame([catalog.price_on(sold, f"{of:%Y-%m-%d}") for of in days])
    return sizing.infer(
        paid.output_usd_per_mtok,
        seen.output_tokens_per_s,
        on,
        input_usd_per_mtok=paid.input_usd_per_mtok,
        later=later,
    )
