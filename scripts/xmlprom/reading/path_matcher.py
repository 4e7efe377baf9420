"""The state machine of a plan over element names: what to do where an element starts and ends.

A `State` stands for all elements with the same names above them. It is the set of (pattern, step) that may match next;
indexing it by an element's name gives the state below that element, made on first use. So the work per element is one
look-up, however many metrics the mapping has, and what names and depth decide is decided once for many elements.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from operator import itemgetter

from xmlprom import reasons
from xmlprom.errors import RunError
from xmlprom.reading.patterns import DocumentTarget, FieldTarget, Plan, RowTarget, Target
from xmlprom.reading.rows import Attributes, Row, Tally

_MAX_NAMES = 100_000  # of elements; libxml2 keeps all names, and 2.9 takes ever longer for a new one
_MAX_KEPT = 20_000  # states; those beyond are made anew each time
_Item = tuple[int, int]  # pattern, step


class State(dict[str, "State"]):
    """Where in the patterns the parser is, below an element.

    `up`: the state around the element. `depth`: of the element; the root has 1. `waiting`: the steps that a child may
    match. `targets`: what to do at this element. `undecided`: the steps that match this element's name, of which some
    have predicates, so that `decide` must look at the attributes. `active`: there is something to do or decide.

    The targets by kind: `whole` are the rows that the element's start tag holds whole, `open_rows` those of which more
    comes below it. `fields` are the columns that it fills, `documents` the texts that hold for all rows. `has_more`:
    there are others than `open_rows`.

    Where counting rows of one section is all there is to do, `tallies` has them: by the attribute `attribute`, if that
    alone tells them apart, or by `key(attributes)`. Where the element's text is all that is wanted of it and of what
    it holds, `only_text` is the field for it, and `row` is where it goes.
    """

    tallies: dict[object, Tally]
    row: Row
    column: int
    __slots__ = (
        "matcher", "up", "tag", "depth", "waiting", "targets", "undecided", "outcomes", "active",
        "whole", "open_rows", "fields", "documents", "has_more", "tallies", "attribute", "key",
        "only_text", "row", "column",
    )  # fmt: skip

    def __init__(
        self,
        matcher: PathMatcher,
        up: State | None,
        tag: str,
        waiting: frozenset[_Item],
        targets: tuple[Target, ...],
        undecided: tuple[_Item, ...] = (),
    ) -> None:
        self.matcher = matcher
        self.up: State = self if up is None else up
        self.tag = tag
        self.depth: int = 0 if up is None else up.depth + 1
        self.waiting = waiting
        self.targets = targets
        self.undecided = undecided
        self.outcomes: dict[tuple[bool, ...], State] = {}
        self.active = bool(targets or undecided)
        rows = [Row(target.fields, list(self._tags())) for target in targets if isinstance(target, RowTarget)]
        self.whole = tuple(row for row in rows if row.fields.at_start)
        self.open_rows = tuple(row for row in rows if not row.fields.at_start)
        self.fields = tuple((target, self._open_row(target)) for target in targets if isinstance(target, FieldTarget))
        self.documents = tuple(target for target in targets if isinstance(target, DocumentTarget))
        self.has_more = bool(self.whole or self.fields or self.documents)
        self.attribute: str | None = None
        self.key: Callable[[Attributes], object] | None = None
        self.only_text: FieldTarget | None = None
        if len(targets) != 1:
            return
        if self.fields and not waiting:
            ((target, row),) = self.fields
            if target.leaf == "element":
                self.only_text, self.row, self.column = target, row, target.column
        elif self.whole and self.whole[0].fields.in_start_tag:
            self.tallies = {}
            names = [path.attribute for path in self.whole[0].fields.paths if path.attribute]
            if len(names) == 1:
                self.attribute = names[0]
            else:
                self.key = itemgetter(*names) if names else lambda _attributes: ()

    def _tags(self) -> Iterator[str]:
        """Of the element and those around it, outwards."""
        state = self
        while state.depth:
            yield state.tag
            state = state.up

    def _open_row(self, target: FieldTarget) -> Row:
        """The row, in an element around this one or in this one, of which the field is."""
        state = self
        for _ in range(target.depth):
            state = state.up
        return next(row for row in state.open_rows if row.fields is target.fields)

    def __missing__(self, tag: str) -> State:
        state = self.matcher.below(self, tag)
        if self.matcher.keeps():
            self[tag] = state
        return state

    def decide(self, attributes: Attributes) -> State:
        """The state once predicates have seen the element's attributes; itself if there are none."""
        return self.matcher.decide(self, attributes) if self.undecided else self

    def key_with_gaps(self, attributes: Attributes) -> object:
        """Under what `tallies` has a row, with None for attributes that are not there."""
        paths = self.whole[0].fields.paths
        texts = tuple(attributes.get(path.attribute) for path in paths if path.attribute)
        return texts[0] if self.attribute else texts


class PathMatcher:
    """Makes the states of one run.

    States and indexing them raise RunError: for a root element below which there can be no rows, for elements nested
    deeper than `max_depth`, and for too many names of elements.
    """

    def __init__(self, plan: Plan, max_depth: int) -> None:
        self._plan = plan
        self._patterns = plan.patterns
        self._max_depth = max_depth
        self._kept = 0
        self._names: set[str] = set()
        items = frozenset((number, 0) for number in range(len(plan.patterns)))
        self.start = State(self, None, "", items, ())

    def keeps(self) -> bool:
        """Whether there is room to keep one more state."""
        self._kept += 1
        return self._kept <= _MAX_KEPT

    def below(self, state: State, tag: str) -> State:
        """The state below an element `tag` that stands directly in the element of `state`."""
        self._names.add(tag)
        if len(self._names) > _MAX_NAMES:
            raise RunError(reasons.LIMIT, f"elements have more than {_MAX_NAMES} different names")
        if state.depth == self._max_depth:
            raise RunError(reasons.LIMIT, f"elements are nested deeper than limits.depth, {self._max_depth}")
        items, matched, decided = [], [], True
        for pattern, step in sorted(state.waiting):
            candidate = self._patterns[pattern].steps[step]
            if candidate.descendant:
                items.append((pattern, step))
            if candidate.matches(tag):
                matched.append((pattern, step))
                decided = decided and not candidate.predicates
        if decided:
            return self._state(state, tag, items, matched)
        return State(self, state, tag, frozenset(items), (), tuple(matched))

    def decide(self, state: State, attributes: Attributes) -> State:
        """The state that `state.undecided` lead to at an element with these attributes."""
        outcome = tuple(
            all(predicate.holds(attributes) for predicate in self._patterns[pattern].steps[step].predicates)
            for pattern, step in state.undecided
        )
        decided = state.outcomes.get(outcome)
        if decided is None:
            matched = list(itertools.compress(state.undecided, outcome))
            decided = self._state(state.up, state.tag, list(state.waiting), matched)
            if self.keeps():
                state.outcomes[outcome] = decided
        return decided

    def _state(self, up: State, tag: str, items: list[_Item], matched: list[_Item]) -> State:
        targets = []
        for pattern, step in sorted(matched):
            if step + 1 < len(self._patterns[pattern].steps):
                items.append((pattern, step + 1))
            else:
                targets.append(self._patterns[pattern].target)
        state = State(self, up, tag, frozenset(items), tuple(targets))
        if state.depth == 1:
            self._check_root(state)
        return state

    def _check_root(self, state: State) -> None:
        targets = [*state.targets, *(self._patterns[pattern].target for pattern, _ in state.waiting)]
        if any(isinstance(target, RowTarget) for target in targets):
            return
        paths = ", ".join(dict.fromkeys(fields.rows.text for fields in self._plan.sections))
        namespace, _, name = state.tag.rpartition("}")
        hint = f" (of namespace {namespace[1:]}: write {{*}}{name}, or declare a prefix)" if namespace else ""
        raise RunError(reasons.ROOT, f"the root element {name}{hint} can't match the rows' path {paths}")
