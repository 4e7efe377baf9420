"""Which names of metrics and labels may be published.

The rules are those of Prometheus' text format, less what harms node_exporter: a label that starts with `__`
kills the process, a family that node_exporter has itself with another HELP is dropped in silence.
https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from xmlprom.mapping.model import SOURCE_LABEL, Mapping, Metric

_METRIC = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
# https://prometheus.io/docs/practices/naming/
_BASE_UNITS = {
    "milliseconds": "seconds", "ms": "seconds", "minutes": "seconds", "hours": "seconds", "days": "seconds",
    "kb": "bytes", "mb": "bytes", "gb": "bytes", "kilobytes": "bytes", "megabytes": "bytes", "gigabytes": "bytes",
    "percent": "ratio", "pct": "ratio", "fahrenheit": "celsius", "khz": "hertz", "mhz": "hertz",
}  # fmt: skip
_RESERVED_SUFFIXES = ("_bucket", "_sum", "_count", "_created", "_info")
_TARGET_LABELS = ("job", "instance")
_PROMETHEUS_NAMES = re.compile("up|ALERTS|ALERTS_FOR_STATE|scrape_.*")  # what rules everywhere rely on
_TAKEN_PREFIXES = ("node_", "go_", "process_", "promhttp_", "xmlprom_")
_SAMPLE_SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("_sum", "_count")}
_REQUIRED_SUFFIX = {"counter": "_total", "info": "_info"}


def metric_name_fault(name: str, type_: str) -> str | None:
    """Why `name` can't be the name of a metric of that type, None if it can."""
    if not _METRIC.fullmatch(name):
        return f"{name!r} is no metric name: letters, digits and '_', no digit first"
    if _PROMETHEUS_NAMES.fullmatch(name):
        return f"{name!r} is a name that Prometheus writes itself: choose another"
    for prefix in _TAKEN_PREFIXES:
        if name.startswith(prefix):
            return f"{name!r}: names with {prefix!r} belong to node_exporter or xmlprom: choose another prefix"
    suffix = _REQUIRED_SUFFIX.get(type_, "")
    if not name.endswith(suffix):
        return f"the name of a metric of type {type_} ends with {suffix!r} (did you mean {name + suffix!r}?)"
    return None


def label_name_fault(name: str) -> str | None:
    """Why `name` can't be a label's name, None if it can."""
    if name.startswith("__"):
        return f"the label {name!r} starts with '__', which Prometheus keeps for itself"
    if not _LABEL.fullmatch(name):
        return f"{name!r} is no label name: letters, digits and '_', no digit first"
    if name in ("le", "quantile"):
        return f"the label {name!r} belongs to histograms and summaries: choose another name"
    if name == SOURCE_LABEL:
        return f"the label {name!r} is the source's path, which xmlprom sets itself: choose another name"
    return None


def sample_names(name: str, type_: str) -> Iterable[str]:
    """The names under which a family's samples are exposed, its own first."""
    return (name, *(name + suffix for suffix in _SAMPLE_SUFFIXES.get(type_, ())))


def naming_advice(mapping: Mapping) -> Iterator[str]:
    """What Prometheus' conventions advise against."""
    for metric in mapping.metrics:
        words = metric.name.split("_")
        for word in words:
            if word in _BASE_UNITS:
                yield f"metric {metric.name}: {word!r} is no base unit: use {_BASE_UNITS[word]!r} and 'scale'"
        yield from _total_advice(metric)
        for suffix in _RESERVED_SUFFIXES:
            if metric.name.endswith(suffix) and metric.type != suffix[1:]:
                yield f"metric {metric.name}: the suffix {suffix!r} is reserved for other types"
        if re.search("[A-Z]", metric.name):
            yield f"metric {metric.name}: names are lower case with '_' between words"
        for label in [label.name for label in metric.labels] + list(mapping.labels):
            if label in _TARGET_LABELS:
                yield f"metric {metric.name}: Prometheus sets {label!r} itself and would rename it 'exported_{label}'"


def _total_advice(metric: Metric) -> Iterator[str]:
    words = metric.name.split("_")
    if metric.type not in ("counter", "info") and words[-1] == "total":
        yield f"metric {metric.name}: '_total' is the suffix of counters, this is a {metric.type}"
    if metric.type == "counter" and "total" in words[:-1]:
        better = "_".join(word for word in words if word != "total") + "_total"
        yield f"metric {metric.name}: OpenTelemetry's receivers rename it: use {better!r}"
