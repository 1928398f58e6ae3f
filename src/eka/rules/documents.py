"""Strict reading of YAML text into nodes that know their line, and typed reading of fields.

Scalars stay text until a field's own reader turns them into a value, so that YAML's guesses
(08:00 is 480, no is False) never get between a file and its meaning. Anchors, aliases, merges
and duplicate keys are refused (policy, section 9).
"""

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Self, TypeVar

import yaml
from msgspec import Struct

from eka.rules.units import BadValue

T = TypeVar("T")
D = TypeVar("D")
DEEPEST = 40  # a plan or scenario nests six deep; a hostile file should not exhaust the stack


class BadInput(Exception):
    """A document that breaks its format: where, what, and what would be right."""

    def __init__(self, message: str, line: int = 0, path: str = "") -> None:
        super().__init__(message)
        self.message, self.line, self.path = message, line, path

    def __str__(self) -> str:
        where = [f"line {self.line}"] if self.line else []
        where += [self.path] if self.path else []
        return ": ".join([", ".join(where), self.message] if where else [self.message])


class Node(Struct, frozen=True):
    """A scalar (text or None), a list or a mapping, with its line and its path in the document."""

    value: "str | tuple[Node, ...] | dict[str, Node] | None"
    line: int = 0
    path: str = ""

    def fail(self, message: str) -> BadInput:
        """The error to raise about this node."""
        return BadInput(message, self.line, self.path)

    def fields(self) -> "Fields":
        """The node's keys, to be taken one by one. Raises BadInput if it is not a mapping."""
        return Fields(self)

    def items(self) -> Iterator[tuple[str, "Node"]]:
        """Keys and nodes of a mapping. Raises BadInput if it is not one."""
        if not isinstance(self.value, dict):
            raise self.fail(f"expected a mapping (key: value), found {self.sort()}")
        return iter(self.value.items())

    def elements(self) -> tuple["Node", ...]:
        """The elements of a list; a lone scalar counts as a list of one."""
        if isinstance(self.value, str):
            return (self,)
        if not isinstance(self.value, tuple):
            raise self.fail(f"expected a list [...], found {self.sort()}")
        return self.value

    def text(self) -> str:
        """The scalar's text. Raises BadInput if it is not a scalar."""
        if not isinstance(self.value, str):
            raise self.fail(f"expected a single value, found {self.sort()}")
        return self.value

    def sort(self) -> str:
        """What this node is, in words, for messages."""
        if self.value is None:
            return "nothing"
        if isinstance(self.value, str):
            return repr(self.value)
        return "a mapping" if isinstance(self.value, dict) else "a list"

    def read(self, reader: Callable[[str], T]) -> T:
        """The scalar's value by `reader`, whose BadValue becomes an error at this place."""
        try:
            return reader(self.text())
        except BadValue as error:
            raise self.fail(str(error)) from None


class Fields:
    """The keys of one mapping; `finish` refuses those that nobody took."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self._left = dict(node.items())
        self._known: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if error is None:
            self.finish()

    def has(self, key: str) -> bool:
        """Whether the mapping holds `key` with a value."""
        node = self._left.get(key)
        return node is not None and node.value is not None

    def node_of(self, key: str) -> Node | None:
        """Takes the node under `key`; None where it is absent or empty."""
        self._known.append(key)
        node = self._left.pop(key, None)
        return None if node is None or node.value is None else node

    def take(self, key: str, reader: Callable[[Node], T], default: D) -> T | D:
        """The value under `key` by `reader`, or `default` where it is absent."""
        node = self.node_of(key)
        return default if node is None else reader(node)

    def need(self, key: str, reader: Callable[[Node], T]) -> T:
        """The value under `key`. Raises BadInput where it is absent."""
        node = self.node_of(key)
        if node is None:
            raise self.node.fail(f"`{key}` is missing")
        return reader(node)

    def finish(self) -> None:
        """Raises BadInput about the first key that nobody took."""
        for key, node in self._left.items():
            near = difflib.get_close_matches(key, self._known, 1)
            hint = f"did you mean `{near[0]}`?" if near else f"known: {', '.join(self._known)}"
            raise BadInput(f"unknown key `{key}`; {hint}", node.line, self.node.path)


def read_yaml(text: str) -> Node:
    """The document's node. Raises BadInput with the line."""
    try:
        _refuse_sharing(yaml.parse(text, Loader=yaml.SafeLoader))
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise BadInput(f"this is not YAML: {error.problem}", line) from None
    except yaml.YAMLError as error:
        raise BadInput(f"this is not YAML: {error}") from None
    return Node(None) if root is None else _convert(root, "")


def _refuse_sharing(events: Iterable[Any]) -> None:
    depth = documents = 0
    for event in events:
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        documents += isinstance(event, yaml.DocumentStartEvent)
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise BadInput("anchors and aliases (& and *) are not allowed; repeat the value", line)
        if depth > DEEPEST:
            raise BadInput(f"nested deeper than {DEEPEST} levels", line)
        if documents > 1:
            raise BadInput("one document a file; remove the second `---`", line)


def _convert(raw: yaml.Node, path: str) -> Node:
    line = raw.start_mark.line + 1
    if isinstance(raw, yaml.MappingNode):
        return Node(_mapping(raw, path), line, path)
    if isinstance(raw, yaml.SequenceNode):
        parts = (_convert(part, f"{path}[{i}]") for i, part in enumerate(raw.value, 1))
        return Node(tuple(parts), line, path)
    empty = raw.tag == "tag:yaml.org,2002:null"
    return Node(None if empty else str(raw.value), line, path)


def _mapping(raw: yaml.MappingNode, path: str) -> dict[str, Node]:
    fields: dict[str, Node] = {}
    for key, value in raw.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise BadInput("a key must be a plain word", line, path)
        name = str(key.value)
        if name == "<<":
            raise BadInput("merges (<<) are not allowed; repeat the values", line, path)
        if name in fields:
            raise BadInput(f"`{name}` stands here twice", line, path)
        fields[name] = _convert(value, f"{path}.{name}" if path else name)
    return fields


def from_plain(value: Any, path: str = "") -> Node:
    """The node of plain Python values, as the ledger keeps plans (JSON)."""
    if isinstance(value, Mapping):
        fields = {k: from_plain(v, f"{path}.{k}" if path else str(k)) for k, v in value.items()}
        return Node(fields, 0, path)
    if isinstance(value, list | tuple):
        return Node(tuple(from_plain(v, f"{path}[{i}]") for i, v in enumerate(value, 1)), 0, path)
    return Node(None if value is None else str(value), 0, path)


def to_plain(node: Node) -> Any:
    """The reverse of `from_plain`: dicts, lists, text and None."""
    if isinstance(node.value, dict):
        return {key: to_plain(value) for key, value in node.value.items()}
    if isinstance(node.value, tuple):
        return [to_plain(value) for value in node.value]
    return node.value


def read_list(reader: Callable[[Node], T]) -> Callable[[Node], tuple[T, ...]]:
    """A reader of lists whose elements `reader` reads."""
    return lambda node: tuple(reader(element) for element in node.elements())


def read_scalar(reader: Callable[[str], T]) -> Callable[[Node], T]:
    """A reader of scalars by a text reader that raises BadValue."""
    return lambda node: node.read(reader)


def read_choice(*choices: T) -> Callable[[Node], T]:
    """A reader of one of a few words."""

    def choose(node: Node) -> T:
        for choice in choices:
            if node.value == choice:
                return choice
        words = ", ".join(str(choice) for choice in choices)
        raise node.fail(f"{node.sort()} is not one of: {words}")

    return choose


def read_count(lowest: int = 0, highest: int = 10**9) -> Callable[[Node], int]:
    """A reader of whole numbers within bounds."""

    def count(node: Node) -> int:
        text = node.text()
        if not (text.isascii() and text.isdigit()) or not lowest <= int(text[:18]) <= highest:
            raise node.fail(f"{text!r} is not a whole number from {lowest} to {highest}")
        return int(text)

    return count


def read_flag(node: Node) -> bool:
    """A reader of `true` and `false`."""
    return read_choice("true", "false")(node) == "true"
