"""Read a duration as seconds: `PT1H51M40S`, `5m 26s`, `1 day, 2:03:04`, `12:30:05`. Time is linear in the text."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Optional

_ISO8601 = re.compile(
    r"P(?:(?P<w>[0-9]+)W|(?:(?P<d>[0-9]+)D)?(?:T(?:(?P<h>[0-9]+)H)?(?:(?P<m>[0-9]+)M)?(?:(?P<s>[0-9]+(?:[.,][0-9]+)?)S)?)?)"
)
_CALENDAR = re.compile(r"P[0-9]+[YM]")
_AMOUNT = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([^\W\d_]+)")
_JOINT = re.compile(r"\s*(?:,\s*)?(?:and\b\s*)?")
_CLOCK = re.compile(
    r"(?:(?P<days>[0-9]+)(?:\s*d(?:ays?)?(?:,\s*|\s+)|-|\.(?=[0-9]{2}:[0-9]{2}:[0-9]{2})))?"
    r"(?P<first>[0-9]{1,12}):(?P<second>[0-9]{2})(?::(?P<third>[0-9]{2}))?(?P<fraction>\.[0-9]+)?"
)
_SECONDS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
WorthOf = Callable[[str], Optional[tuple[str, str]]]
HOURS, MINUTES = "h:m", "m:s"  # what a clock with two fields has


class DurationError(ValueError):
    """The text is a duration, but not one whose length is known; the message says what to do."""


def seconds(text: str, worth_of: WorthOf, clock: str | None) -> str | None:
    """The seconds of a duration, as a number's text; None if it is none.

    :param worth_of: gives a unit's worth in seconds, None if there is no such unit
    :param clock: HOURS or MINUTES, where the mapping says which of them `12:30` has
    :raises DurationError: if it could have several lengths
    """
    if _CALENDAR.match(text):
        raise DurationError("years and months have no fixed length")
    match = _ISO8601.fullmatch(text)
    if match and text[-1] not in "PT":
        parts = {unit: part.replace(",", ".") for unit, part in match.groupdict().items() if part}
        return _sum([Decimal(part) * _SECONDS[unit] for unit, part in parts.items()])
    return _of_clock(text, clock) if ":" in text else _of_amounts(text, worth_of)


def _of_amounts(text: str, worth_of: WorthOf) -> str | None:
    """Of numbers with units, the larger ones first, each unit once; only the last one may have a fraction."""
    amounts: list[Decimal] = []
    at, before = 0, None
    while at < len(text):
        match = _AMOUNT.match(text, at)
        if not match:
            return None
        unit = worth_of(match[2])
        worth = Decimal(unit[0]) if unit else None
        if worth is None or (before is not None and worth >= before):
            return None
        amounts.append(Decimal(match[1]) * worth)
        before = worth
        joint = _JOINT.match(text, match.end())
        at = joint.end() if joint else match.end()
        if at == len(text) and at != match.end():
            return None  # ends with what joins two
        if "." in match[1] and at < len(text):
            return None
    return _sum(amounts)


def _of_clock(text: str, clock: str | None) -> str | None:
    match = _CLOCK.fullmatch(text)
    if not match:
        return None
    first, second, third = int(match["first"]), int(match["second"]), int(match["third"] or 0)
    has_days = match["days"] is not None
    if not match["third"] and not has_days and clock is None:
        raise DurationError(f'hours and minutes, or minutes and seconds? Write unit: "{HOURS}" or unit: "{MINUTES}"')
    if not match["third"] and not has_days and clock == MINUTES:
        first, second, third = 0, first, second
        if third > 59:
            return None
    elif second > 59 or third > 59 or (has_days and first > 23) or (match["fraction"] and not match["third"]):
        return None
    days = Decimal(match["days"] or 0) * 86400
    return _sum([days, Decimal(first * 3600 + second * 60 + third), Decimal(match["fraction"] or 0)])


def _sum(amounts: list[Decimal]) -> str:
    return f"{sum(amounts):f}"
