"""Measurements of one's own, in the form of the book's table."""

from pathlib import Path

import pandas as pd

from llmecon.catalog.reading import frame_of, read_rows
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
        As ``catalog.measurements()``.

    Raises
    ------
    BadRow
        If a row breaks the schema: file, line, column, reason.
    """
    return frame_of(read_rows(path, TABLES["measurements"]))
