"""Size at fixed capability: which model of known size reached a score, and when."""

import pandas as pd

from llmecon import catalog
from llmecon._checks import require


def scored_models(benchmark: str, date: str) -> pd.DataFrame:
    """Models with a score on one list, with their size and release date.

    Parameters
    ----------
    benchmark : str
        Benchmark, as in ``scores.csv``.
    date : str
        List date, ISO: scores of two lists are never mixed.

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
    >>> scored_models("Arena text score", "2024-12-13").model.iloc[0]
    'o1-preview'
    """
    scores = catalog.scores()
    on_list = scores[(scores.benchmark == benchmark) & (scores.date == pd.Timestamp(date))]
    if on_list.empty:
        known = scores.benchmark + " of " + scores.date.dt.strftime("%Y-%m-%d")
        raise catalog.UnknownName("list", f"{benchmark} of {date}", known.unique())
    merged = catalog.models().merge(on_list[["model", "score", "variant"]], on="model")
    # Weights that were opened after the list did not count as open on its day.
    opened = merged.weights_opened.fillna(merged.release_date).where(merged.open_weights)
    merged["open_date"] = opened
    merged["open_weights"] = opened <= pd.Timestamp(date)
    return merged.sort_values("score", ascending=False, kind="stable").reset_index(drop=True)


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
    >>> arena = scored_models("Arena text score", "2026-10-20")
    >>> smallest_at_score(arena, level=1288.0).model.iloc[-1]
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


def gap_to_open(scored: pd.DataFrame) -> float:
    """Points that the best open model stands behind the best of all.

    Examples
    --------
    >>> gap_to_open(scored_models("Arena text score", "2024-12-13"))
    68.0
    """
    return float(scored.score.max() - scored.loc[scored.open_weights, "score"].max())
