"""Which fields distinguish rows: those of the row itself, and those of the elements around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from xmlprom.drafting import vocabulary
from xmlprom.drafting.elements import Element, Field, fields
from xmlprom.drafting.joins import Key, joined
from xmlprom.drafting.path_steps import PathSteps, snake
from xmlprom.drafting.text_kinds import is_unique_id, tells_time
from xmlprom.drafting.text_stats import MAX_LENGTH

_FEW_ROWS = 60  # of which a text may be the key although its name says nothing
_SEVERAL = 4  # rows of one parent whose kinds are all different: the kind is the key
_MAX_OF_ENTRY = 4  # fields of an element that holds a name and its value
_MAX_LEVEL = 2  # steps below the row
_NO_KEY = ("clock", "grouped", "date", "duration", "amount", "flag", "list", "hex", "none")
NAME = "name()"


class Keys(NamedTuple):
    """`own` keys of the rows, `outer` ones of the elements around; `whole`: no two rows have the same."""

    own: tuple[Key, ...]
    outer: tuple[Key, ...]
    whole: bool

    @property
    def all(self) -> tuple[Key, ...]:
        return self.outer + self.own


class KeyFinder:
    """Finds the keys of elements, and remembers them."""

    def __init__(self, steps: PathSteps) -> None:
        self._steps = steps
        self._own: dict[int, tuple[tuple[Key, ...], bool]] = {}

    def keys(self, element: Element) -> Keys:
        found, whole = self.own(element)
        own = tuple(joined(element, key, self._steps) or key for key in found)
        outer: list[Key] = []
        inner, around, up = element, element.outer, "../"
        while around is not None:
            found, known = self.own(around)
            on_the_way = f"{inner.path.rpartition('/')[2]}/"  # a group around the rows gives its keys itself
            reached = [key for key in found if not key.path.startswith(on_the_way)]
            usable = [Key(f"{up}{key.path}", key.words) for key in reached if self._steps.holds(f"{up}{key.path}")]
            whole = whole and known and (bool(usable) or not around.repeats)
            if around.anywhere and usable:  # the same name may come again below another of its kind
                above = [Key(f"{up}../{key.path}", ("parent", *key.words)) for key in reached]
                above = [Key(f"{up}../../{key.path}", ("grandparent", *key.words)) for key in reached] + above
                outer = [key for key in above if self._steps.holds(key.path)] + outer
            outer = usable + [Key(f"{up}{key.path}", key.words) for key in self._sorts(around, found)] + outer
            inner, around, up = around, around.outer, f"{up}../"
        return Keys(own, tuple(outer), whole and not element.anywhere)

    def _sorts(self, element: Element, keys: Sequence[Key]) -> list[Key]:
        """An attribute that says of what kind a named element is, `type`."""
        paths = {key.path for key in keys}
        for name in element.place.attributes if keys and not element.names else ():
            path = self._steps.attribute(name)
            if path and path not in paths and snake(name) in vocabulary.CATEGORIES:
                return [Key(path, (element.words[-1], snake(name)))]
        return []

    def own(self, element: Element) -> tuple[tuple[Key, ...], bool]:
        """An element's keys, and whether they distinguish it from its siblings."""
        if id(element) not in self._own:
            self._own[id(element)] = self._find(element)
        return self._own[id(element)]

    def _find(self, element: Element) -> tuple[tuple[Key, ...], bool]:
        tag = element.words[-1]
        if element.names:
            name = Key(NAME, (tag[:-1] if element.place.is_bare and tag.endswith("s") else "item",))
            if not element.place.is_leaf or element.place.attributes:
                found = _best(element, fields(element, self._steps))
                return (name, *(Key(key.path, _words(key, tag)) for key in found)), bool(found) or _once(element)
            return (name,), True
        found = _best(element, fields(element, self._steps))
        whole = bool(found) or not element.repeats
        if not found:
            found = _partial(element, fields(element, self._steps))
        return tuple(Key(key.path, _words(key, tag)) for key in found), whole


def _once(element: Element) -> bool:
    return element.place.count <= len(element.names) * max(1, element.place.parents)


def _words(key: Field, tag: str) -> tuple[str, ...]:
    last = key.words[-1] if key.words else tag
    return (tag,) if last in vocabulary.NAMES | vocabulary.IDS and len(key.words) == 1 else key.words or (tag,)


def _best(element: Element, found: Sequence[Field]) -> list[Field]:
    """The fields that are the key: one, or two identifiers where there is no name."""
    ranked = [
        (rank, number, field) for number, field in enumerate(found) if (rank := _rank(element, field)) is not None
    ]
    ranked.sort(key=lambda entry: entry[:2])
    if not ranked:
        return []
    best = ranked[0]
    if best[0] == _ID:
        return [field for rank, _, field in ranked if rank == _ID][:2]
    return [best[2]]


def _partial(element: Element, found: Sequence[Field]) -> list[Field]:
    """A name that only some of the elements have."""
    if not element.repeats or vocabulary.EVENTS & vocabulary.head(element.words[-1:]):
        return []
    for field in found:
        some = field.stats.filled and field.level < 2
        short = field.stats.longest <= MAX_LENGTH and not field.stats.many
        if some and short and _by_name(element, field) in (_NAME, _NAMED) and not field.stats.counts()["number"]:
            return [field]
    return []


_NAME, _ID, _NAMED, _PLACE, _OTHER, _NUMBER = range(6)


def _rank(element: Element, field: Field) -> int | None:
    """How good a key a field is, the best first; None if it is none."""
    if not _may_be_key(element, field):
        return None
    rank = _by_name(element, field)
    if element.row is not None or not element.repeats:
        return rank if rank is not None and rank <= _lowest(element, field) else None
    parents = max(1, element.place.parents)
    recurs = parents > 1 and field.stats.distinct * min(parents, 3) <= field.stats.filled * 1.2
    if not recurs and vocabulary.EVENTS & vocabulary.head(element.words[-1:]) and not _is_named_entry(element, field):
        return None
    if element.place.count == 1 and not element.names:  # nothing would distinguish it from others
        return rank
    if rank is None:
        return _by_texts(element, field, recurs)
    return rank if rank < _PLACE or recurs or element.place.count <= _FEW_ROWS * parents else None


def _is_named_entry(element: Element, field: Field) -> bool:
    """Whether it is the name of one of few values, `<entry><key>a</key><value>5</value></entry>`."""
    place = element.place
    few = len(place.attributes) + len(place.children) <= _MAX_OF_ENTRY and place.count <= _FEW_ROWS
    named = field.words[-1:] in (("key",), ("name",)) and field.level < _MAX_LEVEL
    return few and named and bool(vocabulary.ENTRIES & vocabulary.head(element.words[-1:]))


def _lowest(element: Element, field: Field) -> int:
    """The lowest rank that the key of an element may have which doesn't repeat."""
    if element.row is not None:  # a group has the keys of its row
        return _NAMED if field.level < _MAX_LEVEL else -1
    named = element.outer is not None or (len(field.words) == 1 and field.words[-1].endswith("name"))
    return _PLACE if named else _NAME


def _may_be_key(element: Element, field: Field) -> bool:
    """Whether all elements have it, short, of a lasting kind, and no two of one parent the same."""
    stats = field.stats
    counts = stats.counts()
    short = not stats.longs and stats.longest <= MAX_LENGTH
    if stats.filled < element.place.count or not short or field.level > _MAX_LEVEL:
        return False
    if any(counts[kind] for kind in _NO_KEY) or (counts["number"] and not (stats.whole and stats.least >= 0)):
        return False
    if not element.repeats:
        return True
    return not stats.repeats[field.level] and snake(element.place.tag) not in map(str.lower, stats.words)


def _by_texts(element: Element, field: Field, recurs: bool) -> int | None:
    stats = field.stats
    if stats.counts()["number"]:
        return _NUMBER if recurs and field.level < _MAX_LEVEL else None
    if recurs or element.place.count <= _FEW_ROWS:
        return None if any(is_unique_id(text) or tells_time(text) for text in stats.words) else _OTHER
    return None


def _is_id(word: str) -> bool:
    last = word.rpartition("_")[2]
    return last.endswith("id") and last not in vocabulary.NO_IDENTIFIERS


def _by_name(element: Element, field: Field) -> int | None:
    tag = snake(element.place.tag) if element.place.tag != "*" else ""
    last = field.words[-1] if field.words else ""
    depth = len(field.words)
    if depth == 1 and (last in vocabulary.NAMES or last in (f"{tag}_name", f"{tag}name")):
        return _NAME
    if depth == 1 and last in vocabulary.IDS:
        return _ID
    if last in vocabulary.CATEGORIES:
        other = _OTHER if element.place.most >= _SEVERAL and not field.level else None
        return _PLACE if last in vocabulary.PLACES else other
    if depth == 1 and (last.endswith(("name", "location")) or _is_id(last)):
        return _NAMED
    if vocabulary.tokens((last,)) & (vocabulary.PLACES | vocabulary.NAMES):
        return _PLACE if field.level else _NAMED
    return None
