"""An accelerator of one's own, described in a file."""

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from llmecon._names import nearest
from llmecon.accelerator import Accelerator
from llmecon.catalog.reading import read_json, read_text


def read(path: Path) -> Accelerator:
    """Data sheet of an accelerator from a JSON or YAML file.

    Parameters
    ----------
    path : pathlib.Path
        An object with the columns of ``accelerators.csv``; ``name``, ``hbm_bytes``,
        ``hbm_bytes_per_s`` and ``bf16_dense_flop_per_s`` are needed.

    Raises
    ------
    ValueError
        If the file cannot be read, or a field is missing, unknown or out of its range.
    """
    content = _parsed(path)
    if not isinstance(content, dict):
        raise ValueError(f"{path.name}: must be an object of fields, got {content!r}")
    numbers = {key: _number(value) if key != "name" else value for key, value in content.items()}
    try:
        return Accelerator(**numbers)
    except ValidationError as error:
        raise ValueError(f"{path.name}: {_first_problem(error)}") from error


def _parsed(path: Path) -> Any:
    if path.suffix == ".json":
        return read_json(path)
    try:
        import yaml
    except ModuleNotFoundError as error:
        raise ValueError(
            f"{path.name}: reading YAML needs PyYAML (pip install pyyaml), or write it as JSON"
        ) from error
    try:
        return yaml.safe_load(read_text(path))
    except yaml.YAMLError as error:
        raise ValueError(f"{path.name}: {' '.join(str(error).split())}") from error


def _number(value: Any) -> Any:
    # PyYAML reads 4e12, without a point, as text.
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value


def _first_problem(error: ValidationError) -> str:
    first = error.errors()[0]
    field = ".".join(map(str, first["loc"]))
    if first["type"] == "missing":
        return f"{field} is missing"
    if first["type"] == "extra_forbidden":
        near = ", ".join(nearest(field, Accelerator.model_fields))
        return f"{field} is not a field of an accelerator" + (f"; nearest: {near}" if near else "")
    return f"{field}: {first['msg']}, got {first['input']!r}"
