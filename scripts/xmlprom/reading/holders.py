"""What texts are put into while elements are open. Rows, what is around them, and elements with a key are holders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Union

from xmlprom import reasons
from xmlprom.errors import Fault
from xmlprom.reading.fields import Cell

if TYPE_CHECKING:
    from xmlprom.reading.state import State

Attributes = dict[str, str]
Cells = list[Union[Cell, list[str]]]  # lists: texts that are added up, as long as more can come
_MAX_PLACE = 200  # characters of elements' names in a message


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


def several(path: str, holder: Holder) -> Fault:
    """A path matches more than once."""
    return Fault(
        reasons.SEVERAL,
        f"the path {path} matches more than once in {holder.place()}: choose with a predicate, [@name='text'] or [1],"
        " or add up with sum()",
    )


def local_name(tag: str) -> str:
    """An element's name without its namespace."""
    return tag.rpartition("}")[2]


def _ordinal(number: int) -> str:
    suffix = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"
