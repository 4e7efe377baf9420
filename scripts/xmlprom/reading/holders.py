"""What texts are put into while elements are open: rows, what is around them, and elements with a key."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple, Union

from xmlprom import reasons
from xmlprom.errors import Fault, RunError
from xmlprom.mapping.paths import ANY_ATTRIBUTE, attribute_texts
from xmlprom.reading.patterns import Cell, Fields, local_name

if TYPE_CHECKING:
    from xmlprom.reading.path_matcher import State
    from xmlprom.reading.waiting_rows import WaitingRows

Attributes = dict[str, str]
Cells = list[Union[Cell, list[str]]]  # lists: texts that are added up, as long as more can come
_OPEN = "".join(("\0", "open"))  # in a column whose element has begun; as an object, no text is it
_ticks = itertools.count()
_MAX_PLACE = 200  # characters of elements' names in a message


class Origin(NamedTuple):
    """Where a row is in its source, both counted from 1."""

    row: int
    line: int


class Holder:
    """Has a column for each text; it belongs to a state, of whose elements only one is open at a time."""

    __slots__ = ("texts", "state", "number", "began")

    def __init__(self, state: State | None) -> None:
        self.state = state
        self.texts: Cells = []
        self.number = 0  # of the element, among those of the state; 0 is not counted
        self.began = 0  # when the last text began, on a clock of its own

    def settle(self, column: int) -> None:
        """The text of a column is complete."""

    def fail(self, column: int, fault: Fault) -> None:
        """There is no one text for the column."""
        self.texts[column] = fault

    def place(self) -> str:
        """The element, for a message."""
        if self.state is None:
            return "the document"
        names = "".join(f"/{local_name(tag)}" for tag in reversed(list(self.state.tags())))
        names = names if len(names) <= _MAX_PLACE else f"…{names[-_MAX_PLACE:]}"
        return f"{names} (the {_ordinal(self.number)})" if self.number else names


class Row(Holder):
    """A row of a section; `texts` has the columns of the open one.

    What the names of elements say is the same for all rows of the state, and decided once. `frames` has what is around
    the row, from the innermost on.
    """

    __slots__ = (
        "fields",
        "section",
        "origin",
        "frames",
        "beside",
        "plain",
        "alone",
        "_names",
        "_attributes",
        "_any",
        "_above",
    )

    def __init__(self, fields: Fields, state: State) -> None:
        super().__init__(state)
        self.fields = fields
        self.section = fields.number
        self.origin: Origin | None = None
        self.beside: Beside | None = None
        self.plain = not fields.rows.words
        self.alone = not (fields.sums or fields.beside or fields.ordered)  # needs but what is around it
        self.frames: tuple[Around, ...] = ()
        self._names: list[Cell] = [None] * fields.width
        for column in fields.counts:
            self._names[column] = 0
        tags = list(state.tags())
        self._attributes = []
        self._any = []
        self._above = []
        for column, up, attribute in fields.own:
            if up < len(tags):
                if not attribute:
                    self._names[column] = local_name(tags[up])
                elif up:
                    self._above.append((column, state.above(up), attribute))
                elif attribute.startswith(ANY_ATTRIBUTE):
                    self._any.append((column, attribute))
                else:
                    self._attributes.append((column, attribute))

    def set_known(self, column: int, cell: Cell) -> None:
        """Set what a column has in all rows of the state."""
        self._names[column] = cell

    def place(self) -> str:
        return f"a row of {self.fields.rows.text}"

    def at_start_tag(self, attributes: Attributes) -> Cells:
        """The texts that are known at the row's start tag."""
        texts: Cells = self._names.copy()  # type: ignore[assignment]
        for column, attribute in self._attributes:
            texts[column] = attributes.get(attribute)
        for column, state, attribute in self._above:
            texts[column] = self._text(column, state.attributes, attribute)
        for column, attribute in self._any:
            texts[column] = self._text(column, attributes, attribute)
        for column in self.fields.sums:
            texts[column] = []
        return texts

    def _text(self, column: int, attributes: Attributes, attribute: str) -> Cell:
        if not attribute.startswith(ANY_ATTRIBUTE):
            return attributes.get(attribute)
        found = attribute_texts(attributes, attribute)
        path = self.fields.paths[column]
        if len(found) > 1 and path.take == "one":
            return several(path.text, self)
        return found[0] if found else None


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


class Into(NamedTuple):
    """Where a text goes, for the elements of one state; see Destination."""

    holder: Holder
    column: int
    take: str
    path: str
    flag: int

    def is_first(self) -> bool:
        """Whether an element that starts here has the text; the column is taken then.

        Another element had it before: that is a fault unless the path wants the first, or it was one of another branch
        of a union.
        """
        texts = self.holder.texts
        known = texts[self.column]
        if self.flag:
            before, texts[self.flag] = texts[self.flag], ""
            if before is None:
                self.holder.began = next(_ticks)
                return known is None
        elif known is None:
            self.holder.began = next(_ticks)
            return True
        if self.take != "first":
            self.holder.fail(self.column, several(self.path, self.holder))
        return False

    def put(self, text: Cell, most: int) -> None:
        """Take a text that is complete; `most`: of texts that are added up."""
        texts = self.holder.texts
        if self.take == "sum":
            listed = texts[self.column]
            if isinstance(listed, list) and isinstance(text, str):
                listed.append(text)
                if len(listed) > most:
                    raise RunError(
                        reasons.LIMIT,
                        f"the path {self.path} matches more than {most} times in {self.holder.place()};"
                        " raise limits.held",
                    )
        elif self.take == "count":
            texts[self.column] = texts[self.column] + 1  # type: ignore[operator]
        elif self.is_first():
            texts[self.column] = text
            self.holder.settle(self.column)

    def reserve(self) -> bool:
        """Whether the text of the element that starts here is wanted."""
        if self.take == "sum":
            return True
        if self.take == "count":
            self.put("", 0)
            return False
        if not self.is_first():
            return False
        self.holder.texts[self.column] = _OPEN
        return True

    def complete(self, texts: Cells, text: str, most: int) -> None:
        """Put the text of an element that ends into the place that was reserved, in the texts of that time."""
        if self.take == "sum":
            self.put(text, most)
        elif texts[self.column] is _OPEN:
            texts[self.column] = text
            self.holder.settle(self.column)


def attribute_cell(attributes: Attributes, leaf: str, into: Into) -> Cell:
    """The one text of an attribute `@name`."""
    found = attribute_texts(attributes, leaf[1:])
    if len(found) > 1 and into.take == "one":
        return several(into.path, into.holder)
    return found[0] if found else None


def several(path: str, holder: Holder) -> Fault:
    """A path matches more than once."""
    return Fault(
        reasons.SEVERAL,
        f"the path {path} matches more than once in {holder.place()}: choose with a predicate, [@name='text'] or [1],"
        " or add up with sum()",
    )


def _ordinal(number: int) -> str:
    suffix = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"
