"""What the texts of one place have in common, gathered in bounded memory."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from xmlprom.drafting.text_kinds import kind_of

MAX_VALUES = 24  # distinct texts kept of each place
MAX_LENGTH = 128  # characters of a text that is kept
MAX_TEXT = 256  # characters of a text that is looked at
_MAX_FORMS = 8
_MAX_SIBLINGS = 1000  # of which it is known whether two are alike
_MAX_DISTINCT = 2000
_ALL_LOOKED_AT, _LOOKED_AT = 20_000, 16  # texts of a place; of those after them, one in so many
_NUMERIC = ("number", "amount", "date")
_COMPARED = 32  # texts of a sample that are compared with those of the one before
LEVELS = 4  # how far up a row may be from the text


class TextStats:
    """Takes the texts of one place.

    `values` are the first distinct ones with how often each came, `many` if there are others.
    `repeats[n]`: two were alike below one element that is n + 1 levels above that which holds the text.
    `latest` and `earlier` are all texts of the last sample and the one before it, None where they are many;
    `rises` and `falls`: how many numbers did so between samples of one host.
    """

    __slots__ = (
        "_distinct", "_scopes", "_seen", "_watched", "blank", "count", "earlier", "falls", "forms", "kinds", "latest",
        "least", "longest", "longs", "many", "most", "nonzero", "repeats", "rises", "units", "values", "whole",
    )  # fmt: skip

    def __init__(self) -> None:
        self.count = self.blank = self.longs = self.longest = self.nonzero = 0
        self.values: dict[str, int] = {}
        self.many = False
        self.kinds: Counter[str] = Counter()  # of texts that are not in `values`
        self.units: dict[str, None] = {}
        self.forms: dict[str, None] = {}
        self.least, self.most, self.whole = math.inf, -math.inf, True
        self.repeats = [False] * LEVELS
        self.latest: list[str] | None = []
        self.earlier: list[str] | None = None
        self.rises = self.falls = 0
        self._distinct: set[int] = set()
        self._watched = list(range(LEVELS))
        self._scopes = [-1] * LEVELS
        self._seen: list[set[int]] = [set() for _ in range(LEVELS)]

    def add(self, text: str, open_elements: Sequence[int]) -> None:
        """Take a text; `open_elements`: serial numbers of the open elements, that which holds it last."""
        self.count += 1
        values = self.values
        if text in values:
            values[text] += 1
        elif not self.many or self.count <= _ALL_LOOKED_AT:
            self._take(text.strip(), 1)
        elif self.count % _LOOKED_AT == 0:
            self._take(text.strip(), _LOOKED_AT)
        if self._watched:
            self._compare(text, open_elements)
        if self.latest is not None:
            if len(self.latest) < _COMPARED:
                self.latest.append(text)
            else:
                self.latest = None

    def next_sample(self) -> None:
        """Another sample begins."""
        self.earlier, self.latest = self.latest, []

    def _take(self, text: str, times: int) -> None:
        """Look at a text that stands for so many."""
        if not text:
            self.blank += times
            return
        self.longest = max(self.longest, len(text))
        if len(text) > MAX_TEXT:
            self.longs += times
            self.many = True
            return
        kind = kind_of(text)
        if text in self.values:
            self.values[text] += times
        elif len(self.values) < MAX_VALUES and len(text) <= MAX_LENGTH:
            self.values[text] = times
        else:
            self.many = True
            self.kinds[kind.name] += times
            if len(self._distinct) < _MAX_DISTINCT:
                self._distinct.add(hash(text))
        if kind.name in _NUMERIC:
            self.least, self.most = min(self.least, kind.number), max(self.most, kind.number)
            self.whole = self.whole and kind.number == int(kind.number)
            self.nonzero += kind.number != 0
        if kind.name == "amount" and len(self.units) < _MAX_FORMS:
            self.units[kind.form] = None
        if kind.name == "date" and len(self.forms) < _MAX_FORMS:
            self.forms[kind.form] = None

    def _compare(self, text: str, open_elements: Sequence[int]) -> None:
        for level in tuple(self._watched):
            at = len(open_elements) - 2 - level
            scope = open_elements[at] if at >= 0 else 0
            seen = self._seen[level]
            if self._scopes[level] != scope:
                self._scopes[level] = scope
                seen.clear()
            key = hash(text)
            if key in seen or len(seen) >= _MAX_SIBLINGS:
                self.repeats[level] = True
                self._watched.remove(level)
                seen.clear()
            else:
                seen.add(key)

    def counts(self) -> Counter[str]:
        """How many texts are of each kind."""
        found = Counter(self.kinds)
        for text, times in self.values.items():
            found[kind_of(text).name] += times
        return found

    @property
    def filled(self) -> int:
        return self.count - self.blank

    @property
    def words(self) -> list[str]:
        """The distinct texts that are not empty, as far as kept."""
        return list(self.values)

    @property
    def distinct(self) -> int:
        """How many distinct texts there are, at least."""
        return len(self.words) + len(self._distinct)

    def of_kind(self, *names: str) -> list[str]:
        """The kept texts of these kinds."""
        return [text for text in self.words if kind_of(text).name in names]


def merge(all_stats: Iterable[TextStats]) -> TextStats:
    """Several places' texts as if they were one's."""
    merged = TextStats()
    for stats in all_stats:
        merged.count += stats.count
        merged.blank += stats.blank
        merged.longs += stats.longs
        merged.longest = max(merged.longest, stats.longest)
        merged.nonzero += stats.nonzero
        merged.rises += stats.rises
        merged.falls += stats.falls
        for text, times in stats.values.items():
            if text in merged.values or len(merged.values) < MAX_VALUES:
                merged.values[text] = merged.values.get(text, 0) + times
            else:
                merged.many = True
                merged.kinds[kind_of(text).name] += times
                merged._distinct.add(hash(text))
        merged.many = merged.many or stats.many
        merged.kinds.update(stats.kinds)
        merged._distinct.update(stats._distinct)
        merged.units.update(stats.units)
        merged.forms.update(stats.forms)
        merged.least, merged.most = min(merged.least, stats.least), max(merged.most, stats.most)
        merged.whole = merged.whole and stats.whole
        merged.repeats = [one or other for one, other in zip(merged.repeats, stats.repeats)]
    return merged
