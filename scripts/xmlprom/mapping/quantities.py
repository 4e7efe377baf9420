"""Read a quantity: a whole number with a unit, like `15m` or `200MiB`."""

from __future__ import annotations

import re

TIMES, SIZES = ("", "s", "m", "min", "h", "d"), ("", "KiB", "MiB", "GiB")
_WORTH = {"": 1, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_QUANTITY = re.compile(r"([0-9]{1,15}) *([A-Za-z]*)")


def quantity(text: str, units: tuple[str, ...]) -> int | None:
    """The quantity in seconds, bytes or ones; None if the text is none in these units, or is zero."""
    match = _QUANTITY.fullmatch(text)
    if match and match[2] in units and int(match[1]) > 0:
        return int(match[1]) * _WORTH[match[2]]
    return None
