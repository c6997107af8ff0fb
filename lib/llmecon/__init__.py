"""Inference and training economics of large language models.

Import the rooms you need: ``from llmecon import catalog, roofline, chinchilla, cost``.
Nothing is loaded before it is asked for.
"""

__version__ = "0.1.0"
