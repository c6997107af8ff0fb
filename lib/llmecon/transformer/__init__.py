"""What a transformer's shape costs: parameters, arithmetic, memory."""

from llmecon._checks import FloatArray
from llmecon.transformer.shape import Shape
from llmecon.transformer.work import Transformer

__all__ = ["FloatArray", "Shape", "Transformer"]
