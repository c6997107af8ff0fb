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
LIB = ROOT / "lib"

# Imports go down only, from package to package and from room to room.
STAIRS = [
    *(
        f"llmecon_book.{room}"
        for room in (
            "commands",
            "site",
            "run",
            "notebook",
            "explore",
            "charts",
            "chapters",
            "parameters",
            "ledger",
            "counterfactual",
            "essay",
            "facts",
            "freshness",
            "words",
        )
    ),
    *(
        f"llmecon.{room}"
        for room in (
            "cli",
            "sizing",
            "trends",
            "cost",
            "chinchilla",
            "roofline",
            "catalog",
            "transformer",
            "accelerator",
            "_names",
            "_checks",
        )
    ),
]
FILES = sorted(path for path in LIB.rglob("*.py") if len(path.relative_to(LIB).parts) > 1)


def room(path: Path) -> str:
    return ".".join(path.relative_to(LIB).with_suffix("").parts[:2])


def imported_rooms(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            package, _, rest = node.module.partition(".")
            if package in ("llmecon", "llmecon_book"):
                below = [rest.split(".")[0]] if rest else [alias.name for alias in node.names]
                found |= {f"{package}.{name}" for name in below}
        elif isinstance(node, ast.Import):
            found |= {
                ".".join(a.name.split(".")[:2])
                for a in node.names
                if a.name.startswith(("llmecon.", "llmecon_book."))
            }
    return {name for name in found if not name.endswith("__version__")} - {room(path)}


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(LIB)))
def test_imports_go_down_the_stairs_only(path):
    here = room(path)
    if here.endswith("__init__"):
        assert not imported_rooms(path)
        return
    for other in imported_rooms(path):
        assert STAIRS.index(other) > STAIRS.index(here), f"{here} imports {other}"


def test_the_library_can_be_imported_where_the_book_is_not():
    """Every module of the library, with the book's package and its tools out of reach."""
    code = (
        "import importlib, importlib.metadata, pkgutil, sys\n"
        "importlib.metadata.entry_points = lambda **group: ()\n"
        "for name in ('llmecon_book', 'altair', 'papermill', 'nbformat', 'myst_nb'):\n"
        "    sys.modules[name] = None\n"
        "import llmecon\n"
        "for found in pkgutil.walk_packages(llmecon.__path__, 'llmecon.'):\n"
        "    importlib.import_module(found.name)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(LIB)))
def test_only_the_catalogue_and_the_upper_rooms_read_files(path):
    if room(path).split(".")[1] in {"catalog", "cli", "commands", "run", "site", "notebook"}:
        return
    if path == LIB / "llmecon_book" / "charts" / "texts.py":  # its own words, beside it
        return
    text = path.read_text("utf-8")
    assert not re.search(r"\bopen\(|read_csv|read_text|\bprint\(", text.replace(">>> print(", ""))


def test_import_loads_nothing_that_is_not_asked_for():
    code = "import llmecon, sys; print([m for m in sys.modules if m in ('numpy', 'pandas')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_numeric_rooms_load_no_tool_of_the_book():
    rooms = "catalog, roofline, chinchilla, cost, trends, sizing"
    tools = ("altair", "sphinx", "papermill", "IPython", "myst_nb", "matplotlib", "dask")
    code = (
        f"from llmecon import {rooms}; import sys; print([m for m in {tools} if m in sys.modules])"
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
    for extra in ("book", "test", "cluster", "teach"):
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
