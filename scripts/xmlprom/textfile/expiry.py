"""How old a collector's data are: a data file says of when its oldest source is, and the `max_age` that it was made by.

So that every later run can withdraw what is too old, also one that fails before it knows the mapping.
"""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from xmlprom.textfile.collector_files import CollectorFiles
from xmlprom.textfile.ownership import mark, read_start
from xmlprom.textfile.text_format import number

_MAX_LINE = 200  # bytes
_LINE = re.compile(r"# Source modified: (\S+); max_age: (\S+)\n")


class Age(NamedTuple):
    """Of a data file: `modified` in Unix seconds, of its oldest source; `max_age` in seconds, None for no limit."""

    modified: float
    max_age: float | None

    def line(self) -> str:
        """The comment that records it, behind xmlprom's mark."""
        limit = "none" if self.max_age is None else number(self.max_age)
        return f"# Source modified: {number(self.modified)}; max_age: {limit}\n"


def read_age(files: CollectorFiles) -> Age | None:
    """What the data file of a collector says; None if there is none, or release 0.1 wrote it."""
    own = mark(files.collector).encode()
    start = read_start(files.data, len(own) + _MAX_LINE) or b""
    match = _LINE.match(start[len(own) :].decode("utf-8", "replace")) if start.startswith(own) else None
    try:
        return Age(float(match[1]), None if match[2] == "none" else float(match[2])) if match else None
    except ValueError:
        return None


def is_too_old(modified: float, max_age: float, now: float) -> bool:
    """Whether data of that time are withdrawn.

    A time as far in the future is a wrong clock's: nobody knows the age.
    """
    return not math.isfinite(modified) or abs(now - modified) > max_age
