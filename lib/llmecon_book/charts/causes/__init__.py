"""Figures of the chapter on why models shrank."""

from llmecon_book.charts.causes.demand import (
    cost_by_size,
    counterfactual,
    decomposition,
    demand,
    lifetime,
)
from llmecon_book.charts.causes.training import (
    overtraining,
    prescriptions,
    repeats,
    tokens_per_param,
)

__all__ = [
    "cost_by_size",
    "counterfactual",
    "decomposition",
    "demand",
    "lifetime",
    "overtraining",
    "prescriptions",
    "repeats",
    "tokens_per_param",
]
