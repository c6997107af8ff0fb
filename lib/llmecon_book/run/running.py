"""Run chapters in fresh kernels, two at a time; a finished one is not run again."""

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llmecon_book.run.digest import library_digest

WORKERS = 2
CELL_TIMEOUT_S = 600


class ChapterFailed(RuntimeError):
    """A chapter that stopped with an error."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """One run of one chapter.

    Attributes
    ----------
    chapter : str
        Name of the chapter.
    source, target : pathlib.Path
        Notebook of the book; where the executed one goes.
    numbers : dict
        Parameters that replace the defaults.
    digest : str
        Of chapter, values, library and data: equal digests, equal numbers.
    """

    chapter: str
    source: Path
    numbers: dict[str, Any]
    target: Path
    digest: str

    @property
    def stamp(self) -> Path:
        """File that says which run the target holds."""
        return self.target.with_suffix(".digest")

    @property
    def done(self) -> bool:
        """Whether the target holds this very run."""
        return (
            self.target.is_file()
            and self.stamp.is_file()
            and self.stamp.read_text(encoding="utf-8").strip() == self.digest
        )


def code_of(path: Path) -> str:
    """The code of a chapter; its prose and outputs do not change a number."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    sources = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
    return "\0".join(text if isinstance(text, str) else "".join(text) for text in sources)


def execute(text: str, chapter: str, values: dict[str, Any], folder: str, digest: str) -> str:
    """A chapter's canonical text after a run with other numbers.

    Runs anywhere the library is installed: on this machine or as a task of a cluster.

    Parameters
    ----------
    text : str
        The notebook as JSON.
    chapter : str
        Its name, for messages.
    values : dict
        Parameters.
    folder : str
        Folder that the kernel starts in, if it exists there.
    digest : str
        `library_digest` of the machine that asks.

    Raises
    ------
    ChapterFailed
        If a cell fails, or the library or data here are not those of the asking machine.
    """
    import nbformat
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    from llmecon_book.run.execution import Kernel, canonical, connection

    if library_digest() != digest:
        raise ChapterFailed(f"{chapter}: library, data or packages differ on this machine")
    with tempfile.TemporaryDirectory(prefix="llmecon-") as sockets:
        here = folder if Path(folder).is_dir() else sockets
        try:
            notebook = papermill.execute_notebook(
                nbformat.reads(text, as_version=4),  # type: ignore[no-untyped-call]
                None,
                parameters=values,
                kernel_name="python3",
                language="python",
                progress_bar=False,
                execution_timeout=CELL_TIMEOUT_S,
                kernel_manager_class=Kernel,
                config=connection(sockets),
                shutdown_kernel="immediate",  # its work is stored: nothing to wait for
                resources={"metadata": {"path": here}},  # cwd= would move the whole process
            )
        except papermill.PapermillExecutionError as error:
            cell = error.exec_count - bool(values)  # papermill put one in before it
            raise ChapterFailed(
                f"{chapter}, code cell {cell}: {error.ename}: {error.evalue}"
            ) from None
        except (CellTimeoutError, DeadKernelError) as error:
            raise ChapterFailed(f"{chapter}: {str(error).splitlines()[0]}") from None
    return canonical(notebook)


def run(
    tasks: Sequence[Task],
    *,
    fresh: bool = False,
    cluster: str | None = None,
    on_done: Callable[[Task, bool], None] = lambda task, was_there: None,
    on_stop: Callable[[], None] = lambda: None,
) -> None:
    """Run what is not there yet; each chapter is kept as soon as it is finished.

    Parameters
    ----------
    tasks : sequence of Task
        Runs, already checked.
    fresh : bool, optional
        Run all of them, finished or not.
    cluster : str, optional
        Address of a Dask scheduler; two kernels of this machine without it.
    on_done : callable, optional
        Called with each task, and whether it had been finished before.
    on_stop : callable, optional
        Called when the run is interrupted, before the chapters that run are waited for.

    Raises
    ------
    ChapterFailed
        After the others have ended, if any of them failed.
    """
    waiting = []
    for task in {task.target: task for task in tasks}.values():  # a sweep may ask twice
        if task.done and not fresh:
            on_done(task, True)
        else:
            task.stamp.unlink(missing_ok=True)
            waiting.append(task)
    failures: list[str] = []
    with _pool(cluster) as (submit, completed):
        futures = {submit(execute, *_arguments(task)): task for task in waiting}
        try:
            for future in completed(futures):
                task = futures.pop(future)
                try:
                    _keep(task, future.result())
                except ChapterFailed as error:
                    failures.append(str(error))
                on_done(task, False)
        except BaseException:
            on_stop()
            for future in [f for f in futures if f.cancel() is False]:  # those that run
                with suppress(ChapterFailed):
                    _keep(futures[future], future.result())
            raise
    if failures:
        raise ChapterFailed("; ".join(failures))


def _arguments(task: Task) -> tuple[str, str, dict[str, Any], str, str]:
    text = task.source.read_text(encoding="utf-8")
    return text, task.chapter, task.numbers, str(task.source.parent), library_digest()


def _keep(task: Task, text: str) -> None:
    task.target.parent.mkdir(parents=True, exist_ok=True)
    _replace(task.target, text)
    _replace(task.stamp, task.digest + "\n")


def _replace(path: Path, text: str) -> None:
    beside = path.with_name(path.name + ".part")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


_Submit = Callable[..., Any]
_Completed = Callable[[Any], Iterator[Any]]


@contextmanager
def _pool(cluster: str | None) -> Iterator[tuple[_Submit, _Completed]]:
    if cluster is None:
        # Threads that wait for kernels; each kernel is a process of its own.
        with ThreadPoolExecutor(WORKERS) as pool:
            yield pool.submit, _as_completed
        return
    from distributed import Client
    from distributed import as_completed as dask_completed

    with Client(cluster, timeout=30) as client:  # type: ignore[no-untyped-call]
        yield (lambda *job: client.submit(*job, pure=False)), dask_completed


def _as_completed(futures: dict[Future[str], Task]) -> Iterator[Future[str]]:
    return as_completed(futures)
