"""Describe the tables: a Frictionless data package made from the row classes."""

import json
import typing
from datetime import date
from typing import Any, Literal

from pydantic.fields import FieldInfo

from llmecon._checks import extras
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
        if "unless" not in extras(row_type.model_fields[column])
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
    extra, required = extras(info), {"required": True} if info.is_required() else {}
    field: dict[str, Any] = {"name": name, **_type(info.annotation)}
    where = f", as in {extra['key_of']}.csv" if "key_of" in extra else ""
    where += f" unless {extra['unless']}" if "unless" in extra else ""
    field["description"] = f"{info.description}{where}"
    if field["type"] == "boolean":
        field |= {"trueValues": ["true"], "falseValues": ["false"]}
    if "unit" in extra:
        field["unit"] = extra["unit"]
    constraints = field.pop("constraints", {}) | required
    return field | ({"constraints": constraints} if constraints else {})


def _type(annotation: Any) -> dict[str, Any]:
    """Type of a column, looking through ``X | None``, ``Annotated`` and ``Literal``."""
    options = typing.get_args(annotation)
    if typing.get_origin(annotation) is Literal:
        return {"type": "string", "constraints": {"enum": list(options)}}
    return _type(options[0]) if options else {"type": _TYPES[annotation]}


def write() -> None:
    """Rewrite ``data/datapackage.json`` (``make data``)."""
    text = json.dumps(datapackage(), indent=1, ensure_ascii=False)
    (data_folder() / "datapackage.json").write_text(f"{text}\n", "utf-8")
