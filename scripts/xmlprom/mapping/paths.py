"""Paths of a mapping as records: the part of XPath that can be read while the source streams by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

ANY_ATTRIBUTE = "{*}"  # in front of an attribute's name: in any namespace or none


class PathError(ValueError):
    """The path is not in the subset; `offset` counts characters from the path's start."""

    def __init__(self, message: str, offset: int = 0) -> None:
        self.offset = offset
        super().__init__(message)


class Predicate(NamedTuple):
    """`[@attribute]`, `[@attribute='text']` or `[@attribute!='text']`."""

    attribute: str
    text: str | None = None
    negated: bool = False

    def holds(self, attributes: Mapping[str, str]) -> bool:
        """As in XPath, a missing attribute satisfies neither `=` nor `!=`, and one of several is enough."""
        return any(
            self.text is None or (value == self.text) != self.negated
            for value in attribute_texts(attributes, self.attribute)
        )


class Key(NamedTuple):
    """`[.='text']`, `[child='text']` or `[@a=current()/@b]`: decided when the element ends.

    :param of: "." is the element's string value, "@name" an attribute in lxml's notation, "child" the text of `child`
    :param text: what it has to be
    :param current: or the row's path, the text of which it has to be
    """

    of: str
    child: Step | None = None
    text: str | None = None
    current: Path | None = None


class Step(NamedTuple):
    """One element on the way: `namespace` None is any, "" is none; `local` "*" is any name.

    `predicates` hold in the order in which they are written; a number is a position among the children of one parent
    that pass what is before it. `descendant`: any number of elements may be before it (`//`). `sibling`: on the axis
    following-sibling.
    """

    namespace: str | None
    local: str
    predicates: tuple[Predicate | int, ...] = ()
    descendant: bool = False
    key: Key | None = None
    sibling: bool = False

    def matches(self, tag: str) -> bool:
        """Whether an element with lxml's name `tag`, "{namespace}local" or "local", passes the name test."""
        namespace, _, local = tag[1:].rpartition("}") if tag[0] == "{" else ("", "", tag)
        return self.local in ("*", local) and self.namespace in (None, namespace)

    @property
    def position(self) -> int | None:
        """The number of a sibling."""
        return next((one for one in self.predicates if isinstance(one, int)), None)


class Words(NamedTuple):
    """`tokenize(., separator)[position]`: words of a text.

    :param separator: None is white space
    :param position: from 1 on; -1 is last(), 0 is current()/position(); None: all of them
    """

    separator: str | None
    position: int | None

    def split(self, text: str) -> list[str]:
        """All words of a text; blanks at its ends are none."""
        if self.separator is None:
            return text.split()
        return text.split(self.separator) if text else []


class Path(NamedTuple):
    """A parsed path: up `up` elements, down `steps`, then `leaf`.

    `leaf`: "element" (the text of the element and all that it holds), "text()" (the text directly in it),
    "name()" (its name without the namespace), or "@name" in lxml's notation ("@{namespace}name", "@{*}name").
    `others`: what is written behind `|`; as in XPath, the place that comes first in the document counts.
    `words`: which word of the text; `take`: "one" of the matches (several are a fault), the "first", their "sum" or
    "count".
    """

    text: str
    absolute: bool
    up: int
    steps: tuple[Step, ...]
    leaf: str
    others: tuple[Path, ...] = ()
    words: Words | None = None
    take: str = "one"

    @property
    def without_words(self) -> Path:
        """The path of the text that has the words: what a reader looks for. Words of the row's position are its own."""
        if not self.words or self.words.position == 0:
            return self
        take = "sum" if self.take == "count" else self.take  # words are counted, not texts
        return self._replace(words=None, take=take, others=tuple(other.without_words for other in self.others))

    @property
    def first(self) -> Path:
        """The path of which the first match is enough."""
        return self._replace(take="first", others=tuple(other.first for other in self.others))

    @property
    def branches(self) -> tuple[Path, ...]:
        """The paths that `|` joins, itself first."""
        return (self, *self.others)

    @property
    def attribute(self) -> str | None:
        """The attribute's name in lxml's notation, None if the leaf is no attribute."""
        return self.leaf[1:] if self.leaf.startswith("@") else None

    @property
    def keyed(self) -> int | None:
        """The number of the step that has a key."""
        return next((number for number, step in enumerate(self.steps) if step.key), None)

    @property
    def beside_row(self) -> bool:
        """Whether it goes to a following sibling of the row."""
        return bool(self.steps) and self.steps[0].sibling


def attribute_texts(attributes: Mapping[str, str], name: str) -> list[str]:
    """The texts of the attribute, of which there are several only in several namespaces."""
    if name.startswith(ANY_ATTRIBUTE):
        local = name[len(ANY_ATTRIBUTE) :]
        return [text for tag, text in attributes.items() if tag.rpartition("}")[2] == local]
    return [attributes[name]] if name in attributes else []
