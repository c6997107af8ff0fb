"""Count the house: lines of code and public names, room by room (``make size``).

A line of code is one that is neither blank, nor a comment, nor part of a docstring.
A public name is a name without a leading underscore that a module defines at its top level.
"""

import ast
import io
import sys
import tokenize
from collections import Counter
from pathlib import Path

LIB = Path(__file__).resolve().parents[1] / "lib"
BLANK = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}


def docstring_lines(tree: ast.Module) -> set[int]:
    """Lines that docstrings take, in a module, its classes and its functions."""
    owners = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    lines: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, owners) and ast.get_docstring(node, clean=False) is not None:
            lines |= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return lines


def code_lines(source: str) -> int:
    """Lines that hold code."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in BLANK:
            lines |= set(range(token.start[0], token.end[0] + 1))
    return len(lines - docstring_lines(ast.parse(source)))


def public_names(source: str) -> set[str]:
    """Names that a module defines at its top level for others."""
    names: set[str] = set()
    for node in ast.parse(source).body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {t.id for t in node.targets if isinstance(t, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return {name for name in names if not name.startswith("_")}


def count(lib: Path = LIB) -> tuple[Counter[str], Counter[str]]:
    """Code lines and public names of each room."""
    code: Counter[str] = Counter()
    names: Counter[str] = Counter()
    for path in sorted(lib.rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        room = "/".join(path.relative_to(lib).with_suffix("").parts[:2])
        code[room] += code_lines(source)
        private = any(p.startswith("_") and p != "__init__" for p in path.with_suffix("").parts)
        names[room] += 0 if private else len(public_names(source))
    return code, names


def main() -> int:
    """Print the counts."""
    code, names = count()
    print(f"{'room':<32}{'code lines':>12}{'public names':>14}")
    for room in sorted(code):
        print(f"{room:<32}{code[room]:>12,}{names[room]:>14,}")
    for package in sorted({room.split("/")[0] for room in code}):
        rooms = [room for room in code if room.split("/")[0] == package]
        total = sum(code[r] for r in rooms), sum(names[r] for r in rooms)
        print(f"{'all of ' + package:<32}{total[0]:>12,}{total[1]:>14,}")
    print(f"{'lib':<32}{sum(code.values()):>12,}{sum(names.values()):>14,}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
