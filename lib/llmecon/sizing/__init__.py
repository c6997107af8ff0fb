"""How large a model is, judged by its price and its speed.

`infer` reads a size off a straight line through log price and log speed, fitted to every offer of
an open model known on that day; its interval comes from models whose families the line did not
see. `evaluate` says how wrong such a reading is where the size is known, beside simpler rules.
"""

from llmecon.sizing.evaluation import METHODS, TARGETS, evaluate, firsts, lead, summary
from llmecon.sizing.line import Line, Reading, Sizes, infer, offers, prior, readings

__all__ = [
    "METHODS",
    "TARGETS",
    "Line",
    "Reading",
    "Sizes",
    "evaluate",
    "firsts",
    "infer",
    "lead",
    "offers",
    "prior",
    "readings",
    "summary",
]
