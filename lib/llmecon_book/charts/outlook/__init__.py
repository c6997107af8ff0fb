"""Figures of the chapter on what the article expected, and what came."""

from llmecon_book.charts.outlook.serving import (
    context_cost,
    kv_cache,
    price_paths,
    servable,
    speed_and_price,
    speed_kept,
)
from llmecon_book.charts.outlook.sizes import (
    closed_sizes,
    facts_and_size,
    open_frontier,
    rivals,
    smallest_at_score,
)
from llmecon_book.charts.outlook.training import iso_loss, ratios

__all__ = [
    "closed_sizes",
    "context_cost",
    "facts_and_size",
    "iso_loss",
    "kv_cache",
    "open_frontier",
    "price_paths",
    "ratios",
    "rivals",
    "servable",
    "smallest_at_score",
    "speed_and_price",
    "speed_kept",
]
