"""Decide how each metric of a mapping is drawn: the kind of panel, its queries, legends and unit.

A counter is drawn as a rate, a gauge over time, a mapped state as a state timeline, an info as a table, a time as an
age, a histogram as a heat map with quantiles. Counts are also drawn as shares of each label.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from xmlprom.mapping.model import Label, Mapping, Metric, fill
from xmlprom.textfile.status import LAST_SUCCESS

_MAX_PANELS = 12  # of one metric with a label in its name
_MAX_PIES = 2  # labels whose shares are drawn
_MAX_TITLE = 80  # characters
_TAKEN = ("datasource", "host")  # variables that every dashboard has
# The end of a metric's name -> Grafana's unit, of the value and of its rate.
_UNITS = {
    "bytes": ("bytes", "binBps"),
    "bits": ("bits", "bps"),
    "bits_per_second": ("bps", "short"),
    "bytes_per_second": ("binBps", "short"),
    "seconds": ("s", "percentunit"),
    "ratio": ("percentunit", "short"),
    "celsius": ("celsius", "short"),
    "hertz": ("hertz", "short"),
    "volts": ("volt", "short"),
    "amperes": ("amp", "short"),
    "watts": ("watt", "short"),
    "joules": ("joule", "watt"),
}


class Query(NamedTuple):
    expression: str
    legend: str


class Panel(NamedTuple):
    """A panel: `kind` is lines, pie, states, table or heatmap; `states` are (number, text) of a state timeline."""

    kind: str
    title: str
    queries: tuple[Query, ...]
    unit: str = "short"
    states: tuple[tuple[float, str], ...] = ()
    width: int = 12  # of Grafana's 24 columns


class Variable(NamedTuple):
    """A choice at the dashboard's top: the values of `label` that the series of `metric` have."""

    name: str
    label: str
    metric: str


class Group(NamedTuple):
    """Panels below one heading."""

    title: str
    panels: tuple[Panel, ...]


class Board(NamedTuple):
    """A dashboard, as Grafana knows it by `uid`."""

    uid: str
    title: str
    variables: tuple[Variable, ...]
    groups: tuple[Group, ...]


def board(mappings: Iterable[tuple[str, Mapping]]) -> Board:
    """The dashboard of some collectors, given as (name, mapping)."""
    collectors = dict(mappings)
    variables = {variable.label: variable for mapping in collectors.values() for variable in _variables(mapping)}
    groups: list[Group] = []
    for name, mapping in collectors.items():
        for section in mapping.sections:
            panels = [panel for metric in section.metrics for panel in _panels(metric, mapping, variables)]
            groups.append(Group(f"{name}: {section.rows.text}", tuple(panels)))
    groups.append(_health(list(collectors)))
    names = ", ".join(collectors)
    return Board(_uid(list(collectors)), f"xmlprom: {names}", tuple(variables.values()), tuple(groups))


def _uid(collectors: list[str]) -> str:
    """The same for the same collectors; Grafana allows 40 characters."""
    uid = "-".join(["xmlprom", *collectors])
    if len(uid) > 40:
        import hashlib  # noqa: PLC0415 - few dashboards need it

        uid = f"xmlprom-{hashlib.sha256(uid.encode()).hexdigest()[:32]}"
    return uid


def _dividing(metric: Metric) -> list[Label]:
    """The labels that distinguish the metric's series within a source."""
    return [label for label in metric.labels if not label.path.absolute and label.name not in metric.in_name]


def _variables(mapping: Mapping) -> Iterator[Variable]:
    seen = set()
    for metric in sorted(mapping.metrics, key=lambda metric: bool(metric.in_name)):
        for label in _dividing(metric) if metric.type != "info" else ():
            if label.name not in seen:
                seen.add(label.name)
                name = f"label_{label.name}" if label.name in _TAKEN else label.name
                yield Variable(name, label.name, _sample_name(next(metric.names()), metric.type))


def _sample_name(name: str, type_: str) -> str:
    return f"{name}_count" if type_ in ("histogram", "summary") else name


class _Drawn(NamedTuple):
    """A metric under one of its names: `selector` holds its variables, `legend` its labels."""

    metric: Metric
    name: str
    title: str
    selector: str
    legend: str
    labels: tuple[str, ...]

    def series(self, suffix: str = "") -> str:
        return f"{self.name}{suffix}{{{self.selector}}}"


def _panels(metric: Metric, mapping: Mapping, variables: dict[str, Variable]) -> Iterator[Panel]:
    if metric.in_name:
        yield from _panels_by_name(metric, mapping, variables)
        return
    drawn = _drawn(metric, mapping, variables, metric.name, metric.help)
    if metric.type == "info":
        yield Panel("table", drawn.title, (Query(drawn.series(), ""),))
    elif metric.type == "histogram":
        yield from _distribution(drawn)
    elif metric.type == "summary":
        mean = f"{drawn.series('_sum')} / {drawn.series('_count')}"
        yield Panel("lines", _title(f"{metric.help}: mean"), (Query(mean, drawn.legend),), _unit(metric.name)[0])
        yield Panel("lines", _title(f"{metric.help}: count"), (Query(drawn.series("_count"), drawn.legend),))
    elif metric.type == "counter":
        rate = f"rate({drawn.series()}[$__rate_interval])"
        title = _title(f"{metric.help}: per second")
        yield Panel("lines", title, (Query(rate, drawn.legend),), _unit(metric.name)[1])
    else:
        yield from _gauge(drawn)


def _gauge(drawn: _Drawn) -> Iterator[Panel]:
    metric = drawn.metric
    states = _states(metric)
    if states:
        yield Panel("states", drawn.title, (Query(drawn.series(), drawn.legend),), states=states)
    elif metric.name.endswith("_timestamp_seconds"):
        yield Panel("lines", _title(f"{metric.help}: age"), (Query(f"time() - {drawn.series()}", drawn.legend),), "s")
    elif metric.value is None and drawn.labels:
        for label in drawn.labels[:_MAX_PIES]:
            share = Query(f"sum by ({label}) ({drawn.series()})", f"{{{{{label}}}}}")
            yield Panel("pie", _title(f"{metric.help}: by {label}"), (share,), width=6)
        total = Query(f"sum by ({', '.join(drawn.labels)}) ({drawn.series()})", drawn.legend)
        yield Panel("lines", drawn.title, (total,))
    else:
        yield Panel("lines", drawn.title, (Query(drawn.series(), drawn.legend),), _unit(metric.name)[0])


def _distribution(drawn: _Drawn) -> Iterator[Panel]:
    """A histogram holds the rows of the moment; one that the source has counted grows, and is drawn as a rate."""
    metric = drawn.metric
    buckets = drawn.series("_bucket")
    if getattr(metric, "bound", None) is not None:
        buckets = f"rate({buckets}[$__rate_interval])"
    unit = _unit(metric.name)[0]
    yield Panel("heatmap", drawn.title, (Query(f"sum by (le) ({buckets})", "{{le}}"),), unit)
    by = ", ".join(["le", *drawn.labels])
    quantiles = tuple(
        Query(f"histogram_quantile({quantile}, sum by ({by}) ({buckets}))", f"{100 * quantile:.0f} % {drawn.legend}")
        for quantile in (0.5, 0.9, 0.99)
    )
    yield Panel("lines", _title(f"{metric.help}: quantiles"), quantiles, unit)


def _panels_by_name(metric: Metric, mapping: Mapping, variables: dict[str, Variable]) -> Iterator[Panel]:
    """A panel for each value of the first label in the metric's name, with a query for each of its other labels.

    The metrics of `other` are left out: there are none while nothing counts there.
    """
    by_label = {label.name: label for label in metric.labels}
    first, *others = metric.in_name
    for value in by_label[first].values[:_MAX_PANELS]:
        queries = []
        for combination in itertools.product(*(by_label[name].values for name in others)):
            chosen = {first: value, **dict(zip(others, combination))}
            drawn = _drawn(metric, mapping, variables, fill(metric.name, chosen), fill(metric.help, chosen))
            legend = " ".join(combination) or value
            expression = f"rate({drawn.series()}[$__rate_interval])" if metric.type == "counter" else drawn.series()
            queries.append(Query(expression, f"{legend} {drawn.legend}"))
        kind = "pie" if metric.value is None and metric.type == "gauge" and others else "lines"
        title = _title(re.sub(r" *\{[^{}]*\}", "", fill(metric.help, {first: value})))
        yield Panel(kind, title, tuple(queries), _unit(metric.name)[metric.type == "counter"], width=8)


def _drawn(metric: Metric, mapping: Mapping, variables: dict[str, Variable], name: str, help_: str) -> _Drawn:
    labels = [label.name for label in _dividing(metric)]
    chosen = [f'{label}=~"${variables[label].name}"' for label in labels if label in variables]
    legend = [*labels, "instance"] + (["path"] if _several_sources(mapping) else [])
    shown = " ".join(f"{{{{{label}}}}}" for label in legend)
    return _Drawn(metric, name, _title(help_), ",".join(['instance=~"$host"', *chosen]), shown, tuple(labels))


def _several_sources(mapping: Mapping) -> bool:
    return len(mapping.sources) != 1 or any(character in mapping.sources[0] for character in "*?[")


def _states(metric: Metric) -> tuple[tuple[float, str], ...]:
    """The numbers that stand for texts, with these texts; empty where numbers are also read as they are."""
    value = metric.value
    if value is None or not value.map or value.aggregate == "sum":
        return ()
    other = getattr(value, "other", None)
    texts: dict[float, list[str]] = {}
    for text, number in value.map.items():
        texts.setdefault(number, []).append(text)
    if other is not None:
        texts.setdefault(other, []).append("other")
    return tuple((number, " / ".join(words[:3])) for number, words in sorted(texts.items()))


def _unit(name: str) -> tuple[str, str]:
    """Grafana's unit of a metric, and of its rate."""
    base = name[: -len("_total")] if name.endswith("_total") else name
    for end in sorted(_UNITS, key=len, reverse=True):
        if base.endswith(f"_{end}"):
            return _UNITS[end]
    return "short", "cps"


def _title(text: str) -> str:
    return text if len(text) <= _MAX_TITLE else f"{text[: _MAX_TITLE - 1]}…"


def _health(collectors: list[str]) -> Group:
    of = f'{{collector=~"{"|".join(collectors)}",instance=~"$host"}}'
    legend = "{{collector}} {{instance}}"

    def lines(title: str, expression: str, unit: str = "s") -> Panel:
        return Panel("lines", title, (Query(expression + of, legend),), unit, width=6)

    success = Query(f"xmlprom_last_run_success{of}", legend)
    reasons = Query(f"sum by (collector, reason) (xmlprom_last_run_failure{of})", "{{collector}} {{reason}}")
    return Group(
        "Health of the collector",
        (
            Panel("states", "Last run", (success,), states=((0, "failed"), (1, "succeeded"))),
            Panel("lines", "Failing hosts by reason", (reasons,)),
            lines("Time since the last success", f"time() - {LAST_SUCCESS}"),
            lines("Age of the source", "time() - xmlprom_source_modified_timestamp_seconds"),
            lines("Duration of a run", "xmlprom_last_run_duration_seconds"),
            lines("Series", "xmlprom_series", "short"),
        ),
    )
