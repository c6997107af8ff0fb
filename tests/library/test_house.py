"""The house keeps its rules: layers, lazy imports, one set of pins, data inside the wheel."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "lib" / "llmecon"

# Imports go down only; a room may import those to its right.
STAIRS = [
    "cli",
    "rerun",
    "notebook",
    "site",
    "charts",
    "claims",
    "scorecard",
    "counterfactual",
    "sizing",
    "trends",
    "parity",
    "cost",
    "chinchilla",
    "roofline",
    "catalog",
    "transformer",
    "accelerator",
    "_names",
    "_checks",
]


def room(path: Path) -> str:
    return path.relative_to(LIBRARY).parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            if node.module == "llmecon":
                found |= {alias.name for alias in node.names}
            elif node.module.startswith("llmecon."):
                found.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("llmecon.")}
    return found - {room(path), "__version__"}


@pytest.mark.parametrize("path", sorted(LIBRARY.rglob("*.py")), ids=lambda p: str(p.name))
def test_imports_go_down_the_stairs_only(path):
    here = room(path)
    if here == "__init__":
        return
    for other in imported_rooms(path):
        assert STAIRS.index(other) > STAIRS.index(here), f"{here} imports {other}"


@pytest.mark.parametrize("path", sorted(LIBRARY.rglob("*.py")), ids=lambda p: str(p.name))
def test_only_the_catalogue_and_the_upper_rooms_read_files(path):
    if room(path) in {"catalog", "cli", "rerun", "site", "notebook"}:
        return
    text = path.read_text("utf-8")
    assert not re.search(r"\bopen\(|read_csv|read_text|\bprint\(", text.replace(">>> print(", ""))


def test_import_loads_nothing_that_is_not_asked_for():
    code = "import llmecon, sys; print([m for m in sys.modules if m in ('numpy', 'pandas')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["catalog", "roofline", "chinchilla", "cost", "trends", "claims"])
def test_the_numeric_rooms_load_no_tool_of_the_book(name):
    tools = ("altair", "sphinx", "papermill", "IPython", "myst_nb", "matplotlib", "dask")
    code = (
        f"from llmecon import {name}; import sys; print([m for m in {tools} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def lock() -> dict[str, str]:
    line = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)(?: ; ([^\\]*?))? *\\?$", re.M)
    here = {"python_version": "3.11", "python_full_version": "3.11.0"}
    return {
        name: version
        for name, version, marker in line.findall((ROOT / "requirements.lock").read_text("utf-8"))
        if not marker or Marker(marker).evaluate(here)
    }


def test_lock_and_conda_environment_have_the_same_pins():
    text = (ROOT / "environment.yml").read_text("utf-8")
    assert dict(re.findall(r"- ([A-Za-z0-9._-]+)==(\S+)", text)) == lock()


def test_the_lock_satisfies_what_the_project_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = list(project["dependencies"])
    for extra in ("book", "test", "cluster"):
        asked += project["optional-dependencies"][extra]
    pins = lock()
    for text in asked:
        requirement = Requirement(text)
        assert requirement.specifier.contains(pins[requirement.name.lower()]), text


def test_lock_files_name_no_host_and_hash_every_package():
    text = (ROOT / "requirements.lock").read_text("utf-8")
    assert "://" not in text and "index-url" not in text
    entries = re.split(r"\n(?=[a-zA-Z])", text.strip())
    assert all("--hash=sha256:" in entry for entry in entries)


def lend(needs, folder):
    """Put packages of this environment, and those that they need, into a folder."""
    waiting, lent = list(needs), set()
    while waiting:
        need = Requirement(waiting.pop())
        if need.name in lent or (need.marker and not need.marker.evaluate({"extra": ""})):
            continue
        lent.add(need.name)
        package = metadata.distribution(need.name)
        for name in {path.parts[0] for path in package.files} - {"..", "__pycache__"}:
            (folder / name).symlink_to(package.locate_file(name))
        waiting += package.requires or []


def test_an_installed_wheel_carries_its_tables_and_names_its_needs(tmp_path):
    build = [sys.executable, "-m", "build", "-q", "--wheel", "--no-isolation", "-o", tmp_path]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    alone = tmp_path / "alone"
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", alone, wheel]
    subprocess.run(install, check=True, capture_output=True)
    (installed,) = metadata.distributions(path=[str(alone)])
    lend(installed.requires, alone)
    code = (
        "import llmecon.cli; from llmecon import catalog; "
        "print(catalog.transformer('Llama 3.1 70B').n_layers, len(catalog.models()) > 100, "
        "str(catalog.data_folder()).endswith('_data'))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],  # -S: nothing of this environment but what was lent
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(alone)},
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == ["80", "True", "True"], done.stderr
