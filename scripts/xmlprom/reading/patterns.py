"""Patterns of steps: one for a mapping's rows, and one for each place that has to be looked at."""

from __future__ import annotations

from typing import NamedTuple, Union

from xmlprom.mapping.paths import Key, Path, Step
from xmlprom.reading.fields import Fields

# What texts are put into: ("row", section), ("frame", section, levels up), ("beside", section), ("key", number),
# ("siblings", number) or ("document",).
HolderKey = tuple[Union[str, int], ...]
Steps = tuple[Step, ...]
Item = tuple[int, int]  # the number of a pattern, and of one of its steps
KEYS, RESULT = 0, 1  # the columns of an element with a key


class RowTarget(NamedTuple):
    """Here starts a row."""

    fields: Fields


class AboveTarget(NamedTuple):
    """Here may be an element of whose attributes a row below it has some."""


class FrameTarget(NamedTuple):
    """Here may be the element, `up` levels above a row, in which the row's texts are looked for."""

    fields: Fields
    up: int


class BesideTarget(NamedTuple):
    """Here may be the parent of rows whose following siblings are wanted."""

    fields: Fields


class Destination(NamedTuple):
    """Where a text goes: column `column` of what started `depth` elements further up.

    `take`: see Path. `flag`: the column which says that this branch of a union has matched; 0 is none.
    """

    holder: HolderKey
    depth: int
    column: int
    take: str
    path: str
    flag: int = 0

    @property
    def is_plain(self) -> bool:
        """Whether it is a row's column that takes one text, whatever else there is."""
        return self.holder[0] == "row" and self.take in ("one", "first") and not self.flag


class TextTarget(NamedTuple):
    """Here is a text."""

    into: Destination
    leaf: str


class BesideTextTarget(NamedTuple):
    """Here may be the sibling with number `position` behind a row; any if it is None."""

    into: Destination
    leaf: str
    position: int | None


class KeyTarget(NamedTuple):
    """Here is an element that counts if its key fits."""

    number: int
    into: Destination
    key: Key
    sibling: Step | None


class SiblingsTarget(NamedTuple):
    """Here is the parent of elements with a key, and of those beside them."""

    number: int


class SiblingTarget(NamedTuple):
    """Here may be the wanted sibling of an element with a key."""

    number: int
    into: Destination
    leaf: str
    position: int | None


Target = Union[
    RowTarget,
    AboveTarget,
    FrameTarget,
    BesideTarget,
    TextTarget,
    BesideTextTarget,
    KeyTarget,
    SiblingsTarget,
    SiblingTarget,
]


class Pattern(NamedTuple):
    steps: Steps
    target: Target


class Plan(NamedTuple):
    """A compiled mapping: `documents` are the absolute paths of labels; `document_width`: columns for them.

    `held`: how many rows and entries of tables may wait.
    """

    sections: tuple[Fields, ...]
    documents: tuple[Path, ...]
    patterns: tuple[Pattern, ...]
    document_width: int = 0
    held: int = 0

    @property
    def wants_direct_text(self) -> bool:
        """Whether the text of some element is wanted without that of the elements in it."""
        return any(getattr(pattern.target, "leaf", None) == "text()" for pattern in self.patterns)

    @property
    def start_tags_suffice(self) -> bool:
        """Whether no text, and nothing at an element's end, has to be looked at."""
        return not self.documents and all(fields.in_start_tag for fields in self.sections)
