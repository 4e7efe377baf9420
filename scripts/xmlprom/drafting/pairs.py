"""Names beside values, `<key>size</key><integer>5</integer>`, as in Apple's property lists.

A place keeps such values as if they were attributes, under names of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from xmlprom.drafting import vocabulary
from xmlprom.drafting.places import ANY, Place
from xmlprom.drafting.text_kinds import is_unique_id
from xmlprom.drafting.text_stats import MAX_LENGTH, TextStats

KEY = "key"  # the element that holds a name
_MARK = "\0"  # before the name of a pair
_MAX_PAIRS = 100  # names of one place
_MAX_SORTS = 200  # sets of names of one place
_FEW = 3
_FLAGS = ("true", "false")  # elements whose name is the value


def attribute_name(key: str, tag: str) -> str:
    """The name under which a place keeps the values of a key; `tag`: of the element that holds the value."""
    return f"{_MARK}{key}{_MARK if tag in _FLAGS else ''}"


def pair_path(name: str) -> str:
    """The path of a pair's value, "" if the name is not that of a pair."""
    if not name.startswith(_MARK):
        return ""
    key = name.strip(_MARK)
    quote = '"' if "'" in key else "'"
    return f"{KEY}[.={quote}{key}{quote}]/following-sibling::*[1]{'/name()' if name.endswith(_MARK) else ''}"


class PairReader:
    """Finds the pairs while a sample streams by.

    While `keys` and `names` are empty, only elements `key` are of interest.
    """

    def __init__(self) -> None:
        self.keys: dict[int, str] = {}  # depth -> the name before the element that is next
        self.names: dict[int, set[str]] = {}  # depth -> of the pairs so far

    def end(self, places: Sequence[Place], tag: str, text: str, open_elements: Sequence[int]) -> None:
        """An element has ended, the last of the open ones."""
        depth = len(places)
        if tag == KEY:
            if text and len(text) <= MAX_LENGTH:
                self.keys[depth] = text
            return
        key = self.keys.pop(depth, None)
        self.keys.pop(depth + 1, None)
        if key is not None and depth > 1 and places[-1].is_leaf:
            self._add(places[-2], attribute_name(key, tag), tag if tag in _FLAGS else text, open_elements[:-1])
            self.names.setdefault(depth, set()).add(attribute_name(key, tag))
        names = frozenset(self.names.pop(depth + 1, ()))
        sorts = places[-1].sorts
        if names and (names in sorts or len(sorts) < _MAX_SORTS):
            sorts[names] = sorts.get(names, 0) + 1

    def _add(self, place: Place, name: str, text: str, open_elements: Sequence[int]) -> None:
        stats = place.attributes.get(name)
        if stats is None:
            if sum(key.startswith(_MARK) for key in place.attributes) >= _MAX_PAIRS:
                return
            stats = place.attributes[name] = TextStats()
        stats.add(text, open_elements)


def settle(places: Sequence[Place]) -> None:
    """Keep either the pairs of a place or the elements that they are made of."""
    for place in places:
        key = place.children.get(KEY)
        if key is not None and key.most > 1 and place.sorts:
            place.children = {tag: child for tag, child in place.children.items() if not child.is_leaf}
        elif place.sorts:
            place.attributes = {n: stats for n, stats in place.attributes.items() if not n.startswith(_MARK)}
            place.sorts = {}


def by_key(place: Place) -> Iterator[tuple[str, str, Place]]:
    """Things of several kinds that are one place, by what each is called.

    For each kind: the name of the attribute or pair that says so, the word for the kind, and the things that have it.
    """
    keys = sorted(filter(None, (_rank(name, stats) for name, stats in place.attributes.items())))
    left = dict(place.attributes)
    for _, name in keys:
        mine = [other for other in left if other != name and _always_with(place, other, name)]
        if not mine or name not in left:
            continue
        shared = [other for other in left if other not in (name, *mine) and _is_fact(place, other, name)]
        part = Place(ANY)
        part.count = left[name].filled
        part.parents, part.most = 1, max(2, part.count)
        part.attributes = {other: left[other] for other in (name, *mine, *shared)}
        for other in (name, *mine):
            del left[other]
        yield name, re.sub(r"(?<=[^_])_?(name|id)$", "", name.strip(_MARK), flags=re.IGNORECASE), part


def _always_with(place: Place, name: str, key: str) -> bool:
    having = [names for names in place.sorts if name in names]
    return bool(having) and all(key in names for names in having)


def _is_fact(place: Place, name: str, key: str) -> bool:
    """Whether it is a word that is known of some of the things, and of few others."""
    stats = place.attributes[name]
    together = any(name in names and key in names for names in place.sorts)
    return together and stats.filled <= place.attributes[key].filled and stats.counts()["word"] == stats.filled


def _rank(name: str, stats: TextStats) -> tuple[int, str] | None:
    """How well a name serves as that of a thing: no two things have the same text there."""
    word = name.strip(f"{_MARK}_").lower()
    counts = stats.counts()
    if stats.distinct < stats.filled or stats.longs or counts["word"] + counts["number"] < stats.filled:
        return None
    if any(is_unique_id(text) for text in stats.words):
        return None
    for rank, words in enumerate((vocabulary.NAMES, vocabulary.IDS)):
        if word in words:
            return rank, name
    if word.endswith(("name", "id")):
        return 2, name
    if counts["number"]:
        return None
    return (3 if vocabulary.tokens((word,)) & vocabulary.PLACES else 4, name) if _lasts(word, stats) else None


def _lasts(word: str, stats: TextStats) -> bool:
    """Whether the texts are such as name things: a name that says so, or single short words."""
    known = bool(vocabulary.tokens((word,)) & vocabulary.PLACES)
    return known or (len(stats.words) > _FEW and all(text.isalpha() for text in stats.words))
