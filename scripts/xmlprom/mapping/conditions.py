"""The conditions of `where`: a text, a list of texts, or operators, all of which must hold.

To add an operator: a function here, which makes a test of the operator's node, and its name in OPERATORS. Imported only
for a mapping with conditions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Optional

from xmlprom.mapping.yaml_nodes import Node

Test = Callable[[Optional[str]], bool]  # of a path's text, None where it has no match
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


class NotANumberError(ValueError):
    """A text that has to be compared with a number is none."""


def load_test(node: Node, missing: Collection[str]) -> Test:
    """What a condition asks of a text.

    :param missing: texts that mean that there is no number
    """
    if not node.is_mapping:
        texts = frozenset(_some_texts(node))
        return lambda text: (text or "") in texts
    fields = node.fields(OPERATORS)
    tests = [OPERATORS[name](value, missing) for name, value in fields.items()]
    if not list(node.entries()):
        node.problem(f"a condition is needed: a text, a list of texts, or one of {', '.join(OPERATORS)}")
    return tests[0] if len(tests) == 1 else lambda text: all(test(text) for test in tests)


def asks_only_presence(node: Node) -> bool:
    """Whether a condition does not look at the text, so that several matches are as good as one."""
    if not node.is_mapping:
        return False
    entries = [(name, value) for _, name, value in node.entries()]
    return bool(entries) and all(
        name == "present" or (name == "not" and asks_only_presence(value)) for name, value in entries
    )


def _not(node: Node, missing: Collection[str]) -> Test:
    test = load_test(node, missing)
    return lambda text: not test(text)


def _prefix(node: Node, _missing: Collection[str]) -> Test:
    prefixes = tuple(_filled_texts(node))
    return lambda text: (text or "").startswith(prefixes)


def _contains(node: Node, _missing: Collection[str]) -> Test:
    parts = _filled_texts(node)
    return lambda text: any(part in (text or "") for part in parts)


def _greater(node: Node, missing: Collection[str]) -> Test:
    bound = node.number()
    return _compared(missing, lambda number: bound is not None and number > bound)


def _less(node: Node, missing: Collection[str]) -> Test:
    bound = node.number()
    return _compared(missing, lambda number: bound is not None and number < bound)


def _compared(missing: Collection[str], holds: Callable[[float], bool]) -> Test:
    def test(text: str | None) -> bool:
        stripped = (text or "").strip()
        if not stripped or stripped in missing:
            return False
        if not _NUMBER.fullmatch(stripped):
            raise NotANumberError(stripped)
        return holds(float(stripped))

    return test


def _present(node: Node, _missing: Collection[str]) -> Test:
    wanted = node.choice(("true", "false"), "choice") == "true"
    return lambda text: (text is not None) == wanted


OPERATORS: dict[str, Callable[[Node, Collection[str]], Test]] = {
    "not": _not,
    "prefix": _prefix,
    "contains": _contains,
    "greater": _greater,
    "less": _less,
    "present": _present,
}


def _some_texts(node: Node) -> list[str]:
    texts = node.texts()
    if node.is_sequence and not texts:
        node.problem("at least one text is needed")
    return texts


def _filled_texts(node: Node) -> list[str]:
    texts = _some_texts(node)
    if "" in texts:
        node.problem("every text begins with and contains the empty text: leave '' out")
    return [text for text in texts if text]
