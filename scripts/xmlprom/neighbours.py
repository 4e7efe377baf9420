"""Look at the other `.prom` files of the directory before publishing beside them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from xmlprom.errors import RunError
from xmlprom.exposition import ExpositionError, FamilyText, conflict, parse

_MAX_SIZE = 64 << 20  # bytes


def check_publishable(content: bytes, data: Path, status: Path) -> None:
    """Make sure that node_exporter will serve `content` as `data`, whole and beside all other files.

    :param status: the collector's status file, which stands there as soon as `data` is the collector's
    :raises RunError: with reason "invalid" or "conflict"
    """
    try:
        own = parse(content)
    except ExpositionError as error:
        raise RunError("invalid", f"{data}: not written, node_exporter could not stand it: {error}") from None
    _check_owner(own, data, status)
    names = [name.encode() for name in own]
    for file in _prom_files(data.parent):
        if file not in (data, status):
            other = _read(file)
            if other is not None and any(name in other for name in names):
                _check_beside(own, other, file)


def _prom_files(directory: Path) -> list[Path]:
    """What node_exporter reads: every name with this ending, hidden ones too."""
    try:
        return sorted(file for file in directory.iterdir() if file.name.endswith(".prom"))
    except OSError as error:
        raise RunError("output", f"{directory}: can't be read: {error.strerror or error}") from None


def _check_owner(own: dict[str, FamilyText], data: Path, status: Path) -> None:
    if not os.path.lexists(data) or status.exists():
        return
    try:
        foreign = set(parse(_read(data) or b"")) - set(own)
    except ExpositionError:
        foreign = set()  # such a file is no use to anybody
    if foreign:
        raise RunError(
            "conflict",
            f"{data} is another program's, with the metric {min(foreign)}: give the collector another name",
        )


def _check_beside(own: dict[str, FamilyText], other: bytes, file: Path) -> None:
    try:
        why = conflict(own, parse(other))
    except ExpositionError:
        return  # node_exporter drops that file, so that nothing can collide with it
    if why:
        raise RunError("conflict", f"{file} is in the way: {why}; rename the metric in one of both")


def _read(file: Path) -> bytes | None:
    """The content of a regular file, None of what node_exporter can't read either."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as stream:
            return stream.read(_MAX_SIZE) if stat.S_ISREG(os.fstat(descriptor).st_mode) else None
    except OSError:
        return None
