"""Read a source for a mapping to which start tags tell all."""

from __future__ import annotations

from collections.abc import Callable

from xmlprom.reading.path_matcher import State
from xmlprom.reading.patterns import Plan, RawRow
from xmlprom.reading.row_reader import MAX_DISTINCT, Reader, RowSink
from xmlprom.reading.rows import Attributes, Row, Tally


class StartTagReader(Reader):
    """Counts start tags by their names and attributes."""

    def __init__(self, plan: Plan, sink: RowSink, max_depth: int, on_doctype: Callable[..., None]) -> None:
        super().__init__(plan, sink, max_depth, on_doctype)
        self._tallies: list[dict[RawRow, Tally]] = [{} for _ in plan.sections]
        self._counting: list[State] = []  # one for each key in `State.tallies`
        state = self._matcher.start

        def start(tag: str, attributes: Attributes) -> None:
            nonlocal state
            state = state[tag]
            attribute = state.attribute
            if attribute is not None:
                try:
                    state.tallies[attributes[attribute]].rows += 1
                except KeyError:
                    self._count(state, attributes)
            elif state.key is not None:
                try:
                    state.tallies[state.key(attributes)].rows += 1
                except KeyError:
                    self._count(state, attributes)
            elif state.active:
                state = state.decide(attributes)
                for row in state.whole:
                    self._tally(row, attributes).rows += 1

        def end(_tag: str) -> None:
            nonlocal state
            state = state.up

        self.start, self.end, self._innermost = start, end, lambda: state

    def _count(self, state: State, attributes: Attributes) -> None:
        """Count a row of which there may have been none before, or which lacks attributes."""
        key = state.key_with_gaps(attributes)
        if key not in state.tallies:
            state.tallies[key] = self._tally(state.whole[0], attributes)
            self._counting.append(state)
        state.tallies[key].rows += 1

    def _tally(self, row: Row, attributes: Attributes) -> Tally:
        return self._tallies[row.section].setdefault(tuple(row.at_start_tag(attributes)), Tally())

    def count(self) -> None:
        if max(len(self._counting), sum(map(len, self._tallies))) > MAX_DISTINCT:
            self.flush()

    def flush(self) -> None:
        for section, tallies in enumerate(self._tallies):
            self._sink.add(section, [(texts, tally.rows) for texts, tally in tallies.items()])
            tallies.clear()
        for state in self._counting:
            state.tallies.clear()
        self._counting.clear()
