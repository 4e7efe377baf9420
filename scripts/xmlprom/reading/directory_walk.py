"""Expand `**` in a glob: a directory of any depth. Links to directories are not followed: they may be loops."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator

from xmlprom import reasons
from xmlprom.errors import RunError, path_text

_MAX_DIRECTORIES = 10_000
_ANY_DEPTH = re.compile(r"(?:/\*\*)+(?=/|$)")


def expanded(pattern: str) -> set[str]:
    """What a glob with `**` matches; as with `*`, nothing whose name begins with a dot.

    :raises RunError: if there are too many directories, or one of them can't be listed: its files would be missing
    """
    first, *rest = _ANY_DEPTH.split(pattern)
    if not rest:
        return set(glob.glob(pattern))
    found = set(glob.glob(first or "/"))
    for part in rest:
        directories = {below for directory in found for below in _directories(directory, pattern)}
        found = {path for directory in directories for path in glob.glob(glob.escape(directory) + (part or "/*"))}
    return found


def _directories(top: str, pattern: str) -> Iterator[str]:
    """`top` and every directory below it."""
    waiting, count = [top.rstrip("/")], 0
    while waiting:
        directory = waiting.pop()
        count += 1
        if count > _MAX_DIRECTORIES:
            raise RunError(
                reasons.LIMIT,
                f"{path_text(pattern)}: more than {_MAX_DIRECTORIES} directories: begin with a longer path",
            )
        try:
            with os.scandir(directory or "/") as entries:
                below = [e.path for e in entries if not e.name.startswith(".") and e.is_dir(follow_symlinks=False)]
        except (FileNotFoundError, NotADirectoryError):  # removed meanwhile, or never a directory
            continue
        except OSError as error:
            raise RunError(
                reasons.UNREADABLE, f"{path_text(pattern)}: {path_text(directory)} can't be listed: {error.strerror}"
            ) from None
        waiting.extend(below)
        yield directory
