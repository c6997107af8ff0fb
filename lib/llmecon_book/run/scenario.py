"""A scenario: a named set of new numbers for some chapters."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from llmecon._names import UnknownName
from llmecon.catalog.reading import read_json, read_text
from llmecon_book.run.parameters import Parameter, check_values, declared

if TYPE_CHECKING:
    from llmecon_book.run.execution import Task

Values = dict[str, dict[str, Any]]


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
        scenario = Scenario.model_validate(_parsed(path))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "file"
        raise ValueError(f"{path.name}: {where}: {first['msg']}") from error
    if not scenario.parameters:
        raise ValueError(f"{path.name}: parameters: name at least one chapter")
    return scenario


def _parsed(path: Path) -> Any:
    if path.suffix == ".json":
        return read_json(path)
    import yaml

    try:
        return yaml.load(read_text(path), Loader=_loader(yaml))  # a SafeLoader
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ValueError(f"{path.name}{line}: {error.problem}") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(f"{path.name}: not YAML: {error}") from error


def _loader(yaml: Any) -> Any:
    """YAML 1.2's idea of numbers: 1e12 is one, a date is text, a key comes once."""

    class Loader(yaml.SafeLoader):  # type: ignore[misc]
        yaml_implicit_resolvers = {  # noqa: RUF012
            first: [
                (tag, rule) for tag, rule in rules if not tag.endswith((":timestamp", ":float"))
            ]
            for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }

        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):  # nine lines of them can fill the memory
                mark = self.peek_event().start_mark
                raise yaml.MarkedYAMLError(problem="aliases are not read", problem_mark=mark)
            return super().compose_node(parent, index)

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            keys = [key.value for key, _ in node.value]
            for key, child in node.value:
                if keys.count(key.value) > 1:
                    raise yaml.MarkedYAMLError(
                        problem=f"{key.value} is given twice", problem_mark=child.start_mark
                    )
            return super().construct_mapping(node, deep=deep)

    Loader.add_implicit_resolver(
        "tag:yaml.org,2002:float",
        re.compile(
            r"^[-+]?(\d[\d_]*\.?[\d_]*|\.\d[\d_]*)([eE][-+]?\d+)?$|^[-+]?\.(inf|Inf)$|^\.nan$"
        ),
        list("-+0123456789."),
    )
    return Loader


def with_values(base: Scenario, extra: Mapping[str, Mapping[str, Any]], name: str) -> Scenario:
    """A scenario with further values, under another name."""
    merged = {chapter: dict(values) for chapter, values in base.parameters.items()}
    for chapter, values in extra.items():
        merged.setdefault(chapter, {}).update(values)
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

    check_values(known_parameters(book), scenario.parameters)
    for chapter in chapters or ():
        if chapter not in scenario.parameters:
            raise UnknownName(f"chapter of {scenario.name}", chapter, scenario.parameters)
    return [
        Task.of(book / "notebooks" / f"{chapter}.ipynb", around, values, output)
        for chapter, values in scenario.parameters.items()
        if not chapters or chapter in chapters
    ]
