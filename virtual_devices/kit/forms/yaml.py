"""YAML text to plain nodes that know their lines.

Scalars follow YAML 1.2's core schema, not PyYAML's 1.1: only ``true`` and ``false`` are booleans, so that ``mode: on``
is the word *on* and ``18:00`` no number in base 60. Anchors, aliases, tags and deep nesting are refused: a home needs
none of them, and with them a small file can stand for an endless one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

MAX_BYTES = 1 << 20
MAX_DEPTH = 12

_INTEGER = re.compile(r"[-+]?\d{1,30}")
_FLOAT = re.compile(r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?")
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})


class YamlError(Exception):
    """Text that is no YAML for a home file. line: counted from 1."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line = line
        self.text = text


@dataclass(slots=True)
class Node:
    """One value. kind: ``map``, ``list`` or ``value``.  keys: the line of each key of a map.  repeated: (key, line)."""

    kind: str
    line: int
    value: Any = None
    items: list[Node] = field(default_factory=list)
    map: dict[str, Node] = field(default_factory=dict)
    keys: dict[str, int] = field(default_factory=dict)
    repeated: list[tuple[str, int]] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether it is written as nothing at all (``sun:``)."""
        return self.kind == "value" and self.value is None

    def plain(self) -> Any:
        """The value without lines."""
        if self.kind == "map":
            return {key: node.plain() for key, node in self.map.items()}
        if self.kind == "list":
            return [node.plain() for node in self.items]
        return self.value


def read(text: str) -> Node:
    """The one document in ``text``. Raises YamlError with the line of the first mistake."""
    if len(text.encode(errors="replace")) > MAX_BYTES:
        raise YamlError(1, "is larger than 1 MiB; a home file names its data files, it does not hold them")
    try:
        return _build(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        context = f" {error.context}" if error.context else ""
        if error.context_mark and mark and error.context_mark.line != mark.line:
            context += f" (begun in line {error.context_mark.line + 1})"
        raise YamlError(
            mark.line + 1 if mark else 1,
            f"broken YAML{f' in column {mark.column + 1}' if mark else ''}:{context} {error.problem or 'it cannot be read'}; mend the indentation, quote or bracket here",
        ) from None
    except yaml.YAMLError as error:
        line = text[: getattr(error, "position", 0)].count("\n") + 1
        raise YamlError(line, "broken YAML: a character that no text holds; remove it") from None


class _Tree:
    """Nodes from parser events. place() puts a node into the open map or list, or makes it the document."""

    def __init__(self) -> None:
        self.documents: list[Node] = []
        self.open: list[Node] = []
        self.waiting: list[Node | None] = []  # of each open node: the key that waits for its value

    def place(self, node: Node) -> None:
        if not self.open:
            self.documents.append(node)
        elif self.open[-1].kind == "list":
            self.open[-1].items.append(node)
        elif self.waiting[-1] is None:
            if node.kind != "value":
                raise YamlError(node.line, "a key is a list or a map; write a plain name before the colon")
            self.waiting[-1] = node
        else:
            key, self.waiting[-1] = self.waiting[-1], None
            self.pair(self.open[-1], str(key.value), key.line, node)

    @staticmethod
    def pair(parent: Node, name: str, line: int, node: Node) -> None:
        if name in parent.map:
            parent.repeated.append((name, line))
        else:
            parent.map[name], parent.keys[name] = node, line

    def enter(self, node: Node) -> None:
        if len(self.open) >= MAX_DEPTH:
            raise YamlError(node.line, f"nested deeper than {MAX_DEPTH} levels; a home file needs four")
        self.place(node)
        self.open.append(node)
        self.waiting.append(None)

    def leave(self) -> None:
        self.open.pop()
        self.waiting.pop()


def _build(text: str) -> Node:
    tree = _Tree()
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.NodeEvent):
            _refuse(event, line)
        if isinstance(event, yaml.ScalarEvent):
            plain = event.implicit[0] and event.style is None
            tree.place(Node("value", line, resolve(event.value) if plain else event.value))
        elif isinstance(event, yaml.CollectionStartEvent):
            tree.enter(Node("map" if isinstance(event, yaml.MappingStartEvent) else "list", line))
        elif isinstance(event, yaml.CollectionEndEvent):
            tree.leave()
        elif isinstance(event, yaml.DocumentStartEvent) and tree.documents:
            raise YamlError(line, "a second document begins here (---); keep one home in a file")
    return tree.documents[0] if tree.documents else Node("value", 1)


def _refuse(event: yaml.NodeEvent, line: int) -> None:
    """Raise YamlError for what only makes small files large or strange."""
    if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
        raise YamlError(line, "anchors and aliases (& and *) are not understood here; write the value out")
    tag = getattr(event, "tag", None)
    if tag not in (None, "!"):
        raise YamlError(line, f"the tag {tag} is not understood here; leave it out")


def resolve(text: str) -> Any:
    """What a word without quotes stands for."""
    if text in _NULLS:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text
