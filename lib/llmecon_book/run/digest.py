"""Digest of all that a chapter's numbers depend on beside the chapter itself."""

import hashlib
import sys
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from llmecon.catalog import data_folder

_PACKAGES = ("numpy", "scipy", "pandas", "altair")


@cache
def library_digest() -> str:
    """Digest of library, tables and the packages that compute, wherever they are installed.

    Two machines that give the same digest give the same numbers.
    """
    digest = hashlib.sha256()
    library = Path(str(files("llmecon")))
    for folder, pattern in ((library, "*.py"), (data_folder(), "*")):
        for path in sorted(folder.rglob(pattern)):
            if path.is_file():
                digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    versions = [f"{name} {version(name)}" for name in _PACKAGES]
    digest.update(f"{sys.version_info[:2]} {versions}".encode())
    return digest.hexdigest()


def of_text(*parts: str) -> str:
    """Digest of several texts together."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
