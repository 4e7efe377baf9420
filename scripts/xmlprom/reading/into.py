"""The place that a text goes to, and whether it may: several texts are a fault unless the path takes them."""

from __future__ import annotations

import itertools
from typing import NamedTuple

from xmlprom import reasons
from xmlprom.errors import RunError
from xmlprom.mapping.paths import attribute_texts
from xmlprom.reading.fields import Cell
from xmlprom.reading.holders import Attributes, Cells, Holder, several

_OPEN = "".join(("\0", "open"))  # in a column whose element has begun; as an object, no text is it
_ticks = itertools.count()


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
