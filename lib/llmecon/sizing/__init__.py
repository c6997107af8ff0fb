"""How large a model is, judged by its price and its speed.

`infer` inverts the calibrated serving model, starting from a `prior`; `fit` is the straight line
that it must beat; `evaluate` tells how good each is where the size is known.
"""

from llmecon.sizing.baseline import SizeFit, fit
from llmecon.sizing.evaluation import METHOD, by_true_size, evaluate, read_per_tenfold, summary
from llmecon.sizing.inference import Assumptions, Inference, Sizes, infer, prior

__all__ = [
    "METHOD",
    "Assumptions",
    "Inference",
    "SizeFit",
    "Sizes",
    "by_true_size",
    "evaluate",
    "fit",
    "infer",
    "prior",
    "read_per_tenfold",
    "summary",
]
