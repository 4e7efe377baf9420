"""Turn a date of a source into Unix time."""

from __future__ import annotations

import datetime
import re

ISO8601 = "iso8601"
LOCAL = "local"  # the time zone of the host
_ISO8601 = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)(?:[T ](\d\d):?(\d\d)(?::?(\d\d)(?:[.,](\d{1,9}))?)?\s*(Z|[+-]\d\d(?::?\d\d)?)?)?",
    re.ASCII,
)


def unix_time(text: str, date: str, zone: str) -> float:
    """Seconds since 1970 of a date in the form `date`: "iso8601", or a format of strptime.

    :param zone: of a date without an offset
    :raises ValueError: if it is no such date
    :raises OverflowError: if it is out of the host's range
    """
    moment = _iso8601(text) if date == ISO8601 else datetime.datetime.strptime(text, date)
    if moment.tzinfo is None and zone != LOCAL:  # without one, timestamp() takes the host's
        moment = moment.replace(tzinfo=time_zone(zone))
    return moment.timestamp()


def date_format_fault(date: str) -> str | None:
    """What is wrong with a format of dates: strptime reports it only when it reads a text, or takes another date."""
    if date == ISO8601:
        return None
    moment = datetime.datetime(2001, 2, 3, 16, 5, 6, tzinfo=datetime.timezone.utc)
    try:
        found = datetime.datetime.strptime(moment.strftime(date), date)
    except (ValueError, re.error):
        found = None
    if found is None or "%" not in date:
        return "is no date format: iso8601, or directives like '%Y-%m-%d %H:%M:%S %z'"
    if found.year != moment.year:
        return "has no year, so that dates would be of 1900: a time of day or a duration has a 'unit'"
    return "has hours without their half of the day: add '%p', or read '%H'" if found.hour not in (0, 16) else None


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
