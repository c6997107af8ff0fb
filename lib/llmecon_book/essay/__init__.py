"""The serving model of Erdil, "Inference economics of language models", as published.

Kept apart from :func:`llmecon.roofline.decode`, with its own conventions and their oddities, so
that its figures can be recomputed. Batch and number of accelerators are real numbers in it.
Formulas of arXiv:2506.04645 and of the notebooks of January and May 2025 (commits dfcb15f and
c2c4fa9), with the conventions of January, which the figure has.
"""

from llmecon_book.essay.frontier import (
    HALVINGS,
    halvings_frontier,
    implied_size,
    published_frontier,
    roofline_halvings,
)
from llmecon_book.essay.latency import Speculation
from llmecon_book.essay.reading import H200_USD_PER_HOUR, article_reading, readings
from llmecon_book.essay.shapes import H100, H200, Machine, Shape, machine, machine_of

__all__ = [
    "H100",
    "H200",
    "H200_USD_PER_HOUR",
    "HALVINGS",
    "Machine",
    "Shape",
    "Speculation",
    "article_reading",
    "halvings_frontier",
    "implied_size",
    "machine",
    "machine_of",
    "published_frontier",
    "readings",
    "roofline_halvings",
]
