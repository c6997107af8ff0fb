"""What benchmarks share: timing, the machine, peers that may be absent, tables for people."""

from __future__ import annotations

import os
import platform
import re
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

RESULTS = Path(__file__).parent / "results"
SHARED = Path(__file__).parents[2] / "shared" / "bulk"  # third-party points, beside the project
INSTALL_PEERS = "pip install -e .[peers]"
LIBRARIES = ("llmecon", "numpy", "scipy", "pandas")

T = TypeVar("T")
Say = Callable[[str], None]


@dataclass(frozen=True)
class Timing:
    """Median of some repeats of one piece of work.

    Attributes
    ----------
    cpu_s, wall_s : float
        Processor time of this process, all threads, and time on the clock. [s]
    repeats : int
        How often it was done.
    """

    cpu_s: float
    wall_s: float
    repeats: int


@dataclass(frozen=True)
class Column:
    """One column of a result: its name in the rows, its header with unit, its digits."""

    name: str
    header: str
    form: str = ""

    def cell(self, value: Any) -> str:
        """A value as it is stored and shown; a missing one is empty."""
        if value is None or (isinstance(value, float) and value != value):
            return ""
        return value if isinstance(value, str) else format(value, self.form)


@dataclass(frozen=True)
class Result:
    """A table of measurements.

    Attributes
    ----------
    name : str
        Name of its file, without ending.
    title : str
        What was compared.
    columns : sequence of Column
        In order.
    rows : sequence of dict
        Values by name of column.
    notes : sequence of str
        What a reader must know beside the numbers.
    missing : sequence of str
        Peers that were not there; a result without them is shown but not stored.
    """

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[dict[str, Any]]
    notes: Sequence[str] = ()
    missing: Sequence[str] = field(default=())

    def frame(self) -> pd.DataFrame:
        """Cells as text, headers with units: what is stored and what the book shows."""
        cells = [[c.cell(row.get(c.name)) for c in self.columns] for row in self.rows]
        return pd.DataFrame(cells, columns=[c.header for c in self.columns])


def timed(work: Callable[[], T], *, repeats: int = 1, warm: int = 0) -> tuple[T, Timing]:
    """Do some work and time it.

    Parameters
    ----------
    work : callable
        Without arguments.
    repeats : int, optional
        How often it is timed; the median counts.
    warm : int, optional
        How often it is done before, untimed.

    Returns
    -------
    object, Timing
        What the last repeat returned, and the time of one.
    """
    if repeats < 1:
        raise ValueError(f"repeats must be >= 1, got {repeats}")
    for _ in range(warm):
        work()
    cpu, wall = [], []
    for _ in range(repeats):
        cpu_before, wall_before = time.process_time(), time.perf_counter()
        result = work()
        cpu.append(time.process_time() - cpu_before)
        wall.append(time.perf_counter() - wall_before)
    return result, Timing(statistics.median(cpu), statistics.median(wall), repeats)


def version(package: str) -> str | None:
    """Version of an installed package; None where it is absent."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def absent(peers: Iterable[str]) -> list[str]:
    """Peers that are not installed."""
    return [peer for peer in peers if version(peer) is None]


def not_installed(peer: str) -> str:
    """What a result says in place of a peer's numbers."""
    return f"{peer} is not installed: {INSTALL_PEERS}"


def shared(name: str) -> Path | None:
    """A third-party table beside the project, for tests and benchmarks; None where it is absent."""
    path = SHARED / name
    return path if path.is_file() else None


def cpu_model() -> str:
    """What the processor calls itself."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.M)
    return found[1].strip() if found else platform.machine()


def load() -> str:
    """Processes that wanted a processor over the last minute, where the system says."""
    return f"{os.getloadavg()[0]:.2f}" if hasattr(os, "getloadavg") else "unknown"


def machine(peers: Iterable[str] = (), *, load_before: str = "") -> pd.DataFrame:
    """Where and when: no name of a machine, no path.

    Parameters
    ----------
    peers : iterable of str, optional
        Packages measured beside the library.
    load_before : str, optional
        Load average when the run began; the one at its end is added.
    """
    rows = [
        ("date (UTC)", f"{datetime.now(UTC):%Y-%m-%d}"),
        ("processor", cpu_model()),
        ("processors", str(os.cpu_count())),
        ("threads of the linear algebra", os.environ.get("OPENBLAS_NUM_THREADS", "as it likes")),
        ("load average before, after", f"{load_before or load()}, {load()}"),
        ("system", f"{platform.system()} {platform.machine()}"),
        ("Python", platform.python_version()),
    ]
    rows += [(name, version(name) or "not installed") for name in (*LIBRARIES, *peers)]
    return pd.DataFrame(rows, columns=["what", "value"])


def store(result: Result, folder: Path = RESULTS) -> Path:
    """Write a result as CSV; the book shows that file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{result.name}.csv"
    path.write_text(result.frame().to_csv(index=False, lineterminator="\n"), encoding="utf-8")
    return path


def show(result: Result, console: Console) -> None:
    """Print a result as a table."""
    table = RichTable(header_style="bold")
    frame = result.frame()
    for column in frame:
        table.add_column(escape(str(column)))
    for row in frame.itertuples(index=False):
        table.add_row(*map(escape, row))
    console.print(escape(result.title), style="italic")
    console.print(table)
    for note in result.notes:
        console.print(escape(note), style="dim")
    for peer in result.missing:
        console.print(escape(not_installed(peer)), style="bold yellow")
