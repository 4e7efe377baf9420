"""Count rows where start tags alone hold all that is wanted of them: the fastest way to read."""

from __future__ import annotations

from collections.abc import Callable

from xmlprom.reading import row_counter
from xmlprom.reading.fields import RawRow
from xmlprom.reading.holders import Attributes
from xmlprom.reading.open_row import Row
from xmlprom.reading.path_matcher import PathMatcher
from xmlprom.reading.patterns import Plan
from xmlprom.reading.state import State, Tally


class StartTagCounts:
    """Counts start tags by their names and attributes; `start` and `end` are the parser's handlers."""

    start: Callable[[str, Attributes], None]
    end: Callable[[str], None]
    innermost: Callable[[], State]

    def __init__(self, plan: Plan, matcher: PathMatcher, sink: row_counter.RowSink) -> None:
        self._sink = sink
        self._tallies: list[dict[RawRow, Tally]] = [{} for _ in plan.sections]
        self._counting: list[State] = []  # one for each key in `State.tallies`
        state = matcher.start

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
                self._enter(state, attributes)

        def end(_tag: str) -> None:
            nonlocal state
            state = state.up

        self.start, self.end, self.innermost = start, end, lambda: state

    def _enter(self, state: State, attributes: Attributes) -> None:
        if state.counted:
            state.counters.clear()
        for row in state.whole:
            self._tally(row, attributes).rows += 1

    def _count(self, state: State, attributes: Attributes) -> None:
        """Count a row of which there may have been none before, or which lacks attributes."""
        key = state.key_with_gaps(attributes)
        if key not in state.tallies:
            state.tallies[key] = self._tally(state.whole[0], attributes)
            self._counting.append(state)
        state.tallies[key].rows += 1

    def _tally(self, row: Row, attributes: Attributes) -> Tally:
        return self._tallies[row.section].setdefault(tuple(row.at_start_tag(attributes)), Tally())  # type: ignore[arg-type]

    def count(self) -> None:
        if max(len(self._counting), sum(map(len, self._tallies))) > row_counter.MAX_DISTINCT:
            self.flush()

    def flush(self) -> None:
        for section, tallies in enumerate(self._tallies):
            self._sink.add(section, [(texts, tally.rows) for texts, tally in tallies.items()])
            tallies.clear()
        for state in self._counting:
            state.tallies.clear()
        self._counting.clear()
