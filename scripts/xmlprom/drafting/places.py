"""The places of a sample: all elements with the same path, with their attributes and texts."""

from __future__ import annotations

from collections.abc import Iterable

from xmlprom.drafting import text_stats
from xmlprom.drafting.text_stats import TextStats

ANY = "*"  # the tag of elements that are taken together


class Place:
    """All elements with the same path.

    `most`: how many of them one parent has at most; `parents`: how many elements have some; `is_leaf`: none of them
    holds elements; `recursive`: some hold elements of a name that is also above them, which are places of their own;
    `sorts`: the sets of names beside values that they hold, and how many hold each.
    """

    __slots__ = (
        "attributes", "children", "count", "is_leaf", "most", "parents", "recursive", "sorts", "tag",
        "text",
    )  # fmt: skip

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.count = self.most = self.parents = 0
        self.attributes: dict[str, TextStats] = {}
        self.text = TextStats()
        self.is_leaf = True
        self.children: dict[str, Place] = {}
        self.recursive = False
        self.sorts: dict[frozenset[str], int] = {}

    @property
    def is_bare(self) -> bool:
        """Whether it has nothing but text."""
        return self.is_leaf and not self.attributes

    @property
    def shape(self) -> frozenset[str]:
        """The names of what is in it, and of what is in that."""
        names = [f"@{name}" for name in self.attributes]
        for tag, child in self.children.items():
            inner = (*(f"@{name}" for name in child.attributes), *child.children)
            names.extend(f"{tag}/{name}" for name in inner)
            if not inner:
                names.append(tag)
        return frozenset((*names, *(("text",) if self.text.filled else ())))


def merge(places: Iterable[Place]) -> Place:
    """Several places as if they were one, of the name `*`."""
    merged = Place(ANY)
    attributes: dict[str, list[TextStats]] = {}
    children: dict[str, list[Place]] = {}
    texts = []
    for place in places:
        merged.count += place.count
        merged.parents = max(merged.parents, place.parents)
        merged.is_leaf = merged.is_leaf and place.is_leaf
        merged.recursive = merged.recursive or place.recursive
        texts.append(place.text)
        merged.sorts.update(place.sorts)
        for name, stats in place.attributes.items():
            attributes.setdefault(name, []).append(stats)
        for tag, child in place.children.items():
            children.setdefault(tag, []).append(child)
    merged.most = max(2, len(texts))
    merged.text = text_stats.merge(texts)
    merged.attributes = {name: text_stats.merge(stats) for name, stats in attributes.items()}
    for tag, same in children.items():
        child = merged.children[tag] = merge(same)
        child.tag, child.most = tag, max(place.most for place in same)
        child.parents = sum(place.parents for place in same)
    return merged
