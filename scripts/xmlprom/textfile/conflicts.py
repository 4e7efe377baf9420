"""Look at the other `.prom` files of the directory before publishing beside them."""

from __future__ import annotations

import io
import os
import stat

from xmlprom import reasons
from xmlprom.errors import RunError
from xmlprom.mapping.model import SOURCE_LABEL
from xmlprom.textfile.atomic_write import directory_of
from xmlprom.textfile.text_parser import ExpositionError, FamilyText, conflict, parse_leniently, parse_strictly

_MAX_SIZE = 64 << 20  # bytes


def check_publishable(content: bytes, data: str, status: str) -> None:
    """Make sure that node_exporter will serve `content` as `data`, whole and beside all other files.

    :param status: the collector's status file, which stands there as soon as `data` is the collector's
    :raises RunError: with reason "invalid" or "conflict"
    """
    try:
        own = parse_strictly(content)
    except ExpositionError as error:
        raise RunError(reasons.INVALID, f"{data}: not written, node_exporter could not stand it: {error}") from None
    _check_owner(own, data, status)
    names = [name.encode() for name in own]
    ours = (os.path.basename(data), os.path.basename(status))
    for file in _prom_files(directory_of(data)):
        if os.path.basename(file) not in ours:
            lines = (line for line in io.BytesIO(read_regular(file)) if any(name in line for name in names))
            why = conflict(own, parse_leniently(lines))
            if why:
                raise RunError(reasons.CONFLICT, f"{file} is in the way: {why}; rename the metric in one of both")


def foreign_metric(data: str) -> str | None:
    """A metric in a collector's data file that xmlprom can't have written, None if there is none.

    Each series of xmlprom has the source's path; a file that can't be read as metrics is no use to anybody.
    """
    for family in parse_leniently(io.BytesIO(read_regular(data))).values():
        if any(SOURCE_LABEL not in dict(labels) for _, labels in family.series):
            return family.name
    return None


def read_regular(file: str) -> bytes:
    """The content of a regular file, nothing of what node_exporter can't read either."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as stream:
            status = os.fstat(descriptor)
            return stream.read(min(status.st_size, _MAX_SIZE)) if stat.S_ISREG(status.st_mode) else b""
    except OSError:
        return b""


def _prom_files(directory: str) -> list[str]:
    """What node_exporter reads: every name with this ending, hidden ones too."""
    try:
        return [os.path.join(directory, name) for name in sorted(os.listdir(directory)) if name.endswith(".prom")]
    except OSError as error:
        raise RunError(reasons.OUTPUT, f"{directory}: can't be read: {error.strerror or error}") from None


def _check_owner(own: dict[str, FamilyText], data: str, status: str) -> None:
    foreign = foreign_metric(data)
    if foreign is None and not os.path.lexists(status):
        there = parse_leniently(io.BytesIO(read_regular(data)))
        foreign = min((name for name, family in there.items() if family.series and name not in own), default=None)
    if foreign is not None:
        raise RunError(
            reasons.CONFLICT,
            f"{data} is another program's, with the metric {foreign}: give the collector another name",
        )
