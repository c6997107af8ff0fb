"""What people type: lists of numbers, names of models and chips, or files of their own."""

from __future__ import annotations

from itertools import product
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from llmecon.accelerator import Accelerator
    from llmecon.roofline import Profile
    from llmecon.transformer import Transformer

_BYTES_A_ROW = 4_000.0  # of a table that people see: its numbers, and its cells as text
_FILES = (".json", ".yml", ".yaml")


def numbers(name: str, text: str) -> list[float]:
    """Numbers from ``1,8,64``; ``1e12`` and ``8_192`` will do.

    Examples
    --------
    >>> numbers("--batch", "1,8,1e3")
    [1.0, 8.0, 1000.0]
    >>> numbers("--batch", "1,eight")
    Traceback (most recent call last):
    ValueError: --batch must be numbers with commas between them, got 'eight'
    """
    found = []
    for part in text.split(","):
        try:
            found.append(float(part))
        except ValueError:
            raise ValueError(
                f"{name} must be numbers with commas between them, got {part.strip()!r}"
            ) from None
    return found


def whole(name: str, text: str) -> list[int]:
    """Whole numbers from a list with commas."""
    found = numbers(name, text)
    for value in found:
        if value % 1 != 0:  # also where it is not finite
            raise ValueError(f"{name} must be whole numbers, got {value:g}")
    return [int(value) for value in found]


def grid(**lists: str) -> dict[str, Any]:
    """Every combination of the whole numbers of some options, the last one changing fastest.

    Examples
    --------
    >>> {name: column.tolist() for name, column in grid(batch="1,8", context="9").items()}
    {'batch': [1, 8], 'context': [9, 9]}
    """
    import numpy as np

    from llmecon._checks import require_memory

    options = [whole(f"--{name.replace('_', '-')}", text) for name, text in lists.items()]
    require_memory("rows", prod(map(len, options)), _BYTES_A_ROW)
    return dict(zip(lists, np.array(list(product(*options))).T, strict=True))


def words(text: str | None) -> list[str]:
    """Words from a list with commas."""
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def model(name: str) -> Transformer:
    """A shape of the catalogue, in any case of letters, or that of a ``config.json``."""
    from llmecon import catalog

    if _is_file(name):
        from llmecon.catalog import hf_config

        return hf_config.read(Path(name))
    return catalog.transformer(_as_listed(name, catalog.architectures().name))


def chip(name: str) -> Accelerator:
    """An accelerator of the catalogue, in any case of letters, or that of a file."""
    from llmecon import catalog

    if _is_file(name):
        from llmecon.catalog import chip_file

        return chip_file.read(Path(name))
    return catalog.accelerator(_as_listed(name, catalog.accelerators().name))


def _is_file(name: str) -> bool:
    return name.lower().endswith(_FILES)


def _as_listed(name: str, known: object) -> str:
    by_lower = {str(item).lower(): str(item) for item in known}  # type: ignore[attr-defined]
    return by_lower.get(name.strip().lower(), name)


def profile(name: str) -> Profile | None:
    """Constants of an engine: by name, or as ``llmecon calibrate --output`` wrote them."""
    from llmecon import catalog
    from llmecon.roofline.profiles import profile_named, read_profiles

    if not name:
        return None
    if name.lower().endswith(".csv"):
        return next(iter(read_profiles(Path(name)).values()))
    if _is_file(name):
        return _written_profile(Path(name))
    return profile_named(_as_listed(name, catalog.serving_profiles().name))


def _written_profile(path: Path) -> Profile:
    import json
    from dataclasses import fields

    from pydantic import TypeAdapter, ValidationError

    from llmecon import roofline
    from llmecon.catalog.reading import read_json

    content = read_json(path)
    known = {item.name for item in fields(roofline.Profile)}
    if not isinstance(content, dict) or "name" not in content or set(content) - known:
        raise ValueError(f"{path.name} is no profile: see llmecon calibrate --output")
    try:
        return TypeAdapter(roofline.Profile).validate_json(json.dumps(content), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise ValueError(f"{path.name}: {field}: {first['msg']}, got {first['input']!r}") from error
