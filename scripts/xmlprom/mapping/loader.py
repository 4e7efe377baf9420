"""Load a mapping from YAML: strict, and all its faults at once, each with file, line and column."""

from __future__ import annotations

import re
from typing import Any

from xmlprom.errors import MappingError, Problem
from xmlprom.mapping.metric_loader import MAX_LABELS, MAX_NAMES, Found, load_metric
from xmlprom.mapping.model import Limits, Mapping, Metric, Section
from xmlprom.mapping.naming import label_name_fault, sample_names
from xmlprom.mapping.quantities import SIZES, TIMES, quantity
from xmlprom.mapping.value_loader import NO_PATH, Context, path_of
from xmlprom.mapping.yaml_nodes import Node, Tree, read_optional

_MAX_FILE_SIZE = 1 << 20  # bytes
_MAX_HELD = 1_000_000  # rows and entries of tables
_PREFIX = re.compile(r"[^\W\d][\w.\-]*")
_HALF_RECURSIVE = re.compile(r"[^/]\*\*|\*\*[^/]")
_XML_NAMESPACE = "http://www.w3.org/XML/1998/namespace"


def load(file: str) -> Mapping:
    """Read and check a mapping.

    :raises MappingError: with every fault of the file
    """
    try:
        with open(file, "rb") as stream:
            content = stream.read(_MAX_FILE_SIZE + 1)
        text = content.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise MappingError(file, [Problem(1, 1, f"can't read the mapping: {reason}")]) from None
    if len(content) > _MAX_FILE_SIZE:
        raise MappingError(file, [Problem(1, 1, "larger than 1 MiB: this is no mapping")])
    tree = Tree(file, text)
    mapping = _mapping(tree.root)
    tree.finish()
    return mapping


def _mapping(node: Node) -> Mapping:
    known = ("source", "namespaces", "labels", "missing", "rows", "metrics", "sections", "limits", "max_age")
    fields = node.fields(known)
    namespaces = {"xml": _XML_NAMESPACE, **(_namespaces(fields["namespaces"]) if "namespaces" in fields else {})}
    limits = read_optional(fields, "limits", _limits, Limits())
    context = Context(
        namespaces,
        constant=_constant_labels(fields["labels"]) if "labels" in fields else {},
        missing=_missing(fields["missing"]) if "missing" in fields else (),
        label_length=limits.label_length,
    )
    if "sections" in fields:
        for key in ("rows", "metrics"):
            if key in fields:
                fields[key].problem(f"{key!r} and 'sections' are mutually exclusive: move it into a section")
        sections = [_section(item, context) for item in fields["sections"].items()]
        if not sections:
            fields["sections"].problem("at least one section is needed")
    elif node.is_mapping:
        for key in ("rows", "metrics"):
            if key not in fields:
                node.problem(f"the key {key!r} is missing")
        sections = [_section_of(fields, context)]
    else:
        sections = []
    _check_unique([section[1] for section in sections])
    return Mapping(
        sources=_sources(fields["source"]) if "source" in fields else (),
        sections=tuple(section[0] for section in sections),
        labels=context.constant,
        limits=limits,
        max_age=read_optional(fields, "max_age", lambda n: _quantity(n, TIMES, "a duration like 15m"), None),
    )


def _sources(node: Node) -> tuple[str, ...]:
    nodes = [node] if not node.is_sequence else list(node.items())
    if not nodes:
        node.problem("at least one path is needed")
    return tuple(text for one in nodes if (text := _source(one)) is not None)


def _source(node: Node) -> str | None:
    text = node.text()
    if text is not None and not text.startswith("/"):
        node.problem("the source is an absolute path; for another file use --source")
    elif text is not None and _HALF_RECURSIVE.search(text):
        node.problem("'**' is a directory of any depth and stands alone between slashes: /srv/**/state.xml")
    elif text is not None and "\0" in text:
        node.problem("a path holds no NUL character")
    return text


def _namespaces(node: Node) -> dict[str, str]:
    namespaces = {}
    for key, prefix, value in node.entries():
        if not _PREFIX.fullmatch(prefix):
            key.problem(f"{prefix!r} is no prefix: choose a name, also for the source's default namespace")
        uri = value.text()
        if uri == "":
            value.problem("a namespace's URI is missing; elements without a namespace are written without a prefix")
        namespaces[prefix] = uri or ""
    return namespaces


def _constant_labels(node: Node) -> dict[str, str]:
    labels = {}
    for key, name, value in node.entries():
        fault = label_name_fault(name)
        if fault:
            key.problem(fault)
        labels[name] = value.text() or ""
    if len(labels) > MAX_LABELS:
        node.problem(f"more than {MAX_LABELS} labels: that takes node_exporter too long")
    return labels


def _missing(node: Node) -> tuple[str, ...]:
    texts = node.texts()
    if node.is_sequence and not texts:
        node.problem("at least one text is needed")
    return tuple(texts)


def _limits(node: Node) -> Limits:
    fields = node.fields(("source_size", "series", "label_length", "depth", "held", "overflow"))
    limits: dict[str, Any] = {}
    for key in ("series", "label_length", "depth", "held"):
        if key in fields:
            limits[key] = _quantity(fields[key], ("",), "a whole number")
    if "source_size" in fields:
        limits["source_size"] = _quantity(fields["source_size"], SIZES, "a size like 200MiB")
    if (limits.get("held") or 0) > _MAX_HELD:
        fields["held"].problem(f"limits.held is at most {_MAX_HELD}")
    if "overflow" in fields:
        limits["fold"] = fields["overflow"].choice(("fail", "fold"), "treatment beyond a limit") == "fold"
    return Limits(**{key: value for key, value in limits.items() if value is not None})


def _quantity(node: Node, units: tuple[str, ...], what: str) -> int | None:
    text = node.text()
    number = quantity(text or "", units)
    if text is not None and number is None:
        node.problem(f"{text!r} is not {what}")
    return number


def _section(node: Node, context: Context) -> tuple[Section, list[Found]]:
    return _section_of(node.fields(("rows", "metrics"), required=("rows", "metrics")), context)


def _section_of(fields: dict[str, Node], context: Context) -> tuple[Section, list[Found]]:
    rows = path_of(fields["rows"], context.namespaces, "rows") if "rows" in fields else None
    found = []
    if "metrics" in fields:
        found = [load_metric(item, context) for item in fields["metrics"].items()]
        if not found and fields["metrics"].is_sequence:
            fields["metrics"].problem("at least one metric is needed")
    if rows and not rows.words:
        for metric, node in found:
            if any(path.words and path.words.position == 0 for path in metric.paths()):
                node.problem("[current()/position()] needs rows that are words: rows: …/b/tokenize(.)")
    return Section(rows or NO_PATH, tuple(metric for metric, _ in found)), found


def _check_unique(sections: list[list[Found]]) -> None:
    """Names are taken once, but that several sections may add series to one metric."""
    taken: dict[str, tuple[str, Metric, int]] = {}
    for section, metrics in enumerate(sections):
        for metric, node in metrics:
            for name in metric.names() if metric.name and not _open_placeholder(metric) else ():
                for sample in sample_names(name, metric.type):
                    family, other, before = taken.setdefault(sample, (name, metric, section))
                    if other is metric or (before != section and family == name and _same_family(metric, other)):
                        continue
                    node.problem(_taken(sample, family, same_section=before == section))
                    break


def _same_family(metric: Metric, other: Metric) -> bool:
    """Whether two metrics of one name can be one: then no series has to be there without a row."""
    names, others = ({label.name for label in one.labels} for one in (metric, other))
    declared = any(label.values for one in (metric, other) for label in one.labels)
    return (metric.help, metric.type, names) == (other.help, other.type, others) and not declared


def _taken(sample: str, family: str, same_section: bool) -> str:
    if family != sample:
        return f"the name {sample!r} is taken by another metric of this mapping, as {family!r} has samples of that name"
    if same_section:
        return f"the name {sample!r} is taken by another metric of this mapping"
    return (
        f"the name {sample!r} is taken by a metric of another section: to be one metric, both need the same help, type"
        " and label names, and no label may have 'values'"
    )


def _open_placeholder(metric: Metric) -> bool:
    known = {label.name for label in metric.labels if label.values}
    return not set(metric.in_name) <= known or metric.name_count > MAX_NAMES
