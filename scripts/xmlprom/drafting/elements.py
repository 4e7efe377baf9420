"""The elements of a sample as a mapping sees them: which may be rows, and which fields such a row has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from xmlprom.drafting import vocabulary
from xmlprom.drafting.pairs import by_key
from xmlprom.drafting.path_steps import PathSteps, snake
from xmlprom.drafting.places import ANY, Place, merge
from xmlprom.drafting.sample_scan import Sample
from xmlprom.drafting.text_stats import TextStats

_MAX_DEPTH = 3  # groups between a row and a field
_LIKE = 0.6  # share of what two elements have in common, that they are taken together
_FEW = 3


class Field(NamedTuple):
    """A text of a row: its path, the words of its name, how many steps below the row the element is that holds it.

    `unit`: the path of its unit, where that has a place of its own.
    """

    path: str
    words: tuple[str, ...]
    stats: TextStats
    level: int
    unit: str = ""
    units: TextStats | None = None


@dataclass
class Element:
    """Elements at one path; `names`: of a path that ends with `*`, what it stands for, `others`: what not.

    `outer` is the element around, None at the top.
    """

    path: str
    place: Place
    words: tuple[str, ...]
    outer: Element | None = None
    names: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    anywhere: bool = False  # at any depth, also within each other
    may_repeat: bool = False  # although no sample has several
    inner: list[Element] = field(default_factory=list)  # those that are no part of the row
    taken: set[int] = field(default_factory=set)  # their places
    row: Element | None = None  # of a group: the row that it is part of
    where: dict[str, Any] = field(default_factory=dict)  # the condition that selects them among others at the path

    @property
    def repeats(self) -> bool:
        return self.place.most > 1 or bool(self.names) or self.anywhere or self.may_repeat


def elements(sample: Sample, steps: PathSteps) -> Iterator[Element]:
    """All elements that may be rows, outer ones first."""
    root = snake(sample.root.tag)
    tops = []
    if sample.root.tag not in sample.nested and (step := steps.step(sample.root.tag)):
        tops.append(Element(f"/{step}", sample.root, (root,)))
    for tag in sample.nested:
        step = steps.step(tag)
        found = sample.nested[tag]
        if not step:
            continue
        pairs = bool(found.sorts)
        found.sorts = found.sorts or _sorts(found)
        for name, word, part in list(by_key(found)):
            where: dict[str, Any] = {steps.attribute(name): {"present": True}}
            if pairs:  # what has no text of its own is no name
                where = {f"{steps.attribute(name)}/name()": {"not": ["", *_holders(found)]}}
            if steps.attribute(name):
                tops.append(Element(f"//{step}", part, tuple(dict.fromkeys((root, snake(word)))), where=where))
                found.attributes = {key: stats for key, stats in found.attributes.items() if key not in part.attributes}
        if not pairs:
            tops.append(Element(f"//{step}", found, tuple(dict.fromkeys((root, snake(tag)))), anywhere=True))
    found_ = [element for top in tops for element in _walk(top, steps, frozenset(sample.nested))]
    _shorten(found_, sample)
    yield from found_


def _sorts(place: Place) -> dict[frozenset[str], int]:
    """The attributes that only some of nested elements have, by how many have them: those belong together."""
    found: dict[int, list[str]] = {}
    for name, stats in place.attributes.items():
        if stats.count < place.count:
            found.setdefault(stats.count, []).append(name)
    return {frozenset(names): count for count, names in found.items()}


def _holders(place: Place) -> list[str]:
    """The names of the elements that hold others."""
    return [*([place.tag] if place.recursive else []), *place.children]


def _shorten(found: list[Element], sample: Sample) -> None:
    """Let paths begin at the first thing that has a name or repeats: wherever that is, `//thing`, it is the same."""
    tags = Counter(place.tag for place in sample.places())  # at how many places a name is
    shorter = {}
    for element in found:
        around = [element]
        while around[-1].outer is not None:
            around.append(around[-1].outer)
        first = next((one for one in reversed(around) if _is_apart(one)), None)
        if first is not None and tags[first.place.tag] == 1 and not around[-1].anywhere:
            start = first.path.rpartition("/")[0]
            shorter[id(element)] = f"/{element.path[len(start) :]}"
    for element in found:
        element.path = shorter.get(id(element), element.path)


def _is_apart(element: Element) -> bool:
    return not element.names and (element.repeats or is_thing(element.place))


def _walk(element: Element, steps: PathSteps, nested: frozenset[str]) -> Iterator[Element]:
    _divide(element, element, steps, nested)
    yield element
    for inner in element.inner:
        yield from _walk(inner, steps, nested)


def _divide(group: Element, row: Element, steps: PathSteps, nested: frozenset[str]) -> None:
    """Decide what of a group within a row (or of the row itself) is part of it, and what may be rows itself."""
    children = [child for tag, child in group.place.children.items() if tag not in nested]
    alike = _alike(children) or (_same_unit(children) if group is not row else [])
    if alike:
        row.inner.append(_together(group, alike, children))
        row.taken.update(id(child) for child in alike)
    holds_several = any(is_plural(group.place.tag, child.tag) for child in children)
    for child in children:
        step = steps.step(child.tag) if child.tag != ANY else ""
        if child in alike or not step:
            continue
        may_repeat = (
            is_plural(group.place.tag, child.tag)
            or is_fault(child)
            or is_named_type(child)
            or (holds_several and not child.is_bare)
        )
        part = group.repeats and not child.attributes and child.count == group.place.count > 1  # each has one
        alone = group.outer is None or _is_list_of_one(group.place)
        may_be_thing = not part and not _is_list_of_one(child) and not (child.is_bare if alone else child.is_leaf)
        apart = child.most > 1 or may_repeat or (may_be_thing and is_thing(child))
        words = (*row.words[:1], snake(child.tag)) if apart else (*group.words, snake(child.tag))
        inner = Element(f"{group.path}/{step}", child, words, group, may_repeat=apart)
        if apart:
            row.inner.append(inner)
            row.taken.add(id(child))
        elif not child.is_leaf:
            inner.row = row
            _divide(inner, row, steps, nested)


def _together(element: Element, alike: list[Place], children: list[Place]) -> Element:
    names = tuple(place.tag for place in alike)
    others = tuple(child.tag for child in children if child not in alike)
    common = _common(names) if others else ""
    words = element.words if element.outer and not common else (*element.words, common or "part")
    return Element(f"{element.path}/*", merge(alike), words, element, names, others)


def _common(names: tuple[str, ...]) -> str:
    """The words that all names end with."""
    all_words = [snake(name).split("_") for name in names]
    same = []
    for words in zip(*map(reversed, all_words)):
        if len(set(words)) > 1:
            break
        same.append(words[0])
    return "_".join(reversed(same))


def _alike(children: list[Place]) -> list[Place]:
    """The children of different names and the same shape, which are things of one kind."""
    best: list[Place] = []
    for child in children:
        shape = child.shape
        if (
            child.is_bare
            or not shape
            or wrapped_value(child)
            or snake(child.tag) in vocabulary.TYPES
            or snake(child.tag) in vocabulary.QUANTITIES
        ):
            continue
        same = [other for other in children if _likeness(shape, other.shape) >= _LIKE and not wrapped_value(other)]
        same = [other for other in same if not other.is_bare and snake(other.tag) not in vocabulary.TYPES]
        if len(same) >= (2 if len(shape) > 1 else _FEW) and len(same) > len(best):
            best = same
    return best


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / max(1, len(one | other))


def _same_unit(children: list[Place]) -> list[Place]:
    """The bare children, if all are amounts with one unit, or all flags."""
    if any(not child.is_bare or child.most > 1 for child in children):
        return []
    sorts: dict[str, list[Place]] = {}
    nothing = []
    for child in children:
        counts = child.text.counts()
        kinds = {kind for kind in counts if counts[kind] and kind not in ("none", "empty")}
        if not kinds:
            nothing.append(child)
        elif kinds == {"flag"}:
            sorts.setdefault("flag", []).append(child)
        elif kinds == {"amount"} and len(child.text.units) == 1:
            sorts.setdefault(f"in {next(iter(child.text.units))}", []).append(child)
    best = max(sorts.values(), key=len, default=[])
    return [*best, *nothing] if len(best) >= _FEW and len(best) * 2 > len(children) - len(nothing) else []


def is_thing(place: Place) -> bool:
    """Whether an element that occurs once is a thing that may occur more often: it has a name, and more."""
    named = {snake(name) for name in place.attributes}
    named.update(snake(tag) for tag, child in place.children.items() if child.is_leaf and child.most == 1)
    for child in place.children.values():
        if child.most == 1 and child.is_leaf and child.attributes and not child.text.filled:
            named.update(snake(name) for name in child.attributes)
    keys = vocabulary.NAMES | vocabulary.IDS | frozenset(("dev", "device", "addr", "interface", "mount", "hostname"))
    return len(named) > 1 and (bool(named & keys) or any(name.endswith("name") for name in named))


def is_fault(place: Place) -> bool:
    """Whether an element is an event of which there may be none, one or many, with a kind or a text."""
    return (
        bool(vocabulary.head((snake(place.tag),)) & vocabulary.FAULTS)
        and bool(place.attributes)
        and not wrapped_value(place)
    )


def _is_list_of_one(place: Place) -> bool:
    """Whether it has nothing but one element, which may be there more often."""
    return len(place.children) == 1 and not place.attributes and not place.is_leaf


def is_named_type(place: Place) -> bool:
    """Whether an element's name is a type, and an attribute says what it is called, `<int name="size">5</int>`."""
    return snake(place.tag) in vocabulary.TYPES and place.is_leaf and "name" in map(snake, place.attributes)


def is_plural(outer: str, inner: str) -> bool:
    """Whether an element's name says that it holds several of the inner ones."""
    around, single = snake(outer), snake(inner)
    return (around.startswith(single) and around[len(single) :] in ("s", "es", "list", "_list")) or (
        single.endswith("y") and around == f"{single[:-1]}ies"
    )


def wrapped_value(place: Place) -> str:
    """The attribute that holds the value of an element which has nothing else, `<READING VALUE="20" UNIT="C"/>`."""
    if not place.is_leaf or place.text.filled:
        return ""
    value = next((name for name in place.attributes if name.lower() in ("value", "val", "v")), "")
    others = {snake(name) for name in place.attributes if name != value}
    return value if value and others <= vocabulary.UNITS else ""


def fields(element: Element, steps: PathSteps) -> list[Field]:
    """All texts that a row has just once."""
    found = list(_own(element.place, steps, "", (), 0))
    if element.place.is_leaf and element.place.text.filled:
        found.append(Field("text()", (), element.place.text, 0, *_unit_of(element.place, steps, "")))
    return found + list(_below(element.place, element, steps, "", (), 1))


def _below(
    place: Place, element: Element, steps: PathSteps, path: str, words: tuple[str, ...], level: int
) -> Iterator[Field]:
    parts = [
        child
        for child in place.children.values()
        if child.most == 1 and child.tag != ANY and id(child) not in (element.row or element).taken
    ]
    unit = next((child for child in parts if child.is_bare and snake(child.tag) in vocabulary.UNITS), None)
    for child in parts:
        step = steps.step(child.tag)
        if not step:
            continue
        inner = (*words, snake(child.tag))
        value = wrapped_value(child)
        if value and (attribute := steps.attribute(value)):
            found = _unit_of(child, steps, f"{path}{step}/")
            yield Field(f"{path}{step}/{attribute}", inner, child.attributes[value], level, *found)
        elif child.is_leaf:
            own = _unit_of(child, steps, f"{path}{step}/")
            if not own and unit is not None and unit is not child and _has_unit_of(parts, child):
                own = (f"{path}{steps.step(unit.tag)}", unit.text)
            if child.text.filled:
                yield Field(f"{path}{step}", inner, child.text, level, *own)
            yield from _own(child, steps, f"{path}{step}/", inner, level)
        elif level <= _MAX_DEPTH:
            yield from _own(child, steps, f"{path}{step}/", inner, level)
            yield from _below(child, element, steps, f"{path}{step}/", inner, level + 1)


def _has_unit_of(parts: list[Place], child: Place) -> bool:
    """Whether the unit beside is that of this child: the only number there, or one called after what is measured."""
    numbers = [part for part in parts if part.is_bare and part.text.counts()["number"]]
    return len(numbers) < 2 or bool(vocabulary.tokens((snake(child.tag),)) & vocabulary.MEASURED)


def _own(place: Place, steps: PathSteps, path: str, words: tuple[str, ...], level: int) -> Iterator[Field]:
    unit = _unit_of(place, steps, path)
    for name, stats in place.attributes.items():
        step = steps.attribute(name)
        if step:
            of = unit if unit and unit[0] != f"{path}{step}" and snake(name) in ("value", "val") else ()
            yield Field(f"{path}{step}", (*words, snake(name)), stats, level, *of)


def _unit_of(place: Place, steps: PathSteps, path: str) -> tuple[str, TextStats] | tuple[()]:
    """The attribute that holds an element's unit."""
    for name, stats in place.attributes.items():
        step = steps.attribute(name)
        if step and snake(name) in vocabulary.UNITS:
            return f"{path}{step}", stats
    return ()
