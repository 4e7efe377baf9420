"""Whether a label looks like an identifier, so that it would make a series of every row."""

from __future__ import annotations

import re
from collections.abc import Collection

MAX_KEPT = 1000  # distinct values are kept to judge a label; more are too many in any case
_LEAST_ROWS = 5  # fewer rows show nothing
_SHARE = 0.8  # of the rows have a value of their own
_LARGEST_PORT = 65535  # smaller numbers are ports, numbers of rooms and the like, unless they are counted up
_MACHINE_MADE = re.compile(r"[0-9]{4}|[0-9a-fA-F]{8}")


def looks_like_identifier(values: int, rows: int) -> bool:
    """Whether a label with so many values in so many rows would make a series of nearly every row."""
    return values >= MAX_KEPT or (values >= _LEAST_ROWS and values > _SHARE * rows)


def look_machine_made(values: Collection[str]) -> bool:
    """Whether the values are such as a program counts up, or draws: not names that people give."""
    numbers = [int(value) for value in values if re.fullmatch("[0-9]{1,15}", value)]
    if len(numbers) == len(values):
        return max(numbers) - min(numbers) < 2 * len(numbers) or min(numbers) > _LARGEST_PORT
    return sum(bool(_MACHINE_MADE.search(value)) for value in values) > _SHARE * len(values)
