"""What the start and the end of a state's elements need, beside opening rows: frames, keys, siblings and texts."""

from __future__ import annotations

from typing import NamedTuple

from xmlprom import reasons
from xmlprom.errors import Fault
from xmlprom.reading.frames import Around, Beside, Frame
from xmlprom.reading.holders import Holder
from xmlprom.reading.into import Into
from xmlprom.reading.keyed import Keyed, Siblings
from xmlprom.reading.open_row import Row
from xmlprom.reading.patterns import (
    AboveTarget,
    BesideTarget,
    BesideTextTarget,
    Destination,
    FrameTarget,
    KeyTarget,
    SiblingsTarget,
    SiblingTarget,
    TextTarget,
)
from xmlprom.reading.state import State
from xmlprom.reading.waiting_rows import WaitingRows


class Actions(NamedTuple):
    """`above`: rows in the element have some of its attributes. `following`: rows that follow a row of their section.

    The others by kind, bound to what they concern; texts in the order in which XPath has them.
    """

    above: bool
    frames: tuple[Frame, ...]
    siblings: tuple[Siblings, ...]
    besides: tuple[Beside, ...]
    following: tuple[Row, ...]
    keyed: tuple[Keyed, ...]
    sibling_texts: tuple[tuple[Siblings, SiblingTarget, Into], ...]
    beside_texts: tuple[tuple[Beside, BesideTextTarget, Into], ...]
    texts: tuple[tuple[Into, str], ...]

    @property
    def at_start(self) -> bool:
        """Whether there is something to do at the start."""
        return any(self)

    @property
    def at_end(self) -> bool:
        """Whether there is something to do at the end, beside rows."""
        return bool(self.frames or self.besides or self.keyed)


class Binder:
    """Makes the actions of states; `documents` has the texts of the whole document."""

    def __init__(self, documents: Holder, rows: WaitingRows) -> None:
        self._documents = documents
        self._rows = rows

    def actions(self, state: State) -> Actions:
        """What a state needs; its holders are entered in it."""
        frames = tuple(Frame(one.fields, one.up, state, self._rows) for one in state.of_kind(FrameTarget))
        state.holders.update((("frame", frame.fields.number, frame.up), frame) for frame in frames)
        besides: dict[object, Beside] = {
            ("beside", one.fields.number): Beside(state) for one in state.of_kind(BesideTarget)
        }
        siblings: dict[object, Siblings] = {
            ("siblings", one.number): Siblings(state) for one in state.of_kind(SiblingsTarget)
        }
        state.holders.update(besides)
        state.holders.update(siblings)
        keyed: dict[object, Keyed] = {("key", one.number): self._keyed(state, one) for one in state.of_kind(KeyTarget)}
        state.holders.update(keyed)
        for row in state.open_rows:
            _bind_row(row, state)
        return Actions(
            above=any(True for _ in state.of_kind(AboveTarget)),
            frames=frames,
            siblings=tuple(siblings.values()),
            besides=tuple(besides.values()),
            following=tuple(row for row in state.open_rows if row.beside),
            keyed=tuple(keyed.values()),
            sibling_texts=tuple(
                (state.holder(("siblings", one.number), 1, Siblings), one, self._into(state, one.into))
                for one in state.of_kind(SiblingTarget)
            ),
            beside_texts=tuple(
                (state.holder(one.into.holder, 1, Beside), one, self._into(state, one.into))
                for one in state.of_kind(BesideTextTarget)
            ),
            texts=self._texts(state),
        )

    def _keyed(self, state: State, target: KeyTarget) -> Keyed:
        siblings = state.holder(("siblings", target.number), 1, Siblings) if target.sibling else None
        return Keyed(state, target, self._into(state, target.into), siblings)

    def _texts(self, state: State) -> tuple[tuple[Into, str], ...]:
        targets = sorted(state.of_kind(TextTarget), key=lambda one: _rank(one.leaf))
        places: dict[object, tuple[Into, str]] = {}
        for one in targets:
            alone = one.into.take in ("sum", "count")  # an element that two branches match is one element
            key: object = (one.into.holder, one.into.depth, one.into.column, one.leaf) if alone else len(places)
            places[key] = (self._into(state, one.into), one.leaf)
        return tuple(places.values())

    def _into(self, state: State, destination: Destination) -> Into:
        if destination.holder == ("document",):
            holder = self._documents
        else:
            holder = state.above(destination.depth).holders[destination.holder]
        return Into(holder, destination.column, destination.take, destination.path, destination.flag)


def _rank(leaf: str) -> int:
    """In XPath's order an element comes before its attributes, and they before its texts."""
    return 1 if leaf[0] == "@" else 2 if leaf == "text()" else 0


def _bind_row(row: Row, state: State) -> None:
    """Connect a row with what is around it."""
    if row.fields.beside and state.depth > 1:
        row.beside = state.holder(("beside", row.section), 1, Beside)
    frames = []
    for up in sorted({up for _, up, _ in row.fields.around if up < state.depth}):
        frame = state.holder(("frame", row.section, up), up, Frame)
        columns = tuple(column for column, level, key in row.fields.around if level == up and key is None)
        joins = tuple((column, key) for column, level, key in row.fields.around if level == up and key is not None)
        frames.append(Around(frame, columns, joins))
    row.frames = tuple(frames)
    for column, up, key in row.fields.around:
        if up >= state.depth and key is not None:
            path = row.fields.paths[column].text
            row.set_known(column, Fault(reasons.JOIN, f"no partner: {path} goes up beyond the root element"))
