"""How a mapping reads the texts of a field as numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from xmlprom.drafting import vocabulary
from xmlprom.drafting.elements import Field
from xmlprom.drafting.path_steps import snake
from xmlprom.drafting.text_kinds import kind_of
from xmlprom.drafting.text_stats import TextStats
from xmlprom.series.number_forms import FORMS, HEXADECIMAL, NumberForm
from xmlprom.series.units import factors, family_of, is_word

_MORE_UNITS = {"Percentage": ("ratio", 0.01), "percentage": ("ratio", 0.01)}
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
_NUMERIC = ("number", "grouped", "amount", "date", "duration", "clock")
_MEMORY = frozenset(("memory", "mem", "cache", "ram", "dimm"))
_BINARY = {"KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}
_POWERS = frozenset((0, 1, 2, 4, 8, 16, 32))
_SHORT = 4  # characters of an abbreviation
_MAX_SORTS = 8  # of units beside the numbers of one field
_FIRST_TIME, _LAST_TIME = 8 * 10**8, 4 * 10**9  # in 1995 and in 2096
_NO_TIME = re.compile(r"_?(?:iso_?8601|unix|epoch|time|timestamp|ms|msec|sec|millis|milliseconds)$")
_OFFSET = re.compile(r"(?:Z|[+-]\d\d:?\d\d|GMT|UTC(?: \d{4})?)$")
_HEXADECIMAL = re.compile(r"0?[0-9A-F]{1,2}|0[0-9A-F]{3}")  # `0C` of a bus


class Reading(NamedTuple):
    """`keys` of the value in the mapping, beside `from` and `aggregate`; `words` of its name, with the unit.

    `unit`: what the numbers are then in; `time`: they are Unix time; `where`: the condition for those in this unit.
    """

    keys: dict[str, Any]
    words: tuple[str, ...]
    unit: str = ""
    time: bool = False
    where: dict[str, Any] = {}  # noqa: RUF012 - a field's default, which nobody changes


def readings(field: Field) -> list[Reading] | str:
    """How to read a field's texts, one way for each sort of units beside them, or why they are not read."""
    units = field.units
    several = units is not None and not units.many and 1 < len(_sorts(units)) <= _MAX_SORTS
    read = reading(field._replace(units=None) if several else field)
    if not isinstance(read, Reading):
        return read
    return list(_by_unit(field, units)) if units is not None and several and not read.time else [read]


def _sorts(units: TextStats) -> dict[str, list[str]]:
    """Family or unit -> the units of that family; "" for what is none."""
    found: dict[str, list[str]] = {}
    for unit in units.words:
        family = "" if kind_of(unit).name == "none" else _family([unit])[0] or unit
        found.setdefault(family, []).append(unit)
    if units.blank:
        found.setdefault("", []).append("")
    return found


def _by_unit(field: Field, units: TextStats) -> Iterator[Reading]:
    for sort, texts in _sorts(units).items():
        family, names = _family(texts)
        chosen = [*texts, *(unit for unit in _others(family, texts) if unit not in texts)]
        where = {field.unit: chosen if len(chosen) > 1 else chosen[0]}
        if not family:
            yield Reading({}, (*field.words, snake(sort)) if sort else field.words, sort, where=where)
            continue
        unit = {"family": family, "from": field.unit, **({"names": names} if names else {})}
        yield Reading({"unit": unit}, _with_unit(field.words, family), family, where=where)


def _others(family: str, units: list[str]) -> list[str]:
    """The family's other units, of which the next host may have one: all abbreviations, if those here are such."""
    if not family or all(is_word(unit) for unit in units):
        return []
    return [unit for unit in factors(family) if len(unit) <= _SHORT and not is_word(unit)]


def reading(field: Field) -> Reading | str:
    """How to read a field's texts, or why they are not read; "" where they are no numbers at all."""
    stats = field.stats
    counts = stats.counts()
    filled = stats.filled - counts["none"]
    numeric = {kind: counts[kind] for kind in _NUMERIC if counts[kind]}
    if not numeric or sum(numeric.values()) * 2 < filled or stats.longs * 2 > stats.count:
        return ""
    kinds = set(numeric)
    if "date" in kinds or "clock" in kinds:
        return _time(field, kinds)
    if "duration" in kinds:
        return _duration(field, kinds)
    if "grouped" in kinds:
        return _grouped(field)
    if "amount" in kinds:
        return _amount(field, with_numbers="number" in kinds)
    return _number(field)


def _time(field: Field, kinds: set[str]) -> Reading | str:
    if kinds == {"date"}:
        return _date(field)
    if kinds <= {"clock", "duration"} and vocabulary.tokens(field.words[-1:]) & vocabulary.LENGTHS:
        return _duration(field, kinds)
    return "holds times of day" if kinds == {"clock"} else "holds dates among other texts"


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


def _duration(field: Field, kinds: set[str]) -> Reading | str:
    if "number" in kinds:
        return "holds durations, and numbers without a unit"
    return Reading({"unit": "seconds"}, _with_unit(field.words, "seconds"), "seconds")


def _grouped(field: Field) -> Reading | str:
    texts = field.stats.of_kind("grouped", "number", "amount")
    split = {form: [NumberForm(form).split(text.strip()) for text in texts] for form in FORMS if form != HEXADECIMAL}
    fitting = [form for form, found in split.items() if all(found) and _family(_units(found))[1] is not None]
    if len({tuple(split[form]) for form in fitting}) != 1:  # several may read these texts alike
        return "holds numbers that may be read in several ways" if fitting else "holds numbers of several forms"
    units = _units(split[fitting[0]])
    family, _ = _family(units)
    keys = {"number": fitting[0], **({"unit": family} if family else {})}
    return Reading(keys, _with_unit(field.words, family), family)


def _units(found: Iterable[tuple[str, str] | None]) -> list[str]:
    return list(dict.fromkeys(rest.strip() for _, rest in filter(None, found) if rest.strip()))


def _amount(field: Field, with_numbers: bool) -> Reading | str:
    units = list(field.stats.units)
    if all(_HEXADECIMAL.fullmatch(text) for text in field.stats.words):
        return "looks hexadecimal"
    family, names = _family(units)
    if not family and (len(units) > 1 or with_numbers):
        return f"has numbers of several units: {', '.join(units)}"
    if not family:
        return Reading({"unit": units[0]}, field.words, units[0])
    names = {**(names or {}), **_binary(field, units)}
    unit = {"unit": {"family": family, "names": names}} if names else {"unit": family}
    return Reading(unit, _with_unit(field.words, family), family)


def _binary(field: Field, units: list[str]) -> dict[str, float]:
    """What MB is of memory, whose makers count in powers of two."""
    if not _MEMORY & vocabulary.tokens(field.words):
        return {}
    numbers = [kind_of(text.strip()).number for text in field.stats.of_kind("amount")]
    whole = all(number % 1 == 0 and (number % 64 == 0 or number in _POWERS) for number in numbers)
    return {unit: _BINARY[unit] for unit in units if unit in _BINARY} if whole else {}


def _family(units: list[str]) -> tuple[str, dict[str, float] | None]:
    """The family that has all these units, and those of them that a mapping has to add; None if there is none."""
    added = {unit: _MORE_UNITS[unit][1] for unit in units if unit in _MORE_UNITS}
    families = {_MORE_UNITS[unit][0] if unit in _MORE_UNITS else family_of(unit) for unit in units}
    if len(families) == 1:
        family = families.pop()
        if family:
            return family, added
    return "", (None if units else {})


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
    if units.many or not units.words:
        return "has units that are too many"
    family, names = _family(units.words)
    if not family and len(units.words) > 1:
        return f"has numbers of several units: {', '.join(units.words)}"
    unit: dict[str, Any] = {"family": family} if family else {"names": {units.words[0]: 1}}
    unit["from"] = field.unit
    if family and names:
        unit["names"] = names
    if units.filled < field.stats.filled:
        unit["default"] = units.words[0]
    return Reading({"unit": unit}, _with_unit(field.words, family), family or units.words[0])


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
