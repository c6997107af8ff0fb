"""An accelerator of one's own, described in a file."""

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from llmecon._names import nearest
from llmecon.accelerator import Accelerator
from llmecon.catalog.reading import first_problem, read_json
from llmecon.catalog.strict_yaml import read_yaml


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
    content: Any = read_json(path) if path.suffix == ".json" else read_yaml(path)
    if not isinstance(content, dict):
        raise ValueError(f"{path.name}: must be an object of fields, got {content!r}")
    for field in content:
        if field not in Accelerator.model_fields:
            near = ", ".join(nearest(str(field), Accelerator.model_fields))
            hint = f"; nearest: {near}" if near else ""
            raise ValueError(f"{path.name}: {field} is not a field of an accelerator{hint}")
    try:
        return Accelerator.model_validate(content, strict=True)
    except ValidationError as error:
        field, reason = first_problem(error, Accelerator)
        said = f"{field} is missing" if reason == "is empty" else f"{field}: {reason}"
        raise ValueError(f"{path.name}: {said if field else reason}") from error
