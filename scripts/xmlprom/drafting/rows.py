"""Find what may become rows: elements that repeat, and those around them; and what such a row holds."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from collections.abc import Mapping as Dict
from dataclasses import dataclass, replace

from xmlprom.drafting.survey import ANY, Place, Survey, Texts, merge
from xmlprom.mapping.paths import PathError, parse

_MAX_STEPS = 3  # from a row down to a field


@dataclass(frozen=True)
class Field:
    """A place of a row: its path, the words of its name."""

    path: str
    words: tuple[str, ...]
    texts: Texts


@dataclass(frozen=True)
class Rows:
    """Elements that may become rows. `above` are the fields that their ancestors have."""

    path: str
    place: Place
    words: tuple[str, ...]
    above: tuple[Field, ...] = ()
    names: tuple[str, ...] = ()  # of the elements, where the path ends with `*`
    repeated: bool = False


class Paths:
    """Writes lxml's names as steps of paths; "" for what a path can't hold."""

    def __init__(self, prefixes: Dict[str, str]) -> None:
        self._prefixes = prefixes
        self._namespaces = {prefix: uri for uri, prefix in prefixes.items()}

    def step(self, name: str) -> str:
        uri, _, local = name[1:].rpartition("}") if name.startswith("{") else ("", "", name)
        if uri and uri not in self._prefixes:
            return ""
        step = f"{self._prefixes[uri]}:{local}" if uri else local
        try:
            parse(step, self._namespaces)
        except PathError:
            return ""
        return step

    def own(self, place: Place, path: str = "", words: tuple[str, ...] = ()) -> Iterator[Field]:
        """The attributes of an element, behind `path`."""
        for name, texts in place.attributes.items():
            step = self.step(name)
            if step:
                yield Field(f"{path}@{step}", (*words, snake(name)), texts)

    def fields(self, place: Place, deep: bool, path: str = "", words: tuple[str, ...] = ()) -> Iterator[Field]:
        """All that a row holds just once; `deep`: also below children that hold elements themselves."""
        yield from self.own(place, path, words)
        if place.text is not None and not path:
            yield Field("text()", (), place.text)
        for child in () if together(place) else place.children:
            step = self.step(child.tag) if child.tag != ANY and child.most == 1 else ""
            if not step:
                continue
            inner = (*words, snake(child.tag))
            if child.text is not None:
                yield Field(f"{path}{step}", inner, child.text)
                yield from self.own(child, f"{path}{step}/", inner)
            elif deep and path.count("/") < _MAX_STEPS - 1:
                yield from self.fields(child, deep, f"{path}{step}/", inner)


def candidates(survey: Survey, paths: Paths) -> Iterator[Rows]:
    root = snake(survey.root.tag)
    nested = {place.tag for place in survey.nested}
    if survey.root.tag not in nested and (step := paths.step(survey.root.tag)):
        yield from _walk(Rows(f"/{step}", survey.root, (root,)), paths, False)
    for place in survey.nested:
        step = paths.step(place.tag)
        words = tuple(dict.fromkeys((root, snake(place.tag))))
        if step and survey.exact:
            yield from _walk(Rows(f"//{step}", place, words, repeated=True), paths, True)
        elif step:
            bare = replace(place, attributes={}, text=None, children=())
            yield Rows(f"//{step}", bare, words, repeated=True)


def _walk(rows: Rows, paths: Paths, in_row: bool) -> Iterator[Rows]:
    """The candidates at and below an element, outer ones first.

    Below a row, what is not repeated is a field of the row; elsewhere it makes a section of one row.
    """
    place = rows.place
    in_row = in_row or rows.repeated
    if rows.repeated or not in_row:
        yield rows
    own = paths.own(place, words=(snake(place.tag),)) if place.count > 1 and place.tag != ANY else ()
    complete = (field for field in own if field.texts.count == place.count)
    above = tuple(replace(field, path=f"../{field.path}") for field in (*complete, *rows.above))
    root = rows.words[:1]
    as_one = together(place)
    if as_one:
        words = (*rows.words, "child") if rows.repeated else rows.words
        names = tuple(child.tag for child in place.children)
        yield from _walk(Rows(f"{rows.path}/*", as_one, words, above, names, True), paths, in_row)
        return
    for child in place.children:
        step = paths.step(child.tag) if child.tag != ANY else ""
        alone = child.most == 1 and child.text is not None
        if step and not alone:
            words = (*root, snake(child.tag))
            yield from _walk(Rows(f"{rows.path}/{step}", child, words, above, repeated=child.most > 1), paths, in_row)


def together(place: Place) -> Place | None:
    """All children as one kind, if they have different names and the same shape."""
    children = place.children
    if len(children) < 2 or place.below:
        return None
    shapes = [{*child.attributes, *(f"{inner.tag}/" for inner in child.children)} for child in children]
    common, union = set.intersection(*shapes), set.union(*shapes)
    bare = all(child.text and child.text.count == child.text.empty for child in children)
    if len(common) * 2 < len(union) or not (common or bare):
        return None
    return replace(merge(replace(child, tag=ANY) for child in children), most=2)


def snake(name: str) -> str:
    """An XML name in snake case, in ASCII."""
    local = name.rpartition("}")[2]
    plain = unicodedata.normalize("NFKD", local).encode("ascii", "ignore").decode()
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", plain)
    words = re.sub(r"[^A-Za-z0-9]+", "_", parted).strip("_").lower()
    return (f"n{words}" if words[:1].isdigit() else words) or "element"
