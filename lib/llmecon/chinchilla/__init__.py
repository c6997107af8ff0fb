"""Scaling laws: published constants, optima, fits, bootstrap, design.

Start with a law, ``BESIROGLU_2024`` or any of ``LAWS``:

>>> from llmecon import chinchilla
>>> best = chinchilla.BESIROGLU_2024.optimal(flop=5.76e23)
>>> round(float(best.params) / 1e9, 1), round(float(best.decades_outside), 1)
(72.2, 1.6)

Every method broadcasts. A result is quoted with the name of its law, for published constants
differ by more than a factor of two in the optimal size at one budget. The laws are rows of
``data/scaling_laws.csv``; each is an attribute of this module.
"""

from typing import Any

from llmecon.chinchilla._records import Allocates, Allocation, Domain, Law, Provenance
from llmecon.chinchilla.averaging import Stop, general_stop
from llmecon.chinchilla.comparing import Explanation, compare, explain
from llmecon.chinchilla.diagnostics import Identifiability
from llmecon.chinchilla.fitting import Fit, FitWarning, fit, objective_at
from llmecon.chinchilla.forms import KaplanLaw, PowerLaw, ProgressLaw, StatedLaw
from llmecon.chinchilla.isoflop import approach_2
from llmecon.chinchilla.laws import LAWS, law, law_title
from llmecon.chinchilla.lifetime import (
    CostOptimum,
    LifetimeOptimum,
    inference_optimal,
    inference_optimal_usd,
    usd_per_flop,
)
from llmecon.chinchilla.planning import (
    design_condition,
    isoflop_design,
    runs_needed,
    simulate,
    simulated_width,
)
from llmecon.chinchilla.points import Points
from llmecon.chinchilla.repeats import (
    RepeatableLaw,
    RepeatedAllocation,
    data_constrained,
    effective_epochs,
)
from llmecon.chinchilla.resampling import Bootstrap, bootstrap
from llmecon.chinchilla.separable import SeparableLaw
from llmecon.chinchilla.tables import (
    EPOCH_2023_SPANS,
    HOFFMANN_2022_TABLE_2,
    PORIAN_2024_TABLE_1,
    hoffmann_2022_table,
    tokens_per_param,
    training_flop,
)
from llmecon.chinchilla.tradeoff import (
    IsoLoss,
    critical_size,
    exchange,
    implied_served_per_trained_token,
    iso_loss,
)

__all__ = [
    "EPOCH_2023_SPANS",
    "HOFFMANN_2022_TABLE_2",
    "LAWS",
    "PORIAN_2024_TABLE_1",
    "Allocates",
    "Allocation",
    "Bootstrap",
    "CostOptimum",
    "Domain",
    "Explanation",
    "Fit",
    "FitWarning",
    "Identifiability",
    "IsoLoss",
    "KaplanLaw",
    "Law",
    "LifetimeOptimum",
    "Points",
    "PowerLaw",
    "ProgressLaw",
    "Provenance",
    "RepeatableLaw",
    "RepeatedAllocation",
    "SeparableLaw",
    "StatedLaw",
    "Stop",
    "approach_2",
    "bootstrap",
    "compare",
    "critical_size",
    "data_constrained",
    "design_condition",
    "effective_epochs",
    "exchange",
    "explain",
    "fit",
    "general_stop",
    "hoffmann_2022_table",
    "implied_served_per_trained_token",
    "inference_optimal",
    "inference_optimal_usd",
    "iso_loss",
    "isoflop_design",
    "law",
    "law_title",
    "objective_at",
    "runs_needed",
    "simulate",
    "simulated_width",
    "tokens_per_param",
    "training_flop",
    "usd_per_flop",
]


def __getattr__(name: str) -> Any:
    """A law by its name."""
    if name in LAWS:
        return LAWS[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *LAWS])
