"""Nothing public is there for nobody: each name serves a page, the command line or a recipe.

Tests do not count as use, nor do the pages of the API, nor lists of exports.
"""

import ast
import csv
import json
import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
LIB = ROOT / "lib"
# Texts whose words are uses: recipes in the book, settings, names in tables.
TEXTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "Makefile",
    ROOT / "pyproject.toml",
    ROOT / "_config.yml",
    ROOT / "data" / "claims.csv",
    *(ROOT / "book").glob("*.md"),
]
# Called by a framework by name; nothing in this tree names them.
FRAMEWORK = re.compile(
    r"setup$|handle_mime$|visit_|depart_|run$|render_|name$|get_value$|format_field$|kernel_spec$"
)


def identifiers(tree: ast.AST) -> Counter[str]:
    """How often each identifier is used: read, called, or an attribute of something."""
    found: Counter[str] = Counter()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            found[node.id] += 1
        elif isinstance(node, ast.Attribute):
            found[node.attr] += 1
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.update(dict.fromkeys(re.findall(r"^\w+$", node.value), 1))
    return found


def public(body: list[ast.stmt]) -> list[tuple[str, ast.stmt]]:
    """Public names that a module or a class defines."""
    found: list[tuple[str, ast.stmt]] = []
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.append((node.name, node))
        elif isinstance(node, ast.Assign):
            found += [(t.id, node) for t in node.targets if isinstance(t, ast.Name)]
    return [(name, node) for name, node in found if not name.startswith("_")]


def exports(node: ast.stmt) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else []
    return any(isinstance(t, ast.Name) and t.id == "__all__" for t in targets)


def uses() -> Counter[str]:
    """Identifiers of the library without its lists of exports, of pages, recipes and benchmarks."""
    found: Counter[str] = Counter()
    for path in [
        *LIB.rglob("*.py"),
        *(ROOT / "benchmarks").glob("*.py"),
        *(ROOT / "tools").glob("*.py"),
    ]:
        tree = ast.parse(path.read_text("utf-8"))
        tree.body = [node for node in tree.body if not exports(node)]
        found += identifiers(tree)
    for path in [p for room in ("notebooks", "teaching") for p in (ROOT / room).glob("*.ipynb")]:
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                found += identifiers(ast.parse("".join(cell["source"])))
    for path in TEXTS:
        found.update(re.findall(r"[A-Za-z_]\w+", recipes(path)))
    return found


def recipes(path: Path) -> str:
    """What a text says in code: of prose its code, of the claims what they rest on."""
    text = path.read_text("utf-8")
    if path.suffix == ".csv":
        return "\n".join(row["checked_by"] for row in csv.DictReader(text.splitlines(True)))
    return "\n".join(re.findall(r"```.*?```|`[^`]+`", text, re.S)) if path.suffix == ".md" else text


def defined() -> list[tuple[str, str, ast.stmt]]:
    """Public names of the library: of modules, and methods of their classes."""
    found: list[tuple[str, str, ast.stmt]] = []
    for path in sorted(LIB.rglob("*.py")):
        where = str(path.relative_to(LIB))
        for name, node in public(ast.parse(path.read_text("utf-8")).body):
            found.append((where, name, node))
            if isinstance(node, ast.ClassDef):
                methods = [n for n in node.body if isinstance(n, ast.FunctionDef)]
                found += [(where, f"{name}.{m}", d) for m, d in public([*methods])]
    return found


def registered(node: ast.stmt) -> bool:
    """Whether a decorator hands the function to somebody who calls it."""
    decorators = getattr(node, "decorator_list", [])
    names = {
        d.func.id for d in decorators if isinstance(d, ast.Call) and isinstance(d.func, ast.Name)
    }
    return bool(names & REGISTRIES)


REGISTRIES = {"claim", "proposition", "decides"}


def test_every_public_name_is_used_by_a_page_a_command_or_a_recipe():
    used = uses()
    unused = []
    for where, name, node in defined():
        last = name.rpartition(".")[2]
        own = identifiers(node)[last] if isinstance(node, (ast.FunctionDef, ast.ClassDef)) else 0
        if used[last] <= own and not registered(node) and not FRAMEWORK.match(last):
            unused.append(f"{where}: {name}")
    assert not unused, "used by nothing:\n" + "\n".join(unused)


def test_a_name_of_prose_alone_is_no_use(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("A fit of runs.\n```python\nspeculate()\n```\nand `frontier`", "utf-8")
    assert set(re.findall(r"\w+", recipes(page))) == {"python", "speculate", "frontier"}


def test_a_name_that_nothing_uses_would_be_found():
    tree = ast.parse("__all__ = ['alone']\ndef alone(n):\n    return alone(n - 1)\n")
    (name, node) = public([n for n in tree.body if not exports(n)])[0]
    assert identifiers(node)[name] == 1
