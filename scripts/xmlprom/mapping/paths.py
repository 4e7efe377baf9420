"""Parse the streaming subset of XPath 1.0 that a mapping may use.

Everything else of XPath is refused with a message, never read as something else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

_NAME = r"[^\W\d][\w.\-]*"
_NAME_TEST = re.compile(rf"(?:(?P<any>\{{\*\}})|(?P<prefix>{_NAME}):)?(?P<local>{_NAME}|\*)")
_ATTRIBUTE = re.compile(rf"@(?:(?P<prefix>{_NAME}):)?(?P<local>{_NAME})")
_PREDICATE = re.compile(
    rf"""\[\s*(?P<attribute>@(?:{_NAME}:)?{_NAME})\s*
                             (?:(?P<operator>!?=)\s*(?:'(?P<single>[^']*)'|"(?P<double>[^"]*)"))?\s*\]""",
    re.X,
)
_UNION = re.compile(r"""\s*\|\s*(?=(?:[^'"]|'[^']*'|"[^"]*")*$)""")  # not in quotes: those behind it are closed
_ANCESTORS = "of an ancestor only attributes and name() can be had: ../@name, ../../name()"
_DESCENDANTS = "below a row '//' is not supported: write the steps out, '*' stands for any element"


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
        """As in XPath, a missing attribute satisfies neither `=` nor `!=`."""
        value = attributes.get(self.attribute)
        return value is not None and (self.text is None or (value == self.text) != self.negated)


class Key(NamedTuple):
    """A predicate that compares the text at `of` ("." or "@name", or "child": of `child`) and is decided later.

    The text has to be `text`, or that of the row's path `current`.
    """

    of: str
    child: Step | None = None
    text: str | None = None
    current: Path | None = None


class Step(NamedTuple):
    """One element on the way: `namespace` None is any, "" is none; `local` "*" is any name.

    `descendant`: any number of elements may stand before it (`//`). `sibling`: on the axis following-sibling.
    """

    namespace: str | None
    local: str
    predicates: tuple[Predicate, ...] = ()
    descendant: bool = False
    key: Key | None = None
    sibling: bool = False

    def matches(self, tag: str) -> bool:
        """Whether an element with lxml's name `tag`, "{namespace}local" or "local", passes the name test."""
        namespace, _, local = tag[1:].rpartition("}") if tag[0] == "{" else ("", "", tag)
        return self.local in ("*", local) and self.namespace in (None, namespace)


class Words(NamedTuple):
    """`tokenize(., separator)[position]`: words of a text.

    :param separator: None is white space
    :param position: from 1 on; -1 is last(), 0 is current()/position(); None in rows
    """

    separator: str | None
    position: int | None


class Path(NamedTuple):
    """A parsed path: up `up` elements, down `steps`, then `leaf`.

    `leaf`: "element" (the text of the element and all that it holds), "text()" (the text directly in it),
    "name()" (its name without the namespace), or "@name" in lxml's notation ("@{namespace}name").
    `others`: what stands behind `|`; as in XPath, the place that comes first in the document counts.
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
        """The path of the text that has the words: what a reader looks for."""
        return self._replace(words=None) if self.words else self

    @property
    def branches(self) -> tuple[Path, ...]:
        """The paths that `|` joins, itself first."""
        return (self, *self.others)

    @property
    def attribute(self) -> str | None:
        """The attribute's name in lxml's notation, None if the leaf is no attribute."""
        return self.leaf[1:] if self.leaf.startswith("@") else None


def parse_rows(text: str, namespaces: Mapping[str, str]) -> Path:
    """Parse the path of a section's rows: absolute, and it names elements.

    :param namespaces: declared prefix -> namespace URI
    :raises PathError: if it is anything else
    """
    path = parse(text, namespaces)
    if not path.absolute:
        raise PathError(f"a path of rows starts at the document's root: write /{text} or //{text}")
    if path.others:
        raise PathError("rows have one path: '*' stands for any element; other rows have a section of their own")
    if path.leaf != "element":
        raise PathError("rows are elements: the path can't end with an attribute or a function")
    return path


def parse(text: str, namespaces: Mapping[str, str]) -> Path:
    """Parse a path of a label or a value: relative to the row, or absolute.

    :param namespaces: declared prefix -> namespace URI
    :raises PathError: if it is outside the subset
    """
    unions = list(_UNION.finditer(text))
    starts = [0, *(union.end() for union in unions)]
    ends = [*(union.start() for union in unions), len(text)]
    first, *others = [_branch(text[start:end], start, namespaces) for start, end in zip(starts, ends)]
    for branch, start in zip(others, starts[1:]):
        if not (first.steps and branch.steps) or branch.absolute != first.absolute:
            raise PathError("'|' joins places below the row, a|b/@c, or absolute paths; nothing else", start)
    return first._replace(text=text, others=tuple(others)) if others else first


def _branch(text: str, offset: int, namespaces: Mapping[str, str]) -> Path:
    try:
        return _Parser(text, namespaces).parse()
    except PathError as error:
        raise PathError(str(error), offset + error.offset) from None


class _Parser:
    def __init__(self, text: str, namespaces: Mapping[str, str]) -> None:
        self.text = text
        self.namespaces = namespaces
        self.at = 0

    def parse(self) -> Path:
        absolute = self.text.startswith("/")
        up = 0
        while self._take("../"):
            up += 1
        steps: list[Step] = []
        leaf = "element"
        descendant = self._separator() if absolute else False
        while True:
            rest = self.text[self.at :]
            if rest.startswith("@") or rest in ("text()", "name()"):
                leaf = self._attribute() if rest.startswith("@") else rest
                self.at = self.at if rest.startswith("@") else len(self.text)
                self._end("is the last step")
                if descendant:
                    raise PathError("'//' needs an element after it: write //*/ for any" if absolute else _DESCENDANTS)
                break
            steps.append(self._step(descendant))
            if self.at == len(self.text):
                break
            descendant = self._separator()
        self._check(absolute, up, steps, leaf)
        return Path(self.text, absolute, up, tuple(steps), leaf)

    def _check(self, absolute: bool, up: int, steps: list[Step], leaf: str) -> None:
        if up and (steps or leaf in ("element", "text()")):
            raise PathError(_ANCESTORS)
        if not absolute and any(step.descendant for step in steps):
            raise PathError(_DESCENDANTS)
        if absolute and not steps:
            raise PathError("an absolute path names an element first: /root/@name")

    def _take(self, token: str) -> bool:
        if self.text.startswith(token, self.at):
            self.at += len(token)
            return True
        return False

    def _separator(self) -> bool:
        if self._take("//"):
            return True
        if self._take("/"):
            return False
        raise self._refused()

    def _step(self, descendant: bool) -> Step:
        match = _NAME_TEST.match(self.text, self.at)
        if not match:
            raise self._refused()
        after = self.text[match.end() : match.end() + 2]
        if after[:1] == "(" or after == "::":
            raise self._refused()
        namespace = None if match["any"] or (match["local"] == "*" and not match["prefix"]) else ""
        if match["prefix"]:
            namespace = self._namespace(match["prefix"])
        self.at = match.end()
        predicates = []
        while self.text.startswith("[", self.at):
            predicates.append(self._predicate())
        return Step(namespace, match["local"], tuple(predicates), descendant)

    def _predicate(self) -> Predicate:
        match = _PREDICATE.match(self.text, self.at)
        if not match:
            raise PathError(
                "a predicate looks at attributes only: [@name], [@name='text'] or [@name!='text'];"
                " for children use `where`",
                self.at,
            )
        self.at += match.start("attribute") - match.start()
        attribute = self._attribute()[1:]
        self.at = match.end()
        text = match["single"] if match["single"] is not None else match["double"]
        return Predicate(attribute, text, match["operator"] == "!=")

    def _attribute(self) -> str:
        match = _ATTRIBUTE.match(self.text, self.at)
        if not match:
            raise PathError("after '@' stands an attribute's name", self.at)
        local = match["local"]
        qualified = f"{{{self._namespace(match['prefix'])}}}{local}" if match["prefix"] else local
        self.at = match.end()
        return f"@{qualified}"

    def _namespace(self, prefix: str) -> str:
        if prefix not in self.namespaces:
            raise PathError(
                f"the prefix {prefix!r} is not declared: add it to `namespaces`, or write {{*}} for any",
                self.at,
            )
        return self.namespaces[prefix]

    def _end(self, what: str) -> None:
        if self.at != len(self.text):
            raise PathError(f"{self.text[: self.at]!r} {what}: nothing can follow it", self.at)

    def _refused(self) -> PathError:
        rest = self.text[self.at :]
        if not self.text:
            message = "an empty path"
        elif rest.startswith(".."):
            message = _ANCESTORS
        elif rest.startswith("."):
            message = "'.' is not supported: the row's own text is text()"
        elif not rest:
            message = "the path ends with '/': an element's name, '@name' or text() is missing"
        else:
            message = (
                f"{rest!r} is not supported: paths have names, '*', '@name', text(), name(), '..', '|'"
                " and [@name='text']"
            )
        return PathError(message, self.at)
