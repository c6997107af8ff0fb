"""Renew requirements.lock (pins with hashes, no host named) and environment.yml (the same pins).

Needs uv, installed for the occasion into a throw-away environment. Run it with ``make lock``.
"""

import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from packaging.markers import Marker

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements.lock"
ENVIRONMENT = ROOT / "environment.yml"
EXTRAS = ("book", "test", "cluster", "teach")  # peers are measured against, not worked with
PYTHON = "3.11"


def compile_lock() -> None:
    """Resolve the extras for Python 3.11 to 3.13 into one universal lock."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / "bin" / "python"
        subprocess.run([python, "-m", "pip", "install", "-q", "uv"], check=True)
        command = [python, "-m", "uv", "pip", "compile", "pyproject.toml", "--universal"]
        command += [f"--extra={extra}" for extra in EXTRAS]
        command += [f"--python-version={PYTHON}", "--fork-strategy=fewest", "--upgrade"]
        command += ["--generate-hashes", "--no-emit-index-url", "--no-header", "--no-annotate"]
        subprocess.run([*command, "-q", "-o", LOCK], check=True, cwd=ROOT)


def pins() -> list[tuple[str, str, str]]:
    """Name, version and marker of every pin of the lock."""
    line = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)(?: ; ([^\\]*?))? *\\?$", re.M)
    return [(name, version, marker) for name, version, marker in line.findall(LOCK.read_text())]


def environment() -> str:
    """The conda and Binder environment: every pin that holds for its Python."""
    python = {"python_version": PYTHON, "python_full_version": f"{PYTHON}.0"}
    lines = []
    for name, version, marker in pins():
        if not marker or Marker(marker).evaluate(python):
            lines.append(f"      - {name}=={version}")
    return "\n".join(
        [
            "# Written by `make lock`; the versions of requirements.lock.",
            "name: llmecon",
            "channels: [conda-forge, nodefaults]",
            "dependencies:",
            f"  - python={PYTHON}",
            "  - pip",
            "  - pip:",
            *lines,
            "      - -e .",
            "",
        ]
    )


if __name__ == "__main__":
    if "--environment-only" not in sys.argv:
        compile_lock()
    ENVIRONMENT.write_text(environment(), encoding="utf-8")
