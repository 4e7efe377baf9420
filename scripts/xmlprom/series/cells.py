"""What a reader found at a path in one row, as the text that a label, a value or a condition wants."""

from __future__ import annotations

from xmlprom.errors import Fault, RunError
from xmlprom.mapping.paths import Path, Words
from xmlprom.reading.fields import Cell


def text_of(cell: Cell, path: Path) -> str | None:
    """The text at a path, or the word of it that the path names; None if there is none.

    :raises RunError: if the path has no one text in this row
    """
    if isinstance(cell, Fault):
        raise RunError(*cell)
    return _word(cell, path.words) if isinstance(cell, str) else None


def texts_of(cell: Cell, path: Path) -> tuple[str, ...]:
    """All texts at a path with sum() or count(), or their words.

    :raises RunError: see text_of
    """
    if isinstance(cell, Fault):
        raise RunError(*cell)
    texts = cell if isinstance(cell, tuple) else ()
    words = path.words
    return tuple(word for text in texts for word in text.split(words.separator)) if words else texts


def _word(text: str, words: Words | None) -> str | None:
    if words is None or not words.position:  # current()/position() is the reader's
        return text
    found = text.split(words.separator) if text else []
    index = words.position - 1 if words.position > 0 else words.position
    return found[index] if -len(found) <= index < len(found) else None
