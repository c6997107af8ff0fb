"""How large a model is, judged by its price and its speed.

`infer` inverts the calibrated serving model, starting from a `prior`; `fit` is the straight line
that it must beat; `evaluate` tells how good each is where the size is known.
"""

from llmecon.sizing.baseline import LogLinear, SizeFit, fit
from llmecon.sizing.evaluation import (
    METHOD,
    RULES,
    WIDTHS,
    by_true_size,
    calibrated_width,
    evaluate,
    read_per_tenfold,
    summary,
)
from llmecon.sizing.inference import Assumptions, Inference, Sizes, infer, prior

__all__ = [
    "METHOD",
    "RULES",
    "WIDTHS",
    "Assumptions",
    "Inference",
    "LogLinear",
    "SizeFit",
    "Sizes",
    "by_true_size",
    "calibrated_width",
    "evaluate",
    "fit",
    "infer",
    "prior",
    "read_per_tenfold",
    "summary",
]
