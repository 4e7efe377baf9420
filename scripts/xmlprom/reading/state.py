"""What to do at elements with the same names above them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import itemgetter
from typing import TYPE_CHECKING, TypeVar

from xmlprom.reading.holders import Attributes, Holder
from xmlprom.reading.open_row import Row
from xmlprom.reading.patterns import Item, RowTarget, Target, TextTarget

if TYPE_CHECKING:
    from xmlprom.reading.path_matcher import PathMatcher

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
        waiting: frozenset[Item],
        targets: tuple[Target, ...],
        undecided: tuple[Item, ...] = (),
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
