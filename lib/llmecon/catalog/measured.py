"""Measurements of one's own, in the form of the book's table."""

from pathlib import Path

import pandas as pd

from llmecon.catalog.reading import read_rows
from llmecon.catalog.rows import TABLES


def read(path: Path) -> pd.DataFrame:
    """A CSV file with the columns of ``measurements.csv``, every row checked.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Returns
    -------
    pandas.DataFrame
        As :func:`llmecon.catalog.measurements`.

    Raises
    ------
    BadRow
        If a row breaks the schema: file, line, column, reason.
    """
    frame = pd.DataFrame([row.model_dump() for row in read_rows(path, TABLES["measurements"])])
    if frame.empty:
        raise ValueError(f"{path.name}: no measurements")
    frame["date"] = pd.to_datetime(frame["date"])
    return frame
