"""Facts as claims ask for them: cells by name, the open frontier, the H200 figure."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from llmecon import catalog, cost
from llmecon.catalog.rows import ClaimRow
from llmecon.transformer import Transformer
from llmecon_book import essay
from llmecon_book.scorecard import facts, record, serving

ESSAY_DAY = record.ESSAY_DAY  # Erdil 2024, which the article retells
ARENA = "Arena text score"
TURNED = record.TREND_FROM  # open frontier "since July 2024" of the ledger's O01
ERDIL_GPT4 = serving.SHAPE
TURBO_SPEED = serving.TURBO_SPEED  # that the article gives GPT-4 Turbo [tokens/s]
H200_RENT_DAY = "2025-01-23"  # commit dfcb15f, which holds the configuration of the H200 figure

model = facts.model  # a row of models.csv by name


def stated(row: ClaimRow) -> float:
    """The number that the article states."""
    return float(row.stated_value)


def size(name: str) -> float:
    """All parameters of a model. [parameters]"""
    return known(name, "total_params")


def known(name: str, column: str) -> float:
    """A number of ``models.csv`` that must be known."""
    cell = float(model(name)[column])
    if np.isnan(cell):
        raise ValueError(f"{name} has no {column} in models.csv")
    return cell


def released(name: str) -> pd.Timestamp:
    """Release date of a model."""
    return pd.Timestamp(model(name).release_date)


def iso(date: Any) -> str:
    """Day as ISO text."""
    return pd.Timestamp(date).strftime("%Y-%m-%d")


def source_day(row: ClaimRow) -> pd.Timestamp:
    """Day of the source that decides a claim."""
    if row.source_date is None:
        raise ValueError(f"claim {row.id} has no source_date")
    return pd.Timestamp(row.source_date)


def to_digits(value: float, digits: int = 3) -> float:
    """A number as people quote it.

    Examples
    --------
    >>> to_digits(174.6e9) / 1e9
    175.0
    """
    return float(f"{value:.{digits - 1}e}")


def quoted_gpt3() -> float:
    """GPT-3's size as its paper's text, the essay and the article quote it: three digits."""
    return to_digits(size("GPT-3 175B"))


def list_price(name: str, day: str) -> float:
    """Output price in force on a day. [USD per million tokens]"""
    return float(catalog.price_on(name, day).output_usd_per_mtok)


def open_frontier(since: str = TURNED) -> pd.DataFrame:
    """Open models that stood at the frontier, released since a day, in order of date."""
    frame = catalog.models()
    keep = frame.open_weights & frame.frontier & (frame.release_date >= pd.Timestamp(since))
    return frame[keep].sort_values("release_date", kind="stable").reset_index(drop=True)


def arena_list(day: str = ESSAY_DAY) -> pd.DataFrame:
    """Scores of one Arena list, the best first."""
    frame = catalog.scores()
    on_list = frame[(frame.benchmark == ARENA) & (frame.date == pd.Timestamp(day))]
    return on_list.sort_values("score", ascending=False, kind="stable")


def h200_rent() -> float:
    """Rent of an H200 in the configuration of the H200 figure. [USD/h]"""
    frame = catalog.gpu_prices()
    keep = (
        (frame.accelerator == "H200 SXM 141GB")
        & (frame.price_kind == "assumed_in_model")
        & (frame.date == pd.Timestamp(H200_RENT_DAY))
    )
    return float(frame.loc[keep, "usd_per_gpu_hour"].iloc[0])


@cache
def _frontier(
    model: Transformer, draft: Transformer, rent: float, scale: float, context: float
) -> pd.DataFrame:
    return essay.halvings_frontier(
        model, draft, usd_per_gpu_hour=rent, context=context, fractions=(scale,)
    )


def h200_frontier(
    name: str = ERDIL_GPT4, *, scale: float = 1.0, context: float = 0.0
) -> pd.DataFrame:
    """Frontier of the H200 figure, as the chapters take it.

    16 bit, Llama 3 8B as draft at an acceptance of 0.8. The notebook behind the figure samples
    it at latency levels, which makes a token up to 5 % dearer. Computed once for each shape,
    rent and context: the claims share it.

    Parameters
    ----------
    name : str
        Model of ``architectures.csv``.
    scale : float
        Size relative to it.
    context : float
        Tokens in the cache. [tokens]
    """
    shapes = catalog.transformer(name), catalog.transformer("Llama 3 8B")
    return _frontier(*shapes, h200_rent(), scale, context)


def usd_at(frontier: pd.DataFrame, tokens_per_s: float) -> float:
    """Least cost at a speed. [USD per million tokens]"""
    return float(cost.cheapest_at(frontier, tokens_per_s))


def listed(names: Iterable[str]) -> str:
    """Names as in a sentence.

    Examples
    --------
    >>> listed(["BERT", "GPT-2", "T5"])
    'BERT, GPT-2 and T5'
    """
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def mapping(**values: Any) -> Mapping[str, Any]:
    """Numbers by name, numpy scalars as plain numbers."""
    return {k: v.item() if isinstance(v, np.generic | np.ndarray) else v for k, v in values.items()}
