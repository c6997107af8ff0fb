"""How large a model is, judged by its price and its speed."""

from llmecon.sizing.baseline import LogLinear, SizeFit, fit

__all__ = ["LogLinear", "SizeFit", "fit"]
