"""What a chapter's numbers depend on beside the chapter itself, and whose that is."""

import hashlib
import sys
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from llmecon.catalog import data_folder

_PACKAGES = ("numpy", "scipy", "pandas", "altair")  # those that compute or draw


def of_text(*parts: str) -> str:
    """Digest of several texts together."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def library_digest() -> str:
    """Digest of library, tables and the packages that compute, as they are at this moment.

    Two machines that give the same digest give the same numbers.
    """
    library, tables = _homes()
    digest = hashlib.sha256()
    for package in ("llmecon", "llmecon_book"):
        _add(digest, library / package, "*.py")
        _add(digest, library / package, "*.toml")  # the words of figures
    _add(digest, tables, "*")
    versions = [f"{name} {version(name)}" for name in _PACKAGES]
    digest.update(f"{sys.version_info[:2]} {versions}".encode())
    return digest.hexdigest()


def surroundings(book: Path) -> str:
    """`library_digest`, once it is sure that a book would run with its own library.

    Parameters
    ----------
    book : pathlib.Path
        Folder with ``notebooks``, and with ``lib`` and ``data`` unless the library is installed.

    Raises
    ------
    ValueError
        If the library or the tables that Python imports here are those of another folder.
    """
    library, tables = _homes()
    if (book / "lib").is_dir():
        own = (library, tables) == ((book / "lib").resolve(), (book / "data").resolve())
    else:
        own = not (library.parent / "notebooks").is_dir()  # installed outside any book
    if not own:
        raise ValueError(
            f"{book}: its chapters would run with the library {library} and the tables {tables}, "
            "which belong to another folder: use an environment made in this one"
        )
    return library_digest()


def _homes() -> tuple[Path, Path]:
    """Folders of the imported library and of its tables."""
    return Path(str(files("llmecon"))).resolve().parent, data_folder().resolve()


def _add(digest: "hashlib._Hash", folder: Path, pattern: str) -> None:
    for path in sorted(folder.rglob(pattern)):
        if path.is_file():
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
