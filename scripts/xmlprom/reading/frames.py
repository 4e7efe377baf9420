"""Elements around rows, with the texts and tables that rows take from them; and rows that wait for those."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from xmlprom.errors import Fault, RunError
from xmlprom.reading.fields import Cell, Fields
from xmlprom.reading.holders import Cells, Holder, several
from xmlprom.reading.open_row import Row

if TYPE_CHECKING:
    from xmlprom.reading.into import Into
    from xmlprom.reading.state import State
    from xmlprom.reading.waiting_rows import WaitingRows


class Entry:
    """A text in a table; `used`: a row has it already."""

    __slots__ = ("text", "used")

    def __init__(self, text: Cell) -> None:
        self.text = text
        self.used = False


class Frame(Holder):
    """An element around rows: `final` has those of its texts that are complete, `tables` those that have a key.

    `given`: rows have its texts already. `waiting`: rows that wait for a text. `entries` and `characters`: how much is
    held for it.
    """

    __slots__ = ("fields", "up", "final", "tables", "given", "waiting", "entries", "characters", "_rows")

    def __init__(self, fields: Fields, up: int, state: State, rows: WaitingRows) -> None:
        super().__init__(state)
        self.fields = fields
        self.up = up
        self.final: list[Cell] = []
        self.tables: dict[int, dict[str, Entry]] = {}
        self.given = False
        self.waiting: dict[object, Pending] = {}
        self.entries = 0
        self.characters = 0
        self._rows = rows

    def open(self) -> None:
        self.texts = [None] * self.fields.width
        self.final = [None] * self.fields.width
        self.tables = {column: {} for column, up, key in self.fields.around if key is not None and up == self.up}
        self.given = False
        self.number += 1

    def settle(self, column: int) -> None:
        self.final[column] = self.texts[column]  # type: ignore[assignment]
        if self.waiting:
            self._rows.wake(self)

    def fail(self, column: int, fault: Fault) -> None:
        if self.given:
            raise RunError(*fault)
        if not isinstance(self.final[column], Fault):
            self.texts[column] = fault
            self.settle(column)

    def add_entry(self, column: int, key: str, text: Cell, into: Into) -> None:
        """Put a text into the table of a join."""
        table = self.tables[column]
        if key not in table:
            table[key] = Entry(text)
            self._rows.hold(1, len(key) + (len(text) if isinstance(text, str) else 0), into.path, self)
            return
        if into.take == "first":
            if table[key].text is None:
                table[key].text = text
            return
        fault = several(into.path, self)
        if table[key].used:
            raise RunError(*fault)
        table[key].text = fault

    def close(self) -> None:
        self._rows.close(self)


class Around(NamedTuple):
    """What a row has from a frame: in `columns` its texts, in `joins` (column, column with the key) those of tables."""

    frame: Frame
    columns: tuple[int, ...]
    joins: tuple[tuple[int, int], ...]


class Pending:
    """A row that has ended, but lacks texts of what is around it; `level`: of the frame for which it waits."""

    __slots__ = ("row", "texts", "level", "times", "origin", "done", "size")

    def __init__(self, row: Row, texts: Cells) -> None:
        self.row = row
        self.texts = texts
        self.level = 0
        self.times = 1
        self.origin = row.origin
        self.done = False
        self.size = 0


class Beside(Holder):
    """The parent of rows: `pending` is the last one, which takes texts of its following siblings."""

    __slots__ = ("pending", "counts")

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.pending: Pending | None = None
        self.counts: dict[int, int] = {}

    def hold(self, pending: Pending) -> None:
        self.pending = pending
        self.texts = pending.texts
        self.counts = {}

    def comes(self, target: object, position: int | None) -> bool:
        """Whether a following sibling that passes the name test is the wanted one."""
        if self.pending is None:
            return False
        count = self.counts[id(target)] = self.counts.get(id(target), 0) + 1
        return position in (None, count)

    def release(self) -> Pending | None:
        pending, self.pending = self.pending, None
        return pending
