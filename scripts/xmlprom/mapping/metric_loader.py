"""Load one metric of a mapping: its name, labels, value and conditions."""

from __future__ import annotations

from xmlprom.mapping import paths
from xmlprom.mapping.model import PLACEHOLDER, Condition, Label, Metric, Value
from xmlprom.mapping.naming import label_name_fault, metric_name_fault
from xmlprom.mapping.yaml_nodes import Node, did_you_mean, read_optional

TYPES = ("gauge", "counter", "histogram", "summary", "info")
AGGREGATES = ("sum", "min", "max", "last")
MAX_NAMES = 1000  # of one metric with {label} in its name

Found = tuple[Metric, Node]  # with the node of its name, for what is checked over all metrics
NO_PATH = paths.Path("", False, 0, (), "element")  # stands for a path with a problem, until `finish` raises


def path_of(node: Node, namespaces: dict[str, str], rows: bool = False) -> paths.Path | None:
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
    path = path_of(node, namespaces)
    if path and path.absolute:
        node.problem(f"{path.text!r}: only a label can come from an absolute path; this one starts at the row")
        return None
    return path


def load_metric(node: Node, namespaces: dict[str, str], constant: dict[str, str]) -> Found:
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
    if metric.name_count > MAX_NAMES:
        node.problem(f"stands for {metric.name_count} names, more than {MAX_NAMES}: leave a label on the series")
        return
    for name in metric.names():
        fault = metric_name_fault(name, metric.type)
        if fault:
            node.problem(fault)
            return


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
        path = path_of(node, namespaces)
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
    path = path_of(fields["from"], namespaces) if "from" in fields else None
    return Label(
        name=name,
        path=path or NO_PATH,
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
        return Value(path or NO_PATH)
    known = ("from", "aggregate", "map", "date", "zone", "number", "scale", "missing", "default", "invalid")
    fields = node.fields(known, required=("from",) if observed else ("from", "aggregate"))
    if observed and "aggregate" in fields:
        fields["aggregate"].problem(f"a {type_} observes every value: leave 'aggregate' out")
    if "zone" in fields and "date" not in fields:
        fields["zone"].problem("'zone' needs 'date'")
    if "number" in fields and "date" in fields:
        fields["number"].problem("stands beside 'date': a text is read as one of both")
    path = _row_path(fields["from"], namespaces) if "from" in fields else None
    return Value(
        path=path or NO_PATH,
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
    from xmlprom.series.dates import is_date_format  # noqa: PLC0415 - see convert

    text = node.text()
    if text is not None and not is_date_format(text):
        node.problem(f"{text!r} is no date format: iso8601, or directives like '%Y-%m-%d %H:%M:%S %z'")
    return text


def _zone(node: Node) -> str | None:
    from xmlprom.series.dates import LOCAL, time_zone  # noqa: PLC0415 - see convert

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
