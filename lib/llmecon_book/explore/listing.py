"""Every explorable of the book, in the order of its chapters."""

from collections.abc import Callable

from llmecon_book.explore import Explorable, causes, evolution, mechanism, outlook, reversal

EVERY: dict[str, Callable[[], Explorable]] = {
    "trend": evolution.trend_picker,
    "batch": mechanism.price_curve,
    "server": reversal.gpt4_server,
    "reader": reversal.size_reader,
    "splitter": causes.compute_splitter,
    "lifetime": causes.lifetime_bill,
    "factors": causes.factors,
    "ladder": outlook.ability_ladder,
}
