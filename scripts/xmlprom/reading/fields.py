"""What has to be read from each row of a section, and how a row is handed on."""

from __future__ import annotations

from typing import NamedTuple, Union

from xmlprom.errors import Fault
from xmlprom.mapping.paths import ANY_ATTRIBUTE, Path, Words

# Of one path: its text, None without a match; the number of matches where they are counted, all texts where they are
# added up; or why there is no one text.
Cell = Union[str, None, int, tuple[str, ...], Fault]
# The texts of one row, one per field of its section.
RawRow = tuple[Cell, ...]


class Fields(NamedTuple):
    """What has to be read from each row of a section; `paths[i]` is column i of a RawRow, which may have more behind.

    `own`: what is known at a row's start tag, as (column, elements to go up, attribute or None for the name).
    `around`: the columns that an element around the row has, as (column, elements to go up, column with the row's
    text that a join needs, or None). `beside`: there are columns of following siblings.
    `sums`, `counts`: the columns that take all matches. `ordered`: some metric wants the last value, so that rows
    can't be counted by equality. `at_start`: a row counts when its start tag is complete; where order matters, rows
    count as they end. `texts`: the columns of the row's own text, which are the words where words are rows; `joined`:
    columns with a text whose words belong to those.
    """

    number: int
    rows: Path
    paths: tuple[Path, ...]
    width: int
    own: tuple[tuple[int, int, str | None], ...]
    around: tuple[tuple[int, int, int | None], ...]
    beside: bool
    sums: tuple[int, ...]
    counts: tuple[int, ...]
    ordered: bool
    at_start: bool
    texts: tuple[int, ...]
    joined: tuple[tuple[int, Words], ...]

    @property
    def in_start_tag(self) -> bool:
        """Whether the start tag alone holds a whole row, and equal rows may be counted together."""
        return self.at_start and not any(
            attribute and (up or attribute.startswith(ANY_ATTRIBUTE)) for _, up, attribute in self.own
        )

    @property
    def simple(self) -> bool:
        """Whether rows are complete, as they are, when they end."""
        return not (self.around or self.beside or self.sums or self.rows.words)
