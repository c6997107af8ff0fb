"""How large a model is, judged by its price and its speed.

`infer` inverts the calibrated serving model, starting from a `prior`; `fit` is the straight line
that it must beat; `article_reading` is what the article did; `evaluate` tells how good each is
where the size is known.
"""

from llmecon.sizing.article import (
    H200_USD_PER_HOUR,
    article_reading,
    margin_needed,
    readings,
)
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
    "H200_USD_PER_HOUR",
    "METHOD",
    "RULES",
    "WIDTHS",
    "Assumptions",
    "Inference",
    "LogLinear",
    "SizeFit",
    "Sizes",
    "article_reading",
    "by_true_size",
    "calibrated_width",
    "evaluate",
    "fit",
    "infer",
    "margin_needed",
    "prior",
    "read_per_tenfold",
    "readings",
    "summary",
]
