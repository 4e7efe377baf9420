"""Elements that count only if their key fits, which is known when they end; and the elements beside them."""

from __future__ import annotations

from xmlprom.mapping.paths import attribute_texts
from xmlprom.reading.fields import Cell
from xmlprom.reading.frames import Frame
from xmlprom.reading.holders import Attributes, Cells, Holder
from xmlprom.reading.into import Into
from xmlprom.reading.patterns import KEYS, RESULT, KeyTarget
from xmlprom.reading.state import State


class Siblings(Holder):
    """The parent of elements with keys: `awaited` are siblings still to come, as (how many first, key).

    A number of 0 is for all siblings that follow.
    """

    __slots__ = ("awaited",)

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.awaited: set[tuple[int, str]] = set()

    def comes(self, position: int | None) -> set[str]:
        """The keys for which the sibling that starts here, which passes the name test, is the wanted one."""
        if position is None:
            return {key for _, key in self.awaited}
        reached = {key for number, key in self.awaited if number == 1}
        self.awaited = {(number - 1, key) for number, key in self.awaited if number > 1}
        return reached


class Keyed(Holder):
    """An element with a key: its texts are those of the key, and the one that is wanted if the key fits."""

    __slots__ = ("target", "into", "siblings")

    def __init__(self, state: State, target: KeyTarget, into: Into, siblings: Siblings | None) -> None:
        super().__init__(state)
        self.target = target
        self.into = into
        self.siblings = siblings

    def open(self, attributes: Attributes) -> None:
        of = self.target.key.of
        self.texts = [list(attribute_texts(attributes, of[1:])) if of[0] == "@" else [], None]

    def close(self, most: int) -> None:
        """Hand the text on if the key fits."""
        keys = self.fitting()
        if self.siblings:
            position = self.target.sibling.position if self.target.sibling else None
            self.siblings.awaited.update((position or 0, key) for key in keys)
            return
        result = self.texts[RESULT]
        if not isinstance(result, list):
            put_or_enter(self.into, keys, result, most)

    def fitting(self) -> list[str]:
        keys = self.texts[KEYS]
        assert isinstance(keys, list)  # noqa: S101 - for mypy
        if self.target.key.text is None:
            return list(dict.fromkeys(keys))
        return [self.target.key.text] if self.target.key.text in keys else []


def put_or_enter(into: Into, keys: list[str], text: Cell, most: int) -> None:
    """Put a text where it is wanted: into the table of a join under each key, or into its column if there is one.

    In a table also the element without such a text has an entry.
    """
    if isinstance(into.holder, Frame) and into.column in into.holder.tables:
        for key in keys:
            into.holder.add_entry(into.column, key, text, into)
    elif keys and text is not None:
        into.put(text, most)


class Found(Holder):
    """A sibling of an element whose key fits; its text goes on when it is complete."""

    __slots__ = ("into", "keys", "most")

    def __init__(self, state: State, into: Into, keys: set[str], most: int) -> None:
        super().__init__(state)
        self.into = into
        self.keys = list(keys)
        self.most = most
        self.texts: Cells = [None]

    def settle(self, column: int) -> None:
        text = self.texts[column]
        if not isinstance(text, list):
            put_or_enter(self.into, self.keys, text, self.most)
