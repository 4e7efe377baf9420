"""What a path ends with: text, an attribute, a name, or words of a text."""

from __future__ import annotations

from xmlprom.mapping.path_advice import ANCESTORS, DESCENDANTS
from xmlprom.mapping.path_scanner import NUMBER, position_of
from xmlprom.mapping.paths import PathError, Words
from xmlprom.mapping.predicate_parser import PredicateParser

_TOKENIZE = r"tokenize\(\s*\.\s*(?=[,)])"


class LeafParser(PredicateParser):
    """The last step of a path."""

    def end_of_row(self, up: int) -> tuple[str | None, Words | None]:
        """`.` or words of the row's own text."""
        start = self.at
        if self.sees("tokenize("):
            if up:
                raise PathError(ANCESTORS, start)
            return "element", self.words()
        if self.sees("..") or not self.sees("."):
            return None, None
        self.at += 1
        if self.at_end() and not up:
            return "element", None
        if self.sees("/tokenize(") and not up:
            self.at += 1
            return "element", self.words()
        self.at = start
        raise PathError("'./' is left out: a/b starts at the row; '.' alone is the row's text", start)

    def leaf(self, after_step: bool, absolute: bool, descendant: bool) -> tuple[str | None, Words | None]:
        start = self.at
        if self.sees("tokenize(") and after_step and not descendant:
            return "element", self.words()
        if self.sees("@"):
            leaf = self.attribute()
        elif self.take("text()"):
            leaf = "text()"
        elif self.take("name()"):
            leaf = "name()"
        else:
            return None, None
        if descendant:
            message = "'//' needs an element after it: write //*/ for any" if absolute else DESCENDANTS
            raise PathError(message, start)
        words = None
        if leaf != "name()" and self.sees("/tokenize("):
            self.at += 1
            words = self.words()
        elif not self.at_end():
            raise PathError(f"{self.text[start : self.at]!r} is the last step: nothing can follow it", self.at)
        return leaf, words

    def words(self) -> Words:
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
        if not self.at_end():
            raise PathError("tokenize() is the last step: nothing can follow it", self.at)
        return Words(separator, position)

    def _word_position(self, start: int) -> int:
        self.blanks()
        number = self.match(NUMBER)
        if number:
            position = position_of(number[0], start)
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
