"""What an engine achieves of the ideal: a handful of dated constants, from a table."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from llmecon import catalog
from llmecon._checks import require
from llmecon.catalog.reading import read_rows
from llmecon.catalog.rows import ServingProfileRow, column_names

_EMPTY: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Profile:
    """Constants of one generation of engines; the defaults are the ideal machine.

    Attributes
    ----------
    name, engine, date, source : str
        What was calibrated, when, on which measurements.
    n_rows : int
        Measurements it was fitted to; 0 if it was not.
    bandwidth_share : float
        Achieved share of peak memory bandwidth. [1]
    kv_rereads : float
        How often each further query head of a group reads the cache that it shares: 0 for
        kernels made for groups, 1 for kernels that know none. [1]
    flop_share : float
        Achieved share of the matrix rate, in decode and in prefill: the same kernels. [1]
    of_measured_rate : bool
        True: the matrix rate is the best that was measured on the chip, a share of its
        peak; False: it is the peak.
    moves_activations : bool
        True: norms, activations and conversions between the matrices are kernels of their
        own that move activations through memory; False: they cost nothing.
    link_share : float
        Achieved share of the link rate in collectives. [1]
    kernel_s : float
        Fixed time of one kernel: launch, ramp, synchronisation. [s]
    collective_s, hop_s : float
        Latency of one collective, and what each doubling of its ranks adds. [s]
    node_hop_s : float
        What each doubling of the nodes it spans adds. [s]
    sequence_s : float
        Time on the host for each sequence of a step: scheduling, sampling, sending the
        text. [s]
    request_s : float
        Time of a request outside the steps: connection, text to tokens, first answer. [s]
    dense_log_band, experts_log_band : float
        Half-width of the 80 % band of log time, for dense models and for mixtures of
        experts: what 80 % of the rows it was set by are off at most. [1]
    standard_errors : mapping
        Standard error of each fitted constant; fixed constants are absent.
    """

    name: str
    engine: str = ""
    date: str = ""
    source: str = ""
    n_rows: int = 0
    bandwidth_share: float = 1.0
    kv_rereads: float = 0.0
    flop_share: float = 1.0
    link_share: float = 1.0
    kernel_s: float = 0.0
    collective_s: float = 0.0
    hop_s: float = 0.0
    node_hop_s: float = 0.0
    sequence_s: float = 0.0
    request_s: float = 0.0
    of_measured_rate: bool = False
    moves_activations: bool = False
    dense_log_band: float = 0.0
    experts_log_band: float = 0.0
    standard_errors: Mapping[str, float] = field(default_factory=lambda: _EMPTY)

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if item.name.endswith("_share"):
                require(item.name, value, above=0, maximum=1)
            elif item.name.endswith("_s"):
                require(item.name, value, minimum=0, unit="s")
            elif item.name.endswith("_band"):
                require(item.name, value, minimum=0)
        require("kv_rereads", self.kv_rereads, minimum=0, maximum=1)


_ROW_ONLY = ("judges", "current", "note", "source_url", "licence")
_ERROR = "_standard_error"


def _of_row(row: ServingProfileRow) -> Profile:
    cells = {name: value for name, value in row.model_dump().items() if name not in _ROW_ONLY}
    errors = {name: cells.pop(name) for name in list(cells) if name.endswith(_ERROR)}
    known = {name.removesuffix(_ERROR): error for name, error in errors.items() if error}
    cells["date"] = cells["date"].isoformat() if cells["date"] else ""
    if cells["n_rows"]:
        cells["source"] = f"{cells['n_rows']} {cells['source']}"
    return Profile(**cells, standard_errors=MappingProxyType(known))


def read_profiles(path: Path) -> dict[str, Profile]:
    """Profiles of a CSV file in the form of ``data/serving_profiles.csv``, by name.

    Raises
    ------
    BadRow
        If a row breaks the schema: file, line, column, reason.
    """
    return {row.name: _of_row(row) for row in read_rows(path, ServingProfileRow)}


def profile_csv(profile: Profile, *, source_url: str, licence: str = "as its measurements") -> str:
    """A profile as a table of one row, which `read_profiles` reads from a file.

    The row may be moved to ``data/serving_profiles.csv`` as it is: a new profile is one row.
    """
    cells: dict[str, Any] = dict(vars(profile))
    errors = cells.pop("standard_errors")
    cells |= {f"{name}{_ERROR}": error for name, error in errors.items()}
    cells["source"] = cells["source"].removeprefix(f"{profile.n_rows} ")
    cells |= {"source_url": source_url, "licence": licence}
    row = ServingProfileRow.model_validate({k: v for k, v in cells.items() if v != ""})
    names = column_names(ServingProfileRow)
    values = [getattr(row, name) for name in names]
    said = [str(value).lower() if isinstance(value, bool) else value for value in values]
    return pd.DataFrame([said], columns=names, dtype=object).to_csv(index=False)


_ROWS = [row for row in catalog.rows("serving_profiles") if isinstance(row, ServingProfileRow)]
_NAMED = {row.name: _of_row(row) for row in _ROWS}

IDEAL = _NAMED["ideal"]
"""The uncalibrated machine: every rate at its peak, nothing fixed. Always optimistic."""

KNOWN = _NAMED["known constants"]
"""What is known without fitting; a calibration starts from it."""

CURRENT = next(_NAMED[row.name] for row in _ROWS if row.current)
"""The newest generation, used where nobody names a profile."""

_FITTED = [profile for profile in _NAMED.values() if profile.n_rows]
PROFILES = tuple(sorted(_FITTED, key=lambda profile: profile.date, reverse=True))
"""Every calibrated profile, newest first."""

BY_ENGINE: Mapping[str, Profile] = MappingProxyType(
    {engine: _NAMED[row.name] for row in _ROWS for engine in row.engines_judged}
)
"""The profile that a measured row is judged with, by its engine."""


def profile_named(name: str) -> Profile:
    """A profile of ``data/serving_profiles.csv`` by its name.

    Raises
    ------
    UnknownName
        If there is none; the three nearest are suggested.

    Examples
    --------
    >>> profile_named("vLLM 2025").n_rows
    45
    """
    if name not in _NAMED:
        raise catalog.UnknownName("profile", name, _NAMED)
    return _NAMED[name]


UNIDENTIFIED: Mapping[str, str] = MappingProxyType(
    {
        "link_share": "grows with the batch as the host's time for a sequence does",
        "collective_s": "comes with every layer, as kernels do; taken from NCCL's table",
        "hop_s": "as collective_s",
        "node_hop_s": "no row spans nodes at a known batch; taken from NCCL's table",
    }
)
"""Constants that the rows cannot tell apart, and why."""
