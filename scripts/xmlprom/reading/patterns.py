"""Compile a mapping into patterns of steps: one for its rows, and one for each place that has to be looked at."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import NamedTuple, Union

from xmlprom.errors import Fault
from xmlprom.mapping.model import Mapping, Section
from xmlprom.mapping.paths import ANY_ATTRIBUTE, Key, Path, Step, Words

# Of one path: its text, None without a match; the number of matches where they are counted, all texts where they are
# added up; or why there is no one text.
Cell = Union[str, None, int, tuple[str, ...], Fault]
# The texts of one row, one per field of its section.
RawRow = tuple[Cell, ...]
# What texts are put into: ("row", section), ("frame", section, levels up), ("beside", section), ("key", number),
# ("siblings", number) or ("document",).
HolderKey = tuple[Union[str, int], ...]
Steps = tuple[Step, ...]
KEYS, RESULT = 0, 1  # the columns of an element with a key


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


def compile_plan(mapping: Mapping, ordered: bool = False) -> Plan:
    """Collect what a mapping has to look at.

    :param ordered: every row is wanted by itself, in the source's order
    """
    compiler = _Compiler()
    sections = tuple(compiler.section(number, section, ordered) for number, section in enumerate(mapping.sections))
    documents: dict[Path, None] = {}
    for metric in mapping.metrics:
        documents.update((path.without_words, None) for path in metric.paths() if path.absolute)
    width = compiler.documents(tuple(documents))
    return Plan(sections, tuple(documents), tuple(compiler.patterns), width, mapping.limits.held)


class _Columns:
    """The columns of a section: one for each path, and more behind them for the reader's own use."""

    def __init__(self, paths: tuple[Path, ...]) -> None:
        self.paths = {path: column for column, path in enumerate(paths)}
        self.width = len(paths)
        self.references: dict[tuple[Steps, str], int] = {}  # texts of rows that a join needs

    def more(self) -> int:
        self.width += 1
        return self.width - 1


class _Compiler:
    """Collects patterns."""

    def __init__(self) -> None:
        self.patterns: list[Pattern] = []
        self._numbers = itertools.count()

    def section(self, number: int, section: Section, ordered: bool) -> Fields:
        paths: dict[Path, None] = {}
        for metric in section.metrics:
            paths.update((path.without_words, None) for path in metric.paths() if not path.absolute)
            ordered = ordered or metric.needs_order
        if section.rows.words:
            paths.setdefault(Path(".", False, 0, (), "element"))
        columns = _Columns(tuple(paths))
        own = []
        around: list[tuple[int, int, int | None]] = []
        for path, column in columns.paths.items():
            if _is_own(path):
                own.append((column, path.up, path.attribute))
            else:
                reference = self._references(path, columns, number, section.rows)
                if path.up:
                    around.append((column, path.up, reference))
                self._path(path, column, columns, _holder_of(path, number), _bases(path, section.rows))
        fields = Fields(
            number=number,
            rows=section.rows,
            paths=tuple(paths),
            width=columns.width,
            own=tuple(own),
            around=tuple(around),
            beside=any(path.beside_row for path in paths),
            sums=tuple(column for path, column in columns.paths.items() if path.take == "sum"),
            counts=tuple(column for path, column in columns.paths.items() if path.take == "count"),
            ordered=ordered,
            at_start=len(own) == columns.width and not ordered and not section.rows.words,
            texts=tuple(column for path, column in columns.paths.items() if _is_row_text(path)),
            joined=tuple(
                (column, path.words)
                for path, column in columns.paths.items()
                if path.words and path.words.position == 0
            ),
        )
        self._section_targets(fields)
        return fields

    def _section_targets(self, fields: Fields) -> None:
        steps = fields.rows.steps
        self.patterns.append(Pattern(steps, RowTarget(fields)))
        if fields.beside:
            self.patterns += [Pattern(base, BesideTarget(fields)) for base in around(steps, 1)]
        for up in sorted({up for _, up, _ in fields.around}):
            self.patterns += [Pattern(base, FrameTarget(fields, up)) for base in around(steps, up)]
        for up in sorted({up for _, up, attribute in fields.own if up and attribute}):
            self.patterns += [Pattern(base, AboveTarget()) for base in around(steps, up)]

    def documents(self, paths: tuple[Path, ...]) -> int:
        """Patterns of absolute paths; returns how many columns they need."""
        columns = _Columns(paths)
        for path, column in columns.paths.items():
            self._path(path, column, columns, ("document",), [()])
        return columns.width

    def _references(self, path: Path, columns: _Columns, number: int, rows: Path) -> int | None:
        """The column with the text of the row to which a key has to be equal."""
        current = next((step.key.current for step in path.steps if step.key and step.key.current), None)
        if not current:
            return None
        known = (current.steps, current.leaf)
        if known not in columns.references:
            columns.references[known] = columns.more()
            self._path(current, columns.references[known], columns, ("row", number), [rows.steps])
        return columns.references[known]

    def _path(self, path: Path, column: int, columns: _Columns, holder: HolderKey, bases: list[Steps]) -> None:
        for branch in path.branches:
            flag = columns.more() if path.others and branch.take == "one" else 0
            into = Destination(holder, 0, column, branch.take, path.text, flag)
            number = next(self._numbers)
            for base in bases:
                self.patterns += _branch(base, branch, into, number)


def _branch(base: Steps, branch: Path, into: Destination, number: int) -> Iterator[Pattern]:
    steps, keyed = branch.steps, branch.keyed
    if branch.beside_row:
        (sibling,) = steps
        target = BesideTextTarget(into._replace(depth=1), branch.leaf, sibling.position)
        yield Pattern((*base, _plain(sibling)), target)
    elif keyed is None:
        yield Pattern(base + steps, TextTarget(into._replace(depth=len(steps)), branch.leaf))
    else:
        yield from _keyed(base, branch, into._replace(depth=keyed + 1), number, keyed)


def _keyed(base: Steps, branch: Path, into: Destination, number: int, keyed: int) -> Iterator[Pattern]:
    """The patterns of a path with a key: of the element that has it, of the key, and of what is wanted there."""
    step, rest = branch.steps[keyed], branch.steps[keyed + 1 :]
    key = step.key
    assert key  # noqa: S101 - for mypy
    parent = base + branch.steps[:keyed]
    element = (*parent, step._replace(key=None))
    sibling = rest[0] if rest and rest[0].sibling else None
    yield Pattern(element, KeyTarget(number, into, key, sibling))
    holder = ("key", number)
    if key.of == ".":
        yield Pattern(element, TextTarget(Destination(holder, 0, KEYS, "sum", branch.text), "element"))
    elif key.child:
        yield Pattern((*element, key.child), TextTarget(Destination(holder, 1, KEYS, "sum", branch.text), "element"))
    if sibling:
        yield Pattern(parent, SiblingsTarget(number))
        yield Pattern((*parent, _plain(sibling)), SiblingTarget(number, into, branch.leaf, sibling.position))
    else:
        result = Destination(holder, len(rest), RESULT, branch.take, branch.text)
        yield Pattern(element + rest, TextTarget(result, branch.leaf))


def _plain(sibling: Step) -> Step:
    return sibling._replace(sibling=False, predicates=())


def _is_own(path: Path) -> bool:
    """Whether the text is known at the row's start tag."""
    return (
        not path.steps
        and path.leaf not in ("element", "text()")
        and not path.others
        and not path.words
        and path.take in ("one", "first")
    )


def _is_row_text(path: Path) -> bool:
    return path.leaf == "element" and not path.up and not path.steps and not path.others


def _holder_of(path: Path, section: int) -> HolderKey:
    if path.up:
        return ("frame", section, path.up)
    return ("beside" if path.beside_row else "row", section)


def _bases(path: Path, rows: Path) -> list[Steps]:
    """The patterns of the elements at which a path starts."""
    return around(rows.steps, 1 if path.beside_row else path.up)


def around(steps: Steps, up: int) -> list[Steps]:
    """The patterns of the elements that are `up` levels above those of a pattern; none above the root."""
    found = [steps]
    for _ in range(up):
        above: dict[Steps, None] = {}
        for one in found:
            *before, last = one
            if before:
                above[tuple(before)] = None
            if last.descendant:
                above[(*before, Step(None, "*", (), True))] = None
        found = list(above)
    return found


def local_name(tag: str) -> str:
    """An element's name without its namespace."""
    return tag.rpartition("}")[2]
