"""The state machine of a plan over element names: what to do where an element starts and ends.

A `State` stands for all elements with the same names above them. It is the set of (pattern, step) that may match next;
indexing it by an element's name gives the state below that element, made on first use. So the work per element is one
look-up, however many metrics the mapping has, and what names and depth decide is decided once for many elements.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter
from typing import TYPE_CHECKING, TypeVar

from xmlprom import reasons
from xmlprom.errors import RunError, quoted
from xmlprom.reading.holders import Attributes, Holder, Row
from xmlprom.reading.patterns import Plan, RowTarget, Target, TextTarget

if TYPE_CHECKING:
    from xmlprom.reading.actions import Actions

_MAX_NAMES = 100_000  # of elements; libxml2 keeps all names, and 2.9 takes ever longer for a new one
_MAX_KEPT = 20_000  # states; those beyond are made anew each time
_Item = tuple[int, int]  # pattern, step
_Kind = TypeVar("_Kind")


class Tally:
    """How many rows are equal; counting in place is faster than in a dict."""

    __slots__ = ("rows",)

    def __init__(self) -> None:
        self.rows = 0


class State(dict[str, "State"]):
    """Where in the patterns the parser is, below an element.

    `up`: the state around the element. `depth`: of the element; the root has 1. `waiting`: the steps that a child may
    match. `targets`: what to do at this element. `undecided`: the steps that match this element's name, of which some
    have predicates, so that `decide` must look at the attributes. `active`: there is something to do or decide.

    `holders` are what texts of the open element, and of those in it, are put into. `whole` are the rows that the
    element's start tag holds whole, `open_rows` those of which more comes below it, `ready_rows` those of them that
    are complete when they end, `held_rows` the others. `counted`: children may match steps with a position, `counters`
    has how many did so. `actions`: what else its start needs if it `opens`, and its end if it `closes`.

    Where counting rows of one section is all there is to do, `tallies` has them: by the attribute `attribute`, if that
    alone distinguishes them, or by `key(attributes)`. Where the element's text is all that is wanted of it and of what
    it holds, `only_text` is the target for it, `row` and `column` are where it goes, and `begin` is where it begins.
    """

    tallies: dict[object, Tally]
    row: Row
    column: int
    attributes: Attributes
    begin: int
    __slots__ = (
        "matcher", "up", "tag", "depth", "waiting", "targets", "undecided", "outcomes", "active",
        "holders", "whole", "open_rows", "ready_rows", "held_rows", "counted", "counters", "actions",
        "opens", "closes", "attributes", "tallies", "attribute", "key", "only_text", "row", "column", "begin",
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
        self.counted = not undecided and matcher.has_positions(waiting)
        self.counters: dict[tuple[int, int, int], int] = {}
        self.active = bool(targets or undecided or self.counted)
        self.holders: dict[object, Holder] = {}
        rows = [Row(target.fields, self) for target in self.of_kind(RowTarget)]
        self.holders.update((("row", row.section), row) for row in rows)
        self.whole = tuple(row for row in rows if row.fields.at_start)
        self.open_rows = tuple(row for row in rows if not row.fields.at_start)
        self.ready_rows = tuple(row for row in self.open_rows if row.fields.simple)
        self.held_rows = tuple(row for row in self.open_rows if not row.fields.simple)
        self.attribute: str | None = None
        self.key: Callable[[Attributes], object] | None = None
        self.only_text: TextTarget | None = None
        self.actions = matcher.actions(self) if targets else None
        self.opens = self.actions is not None and self.actions.at_start
        self.closes = self.actions is not None and self.actions.at_end
        if len(targets) == 1 and not self.counted:
            self._take_short_way()

    def _take_short_way(self) -> None:
        target = self.targets[0]
        if isinstance(target, TextTarget):
            into = target.into
            if target.leaf == "element" and not self.waiting and into.is_plain:
                self.only_text, self.column = target, into.column
                self.row = self.holder(into.holder, into.depth, Row)
        elif self.whole and self.whole[0].fields.in_start_tag:
            self.tallies = {}
            names = [path.attribute for path in self.whole[0].fields.paths if path.attribute]
            if len(names) == 1:
                self.attribute = names[0]
            else:
                self.key = itemgetter(*names) if names else lambda _attributes: ()

    def of_kind(self, kind: type[_Kind]) -> Iterator[_Kind]:
        """The targets of a kind."""
        return (target for target in self.targets if isinstance(target, kind))

    def tags(self) -> Iterator[str]:
        """Of the element and those around it, outwards."""
        state = self
        while state.depth:
            yield state.tag
            state = state.up

    def above(self, levels: int) -> State:
        """The state of the element that is so many levels further up."""
        state = self
        for _ in range(levels):
            state = state.up
        return state

    def holder(self, key: object, depth: int, kind: type[_Kind]) -> _Kind:
        """What a text is put into that started `depth` levels further up."""
        found = self.above(depth).holders[key]
        assert isinstance(found, kind)  # noqa: S101 - for mypy
        return found

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
    """Makes the states of one run; `actions` gives what the start and end of a state's elements need.

    States and indexing them raise RunError: for a root element below which there can be no rows, for elements nested
    deeper than `max_depth`, and for too many names of elements.
    """

    def __init__(
        self, plan: Plan, max_depth: int, actions: Callable[[State], Actions | None] = lambda _state: None
    ) -> None:
        self.actions = actions
        self._plan = plan
        self._patterns = plan.patterns
        self._max_depth = max_depth
        self._kept = 0
        self._names: set[str] = set()
        items = frozenset((number, 0) for number in range(len(plan.patterns)))
        self._positions = frozenset(
            (number, index)
            for number, pattern in enumerate(plan.patterns)
            for index, step in enumerate(pattern.steps)
            if any(isinstance(predicate, int) for predicate in step.predicates)
        )
        self.start = State(self, None, "", items, ())

    def keeps(self) -> bool:
        """Whether there is room to keep one more state."""
        self._kept += 1
        return self._kept <= _MAX_KEPT

    def has_positions(self, items: frozenset[_Item]) -> bool:
        """Whether some of these steps have a position."""
        return bool(self._positions) and not self._positions.isdisjoint(items)

    def below(self, state: State, tag: str) -> State:
        """The state below an element `tag` that is directly in the element of `state`."""
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
        counters = state.up.counters
        outcome = tuple([self._passes(item, attributes, counters) for item in state.undecided])
        decided = state.outcomes.get(outcome)
        if decided is None:
            matched = list(itertools.compress(state.undecided, outcome))
            decided = self._state(state.up, state.tag, list(state.waiting), matched)
            if self.keeps():
                state.outcomes[outcome] = decided
        return decided

    def _passes(self, item: _Item, attributes: Attributes, counters: dict[tuple[int, int, int], int]) -> bool:
        """Whether an element passes the predicates of a step, each among those that passed the ones before."""
        pattern, step = item
        for number, predicate in enumerate(self._patterns[pattern].steps[step].predicates):
            if isinstance(predicate, int):
                place = (pattern, step, number)
                count = counters[place] = counters.get(place, 0) + 1
                if count != predicate:
                    return False
            elif not predicate.holds(attributes):
                return False
        return True

    def _state(self, up: State, tag: str, items: Iterable[_Item], matched: list[_Item]) -> State:
        targets: dict[object, Target] = {}  # each once, though several patterns may lead to it
        waiting = set(items)
        for pattern, step in sorted(matched):
            if step + 1 < len(self._patterns[pattern].steps):
                waiting.add((pattern, step + 1))
            else:
                target = self._patterns[pattern].target
                targets[type(target), target] = target
        state = State(self, up, tag, frozenset(waiting), tuple(targets.values()))
        if state.depth == 1:
            self._check_root(state)
        return state

    def _check_root(self, state: State) -> None:
        targets = [*state.targets, *(self._patterns[pattern].target for pattern, _ in state.waiting)]
        if any(isinstance(target, RowTarget) for target in targets):
            return
        paths = ", ".join(dict.fromkeys(fields.rows.text for fields in self._plan.sections))
        namespace, _, name = state.tag.rpartition("}")
        hint = (
            f" (of namespace {quoted(namespace[1:])}: write {{*}}{name[:60]}, or declare a prefix)" if namespace else ""
        )
        raise RunError(reasons.ROOT, f"the root element {name[:60]}{hint} can't match the rows' path {paths}")
