"""What a mapping's keys make of texts, written again without regard to speed: parts, forms, units, durations, sums.

Only the units and forms of durations that `a_text` writes are known here; a text of another kind must be refused.
"""

from __future__ import annotations

import datetime
import math
import re
from fractions import Fraction

INVALID = "invalid"
MARKS = {
    "1234.5": ("", "."), "1,234.5": (",", "."), "1.234,5": (".", ","), "1 234,5": (" ", ","), "1 234.5": (" ", "."),
    "1'234.5": ("'", "."), "1234,5": ("", ","),
}  # fmt: skip
UNITS = {
    "bytes": {"B": 1, "kB": 1000, "KiB": 1024, "MB": 10**6},
    "seconds": {"ms": Fraction(1, 1000), "s": 1, "m": 60, "h": 3600, "d": 86400},
    "celsius": {"C": 1},  # and F, see _converted
    "ratio": {"%": Fraction(1, 100)},
}
DURATIONS = [
    r"(?:(?P<d>\d+) ?d)?(?:,? *(?P<h>\d+) ?h)?(?:,? *(?P<m>\d+) ?m)?(?:,? *(?P<s>\d+(?:\.\d+)?) ?s)?",
    r"PT(?:(?P<h>\d+)H)?(?:(?P<m>\d+)M)?(?:(?P<s>\d+(?:\.\d+)?)S)?",
    r"(?P<h>\d+):(?P<m>[0-5]\d):(?P<s>[0-5]\d(?:\.\d+)?)",
]


def part_of(templates, text):
    """The part by the first template that fits.

    :raises ValueError: if there are several
    """
    text = " ".join(text.split())
    for template in as_list(templates):
        before, after = template.split("{}")
        literal = before[1:]
        if before[:1] == "*" and literal in text.replace(literal, "", 1):
            raise ValueError(text)
        for at in range(len(text) + 1):
            for end in range(at, len(text) + 1):
                if _fits(before, text[:at]) and _fits(after, text[end:]):
                    return text[at:end].strip()
    return None


def _fits(template, text):
    return re.fullmatch(".*".join(map(re.escape, template.split("*"))), text) is not None


def plain_number(form, text):
    """The number at the text's start and the rest, or None."""
    if form == "0x1F":
        match = re.match(r"([+-]?)(?:0[xX])?([0-9A-Fa-f]+)", text)
        return match and (Fraction(int(match[1] + match[2], 16)), text[match.end() :])
    group, decimal = MARKS[form]
    digits = rf"(?:[1-9]\d{{0,2}}(?:{group}\d\d\d)+(?!\d)|\d+)" if group else r"\d+"
    point = re.escape(decimal)
    match = re.match(rf"[+-]?(?:{re.sub('^[.]', '[.]', digits)}(?:{point}\d*)?|{point}\d+)(?:[eE][+-]?\d+)?", text)
    if not match or not match[0].isascii():
        return None
    number = match[0].replace(group, "") if group else match[0]
    return Fraction(number.replace(decimal, ".")), text[match.end() :]


def number_of(value, text, unit_text=None, everywhere=()):
    """The number of a text, None if it is missing, INVALID if it is none. `unit_text` gives the unit at a path."""
    found = _before_scale(value, (text or "").strip(), unit_text, everywhere)
    if not isinstance(found, Fraction):
        return found
    return _scaled(value, found)


def sum_of(value, texts, unit_text=None, everywhere=()):
    """The number of all texts of sum()."""
    found = [_before_scale({**value, "default": None}, text.strip(), unit_text, everywhere) for text in texts]
    if INVALID in found:
        return INVALID
    numbers = [number for number in found if isinstance(number, Fraction)]
    mapped = [number for number in found if number is not None and not isinstance(number, Fraction)]
    if texts and not numbers and not mapped:
        return value.get("default")
    return sum(mapped) + (0 if mapped and not numbers else _scaled(value, sum(numbers, Fraction(0))))


def _scaled(value, number):
    number = number * Fraction(str(value.get("scale", 1))) + Fraction(str(value.get("offset", 0)))
    try:
        return float(number)
    except OverflowError:
        return INVALID


def _before_scale(value, text, unit_text, everywhere):
    """A Fraction, or what stands for the text as it is."""
    missing = ["", *everywhere, *as_list(value.get("missing", []))]
    known = {"": value.get("default"), **dict.fromkeys(missing, value.get("default")), **value.get("map", {})}
    if text in known or "other" in value:
        return known.get(text, value.get("other"))
    if "part" in value:
        try:
            text = part_of(value["part"], text)
        except ValueError:
            return INVALID
        if text is None or text in known:
            return INVALID if text is None else known[text]
    return _date(text) if "date" in value else _with_unit(value, text, unit_text)


def _date(text):
    match = re.fullmatch(r"\d{4}-\d\d-\d\d(T\d\d:\d\d)?", text)
    try:
        moment = datetime.datetime.fromisoformat(text) if match else None
    except ValueError:
        moment = None
    return INVALID if moment is None else Fraction(int(moment.replace(tzinfo=datetime.timezone.utc).timestamp()))


def _with_unit(value, text, unit_text):
    unit = value.get("unit")
    found = plain_number(value.get("number", "1234.5"), text)
    if found and not math.isfinite(_float(found[0])):
        return INVALID
    if unit is None or (isinstance(unit, dict) and "from" in unit):
        if not found or found[1]:
            return INVALID
        return found[0] if unit is None else _converted(unit, found[0], " ".join((unit_text() or "").split()))
    if isinstance(unit, str):
        unit = {"family": unit} if unit in UNITS else {"names": {unit: 1}}
    name = " ".join(found[1].split()) if found else None
    if unit.get("family") == "seconds" and name not in ("", *UNITS["seconds"]):
        return _duration(text)
    return _converted(unit, found[0], name) if found else INVALID


def _converted(unit, number, name):
    known = {**UNITS.get(unit.get("family"), {}), **unit.get("names", {})}
    if not name and "default" not in unit and unit.get("family") != "celsius" and number == 0:
        return Fraction(0)
    name = name or unit.get("default", "")
    if unit.get("family") == "celsius" and name == "F":
        return (number - 32) * Fraction(5, 9)
    return number * Fraction(str(known[name])) if name in known else INVALID


def _float(number):
    try:
        return float(number)
    except OverflowError:
        return math.inf


def _duration(text):
    for form in DURATIONS:
        match = re.fullmatch(form, text, re.ASCII)
        if match and any(match.groups()):
            amounts = {unit: Fraction(amount) for unit, amount in match.groupdict().items() if amount}
            return sum((amount * UNITS["seconds"][unit] for unit, amount in amounts.items()), Fraction(0))
    return INVALID


def as_list(texts):
    return [texts] if isinstance(texts, str) else texts
