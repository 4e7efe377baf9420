"""What readers keep of rows: what is known of an open one, and how many were equal."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from typing import Optional

from xmlprom.reading.patterns import Fields, local_name

Attributes = Dict[str, str]
Texts = list[Optional[str]]


class Row:
    """A row of a section at a state's elements; `texts`, a column for each path, are of the open one.

    What the names of elements tell is the same for all rows of the state, and decided once. `tags` are the names of
    its element and those around it, outwards.
    """

    __slots__ = ("fields", "section", "texts", "_names", "_attributes", "_above")

    def __init__(self, fields: Fields, tags: Sequence[str]) -> None:
        self.fields = fields
        self.section = fields.number
        self.texts: Texts = []
        self._names: Texts = [None] * len(fields.paths)
        self._attributes = [(column, attribute) for column, up, attribute in fields.own if attribute and not up]
        self._above = [(column, up, attribute) for column, up, attribute in fields.own if attribute and up]
        for column, up, attribute in fields.own:
            if not attribute and up < len(tags):
                self._names[column] = local_name(tags[up])

    def at_start_tag(self, attributes: Attributes, ancestors: Sequence[Attributes] = ()) -> Texts:
        """The texts that are known at the row's start tag; `ancestors` has all open elements' attributes."""
        texts = self._names.copy()
        for column, attribute in self._attributes:
            texts[column] = attributes.get(attribute)
        for column, up, attribute in self._above:
            if up < len(ancestors):
                texts[column] = ancestors[-1 - up].get(attribute)
        return texts


class Tally:
    """How many rows are equal; counting in place is faster than in a dict."""

    __slots__ = ("rows",)

    def __init__(self) -> None:
        self.rows = 0
