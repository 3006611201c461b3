"""YAML with the line of every key."""

from __future__ import annotations

from typing import Any

import yaml

Place = tuple[str | int, ...]


class YamlError(Exception):
    """Not the YAML of a configuration; `line` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def parse(text: str) -> tuple[dict[str, Any], dict[Place, int]]:
    """The mapping that `text` holds, and the line of every key and list item by its place. Raises YamlError."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        tree = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise YamlError(line, error.problem or "is not YAML") from None
    except yaml.YAMLError as error:
        raise YamlError(1, str(error).splitlines()[0]) from None
    if tree is None:
        return {}, {}
    if not isinstance(tree, dict):
        raise YamlError(1, "must hold `key: value` pairs")
    lines: dict[Place, int] = {}
    _collect(root, (), lines)
    return tree, lines


def _collect(node: yaml.Node | None, place: Place, lines: dict[Place, int]) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*place, str(key.value))
            if here in lines:
                raise YamlError(key.start_mark.line + 1, f"{key.value!r} is given twice, first on line {lines[here]}")
            lines[here] = key.start_mark.line + 1
            _collect(value, here, lines)
    elif isinstance(node, yaml.SequenceNode):
        for i, value in enumerate(node.value):
            lines[(*place, i)] = value.start_mark.line + 1
            _collect(value, (*place, i), lines)
