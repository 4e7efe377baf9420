"""Survey a sample in one streaming pass and bounded memory: which places it has, and what texts stand there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from xmlprom import reasons
from xmlprom.drafting.gather import MAX_TEXT, Gathered
from xmlprom.drafting.survey import ANY, Place, Survey, merge
from xmlprom.errors import RunError
from xmlprom.mapping.model import Limits
from xmlprom.reading.patterns import Plan
from xmlprom.reading.row_reader import Reader
from xmlprom.reading.rows import Attributes
from xmlprom.reading.xml_parser import naming, stream

_MAX_CHILDREN = 60  # element names below one parent; what is above is surveyed together, as "*"
_MAX_PLACES = 2000
_MAX_ATTRIBUTES = 10_000  # in all places together


def survey(path: str) -> Survey:
    """Read a sample.

    :raises RunError: if it can't be read or is no XML, as `collect` has it
    """
    with naming(path):
        _, reader = stream(path, Plan((), (), ()), Limits(), _NoRows(), make=_Scanner)
    assert isinstance(reader, _Scanner)  # noqa: S101 - tells mypy
    return reader.survey()


class _NoRows:
    def add(self, section: int, rows: object) -> None:
        """There are none: the plan is empty."""


@dataclass
class _Node:
    """Gathers what `Place` tells."""

    tag: str
    count: int = 0
    most: int = 0
    attributes: dict[str, Gathered] = field(default_factory=dict)
    text: Gathered = field(default_factory=Gathered)
    is_leaf: bool = True
    children: dict[str, _Node] = field(default_factory=dict)
    below: bool = False

    def freeze(self, nested: Iterable[str]) -> Place:
        """The place; children that are in `nested` are not part of it."""
        return Place(
            tag=self.tag,
            count=self.count,
            most=self.most,
            attributes={name: texts.freeze() for name, texts in self.attributes.items()},
            text=self.text.freeze() if self.is_leaf else None,
            children=tuple(child.freeze(nested) for tag, child in self.children.items() if tag not in nested),
            below=self.below or any(tag in nested for tag in self.children),
        )


@dataclass
class _Open:
    """An open element."""

    node: _Node
    counts: dict[str, int] = field(default_factory=dict)  # of children by name
    parts: list[str] = field(default_factory=list)
    length: int = 0


class _Scanner(Reader):
    """A parser target that fills nodes rather than rows."""

    data: Callable[[str], None]

    def __init__(self, plan: Plan, sink: Any, max_depth: int, on_doctype: Callable[[], None]) -> None:
        super().__init__(plan, sink, max_depth, on_doctype)
        self._open: list[_Open] = []
        self._root: _Node | None = None
        self._nested: dict[str, _Node] = {}
        self._prefixes: dict[str, str] = {}
        self._places = self._attributes = 0
        self._lumped = False
        self.start, self.end, self.data = self._start, self._end, self._data

    def start_ns(self, prefix: str | None, uri: str) -> None:
        if len(self._prefixes) < _MAX_CHILDREN:
            self._prefixes.setdefault(uri, prefix or "")

    def _start(self, tag: str, attributes: Attributes) -> None:
        if len(self._open) >= self._max_depth:
            raise RunError(reasons.LIMIT, f"elements are nested deeper than {self._max_depth}")
        node = self._node(tag)
        node.count += 1
        for name, text in attributes.items():
            texts = node.attributes.get(name)
            if texts is None and self._attributes < _MAX_ATTRIBUTES:
                self._attributes += 1
                texts = node.attributes[name] = Gathered()
            if texts is not None:
                texts.add(text)
        self._open.append(_Open(node))

    def _node(self, tag: str) -> _Node:
        if not self._open:
            self._root = _Node(tag, most=1)
            return self._root
        parent = self._open[-1]
        parent.node.is_leaf = False
        if tag not in self._nested:
            node = next((above.node for above in self._open if above.node.tag == tag), None)
            if node:
                self._nested[tag] = node
        if tag in self._nested:
            node = self._nested[tag]
            parent.node.below = True
        else:
            node = self._child(parent.node, tag)
        number = parent.counts[node.tag] = parent.counts.get(node.tag, 0) + 1
        node.most = max(node.most, number)
        return node

    def _child(self, parent: _Node, tag: str) -> _Node:
        node = parent.children.get(tag)
        if node is None:
            if len(parent.children) >= _MAX_CHILDREN or self._places >= _MAX_PLACES:
                tag, self._lumped = ANY, True
            node = parent.children.setdefault(tag, _Node(tag))
            self._places += 1
        return node

    def _data(self, text: str) -> None:
        element = self._open[-1]
        if element.length <= MAX_TEXT:
            element.parts.append(text)
            element.length += len(text)

    def _end(self, _tag: str) -> None:
        element = self._open.pop()
        if element.node.is_leaf:
            element.node.text.add("".join(element.parts).strip())

    def _is_whole(self) -> bool:
        return not self._open and self._root is not None

    def survey(self) -> Survey:
        assert self._root is not None  # noqa: S101 - a document has a root
        found: dict[str, list[Place]] = {tag: [] for tag in self._nested}
        trees = [self._root, *self._nested.values()]
        seen: set[int] = set()
        while trees:
            node = trees.pop()
            if id(node) not in seen:
                seen.add(id(node))
                trees.extend(node.children.values())
                if node.tag in found:
                    found[node.tag].append(node.freeze(found))
        return Survey(
            root=self._root.freeze(found),
            nested=tuple(merge(places) for places in found.values()),
            prefixes=self._prefixes,
            exact=not (self._lumped and found),
        )
