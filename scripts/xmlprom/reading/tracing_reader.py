"""Read a source for a person who asks where a number comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from xmlprom.reading.full_reader import FullReader
from xmlprom.reading.patterns import Plan
from xmlprom.reading.row_reader import RowSink
from xmlprom.reading.rows import Attributes


class TracingReader(FullReader):
    """Tells where rows stand: each row ends with two more columns, its number and its line, counted from 1."""

    def __init__(self, plan: Plan, sink: RowSink, max_depth: int, on_doctype: Callable[..., None]) -> None:
        super().__init__(plan, sink, max_depth, on_doctype)
        self._line = 1
        self._row = 0
        start = self.start

        def start_and_number(tag: str, attributes: Attributes) -> None:
            start(tag, attributes)
            for row in self._innermost().open_rows:
                self._row += 1
                row.texts += [str(self._row), str(self._line)]

        self.start = start_and_number

    def pieces(self, chunk: bytes) -> Iterable[bytes]:
        """Lines, since libxml2 does not tell a target where it is."""
        for line in chunk.splitlines(keepends=True):
            yield line
            self._line += line.endswith(b"\n")
