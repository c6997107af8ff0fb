"""The serving model of Erdil, "Inference economics of language models", as published.

Kept apart from :func:`llmecon.roofline.decode`, with its own conventions and their oddities, so
that its figures can be recomputed. Batch and number of accelerators are real numbers in it.
Formulas of arXiv:2506.04645 and of the notebooks of September 2024, January and May 2025
(commits 589a102, dfcb15f and c2c4fa9).
"""

from llmecon.roofline.published.latency import (
    Conventions,
    Speculation,
    Variant,
    fits,
    grid,
    latency_s,
    mfu,
    speculative_latency_s,
)
from llmecon.roofline.published.shapes import (
    A100_CAPPED,
    H100,
    H100_CAPPED,
    H200,
    V100_CAPPED,
    Machine,
    Shape,
)

__all__ = [
    "A100_CAPPED",
    "H100",
    "H100_CAPPED",
    "H200",
    "V100_CAPPED",
    "Conventions",
    "Machine",
    "Shape",
    "Speculation",
    "Variant",
    "fits",
    "grid",
    "latency_s",
    "mfu",
    "speculative_latency_s",
]
