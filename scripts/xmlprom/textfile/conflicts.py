"""Look at the other `.prom` files that node_exporter reads before publishing beside them."""

from __future__ import annotations

import fnmatch
import glob
import os
from collections.abc import Iterator, Sequence

from xmlprom import reasons
from xmlprom.errors import RunError, path_text
from xmlprom.textfile.collector_files import CollectorFiles
from xmlprom.textfile.neighbours import Neighbours
from xmlprom.textfile.ownership import check_owner
from xmlprom.textfile.text_parser import ExpositionError, parse_strictly

# Bytes of a data file: every exporter serves as much in a few seconds. Prometheus waits 10 seconds by default.
MAX_SIZE = 16 << 20


def check_publishable(content: bytes, files: CollectorFiles) -> None:
    """Make sure that node_exporter will serve `content` as the collector's data file, whole and beside all others.

    :raises RunError: with reason "invalid", "limit" or "conflict"
    """
    if len(content) > MAX_SIZE:
        raise RunError(
            reasons.LIMIT,
            f"{files.data}: not written, its {len(content)} bytes are more than {MAX_SIZE}, which node_exporter takes"
            " too long to serve: leave out labels, or shorten their values",
        )
    try:
        own = parse_strictly(content)
    except ExpositionError as error:
        raise RunError(reasons.INVALID, f"{files.data}: not written, node_exporter would reject it: {error}") from None
    check_owner(files.data, files.status, files.collector)
    neighbours = Neighbours(own)
    for file in _prom_files(files):
        why = neighbours.conflict(file)
        if why:
            raise RunError(reasons.CONFLICT, f"{path_text(file)} conflicts: {why}; rename the metric in one of both")


def _prom_files(files: CollectorFiles) -> Iterator[str]:
    """What node_exporter reads beside the collector's files: every name with this ending, hidden ones too."""
    own = {os.path.basename(files.data), os.path.basename(files.status)}
    try:
        names = sorted(os.listdir(files.directory))
    except OSError as error:
        raise RunError(reasons.OUTPUT, f"{files.directory}: can't be read: {error.strerror or error}") from None
    for name in names:
        if name.endswith(".prom") and name not in own:
            yield os.path.join(files.directory, name)
    for directory in _directories(files.neighbours):
        if not _is_same(directory, files.directory):
            yield from (os.path.join(directory, name) for name in _listed(directory) if name.endswith(".prom"))


def _directories(patterns: Sequence[str]) -> Iterator[str]:
    """The directories that patterns stand for; as for node_exporter, `*` also matches a name that begins with a dot."""
    for pattern in patterns:
        found = ["/" if pattern.startswith("/") else "."]
        for part in filter(None, pattern.split("/")):
            if glob.has_magic(part):
                found = [os.path.join(one, name) for one in found for name in fnmatch.filter(_listed(one), part)]
            else:
                found = [os.path.join(one, part) for one in found]
        yield from found


def _listed(directory: str) -> list[str]:
    try:
        return sorted(os.listdir(directory))
    except OSError:
        return []


def _is_same(one: str, other: str) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False
