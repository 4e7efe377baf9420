"""Parse the streaming subset of XPath that a mapping may use.

Everything else of XPath is refused with a message, never read as something else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NoReturn

from xmlprom.mapping.paths import Key, Path, PathError, Predicate, Step, Words

# Patterns are compiled when they are first needed: a run pays for each.
_NAME = r"[^\W\d][\w.\-]*"
_NAME_TEST = rf"(?:(?P<any>\{{\*\}})|(?P<prefix>{_NAME}):)?(?P<local>{_NAME}|\*)"
_ATTRIBUTE = rf"@(?:(?P<any>\{{\*\}})|(?P<prefix>{_NAME}):)?(?P<local>{_NAME})"
_LITERAL = r"""'([^']*)'|"([^"]*)\""""
_NUMBER = r"[0-9]+"
_FUNCTIONS = ("sum(", "count(")
_TOKENIZE = r"tokenize\(\s*\.\s*(?=[,)])"
_FOLLOWING = "following-sibling::"

_ANCESTORS = "of an element around the row there is ../@name, ../name(), or a child of it, ../b"
_DESCENDANTS = "below a row '//' is not supported: write the steps out, '*' stands for any element: b/*/c"
_LAST = "the last one is not known while the file streams by: [1], a predicate, or rows of b with aggregate: last"
_PREDICATES = "a predicate is [@name], [@name='text'], [@name!='text'], [1], [child='text'] or [.='text']"
_AXES = {
    "preceding-sibling": "'preceding-sibling::' is not supported: make b the row: following-sibling::… goes forward",
    "parent": "'parent::' is written '../'",
    "ancestor": "'ancestor::' is not supported: '../' once per level",
    "ancestor-or-self": "'ancestor-or-self::' is not supported: '../' once per level",
    "child": "'child::' is left out: a/b",
    "attribute": "'attribute::' is written '@'",
    "descendant": _DESCENDANTS,
    "descendant-or-self": _DESCENDANTS,
}
_SUPPORTED = (
    "paths have names, '*', '@name', text(), name(), '.', '../', '|', [1], [@name='text'], [child='text'],"
    " following-sibling::, tokenize(), and values sum() and count()"
)


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


class _Scanner:
    """The text and how far it is read."""

    def __init__(self, text: str, namespaces: Mapping[str, str]) -> None:
        self.text = text
        self.namespaces = namespaces
        self.at = 0

    def sees(self, token: str) -> bool:
        return self.text.startswith(token, self.at)

    def take(self, token: str) -> bool:
        """Whether `token` comes next; it is read then."""
        if self.sees(token):
            self.at += len(token)
            return True
        return False

    def match(self, pattern: str) -> re.Match[str] | None:
        match = re.compile(pattern).match(self.text, self.at)
        if match:
            self.at = match.end()
        return match

    def blanks(self) -> None:
        while self.text[self.at : self.at + 1].isspace():
            self.at += 1

    def literal(self) -> str | None:
        match = self.match(_LITERAL)
        return None if not match else match[1] if match[1] is not None else match[2]

    def namespace(self, prefix: str, at: int) -> str:
        if prefix not in self.namespaces:
            raise PathError(
                f"the prefix {prefix!r} is not declared: add it to `namespaces`, or write {{*}} for any", at
            )
        return self.namespaces[prefix]

    def attribute(self) -> str:
        """`@name` in lxml's notation."""
        start = self.at
        if self.sees("@*"):
            raise PathError("'@*' is not supported: write the attribute's name; @{*}a is a in any namespace", start)
        match = self.match(_ATTRIBUTE)
        if not match:
            raise PathError("expected an attribute name after '@'", start)
        if match["any"]:
            return f"@{{*}}{match['local']}"
        prefix = match["prefix"]
        return f"@{{{self.namespace(prefix, start)}}}{match['local']}" if prefix else f"@{match['local']}"

    def name_test(self) -> Step | None:
        """A step without predicates, None if there is no name."""
        start = self.at
        match = re.compile(_NAME_TEST).match(self.text, start)
        if not match or self.text[match.end() : match.end() + 1] == "(" or self.text.startswith("::", match.end()):
            return None
        self.at = match.end()
        namespace = None if match["any"] or (match["local"] == "*" and not match["prefix"]) else ""
        if match["prefix"]:
            namespace = self.namespace(match["prefix"], start)
        return Step(namespace, match["local"])


class _Predicates(_Scanner):
    """What is in square brackets."""

    def predicates(self, step: Step) -> Step:
        """The step with the predicates that follow it."""
        while self.sees("["):
            start = self.at
            self.at += 1
            self.blanks()
            if step.key:
                raise PathError("nothing can follow a predicate of a child's text: (b[c='t'])[1] is the first", start)
            found = self._predicate(start)
            self.blanks()
            self._close(start)
            if isinstance(found, Key):
                step = step._replace(key=found)
            else:
                step = step._replace(predicates=(*step.predicates, found))
        return step

    def _close(self, start: int) -> None:
        if self.take("]"):
            return
        if self.sees("and ") or self.sees("or "):
            raise PathError("write [@a][@b] for 'and'; for 'or' a union with '|', or where with a list", start)
        raise PathError(_PREDICATES, start)

    def _predicate(self, start: int) -> Predicate | Key | int:
        if self.sees("last()"):
            raise PathError(_LAST, start)
        if self.sees("position()"):
            raise PathError("'position()' is not supported: [1], or rows of their own", start)
        number = self.match(_NUMBER)
        if number:
            return _position(number[0], start)
        if self.sees("@"):
            attribute = self.attribute()
            operator = self._operator()
            if not operator:
                return Predicate(attribute[1:])
            if self.sees("current()"):
                return self._key(start, operator, Key(attribute))
            return Predicate(attribute[1:], self._text(start), operator == "!=")
        if self.take("."):
            return self._key(start, self._operator(), Key("."))
        child = self.name_test()
        if not child:
            raise PathError(_PREDICATES, start)
        return self._key(start, self._operator(), Key("child", child))

    def _operator(self) -> str:
        self.blanks()
        operator = "!=" if self.take("!=") else "=" if self.take("=") else ""
        self.blanks()
        return operator

    def _text(self, start: int) -> str:
        text = self.literal()
        if text is None:
            raise PathError(f"{_PREDICATES}, with the text in quotes", start)
        return text

    def _key(self, start: int, operator: str, key: Key) -> Key:
        if operator == "!=":
            raise PathError("only '=' is supported here: exclude rows with where: {not: …}", start)
        if not operator:
            raise PathError(f"{_PREDICATES}; that a child is there, ask with where: {{b: {{present: true}}}}", start)
        if not self.take("current()"):
            return key._replace(text=self._text(start))
        if not self.take("/"):
            raise PathError("current() is the row: write current()/@name, or current()/. for its text", start)
        return key._replace(current=self._reference())

    def _reference(self) -> Path:
        """What of the row has to be equal."""
        start = self.at
        steps: list[Step] = []
        leaf = "element"
        if not self.take("."):
            while True:
                if self.sees("@"):
                    leaf = self.attribute()
                    break
                step = self.name_test()
                if not step:
                    raise PathError("behind current()/ is expected: @name, b, b/c, b/@name or .", start)
                steps.append(step)
                if not self.take("/"):
                    break
        return Path(self.text[start : self.at], False, 0, tuple(steps), leaf)


class _Parser(_Predicates):
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
            if branch.up or branch.absolute or branch.keyed is not None or branch.beside_row or branch.leaf == "name()":
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
        leaf, words = self._end_of_row(up) if not absolute else (None, None)
        while leaf is None:
            leaf, words = self._leaf(bool(steps), absolute, descendant)
            if leaf is not None:
                break
            steps.append(self._step(descendant, up, steps, absolute))
            if self._at_end():
                leaf = "element"
                break
            descendant = self._separator()
            if descendant and not absolute:
                raise PathError(_DESCENDANTS, start)
        path = Path(self.text[start : self.at], absolute, up, tuple(steps), leaf, (), words, take)
        self._check(path, start)
        return path

    def _check(self, path: Path, start: int) -> None:
        if path.up and not path.steps and path.leaf in ("element", "text()"):
            raise PathError(_ANCESTORS, start)
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

    def _at_end(self) -> bool:
        before = self.at
        self.blanks()
        following, self.at = self.text[self.at : self.at + 1], before
        return following in ("", "|", ")")

    def _end_of_row(self, up: int) -> tuple[str | None, Words | None]:
        """`.` or words of the row's own text."""
        start = self.at
        if self.sees("tokenize("):
            if up:
                raise PathError(_ANCESTORS, start)
            return "element", self._words()
        if self.sees("..") or not self.sees("."):
            return None, None
        self.at += 1
        if self._at_end() and not up:
            return "element", None
        if self.sees("/tokenize(") and not up:
            self.at += 1
            return "element", self._words()
        self.at = start
        raise PathError("'./' is left out: a/b starts at the row; '.' alone is the row's text", start)

    def _leaf(self, after_step: bool, absolute: bool, descendant: bool) -> tuple[str | None, Words | None]:
        start = self.at
        if self.sees("tokenize(") and after_step and not descendant:
            return "element", self._words()
        if self.sees("@"):
            leaf = self.attribute()
        elif self.take("text()"):
            leaf = "text()"
        elif self.take("name()"):
            leaf = "name()"
        else:
            return None, None
        if descendant:
            message = "'//' needs an element after it: write //*/ for any" if absolute else _DESCENDANTS
            raise PathError(message, start)
        words = None
        if leaf != "name()" and self.sees("/tokenize("):
            self.at += 1
            words = self._words()
        elif not self._at_end():
            raise PathError(f"{self.text[start : self.at]!r} is the last step: nothing can follow it", self.at)
        return leaf, words

    def _words(self) -> Words:
        start = self.at
        if not self.match(_TOKENIZE):
            raise PathError("tokenize() takes the text before it: b/tokenize(.) or b/tokenize(., ',')", start)
        separator = None
        if self.take(","):
            self.blanks()
            separator = self.literal()
            if not separator:
                raise PathError("tokenize() takes a separator in quotes: tokenize(., ',')", start)
            self.blanks()
        if not self.take(")"):
            self.refuse_rest()
        position = self._word_position(start) if self.take("[") else None
        if not self._at_end():
            raise PathError("tokenize() is the last step: nothing can follow it", self.at)
        return Words(separator, position)

    def _word_position(self, start: int) -> int:
        self.blanks()
        number = self.match(_NUMBER)
        if number:
            position = _position(number[0], start)
        elif self.take("last()"):
            position = -1
        elif self.take("current()/position()"):
            position = 0
        else:
            raise PathError("a word is chosen by [1], [last()] or, in rows of words, [current()/position()]", start)
        self.blanks()
        if not self.take("]"):
            self.refuse_rest()
        return position

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

    def refuse_rest(self) -> NoReturn:
        """Say why what comes next is not supported."""
        rest = self.text[self.at :]
        axis = re.match(r"([a-z-]+)::", rest)
        if rest.startswith(".."):
            message = _ANCESTORS
        elif rest.startswith("."):
            message = "'./' is left out: a/b starts at the row; '.' alone is the row's text"
        elif not rest.strip():
            message = "the path ends too early: an element's name, '@name' or text() is missing"
        elif axis and axis[1] in _AXES:
            message = _AXES[axis[1]]
        elif rest.startswith(_FUNCTIONS):
            message = f"{rest!r}: sum() and count() are written around the whole path: count(a/b)"
        else:
            message = f"{rest!r} is not supported: {_SUPPORTED}"
        raise PathError(message, self.at)


def _position(number: str, at: int) -> int:
    if number[0] == "0" or len(number) > 9:
        raise PathError("positions count from 1", at)
    return int(number)
