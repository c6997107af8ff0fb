"""What would have been: the cheapest size under another law, demand, data, accelerator.

Joins the scaling laws to the cost of serving. Nothing here is a fact about a closed model: each
result says what a maker who minimises cost would have built under the assumptions given.
"""

from llmecon_book.counterfactual.decomposition import (
    CAUSES,
    NO_GAINS,
    TOGETHER,
    Gains,
    decompose,
    even_gains,
    gains_of,
    ranges,
)
from llmecon_book.counterfactual.lifetime import lifetime_curve, servings_that_justify
from llmecon_book.counterfactual.serving import (
    SCALES,
    ServingPrice,
    rent_on,
    scaled_frontiers,
    servable_sizes,
    serving_price,
    with_domain,
)

__all__ = [
    "CAUSES",
    "NO_GAINS",
    "SCALES",
    "TOGETHER",
    "Gains",
    "ServingPrice",
    "decompose",
    "even_gains",
    "gains_of",
    "lifetime_curve",
    "ranges",
    "rent_on",
    "scaled_frontiers",
    "servable_sizes",
    "serving_price",
    "servings_that_justify",
    "with_domain",
]
