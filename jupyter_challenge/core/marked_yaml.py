"""Read YAML and remember where every value stood, so that a mistake can name its line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

MAX_SIZE = 1_000_000
MAX_DEPTH = 30
MAX_NODES = 20_000

Loc = tuple[str | int, ...]


@dataclass(frozen=True)
class Mark:
    """A place in a file, line and column counted from 1."""

    line: int
    column: int


@dataclass(frozen=True)
class Mistake:
    """What is wrong at a place, and what mends it."""

    mark: Mark
    message: str
    fix: str


@dataclass
class Marked:
    """A YAML document as plain values, with the places of its keys and values.

    Attributes:
        value: Dictionaries, lists, texts, numbers, truth values and None.
        keys: Place of the key, or of the list's item, by location.
        values: Place of the value, by location.
        mistakes: Duplicate keys and the like.
    """

    value: Any = None
    keys: dict[Loc, Mark] = field(default_factory=dict)
    values: dict[Loc, Mark] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)

    def mark(self, loc: Sequence[str | int], *, key: bool = False) -> Mark:
        """Find the place of a location, or of the nearest thing around it."""
        at = tuple(loc)
        while at:
            if key and at in self.keys:
                return self.keys[at]
            if at in self.values:
                return self.values[at]
            at, key = at[:-1], True
        return Mark(1, 1)


_TOO_MUCH = ("there is far too much here for a challenge", "remove repetitions and nesting")


class _TooMuch(Exception):  # noqa: N818 - it is caught here and seen by nobody
    """The document is deeper or larger than a challenge can be."""


class _ShallowLoader(yaml.SafeLoader):
    """Stops at a depth that no challenge has: PyYAML's time grows with the square of it."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _TooMuch
        node: yaml.Node | None = super().compose_node(parent, index)
        self.depth -= 1
        return node


def read_marked(text: str) -> Marked:
    """Read a YAML document; what cannot be read is among its `mistakes`."""
    marked = Marked()
    try:
        node = yaml.compose(text, Loader=_ShallowLoader)
    except yaml.MarkedYAMLError as error:
        where = error.problem_mark or error.context_mark
        mark = Mark(where.line + 1, where.column + 1) if where else Mark(1, 1)
        said = ": ".join(part for part in (error.context, error.problem) if part)
        marked.mistakes.append(
            Mistake(mark, f"this is not YAML ({said})", _yaml_fix(text, mark, said))
        )
        return marked
    except yaml.YAMLError as error:
        marked.mistakes.append(
            Mistake(Mark(1, 1), f"this is not YAML ({error})", "save the file as UTF-8 text")
        )
        return marked
    except _TooMuch:
        marked.mistakes.append(Mistake(Mark(1, 1), *_TOO_MUCH))
        return marked
    if node is not None:
        _Builder(marked).build_root(node)
    return marked


def _yaml_fix(text: str, mark: Mark, said: str) -> str:
    lines = text.splitlines()
    line = lines[mark.line - 1] if mark.line <= len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())] or "\\t" in said:
        return "indent with spaces, not with tabs"
    if "mapping values are not allowed" in said:
        return "put text that has a colon in quotes, and check the indentation"
    return "check quotes, brackets and the indentation of this line and the one before"


class _Builder:
    """Makes plain values of YAML nodes; anchors are followed within bounds."""

    def __init__(self, marked: Marked) -> None:
        self._marked = marked
        self._constructor = yaml.SafeLoader("")
        self._nodes = 0

    def build_root(self, node: yaml.Node) -> None:
        try:
            self._marked.value = self._build(node, ())
        except _TooMuch:
            self._wrong(node, *_TOO_MUCH)

    def _build(self, node: yaml.Node, loc: Loc) -> Any:
        self._nodes += 1
        if self._nodes > MAX_NODES or len(loc) > MAX_DEPTH:
            raise _TooMuch
        self._marked.values[loc] = _mark(node)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, loc)
        if isinstance(node, yaml.SequenceNode):
            items = []
            for i, item in enumerate(node.value):
                self._marked.keys[loc + (i,)] = _mark(item)
                items.append(self._build(item, loc + (i,)))
            return items
        return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, loc: Loc) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._wrong(key_node, "a key must be a word", "write `key: value`")
                continue
            key = key_node.value
            if key_node.tag == "tag:yaml.org,2002:merge":
                self._wrong(key_node, "merging with << is not understood", "write the keys out")
                continue
            if key in result:
                first = self._marked.keys[loc + (key,)]
                self._wrong(
                    key_node,
                    f'"{key}" is here twice, first on line {first.line}',
                    "keep one of the two",
                )
                continue
            self._marked.keys[loc + (key,)] = _mark(key_node)
            result[key] = self._build(value_node, loc + (key,))
        return result

    def _scalar(self, node: yaml.Node) -> Any:
        if node.tag == "tag:yaml.org,2002:timestamp":
            return node.value  # pydantic reads times, with their zones
        try:
            return self._constructor.construct_object(node, deep=True)
        except (yaml.YAMLError, ValueError) as error:
            said = getattr(error, "problem", None) or str(error)
            self._wrong(node, f"this value cannot be read ({said})", "put it in quotes")
            return None

    def _wrong(self, node: yaml.Node, message: str, fix: str) -> None:
        self._marked.mistakes.append(Mistake(_mark(node), message, fix))


def _mark(node: yaml.Node) -> Mark:
    return Mark(node.start_mark.line + 1, node.start_mark.column + 1)
