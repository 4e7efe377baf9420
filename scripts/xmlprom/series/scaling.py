"""Multiply and add in decimal arithmetic, so that 2051.3 MB are 2051300000 and not a little more.

Python's decimal is imported only where it is needed: not without a factor, nor for a power of ten.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from math import inf

_POWER_OF_TEN = re.compile(
    r"\+?(?:0*1(?P<zeros>0*)(?:\.0*)?|0*\.(?P<places>0*)10*)(?:[eE](?P<exponent>[+-]?[0-9]{1,4}))?"
)


def linear(scale: str, offset: str) -> Callable[[str], float]:
    """A function that makes of a number's text text × scale + offset; infinite if that is too large."""
    power = power_of_ten(scale)
    if power is None or not is_zero(offset):
        return _decimal(scale, offset)
    if power == 0:
        return float
    exact = _decimal(scale, offset)

    def scaled(text: str) -> float:
        return exact(text) if "e" in text or "E" in text else float(f"{text}e{power}")

    return scaled


def combined(first: tuple[str, str], second: tuple[str, str]) -> tuple[str, str]:
    """The (scale, offset) that does what `first` does and then `second`."""
    if is_zero(first[1]) and power_of_ten(first[0]) == 0:
        return second
    if is_zero(second[1]) and power_of_ten(second[0]) == 0:
        return first
    from decimal import Decimal  # noqa: PLC0415 - few mappings have both a unit and a scale

    scale = Decimal(second[0])
    return str(Decimal(first[0]) * scale), str(Decimal(first[1]) * scale + Decimal(second[1]))


def total(texts: list[str]) -> str:
    """The sum of numbers, as a text; there is at least one."""
    if len(texts) == 1:
        return texts[0]
    from decimal import Decimal  # noqa: PLC0415 - few mappings add up within a row

    try:
        return str(sum(map(Decimal, texts)))
    except ArithmeticError:
        return "inf"


def power_of_ten(text: str) -> int | None:
    """The n of 10^n, None if the number is not written as one."""
    match = _POWER_OF_TEN.fullmatch(text)
    if not match:
        return None
    power = -1 - len(match["places"]) if match["places"] is not None else len(match["zeros"])
    return power + int(match["exponent"] or 0)


def is_zero(text: str) -> bool:
    """Whether the number is 0."""
    return not text.lower().partition("e")[0].strip("+-0.")


def _decimal(scale: str, offset: str) -> Callable[[str], float]:
    factor = None

    def scaled(text: str) -> float:
        nonlocal factor
        from decimal import Decimal  # noqa: PLC0415 - see above

        if factor is None:
            factor = Decimal(scale), Decimal(offset)
        try:
            return float(Decimal(text) * factor[0] + factor[1])
        except (ArithmeticError, OverflowError):
            return inf

    return scaled
