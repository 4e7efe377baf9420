"""Write a draft as YAML with comments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from xmlprom.drafting.draft import Draft, DraftMetric, DraftSection

_PLAIN = re.compile(r"[A-Za-z/](?:[\w ./*()@-]|:(?=\w))*(?<! )", re.ASCII)
_SPECIAL = {"null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf"}  # not texts to all readers
_WIDTH = 110


def draft_yaml(draft: Draft, source: str) -> str:
    """The mapping file of a draft; `source`: the file on the hosts, "" if it is not known."""
    return "\n".join(_lines(draft, source)) + "\n"


def _lines(draft: Draft, source: str) -> Iterator[str]:
    yield "# Drafted from a sample: keep what you need, give it better names and help, then try"
    yield "# `xmlprom check FILE --source SAMPLE` and `xmlprom collect FILE --dry-run`."
    yield f"source: {_scalar(source)}" if source else "# source: /where/the/file/is/on/the/hosts.xml"
    yield "limits: {overflow: fold}  # what is too long for a label becomes 'other', and is counted"
    if draft.missing:
        yield f"missing: {_flow(draft.missing)}  # texts that mean: no value"
    if draft.namespaces:
        yield "namespaces:"
        yield from (f"  {_scalar(prefix)}: {_scalar(uri)}" for prefix, uri in draft.namespaces.items())
    yield "sections:"
    for section in draft.sections:
        first, *others = _section(section)
        yield f"  - {first}"
        yield from (f"    {line}" for line in others)
    yield from _comments(f"left out: {text}" for text in draft.left_out)


def _section(section: DraftSection) -> Iterator[str]:
    yield f"rows: {_scalar(section.rows)}  # {section.remark}"
    yield from _comments(f"left out: {text}" for text in section.left_out)
    yield "metrics:"
    for metric in section.metrics:
        first, *others = _metric(metric)
        yield f"  - {first}"
        yield from (f"    {line}" for line in others)


def _metric(metric: DraftMetric) -> Iterator[str]:
    yield f"name: {metric.name}"
    yield f"help: {_scalar(metric.help)}"
    if metric.type != "gauge":
        yield f"type: {metric.type}"
    if metric.labels:
        labels = ", ".join(f"{name}: {_scalar(path)}" for name, path in metric.labels.items())
        yield f"labels: {{{labels}}}"
    if metric.where:
        yield f"where: {_flow(metric.where)}"
    yield from _comments(filter(None, [metric.remark]))
    if metric.value:
        yield f"value: {_flow(metric.value)}"


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_scalar(str(key))}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return f"{value:.15g}"
    return _scalar(str(value))


def _comments(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        printable = "".join(character if character.isprintable() else "?" for character in text)
        yield f"# {printable if len(printable) <= _WIDTH else f'{printable[:_WIDTH]}...'}"


def _scalar(text: str) -> str:
    """A text as YAML: plain where that is safe, else quoted."""
    if _PLAIN.fullmatch(text) and text.lower() not in _SPECIAL:
        return text
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    return character if character.isprintable() else f"\\U{ord(character):08x}"
