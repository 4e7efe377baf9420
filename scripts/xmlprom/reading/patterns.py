"""Compile a mapping into patterns of steps: one for its rows, and one for each text that is wanted of them."""

from __future__ import annotations

from typing import NamedTuple, Union

from xmlprom.errors import Fault
from xmlprom.mapping.model import Mapping, Section
from xmlprom.mapping.paths import Path, Step

# Of one path: its text, None without a match; the number of matches where they are counted, all texts where they are
# added up; or why there is no one text.
Cell = Union[str, None, int, tuple[str, ...], Fault]
# The texts of one row, one per field of its section.
RawRow = tuple[Cell, ...]


class Fields(NamedTuple):
    """What has to be read from each row of a section; `paths[i]` is column i of a RawRow.

    `own`: what is known at a row's start tag, as (column, elements to go up, attribute or None for the name).
    `ordered`: some metric wants the last value, so that rows can't be counted by equality.
    `at_start`: a row counts when its start tag is complete: where order matters, rows count as they end.
    """

    number: int
    rows: Path
    paths: tuple[Path, ...]
    own: tuple[tuple[int, int, str | None], ...]
    ordered: bool
    at_start: bool

    @property
    def in_start_tag(self) -> bool:
        """Whether the start tag alone holds a whole row, and equal rows may be counted together."""
        return self.at_start and not any(up and attribute for _, up, attribute in self.own)


class RowTarget(NamedTuple):
    """Here starts a row."""

    fields: Fields


class FieldTarget(NamedTuple):
    """Here is column `column` of the row that started `depth` elements further up."""

    fields: Fields
    column: int
    depth: int
    leaf: str


class DocumentTarget(NamedTuple):
    """Here is document text number `number`, if it is the first such place."""

    number: int
    leaf: str


Target = Union[RowTarget, FieldTarget, DocumentTarget]


class Pattern(NamedTuple):
    steps: tuple[Step, ...]
    target: Target


class Plan(NamedTuple):
    """A compiled mapping: `documents` are the absolute paths of labels, in the order of DocumentTarget.number."""

    sections: tuple[Fields, ...]
    documents: tuple[Path, ...]
    patterns: tuple[Pattern, ...]

    @property
    def looks_up(self) -> bool:
        """Whether attributes of a row's ancestors are wanted."""
        return any(up and attribute for fields in self.sections for _, up, attribute in fields.own)

    @property
    def wants_direct_text(self) -> bool:
        """Whether the text of some element is wanted without that of the elements in it."""
        return any(getattr(pattern.target, "leaf", None) == "text()" for pattern in self.patterns)

    @property
    def start_tags_suffice(self) -> bool:
        """Whether no text, and nothing at an element's end, has to be looked at."""
        return not self.documents and all(fields.in_start_tag for fields in self.sections)


def compile_plan(mapping: Mapping, ordered: bool = False) -> Plan:
    """Collect what a mapping has to look at.

    :param ordered: every row is wanted by itself, in the source's order
    """
    documents: dict[Path, None] = {}
    for metric in mapping.metrics:
        documents.update((path.without_words, None) for path in metric.paths() if path.absolute)
    sections = tuple(_fields(number, section, ordered) for number, section in enumerate(mapping.sections))
    patterns = []
    for fields in sections:
        patterns.append(Pattern(fields.rows.steps, RowTarget(fields)))
        for column, path in enumerate(fields.paths):
            for branch in path.branches:
                if branch.steps or branch.leaf == "text()":
                    target = FieldTarget(fields, column, len(branch.steps), branch.leaf)
                    patterns.append(Pattern(fields.rows.steps + branch.steps, target))
    for number, path in enumerate(documents):
        patterns += [Pattern(branch.steps, DocumentTarget(number, branch.leaf)) for branch in path.branches]
    return Plan(sections, tuple(documents), tuple(patterns))


def _fields(number: int, section: Section, ordered: bool) -> Fields:
    paths: dict[Path, None] = {}
    for metric in section.metrics:
        paths.update((path.without_words, None) for path in metric.paths() if not path.absolute)
        ordered = ordered or metric.needs_order
    own = tuple(
        (column, path.up, path.attribute)
        for column, path in enumerate(paths)
        if not path.steps and path.leaf not in ("element", "text()")
    )
    return Fields(number, section.rows, tuple(paths), own, ordered, len(own) == len(paths) and not ordered)


def local_name(tag: str) -> str:
    """An element's name without its namespace."""
    return tag.rpartition("}")[2]
