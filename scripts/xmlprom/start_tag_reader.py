"""Read a source for a mapping to which start tags tell all."""

from __future__ import annotations

from collections.abc import Callable

from xmlprom.machine import State
from xmlprom.plan import Plan, RowTarget
from xmlprom.reader import MAX_DISTINCT, Attributes, Reader, RowSink, own_texts


class StartTagReader(Reader):
    """Counts start tags by their names and attributes."""

    def __init__(self, plan: Plan, sink: RowSink, max_depth: int, on_doctype: Callable[..., None]) -> None:
        super().__init__(plan, sink, max_depth, on_doctype)
        self._first_seen: list[tuple[State, object]] = []  # keys of all `State.counts`, in the source's order
        state = self._machine.start

        def start(tag: str, attributes: Attributes) -> None:
            nonlocal state
            state = state[tag]
            counts = state.counts
            if counts is not None:
                try:
                    counts[state.key(attributes)] += 1
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
        assert state.counts is not None  # noqa: S101 - the caller has looked
        key = state.key_with_gaps(attributes)
        if key not in state.counts:
            state.counts[key] = 0
            self._first_seen.append((state, key))
        state.counts[key] += 1

    def _enter(self, state: State, attributes: Attributes) -> State:
        state = state.decide(attributes)
        for target in state.targets:
            if isinstance(target, RowTarget):
                self.add(target.fields, own_texts(target.fields, state.tag, attributes))
        return state

    def drain_if_full(self) -> None:
        if len(self._first_seen) + len(self._equal_rows) > MAX_DISTINCT:
            self.drain()

    def drain(self) -> None:
        for state, key in self._first_seen:
            self._sink.add(*state.take_counted(key))
        self._first_seen.clear()
        super().drain()
