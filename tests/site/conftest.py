"""The built site, brought up to date once for all tests of this folder."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from llmecon.site import execution

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


def build(root: Path) -> subprocess.CompletedProcess[str]:
    """Build the book in `root` as the README says, warnings fatal."""
    command = [str(BIN / "jupyter-book"), "build", ".", "-W", "-n", "--keep-going"]
    return subprocess.run(
        command, cwd=root, capture_output=True, text=True, timeout=600, check=False
    )


@pytest.fixture(scope="session")
def site() -> Path:
    """Folder with the pages of the book as it is now."""
    # First: a build would rewrite stale outputs, and they would never be noticed.
    execution.refresh(ROOT, check=True)
    result = build(ROOT)
    told = (result.stdout + result.stderr).splitlines()
    faults = [line for line in told if re.search("WARNING|ERROR|Error:|error:", line)]
    assert result.returncode == 0, "\n".join(faults[:20] or told[-20:])
    return ROOT / "_build" / "html"
