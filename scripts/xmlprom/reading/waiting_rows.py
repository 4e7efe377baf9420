"""Rows that have ended but lack a text of what is around them, which may still come until that element ends."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Optional

from xmlprom import reasons
from xmlprom.errors import Fault, RunError, quoted
from xmlprom.reading.frames import Around, Frame, Pending
from xmlprom.reading.holders import Cells
from xmlprom.reading.open_row import Origin, Row
from xmlprom.reading.patterns import Plan

_MAX_CHARACTERS = 16 << 20  # of all texts that are held
Emit = Callable[[Row, Cells, int, Optional[Origin]], None]


class WaitingRows:
    """Completes rows, and lets those wait that can't be complete yet; `emit` gets them when they are.

    Rows of a section whose order matters leave in the order in which they ended.
    """

    def __init__(self, plan: Plan, emit: Emit) -> None:
        self._plan = plan
        self._emit = emit
        self._queues: list[deque[Pending]] = [deque() for _ in plan.sections]
        self._entries = 0
        self._characters = 0

    def finish(self, row: Row) -> None:
        """Complete a row that ends with what is known around it."""
        texts = row.texts
        for column in row.fields.sums:
            texts[column] = tuple(texts[column])  # type: ignore[arg-type]
        if row.beside:
            pending = Pending(row, texts)
            if row.fields.ordered:
                self._queues[row.section].append(pending)
            row.beside.hold(pending)
        elif complete(row, texts):
            if self._queues[row.section]:
                pending = Pending(row, texts)
                pending.done = True
                self._queues[row.section].append(pending)
            else:
                self._emit(row, texts, 1, row.origin)
        else:
            pending = Pending(row, texts)
            if row.fields.ordered:
                self._queues[row.section].append(pending)
            self.go_on(pending)

    def go_on(self, pending: Pending) -> None:
        """Take what is known around a row, from the innermost element on that it has not yet seen."""
        frames = pending.row.frames
        while pending.level < len(frames):
            if not _fill(frames[pending.level], pending.texts):
                self._wait(pending, frames[pending.level])
                return
            pending.level += 1
        pending.done = True
        if not pending.row.fields.ordered:
            self._emit(pending.row, pending.texts, pending.times, pending.origin)
            return
        queue = self._queues[pending.row.section]
        while queue and queue[0].done:
            first = queue.popleft()
            self._emit(first.row, first.texts, 1, first.origin)

    def _wait(self, pending: Pending, around: Around) -> None:
        frame, columns, joins = around
        key: object = pending
        if not pending.row.fields.ordered:
            key = (pending.row, tuple(pending.texts))  # equal rows wait as one
            if key in frame.waiting:
                frame.waiting[key].times += pending.times
                return
        missing = [*columns, *(column for column, _ in joins)]
        column = next((column for column in missing if pending.texts[column] is None), missing[0])
        pending.size = sum(len(text) for text in pending.texts if isinstance(text, str))
        frame.waiting[key] = pending
        self.hold(1, pending.size, pending.row.fields.paths[column].text, frame)

    def hold(self, entries: int, characters: int, path: str, frame: Frame) -> None:
        """Count what is kept for later.

        :raises RunError: if it is too much
        """
        self._entries += entries
        self._characters += characters
        frame.entries += entries
        frame.characters += characters
        if self._entries > self._plan.held:
            raise RunError(
                reasons.LIMIT,
                f"more than {self._plan.held} rows or table entries wait for {path} of {frame.place()}: it comes after"
                " them; raise limits.held, or use an attribute or an absolute path",
            )
        if self._characters > _MAX_CHARACTERS:
            raise RunError(
                reasons.LIMIT,
                f"rows or table entries of more than {_MAX_CHARACTERS} characters wait for {path} of {frame.place()}",
            )

    def wake(self, frame: Frame) -> None:
        """Look at the rows that wait for a frame, as it has one more text."""
        for key, pending in list(frame.waiting.items()):
            if _fill(pending.row.frames[pending.level], pending.texts):
                del frame.waiting[key]
                self._release(frame, pending)
                pending.level += 1
                self.go_on(pending)

    def _release(self, frame: Frame, pending: Pending) -> None:
        self._entries -= 1
        self._characters -= pending.size
        frame.entries -= 1
        frame.characters -= pending.size

    def close(self, frame: Frame) -> None:
        """Let the rows go that wait for a frame, which ends."""
        waiting, frame.waiting = frame.waiting, {}
        for pending in waiting.values():
            _fill_rest(pending.row.frames[pending.level], pending)
            pending.level += 1
            self.go_on(pending)
        self._entries -= frame.entries
        self._characters -= frame.characters
        frame.entries = frame.characters = 0


def complete(row: Row, texts: Cells) -> bool:
    """Whether all that is around a row is known."""
    for around in row.frames:  # noqa: SIM110 - a generator costs each row
        if not _fill(around, texts):
            return False
    return True


def _fill(around: Around, texts: Cells) -> bool:
    """Take the texts of a frame; returns whether they are all there."""
    frame, columns, joins = around
    final = frame.final
    for column in columns:
        text = final[column]
        if text is None:
            return False
        texts[column] = text
    for column, key in joins:
        entry = frame.tables[column].get(texts[key])  # type: ignore[arg-type]
        if entry is None:
            return False
        texts[column] = entry.text
        entry.used = True
    frame.given = True
    return True


def _fill_rest(around: Around, pending: Pending) -> None:
    """Take what there is when the frame ends."""
    frame, columns, joins = around
    for column in columns:
        pending.texts[column] = frame.final[column]
    for column, reference in joins:
        key = pending.texts[reference]
        entry = frame.tables[column].get(key) if isinstance(key, str) else None
        pending.texts[column] = entry.text if entry else _no_partner(pending.row, column, key, frame)


def _no_partner(row: Row, column: int, key: object, frame: Frame) -> Fault:
    path = row.fields.paths[column].text
    if isinstance(key, Fault):
        return key
    whose = "a row without that text" if key is None else f"the row's {quoted(str(key))}"
    return Fault(reasons.JOIN, f"no partner for {whose}: {path} matches nothing in {frame.place()}")
