"""One runner: chapters in fresh kernels, kept only with the seal of what they ran on.

A committed notebook carries its outputs. ``python -m llmecon_book.run.execution`` runs every
chapter and rewrites it in one canonical form; a second run changes nothing. The site build first
does the same for those that may be stale. ``llmecon rerun`` runs chapters with other numbers into
files of their own. All of them go through `run`.

A result counts as kept while its seal fits: code, numbers, library, tables, packages and the stored
outputs themselves. So neither a number edited by hand nor one of another run is ever shown.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
from ipykernel.kernelspec import make_ipkernel_cmd
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from traitlets.config import Config

from llmecon_book.run.digest import library_digest, of_text, surroundings

WORKERS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
ROOMS = ("notebooks", "teaching")  # whose pages are executed
CELL_TIMEOUT_S = 600
STAMPS = Path("_build") / ".executed"
KEPT_TAGS = {"tags"}  # cell metadata that means something to the book
INJECTED = "injected-parameters"  # papermill's tag
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
_SLOWING = {"MALLOC_TRIM_THRESHOLD_"}  # of Dask's workers; in a kernel it doubles a chapter's time
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_SHOWN_LINES = 12  # of a cell that failed, and of its traceback


class ChapterFailed(RuntimeError):
    """A chapter that stopped: which cell and why, in one line; its code and traceback apart."""

    def __init__(self, reason: str, details: str = "") -> None:
        super().__init__(reason, details)  # both, so that it can be sent between machines
        self.details = details

    def __str__(self) -> str:
        """The one line."""
        return str(self.args[0])


@dataclass(frozen=True)
class Task:
    """One run of one chapter, here or on a machine of a cluster.

    Attributes
    ----------
    source : pathlib.Path
        Notebook of the book.
    text : str
        Its content when the run was asked for.
    around : str
        Digest of library, tables and packages, taken before anything runs.
    target, stamp : pathlib.Path
        Where the executed notebook goes, and its seal. The target may be the source.
    numbers : dict
        Parameters that replace the defaults.
    """

    source: Path
    text: str
    around: str
    target: Path
    stamp: Path
    numbers: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, source: Path, around: str, numbers: Mapping[str, Any], output: Path) -> Task:
        """A run of a chapter as it is now, into a folder that may hold others of it."""
        text = source.read_text(encoding="utf-8")
        task = cls(source, text, around, source, source, numbers)
        target = output / f"{source.stem}-{task.digest[:12]}.ipynb"
        return replace(task, target=target, stamp=target.with_suffix(".digest"))

    @property
    def chapter(self) -> str:
        """Name of the chapter."""
        return self.source.stem

    @property
    def digest(self) -> str:
        """Of chapter, numbers, library and data: equal digests, equal outputs."""
        numbers = json.dumps(self.numbers, sort_keys=True)
        return of_text(self.around, numbers, *(cell["source"] for cell in _code(self.text)))

    def seal(self, text: str) -> str:
        """Digest of this run and of what came out. Prose does not count: it changes no number."""
        cells = [(c["source"], c["execution_count"], c["outputs"]) for c in _code(text)]
        return of_text(self.digest, json.dumps(cells, sort_keys=True))

    def kept(self) -> str | None:
        """The executed notebook, if the target holds this very run."""
        try:
            text = self.target.read_text(encoding="utf-8")
            same = self.stamp.read_text(encoding="utf-8").strip() == self.seal(text)
        except (FileNotFoundError, ValueError, KeyError):  # never ran, or cut short
            return None
        return text if same else None

    def keep(self, text: str) -> None:
        """Store an executed notebook, then its seal."""
        in_place = self.target == self.source
        if in_place and self.source.read_text(encoding="utf-8") != self.text:
            raise ChapterFailed(f"{self.chapter}: edited while it ran; run it again")
        if not (in_place and text == self.text):
            _replace(self.target, text)
        _replace(self.stamp, self.seal(text) + "\n")
        self.failure.unlink(missing_ok=True)

    @property
    def failure(self) -> Path:
        """Where the reason is kept if the run fails."""
        return self.stamp.with_suffix(".failed")


def _code(text: str) -> list[dict[str, Any]]:
    """Code cells of a notebook, each source as one text."""
    cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    return [cell | {"source": "".join(cell["source"])} for cell in cells]


def _replace(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def canonical(notebook: nbformat.NotebookNode) -> str:
    """The notebook as text without a trace of when and where it ran."""
    notebook.metadata = nbformat.from_dict(METADATA)  # type: ignore[no-untyped-call]
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in notebook.cells:
        cell.metadata = {key: value for key, value in cell.metadata.items() if key in KEPT_TAGS}
    for count, cell in enumerate(code, start=1):
        for part in (cell, *(o for o in cell.outputs if "execution_count" in o)):
            part.execution_count = count
    nbformat.validate(notebook)
    text: str = nbformat.writes(notebook)  # type: ignore[no-untyped-call]  # splits long lines
    return json.dumps(json.loads(text), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


class Kernel(AsyncKernelManager):
    """A kernel of this interpreter, whatever the machine has registered as "python3"."""

    @property
    def kernel_spec(self) -> KernelSpec:
        """How to start it: with the search path of this process, so with the same library."""
        path = os.pathsep.join(filter(None, sys.path))
        named = {"display_name": "Python 3", "language": "python"}
        return KernelSpec(argv=make_ipkernel_cmd(), env={"PYTHONPATH": path}, **named)


def execute(task: Task) -> str:
    """A chapter's canonical text after a run.

    Runs anywhere the library is installed: on this machine or as a job of a cluster, in the
    chapter's folder if that exists there.

    Raises
    ------
    ChapterFailed
        If a cell fails, or library or data are not those of the asking machine, before or after.
    """
    _demand_same(task)
    try:
        notebook = nbformat.reads(task.text, as_version=4)  # type: ignore[no-untyped-call]
    except ValueError as error:
        told = str(error).splitlines()[0]
        raise ChapterFailed(f"{task.chapter}: not a notebook: {told}") from None
    if task.numbers:
        _inject(notebook.cells, task.numbers)
    folder = task.source.parent
    started: list[int] = []
    with tempfile.TemporaryDirectory(prefix="llmecon-") as sockets:
        # Unix sockets by absolute path: on TCP, kernels that start together can take each
        # other's port.
        unix = {"transport": "ipc", "ip": f"{sockets}/k"} if os.name == "posix" else {}
        client = NotebookClient(
            notebook,
            kernel_manager_class=Kernel,
            config=Config(ConnectionFileMixin=unix),
            timeout=CELL_TIMEOUT_S,
            record_timing=False,
            shutdown_kernel="immediate",  # its work is stored: nothing to wait for
            resources={"metadata": {"path": str(folder) if folder.is_dir() else sockets}},
            on_cell_execute=lambda cell, cell_index: started.append(cell_index),
        )
        try:
            client.execute(env={k: v for k, v in os.environ.items() if k not in _SLOWING})
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            raise _failure(task.chapter, notebook.cells[: started[-1] + 1], error) from None
    _demand_same(task)
    return canonical(notebook)


def _inject(cells: list[Any], numbers: Mapping[str, Any]) -> None:
    """Put a cell with other numbers below the parameters, as papermill does."""
    from papermill.translators import PythonTranslator

    tagged = ["parameters" in cell.metadata.get("tags", []) for cell in cells]
    source, metadata = PythonTranslator.codify(numbers), {"tags": [INJECTED]}
    made = nbformat.v4.new_code_cell
    cell = made(source, metadata=metadata, id=INJECTED)  # type: ignore[no-untyped-call]
    cells.insert(tagged.index(True) + 1, cell)


def _demand_same(task: Task) -> None:
    if library_digest() != task.around:
        raise ChapterFailed(
            f"{task.chapter}: library, data or packages differ on this machine, "
            "or changed while it ran; run it again"
        )


def _failure(chapter: str, until: Sequence[Any], error: Exception) -> ChapterFailed:
    """Name the last of the cells that were begun, as the book counts them."""
    code = [cell for cell in until if cell.cell_type == "code"]
    number = sum(INJECTED not in cell.metadata.get("tags", []) for cell in code)
    told = _COLOUR.sub("", str(error)).strip().splitlines()
    reason = f"{error.ename}: {error.evalue}" if isinstance(error, CellExecutionError) else told[0]
    parts = (until[-1].source.splitlines()[:_SHOWN_LINES], told[-_SHOWN_LINES:])
    details = "\n\n".join("\n".join(f"    {line}" for line in part) for part in parts)
    return ChapterFailed(f"{chapter}, code cell {number}: {reason}", details)


Result = str | ChapterFailed


def run(
    tasks: Sequence[Task],
    *,
    fresh: bool = False,
    cluster: str | None = None,
    check: bool = False,
    on_done: Callable[[Task, Result, bool], None] = lambda task, result, was_there: None,
    on_stop: Callable[[], None] = lambda: None,
) -> list[Result]:
    """Run what is not there yet; each chapter is kept as soon as it is finished.

    Parameters
    ----------
    tasks : sequence of Task
        Runs, already checked; two that share a target are one run.
    fresh : bool, optional
        Run all of them, finished or not.
    cluster : str, optional
        Address of a Dask scheduler; without it a kernel on each core of this machine.
    check : bool, optional
        Rewrite no notebook.
    on_done : callable, optional
        Called with each task, its result, and whether it had been finished before.
    on_stop : callable, optional
        Called when the run is interrupted, before the chapters that run are waited for.

    Returns
    -------
    list of (str or ChapterFailed)
        The executed notebook of each task, or why there is none.
    """
    once = {task.target: task for task in tasks}
    found = {} if fresh else {target: task.kept() for target, task in once.items()}
    results: dict[Path, Result] = {target: kept for target, kept in found.items() if kept}
    for target, kept in results.items():
        on_done(once[target], kept, True)
    waiting = [task for target, task in once.items() if target not in results]
    with _pool(cluster if waiting else None) as (submit, completed), _orderly_end():
        futures = {submit(execute, task): task for task in waiting}

        def finish(future: Any) -> Task:
            task = futures.pop(future)
            result = _outcome(task, future)
            try:
                if isinstance(result, str) and not (check and result != task.text):
                    task.keep(result)
            except ChapterFailed as error:
                result = error
            if isinstance(result, ChapterFailed):
                _replace(task.failure, f"{result}\n\n{result.details}".strip() + "\n")
            results[task.target] = result
            return task

        try:
            for future in completed(futures):
                task = finish(future)
                on_done(task, results[task.target], False)
        except BaseException:
            on_stop()
            for future in [f for f in futures if f.cancel() is False]:  # those that run
                finish(future)
            raise
    return [results[task.target] for task in tasks]


def _outcome(task: Task, future: Any) -> Result:
    """What became of a run. Whatever stopped it, here or on another machine, the others go on."""
    try:
        text: str = future.result()
        return text
    except ChapterFailed as error:
        return error
    except Exception as error:  # its worker died, or has no such library
        said = str(error).partition(". ")[0]
        details = "".join(traceback.format_exception(error))
        return ChapterFailed(f"{task.chapter}: {type(error).__name__}: {said}", details)
    finally:
        if hasattr(future, "release"):  # else Dask runs it again when its worker dies
            future.release()


@contextmanager
def _pool(cluster: str | None) -> Iterator[tuple[Callable[..., Any], Callable[..., Any]]]:
    """How to submit a job and how to wait for jobs."""
    if cluster is None:
        # Threads that wait for kernels; each kernel is a process of its own.
        with ThreadPoolExecutor(WORKERS) as pool:
            yield pool.submit, as_completed
        return
    from llmecon_book.run.cluster import cluster_pool

    with cluster_pool(cluster) as pair:
        yield pair


@contextmanager
def _orderly_end() -> Iterator[None]:
    """Let SIGTERM end a run as Ctrl-C does: no kernel and no temporary folder is left."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def refresh(
    root: Path,
    paths: Sequence[Path] = (),
    *,
    fresh: bool = False,
    check: bool = False,
    say: Callable[[str], None] = print,
) -> list[str]:
    """Execute the chapters of a book that may be stale, where they are.

    Parameters
    ----------
    root : pathlib.Path
        Folder of the book, with ``notebooks``, ``teaching``, ``lib`` and ``data``.
    paths : sequence of pathlib.Path, optional
        Only these notebooks; all of them if none is named.
    fresh : bool, optional
        Execute all, stale or not.
    check : bool, optional
        Rewrite nothing; raise if a stored output is stale.
    say : callable, optional
        Receives the lines of progress.

    Returns
    -------
    list of str
        Names of the chapters that ran.

    Raises
    ------
    ChapterFailed
        If a chapter fails, after the others have ended, or with `check` if it is stale.
    ValueError
        If the library that Python imports here is not that of the book.
    """
    paths = paths or sorted(p for room in ROOMS for p in (root / room).glob("*.ipynb"))
    around = surroundings(root) if paths else ""
    tasks = [
        Task(path, path.read_text("utf-8"), around, path, root / STAMPS / f"{path.stem}.digest")
        for path in paths
    ]
    waiting = [task for task in tasks if fresh or task.kept() is None]
    old: list[str] = []

    def on_done(task: Task, result: Result, was_there: bool) -> None:
        changed = result != task.text
        state = ("stale" if check else "rewritten") if changed else "unchanged"
        say(f"  {task.source.name}: {state if isinstance(result, str) else 'failed'}")
        old.extend([task.source.name] * changed)

    if waiting:
        say(f"executing {len(waiting)} of {len(tasks)} chapters")
    results = run(waiting, fresh=True, check=check, on_done=on_done)
    failed = [result for result in results if isinstance(result, ChapterFailed)]
    if failed:
        raise ChapterFailed("\n\n".join(f"{one}\n\n{one.details}".strip() for one in failed))
    if check and old:
        raise ChapterFailed(f"stored outputs are stale: {', '.join(old)}; run `make notebooks`")
    return [task.chapter for task in waiting]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run chapters; 0 if all went well, 1 if one failed or is stale under --check."""
    from llmecon_book.run.scenario import find_book

    parser = argparse.ArgumentParser(description="Run chapters and store their outputs.")
    parser.add_argument("notebooks", nargs="*", type=Path, help="all of the book if left out")
    parser.add_argument("--check", action="store_true", help="rewrite nothing, fail if stale")
    chosen = parser.parse_args(arguments)
    paths = [path.resolve() for path in chosen.notebooks]
    say = partial(print, flush=True)  # for whoever waits
    try:
        refresh(find_book(*paths[:1], Path.cwd()), paths, fresh=True, check=chosen.check, say=say)
    except (ChapterFailed, OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
