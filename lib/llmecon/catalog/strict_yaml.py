"""YAML without its traps: what looks like a number is the number that a reader sees."""

import re
from pathlib import Path
from typing import Any, ClassVar

from llmecon.catalog.reading import parsed

# YAML 1.2's numbers: 1e12 is one; 010 (octal), 1:30 (base 60), no, off and dates are text.
_PLAIN = {
    "null": r"~|null|",
    "bool": r"true|false",
    "int": r"[-+]?(0|[1-9][0-9_]*)",
    "float": r"[-+]?((0|[1-9][0-9_]*)?\.[0-9_]+|(0|[1-9][0-9_]*)\.?)([eE][-+]?[0-9]+)?",
}


def read_yaml(path: Path) -> Any:
    """What a YAML file holds; a key comes once, and nothing stands for something else.

    Raises
    ------
    ValueError
        If it is not such a file, or PyYAML is not there: file, line and reason.
    """
    try:
        import yaml
    except ModuleNotFoundError as error:
        raise ValueError(
            f"{path.name}: reading YAML needs PyYAML (pip install pyyaml), or write it as JSON"
        ) from error
    try:
        return parsed(path, lambda text: yaml.load(text, Loader=_loader(yaml)))  # a SafeLoader
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ValueError(f"{path.name}{line}: {error.problem}") from error
    except yaml.YAMLError as error:
        raise ValueError(f"{path.name}: not YAML: {' '.join(str(error).split())}") from error


def _loader(yaml: Any) -> Any:
    class Loader(yaml.SafeLoader):  # type: ignore[misc]
        yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}

        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):  # nested, they make gigabytes of a few lines
                mark = self.peek_event().start_mark
                raise yaml.MarkedYAMLError(None, None, "aliases (*name) are not read", mark)
            event = self.peek_event()
            if event.tag is not None:  # !!set, !!binary: values that no field has
                problem = f"tags ({event.tag}) are not read"
                raise yaml.MarkedYAMLError(None, None, problem, event.start_mark)
            return super().compose_node(parent, index)

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            seen: list[Any] = []
            for key, _ in node.value:
                if key.value in seen:
                    problem = f"{key.value} is given twice"
                    raise yaml.MarkedYAMLError(None, None, problem, key.start_mark)
                if not isinstance(key.value, str):
                    problem = "a key must be text"
                    raise yaml.MarkedYAMLError(None, None, problem, key.start_mark)
                seen.append(key.value)
            return super().construct_mapping(node, deep=deep)

    for tag, rule in _PLAIN.items():
        Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^({rule})$"), None)
    return Loader
