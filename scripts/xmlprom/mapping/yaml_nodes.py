"""Read YAML with the position of every node, so that each fault can be reported with line and column.

PyYAML's constructed objects have no positions, and turn `[on, off]` into booleans. Here a scalar is the text that its
author wrote, and the reader asks for the type that it needs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from typing import Any, Callable

import yaml

from xmlprom.errors import MappingError, Problem

_MAX_NODES = 50_000  # a mapping is written by hand; this stops aliases that multiply themselves
_MAX_DEPTH = 50  # a mapping needs 8; libyaml's composer overruns its stack some ten thousand levels down
_YAML_TAGS = "tag:yaml.org,2002:"  # the tags that YAML itself gives to scalars
_INTEGER = re.compile(r"[+-]?[0-9]+(?:_[0-9]+)*")
_FLOAT = re.compile(r"[+-]?(?:[0-9]+(?:_[0-9]+)*(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


class Tree:
    """One YAML document; collects the problems that its readers find."""

    def __init__(self, file: str, text: str) -> None:
        """Parse `text`.

        :raises MappingError: if it is no YAML, holds several documents or nothing
        """
        self.file = file
        self.problems: list[Problem] = []
        self._visits = 0
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        try:
            _check_depth(yaml.parse(text, Loader=loader))
            node = yaml.compose(text, Loader=loader)
        except yaml.MarkedYAMLError as error:
            raise MappingError(file, [_syntax_problem(error, text)]) from None
        except (yaml.YAMLError, RecursionError) as error:
            raise MappingError(file, [Problem(1, 1, f"not YAML: {_one_line(error)}")]) from None
        if node is None:
            raise MappingError(file, [Problem(1, 1, "the mapping is empty")])
        self.root = Node(self, node, "")

    def visit(self, node: Any) -> None:
        self._visits += 1
        if self._visits > _MAX_NODES:
            problem = Problem(node.start_mark.line + 1, node.start_mark.column + 1, "too many nodes (aliases?)")
            raise MappingError(self.file, [problem])

    def finish(self) -> None:
        """:raises MappingError: if any problem was found"""
        if self.problems:
            raise MappingError(self.file, self.problems)


class Node:
    """One node and its place: `where` is like `metrics[0].labels`."""

    def __init__(self, tree: Tree, node: Any, where: str) -> None:
        tree.visit(node)
        self._tree = tree
        self._node = node
        self.where = where

    @property
    def is_scalar(self) -> bool:
        return isinstance(self._node, yaml.ScalarNode)

    @property
    def is_sequence(self) -> bool:
        return isinstance(self._node, yaml.SequenceNode)

    @property
    def is_mapping(self) -> bool:
        return isinstance(self._node, yaml.MappingNode)

    def problem(self, message: str, offset: int = 0) -> None:
        """Note a problem at this node, `offset` characters into its text."""
        mark = self._node.start_mark
        quoted = self.is_scalar and self._node.style in ("'", '"')
        column = mark.column + 1 + (offset + quoted if offset else 0)
        where = f"{self.where}: " if self.where else ""
        self._tree.problems.append(Problem(mark.line + 1, column, f"{where}{message}"))

    def text(self) -> str | None:
        """The scalar as it was written, None (and a problem) if it is no scalar or null."""
        if not self.is_scalar:
            self.problem("a text is expected here")
        elif not self._node.tag.startswith(_YAML_TAGS) or "/" in self._node.tag:
            self.problem(f"has the tag {self._node.tag}: a text that starts with '!' needs quotes")
        elif self._node.tag.endswith(":null") and not self._node.style:
            self.problem("is empty: write a value, or '' for an empty text")
        else:
            return str(self._node.value)
        return None

    def number(self) -> float | None:
        """The scalar as a number (an int where it was written as one), None and a problem if it is none."""
        text = self.text()
        if text is None:
            return None
        if _FLOAT.fullmatch(text) and math.isfinite(float(text)):
            return int(text) if _INTEGER.fullmatch(text) else float(text)
        self.problem(f"{text!r} is not a number")
        return None

    def decimal(self) -> str | None:
        """The scalar as the decimal number that was written, for exact arithmetic."""
        return self.text().replace("_", "") if self.number() is not None else None  # type: ignore[union-attr]

    def items(self) -> Iterator[Node]:
        """The nodes of a list; a problem if it is no list."""
        if not self.is_sequence:
            self.problem("a list is expected here")
            return
        for number, node in enumerate(self._node.value):
            yield Node(self._tree, node, f"{self.where}[{number}]")

    def texts(self) -> list[str]:
        """A list of texts; a single text counts as a list of one."""
        nodes = [self] if self.is_scalar else self.items()
        return [text for node in nodes if (text := node.text()) is not None]

    def entries(self) -> Iterator[tuple[Node, str, Node]]:
        """(key node, key, value node) of a mapping; problems for what is no mapping and for repeated keys."""
        if not self.is_mapping:
            self.problem("a mapping (`key: value` lines) is expected here")
            return
        seen = set()
        for key_node, value in self._node.value:
            key = Node(self._tree, key_node, self.where)
            name = key.text()
            if name is None:
                continue
            if name in seen:
                key.problem(f"duplicate key {name!r}")
                continue
            seen.add(name)
            yield key, name, Node(self._tree, value, f"{self.where}.{name}" if self.where else name)

    def fields(self, known: Iterable[str], required: Iterable[str] = ()) -> dict[str, Node]:
        """The values of a mapping by key; problems for unknown and for missing keys."""
        known = dict.fromkeys(known)
        found = {}
        for key, name, value in self.entries():
            if name in known:
                found[name] = value
            else:
                key.problem(f"unknown key {name!r}{_instead_of_key(name) or did_you_mean(name, known)}")
        if self.is_mapping:
            for name in required:
                if name not in found:
                    self.problem(f"the key {name!r} is missing")
        return found

    def choice(self, choices: Iterable[str], what: str) -> str | None:
        """The text if it is one of `choices`."""
        choices = tuple(choices)
        text = self.text()
        if text is None or text in choices:
            return text
        hint = _instead_of_choice(text) if what == "aggregate" else None
        hint = hint or did_you_mean(text, choices) or f": it is one of {', '.join(choices)}"
        self.problem(f"{text!r} is no {what}{hint}")
        return None


def _instead_of_key(name: str) -> str | None:
    from xmlprom.mapping.key_advice import KEYS  # noqa: PLC0415 - only a faulty mapping pays for it

    return f": {KEYS[name]}" if name in KEYS else None


def _instead_of_choice(text: str) -> str | None:
    from xmlprom.mapping.key_advice import AGGREGATES  # noqa: PLC0415 - see above

    return f": {AGGREGATES[text]}" if text in AGGREGATES else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint for a misspelt word, or ""."""
    import difflib  # noqa: PLC0415 - only a faulty mapping pays for it

    close = difflib.get_close_matches(word, tuple(known), n=1, cutoff=0.6)
    return f" (did you mean {close[0]!r}?)" if close else ""


def read_optional(fields: dict[str, Node], key: str, read: Callable[[Node], Any], default: Any) -> Any:
    """`read` of the field's node, `default` if the key is absent or its value was a problem."""
    value = read(fields[key]) if key in fields else None
    return default if value is None else value


def _check_depth(events: Iterable[Any]) -> None:
    """:raises yaml.MarkedYAMLError: if the document is nested too deeply"""
    depth = 0
    for event in events:
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _MAX_DEPTH:
                raise yaml.MarkedYAMLError(problem="nested too deeply", problem_mark=event.start_mark)  # type: ignore[arg-type]
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _syntax_problem(error: yaml.MarkedYAMLError, text: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    lines = text.splitlines()
    before, found = (lines[line][:column], lines[line][column : column + 1]) if line < len(lines) else ("", "")
    first = found if found and found in "@`%*&!" else before[-1:]
    hint = ""
    if first and first in "@`%*&!":
        first = "{" if before.endswith("{*") else first
        hint = f" (a text that starts with {first!r} needs quotes)"
    elif "expected ',' or" in str(error.problem):
        hint = " (inside [] and {} a text with any of []{}, needs quotes)"
    elif "mapping values" in str(error.problem):
        hint = " (a text with ': ' in it needs quotes)"
    elif "another document" in str(error.problem):
        hint = " (a mapping is one document, with one '---' at most)"
    return Problem(line + 1, column + 1, f"not YAML: {_one_line(error.problem or error)}{hint}")


def _one_line(message: object) -> str:
    return " ".join(str(message).split())
