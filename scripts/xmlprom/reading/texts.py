"""The texts of open elements."""

from __future__ import annotations

from collections.abc import Callable

from xmlprom import reasons
from xmlprom.errors import RunError
from xmlprom.reading.holders import Cells
from xmlprom.reading.into import Into
from xmlprom.reading.state import State

MAX_TEXT = 1 << 16  # characters of one text


class _Open:
    """An open element whose text is wanted: all character data from `begin` on.

    `direct`: without the text of elements in it, hence with `parts` of its own. `texts`: what it goes into, which may
    belong to a row that ends before it is followed by another.
    """

    __slots__ = ("depth", "direct", "into", "texts", "begin", "parts")

    def __init__(self, depth: int, direct: bool, into: Into, begin: int) -> None:
        self.depth = depth
        self.direct = direct
        self.into = into
        self.texts: Cells = into.holder.texts
        self.begin = begin
        self.parts: list[str] = []


class OpenTexts:
    """Keeps character data as long as an open element needs them.

    lxml hands every text to the parser's target, blanks between elements too, wanted or not. Nothing is faster than
    to keep them all in a list, `data`, to look at its end where an element ends whose text is wanted, and to forget
    the others with each chunk. `most`: see Into.put.
    """

    def __init__(self, most: int) -> None:
        self.data: list[str] = []
        self.open: list[_Open] = []
        self._most = most

    def begin(self, into: Into, depth: int, direct: bool) -> None:
        """Keep the text of the element of this depth, which starts."""
        self.open.append(_Open(depth, direct, into, len(self.data)))

    def end(self, depth: int) -> None:
        """Put the texts of the element of this depth, which ends, where they belong."""
        while self.open and self.open[-1].depth == depth:
            one = self.open.pop()
            text = joined(one.parts if one.direct else self.data[one.begin :])
            one.into.complete(one.texts, text, self._most)

    def handler(self, direct: bool, innermost: Callable[[], State]) -> Callable[[str], None]:
        """The parser's handler of character data; `direct`: some path wants text directly in its element."""
        data, open_texts = self.data, self.open
        if not direct:
            return data.append

        def keep(text: str) -> None:
            data.append(text)
            for one in open_texts:
                if one.direct and one.depth == innermost().depth:
                    one.parts.append(text)

        return keep

    def forget(self, innermost: State) -> None:
        """Drop what no open element needs.

        :raises RunError: for a text that is too long, which would fill the memory if it never ended
        """
        alone = innermost  # an element of which nothing but its text is wanted
        while alone.depth and alone.only_text is None:
            alone = alone.up
        begins = [one.begin for one in self.open if not one.direct]
        if alone.depth:
            begins.append(alone.begin)
        first = min(begins, default=len(self.data))
        del self.data[:first]
        if alone.depth:
            alone.begin -= first
        for one in self.open:
            one.begin -= first
        for parts in (self.data, *(one.parts for one in self.open)):
            joined(parts)


def joined(parts: list[str]) -> str:
    """The text of an element.

    :raises RunError: if it is too long
    """
    text = "".join(parts)
    if len(text) > MAX_TEXT:
        raise RunError(reasons.LIMIT, f"a text is longer than {MAX_TEXT} characters: {text[:40]!r}...")
    return text.strip()
