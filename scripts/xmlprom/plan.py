"""Compile a mapping into a state machine over element names: what to do where an element starts and ends.

Every path becomes a pattern of steps. A `State` is the set of (pattern, step) that may match next; indexing it by
an element's name gives the state below that element, made on first use. So the work per element is one look-up,
however many metrics the mapping has.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from collections.abc import Mapping as Dict
from operator import itemgetter
from typing import NamedTuple, Optional, Union

from xmlprom.errors import RunError
from xmlprom.mapping import Mapping, Section
from xmlprom.paths import Path, Step

_MAX_NAMES = 100_000  # of elements; libxml2 keeps all names, and 2.9 takes ever longer for a new one
_MAX_STATES = 4096  # a document with more element names than that gets states that are not kept
# The texts of one row, one per field of its section, None where there is none.
RawRow = tuple[Optional[str], ...]


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
        return self.at_start and all(up == 0 for _, up, _ in self.own)


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
        """Whether something of a row's ancestors is wanted."""
        return any(path.up for fields in self.sections for path in fields.paths)

    @property
    def wants_direct_text(self) -> bool:
        """Whether the text of some element is wanted without that of the elements in it."""
        return any(getattr(pattern.target, "leaf", None) == "text()" for pattern in self.patterns)

    @property
    def start_tags_suffice(self) -> bool:
        """Whether rows stand at a known depth, and no text and nothing at an element's end has to be looked at."""
        return not self.documents and all(
            fields.in_start_tag and not any(step.descendant for step in fields.rows.steps) for fields in self.sections
        )


def compile_plan(mapping: Mapping, ordered: bool = False) -> Plan:
    """Collect what a mapping has to look at.

    :param ordered: every row is wanted by itself, in the source's order
    """
    documents: dict[Path, None] = {}
    for metric in mapping.metrics:
        documents.update((label.path, None) for label in metric.labels if label.path.absolute)
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
        paths.update((label.path, None) for label in metric.labels if not label.path.absolute)
        paths.update((condition.path, None) for condition in metric.where)
        if metric.value:
            paths[metric.value.path] = None
            ordered = ordered or metric.value.aggregate == "last"
    own = tuple(
        (column, path.up, path.attribute)
        for column, path in enumerate(paths)
        if not path.steps and path.leaf not in ("element", "text()")
    )
    return Fields(number, section.rows, tuple(paths), own, ordered, len(own) == len(paths) and not ordered)


class State(dict[str, "State"]):
    """Where in the patterns the parser is, below one element.

    `waiting`: the steps that a child may match. `targets`: what to do at this element. `undecided`: the steps that
    match this element's name, of which some have predicates, so that `decide` must look at the attributes.
    `active`: there is something to do or decide. `ending`: the sections whose rows count where the element ends.
    Where counting rows of section `counted` is all there is to do, `counts` has them by `key(attributes)`. Where the
    element's text is all that is wanted of it and of what it holds, `only_text` is the field for it, and `place` its
    section, column and depth below the row.
    """

    counted: Fields
    key: Callable[[Dict[str, str]], object]
    counts: dict[object, int] | None
    only_text: FieldTarget | None
    place: tuple[int, int, int]
    __slots__ = (
        "machine", "tag", "waiting", "targets", "undecided", "outcomes", "ending",
        "active", "counted", "key", "counts", "only_text", "place",
    )  # fmt: skip

    def __init__(
        self,
        machine: Machine,
        tag: str,
        waiting: frozenset[_Item],
        targets: tuple[Target, ...],
        undecided: tuple[_Item, ...] = (),
    ) -> None:
        self.machine = machine
        self.tag = tag
        self.waiting = waiting
        self.targets = targets
        self.undecided = undecided
        self.outcomes: dict[tuple[bool, ...], State] = {}
        rows = (target.fields for target in targets if isinstance(target, RowTarget))
        self.ending = tuple(fields for fields in rows if not fields.at_start)
        self.active = bool(targets or undecided)
        self.counts = None
        self.only_text = None
        if len(targets) == 1 and isinstance(targets[0], FieldTarget) and targets[0].leaf == "element" and not waiting:
            target = self.only_text = targets[0]
            self.place = target.fields.number, target.column, target.depth

    def __missing__(self, tag: str) -> State:
        state = self.machine.below(self, tag)
        if self.machine.keeps_states():
            self[tag] = state
        return state

    def decide(self, attributes: Dict[str, str]) -> State:
        """The state once predicates have seen the element's attributes; itself if there are none."""
        return self.machine.decide(self, attributes) if self.undecided else self

    def take_counted(self, key: object) -> tuple[int, RawRow, int]:
        """Forget the rows under `key`: (section, row, number of such rows)."""
        assert self.counts is not None  # noqa: S101 - only such states hand out keys
        texts = iter(key if isinstance(key, tuple) else (key,))
        row = tuple(next(texts) if path.attribute else local_name(self.tag) for path in self.counted.paths)
        return self.counted.number, row, self.counts.pop(key)


_Item = tuple[int, int]  # pattern, step


class Machine:
    """Makes the states of one run."""

    def __init__(self, plan: Plan) -> None:
        self._patterns = plan.patterns
        self._known: dict[tuple[frozenset[_Item], tuple[Target, ...], str], State] = {}
        items = frozenset((number, 0) for number in range(len(plan.patterns)))
        self._names: set[str] = set()
        self.start = State(self, "", items, ())

    def keeps_states(self) -> bool:
        return len(self._known) < _MAX_STATES

    def can_have_rows(self, state: State) -> bool:
        """Whether a row can start at or below the element of `state`."""
        targets = [*state.targets, *(self._patterns[pattern].target for pattern, _ in state.waiting)]
        return any(isinstance(target, RowTarget) for target in targets)

    def below(self, state: State, tag: str) -> State:
        """The state below an element `tag` that stands directly in the element of `state`.

        :raises RunError: if there are too many names of elements
        """
        self._names.add(tag)
        if len(self._names) > _MAX_NAMES:
            raise RunError("limit", f"elements have more than {_MAX_NAMES} different names")
        items, matched, decided = [], [], True
        for pattern, step in sorted(state.waiting):
            candidate = self._patterns[pattern].steps[step]
            if candidate.descendant:
                items.append((pattern, step))
            if candidate.matches(tag):
                matched.append((pattern, step))
                decided = decided and not candidate.predicates
        if decided:
            return self._state(tag, items, matched)
        return State(self, tag, frozenset(items), (), tuple(matched))

    def decide(self, state: State, attributes: Dict[str, str]) -> State:
        """The state that `state.undecided` lead to at an element with these attributes."""
        outcome = tuple(
            all(predicate.holds(attributes) for predicate in self._patterns[pattern].steps[step].predicates)
            for pattern, step in state.undecided
        )
        if outcome not in state.outcomes:
            matched = list(itertools.compress(state.undecided, outcome))
            state.outcomes[outcome] = self._state(state.tag, list(state.waiting), matched)
        return state.outcomes[outcome]

    def _state(self, tag: str, items: list[_Item], matched: list[_Item]) -> State:
        targets = []
        for pattern, step in sorted(matched):
            if step + 1 < len(self._patterns[pattern].steps):
                items.append((pattern, step + 1))
            else:
                targets.append(self._patterns[pattern].target)
        key = (frozenset(items), tuple(targets), tag if targets else "")
        state = self._known.get(key)
        if state is None:
            state = State(self, tag, key[0], key[1])
            if self.keeps_states():
                self._known[key] = state
                _count_at_start(state)
        return state


def _count_at_start(state: State) -> None:
    """Let `state` count its rows if that is all there is to do at its element."""
    if len(state.targets) == 1 and isinstance(state.targets[0], RowTarget):
        fields = state.targets[0].fields
        if fields.in_start_tag:
            state.counted = fields
            state.counts = {}
            state.key = _key_of([path.attribute for path in fields.paths if path.attribute])


def _key_of(names: list[str]) -> Callable[[Dict[str, str]], object]:
    """A function that gives the texts of some attributes: fast where all are there, None for one that is not."""
    if not names:
        return lambda _attributes: ()
    fast = itemgetter(*names)

    def key(attributes: Dict[str, str]) -> object:
        try:
            return fast(attributes)
        except KeyError:
            texts = tuple(attributes.get(name) for name in names)
            return texts if len(texts) > 1 else texts[0]

    return key


def local_name(tag: str) -> str:
    """An element's name without its namespace."""
    return tag.rpartition("}")[2]
