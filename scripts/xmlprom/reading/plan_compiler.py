"""Compile a mapping into a plan: what to read from rows, and the patterns that lead to it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from xmlprom.mapping.model import Mapping, Section
from xmlprom.mapping.paths import ANY_ATTRIBUTE, Path, Step
from xmlprom.reading.fields import Fields
from xmlprom.reading.patterns import (
    KEYS,
    RESULT,
    AboveTarget,
    BesideTarget,
    BesideTextTarget,
    Destination,
    FrameTarget,
    HolderKey,
    KeyTarget,
    Pattern,
    Plan,
    RowTarget,
    SiblingsTarget,
    SiblingTarget,
    Steps,
    TextTarget,
)


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
        own: list[tuple[int, int, str | None]] = []
        around: list[tuple[int, int, int | None]] = []
        for path, column in columns.paths.items():
            if _is_own(path):
                own.append((column, path.up, path.attribute))
            else:
                reference = self._references(path, columns, number, section.rows, own)
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

    def _references(
        self, path: Path, columns: _Columns, number: int, rows: Path, own: list[tuple[int, int, str | None]]
    ) -> int | None:
        """The column with the text of the row to which a key has to be equal; put into `own` if it can be."""
        current = next((step.key.current for step in path.steps if step.key and step.key.current), None)
        if not current:
            return None
        known = (current.steps, current.leaf)
        if known not in columns.references:
            column = columns.references[known] = columns.more()
            if _is_own(current) and not current.leaf.startswith("@" + ANY_ATTRIBUTE):
                own.append((column, 0, current.attribute))
            else:
                self._path(current, column, columns, ("row", number), [rows.steps])
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
