"""What kind of text one is: a number, an amount with a unit, a duration, a date, a flag, no value, or a word."""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

from xmlprom.mapping.model import Value
from xmlprom.mapping.path_parser import parse
from xmlprom.series.durations import DurationError, seconds
from xmlprom.series.numbers import Converter, InvalidValueError, converter
from xmlprom.series.units import factors


def _texts(listed: str) -> frozenset[str]:
    return frozenset(listed.split("|"))


NO_VALUE = _texts(
    "-|--|?|n/a|[n/a]|na|nan|never|nil|none|null|not available|not supported|not installed|not present|unavailable"
    "|undefined|unknown|[not supported]|[unknown error]|[unknown]"
)
TRUE = _texts(
    "true|yes|on|enabled|active|up|ok|online|running|good|healthy|normal|verified|passed|success|connected|available"
    "|optimal|alive|started|optimum|ready|green"
)
FALSE = _texts(
    "false|no|off|disabled|inactive|not active|down|offline|stopped|failed|bad|dead|disconnected|unhealthy|failure"
    "|error|not ok|degraded|critical|absent|red"
)

_AMOUNT = re.compile(
    r"([+-]?[0-9]{1,15}(?:\.[0-9]{1,12})?)(?:\s+((?:degrees? )?[A-Za-zµ°%/]{1,12})|([A-Za-zµ°%/]{1,5}))"
)
_GROUPED = re.compile(  # digits in groups, or a decimal comma; not an address, 10.0.0.1
    r"[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]{1,9})?|[0-9]{1,3}(?:[.' \u00a0\u202f\u2009][0-9]{3})+,[0-9]{1,9}"
    r"|[0-9]{1,3}(?:[' \u00a0\u202f\u2009][0-9]{3})+(?:\.[0-9]{1,9})?|[0-9]{1,15},[0-9]{1,9})(?:\s?[A-Za-z%]{1,5})?"
)
_NO_UNITS = frozenset(("x", "th", "st", "nd", "rd", "bit", "a", "b", "c", "e", "f"))  # "16x", "1st", "0b"
_DATE = re.compile(  # has a time of day, or a date with a year of four digits
    r"(?<![\w:.])\d{1,2}:\d\d:\d\d(?![\w:])"
    r"|\b(?:19|20)\d\d[-/]\d{1,2}[-/]\d{1,2}(?!\d)"
    r"|\b\d{1,2}([-/. ])(?:\d{1,2}|[A-Za-z]{3,9})\1(?:19|20)\d\d\b",
    re.ASCII,
)
_HEXADECIMAL = re.compile(r"0[xX][0-9A-Fa-f]+")
_UNIQUE = re.compile(r"[0-9A-Fa-f]{8}-?(?:[0-9A-Fa-f]{4}-?){3}[0-9A-Fa-f]{12}|[0-9A-Fa-f]{24,}")
_DATE_FORMS = (
    "iso8601",
    "%a, %d %b %Y %H:%M:%S %z",  # RFC 822, as in RSS
    "%a, %d %b %Y %H:%M:%S GMT",  # the same in HTTP
    "%a %b %d %H:%M:%S %Y",  # C's ctime
    "%a %b %d %H:%M:%S UTC %Y",  # date(1)
    "%d/%b/%Y:%H:%M:%S %z",  # web servers' logs
)
_CLOCK = re.compile(r"[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?")  # a duration, or a time of day
_WITH_CLOCK = re.compile(r"(?:[0-9]{1,5}(?:\s*d(?:ays?)?,?\s+|-))?[0-9]{1,3}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?")
_PASSING = re.compile(r"\b[0-9]+(?:\.[0-9]+)?\s?(?:ms|s|secs?|seconds?|m|mins?|minutes?|h|hours?|d|days?|%)(?!\w)")
_SECONDS = factors("seconds")
_PATH = parse("text()", {})
_NUMBER = converter(Value(_PATH))
_DATES = {form: converter(Value(_PATH, date=form)) for form in _DATE_FORMS}


class Kind(NamedTuple):
    """`name`: "number", "grouped", "amount", "duration", "clock", "date", "flag", "none", "word", "hex" or "list".

    `number` is what the text says; `form` the amount's unit, or what a mapping calls the date, "" if it can't read it.
    """

    name: str
    number: float = 0.0
    form: str = ""


@functools.lru_cache(maxsize=8192)
def kind_of(text: str) -> Kind:
    """The kind of a text without white space around it."""
    number = _converted(_NUMBER, text)
    if number is not None:
        return Kind("number", number)
    lowered = text.lower()
    if lowered in NO_VALUE:
        return Kind("none")
    if lowered in TRUE or lowered in FALSE:
        return Kind("flag", float(lowered in TRUE))
    if not text[:1].isdigit() and text[:1] not in "+-.PSMTWF":
        return Kind("word")
    return _with_digits(text)


def _with_digits(text: str) -> Kind:
    """The kind of a text that may be a date, a duration or an amount."""
    return _amount(text) or _duration(text) or _date(text) or Kind(_sort_of_word(text))


def _duration(text: str) -> Kind | None:
    if ":" in text and not _WITH_CLOCK.fullmatch(text):
        return None
    try:
        number = seconds(text, _SECONDS.get, None)
    except DurationError:
        return None
    if number is None:
        return None
    return Kind("clock" if _CLOCK.fullmatch(text) else "duration", float(number))


def _date(text: str) -> Kind | None:
    looks_like_date = bool(_DATE.search(text))
    for form in _DATES if looks_like_date else _DATE_FORMS[:1]:
        number = _converted(_DATES[form], text)
        if number is not None:
            return Kind("date", number, form)
    return Kind("date") if looks_like_date else None


def _amount(text: str) -> Kind | None:
    match = _AMOUNT.fullmatch(text)
    if not match or match[3] in _NO_UNITS:
        return None
    return Kind("amount", float(match[1]), match[2] or match[3])


def _sort_of_word(text: str) -> str:
    if _GROUPED.fullmatch(text):
        return "grouped"
    words = text.replace(",", " ").split()
    if len(words) > 1 and all(_converted(_NUMBER, word) is not None for word in words):
        return "list"
    return "hex" if _HEXADECIMAL.fullmatch(text) else "word"


def is_unique_id(text: str) -> bool:
    """Whether it is a UUID, a digest or the like."""
    return bool(_UNIQUE.search(text))


def tells_time(text: str) -> bool:
    """Whether it has a duration or a share among words, `online 12s`: it changes with every poll."""
    return bool(_PASSING.search(text) or _DATE.search(text))


def _converted(number_of: Converter, text: str) -> float | None:
    try:
        return number_of(text)
    except InvalidValueError:
        return None
