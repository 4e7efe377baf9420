"""How a mapping reads the texts of a field as numbers."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from xmlprom.drafting import vocabulary
from xmlprom.drafting.elements import Field
from xmlprom.drafting.text_stats import TextStats
from xmlprom.mapping.model import Value

FAMILIES: dict[str, dict[str, float]] = {
    "bytes": {"B": 1, "byte": 1, "bytes": 1, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}
    | {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40},
    "bytes/s": {"B/s": 1, "kB/s": 1e3, "KB/s": 1e3, "MB/s": 1e6, "GB/s": 1e9, "KiB/s": 1 << 10, "MiB/s": 1 << 20},
    "bits/s": {"bps": 1, "kbps": 1e3, "Kbps": 1e3, "Mbps": 1e6, "Gbps": 1e9, "Mbit/s": 1e6, "Gbit/s": 1e9},
    "seconds": {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1, "sec": 1, "secs": 1, "second": 1, "seconds": 1}
    | {"m": 60, "min": 60, "mins": 60, "minutes": 60, "h": 3600, "hours": 3600, "d": 86400, "days": 86400},
    "hertz": {"Hz": 1, "kHz": 1e3, "KHz": 1e3, "MHz": 1e6, "GHz": 1e9},
    "celsius": {"C": 1, "°C": 1, "Celsius": 1, "celsius": 1, "deg C": 1, "degrees C": 1},
    "watts": {"W": 1, "mW": 1e-3, "kW": 1e3},
    "volts": {"V": 1, "mV": 1e-3, "kV": 1e3},
    "amperes": {"A": 1, "mA": 1e-3},
    "ratio": {"%": 0.01, "percent": 0.01, "pct": 0.01},
}
MORE_UNITS: dict[str, dict[str, float]] = {
    "ratio": {"Percentage": 0.01, "percentage": 0.01, "Percent": 0.01},
    "watts": {"Watts": 1, "watts": 1, "Watt": 1},
    "volts": {"Volts": 1, "volts": 1},
    "amperes": {"Amps": 1, "amps": 1, "Amperes": 1},
}
_NAME_OF = {"bytes/s": "bytes_per_second", "bits/s": "bits_per_second"}
_NAMED: dict[str, tuple[str, float]] = {  # of words in a field's name
    "ms": ("seconds", 0.001),
    "msec": ("seconds", 0.001),
    "millis": ("seconds", 0.001),
    "milliseconds": ("seconds", 0.001),
    "microseconds": ("seconds", 0.000001),
    "minutes": ("seconds", 60),
    "hours": ("seconds", 3600),
    "days": ("seconds", 86400),
    "kilobytes": ("bytes", 1000),
    "megabytes": ("bytes", 1000**2),
    "gigabytes": ("bytes", 1000**3),
    "percent": ("ratio", 0.01),
    "pct": ("ratio", 0.01),
    "khz": ("hertz", 1000),
    "mhz": ("hertz", 1000**2),
    "celsius": ("celsius", 1),
}
_FIRST_TIME, _LAST_TIME = 8 * 10**8, 4 * 10**9  # in 1995 and in 2096
_NO_TIME = re.compile(r"_?(?:iso_?8601|unix|epoch|time|timestamp|ms|msec|sec|millis|milliseconds)$")
_OFFSET = re.compile(r"(?:Z|[+-]\d\d:?\d\d|GMT|UTC(?: \d{4})?)$")
_HEXADECIMAL = re.compile(r"0?[0-9A-F]{1,2}|0[0-9A-F]{3}")  # `0C` of a bus
_HAS_UNIT = "unit" in Value._fields  # the key of the mapping


class Reading(NamedTuple):
    """`keys` of the value in the mapping, beside `from` and `aggregate`; `words` of its name, with the unit.

    `unit`: what the numbers are then in; `time`: they are Unix time.
    """

    keys: dict[str, Any]
    words: tuple[str, ...]
    unit: str = ""
    time: bool = False


def reading(field: Field) -> Reading | str:
    """How to read a field's texts, or why they are not read; "" where they are no numbers at all."""
    stats = field.stats
    counts = stats.counts()
    filled = stats.filled - counts["none"]
    numeric = {kind: counts[kind] for kind in ("number", "amount", "date", "duration") if counts[kind]}
    if not numeric or sum(numeric.values()) * 2 < filled or stats.longs * 2 > stats.count:
        return ""
    if "date" in numeric:
        return _date(field) if len(numeric) == 1 else "holds dates among other texts"
    if "duration" in numeric:
        return _duration(field)
    if "amount" in numeric:
        return _amount(field, with_numbers="number" in numeric)
    return _number(field)


def _date(field: Field) -> Reading | str:
    forms = list(field.stats.forms)
    if len(forms) != 1 or not forms[0]:
        return "holds dates of several forms, or of one that is unknown"
    keys: dict[str, Any] = {"date": forms[0]}
    texts = field.stats.of_kind("date")
    if not any(_OFFSET.search(text) for text in texts):
        keys["zone"] = "local"
    return Reading(keys, _time_words(field), "Unix time", time=True)


def _time_words(field: Field) -> tuple[str, ...]:
    return (*filter(None, (_NO_TIME.sub("", word) for word in field.words)), "timestamp", "seconds")


def _duration(field: Field) -> Reading | str:
    if not _HAS_UNIT:
        return "holds durations"
    return Reading({"unit": "seconds"}, _with_unit(field.words, "seconds"), "seconds")


def _amount(field: Field, with_numbers: bool) -> Reading | str:
    units = list(field.stats.units)
    if all(_HEXADECIMAL.fullmatch(text) for text in field.stats.words):
        return "looks hexadecimal"
    family, names = _family(units)
    if not family and (len(units) > 1 or with_numbers):
        return f"has numbers of several units: {', '.join(units)}"
    if not _HAS_UNIT:
        if len(units) > 1 or with_numbers:
            return f"has numbers of several units: {', '.join(units)}"
        factor = {**FAMILIES, **MORE_UNITS}.get(family, {}).get(units[0]) or FAMILIES.get(family, {}).get(units[0], 1)
        keys: dict[str, Any] = {"number": "leading"}
        if factor != 1:
            keys["scale"] = factor
        return Reading(keys, _with_unit(field.words, family), family or units[0])
    if not family:
        return Reading({"unit": units[0]}, field.words, units[0])
    unit = {"unit": {"family": family, "names": names}} if names else {"unit": family}
    return Reading(unit, _with_unit(field.words, family), family)


def _family(units: list[str]) -> tuple[str, dict[str, float]]:
    """The family that has all these units, and those of them that a mapping has to add."""
    for family, known in FAMILIES.items():
        more = MORE_UNITS.get(family, {})
        if units and all(unit in known or unit in more for unit in units):
            return family, {unit: more[unit] for unit in units if unit not in known}
    return "", {}


def _number(field: Field) -> Reading | str:
    time = _time_scale(field)
    if time:
        return Reading({"scale": time} if time != 1 else {}, _time_words(field), "Unix time", time=True)
    if field.units is not None:
        return _unit_beside(field, field.units)
    found = vocabulary.tokens(field.words[-1:])
    unit, scale = next((_NAMED[token] for token in sorted(found) if token in _NAMED), ("", 1.0))
    return Reading({"scale": scale} if scale != 1 else {}, _with_unit(field.words, unit), unit)


def _unit_beside(field: Field, units: TextStats) -> Reading | str:
    family, names = _family(units.words)
    if units.many or not units.words:
        return "has units that are too many"
    if not _HAS_UNIT:
        if len(units.words) > 1:
            return f"has numbers of several units: {', '.join(units.words)}"
        factor = {**FAMILIES.get(family, {}), **MORE_UNITS.get(family, {})}.get(units.words[0], 1)
        return Reading({"scale": factor} if factor != 1 else {}, _with_unit(field.words, family), family)
    if not family:
        if len(units.words) > 1:
            return f"has numbers of several units: {', '.join(units.words)}"
        return Reading({"unit": {"names": {units.words[0]: 1}, "from": field.unit}}, field.words, units.words[0])
    unit: dict[str, Any] = {"family": family, "from": field.unit}
    if names:
        unit["names"] = names
    if units.filled < field.stats.filled:
        unit["default"] = units.words[0]
    return Reading({"unit": unit}, _with_unit(field.words, family), family)


def _with_unit(words: tuple[str, ...], family: str) -> tuple[str, ...]:
    """The words of a name with the unit that its numbers are then in."""
    unit = _NAME_OF.get(family, family)
    plain = [
        "_".join(token for token in word.split("_") if token not in _NAMED or token == unit) if unit else word
        for word in words
    ]
    kept = tuple(word for word in plain if word)
    return kept if not unit or unit in vocabulary.tokens(kept) else (*kept, unit)


def _time_scale(field: Field) -> float:
    """What makes Unix time in seconds of the numbers: 1, or 0.001 for milliseconds; 0 if they are no times."""
    found = vocabulary.tokens(field.words[-1:])
    named = any(token in vocabulary.TIMES or token.endswith(("time", "date", "stamp")) for token in found)
    stats = field.stats
    if not named or found & vocabulary.LENGTHS or stats.most <= 0:
        return 0
    low = stats.least if stats.least > 0 else stats.most
    fits = (scale for scale in (1, 0.001) if _FIRST_TIME <= low * scale <= stats.most * scale <= _LAST_TIME)
    return next(fits, 0)
