"""Tell how `collect` can read the texts of a field as numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass

from xmlprom.drafting.rows import Field, Rows
from xmlprom.drafting.survey import MAX_LENGTH, Texts

_MAX_OTHERS = 3  # texts that are no number
_NO_VALUE = {"-", "--", "?", "n/a", "na", "nan", "never", "nil", "none", "null", "unavailable", "undefined", "unknown"}
_TIMES = {"created", "date", "end", "expires", "finished", "last", "modified", "now", "seen", "since", "stamp", "start"}
_TIMES |= {"started", "time", "times", "timestamp", "updated", "when"}
_LENGTHS = {"bytes", "count", "cpu", "downtime", "duration", "elapsed", "free", "lifetime", "max", "processing"}
_LENGTHS |= {"runtime", "size", "total", "up", "uptime", "used"}  # "cpu_time" is no date
_FIRST_TIME, _LAST_TIME = 10**9, 4 * 10**9  # in 2001 and in 2096
_UNITS: dict[str, tuple[str, float]] = {  # a text's unit -> (the base unit, how many of it)
    "%": ("ratio", 0.01),
    "C": ("celsius", 1),
    "°C": ("celsius", 1),
    "ms": ("seconds", 0.001),
    "s": ("seconds", 1),
    "B": ("bytes", 1),
    "bytes": ("bytes", 1),
    "kB": ("bytes", 1000),
    "KB": ("bytes", 1000),
    "MB": ("bytes", 1000**2),
    "GB": ("bytes", 1000**3),
    "KiB": ("bytes", 1 << 10),
    "MiB": ("bytes", 1 << 20),
    "GiB": ("bytes", 1 << 30),
    "V": ("volts", 1),
    "A": ("amperes", 1),
    "W": ("watts", 1),
    "Hz": ("hertz", 1),
    "MHz": ("hertz", 1000**2),
    "GHz": ("hertz", 1000**3),
}

_NO_TIME = re.compile(r"_?(?:iso_?8601|unix|epoch|time|timestamp|ms|msec|millis|milliseconds)$")  # at a name's end
_NAMED_UNITS: dict[str, tuple[str, float]] = {  # the same of names' words, which `check` wants to be base units
    "ms": ("seconds", 0.001),
    "milliseconds": ("seconds", 0.001),
    "minutes": ("seconds", 60),
    "hours": ("seconds", 3600),
    "days": ("seconds", 86400),
    "kb": ("bytes", 1000),
    "kilobytes": ("bytes", 1000),
    "mb": ("bytes", 1000**2),
    "megabytes": ("bytes", 1000**2),
    "gb": ("bytes", 1000**3),
    "gigabytes": ("bytes", 1000**3),
    "percent": ("ratio", 0.01),
    "pct": ("ratio", 0.01),
    "khz": ("hertz", 1000),
    "mhz": ("hertz", 1000**2),
}


@dataclass(frozen=True)
class Reading:
    """How texts are read as numbers.

    `words` are those of the field's name with the unit; `unit` is what the numbers then are in, for people;
    `time`: they are Unix time.
    """

    words: tuple[str, ...]
    unit: str = ""
    time: bool = False
    date: str | None = None
    leading: bool = False
    scale: float = 1
    missing: tuple[str, ...] = ("",)
    skipped: tuple[str, ...] = ()  # texts that are no numbers: `invalid: skip`


def reading(field: Field, rows: Rows) -> Reading | None:
    """How to read the texts of a field of a row; None if most are no numbers, or if they mean different things."""
    texts = field.texts
    kinds = [count for count in (texts.numbers, texts.dates, texts.amounts) if count]
    if len(kinds) != 1 or kinds[0] * 2 <= texts.count - texts.empty or len(texts.units) > 1 or not _one_form(texts):
        return None
    if any(len(word) >= MAX_LENGTH or word[0].isdigit() for word in texts.words):
        return None
    missing = ("", *(word for word in texts.words if word.lower() in _NO_VALUE))
    skipped = tuple(word for word in texts.words if word not in missing)
    if len(texts.words) > _MAX_OTHERS:
        return None
    tokens = {token for word in field.words or rows.words[-1:] for token in word.split("_")}
    time_scale = _time_scale(texts, tokens)
    if texts.dates or time_scale:
        words = (*filter(None, (_NO_TIME.sub("", word) for word in field.words)), "timestamp", "seconds")
        date = texts.forms[0] if texts.dates else None
        return Reading(words, "Unix time", True, date, scale=time_scale or 1, missing=missing, skipped=skipped)
    if texts.amounts:
        base, scale = _UNITS.get(texts.units[0], ("", 1))
    else:
        base, scale = next((_NAMED_UNITS[token] for token in sorted(tokens) if token in _NAMED_UNITS), ("", 1))
    words = (*field.words, base) if base and base not in tokens else field.words
    unit = base or "".join(texts.units)
    return Reading(words, unit, leading=bool(texts.amounts), scale=scale, missing=missing, skipped=skipped)


def _one_form(texts: Texts) -> bool:
    return not texts.dates or (len(texts.forms) == 1 and bool(texts.forms[0]))


def _time_scale(texts: Texts, tokens: set[str]) -> float:
    """What makes Unix time in seconds of the numbers: 1, or 0.001 for milliseconds; 0 if they are no times."""
    named = any(token in _TIMES or token.endswith(("time", "date", "stamp")) for token in tokens)
    if not texts.numbers or not named or tokens & _LENGTHS:
        return 0
    in_seconds = (
        scale for scale in (1, 0.001) if _FIRST_TIME <= texts.least * scale <= texts.most * scale <= _LAST_TIME
    )
    return next(in_seconds, 0)


def mixed_units(texts: Texts) -> str:
    """The units of numbers that can't be read as one kind, "" if they can or are few."""
    units = [*texts.units, *(["none"] if texts.numbers else [])]
    few = (texts.amounts + texts.numbers) * 2 <= texts.count - texts.empty
    return ", ".join(units) if texts.amounts and len(units) > 1 and not few else ""
