"""Load one metric of a mapping: its name, labels, value and conditions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xmlprom.mapping.model import PLACEHOLDER, Condition, Label, Metric
from xmlprom.mapping.naming import label_name_fault, metric_name_fault
from xmlprom.mapping.value_loader import NO_PATH, Context, load_bound, load_value, path_of, row_path
from xmlprom.mapping.yaml_nodes import Node, did_you_mean, read_optional

if TYPE_CHECKING:
    from xmlprom.mapping.label_steps import Step

TYPES = ("gauge", "counter", "histogram", "summary", "info")
STEP_KEYS = ("part", "lower", "cut")  # of a label; label_steps has the same, and is imported only for them
MAX_LABELS = 32  # of a series: what an exporter takes grows with their square
MAX_NAMES = 1000  # of one metric with {label} in its name

Found = tuple[Metric, Node]  # with the node of its name, for what is checked over all metrics


def load_metric(node: Node, context: Context) -> Found:
    known = ("name", "help", "type", "labels", "value", "where", "buckets", "bound")
    fields = node.fields(known, required=("name", "help"))
    type_ = read_optional(fields, "type", lambda n: n.choice(TYPES, "type"), "gauge")
    labels = _labels(fields["labels"], context) if "labels" in fields else ()
    value = load_value(fields["value"], context, type_) if "value" in fields else None
    metric = Metric(
        name=read_optional(fields, "name", _name, ""),
        help=read_optional(fields, "help", _help, ""),
        type=type_,
        labels=labels,
        value=value,
        where=_where(fields["where"], context) if "where" in fields else (),
        buckets=_buckets(fields["buckets"]) if "buckets" in fields else (),
        bound=load_bound(fields["bound"], context) if "bound" in fields else None,
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
    if metric.type == "histogram" and not fields.keys() & {"buckets", "bound"}:
        node.problem("a histogram needs 'buckets', a list of upper bounds, or 'bound', if the source has counted")
    if "buckets" in fields and "bound" in fields:
        fields["buckets"].problem(
            "'buckets' and 'bound' are mutually exclusive: either the source has counted or xmlprom"
        )
    if metric.type != "histogram" and "bound" in fields:
        fields["bound"].problem(f"'bound' belongs to type histogram, this is a {metric.type}")
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
        node.problem(f"makes {metric.name_count} names, more than {MAX_NAMES}: leave a label on the series")
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


def _labels(node: Node, context: Context) -> tuple[Label, ...]:
    labels = []
    for key, name, value in node.entries():
        fault = label_name_fault(name)
        if fault:
            key.problem(fault)
        if name in context.constant:
            key.problem(f"the label {name!r} is among the mapping's constant labels already")
        label = _label(name, value, context)
        if label:
            labels.append(label)
    if len(labels) + len(context.constant) > MAX_LABELS:
        node.problem(
            f"more than {MAX_LABELS} labels, with the constant ones: node_exporter takes too long to serve them"
        )
    return tuple(labels)


def _label(name: str, node: Node, context: Context) -> Label | None:
    if not node.is_mapping:
        path = path_of(node, context.namespaces)
        return Label(name, path) if path else None
    fields = node.fields(("from", *STEP_KEYS, "values", "other", "default"), required=("from",))
    words = _words(fields["values"]) if "values" in fields else {}
    values = tuple(dict.fromkeys(words.values()))
    if "other" in fields and not values and "part" not in fields:
        fields["other"].problem("'other' needs 'values' or 'part': without them every value is its own")
    default = read_optional(fields, "default", Node.text, "")
    if default and values and default not in values and "other" not in fields:
        fields["default"].problem(f"the default {default!r} is none of 'values': add it there, or say 'other'")
    path = path_of(fields["from"], context.namespaces) if "from" in fields else None
    steps: tuple[Step, ...] = ()
    if not fields.keys().isdisjoint(STEP_KEYS):
        from xmlprom.mapping.label_steps import load_steps  # noqa: PLC0415 - few labels have steps

        steps = load_steps(fields, context)
    return Label(
        name=name,
        path=path or NO_PATH,
        steps=steps,
        values=values,
        words=words,
        other=read_optional(fields, "other", Node.text, None),
        default=default,
    )


def _words(node: Node) -> dict[str, str]:
    """The declared texts, each with the value as which it is exposed."""
    if node.is_mapping:
        words = {text: word for _, text, value in node.entries() if (word := value.text()) is not None}
        if not words:
            node.problem("at least one text is needed")
        return words
    words = {}
    for text in _some_texts(node):
        if text in words:
            node.problem(f"duplicate value {text!r}")
        words[text] = text
    return words


def _some_texts(node: Node) -> list[str]:
    texts = node.texts()
    if node.is_sequence and not texts:
        node.problem("at least one text is needed")
    return texts


def _buckets(node: Node) -> tuple[float, ...]:
    bounds = [number for item in node.items() if (number := item.number()) is not None]
    if not bounds or any(low >= high for low, high in zip(bounds, bounds[1:])):
        node.problem("buckets are upper bounds in rising order")
    return tuple(float(bound) for bound in bounds)


def _where(node: Node, context: Context) -> tuple[Condition, ...]:
    from xmlprom.mapping.conditions import asks_only_presence, load_test  # noqa: PLC0415 - few metrics have conditions

    conditions = []
    for key, _, value in node.entries():
        path = row_path(key, context.namespaces, "condition")
        test = load_test(value, context.missing)
        if path:
            path = path.first if asks_only_presence(value) else path
            conditions.append(Condition(path, test))
    return tuple(conditions)
