"""Every explorable of the book, in the order of its chapters."""

from collections.abc import Callable

from llmecon_book.explore import Explorable

EVERY: dict[str, Callable[[], Explorable]] = {}
