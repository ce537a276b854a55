"""YAML as people mean it, with the line of everything.

Reads YAML 1.2's core schema (`no` is a word, `012` is a text, `12:30` is a time of day, not 750) with the C parser,
which reads lexicons of ten thousand lines in a blink. Keys that stand twice are errors; tags that would make objects
are errors; what a path of keys points at can be asked for its line.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

MAX_DEPTH = 40
"""Levels of nesting that we follow; no file that people write is deeper."""

_CORE = "tag:yaml.org,2002:"


class DocumentError(Exception):
    """The text is not the YAML that we read.

    Attributes:
        line: where, counted from 1; 0 where the parser does not say.
    """

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


class _Loader(yaml.CSafeLoader):
    """The C parser with YAML 1.2's ideas of what a plain word is."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own shape


def _teach(tag: str, pattern: str, first: str) -> None:
    _Loader.add_implicit_resolver(f"{_CORE}{tag}", re.compile(pattern), list(first))


_teach("null", r"^(~|null|Null|NULL|)$", "~nN\0")
_teach("bool", r"^(true|True|TRUE|false|False|FALSE)$", "tTfF")
_teach("int", r"^[-+]?(0|[1-9][0-9]{0,17})$", "-+0123456789")
_teach("float", r"^[-+]?(0|[1-9][0-9]*)?\.[0-9]+([eE][-+]?[0-9]+)?$", "-+.0123456789")


@dataclass(frozen=True, slots=True)
class Document:
    """The data of a file, and where each part of it stands."""

    data: Any
    _root: yaml.Node | None

    def line(self, path: Sequence[str | int] = ()) -> int:
        """The line (from 1) of what the path points at, or of the nearest thing above it that exists."""
        node = self._root
        line = 1
        for step in path:
            node, line = _child(node, step, line)
            if node is None:
                break
        return line


def _child(node: yaml.Node | None, step: str | int, line: int) -> tuple[yaml.Node | None, int]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return value, key.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        value = node.value[step]
        return value, value.start_mark.line + 1
    return None, line


def read_document(text: str) -> Document:
    """The document that this text holds; an empty text holds `None`.

    Raises:
        DocumentError: not YAML, a key that stands twice, a tag, more than one document, nesting beyond `MAX_DEPTH`.
    """
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
    except yaml.YAMLError as error:
        raise _located(error) from None
    except ValueError as error:
        raise DocumentError(str(error), 0) from None
    finally:
        loader.dispose()
    return Document(None if root is None else _Builder().build(root, 0), root)


def _located(error: yaml.YAMLError) -> DocumentError:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "not readable as YAML"
    return DocumentError(str(problem), mark.line + 1 if mark else 0)


class _Builder:
    """Turns nodes into plain values; a node used twice (an alias) is built once, so that aliases cannot explode."""

    def __init__(self) -> None:
        self._built: dict[int, Any] = {}

    def build(self, node: yaml.Node, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise DocumentError("nested too deep", node.start_mark.line + 1)
        known = self._built.get(id(node), self)
        if known is not self:
            return known
        value = self._value(node, depth)
        self._built[id(node)] = value
        return value

    def _value(self, node: yaml.Node, depth: int) -> Any:
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, depth)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(child, depth + 1) for child in node.value]
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node)
        raise DocumentError("not readable as YAML", node.start_mark.line + 1)

    def _mapping(self, node: yaml.MappingNode, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise DocumentError("a key must be a word", line)
            if key_node.value in result:
                message = f"the key '{key_node.value}' stands twice"
                raise DocumentError(message, line)
            result[key_node.value] = self.build(value_node, depth + 1)
        return result


def _scalar(node: yaml.ScalarNode) -> Any:
    tag = node.tag.removeprefix(_CORE)
    match tag:
        case "str":
            return node.value
        case "null":
            return None
        case "bool":
            return node.value.lower() == "true"
        case "int":
            return int(node.value)
        case "float":
            return float(node.value)
    message = f"the tag '{node.tag}' is not allowed here"
    raise DocumentError(message, node.start_mark.line + 1)
