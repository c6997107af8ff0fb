"""Scaling laws: published constants, optima, fits, bootstrap, design.

Start with a law, ``BESIROGLU_2024`` or any of ``LAWS``:

>>> from llmecon import chinchilla
>>> best = chinchilla.BESIROGLU_2024.optimal(flop=5.76e23)
>>> round(float(best.params) / 1e9, 1), bool(best.extrapolated)
(72.2, True)

Every method broadcasts. A result is quoted with the name of its law, for published constants
differ by more than a factor of two in the optimal size at one budget.
"""

from llmecon.chinchilla._records import (
    SERVE_FLOP_PER_PARAM_TOKEN,
    TRAIN_FLOP_PER_PARAM_TOKEN,
    Allocates,
    Allocation,
    Domain,
    Law,
    Provenance,
)
from llmecon.chinchilla.averaging import Stop, general_stop
from llmecon.chinchilla.comparing import (
    Explanation,
    compare,
    explain,
)
from llmecon.chinchilla.counting import (
    DEEPSEEK_M,
    EXACT_LAYERS,
    FLOP_CONVENTIONS,
    PEARCE_EMBEDDING_FACTOR,
    SIX_ND_NON_EMBEDDING,
    SIX_ND_TOTAL,
    FlopConvention,
    Shape,
    bits_per_byte,
    frontier_exponent_non_embedding,
    frontier_flop_non_embedding,
    frontier_params_non_embedding,
    non_embedding_params,
    tokens_per_param,
    total_params,
    training_flop,
)
from llmecon.chinchilla.design import (
    isoflop_design,
    runs_needed,
    simulate,
    simulated_width,
)
from llmecon.chinchilla.diagnostics import (
    Identifiability,
    design_condition,
)
from llmecon.chinchilla.fitting import (
    Fit,
    FitWarning,
    fit,
)
from llmecon.chinchilla.gadre import (
    ErrorLaw,
    OvertrainingLaw,
    overtraining_flop_factor,
    overtraining_law,
    overtraining_loss_factor,
)
from llmecon.chinchilla.gadre_fit import (
    fit_error,
    fit_overtraining,
)
from llmecon.chinchilla.isoflop import (
    AllocationFit,
    PowerFit,
    approach_1,
    approach_2,
)
from llmecon.chinchilla.kaplan import (
    FLOP_PER_PF_DAY,
    KaplanLaw,
    kaplan_compute_exponent,
)
from llmecon.chinchilla.laws import (
    ABNAR_2025,
    BESIROGLU_2024,
    BESIROGLU_2024_NOTEBOOK,
    CLARK_2022_HASH,
    CLARK_2022_RL_R,
    CLARK_2022_S_BASE,
    DE_VRIES_2023,
    DEEPSEEK_2024,
    GADRE_2024_C4,
    GADRE_2024_REDPAJAMA,
    GADRE_2024_REFINEDWEB,
    HO_2024,
    HOFFMANN_2022_APPROACH_1,
    HOFFMANN_2022_APPROACH_2,
    HOFFMANN_2022_APPROACH_3,
    HOFFMANN_2022_ROUNDED,
    HOFFMANN_2022_TEX,
    KAPLAN_2020,
    KRAJEWSKI_2024_DENSE,
    KRAJEWSKI_2024_MOE,
    LAWS,
    LLAMA_3_2024,
    LLAMA_3_2024_TEXT,
    MUENNIGHOFF_2023,
    REFIT_240,
    SARDANA_2024_RUNS_100,
    SARDANA_2024_RUNS_250,
    SARDANA_2024_RUNS_500,
    SARDANA_2024_RUNS_10000,
    law,
    law_title,
)
from llmecon.chinchilla.lifetime import LifetimeOptimum, inference_optimal
from llmecon.chinchilla.likelihood import huber_log_likelihood, objective_at
from llmecon.chinchilla.moe import (
    FarseerLaw,
    GranularLaw,
    RoutedLaw,
    SparsityLaw,
)
from llmecon.chinchilla.money import (
    CostOptimum,
    equivalent_tokens_served,
    inference_optimal_usd,
    usd_per_flop,
)
from llmecon.chinchilla.points import (
    Points,
)
from llmecon.chinchilla.powerlaw import (
    DeepSeekLaw,
    PowerLaw,
    allocation,
    regress_allocation,
)
from llmecon.chinchilla.progress import (
    Exchange,
    ProgressLaw,
    exchange,
    loss_from_compute,
)
from llmecon.chinchilla.repeats import (
    RepeatableLaw,
    RepeatedAllocation,
    data_constrained,
    effective_epochs,
    with_repeats,
)
from llmecon.chinchilla.resampling import (
    Bootstrap,
    bootstrap,
)
from llmecon.chinchilla.separable import (
    SeparableLaw,
)
from llmecon.chinchilla.tables import (
    EPOCH_2023_SPANS,
    HOFFMANN_2022_TABLE_2,
    PORIAN_2024_TABLE_1,
    PorianStep,
    TradeSpan,
    hoffmann_2022_table,
)
from llmecon.chinchilla.tradeoff import (
    IsoLoss,
    critical_size,
    implied_served_per_trained_token,
    iso_loss,
    wedge,
)

__all__ = [
    "ABNAR_2025",
    "BESIROGLU_2024",
    "BESIROGLU_2024_NOTEBOOK",
    "CLARK_2022_HASH",
    "CLARK_2022_RL_R",
    "CLARK_2022_S_BASE",
    "DEEPSEEK_2024",
    "DEEPSEEK_M",
    "DE_VRIES_2023",
    "EPOCH_2023_SPANS",
    "EXACT_LAYERS",
    "FLOP_CONVENTIONS",
    "FLOP_PER_PF_DAY",
    "GADRE_2024_C4",
    "GADRE_2024_REDPAJAMA",
    "GADRE_2024_REFINEDWEB",
    "HOFFMANN_2022_APPROACH_1",
    "HOFFMANN_2022_APPROACH_2",
    "HOFFMANN_2022_APPROACH_3",
    "HOFFMANN_2022_ROUNDED",
    "HOFFMANN_2022_TABLE_2",
    "HOFFMANN_2022_TEX",
    "HO_2024",
    "KAPLAN_2020",
    "KRAJEWSKI_2024_DENSE",
    "KRAJEWSKI_2024_MOE",
    "LAWS",
    "LLAMA_3_2024",
    "LLAMA_3_2024_TEXT",
    "MUENNIGHOFF_2023",
    "PEARCE_EMBEDDING_FACTOR",
    "PORIAN_2024_TABLE_1",
    "REFIT_240",
    "SARDANA_2024_RUNS_100",
    "SARDANA_2024_RUNS_250",
    "SARDANA_2024_RUNS_500",
    "SARDANA_2024_RUNS_10000",
    "SERVE_FLOP_PER_PARAM_TOKEN",
    "SIX_ND_NON_EMBEDDING",
    "SIX_ND_TOTAL",
    "TRAIN_FLOP_PER_PARAM_TOKEN",
    "Allocates",
    "Allocation",
    "AllocationFit",
    "Bootstrap",
    "CostOptimum",
    "DeepSeekLaw",
    "Domain",
    "ErrorLaw",
    "Exchange",
    "Explanation",
    "FarseerLaw",
    "Fit",
    "FitWarning",
    "FlopConvention",
    "GranularLaw",
    "Identifiability",
    "IsoLoss",
    "KaplanLaw",
    "Law",
    "LifetimeOptimum",
    "OvertrainingLaw",
    "Points",
    "PorianStep",
    "PowerFit",
    "PowerLaw",
    "ProgressLaw",
    "Provenance",
    "RepeatableLaw",
    "RepeatedAllocation",
    "RoutedLaw",
    "SeparableLaw",
    "Shape",
    "SparsityLaw",
    "Stop",
    "TradeSpan",
    "allocation",
    "approach_1",
    "approach_2",
    "bits_per_byte",
    "bootstrap",
    "compare",
    "critical_size",
    "data_constrained",
    "design_condition",
    "effective_epochs",
    "equivalent_tokens_served",
    "exchange",
    "explain",
    "fit",
    "fit_error",
    "fit_overtraining",
    "frontier_exponent_non_embedding",
    "frontier_flop_non_embedding",
    "frontier_params_non_embedding",
    "general_stop",
    "hoffmann_2022_table",
    "huber_log_likelihood",
    "implied_served_per_trained_token",
    "inference_optimal",
    "inference_optimal_usd",
    "iso_loss",
    "isoflop_design",
    "kaplan_compute_exponent",
    "law",
    "law_title",
    "loss_from_compute",
    "non_embedding_params",
    "objective_at",
    "overtraining_flop_factor",
    "overtraining_law",
    "overtraining_loss_factor",
    "regress_allocation",
    "runs_needed",
    "simulate",
    "simulated_width",
    "tokens_per_param",
    "total_params",
    "training_flop",
    "usd_per_flop",
    "wedge",
    "with_repeats",
]
