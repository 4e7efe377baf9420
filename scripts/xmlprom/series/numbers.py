"""Turn the text of a source into a number, as a mapping's `value` says."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import isfinite, nan
from typing import Optional

from xmlprom.mapping.model import Value
from xmlprom.reading.patterns import Cell
from xmlprom.series.cells import text_of

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_MORE_DIGITS = re.compile(r"[.,'_]?[0-9]")  # behind a leading number: "1,000 MB" is not 1, "1.2.3" not 1.2
Converter = Callable[[Cell], Optional[float]]


class InvalidValueError(ValueError):
    """The text is neither a number, nor mapped to one, nor declared as missing."""


def converter(value: Value) -> Converter:
    """A function that gives the number that a row's text stands for: None if it is missing and there is no default.

    It raises InvalidValueError for any other text.
    """
    default = None if value.default is None else float(value.default)
    known = {
        **dict.fromkeys(("", *value.missing), default),
        **{text: float(number) for text, number in value.map.items()},
    }
    parse = _unix_time if value.date else _strict_number
    dated, scale = value.date is not None, value.scale

    plain = value.path.words is None

    def number_of(cell: Cell) -> float | None:
        if not cell:
            text = ""
        elif plain and isinstance(cell, str):
            text = cell.strip()
        else:
            text = (text_of(cell, value.path) or "").strip()
        if text in known:
            return known[text]
        try:
            number = float(text) * scale
        except ValueError:
            number = nan
        # float takes more than is a number here.
        if not isfinite(number) or dated or "_" in text or not text.isascii():
            number = parse(text, value) * scale
        if not isfinite(number):
            raise InvalidValueError(_message(text, value, "is too large for a number"))
        return number

    return number_of


def _strict_number(text: str, value: Value) -> float:
    match = _NUMBER.fullmatch(text)
    if not match and value.leading:
        match = _NUMBER.match(text)
        if match and _MORE_DIGITS.match(text, match.end()):
            match = None
    if not match:
        raise InvalidValueError(_message(text, value, "is not a number"))
    return float(match[0])


def _unix_time(text: str, value: Value) -> float:
    from xmlprom.series.dates import unix_time  # noqa: PLC0415 - few mappings have dates, and datetime takes 2 ms to import

    try:
        return unix_time(text, value.date or "", value.zone)
    except (ValueError, OverflowError):
        raise InvalidValueError(_message(text, value, f"is not a date of the form {value.date}")) from None


def _message(text: str, value: Value, what: str) -> str:
    shown = repr(text if len(text) <= 60 else f"{text[:57]}...")
    return f"{shown} at {value.path.text} {what}: add it to 'missing' or 'map', or count such rows with 'invalid: skip'"
