"""What several commands read out of their options, and how they report a fault."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from xmlprom.errors import UsageError, path_text, printable
from xmlprom.reading.files import STANDARD_INPUT

if TYPE_CHECKING:  # the command line is parsed before a command needs it
    from xmlprom.mapping.model import Mapping


def source_of(given: str | None, mapping: Mapping, file: str) -> str:
    """The absolute path or glob to read, or STANDARD_INPUT: of --source, else of the mapping in `file`.

    :raises UsageError: if neither names one
    """
    source = given or mapping.source
    if not source:
        raise UsageError(
            f"{path_text(file)}: the mapping names no source: add 'source: /path/to/file.xml', or use --source"
        )
    return source if source == STANDARD_INPUT else os.path.abspath(source)


def report(message: str) -> None:
    """Print a fault to stderr, each line with the program's name."""
    for line in message.split("\n") if message else ():
        print(f"xmlprom: {printable(line)}", file=sys.stderr)
