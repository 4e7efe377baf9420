"""Names that are elsewhere: in a table with the same key, or at the same place of another list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from xmlprom.drafting.elements import Element
from xmlprom.drafting.path_steps import PathSteps, snake
from xmlprom.drafting.places import Place

_MAX_GROUPS = 3  # between an element and a list


class Key(NamedTuple):
    """A label that distinguishes rows: its path from the row, and the words to name it after."""

    path: str
    words: tuple[str, ...]


class WordRows(NamedTuple):
    """The words of a list as rows; `name`: the label that another list gives them.

    `up`: how many steps up the element is, `of_group`: the labels that what is between gives.
    """

    path: str
    words: tuple[str, ...]
    up: int
    of_group: tuple[Key, ...]
    name: Key


def joined(element: Element, key: Key, steps: PathSteps) -> Key | None:
    """The name that a table gives for a key: `../measType[@p=current()/@p]`; None if there is no such table."""
    if not key.path.startswith("@"):
        return None
    attribute = next((name for name in element.place.attributes if steps.attribute(name) == key.path), "")
    wanted = set(element.place.attributes[attribute].words) if attribute else set()
    around, up = element.outer, "../"
    while around is not None and wanted:
        for child in around.place.children.values():
            path = f"{up}{steps.step(child.tag)}[{key.path}=current()/{key.path}]"
            if child is not element.place and _is_table(child, attribute, wanted) and steps.holds(path):
                return Key(path, (snake(child.tag),))
        around, up = around.outer, f"{up}../"
    return None


def _is_table(place: Place, attribute: str, wanted: set[str]) -> bool:
    """Whether each of these elements names one of the keys that are wanted."""
    if place.most < 2 or not place.is_leaf or set(place.attributes) != {attribute}:
        return False
    counts = place.text.counts()
    named = counts["word"] * 2 > place.count and place.text.filled == place.count
    return named and wanted <= set(place.attributes[attribute].words) and not place.attributes[attribute].repeats[0]


def word_rows(element: Element, steps: PathSteps) -> Iterator[WordRows]:
    """The lists of numbers in an element for which there is a list of as many names, in it or around it."""
    yield from _word_rows(element, [element.place], element.path, steps)


def _word_rows(element: Element, groups: list[Place], path: str, steps: PathSteps) -> Iterator[WordRows]:
    """Of the innermost of the groups, which are in each other, the element's own place first."""
    for child in groups[-1].children.values():
        step = steps.step(child.tag)
        if not step or child.most > 1 or id(child) in element.taken:
            continue
        if child.is_bare and child.text.counts()["list"] * 2 > child.text.filled:
            yield from _named_words(element, child, groups, f"{path}/{step}", steps)
        elif not child.is_leaf and len(groups) < _MAX_GROUPS:
            yield from _word_rows(element, [*groups, child], f"{path}/{step}", steps)


def _named_words(
    element: Element, numbers: Place, groups: list[Place], path: str, steps: PathSteps
) -> Iterator[WordRows]:
    lengths = {len(text.split()) for text in numbers.text.of_kind("list")}
    around = [*reversed(groups)]
    outer = element.outer
    while outer is not None:
        around.append(outer.place)
        outer = outer.outer
    for up, place in enumerate(around, 1):
        for names in place.children.values():
            name = f"{'../' * up}{steps.step(names.tag)}/tokenize(.)[current()/position()]"
            if names is not numbers and _are_names(names, lengths) and steps.holds(name):
                words = (*element.words, snake(numbers.tag))
                of_group = tuple(_attributes(groups, steps))
                yield WordRows(f"{path}/tokenize(.)", words, len(groups), of_group, Key(name, (snake(names.tag),)))
                return


def _attributes(groups: list[Place], steps: PathSteps) -> Iterator[Key]:
    """What the groups between the element and the list say of themselves, in words."""
    for up, group in enumerate(reversed(groups[1:]), 1):
        for name, stats in group.attributes.items():
            if steps.attribute(name) and not stats.many and stats.counts()["word"] == stats.filled:
                yield Key(f"{'../' * up}{steps.attribute(name)}", (snake(name),))


def _are_names(place: Place, lengths: set[int]) -> bool:
    texts = place.text.of_kind("word")
    return bool(
        place.is_leaf
        and place.most == 1
        and texts
        and len(texts) == len(place.text.words)
        and {len(text.split()) for text in texts} == lengths
    )
