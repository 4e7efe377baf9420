"""Load a mapping from YAML: strict, and all its faults at once, each with file, line and column."""

from __future__ import annotations

import re
from pathlib import Path as File
from typing import Any

from xmlprom import paths
from xmlprom.errors import MappingError, Problem
from xmlprom.mapping import PLACEHOLDER, Condition, Label, Limits, Mapping, Metric, Section, Value
from xmlprom.names import label_name_fault, metric_name_fault, sample_names
from xmlprom.yamltree import Node, Tree, did_you_mean, read_optional

CONFIGURATION_DIRECTORY = File("/etc/xmlprom")
TYPES = ("gauge", "counter", "histogram", "summary", "info")
AGGREGATES = ("sum", "min", "max", "last")
_MAX_FILE_SIZE = 1 << 20  # bytes
_MAX_NAMES = 1000  # of one metric with {label} in its name
_COLLECTOR = re.compile(r"[A-Za-z0-9_-]+")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_QUANTITY = re.compile(r"([0-9]{1,15}) *([A-Za-z]*)")
_PREFIX = re.compile(r"[^\W\d][\w.\-]*")
_XML_NAMESPACE = "http://www.w3.org/XML/1998/namespace"


def mapping_file(name_or_path: str) -> File:
    """The file of a mapping that is given by its path or, without '/' and '.', by its collector's name."""
    if _COLLECTOR.fullmatch(name_or_path):
        return CONFIGURATION_DIRECTORY / f"{name_or_path}.yml"
    return File(name_or_path)


def collector_name(file: File) -> str:
    """The collector's name: the file's name without `.yml`.

    :raises MappingError: if it can't be part of the `.prom` files' names; a dot would let the data file of
        `a.status` be the status file of `a`
    """
    name = file.name[: -len(file.suffix)] if file.suffix in (".yml", ".yaml") else file.name
    if not _COLLECTOR.fullmatch(name):
        message = f"the collector's name {name!r} comes from the file's name: letters, digits, '_' and '-', then .yml"
        raise MappingError(str(file), [Problem(1, 1, message)])
    return name


def load(file: File) -> Mapping:
    """Read and check a mapping.

    :raises MappingError: with every fault of the file
    """
    try:
        with file.open("rb") as stream:
            content = stream.read(_MAX_FILE_SIZE + 1)
        text = content.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise MappingError(str(file), [Problem(1, 1, f"can't read the mapping: {reason}")]) from None
    if len(content) > _MAX_FILE_SIZE:
        raise MappingError(str(file), [Problem(1, 1, "larger than 1 MiB: this is no mapping")])
    tree = Tree(str(file), text)
    mapping = _mapping(tree.root)
    tree.finish()
    return mapping


def _mapping(node: Node) -> Mapping:
    known = ("source", "namespaces", "labels", "rows", "metrics", "sections", "limits", "max_age")
    fields = node.fields(known)
    namespaces = {"xml": _XML_NAMESPACE, **(_namespaces(fields["namespaces"]) if "namespaces" in fields else {})}
    constant = _constant_labels(fields["labels"]) if "labels" in fields else {}
    if "sections" in fields:
        for key in ("rows", "metrics"):
            if key in fields:
                fields[key].problem(f"{key!r} stands beside 'sections': move it into a section")
        sections = [_section(item, namespaces, constant) for item in fields["sections"].items()]
        if not sections:
            fields["sections"].problem("at least one section is needed")
    elif node.is_mapping:
        for key in ("rows", "metrics"):
            if key not in fields:
                node.problem(f"the key {key!r} is missing")
        sections = [_section_of(fields, namespaces, constant)]
    else:
        sections = []
    _check_unique([found for section in sections for found in section[1]])
    return Mapping(
        source=read_optional(fields, "source", _source, None),
        sections=tuple(section[0] for section in sections),
        labels=constant,
        limits=read_optional(fields, "limits", _limits, Limits()),
        max_age=read_optional(fields, "max_age", lambda n: _quantity(n, "smhd", "a duration like 15m"), None),
    )


def _source(node: Node) -> str | None:
    text = node.text()
    if text is not None and not text.startswith("/"):
        node.problem("the source is an absolute path; for a file of your own use --source")
    return text


def _namespaces(node: Node) -> dict[str, str]:
    namespaces = {}
    for key, prefix, value in node.entries():
        if not _PREFIX.fullmatch(prefix):
            key.problem(f"{prefix!r} is no prefix: choose a name, also for a namespace that the source has as default")
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
    return labels


def _limits(node: Node) -> Limits:
    fields = node.fields(("source_size", "series", "label_length", "depth", "past"))
    limits: dict[str, Any] = {}
    for key in ("series", "label_length", "depth"):
        if key in fields:
            limits[key] = _quantity(fields[key], "", "a whole number")
    if "source_size" in fields:
        limits["source_size"] = _quantity(fields["source_size"], "KiBMiBGiB", "a size like 200MiB")
    if "past" in fields:
        limits["fold"] = fields["past"].choice(("fail", "fold"), "way to treat what is past a limit") == "fold"
    return Limits(**{key: value for key, value in limits.items() if value is not None})


def _quantity(node: Node, units: str, what: str) -> int | None:
    text = node.text()
    match = _QUANTITY.fullmatch(text or "")
    if match and match[2] in units and match[2] in _UNITS and int(match[1]) > 0:
        return int(match[1]) * _UNITS[match[2]]
    if text is not None:
        node.problem(f"{text!r} is not {what}")
    return None


_Found = tuple[Metric, Node]  # with the node of its name, for what is checked over all sections


def _section(node: Node, namespaces: dict[str, str], constant: dict[str, str]) -> tuple[Section, list[_Found]]:
    return _section_of(node.fields(("rows", "metrics"), required=("rows", "metrics")), namespaces, constant)


def _section_of(
    fields: dict[str, Node], namespaces: dict[str, str], constant: dict[str, str]
) -> tuple[Section, list[_Found]]:
    rows = _path(fields["rows"], namespaces, rows=True) if "rows" in fields else None
    found = []
    if "metrics" in fields:
        found = [_metric(item, namespaces, constant) for item in fields["metrics"].items()]
        if not found and fields["metrics"].is_sequence:
            fields["metrics"].problem("at least one metric is needed")
    return Section(rows or _NO_PATH, tuple(metric for metric, _ in found)), found


_NO_PATH = paths.Path("", False, 0, (), "element")  # stands for a path with a problem, until `finish` raises


def _path(node: Node, namespaces: dict[str, str], rows: bool = False) -> paths.Path | None:
    text = node.text()
    if text is None:
        return None
    try:
        return (paths.parse_rows if rows else paths.parse)(text, namespaces)
    except paths.PathError as error:
        node.problem(f"{text!r}: {error}" if text else str(error), error.offset)
        return None


def _row_path(node: Node, namespaces: dict[str, str]) -> paths.Path | None:
    """A path of a value or a condition."""
    path = _path(node, namespaces)
    if path and path.absolute:
        node.problem(f"{path.text!r}: only a label can come from an absolute path; this one starts at the row")
        return None
    return path


def _metric(node: Node, namespaces: dict[str, str], constant: dict[str, str]) -> _Found:
    known = ("name", "help", "type", "labels", "value", "where", "buckets")
    fields = node.fields(known, required=("name", "help"))
    type_ = read_optional(fields, "type", lambda n: n.choice(TYPES, "type"), "gauge")
    labels = _labels(fields["labels"], namespaces, constant) if "labels" in fields else ()
    value = _value(fields["value"], namespaces, type_) if "value" in fields else None
    metric = Metric(
        name=read_optional(fields, "name", _name, ""),
        help=read_optional(fields, "help", _help, ""),
        type=type_,
        labels=labels,
        value=value,
        where=_where(fields["where"], namespaces) if "where" in fields else (),
        buckets=_buckets(fields["buckets"]) if "buckets" in fields else (),
    )
    _check_type(metric, node, fields)
    if metric.name:
        _check_name(metric, fields["name"])
    return metric, fields.get("name", node)


def _check_type(metric: Metric, node: Node, fields: dict[str, Node]) -> None:
    if metric.type in ("histogram", "summary") and "value" not in fields:
        node.problem(f"a metric of type {metric.type} needs a 'value' to observe")
    if metric.type == "info" and "value" in fields:
        fields["value"].problem("a metric of type info has no value: it is always 1")
    if metric.type == "histogram" and "buckets" not in fields:
        node.problem("a histogram needs 'buckets', a list of upper bounds")
    if metric.type != "histogram" and "buckets" in fields:
        fields["buckets"].problem(f"'buckets' belongs to type histogram, this is a {metric.type}")


def _check_name(metric: Metric, node: Node) -> None:
    declared = {label.name: label.values for label in metric.labels}
    for name in metric.in_name:
        if name not in declared:
            node.problem(f"{{{name}}} in the name is no label of the metric{did_you_mean(name, declared)}")
            return
        if not declared[name]:
            node.problem(f"{{{name}}} in the name needs the label's 'values' declared")
            return
    for name in set(PLACEHOLDER.findall(metric.help)) & (set(declared) - set(metric.in_name)):
        node.problem(f"the help has {{{name}}}, which is not in the name: series of one name share their help")
        return
    rest = PLACEHOLDER.sub("", metric.name)
    if "{" in rest or "}" in rest:
        node.problem(f"{metric.name!r}: a placeholder is written {{label}}")
        return
    if metric.name_count > _MAX_NAMES:
        node.problem(f"stands for {metric.name_count} names, more than {_MAX_NAMES}: leave a label on the series")
        return
    for name in metric.names():
        fault = metric_name_fault(name, metric.type)
        if fault:
            node.problem(fault)
            return


def _check_unique(metrics: list[_Found]) -> None:
    taken: dict[str, str] = {}
    for metric, node in metrics:
        for name in metric.names() if metric.name and not _open_placeholder(metric) else ():
            for sample in sample_names(name, metric.type):
                if sample in taken:
                    also = f", as {taken[sample]!r} has samples of that name" if taken[sample] != sample else ""
                    node.problem(f"the name {sample!r} is taken by another metric of this mapping{also}")
                    break
                taken[sample] = name


def _open_placeholder(metric: Metric) -> bool:
    known = {label.name for label in metric.labels if label.values}
    return not set(metric.in_name) <= known or metric.name_count > _MAX_NAMES


def _name(node: Node) -> str | None:
    text = node.text()
    if text == "":
        node.problem("a metric needs a name")
    return text


def _help(node: Node) -> str | None:
    text = node.text()
    if text is not None and (not text.strip() or any(ord(character) < 32 for character in text)):
        node.problem("help is one line of text")
        return None
    return text


def _labels(node: Node, namespaces: dict[str, str], constant: dict[str, str]) -> tuple[Label, ...]:
    labels = []
    for key, name, value in node.entries():
        fault = label_name_fault(name)
        if fault:
            key.problem(fault)
        if name in constant:
            key.problem(f"the label {name!r} is among the mapping's constant labels already")
        label = _label(name, value, namespaces)
        if label:
            labels.append(label)
    return tuple(labels)


def _label(name: str, node: Node, namespaces: dict[str, str]) -> Label | None:
    if not node.is_mapping:
        path = _path(node, namespaces)
        return Label(name, path) if path else None
    fields = node.fields(("from", "values", "other", "default"), required=("from",))
    values = _some_texts(fields["values"]) if "values" in fields else []
    for value in {value for value in values if values.count(value) > 1}:
        fields["values"].problem(f"the value {value!r} stands here twice")
    if "other" in fields and not values:
        fields["other"].problem("'other' needs 'values': without them every value is its own")
    default = read_optional(fields, "default", Node.text, "")
    if default and values and default not in values and "other" not in fields:
        fields["default"].problem(f"the default {default!r} is none of 'values': add it there, or say 'other'")
    path = _path(fields["from"], namespaces) if "from" in fields else None
    return Label(
        name=name,
        path=path or _NO_PATH,
        values=tuple(values),
        other=read_optional(fields, "other", Node.text, None),
        default=default,
    )


def _some_texts(node: Node) -> list[str]:
    texts = node.texts()
    if node.is_sequence and not texts:
        node.problem("at least one text is needed")
    return texts


def _value(node: Node, namespaces: dict[str, str], type_: str) -> Value | None:
    observed = type_ in ("histogram", "summary")
    if not node.is_mapping:
        path = _row_path(node, namespaces)
        if not observed:
            node.problem(f"say how rows of one series become one number: {{from: …, aggregate: {AGGREGATES[0]}}}")
        return Value(path or _NO_PATH)
    known = ("from", "aggregate", "map", "date", "zone", "number", "scale", "missing", "default", "invalid")
    fields = node.fields(known, required=("from",) if observed else ("from", "aggregate"))
    if observed and "aggregate" in fields:
        fields["aggregate"].problem(f"a {type_} observes every value: leave 'aggregate' out")
    if "zone" in fields and "date" not in fields:
        fields["zone"].problem("'zone' needs 'date'")
    path = _row_path(fields["from"], namespaces) if "from" in fields else None
    return Value(
        path=path or _NO_PATH,
        aggregate=read_optional(fields, "aggregate", lambda n: n.choice(AGGREGATES, "aggregate"), None),
        map=_map(fields["map"]) if "map" in fields else {},
        date=read_optional(fields, "date", _date, None),
        zone=read_optional(fields, "zone", _zone, "UTC"),
        leading=read_optional(fields, "number", lambda n: n.choice(("whole", "leading"), "form of number"), "")
        == "leading",
        scale=read_optional(fields, "scale", Node.number, 1),
        missing=tuple(fields["missing"].texts()) if "missing" in fields else ("",),
        default=read_optional(fields, "default", Node.number, None),
        skip_invalid=read_optional(fields, "invalid", lambda n: n.choice(("fail", "skip"), "treatment"), "") == "skip",
    )


def _date(node: Node) -> str | None:
    from xmlprom.dates import is_date_format  # noqa: PLC0415 - see convert

    text = node.text()
    if text is not None and not is_date_format(text):
        node.problem(f"{text!r} is no date format: iso8601, or directives like '%Y-%m-%d %H:%M:%S %z'")
    return text


def _zone(node: Node) -> str | None:
    from xmlprom.dates import LOCAL, time_zone  # noqa: PLC0415 - see convert

    text = node.text()
    if text is not None and text != LOCAL:
        try:
            time_zone(text)
        except ValueError:
            node.problem(f"{text!r} is no time zone that this host knows: UTC, local, or a name like Europe/Paris")
    return text


def _map(node: Node) -> dict[str, float]:
    return {text: number for _, text, value in node.entries() if (number := value.number()) is not None}


def _buckets(node: Node) -> tuple[float, ...]:
    bounds = [number for item in node.items() if (number := item.number()) is not None]
    if not bounds or any(low >= high for low, high in zip(bounds, bounds[1:])):
        node.problem("buckets are upper bounds in rising order")
    return tuple(float(bound) for bound in bounds)


def _where(node: Node, namespaces: dict[str, str]) -> tuple[Condition, ...]:
    conditions = []
    for key, _, value in node.entries():
        path = _row_path(key, namespaces)
        negated = value.is_mapping
        texts = value
        if negated:
            fields = value.fields(("not",), required=("not",))
            if "not" not in fields:
                continue
            texts = fields["not"]
        if path:
            conditions.append(Condition(path, frozenset(_some_texts(texts)), negated))
    return tuple(conditions)
