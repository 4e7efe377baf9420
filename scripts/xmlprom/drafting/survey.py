"""What a sample holds, as frozen dataclasses; `scan` makes them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

MAX_VALUES = 21  # distinct texts kept of each place: one more than a label may have
MAX_LENGTH = 64  # characters of a text that is kept
MAX_WORDS = 4  # texts kept that are no number
ANY = "*"  # the tag of elements that are surveyed together


@dataclass(frozen=True)
class Texts:
    """The texts of one place: how many there are, how many of them are empty, numbers, dates, amounts ("45 C").

    `values` are the first distinct ones, `many` if there are others. `long`: some were too long to look at.
    `words` are the first that are none of these, cut to MAX_LENGTH; `units` what stands behind amounts;
    `forms` what a mapping calls the dates, "" if it can't read them. `size` is the sum of all magnitudes, `least` and
    `most` tell between which the numbers are. `rising`: each is a whole number, one more than that before.
    """

    count: int = 0
    empty: int = 0
    numbers: int = 0
    dates: int = 0
    amounts: int = 0
    size: float = 0.0
    least: float = math.inf
    most: float = -math.inf
    values: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    many: bool = False
    long: bool = False
    rising: bool = False


@dataclass(frozen=True)
class Place:
    """All elements with the same path. `most`: how many of them one parent has at most.

    `text` is None if some of them hold elements. `below` tells of children that are surveyed elsewhere.
    """

    tag: str
    count: int
    most: int
    attributes: dict[str, Texts]
    text: Texts | None
    children: tuple[Place, ...]
    below: bool


@dataclass(frozen=True)
class Survey:
    """A whole sample. `nested` are the places of elements that stand in elements of their own name.

    `prefixes`: namespace -> prefix. `exact` unless there are so many places that some of `nested` may be missing.
    """

    root: Place
    nested: tuple[Place, ...]
    prefixes: dict[str, str]
    exact: bool


def merge(places: Iterable[Place]) -> Place:
    """Several places as if they were one."""
    places = tuple(places)
    first = places[0]
    names = dict.fromkeys(name for place in places for name in place.attributes)
    children: dict[str, list[Place]] = {}
    for place in places:
        for child in place.children:
            children.setdefault(child.tag, []).append(child)
    texts = [place.text for place in places if place.text is not None]
    return Place(
        tag=first.tag,
        count=sum(place.count for place in places),
        most=max(place.most for place in places),
        attributes={
            name: _merge_texts([place.attributes[name] for place in places if name in place.attributes])
            for name in names
        },
        text=_merge_texts(texts) if len(texts) == len(places) else None,
        children=tuple(merge(same) for same in children.values()),
        below=any(place.below for place in places),
    )


def _merge_texts(all_texts: list[Texts]) -> Texts:
    def distinct(of: Callable[[Texts], Iterable[str]]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(text for texts in all_texts for text in of(texts)))

    if len(all_texts) == 1:
        return all_texts[0]
    values = distinct(lambda texts: texts.values)
    return Texts(
        count=sum(texts.count for texts in all_texts),
        empty=sum(texts.empty for texts in all_texts),
        numbers=sum(texts.numbers for texts in all_texts),
        dates=sum(texts.dates for texts in all_texts),
        amounts=sum(texts.amounts for texts in all_texts),
        size=sum(texts.size for texts in all_texts),
        least=min(texts.least for texts in all_texts),
        most=max(texts.most for texts in all_texts),
        values=values[:MAX_VALUES],
        words=distinct(lambda texts: texts.words)[:MAX_WORDS],
        units=distinct(lambda texts: texts.units)[:MAX_WORDS],
        forms=distinct(lambda texts: texts.forms)[:MAX_WORDS],
        many=len(values) > MAX_VALUES or any(texts.many for texts in all_texts),
        long=any(texts.long for texts in all_texts),
        rising=all(texts.rising for texts in all_texts),
    )
