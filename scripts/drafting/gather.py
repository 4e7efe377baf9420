"""Gather the texts of one place in bounded memory, and tell numbers, dates and amounts among them."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field

from xmlprom.convert import InvalidValueError, converter
from xmlprom.mapping import Value
from xmlprom.paths import parse

from drafting.survey import MAX_LENGTH, MAX_VALUES, MAX_WORDS, Texts

MAX_TEXT = 256  # characters of a text that is looked at

_AMOUNT_TEXT = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]+)?\s*([A-Za-zµ°Ω%/]{1,12})")
_PATH = parse("text()", {})
_NUMBER = converter(Value(_PATH))
_DATE = converter(Value(_PATH, date="iso8601"))
_AMOUNT = converter(Value(_PATH, leading=True))


@functools.lru_cache(maxsize=4096)
def _kind(text: str) -> tuple[str, float, str]:
    """("number" | "date" | "amount" | "word", the number, its unit), as `collect` would read the text."""
    for kind, number_of in (("number", _NUMBER), ("date", _DATE)):
        try:
            return kind, number_of(text) or 0.0, ""
        except InvalidValueError:
            pass
    match = _AMOUNT_TEXT.fullmatch(text)
    return ("amount", _AMOUNT(text) or 0.0, match[1]) if match else ("word", 0.0, "")


@dataclass
class Gathered:
    """Gathers what `Texts` tells."""

    count: int = 0
    counts: dict[str, int] = field(default_factory=lambda: {"number": 0, "date": 0, "amount": 0, "word": 0})
    size: float = 0.0
    values: dict[str, None] = field(default_factory=dict)
    words: dict[str, None] = field(default_factory=dict)
    units: dict[str, None] = field(default_factory=dict)
    many: bool = False
    long: bool = False
    rising: bool = True
    last: float | None = None

    def add(self, text: str) -> None:
        self.count += 1
        if len(text) > MAX_TEXT:
            self.long = self.many = True
            return
        _keep(self.values, text, MAX_VALUES)
        self.many = self.many or text not in self.values
        stripped = text.strip()
        if not stripped:
            return
        kind, number, unit = _kind(stripped)
        self.counts[kind] += 1
        self.size += abs(number)
        if kind == "word":
            _keep(self.words, stripped[:MAX_LENGTH], MAX_WORDS)
        if kind == "amount":
            _keep(self.units, unit, MAX_WORDS)
        self.rising = self.rising and kind == "number" and self.last in (None, number - 1)
        self.last = number

    def freeze(self) -> Texts:
        return Texts(
            count=self.count,
            empty=self.count - sum(self.counts.values()) - self.long,
            numbers=self.counts["number"],
            dates=self.counts["date"],
            amounts=self.counts["amount"],
            size=self.size,
            values=tuple(self.values),
            words=tuple(self.words),
            units=tuple(self.units),
            many=self.many,
            long=self.long,
            rising=self.rising,
        )


def _keep(texts: dict[str, None], text: str, limit: int) -> None:
    if len(texts) < limit and len(text) <= MAX_LENGTH:
        texts[text] = None
