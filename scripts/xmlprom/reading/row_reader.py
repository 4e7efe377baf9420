"""What lxml parser targets have in common that turn the events of a document into rows.

https://lxml.de/parsing.html#the-target-parser-interface. Their `start`, `end` and `data` run once per event and
decide the speed: hence closures rather than attributes, and a reader of its own for mappings that count start tags.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from itertools import repeat
from typing import Any, Protocol

from xmlprom import reasons
from xmlprom.errors import RunError
from xmlprom.reading.path_matcher import PathMatcher, State
from xmlprom.reading.patterns import Plan, RawRow, Target
from xmlprom.reading.rows import Attributes, Texts

MAX_DISTINCT = 10_000  # rows that are kept before they are aggregated


class RowSink(Protocol):
    """Takes rows of a section, each with the number of times that it came."""

    def add(self, section: int, rows: Collection[tuple[RawRow, int]]) -> None: ...


class Reader:
    """What both ways to read share. Equal rows are counted first, and all are handed on many at a time."""

    start: Callable[[str, Attributes], None]
    end: Callable[[str], None]

    def __init__(self, plan: Plan, sink: RowSink, max_depth: int, on_doctype: Callable[..., None]) -> None:
        self.documents: Texts = [None] * len(plan.documents)
        self.repeated: set[Target] = set()  # places of which a row, or the document, has several; the first counts
        self._sink = sink
        self._max_depth = max_depth
        self._on_doctype = on_doctype
        self._matcher = PathMatcher(plan, max_depth)
        self._innermost: Callable[[], State]  # the state of the innermost open element

    def pieces(self, chunk: bytes) -> Iterable[bytes]:
        """The portions in which the parser is to be fed."""
        return (chunk,)

    def doctype(self, *identifiers: Any) -> None:
        self._on_doctype(*identifiers)

    def close(self) -> None:
        self.count()
        self.flush()

    def check_whole(self) -> None:
        """Make sure that all elements ended, once lxml found no fault.

        libxml2 before 2.12 takes the first byte that can't be decoded for the end of the document, and tells nobody.

        :raises RunError: if there was no root element, or one has not ended
        """
        if not self._is_whole():
            raise RunError(
                reasons.MALFORMED, "not well-formed XML: it ends early, at bytes that are wrong in its encoding"
            )

    def _is_whole(self) -> bool:
        return self._innermost() is self._matcher.start and bool(self._matcher.start)

    def count(self) -> None:
        """Count the rows since the last call; belongs behind each portion of the source."""

    def flush(self) -> None:
        """Give the rows that were counted to the metrics, in the source's order."""


class RowCounter:
    """Counts equal rows before it hands them on; `rows` are those since the last `count`, by section."""

    def __init__(self, plan: Plan, sink: RowSink) -> None:
        self.rows: list[list[RawRow]] = [[] for _ in plan.sections]
        self._sink = sink
        self._counted: list[Counter[RawRow]] = [Counter() for _ in plan.sections]
        self._uncounted = [fields.ordered for fields in plan.sections]  # handed on one by one

    def count(self) -> None:
        for section, rows in enumerate(self.rows):
            if not self._uncounted[section]:
                self._counted[section].update(rows)
            elif rows:
                self._sink.add(section, list(zip(rows, repeat(1))))
            rows.clear()
        if sum(map(len, self._counted)) > MAX_DISTINCT:
            for section, counted in enumerate(self._counted):
                # Where rows are seldom equal, to count them first is a detour.
                self._uncounted[section] |= sum(counted.values()) < 2 * len(counted)
            self.flush()

    def flush(self) -> None:
        for section, counted in enumerate(self._counted):
            self._sink.add(section, counted.items())
            counted.clear()
