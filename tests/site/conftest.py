"""The built site, brought up to date once for all tests of this folder."""

from __future__ import annotations

import fcntl
import re
import subprocess
import sys
from pathlib import Path

import pytest

from llmecon_book.run import execution

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


def build(root: Path) -> subprocess.CompletedProcess[str]:
    """Build the book in `root` as the README says, warnings fatal."""
    command = [str(BIN / "jupyter-book"), "build", ".", "-W", "-n", "--keep-going"]
    return subprocess.run(
        command, cwd=root, capture_output=True, text=True, timeout=600, check=False
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What reads the site comes first: one worker builds it, the other does the rest meanwhile."""
    items.sort(key=lambda item: "site" not in getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def site(tmp_path_factory, worker_id) -> Path:
    """Folder with the pages of the book as it is now."""
    run = tmp_path_factory.getbasetemp()
    folder = run if worker_id == "master" else run.parent  # of all workers of this run
    with (folder / "site.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = folder / "site.built"
        if not done.exists():
            bring_up_to_date()
            done.touch()
    return ROOT / "_build" / "html"


def bring_up_to_date() -> None:
    """Check the stored outputs and build, both without a warning."""
    # First: a build would rewrite stale outputs, and they would never be noticed.
    execution.refresh(ROOT, check=True)
    result = build(ROOT)
    told = (result.stdout + result.stderr).splitlines()
    faults = [line for line in told if re.search("WARNING|ERROR|Error:|error:", line)]
    assert result.returncode == 0, "\n".join(faults[:20] or told[-20:])
