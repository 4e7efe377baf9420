"""Parse the streaming subset of XPath that a mapping may use.

Everything else of XPath is refused with a message, never read as something else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from xmlprom.mapping.leaf_parser import LeafParser
from xmlprom.mapping.path_advice import ANCESTORS, DESCENDANTS
from xmlprom.mapping.paths import Path, PathError, Step

_FUNCTIONS = ("sum(", "count(")
_FOLLOWING = "following-sibling::"


def parse_rows(text: str, namespaces: Mapping[str, str]) -> Path:
    """Parse the path of a section's rows: absolute, and it names elements or words.

    :param namespaces: declared prefix -> namespace URI
    :raises PathError: if it is anything else
    """
    path = _parse(text, namespaces, "rows")
    if not path.absolute:
        raise PathError(f"a path of rows starts at the document's root: write /{text} or //{text}")
    if path.others:
        raise PathError("rows have one path: '*' stands for any element; other rows have a section of their own")
    if path.take != "one":
        raise PathError("rows are all elements that match: '(…)[1]' is for labels and values")
    if path.leaf != "element":
        raise PathError("rows are elements: the path can't end with an attribute or a function")
    if path.words and path.words.position is not None:
        raise PathError("each word is a row: leave the position behind tokenize() out")
    return path


def parse(text: str, namespaces: Mapping[str, str], *, use: str = "label") -> Path:
    """Parse a path of a label or a value: relative to the row, or absolute.

    :param namespaces: declared prefix -> namespace URI
    :param use: "label", "value", "condition" or "unit"; only values may begin with sum() or count()
    :raises PathError: if it is outside the subset
    """
    return _parse(text, namespaces, use)


def _parse(text: str, namespaces: Mapping[str, str], use: str) -> Path:
    if not text:
        raise PathError("an empty path")
    parser = _Parser(text, namespaces, use)
    path = parser.value()
    if parser.at != len(text):
        parser.refuse_rest()
    return path._replace(text=text)


class _Parser(LeafParser):
    def __init__(self, text: str, namespaces: Mapping[str, str], use: str) -> None:
        super().__init__(text, namespaces)
        self.use = use

    def value(self) -> Path:
        start = self.at
        function = next((name[:-1] for name in _FUNCTIONS if self.sees(name)), None)
        if not function:
            return self._union("one")
        if self.use != "value":
            raise PathError(
                f"{function}() is for values only; to ask whether there is a match: where: {{b: {{present: true}}}}",
                start,
            )
        self.at += len(function) + 1
        self.blanks()
        path = self._union(function)
        self.blanks()
        if not self.take(")"):
            self.refuse_rest()
        for branch in path.branches:
            if branch.leaf == "name()":
                raise PathError(f"{function}() takes elements, attributes and texts: leave name() out", start)
            if branch.up or branch.absolute or branch.keyed is not None or branch.beside_row:
                raise PathError(f"{function}() adds up what is below the row: for others make rows of their own", start)
            if branch.take == "first":
                raise PathError(f"{function}() takes all matches: leave '(…)[1]' out", start)
        return path

    def _union(self, take: str) -> Path:
        start = self.at
        first = self._first(take)
        others: list[Path] = []
        while True:
            before = self.at
            self.blanks()
            if not self.take("|"):
                self.at = before
                break
            self.blanks()
            at = self.at
            more = self._first(take).branches
            for other in more:
                self._check_union(first, other, at)
            others += more
        text = self.text[start : self.at]
        return first._replace(text=text, others=(*first.others, *others)) if others else first

    @staticmethod
    def _check_union(first: Path, other: Path, at: int) -> None:
        if (other.absolute, other.up, other.beside_row) != (first.absolute, first.up, first.beside_row):
            raise PathError("the branches of '|' start at different elements", at)
        if other.keyed != first.keyed:
            raise PathError("the branches of '|' have their predicate of a child's text at different steps", at)
        if other.words != first.words:
            raise PathError("the branches of '|' take different words", at)

    def _first(self, take: str) -> Path:
        """A branch, or several in parentheses of which the first counts."""
        start = self.at
        if not self.take("("):
            return self._branch(take)
        self.blanks()
        path = self._union("first")
        self.blanks()
        if not self.take(")"):
            self.refuse_rest()
        if not re.compile(r"\[\s*1\s*\]").match(self.text, self.at):
            raise PathError("parentheses are for the first of all matches: (a/b)[1]", start)
        self.at = self.text.index("]", self.at) + 1
        return path

    def _branch(self, take: str) -> Path:
        start = self.at
        absolute = self.sees("/")
        up = 0
        while self.take("../"):
            up += 1
        steps: list[Step] = []
        descendant = self._separator() if absolute else False
        leaf, words = self.end_of_row(up) if not absolute else (None, None)
        while leaf is None:
            leaf, words = self.leaf(bool(steps), absolute, descendant)
            if leaf is not None:
                break
            steps.append(self._step(descendant, up, steps, absolute))
            if self.at_end():
                leaf = "element"
                break
            descendant = self._separator()
            if descendant and not absolute:
                raise PathError(DESCENDANTS, start)
        path = Path(self.text[start : self.at], absolute, up, tuple(steps), leaf, (), words, take)
        self._check(path, start)
        return path

    def _check(self, path: Path, start: int) -> None:
        if path.up and not path.steps and path.leaf in ("element", "text()"):
            raise PathError(ANCESTORS, start)
        if path.absolute and not path.steps:
            raise PathError("an absolute path names an element first: /root/@name", start)
        keys = [step.key for step in path.steps if step.key]
        if len(keys) > 1:
            raise PathError("one [child='t'] or current() in a path; attributes may have several", start)
        if keys and path.absolute:
            advice = "where: {c: t}; of an element around the row where: {../c: t}"
            raise PathError(f"a path from the root has predicates of attributes only; use {advice}", start)
        if keys and keys[0].current and not path.up:
            raise PathError("current() joins the row with what is around it: ../b[@a=current()/@a]", start)
        if path.words and path.words.position is None and self.use != "rows" and path.take not in ("sum", "count"):
            raise PathError("which word? Write its number behind it, tokenize(.)[1], or [last()]", start)
        if path.words and path.words.position == 0 and self.use == "rows":
            raise PathError("each word is a row: leave the position behind tokenize() out", start)

    def _separator(self) -> bool:
        if self.take("//"):
            return True
        if not self.take("/"):
            self.refuse_rest()
        return False

    def _step(self, descendant: bool, up: int, before: list[Step], absolute: bool) -> Step:
        start = self.at
        if before and before[-1].sibling:
            raise PathError("of a following sibling its text, an attribute or name() can be had", start)
        sibling = self.take(_FOLLOWING)
        if sibling and (absolute or (up and not before) or (before and not before[-1].key)):
            raise PathError(
                "'following-sibling::' goes on from the row or from a key, key[.='a']/following-sibling::*[1]:"
                " for others write ../../b with a predicate",
                start,
            )
        step = self.name_test()
        if not step:
            self.refuse_rest()
        at = self.at
        step = self.predicates(step._replace(descendant=descendant, sibling=sibling))
        positions = [one for one in step.predicates if isinstance(one, int)]
        if sibling and (step.key or len(step.predicates) > len(positions[:1])):
            raise PathError("of a following sibling only the position can be said: following-sibling::b[1]", at)
        if descendant and positions:
            raise PathError("a position behind '//' would count among each parent's children: write the steps out", at)
        return step
