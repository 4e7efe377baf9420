"""Read Prometheus' text format as node_exporter's textfile collector does, and refuse what it can't stand.

This is the last look at what is about to be published, and the look at other programs' `.prom` files. It refuses
what makes node_exporter lose a file or die; `conflict` finds what it would lose in silence between two files.
https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_META = re.compile(rf"#[ \t]*(HELP|TYPE)[ \t]+({_NAME})(?:[ \t]+(.*))?")
_SAMPLE = re.compile(rf"({_NAME})(?:[ \t]*\{{(.*)\}}[ \t]*|[ \t]+)([^ \t]+)")
_LABEL = re.compile(r'[ \t]*([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*"([^"\\]*(?:\\["\\n][^"\\]*)*)"[ \t]*(?:,[ \t]*|$)')
_NUMBER = re.compile(r"[+-]?(?:Inf(?:inity)?|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[+-]?[0-9]+)?)|NaN", re.I | re.A)
_SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("_sum", "_count")}
_BOUND = {"histogram": ("_bucket", "le"), "summary": ("", "quantile")}  # suffix and label that go together
_TYPES = ("gauge", "counter", "histogram", "summary", "untyped")

Series = tuple[str, frozenset[tuple[str, str]]]


class ExpositionError(ValueError):
    """The text would be lost by node_exporter, or harm it; the message begins with the line's number."""


class FamilyText:
    """One family as it stands in a file. A label with an empty value is no label."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.help: str | None = None
        self.type: str | None = None
        self.series: set[Series] = set()

    @property
    def sample_names(self) -> set[str]:
        return {self.name, *(self.name + suffix for suffix in _SUFFIXES.get(self.type or "", ()))}


def parse_strictly(content: bytes) -> dict[str, FamilyText]:
    """The families of a `.prom` file, by name.

    :raises ExpositionError: for what node_exporter drops with the whole file, for what kills it, and for a series
        that stands there twice, of which it would keep one in silence
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ExpositionError(f"byte {error.start}: not UTF-8") from None
    if text and not text.endswith("\n"):
        raise ExpositionError("the last line has no end")
    families: dict[str, FamilyText] = {}
    for number, line in enumerate(text.split("\n")[:-1], 1):
        try:
            _read_line(line.lstrip(" \t"), families)
        except ExpositionError as error:
            raise ExpositionError(f"line {number}: {error}") from None
    return families


def parse_leniently(lines: Iterable[bytes]) -> dict[str, FamilyText]:
    """The families of somebody else's `.prom` file, as far as its lines can be read.

    A file that is broken now, and dropped by node_exporter, may be whole at its next scrape.
    """
    families: dict[str, FamilyText] = {}
    for line in lines:
        with contextlib.suppress(ExpositionError):
            _read_line(line.decode("utf-8", "replace").strip("\n").lstrip(" \t"), families)
    return families


def conflict(own: dict[str, FamilyText], other: dict[str, FamilyText]) -> str | None:
    """Why node_exporter would lose something of two files, None if it serves both whole."""
    taken = {sample: family for family in other.values() for sample in family.sample_names}
    for family in own.values():
        for sample in sorted(family.sample_names):
            neighbour = taken.get(sample)
            if neighbour is None:
                continue
            if neighbour.name != family.name:
                return f"metric {family.name}: its samples {sample} are those of the metric {neighbour.name}"
            if (neighbour.type or "untyped") != (family.type or "untyped"):
                return f"metric {family.name}: its type is {neighbour.type} there, {family.type} here"
            if neighbour.help != family.help:
                return f"metric {family.name}: its help is {neighbour.help!r} there, {family.help!r} here"
            if family.series & neighbour.series:
                return f"metric {family.name}: the series {_written(min(family.series & neighbour.series, key=str))}"
    return None


def _read_line(line: str, families: dict[str, FamilyText]) -> None:
    if not line:
        return
    if line.startswith("#"):
        meta = _META.fullmatch(line)
        if meta:
            _read_meta(meta[1], families.setdefault(meta[2], FamilyText(meta[2])), meta[3] or "")
        elif re.match(r"#[ \t]*(HELP|TYPE)(?:[ \t]|$)", line):
            raise ExpositionError("HELP and TYPE name a metric")
        return
    sample = _SAMPLE.fullmatch(line)
    if not sample:
        raise ExpositionError(f"{line[:60]!r} is no sample: name, labels, number, and no timestamp")
    name, labels, number = sample.groups()
    if not _NUMBER.fullmatch(number):
        raise ExpositionError(f"{number[:60]!r} is no number")
    family = _family_of(name, families)
    series = (name, frozenset((label, value) for label, value in _read_labels(labels or "") if value))
    suffix, bound = _BOUND.get(family.type or "", ("", ""))
    if bound and name == family.name + suffix and not _NUMBER.fullmatch(dict(series[1]).get(bound, "")):
        raise ExpositionError(f"{_written(series)} needs a number in the label {bound!r}")
    if series in family.series:
        raise ExpositionError(f"the series {_written(series)} stands there twice")
    family.series.add(series)


def _read_meta(kind: str, family: FamilyText, rest: str) -> None:
    if kind == "HELP":
        if family.help is not None:
            raise ExpositionError(f"a second HELP of {family.name}")
        if "\\" in re.sub(r"\\[\\n]", "", rest):
            raise ExpositionError(f"a bad escape in the HELP of {family.name}")
        family.help = rest or None
        return
    if family.type is not None:
        raise ExpositionError(f"a second TYPE of {family.name}")
    if family.series:
        raise ExpositionError(f"TYPE of {family.name} after its samples")
    if rest.lower() not in _TYPES:
        raise ExpositionError(f"{rest!r} is no type of the text format")
    family.type = rest.lower()


def _read_labels(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    seen = set()
    while text[at:].strip(" \t"):
        match = _LABEL.match(text, at)
        if not match:
            raise ExpositionError(f"{text[at:][:60]!r} is no label")
        if match[1].startswith("__"):
            raise ExpositionError(f"the label {match[1]!r} kills node_exporter")
        if match[1] in seen:
            raise ExpositionError(f"the label {match[1]!r} twice")
        seen.add(match[1])
        at = match.end()
        yield match[1], match[2]


def _family_of(name: str, families: dict[str, FamilyText]) -> FamilyText:
    if name in families:
        return families[name]
    for type_, suffixes in _SUFFIXES.items():
        for suffix in suffixes:
            base = families.get(name[: -len(suffix)]) if name.endswith(suffix) else None
            if base is not None and base.type == type_:
                return base
    return families.setdefault(name, FamilyText(name))


def _written(series: Series) -> str:
    labels = ",".join(f'{name}="{value}"' for name, value in sorted(series[1]))
    return f"{series[0]}{{{labels}}}" if labels else series[0]
