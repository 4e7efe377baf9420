"""Scan samples, each in one streaming pass and all in bounded memory: which places they have, what texts are there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from xmlprom import reasons
from xmlprom.drafting.counters import compare_samples
from xmlprom.drafting.pairs import KEY, PairReader, settle
from xmlprom.drafting.places import ANY, Place, merge
from xmlprom.drafting.text_stats import MAX_TEXT, TextStats
from xmlprom.errors import RunError
from xmlprom.mapping.model import Limits
from xmlprom.reading.holders import Attributes
from xmlprom.reading.patterns import Plan
from xmlprom.reading.row_reader import Target
from xmlprom.reading.xml_parser import naming, stream

_MAX_CHILDREN = 60  # element names below one parent; all further ones are one place, "*"
_MAX_PLACES = 2000
_MAX_ATTRIBUTES = 10_000  # in all places together


class Sample(NamedTuple):
    """What samples hold. `nested`: tag -> place of elements that are below elements of their own name."""

    root: Place
    nested: dict[str, Place]
    prefixes: dict[str, str]  # namespace -> prefix

    def places(self) -> Iterator[Place]:
        """All places, each once."""
        open_, seen = [self.root, *self.nested.values()], set()
        while open_:
            place = open_.pop()
            if id(place) not in seen:
                seen.add(id(place))
                yield place
                open_.extend(place.children.values())


def scan(paths: Sequence[str]) -> Sample:
    """Read samples of one format.

    :raises RunError: if one can't be read, is no XML, or has another root than the first
    """
    gathered = _Gathered()

    def make(plan: Plan, sink: Any, max_depth: int, on_doctype: Callable[[], None]) -> _Scanner:
        return _Scanner(plan, sink, max_depth, on_doctype, gathered)

    for path in paths:
        with naming(path):
            stream(path, Plan((), (), ()), Limits(), _NoRows(), make=make)
        assert gathered.root is not None  # noqa: S101 - a document has a root
        sample = Sample(gathered.root, gathered.nested, gathered.prefixes)
        compare_samples(sample.places())
    settle(list(sample.places()))
    _take_out_nested(sample)
    return sample


def _take_out_nested(sample: Sample) -> None:
    """Make one place of all elements of a name that are nested somewhere, in no other place."""
    places = list(sample.places())
    found = {tag: [place for place in places if place.tag == tag] for tag in sample.nested}
    for place in places:
        place.recursive = place.recursive or any(tag in sample.nested for tag in place.children)
        place.children = {tag: child for tag, child in place.children.items() if tag not in sample.nested}
    for tag, same in found.items():
        sample.nested[tag] = merge(same)
        sample.nested[tag].tag = tag
    if sample.root.tag in sample.nested:
        sample.root.children = {}


class _NoRows:
    def add(self, section: int, rows: object) -> None:
        """There are none: the plan is empty."""


class _Gathered:
    """What all samples share."""

    def __init__(self) -> None:
        self.root: Place | None = None
        self.nested: dict[str, Place] = {}
        self.prefixes: dict[str, str] = {}
        self.places = self.attributes = self.serial = 0


class _Scanner(Target):
    """A parser target that fills places rather than rows."""

    data: Callable[[str], None]

    def __init__(
        self, _plan: Plan, _sink: Any, max_depth: int, on_doctype: Callable[[], None], gathered: _Gathered
    ) -> None:
        super().__init__(on_doctype)
        self._max_depth = max_depth
        self._gathered = gathered
        self._open: list[Place] = []
        self._serials: list[int] = []
        self._counts: list[dict[Place, int] | None] = []  # of the children of each open element, by place
        self._parts: list[list[str] | None] = []
        self._length = 0
        self._pairs = PairReader()
        self.start, self.end, self.data = self._start, self._end, self._data

    def start_ns(self, prefix: str | None, uri: str) -> None:
        if len(self._gathered.prefixes) < _MAX_CHILDREN:
            self._gathered.prefixes.setdefault(uri, prefix or "")

    def _start(self, tag: str, attributes: Attributes) -> None:
        open_, serials = self._open, self._serials
        if len(open_) >= self._max_depth:
            raise RunError(reasons.LIMIT, f"elements are nested deeper than {self._max_depth}")
        place = self._place(tag)
        place.count += 1
        gathered = self._gathered
        gathered.serial += 1
        open_.append(place)
        serials.append(gathered.serial)
        self._counts.append(None)
        self._parts.append(None)
        self._length = 0
        for name, text in attributes.items():
            stats = place.attributes.get(name) or self._attribute(place, name)
            if stats is not None:
                stats.add(text, serials)

    def _attribute(self, place: Place, name: str) -> TextStats | None:
        if self._gathered.attributes >= _MAX_ATTRIBUTES:
            return None
        self._gathered.attributes += 1
        return place.attributes.setdefault(name, TextStats())

    def _place(self, tag: str) -> Place:
        if not self._open:
            return self._root(tag)
        parent = self._open[-1]
        parent.is_leaf = False
        nested = self._gathered.nested
        place = (nested.get(tag) if nested else None) or parent.children.get(tag) or self._first(parent, tag)
        if nested and tag in nested:
            parent.recursive = True
        counts = self._counts[-1]
        if counts is None:
            counts = self._counts[-1] = {}
        number = counts[place] = counts.get(place, 0) + 1
        if number == 1:
            place.parents += 1
        place.most = max(place.most, number)
        return place

    def _root(self, tag: str) -> Place:
        gathered = self._gathered
        if gathered.root is None:
            gathered.root = Place(tag)
        elif gathered.root.tag != tag:
            raise RunError(reasons.MALFORMED, f"the root is {tag}, that of the first sample {gathered.root.tag}")
        gathered.root.most = 1
        return gathered.root

    def _first(self, parent: Place, tag: str) -> Place:
        """The place of the first element of that name below a parent: a new one.

        If the parent holds its first element, and has the name of an element around it, they are nested.
        """
        above = next((above for above in self._open if above.tag == parent.tag), parent)
        if above is not parent and parent.tag not in self._gathered.nested:
            self._gathered.nested[parent.tag] = above
            if tag == parent.tag:
                return above
        return self._new(parent, tag)

    def _new(self, parent: Place, tag: str) -> Place:
        gathered = self._gathered
        if len(parent.children) >= _MAX_CHILDREN or gathered.places >= _MAX_PLACES:
            tag = ANY
        gathered.places += 1
        return parent.children.setdefault(tag, Place(tag))

    def _data(self, text: str) -> None:
        if self._length <= MAX_TEXT and (self._length or not text.isspace()):
            parts = self._parts[-1]
            if parts is None:
                parts = self._parts[-1] = []
            parts.append(text)
            self._length += len(text)

    def _end(self, tag: str) -> None:
        place = self._open[-1]
        parts = self._parts.pop()
        text = "".join(parts).strip() if parts else ""
        pairs = self._pairs
        if tag == KEY or pairs.keys or pairs.names:
            pairs.end(self._open, tag, text, self._serials)
        if place.is_leaf:
            if text:
                place.text.add(text, self._serials)
            else:
                place.text.count += 1
                place.text.blank += 1
        self._open.pop()
        self._serials.pop()
        self._counts.pop()
        self._length = 0

    def is_whole(self) -> bool:
        return not self._open and self._gathered.root is not None
