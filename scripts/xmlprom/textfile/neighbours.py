"""Compare what is about to be published with another `.prom` file: what node_exporter would lose of the two.

A neighbour may have any size and any form: it is read line by line, only the lines with a name in question are looked
at, and nothing is kept that grows with the file. A file that is broken now, and dropped by node_exporter, may be
whole at its next scrape; its lines count as far as they can be read.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterator

from xmlprom.errors import quoted
from xmlprom.textfile.text_parser import SUFFIXES, ExpositionError, FamilyText, family_of, meta_of, sample_of, series_of

_MAX_LINE = 1 << 20  # bytes; no series that xmlprom publishes is as long
_MAX_SIZE = 256 << 20  # bytes; a larger file takes every exporter longer than Prometheus waits
_BLOCK = 1 << 18  # bytes
_START = re.compile(
    rb'[ \t]*(?:#[ \t]*(?:HELP|TYPE)[ \t]+"?([a-zA-Z_:][a-zA-Z0-9_:]*)|([a-zA-Z_:][a-zA-Z0-9_:]*)|(\{))'
)


class Neighbours:
    """The families of a data file in question, ready to be compared with one file after another."""

    def __init__(self, own: dict[str, FamilyText]) -> None:
        self._own = {sample: family for family in own.values() for sample in sorted(family.sample_names)}
        # The families whose lines matter: those that have one of our names, also by a suffix that no line shows.
        self._names = set(self._own)
        for sample in self._own:
            for suffix in {suffix for suffixes in SUFFIXES.values() for suffix in suffixes}:
                if sample.endswith(suffix):
                    self._names.add(sample[: -len(suffix)])
        self._encoded = {name.encode() for name in self._names}

    def conflict(self, file: str) -> str | None:
        """Why node_exporter would lose something of both files, None if it serves both whole."""
        found: dict[str, FamilyText] = {}
        shared: dict[str, str] = {}  # a series that both have, by family
        for line in _lines(file):
            start = _START.match(line)
            if start and (start[3] or (start[1] or start[2]) in self._encoded):
                with contextlib.suppress(ExpositionError):
                    self._read_line(line.decode("utf-8", "replace").strip("\n").lstrip(" \t"), found, shared)
        return self._first_conflict(found, shared)

    def _read_line(self, line: str, found: dict[str, FamilyText], shared: dict[str, str]) -> None:
        if line.startswith("#"):
            meta = meta_of(line)
            name = _unquoted(meta[1]) if meta else ""
            if meta and name in self._names:
                found.setdefault(name, FamilyText(name)).read_meta(meta[0], meta[2])
            return
        quoted, labels = sample_of(line)
        name = _unquoted(quoted)
        if name not in self._names:
            return
        family = family_of(name, found) or found.setdefault(name, FamilyText(name))
        own = self._own.get(name)
        if own and own.name not in shared:
            series = series_of(name, [(_unquoted(label), value) for label, value in labels])
            if hash(series) in own.series:
                shared[own.name] = str(series)
        family.series.add(0)  # it has samples

    def _first_conflict(self, found: dict[str, FamilyText], shared: dict[str, str]) -> str | None:
        taken = {sample: family for family in found.values() for sample in family.sample_names}
        for sample, family in self._own.items():
            other = taken.get(sample)
            if other is None:
                continue
            if other.name != family.name:
                return f"metric {family.name}: its samples {sample} are those of the metric {other.name}"
            if (other.type or "untyped") != (family.type or "untyped"):
                return f"metric {family.name}: its type is {other.type} there, {family.type} here"
            if other.help != family.help:
                return f"metric {family.name}: its help is {quoted(other.help)} there, {quoted(family.help)} here"
            if family.name in shared:
                return f"metric {family.name}: the series {shared[family.name]}"
        return None


def _unquoted(name: str) -> str:
    return name[1:-1] if name.startswith('"') else name


def _lines(file: str) -> Iterator[bytes]:
    """The lines of a regular file, the long ones cut; nothing of what node_exporter can't read either."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb", buffering=_BLOCK) as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return
            left = _MAX_SIZE
            begins = True  # a line, not the rest of a long one
            while left > 0 and (line := stream.readline(_MAX_LINE)):
                left -= len(line)
                if begins:
                    yield line
                begins = line.endswith(b"\n")
    except OSError:
        return
