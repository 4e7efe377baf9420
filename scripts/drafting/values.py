"""Tell how `collect` can read the texts of a field as numbers."""

from __future__ import annotations

from dataclasses import dataclass

from drafting.rows import Field
from drafting.survey import MAX_LENGTH, Texts

_MAX_OTHERS = 3  # texts that are no number
_NO_VALUE = {"-", "--", "?", "n/a", "na", "nan", "never", "nil", "none", "null", "unavailable", "undefined", "unknown"}
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


@dataclass(frozen=True)
class Reading:
    """How texts are read as numbers. `unit` is what the numbers then are in, `words` are the field's with the unit."""

    words: tuple[str, ...]
    unit: str = ""
    date: str | None = None
    leading: bool = False
    scale: float = 1
    missing: tuple[str, ...] = ("",)
    skipped: tuple[str, ...] = ()  # texts that are no numbers: `invalid: skip`


def reading(field: Field) -> Reading | None:
    """How to read the texts of a field; None if most are no numbers, or if they mean different things."""
    texts = field.texts
    kinds = [count for count in (texts.numbers, texts.dates, texts.amounts) if count]
    if len(kinds) != 1 or kinds[0] * 2 <= texts.count - texts.empty or len(texts.units) > 1:
        return None
    if any(len(word) >= MAX_LENGTH or word[0].isdigit() for word in texts.words):
        return None
    missing = ("", *(word for word in texts.words if word.lower() in _NO_VALUE))
    skipped = tuple(word for word in texts.words if word not in missing)
    if len(texts.words) > _MAX_OTHERS:
        return None
    if texts.dates:
        return Reading(field.words, "Unix time", date="iso8601", missing=missing, skipped=skipped)
    if not texts.amounts:
        return Reading(field.words, missing=missing, skipped=skipped)
    base, scale = _UNITS.get(texts.units[0], ("", 1))
    tokens = {token for word in field.words for token in word.split("_")}
    words = (*field.words, base) if base and base not in tokens else field.words
    return Reading(words, base or texts.units[0], leading=True, scale=scale, missing=missing, skipped=skipped)


def mixed_units(texts: Texts) -> str:
    """The units of numbers that can't be read as one kind, "" if they can or are few."""
    units = [*texts.units, *(["none"] if texts.numbers else [])]
    few = (texts.amounts + texts.numbers) * 2 <= texts.count - texts.empty
    return ", ".join(units) if texts.amounts and len(units) > 1 and not few else ""
