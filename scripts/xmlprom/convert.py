"""Turn the text of a source into a number, as a mapping's `value` says."""

from __future__ import annotations

import datetime
import math
import re

from xmlprom.mapping import Value

LOCAL = "local"  # the time zone of the host
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_MORE_DIGITS = re.compile(r"[.,'_]?[0-9]")  # behind a leading number: "1,000 MB" is not 1, "1.2.3" not 1.2
_ISO8601 = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)(?:[T ](\d\d):?(\d\d)(?::?(\d\d)(?:[.,](\d{1,9}))?)?\s*(Z|[+-]\d\d(?::?\d\d)?)?)?",
    re.ASCII,
)


class InvalidValueError(ValueError):
    """The text is neither a number, nor mapped to one, nor declared as missing."""


def number_of(text: str | None, value: Value) -> float | None:
    """The number that a row's text stands for; None if it is missing and there is no default.

    :raises InvalidValueError: for any other text
    """
    text = (text or "").strip()
    if text in value.map:
        return float(value.map[text])
    if text in value.missing or not text:
        return None if value.default is None else float(value.default)
    number = _unix_time(text, value) if value.date else _number(text, value)
    return number * value.scale


def _number(text: str, value: Value) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or "_" in text or not text.isascii():  # float takes more than is a number here
        number = _strict_number(text, value)
    if not math.isfinite(number * value.scale):
        raise InvalidValueError(_message(text, value, "is too large for a number"))
    return number


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
    try:
        moment = _iso8601(text) if value.date == "iso8601" else datetime.datetime.strptime(text, value.date or "")
        if moment.tzinfo is None and value.zone != LOCAL:  # without one, timestamp() takes the host's
            moment = moment.replace(tzinfo=time_zone(value.zone))
        return moment.timestamp()
    except (ValueError, OverflowError):
        raise InvalidValueError(_message(text, value, f"is not a date of the form {value.date}")) from None


def time_zone(name: str) -> datetime.tzinfo:
    """The zone of that name in the host's time zone database (https://www.iana.org/time-zones).

    :raises ValueError: if there is none
    """
    if name == "UTC":
        return datetime.timezone.utc
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - few mappings have dates in local time

    try:
        return ZoneInfo(name)
    except (KeyError, OSError):
        raise ValueError(name) from None


def _iso8601(text: str) -> datetime.datetime:
    match = _ISO8601.fullmatch(text)
    if not match:
        raise ValueError(text)
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    microsecond = int((match[7] or "0").ljust(6, "0")[:6])
    zone = None
    if match[8]:
        hours, minutes = (int(match[8][1:3]), int(match[8][3:].lstrip(":") or 0)) if match[8] != "Z" else (0, 0)
        offset = datetime.timedelta(hours=hours, minutes=minutes)
        zone = datetime.timezone(-offset if match[8][0] == "-" else offset)
    return datetime.datetime(year, month, day, hour, minute, second, microsecond, zone)


def _message(text: str, value: Value, what: str) -> str:
    shown = repr(text if len(text) <= 60 else f"{text[:57]}...")
    return f"{shown} at {value.path.text} {what}: add it to 'missing' or 'map', or count such rows with 'invalid: skip'"
