"""Dollars per token, and the frontier of speed against price."""

from llmecon.cost.pareto import cheapest_at, fastest_at, frontier, on_frontier, preferred
from llmecon.cost.pricing import (
    arithmetic_floor,
    blended_usd_per_mtok,
    energy_usd,
    gpu_hour,
    income_usd,
    joules_per_token,
    kv_read,
    margin_on_cost,
    margin_on_price,
    price_over_cost,
    rent_usd,
    training_cost,
    usd_per_mtok,
    usd_per_mtok_from,
)
from llmecon.cost.tokens import TokenCosts, token_costs

__all__ = [
    "TokenCosts",
    "arithmetic_floor",
    "blended_usd_per_mtok",
    "cheapest_at",
    "energy_usd",
    "fastest_at",
    "frontier",
    "gpu_hour",
    "income_usd",
    "joules_per_token",
    "kv_read",
    "margin_on_cost",
    "margin_on_price",
    "on_frontier",
    "preferred",
    "price_over_cost",
    "rent_usd",
    "token_costs",
    "training_cost",
    "usd_per_mtok",
    "usd_per_mtok_from",
]
