"""Write a draft as YAML with comments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from xmlprom.drafting.judge import Draft, Remarked, Section
from xmlprom.mapping.model import Label, Value

_PLAIN = re.compile(r"[A-Za-z/](?:[\w ./*()@,-]|:(?=\w))*(?<! )", re.ASCII)
_SPECIAL = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}  # not texts to every reader of YAML
_WIDTH = 110
_LONG_LIST = 70  # characters


def write(draft: Draft, source: str) -> str:
    """The mapping file of a draft."""
    return "\n".join(_lines(draft, source)) + "\n"


def _lines(draft: Draft, source: str) -> Iterator[str]:
    yield "# Drafted from a sample: keep what you need, give it better names and help, then try"
    yield "# `xmlprom check FILE --source SAMPLE` and `xmlprom collect FILE --dry-run`."
    yield f"source: {_scalar(source)}"
    if draft.namespaces:
        yield "namespaces:"
        yield from (f"  {_scalar(prefix)}: {_scalar(uri)}" for prefix, uri in draft.namespaces.items())
    if len(draft.sections) == 1:
        yield from _section(draft.sections[0])
    else:
        yield "sections:"
        for section in draft.sections:
            first, *others = _section(section)
            yield f"  - {first}"
            yield from (f"    {line}" for line in others)
    yield from _comments(f"left out: {text}" for text in draft.left_out)


def _section(section: Section) -> Iterator[str]:
    yield f"rows: {_scalar(section.rows)}  # {section.remark}"
    yield from _comments(f"left out: {text}" for text in section.left_out)
    yield "metrics:"
    for remarked in section.metrics:
        first, *others = _metric(remarked)
        yield f"  - {first}"
        yield from (f"    {line}" for line in others)


def _metric(remarked: Remarked) -> Iterator[str]:
    metric = remarked.metric
    yield f"name: {metric.name}"
    yield f"help: {_scalar(metric.help)}"
    if metric.type != "gauge":
        yield f"type: {metric.type}"
    if metric.labels:
        yield "labels:"
        for label in metric.labels:
            yield from (f"  {line}" for line in _label(label))
    yield from _comments(remarked.remarks)
    if metric.value:
        yield "value:"
        yield from (f"  {line}" for line in _value(metric.value))


def _label(label: Label) -> Iterator[str]:
    if not label.values:
        yield f"{label.name}: {_scalar(label.path.text)}"
        return
    yield f"{label.name}:"
    yield f"  from: {_scalar(label.path.text)}"
    listed = _list(label.values)
    if len(listed) < _LONG_LIST:
        yield f"  values: {listed}"
    else:
        yield "  values:"
        yield from (f"    - {_scalar(value)}" for value in label.values)
    yield f"  other: {_scalar(label.other or '')}"


def _value(value: Value) -> Iterator[str]:
    yield f"from: {_scalar(value.path.text)}"
    yield f"aggregate: {value.aggregate}"
    if value.date:
        yield f"date: {_scalar(value.date)}"
    if value.unit:
        yield f"unit: {_scalar(value.unit.family or next(iter(value.unit.factors)))}"
    if value.scale != "1":
        yield f"scale: {value.scale}"
    if value.missing != ("",):
        yield f"missing: {_list(value.missing)}"
    if value.skip_invalid:
        yield "invalid: skip"


def _list(texts: Iterable[str]) -> str:
    return f"[{', '.join(_scalar(text, flow=True) for text in texts)}]"


def _comments(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        printable = "".join(character if character.isprintable() else "?" for character in text)
        yield f"# {printable if len(printable) <= _WIDTH else f'{printable[:_WIDTH]}...'}"


def _scalar(text: str, flow: bool = False) -> str:
    """A text as YAML: plain where that is safe, else quoted."""
    if _PLAIN.fullmatch(text) and text.lower() not in _SPECIAL and not (flow and "," in text):
        return text
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    return character if character.isprintable() else f"\\U{ord(character):08x}"
