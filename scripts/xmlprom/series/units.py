"""The families of units that a mapping may name, and what each unit is worth in the family's own.

Short units are known in the case in which they are written: Mbps and MBps differ eightfold. Full words are in any case.
Imported only for a mapping that names a family.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

_Unit = tuple[str, str, str]  # name, factor, offset
_THOUSANDS = {"k": 3, "K": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_WORDS = {"kilo": 3, "mega": 6, "giga": 9, "tera": 12, "peta": 15}
_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_BINARY_WORDS = {"kibi": 1, "mebi": 2, "gibi": 3, "tebi": 4, "pebi": 5}


def _power(exponent: int) -> str:
    return f"1e{exponent}"


def _bytes() -> Iterator[_Unit]:
    yield from ((name, "1", "0") for name in ("B", "byte", "bytes"))
    for prefix, exponent in _THOUSANDS.items():
        yield f"{prefix}B", _power(exponent), "0"
    for prefix, exponent in _BINARY.items():
        yield f"{prefix}B", str(1024**exponent), "0"
    for word, exponent in _WORDS.items():
        yield from ((f"{word}byte{plural}", _power(exponent), "0") for plural in ("", "s"))
    for word, exponent in _BINARY_WORDS.items():
        yield from ((f"{word}byte{plural}", str(1024**exponent), "0") for plural in ("", "s"))


def _bits() -> Iterator[_Unit]:
    yield from ((name, "1", "0") for name in ("b", "bit", "bits"))
    for prefix in "kKMGT":
        for unit in ("bit", "b"):
            yield f"{prefix}{unit}", _power(_THOUSANDS[prefix]), "0"
    for prefix in ("Ki", "Mi", "Gi"):
        yield f"{prefix}bit", str(1024 ** _BINARY[prefix]), "0"
    for word in ("kilo", "mega", "giga", "tera"):
        yield from ((f"{word}bit{plural}", _power(_WORDS[word]), "0") for plural in ("", "s"))


def _per_second(units: Callable[[], Iterator[_Unit]], letter: str) -> Callable[[], Iterator[_Unit]]:
    def family() -> Iterator[_Unit]:
        for name, factor, offset in units():
            yield f"{name}/s", factor, offset
        yield f"{letter}ps", "1", "0"
        for prefix in "kKMGT":
            yield f"{prefix}{letter}ps", _power(_THOUSANDS[prefix]), "0"

    return family


def _seconds() -> Iterator[_Unit]:
    words = {
        "1e-9": ("ns", "nanosecond", "nanoseconds"),
        "1e-6": ("us", "\u00b5s", "\u03bcs", "microsecond", "microseconds"),
        "1e-3": ("ms", "msec", "msecs", "millisecond", "milliseconds"),
        "1": ("s", "sec", "secs", "second", "seconds"),
        "60": ("m", "min", "mins", "minute", "minutes"),
        "3600": ("h", "hr", "hrs", "hour", "hours"),
        "86400": ("d", "day", "days"),
        "604800": ("w", "week", "weeks"),
    }
    yield from ((name, factor, "0") for factor, names in words.items() for name in names)


def _hertz() -> Iterator[_Unit]:
    factors = {"Hz": 0, "mHz": -3, "kHz": 3, "KHz": 3, "MHz": 6, "GHz": 9, "THz": 12, "hertz": 0}
    yield from ((name, _power(exponent), "0") for name, exponent in factors.items())


def _celsius() -> Iterator[_Unit]:
    yield from ((name, "1", "0") for name in ("C", "\u00b0C", "\u2103", "celsius", "deg C", "degree C", "degrees C"))
    yield from ((name, "1", "-273.15") for name in ("K", "kelvin"))
    ninths, offset = "0.55555555555555555555555555556", "-17.777777777777777777777777778"
    yield from ((name, ninths, offset) for name in ("F", "\u00b0F", "fahrenheit", "deg F", "degree F", "degrees F"))


def _electric(letter: str, word: str) -> Callable[[], Iterator[_Unit]]:
    def family() -> Iterator[_Unit]:
        yield from ((name, "1", "0") for name in (letter, word, f"{word}s"))
        for prefix, exponent in {"m": -3, "k": 3, "M": 6}.items():
            yield f"{prefix}{letter}", _power(exponent), "0"

    return family


def _ratio() -> Iterator[_Unit]:
    yield from ((name, "0.01", "0") for name in ("%", "percent", "pct"))


FAMILIES: dict[str, Callable[[], Iterator[_Unit]]] = {
    "bytes": _bytes,
    "bits": _bits,
    "bytes/s": _per_second(_bytes, "B"),
    "bits/s": _per_second(_bits, "b"),
    "seconds": _seconds,
    "hertz": _hertz,
    "celsius": _celsius,
    "watts": _electric("W", "watt"),
    "volts": _electric("V", "volt"),
    "amperes": _electric("A", "ampere"),
    "ratio": _ratio,
}


def factors(family: str) -> dict[str, tuple[str, str]]:
    """The (factor, offset) of each of the family's units."""
    return {name: (factor, offset) for name, factor, offset in FAMILIES[family]()}


def is_word(unit: str) -> bool:
    """Whether a unit is a full word, which may be in any case: not an abbreviation, whose case means something."""
    return len(unit) > 2 and unit.isalpha() and unit.islower() and not unit.endswith("bps")


def family_of(unit: str) -> str | None:
    """The family that knows a unit, None if none does."""
    for family in FAMILIES:
        known = factors(family)
        if unit in known or (is_word(unit.lower()) and unit.lower() in known):
            return family
    return None
