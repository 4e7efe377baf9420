"""Gather the texts of one place in bounded memory, and tell numbers, dates and amounts among them."""

from __future__ import annotations

import functools
import math
import re
from dataclasses import dataclass, field

from xmlprom.drafting.survey import MAX_LENGTH, MAX_VALUES, MAX_WORDS, Texts
from xmlprom.mapping.model import Value
from xmlprom.mapping.paths import parse
from xmlprom.series.number_forms import PLAIN, NumberForm
from xmlprom.series.numbers import Converter, InvalidValueError, converter

MAX_TEXT = 256  # characters of a text that is looked at

_AMOUNT_TEXT = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]+)?\s*([A-Za-zµ°Ω%/]{1,12})")
_DATE_TEXT = re.compile(  # has a time of day, or a date with a year of four digits
    r"(?<![\w:.])\d{1,2}:\d\d:\d\d(?![\w:])"
    r"|\b(?:19|20)\d\d[-/]\d{1,2}[-/]\d{1,2}(?!\d)"
    r"|\b\d{1,2}([-/. ])(?:\d{1,2}|[A-Za-z]{3,9})\1(?:19|20)\d\d\b",
    re.ASCII,
)
_DATE_FORMS = (
    "iso8601",
    "%a, %d %b %Y %H:%M:%S %z",  # RFC 822, as in RSS
    "%a, %d %b %Y %H:%M:%S GMT",  # the same in HTTP; without an offset, which is UTC to `collect`
    "%a %b %d %H:%M:%S %Y",  # C's ctime
    "%a %b %d %H:%M:%S UTC %Y",  # date(1)
    "%d/%b/%Y:%H:%M:%S %z",  # web servers' logs
)
_PATH = parse("text()", {})
_NUMBER = converter(Value(_PATH))
_DATES = {form: converter(Value(_PATH, date=form)) for form in _DATE_FORMS}
_FORM = NumberForm(PLAIN)


@functools.lru_cache(maxsize=4096)
def _kind(text: str) -> tuple[str, float, str]:
    """("number" | "date" | "amount" | "word", the number, its unit or form), as `collect` would read the text.

    The form of a date that `collect` can't read is "".
    """
    number = _converted(_NUMBER, text)
    if number is not None:
        return "number", number, ""
    looks_like_date = _DATE_TEXT.search(text)
    for form in _DATES if looks_like_date else _DATE_FORMS[:1]:
        number = _converted(_DATES[form], text)
        if number is not None:
            return "date", number, form
    if looks_like_date:
        return "date", 0.0, ""
    match = _AMOUNT_TEXT.fullmatch(text)
    return ("amount", float((_FORM.split(text) or ("0",))[0]), match[1]) if match else ("word", 0.0, "")


def _converted(number_of: Converter, text: str) -> float | None:
    try:
        return number_of(text)
    except InvalidValueError:
        return None


@dataclass
class Gathered:
    """Gathers what `Texts` tells."""

    count: int = 0
    counts: dict[str, int] = field(default_factory=lambda: {"number": 0, "date": 0, "amount": 0, "word": 0})
    size: float = 0.0
    least: float = math.inf
    most: float = -math.inf
    values: dict[str, None] = field(default_factory=dict)
    words: dict[str, None] = field(default_factory=dict)
    units: dict[str, None] = field(default_factory=dict)
    forms: dict[str, None] = field(default_factory=dict)
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
        kind, number, form = _kind(stripped)
        self.counts[kind] += 1
        self.size += abs(number)
        if kind == "number":
            self.least, self.most = min(self.least, number), max(self.most, number)
        if kind == "word":
            _keep(self.words, stripped[:MAX_LENGTH], MAX_WORDS)
        if kind == "amount":
            _keep(self.units, form, MAX_WORDS)
        if kind == "date":
            _keep(self.forms, form, MAX_WORDS)
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
            least=self.least,
            most=self.most,
            values=tuple(self.values),
            words=tuple(self.words),
            units=tuple(self.units),
            forms=tuple(self.forms),
            many=self.many,
            long=self.long,
            rising=self.rising,
        )


def _keep(texts: dict[str, None], text: str, limit: int) -> None:
    if len(texts) < limit and len(text) <= MAX_LENGTH:
        texts[text] = None
