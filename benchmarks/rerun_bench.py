"""A rerun beside bare papermill: what the runner adds to a point, what cores and a cluster save.

Each round runs the same points once in every way, the ways one after the other, so that what else
the machine does meets all of them; the median of the rounds' ratios counts.
"""

from __future__ import annotations

import logging
import os
import statistics
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks import harness

TITLE = "Reruns: a sweep beside bare papermill, on all cores and on a cluster"
PEERS = ("papermill", "distributed")
CHAPTER, PARAMETER = "mechanism", "usd_per_gpu_hour"
POINTS, ROUNDS = 4, 3
SOURCE = Path(__file__).parents[1] / "notebooks" / f"{CHAPTER}.ipynb"
CORES = os.cpu_count() or 1
BARE, ONE = "papermill, one point after the other", "llmecon, 1 kernel"
GOAL = 1.1  # of the time that it is compared with: runner to papermill, one worker to one kernel

Work = Callable[[Sequence[float], Path], object]


@dataclass(frozen=True)
class Way:
    """One way to run the points: its name, what runs them, what its time is divided by."""

    name: str
    work: Work
    beside: str
    goal: bool = False


def papermill(values: Sequence[float], folder: Path) -> None:
    """The points one after the other, as papermill's documentation runs a notebook."""
    import papermill as pm

    for value in values:
        out, numbers = folder / f"{value}.ipynb", {PARAMETER: value}
        pm.execute_notebook(SOURCE, out, numbers, cwd=SOURCE.parent, progress_bar=False)


def rerun(values: Sequence[float], folder: Path, *, kernels: int = 1, cluster: str = "") -> None:
    """The points by the runner of the book."""
    from llmecon_book.run import digest, execution

    around = digest.surroundings(SOURCE.parents[1])
    tasks = [execution.Task.of(SOURCE, around, {PARAMETER: value}, folder) for value in values]
    with patch.object(execution, "WORKERS", kernels):
        found = execution.run(tasks, cluster=cluster or None)
    for result in found:
        if isinstance(result, execution.ChapterFailed):
            raise result


def _ways(clusters: ExitStack) -> list[Way]:
    """All that can run here; clusters are started before the clock."""
    ways = [Way(BARE, papermill, "")] if harness.version("papermill") else []
    ways += [
        Way(ONE, rerun, BARE, goal=True),
        Way(f"llmecon, {CORES} kernels", partial(rerun, kernels=CORES), ONE),
    ]
    for workers in (1, CORES) if harness.version("distributed") else ():
        address = clusters.enter_context(_cluster(workers))
        name = f"llmecon, Dask with {workers} worker{'s' * (workers > 1)}"
        ways.append(Way(name, partial(rerun, cluster=address), ONE, goal=workers == 1))
    return ways


@contextmanager
def _cluster(workers: int) -> Any:
    """A scheduler and workers of this machine, each with a nanny as ``dask worker`` starts it."""
    from distributed import LocalCluster

    quiet = {"dashboard_address": ":0", "silence_logs": logging.ERROR}
    with LocalCluster(n_workers=workers, threads_per_worker=1, **quiet) as own:
        yield own.scheduler_address


def run(say: harness.Say, *, quick: bool) -> list[harness.Result]:
    """Time every way in every round."""
    points, rounds = (1, 1) if quick else (POINTS, ROUNDS)
    logging.getLogger("papermill").setLevel(logging.ERROR)
    seconds: dict[str, list[float]] = {}
    with ExitStack() as clusters:
        ways = _ways(clusters)
        for way in ways:  # untimed: each worker loads the library once
            _timed(way, [2.0 + point / 10 for point in range(0 if quick else CORES)])
        for at in range(rounds):
            values = [3.0 + at + point / 10 for point in range(points)]
            for way in ways:
                seconds.setdefault(way.name, []).append(_timed(way, values))
                say(f"round {at + 1} of {rounds}: {way.name}: {seconds[way.name][-1]:.1f} s")
    columns = [
        harness.Column("name", "run by"),
        harness.Column("point_s", "clock a point [s]", ".2f"),
        harness.Column("ratio", "time over it [1]", ".2f"),
        harness.Column("beside", "it"),
        harness.Column("rounds", "in the rounds [1]"),
        harness.Column("remark", "remark"),
    ]
    rows = [_row(way, seconds, points) for way in ways]
    title = f"{points} points of {CHAPTER}, {rounds} rounds"
    return [harness.Result("rerun", title, columns, rows, missing=harness.absent(PEERS))]


def _timed(way: Way, values: Sequence[float]) -> float:
    """Seconds on the clock; in a new folder, where nothing is kept from before."""
    with tempfile.TemporaryDirectory() as folder:
        return harness.timed(partial(way.work, values, Path(folder)))[1].wall_s


def _row(way: Way, seconds: dict[str, list[float]], points: int) -> dict[str, Any]:
    """The median of a way, and its rounds beside those of another."""
    own = seconds[way.name]
    row: dict[str, Any] = {"name": way.name, "point_s": statistics.median(own) / points}
    if way.beside not in seconds:
        return row
    ratios = sorted(a / b for a, b in zip(own, seconds[way.beside], strict=True))
    ratio = statistics.median(ratios)
    said = f"goal {GOAL:g}: {'met' if ratio <= GOAL else 'missed'}" if way.goal else ""
    spread = f"{ratios[0]:.2f} to {ratios[-1]:.2f}"
    return row | {"ratio": ratio, "beside": way.beside, "rounds": spread, "remark": said}
