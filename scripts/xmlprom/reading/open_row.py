"""An open row."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from xmlprom.mapping.paths import ANY_ATTRIBUTE, attribute_texts
from xmlprom.reading.fields import Cell, Fields
from xmlprom.reading.holders import Attributes, Cells, Holder, local_name, several

if TYPE_CHECKING:
    from xmlprom.reading.frames import Around, Beside
    from xmlprom.reading.state import State


class Origin(NamedTuple):
    """Where a row is in its source, both counted from 1."""

    row: int
    line: int


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
        "direct",
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
        self.direct = self.plain and not (fields.sums or fields.beside or fields.ordered)  # needs but what is around it
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
