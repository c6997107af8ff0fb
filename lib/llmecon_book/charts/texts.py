"""What figures say in words: titles and descriptions stand in ``texts.toml``, beside this file."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from llmecon_book.chapters import Section
from llmecon_book.charts.common import listed
from llmecon_book.words import fill


@cache
def _texts() -> dict[str, dict[str, dict[str, Any]]]:
    return tomllib.loads(Path(__file__).with_name("texts.toml").read_text("utf-8"))


def told(figure: str, found: Section, data: pd.DataFrame, **more: Any) -> dict[str, str]:
    """Words of a figure with their numbers, as `llmecon_book.charts.common.finish` takes them.

    Parameters
    ----------
    figure : str
        Chapter and figure, as in ``causes.demand``.
    found : Section
        What the section found: its texts may name all of it.
    data : pandas.DataFrame
        What is drawn. The texts name its rows ``n``.
    **more
        Other values that they name, and frames whose rows they list (``rows``: arguments of
        `llmecon_book.charts.common.listed`, ``of`` which frame).

    Returns
    -------
    dict
        ``takeaway``, ``description`` and, where there is one, ``subtitle``.
    """
    chapter, name = figure.split(".")
    texts = _texts()[chapter][name]
    values = vars(found) | {"data": data, "n": len(data)} | more
    lists = {key: dict(rows) for key, rows in texts.get("rows", {}).items()}
    values |= {key: listed(values[rows.pop("of", "data")], **rows) for key, rows in lists.items()}
    return {part: fill(text, values) for part, text in texts.items() if part != "rows"}
