"""Dollars per token, and the frontier of speed against price."""

from llmecon.cost.pareto import (
    band,
    cheapest_at,
    fastest_at,
    frontier,
    frontier_on,
    on_frontier,
    preferred,
)
from llmecon.cost.pricing import kv_read, usd_per_mtok, usd_per_mtok_from

__all__ = [
    "band",
    "cheapest_at",
    "fastest_at",
    "frontier",
    "frontier_on",
    "kv_read",
    "on_frontier",
    "preferred",
    "usd_per_mtok",
    "usd_per_mtok_from",
]
