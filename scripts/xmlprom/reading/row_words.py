"""Rows that are words of an element's text, and texts whose words belong to them by position."""

from __future__ import annotations

from collections.abc import Iterator

from xmlprom import reasons
from xmlprom.errors import Fault
from xmlprom.reading.holders import Cells
from xmlprom.reading.open_row import Row


def word_rows(row: Row, texts: Cells) -> Iterator[tuple[object, ...]]:
    """A row for each word of an element."""
    fields = row.fields
    words = fields.rows.words
    own = next((texts[column] for column in fields.texts if isinstance(texts[column], str)), "")
    if not words or not isinstance(own, str):
        return
    split = words.split(own)
    cells = list(texts)
    others = []
    for column, words_of in fields.joined:
        text = texts[column]
        if isinstance(text, str):
            parts = words_of.split(text)
            if len(parts) == len(split):
                others.append((column, parts))
            else:
                cells[column] = _differ(row, column, len(parts), len(split))
    for number, word in enumerate(split):
        for column in fields.texts:
            cells[column] = word
        for column, parts in others:
            cells[column] = parts[number]
        yield tuple(cells)


def _differ(row: Row, column: int, theirs: int, own: int) -> Fault:
    path = row.fields.paths[column].text.partition("/tokenize(")[0]
    return Fault(
        reasons.JOIN,
        f"{path} has {theirs} words, {row.fields.rows.text} has {own}: they can't be joined by position",
    )
