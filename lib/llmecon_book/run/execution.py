"""Run chapters in fresh kernels and write them in one canonical form; never leave a stale number.

A committed notebook carries its outputs. `main` (``python -m llmecon_book.run.execution``) runs
every chapter and rewrites it; a second run changes nothing. `refresh` does the same for those
whose code, library, data or packages changed since they last ran, and the site build calls it
first, so a page never shows a number that the library no longer gives.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import nbformat
from ipykernel.kernelspec import make_ipkernel_cmd
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from traitlets.config import Config

WORKERS = 2
CELL_TIMEOUT_S = 120
STAMP = Path("_build") / ".executed.json"
KEPT_TAGS = {"tags"}  # cell metadata that means something to the book
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_TRACEBACK_LINES = 12


class ChapterError(RuntimeError):
    """A chapter that does not run, with the cell that stopped it."""


@dataclass(frozen=True)
class Outcome:
    """What became of one chapter."""

    path: Path
    changed: bool
    seconds: float


def _say(line: str) -> None:
    print(line, flush=True)  # progress is for whoever waits


def canonical(notebook: nbformat.NotebookNode) -> str:
    """The notebook as text without a trace of when and where it ran."""
    notebook.metadata = nbformat.from_dict(METADATA)  # type: ignore[no-untyped-call]
    count = 0
    for cell in notebook.cells:
        cell.metadata = {key: value for key, value in cell.metadata.items() if key in KEPT_TAGS}
        if cell.cell_type == "code":
            count += 1
            cell.execution_count = count
            for output in cell.outputs:
                if "execution_count" in output:
                    output.execution_count = count
    nbformat.validate(notebook)
    text: str = nbformat.writes(notebook)  # type: ignore[no-untyped-call]  # splits long lines
    return json.dumps(json.loads(text), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _read(path: Path) -> nbformat.NotebookNode:
    notebook: nbformat.NotebookNode = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    return notebook


def executed(path: Path) -> str:
    """The canonical text of a chapter after a run in a fresh kernel.

    Raises
    ------
    ChapterError
        If a cell fails, runs too long or ends the kernel.
    """
    notebook = _read(path)
    with tempfile.TemporaryDirectory(prefix="llmecon-") as sockets:
        client = NotebookClient(
            notebook,
            kernel_manager_class=Kernel,
            config=connection(sockets),
            timeout=CELL_TIMEOUT_S,
            record_timing=False,
            resources={"metadata": {"path": str(path.parent)}},
        )
        try:
            client.execute()
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            raise ChapterError(_failure(path, notebook, error)) from None
    return canonical(notebook)


class Kernel(AsyncKernelManager):
    """A kernel of this interpreter, whatever the machine has registered as "python3"."""

    @property
    def kernel_spec(self) -> KernelSpec:
        """How to start it."""
        return KernelSpec(argv=make_ipkernel_cmd(), display_name="Python 3", language="python")


def connection(sockets: str) -> Config:
    """How to reach a kernel whose sockets lie in a folder."""
    # Unix sockets by absolute path: on TCP, kernels that start together can take each other's port.
    unix = {"transport": "ipc", "ip": f"{sockets}/k"} if os.name == "posix" else {}
    return Config(ConnectionFileMixin=unix)


def _failure(path: Path, notebook: nbformat.NotebookNode, error: Exception) -> str:
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    started = [index for index, cell in enumerate(code) if cell.get("outputs")]
    failed = [
        index
        for index, cell in enumerate(code)
        if any(output.output_type == "error" for output in cell.outputs)
    ]
    index = failed[0] if failed else (started[-1] + 1 if started else 0)
    source = code[min(index, len(code) - 1)].source
    lines = _COLOUR.sub("", str(error)).strip().splitlines()
    reason = f"{error.ename}: {error.evalue}" if isinstance(error, CellExecutionError) else lines[0]
    shown = "\n".join(f"    {line}" for line in source.splitlines()[:_TRACEBACK_LINES])
    tail = "\n".join(f"    {line}" for line in lines[-_TRACEBACK_LINES:])
    return f"{path.name}, code cell {index + 1}: {reason}\n\n{shown}\n\n{tail}"


def run(
    paths: Sequence[Path], *, check: bool = False, say: Callable[[str], None] = _say
) -> list[Outcome]:
    """Execute chapters side by side and rewrite those that changed.

    Parameters
    ----------
    paths : sequence of pathlib.Path
        Notebooks.
    check : bool, optional
        Rewrite nothing; only report what would change.
    say : callable, optional
        Receives one line a chapter.

    Returns
    -------
    list of Outcome
        In the order of `paths`.

    Raises
    ------
    ChapterError
        If any chapter fails; the others are finished first.
    """

    def one(path: Path) -> Outcome | ChapterError:
        began = time.monotonic()
        try:
            text = executed(path)
        except ChapterError as error:
            say(f"  {path.name}: failed after {time.monotonic() - began:.1f} s")
            return error
        changed = text != path.read_text(encoding="utf-8")
        if changed and not check:
            _replace(path, text)
        state = ("stale" if check else "rewritten") if changed else "unchanged"
        outcome = Outcome(path, changed, time.monotonic() - began)
        say(f"  {path.name}: {state}, {outcome.seconds:.1f} s")
        return outcome

    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        results = list(pool.map(one, paths))
    errors = [result for result in results if isinstance(result, ChapterError)]
    if errors:
        raise ChapterError("\n\n".join(map(str, errors)))
    return [result for result in results if isinstance(result, Outcome)]


def _replace(path: Path, text: str) -> None:
    beside = path.with_suffix(".part")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def surroundings(root: Path) -> str:
    """Digest of all that a chapter's numbers depend on beside its own code."""
    digest = hashlib.sha256()
    for path in _sources(root):
        digest.update(str(path.relative_to(root)).encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    digest.update(f"{sys.version_info.major}.{sys.version_info.minor}".encode())
    return digest.hexdigest()


def _sources(root: Path) -> Iterator[Path]:
    yield from sorted((root / "lib").rglob("*.py"))
    yield from sorted(path for path in (root / "data").rglob("*") if path.is_file())
    lock = root / "requirements.lock"
    if lock.exists():
        yield lock


def fingerprint(path: Path, around: str) -> str:
    """Digest of a chapter's code and of what it runs on; its prose does not count."""
    cells = _read(path).cells
    code = "\0".join(cell.source for cell in cells if cell.cell_type == "code")
    return hashlib.sha256(f"{around}\0{code}".encode()).hexdigest()


def _complete(path: Path) -> bool:
    """Whether every code cell carries the mark of a run."""
    cells = _read(path).cells
    return all(cell.execution_count for cell in cells if cell.cell_type == "code")


def stale(root: Path) -> list[Path]:
    """Chapters whose stored outputs may not follow from code, library and data as they are."""
    stamps = _stamps(root)
    around = surroundings(root)
    return [
        path
        for path in chapters(root)
        if stamps.get(path.name) != fingerprint(path, around) or not _complete(path)
    ]


def chapters(root: Path) -> list[Path]:
    """All notebooks of the book, by name."""
    return sorted((root / "notebooks").glob("*.ipynb"))


def refresh(root: Path, *, check: bool = False, say: Callable[[str], None] = _say) -> list[Outcome]:
    """Execute the chapters that may be stale, and remember that they ran.

    Parameters
    ----------
    root : pathlib.Path
        Folder of the book, with ``notebooks``, ``lib`` and ``data``.
    check : bool, optional
        Rewrite nothing; raise if a stored output is stale.
    say : callable, optional
        Receives the lines of progress.

    Raises
    ------
    ChapterError
        If a chapter fails, or with `check` if it is stale.
    """
    waiting = stale(root)
    if not waiting:
        return []
    say(f"executing {len(waiting)} of {len(chapters(root))} chapters")
    outcomes = run(waiting, check=check, say=say)
    old = [outcome.path.name for outcome in outcomes if outcome.changed]
    if check and old:
        raise ChapterError(f"stored outputs are stale: {', '.join(old)}; run `make notebooks`")
    _remember(root, waiting)
    return outcomes


def _stamps(root: Path) -> dict[str, str]:
    try:
        return dict(json.loads((root / STAMP).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError):  # never ran, or cut short: run again
        return {}


def _remember(root: Path, paths: Sequence[Path]) -> None:
    around = surroundings(root)
    known = {path.name for path in chapters(root)}
    stamps = {name: stamp for name, stamp in _stamps(root).items() if name in known}
    stamps |= {path.name: fingerprint(path, around) for path in paths}
    (root / STAMP).parent.mkdir(parents=True, exist_ok=True)
    _replace(root / STAMP, json.dumps(stamps, indent=1, sort_keys=True) + "\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the named chapters; 0 if all went well, 1 if one failed or is stale under --check."""
    parser = argparse.ArgumentParser(description="Run chapters and store their outputs.")
    parser.add_argument("notebooks", nargs="+", type=Path)
    parser.add_argument("--check", action="store_true", help="rewrite nothing, fail if stale")
    chosen = parser.parse_args(arguments)
    paths = [path.resolve() for path in chosen.notebooks]
    try:
        outcomes = run(paths, check=chosen.check)
    except ChapterError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    old = [outcome.path.name for outcome in outcomes if outcome.changed]
    if chosen.check and old:
        print(f"stale: {', '.join(old)}; run `make notebooks`", file=sys.stderr)
        return 1
    for root in {path.parent.parent for path in paths if path.parent.name == "notebooks"}:
        _remember(root, [path for path in paths if path.parent.parent == root])
    return 0


if __name__ == "__main__":
    sys.exit(main())
