"""Read Prometheus' text format as node_exporter's textfile collector does, and refuse what it can't stand.

This is the last look at what is about to be published. It refuses what makes node_exporter lose a file or die.
Every line is read once, from left to right: the time is linear in the text, and of a series only a hash is kept.
https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

import io
import re
from typing import NamedTuple

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_QUOTED = r'"[^"\\]*(?:\\["\\n][^"\\]*)*"'
_BLANKS = re.compile(r"[ \t]*")
_META = re.compile(rf"#[ \t]*(HELP|TYPE)[ \t]+({_NAME}|{_QUOTED})(?:[ \t]+(.*))?")
_META_START = re.compile(r"#[ \t]*(HELP|TYPE)(?:[ \t]|$)")
_SAMPLE_NAME = re.compile(rf"{_NAME}")
# A label, or in the quoted syntax the metric's name, and the comma behind it.
_ELEMENT = re.compile(
    rf"[ \t]*([a-zA-Z_][a-zA-Z0-9_]*|{_QUOTED})[ \t]*(?:=[ \t]*({_QUOTED})[ \t]*)?(?:,[ \t]*|(?=\}}))"
)
_NUMBER = re.compile(r"[+-]?(?:Inf(?:inity)?|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[+-]?[0-9]+)?)|NaN", re.I | re.A)
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("_sum", "_count")}
_BOUND = {"histogram": ("_bucket", "le"), "summary": ("", "quantile")}  # suffix and label that go together
_TYPES = ("gauge", "counter", "histogram", "summary", "untyped")


class ExpositionError(ValueError):
    """The text would be lost by node_exporter, or harm it; the message begins with the line's number."""


class Series(NamedTuple):
    """A series as it is written in one line; `labels` are sorted, without empty ones, which are no labels."""

    name: str
    labels: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        labels = ",".join(f'{name}="{value}"' for name, value in self.labels)
        return f"{self.name}{{{labels}}}" if labels else self.name


class FamilyText:
    """One family as it is in a file; of its series only the hashes are kept."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.help: str | None = None
        self.type: str | None = None
        self.series: set[int] = set()

    @property
    def sample_names(self) -> set[str]:
        return {self.name, *(self.name + suffix for suffix in SUFFIXES.get(self.type or "", ()))}

    def read_meta(self, kind: str, rest: str) -> None:
        """Take a HELP or TYPE line.

        :raises ExpositionError: if node_exporter would drop the file for it
        """
        if kind == "HELP":
            if self.help is not None:
                raise ExpositionError(f"a second HELP of {self.name}")
            if "\\" in re.sub(r"\\[\\n]", "", rest):
                raise ExpositionError(f"a bad escape in the HELP of {self.name}")
            self.help = rest or None
            return
        if self.type is not None:
            raise ExpositionError(f"a second TYPE of {self.name}")
        if self.series:
            raise ExpositionError(f"TYPE of {self.name} after its samples")
        if rest.lower() not in _TYPES:
            raise ExpositionError(f"{rest[:60]!r} is no type of the text format")
        self.type = rest.lower()


def parse_strictly(content: bytes) -> dict[str, FamilyText]:
    """The families of a `.prom` file, by name.

    :raises ExpositionError: for what node_exporter drops with the whole file, for what kills it, and for a duplicate
        series, of which it would keep one in silence
    """
    if content and not content.endswith(b"\n"):
        raise ExpositionError("the last line has no end")
    families: dict[str, FamilyText] = {}
    for number, line in enumerate(io.BytesIO(content), 1):
        try:
            _read_line(line[:-1].decode("utf-8").lstrip(" \t"), families)
        except UnicodeDecodeError:
            raise ExpositionError(f"line {number}: not UTF-8") from None
        except ExpositionError as error:
            raise ExpositionError(f"line {number}: {error}") from None
    return families


def meta_of(line: str) -> tuple[str, str, str] | None:
    """(HELP or TYPE, the metric's name, the text) of a line that starts with '#'; None for any other comment.

    :raises ExpositionError: if it is neither
    """
    match = _META.fullmatch(line)
    if match:
        return match[1], match[2], match[3] or ""
    if _META_START.match(line):
        raise ExpositionError("HELP and TYPE name a metric")
    return None


def sample_of(line: str) -> tuple[str, list[tuple[str, str]]]:
    """The name ("" if there is none) and the labels of a sample; a quoted name or label keeps its quotes.

    :raises ExpositionError: if the line is no sample
    """
    start = _SAMPLE_NAME.match(line)
    name, at = (start[0], start.end()) if start else ("", 0)
    number_at = _BLANKS.match(line, at).end()  # type: ignore[union-attr]
    labels: list[tuple[str, str]] = []
    if line[number_at : number_at + 1] == "{":
        at = number_at + 1
        while match := _ELEMENT.match(line, at):
            at = match.end()
            if match[2] is not None:
                labels.append((match[1], match[2][1:-1]))
            elif name or not match[1].startswith('"'):
                raise ExpositionError(f"{match[1][:60]!r} is no label")
            else:
                name = match[1]
        at = _BLANKS.match(line, at).end()  # type: ignore[union-attr]
        if line[at : at + 1] != "}":
            raise ExpositionError(f"{line[at:][:60]!r} is no label")
        number_at = _BLANKS.match(line, at + 1).end()  # type: ignore[union-attr]
    elif number_at == at:
        raise ExpositionError(f"{line[:60]!r} is no sample: name, labels, number, and no timestamp")
    if not _NUMBER.fullmatch(line, number_at):
        raise ExpositionError(f"{line[number_at:][:60]!r} is no number, and a timestamp is not allowed")
    return name, labels


def series_of(name: str, labels: list[tuple[str, str]]) -> Series:
    """The series that a sample belongs to."""
    return Series(name, tuple(sorted(pair for pair in labels if pair[1])))


def family_of(name: str, families: dict[str, FamilyText]) -> FamilyText | None:
    """The family that a sample belongs to, of those that the file named before it."""
    if name in families:
        return families[name]
    for type_, suffixes in SUFFIXES.items():
        for suffix in suffixes:
            base = families.get(name[: -len(suffix)]) if name.endswith(suffix) else None
            if base is not None and base.type == type_:
                return base
    return None


def _read_line(line: str, families: dict[str, FamilyText]) -> None:
    if not line:
        return
    if line.startswith("#"):
        meta = meta_of(line)
        if meta:
            kind, name, rest = meta
            _refuse_quotes(name)
            families.setdefault(name, FamilyText(name)).read_meta(kind, rest)
        return
    name, labels = sample_of(line)
    if not name:
        raise ExpositionError(f"{line[:60]!r} is no sample: name, labels, number, and no timestamp")
    _check_labels(name, labels)
    family = family_of(name, families) or families.setdefault(name, FamilyText(name))
    series = series_of(name, labels)
    suffix, bound = _BOUND.get(family.type or "", ("", ""))
    if bound and name == family.name + suffix and not _NUMBER.fullmatch(dict(labels).get(bound, "")):
        raise ExpositionError(f"{series} needs a number in the label {bound!r}")
    key = hash(series)
    if key in family.series:
        raise ExpositionError(f"duplicate series {series}")
    family.series.add(key)


def _check_labels(name: str, labels: list[tuple[str, str]]) -> None:
    seen = set()
    for label in (name, *(label for label, _ in labels)):
        _refuse_quotes(label)
    for label, _ in labels:
        if label.startswith("__"):
            raise ExpositionError(f"the label {label!r} kills node_exporter")
        if label in seen:
            raise ExpositionError(f"the label {label!r} twice")
        seen.add(label)


def _refuse_quotes(name: str) -> None:
    if name.startswith('"'):
        raise ExpositionError(f"the quoted name {name[:60]} kills node_exporter 1.9")
