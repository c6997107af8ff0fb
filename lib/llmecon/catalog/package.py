"""Describe the tables: a Frictionless data package made from the row classes."""

import json
import typing
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic.fields import FieldInfo

from llmecon.catalog.reading import data_folder
from llmecon.catalog.rows import TABLES, Sourced, column_names, foreign_keys

_TYPES = {float: "number", int: "integer", str: "string", bool: "boolean", date: "date"}


def datapackage() -> dict[str, Any]:
    """Frictionless descriptor of ``data/``.

    Returns
    -------
    dict
        What ``data/datapackage.json`` holds.

    Examples
    --------
    >>> datapackage()["resources"][0]["path"]
    'models.csv'
    """
    return {
        "name": "llmecon",
        "title": "Facts behind the book: sizes, prices, speeds, scores, shapes and chips",
        "licenses": [{"name": "CC-BY-4.0", "title": "Creative Commons Attribution 4.0"}],
        "resources": [_resource(name, row_type) for name, row_type in TABLES.items()],
    }


def _resource(name: str, row_type: type[Sourced]) -> dict[str, Any]:
    schema = {
        "fields": [_field(n, row_type.model_fields[n]) for n in column_names(row_type)],
        "primaryKey": list(row_type.KEY),
        "missingValues": [""],
    }
    foreign = [
        {"fields": [column], "reference": {"resource": other, "fields": [TABLES[other].KEY[0]]}}
        for column, other in foreign_keys(row_type).items()
    ]
    return {
        "name": name,
        "path": f"{name}.csv",
        "title": row_type.TITLE,
        "description": row_type.rule(),
        "encoding": "utf-8",
        "schema": schema | ({"foreignKeys": foreign} if foreign else {}),
    }


def _field(name: str, info: FieldInfo) -> dict[str, Any]:
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    field: dict[str, Any] = {"name": name, **_type(info.annotation)}
    where = f", as in {extra['key_of']}.csv" if "key_of" in extra else ""
    field["description"] = f"{info.description}{where}"
    if field["type"] == "boolean":
        field |= {"trueValues": ["true"], "falseValues": ["false"]}
    if "unit" in extra:
        field["unit"] = extra["unit"]
    constraints = dict(field.pop("constraints", {}))
    if info.is_required():
        constraints["required"] = True
    if constraints:
        field["constraints"] = constraints
    return field


def _type(annotation: Any) -> dict[str, Any]:
    """Type of a column, looking through ``X | None``, ``Annotated`` and ``Literal``."""
    options = [a for a in typing.get_args(annotation) if a is not type(None)]
    origin = typing.get_origin(annotation)
    if origin is Literal:
        return {"type": "string", "constraints": {"enum": list(typing.get_args(annotation))}}
    if options:
        return _type(options[0])
    return {"type": _TYPES[annotation]}


def write(path: str | None = None) -> None:
    """Rewrite ``data/datapackage.json`` (``make data``)."""
    target = data_folder() / "datapackage.json" if path is None else Path(path)
    target.write_text(json.dumps(datapackage(), indent=1, ensure_ascii=False) + "\n", "utf-8")
