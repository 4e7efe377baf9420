"""Read a source for a mapping to which start tags tell all."""

from __future__ import annotations

from collections.abc import Callable

from xmlprom.machine import Attributes, State
from xmlprom.plan import Plan, RawRow
from xmlprom.reader import Reader, RowSink


class StartTagReader(Reader):
    """Counts start tags by their names and attributes."""

    def __init__(self, plan: Plan, sink: RowSink, max_depth: int, on_doctype: Callable[..., None]) -> None:
        super().__init__(plan, sink, max_depth, on_doctype)
        self._keys: list[tuple[State, object, RawRow]] = []  # of all `State.counts`
        state = self._machine.start

        def start(tag: str, attributes: Attributes) -> None:
            nonlocal state
            state = state[tag]
            attribute = state.attribute
            if attribute is not None:
                try:
                    state.counts[attributes[attribute]] += 1
                except KeyError:
                    self._count(state, attributes)
            elif state.key is not None:
                try:
                    state.counts[state.key(attributes)] += 1
                except KeyError:
                    self._count(state, attributes)
            elif state.active:
                state = self._enter(state, attributes)

        def end(_tag: str) -> None:
            nonlocal state
            state = state.up

        self.start, self.end, self._innermost = start, end, lambda: state

    def _count(self, state: State, attributes: Attributes) -> None:
        """Count a row of which there may have been none before, or which lacks attributes."""
        key = state.key_with_gaps(attributes)
        if key not in state.counts:
            (row,) = state.whole
            texts = tuple(row.at_start_tag(attributes))
            state.counts[key] = 0
            self._counted[row.section][texts] += 0  # keeps its place among the others
            self._keys.append((state, key, texts))
        state.counts[key] += 1

    def _enter(self, state: State, attributes: Attributes) -> State:
        state = state.decide(attributes)
        for row in state.whole:
            self._counted[row.section][tuple(row.at_start_tag(attributes))] += 1
        return state

    def hand_on(self) -> None:
        while self._keys:  # lxml calls close() also when memory ran out in here
            state, key, texts = self._keys.pop()
            self._counted[state.whole[0].section][texts] += state.counts.pop(key)
        super().hand_on()

    def _kept(self) -> int:
        return max(len(self._keys), super()._kept())  # each key has a row, which several may share
