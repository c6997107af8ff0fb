"""How large a model is, judged by its price and its speed.

`infer` inverts the calibrated serving model; `fit` is the straight line that it must beat;
`article_reading` is what the article did; `evaluate` tells how good each is where the size is
known.
"""

from llmecon.sizing.article import (
    H200_USD_PER_HOUR,
    article_reading,
    margin_needed,
    readings,
)
from llmecon.sizing.baseline import LogLinear, SizeFit, fit
from llmecon.sizing.evaluation import METHOD, RULES, evaluate, summary
from llmecon.sizing.inference import Assumptions, Inference, infer

__all__ = [
    "H200_USD_PER_HOUR",
    "METHOD",
    "RULES",
    "Assumptions",
    "Inference",
    "LogLinear",
    "SizeFit",
    "article_reading",
    "evaluate",
    "fit",
    "infer",
    "margin_needed",
    "readings",
    "summary",
]
