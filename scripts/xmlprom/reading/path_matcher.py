"""The state machine of a plan over element names: what to do where an element starts and ends.

A `State` stands for all elements with the same names above them. It is the set of (pattern, step) that may match next;
indexing it by an element's name gives the state below that element, made on first use. So the work per element is one
look-up, however many metrics the mapping has, and what names and depth decide is decided once for many elements.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from xmlprom import reasons
from xmlprom.errors import RunError, quoted
from xmlprom.reading.holders import Attributes
from xmlprom.reading.patterns import Item, Plan, RowTarget, Target
from xmlprom.reading.state import State

if TYPE_CHECKING:
    from xmlprom.reading.actions import Actions

_MAX_NAMES = 100_000  # of elements; libxml2 keeps all names, and 2.9 takes ever longer for a new one
_MAX_KEPT = 20_000  # states; those beyond are made anew each time


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

    def has_positions(self, items: frozenset[Item]) -> bool:
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

    def _passes(self, item: Item, attributes: Attributes, counters: dict[tuple[int, int, int], int]) -> bool:
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

    def _state(self, up: State, tag: str, items: Iterable[Item], matched: list[Item]) -> State:
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
