"""What several commands read out of their options, and how they report a fault."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from xmlprom.errors import UsageError, path_text, printable
from xmlprom.reading.files import STANDARD_INPUT

if TYPE_CHECKING:  # the command line is parsed before a command needs it
    from xmlprom.mapping.model import Mapping


def sources_of(given: str | None, mapping: Mapping, file: str) -> tuple[str, ...]:
    """The absolute paths and globs to read, or STANDARD_INPUT: of --source, else of the mapping in `file`.

    :raises UsageError: if neither names one
    """
    sources = (given,) if given else mapping.sources
    if not sources:
        raise UsageError(
            f"{path_text(file)}: the mapping names no source: add 'source: /path/to/file.xml', or use --source"
        )
    return tuple(source if source == STANDARD_INPUT else os.path.abspath(source) for source in sources)


def path_label(given: str | None, mapping: Mapping, origin: str | None = None) -> str | None:
    """What the label `path` says instead of the path that is read: the mapping's one source, else the origin.

    :param origin: where a file came from that was fetched
    """
    if given != STANDARD_INPUT and origin is None:
        return None
    return mapping.sources[0] if len(mapping.sources) == 1 else origin


def report(message: str) -> None:
    """Print a fault to stderr, each line with the program's name."""
    for line in message.split("\n") if message else ():
        print(f"xmlprom: {printable(line)}", file=sys.stderr)
