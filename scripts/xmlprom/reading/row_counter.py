"""Count equal rows before they are aggregated, many at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from itertools import repeat
from typing import Optional, Protocol

from xmlprom.reading.fields import RawRow
from xmlprom.reading.open_row import Origin
from xmlprom.reading.patterns import Plan

Locate = Callable[[Sequence[Optional[Origin]]], None]
MAX_DISTINCT = 10_000  # rows that are kept before they are aggregated


class RowSink(Protocol):
    """Takes rows of a section, each with the number of times that it came."""

    def add(self, section: int, rows: Collection[tuple[RawRow, int]]) -> None: ...


class RowCounter:
    """`rows` are those since the last `count`, by section, and `origins` their places if they are traced.

    :param locate: gets the places of the rows that the sink gets next
    """

    def __init__(self, plan: Plan, sink: RowSink, locate: Locate | None) -> None:
        self._locate = locate
        self.rows: list[list[RawRow]] = [[] for _ in plan.sections]
        self.origins: list[list[Origin | None]] = [[] for _ in plan.sections]
        self._sink = sink
        self._counted: list[Counter[RawRow]] = [Counter() for _ in plan.sections]
        self._uncounted = [fields.ordered for fields in plan.sections]  # aggregated one by one

    def add(self, section: int, row: RawRow, times: int) -> None:
        """Take a row that came more than once."""
        if times == 1 or self._uncounted[section]:
            self.rows[section].append(row)
            times -= 1
        if times:
            self._counted[section][row] += times

    def count(self) -> None:
        for section, rows in enumerate(self.rows):
            if not self._uncounted[section]:
                self._counted[section].update(rows)
            elif rows:
                if self._locate:
                    self._locate(self.origins[section])
                self._sink.add(section, list(zip(rows, repeat(1))))
                self.origins[section].clear()
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
