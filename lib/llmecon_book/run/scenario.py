"""A scenario: a named set of new numbers for some chapters."""

import re
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from llmecon._names import UnknownName
from llmecon.catalog.reading import read_json
from llmecon.catalog.strict_yaml import read_yaml
from llmecon_book.parameters import unused
from llmecon_book.run.parameters import Parameter, check_values, declared, demand_known, unknown

if TYPE_CHECKING:
    from llmecon_book.run.execution import Task

Values = dict[str, dict[str, Any]]
_LONGEST_NAME = 60  # characters of a folder's name before its digest


class Scenario(BaseModel):
    """New numbers for some chapters.

    Attributes
    ----------
    name : str
        Short name; outputs are kept in a folder of this name.
    description : str
        One sentence for the reader of the table.
    parameters : dict
        Values by chapter and parameter; a chapter without any runs as it is.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    description: str = ""
    parameters: Values


def load(path: Path) -> Scenario:
    """Read a scenario file (YAML or JSON).

    Raises
    ------
    ValueError
        If the file is not a scenario: what is wrong, by line or field.
    """
    try:
        content = read_json(path) if path.suffix == ".json" else read_yaml(path)
        scenario = Scenario.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "file"
        raise ValueError(f"{path.name}: {where}: {first['msg']}") from error
    if not scenario.parameters:
        raise ValueError(f"{path.name}: parameters: name at least one chapter")
    return scenario


def demand_names(scenario: Scenario, known: Mapping[str, Mapping[str, Parameter]]) -> None:
    """Refuse a scenario that names what the book does not have, all of it at once.

    A scenario that was written for another version of the book is brought up to date in one go:
    each name is answered with the nearest, or with the chapter where it now is.

    Raises
    ------
    LookupError
        Naming every unknown chapter and parameter.
    """
    wrong = []
    for chapter, values in scenario.parameters.items():
        for name in values if chapter in known else ():
            if name not in known[chapter]:
                wrong.append(str(unknown(known, chapter, name)))
        if chapter not in known:
            wrong.append(str(UnknownName("chapter", chapter, known)))
    if wrong:
        raise LookupError("; ".join(wrong))


def idle(scenario: Scenario, known: Mapping[str, Mapping[str, Parameter]]) -> list[str]:
    """Why some values of a scenario change nothing, as far as it is known before it runs."""
    same = [f"{label} is the book's own value" for label in unchanged(scenario, known)]
    off = [unused(known[chapter], values) for chapter, values in scenario.parameters.items()]
    return [*same, *chain.from_iterable(off)]


def unchanged(scenario: Scenario, known: Mapping[str, Mapping[str, Parameter]]) -> list[str]:
    """Values of a scenario that are the book's own, as ``chapter.parameter``."""
    return [
        known[chapter][name].label
        for chapter, values in scenario.parameters.items()
        for name, value in values.items()
        if value == known[chapter][name].default
    ]


def called(point: Mapping[str, Any]) -> str:
    """A name of values that a folder can bear.

    Examples
    --------
    >>> called({"reversal.usd_per_gpu_hour": 1.0, "reversal.draft_model": "Llama 3 8B"})
    'usd_per_gpu_hour-1.0-draft_model-llama-3-8b'
    """
    said = "-".join(f"{label.partition('.')[2]}-{value}" for label, value in point.items())
    return re.sub(r"[^a-z0-9_.]+", "-", said.lower()).strip("-.")[:_LONGEST_NAME]


def with_values(base: Scenario, point: Mapping[str, Any], name: str) -> Scenario:
    """A scenario with further values, given by ``chapter.parameter``, under another name."""
    merged = {chapter: dict(values) for chapter, values in base.parameters.items()}
    for label, value in point.items():
        chapter, _, parameter = label.partition(".")
        merged.setdefault(chapter, {})[parameter] = value
    return base.model_copy(update={"name": name, "parameters": merged})


def find_book(*starts: Path) -> Path:
    """The book's folder: the nearest one upwards that has ``_toc.yml`` and ``notebooks``.

    Raises
    ------
    ValueError
        If there is none.
    """
    for start in starts:
        for folder in (start.resolve(), *start.resolve().parents):
            if (folder / "_toc.yml").is_file() and (folder / "notebooks").is_dir():
                return folder
    raise ValueError("no book here: run inside its folder, where _toc.yml and notebooks/ are")


def known_parameters(book: Path) -> dict[str, dict[str, Parameter]]:
    """Declared parameters of every chapter that has some."""
    found = {path.stem: declared(path) for path in sorted((book / "notebooks").glob("*.ipynb"))}
    return {chapter: parameters for chapter, parameters in found.items() if parameters}


def tasks(
    scenario: Scenario,
    book: Path,
    output: Path,
    around: str,
    chapters: Sequence[str] | None = None,
) -> "list[Task]":
    """The runs that a scenario asks for, checked whole.

    Parameters
    ----------
    scenario : Scenario
        New numbers.
    book : pathlib.Path
        The book's folder.
    output : pathlib.Path
        Where executed chapters go; their names tell runs with other numbers apart.
    around : str
        `surroundings` of the book.
    chapters : sequence of str, optional
        Only these of the scenario's chapters.

    Raises
    ------
    UnknownName, ValueError
        At the first wrong chapter, parameter, type or range; nothing has started then.
    """
    from llmecon_book.run.execution import Task  # slow to load

    known = known_parameters(book)
    demand_names(scenario, known)
    check_values(known, scenario.parameters)
    for chapter in chapters or ():
        demand_known(f"chapter of {scenario.name}", chapter, scenario.parameters)
    return [
        Task.of(book / "notebooks" / f"{chapter}.ipynb", around, values, output)
        for chapter, values in scenario.parameters.items()
        if not chapters or chapter in chapters
    ]
