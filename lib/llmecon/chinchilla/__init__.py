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

from llmecon.chinchilla._records import Allocation, Domain, Law, Provenance
from llmecon.chinchilla.averaging import Stop, general_stop
from llmecon.chinchilla.comparing import Explanation, compare, explain
from llmecon.chinchilla.fitting import Fit, FitWarning, fit, objective_at
from llmecon.chinchilla.forms import Allocates, KaplanLaw, PowerLaw, ProgressLaw, StatedLaw
from llmecon.chinchilla.isoflop import approach_2
from llmecon.chinchilla.laws import LAWS, law, law_title
from llmecon.chinchilla.lifetime import (
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
from llmecon.chinchilla.tables import HOFFMANN_2022_TABLE_2, tokens_per_param, training_flop
from llmecon.chinchilla.tradeoff import (
    IsoLoss,
    critical_size,
    exchange,
    implied_served_per_trained_token,
    iso_loss,
)

__all__ = ["LAWS", "Allocates", "Domain", "Law", "Provenance", "law", "law_title"]
__all__ += ["KaplanLaw", "PowerLaw", "ProgressLaw", "RepeatableLaw", "SeparableLaw", "StatedLaw"]
# what is printed beside the laws, and why two of them disagree
__all__ += ["HOFFMANN_2022_TABLE_2", "Explanation", "compare", "explain", "training_flop"]
__all__ += ["tokens_per_param"]
# optima and trades
__all__ += ["Allocation", "IsoLoss", "LifetimeOptimum", "RepeatedAllocation"]
__all__ += ["critical_size", "data_constrained", "effective_epochs", "exchange", "iso_loss"]
__all__ += ["implied_served_per_trained_token", "inference_optimal", "inference_optimal_usd"]
__all__ += ["usd_per_flop"]
# fits, intervals, plans
__all__ += ["Bootstrap", "Fit", "FitWarning", "Points", "Stop", "approach_2", "bootstrap", "fit"]
__all__ += ["design_condition", "general_stop", "isoflop_design", "objective_at", "runs_needed"]
__all__ += ["simulate", "simulated_width"]


def __getattr__(name: str) -> Any:
    """A law by its name."""
    if name in LAWS:
        return LAWS[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *LAWS])
