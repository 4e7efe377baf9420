"""Decide how each metric of a mapping is drawn: the kind of panel, its queries, legends and unit.

A counter is drawn as a rate, a gauge over time, a mapped state as a state timeline, an info as a table, a time as an
age, a histogram as a heat map with quantiles. Counts are also drawn as shares of each label.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import NamedTuple

from xmlprom.dashboard.model import Panel, Query
from xmlprom.mapping.model import Label, Mapping, Metric, fill

_MAX_PANELS = 12  # of one metric with a label in its name
_MAX_PIES = 2  # labels whose shares are drawn
_MAX_TITLE = 80  # characters
CHOSEN = 'group=~"$group",instance=~"$host"'  # the hosts that the reader has chosen
_UNIX_TIME = re.compile(r",? (?:in|as) Unix time\b")  # of a help, where the age is drawn
_COLUMNS = ("Time", "Value", "__name__", "job")  # of an info's table, that say nothing of it
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


def dividing(metric: Metric) -> list[Label]:
    """The labels that distinguish the metric's series within a source."""
    return [label for label in metric.labels if not label.path.absolute and label.name not in metric.in_name]


class _Drawn(NamedTuple):
    """A metric under one of its names: `selector` holds its variables, `legend` its labels."""

    metric: Metric
    name: str
    title: str
    selector: str
    legend: str
    labels: tuple[str, ...]

    @property
    def labels_alone(self) -> str:
        """The legend of what is added up over hosts and sources."""
        return " ".join(f"{{{{{label}}}}}" for label in self.labels)

    def series(self, suffix: str = "") -> str:
        return f"{self.name}{suffix}{{{self.selector}}}"


def panels(metric: Metric, mapping: Mapping, variables: dict[str, str]) -> Iterator[Panel]:
    """The panels of a metric; `variables`: label -> the variable that chooses among its values."""
    if metric.in_name:
        yield from _panels_by_name(metric, mapping, variables)
        return
    drawn = _drawn(metric, mapping, variables, metric.name, metric.help)
    if metric.type == "info":
        yield Panel("table", drawn.title, (Query(drawn.series(), ""),), hidden=_COLUMNS)
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
        title = _title(f"{_UNIX_TIME.sub('', metric.help)}: age")
        yield Panel("lines", title, (Query(f"time() - {drawn.series()}", drawn.legend),), "s")
    elif metric.value is None and drawn.labels:
        for label in drawn.labels[:_MAX_PIES]:
            share = Query(f"sum by ({label}) ({drawn.series()})", f"{{{{{label}}}}}")
            yield Panel("pie", _title(f"{metric.help}: by {label}"), (share,), width=6)
        total = Query(f"sum by ({', '.join(drawn.labels)}) ({drawn.series()})", drawn.labels_alone)
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
        Query(
            f"histogram_quantile({quantile}, sum by ({by}) ({buckets}))",
            f"{100 * quantile:.0f} % {drawn.labels_alone}".rstrip(),
        )
        for quantile in (0.5, 0.9, 0.99)
    )
    yield Panel("lines", _title(f"{metric.help}: quantiles"), quantiles, unit)


def _panels_by_name(metric: Metric, mapping: Mapping, variables: dict[str, str]) -> Iterator[Panel]:
    """A panel for each value of the first label in the metric's name, with a query for each of its other labels.

    The metrics of `other` are left out: there are none while nothing counts there.
    """
    by_label = {label.name: label for label in metric.labels}
    first, *others = metric.in_name
    for value in by_label[first].values[:_MAX_PANELS]:
        kind = "pie" if metric.value is None and metric.type == "gauge" and others else "lines"
        queries = []
        for combination in itertools.product(*(by_label[name].values for name in others)):
            chosen = {first: value, **dict(zip(others, combination))}
            drawn = _drawn(metric, mapping, variables, fill(metric.name, chosen), fill(metric.help, chosen))
            legend = " ".join(combination) or value
            if kind == "pie":
                queries.append(Query(f"sum({drawn.series()})", legend))
                continue
            expression = f"rate({drawn.series()}[$__rate_interval])" if metric.type == "counter" else drawn.series()
            queries.append(Query(expression, f"{legend} {drawn.legend}"))
        title = _title(re.sub(r" *\{[^{}]*\}", "", fill(metric.help, {first: value})))
        yield Panel(kind, title, tuple(queries), _unit(metric.name)[metric.type == "counter"], width=8)


def _drawn(metric: Metric, mapping: Mapping, variables: dict[str, str], name: str, help_: str) -> _Drawn:
    labels = [label.name for label in dividing(metric)]
    chosen = [f'{label}=~"${variables[label]}"' for label in labels if label in variables]
    legend = [*labels, "instance"] + (["path"] if _several_sources(mapping) else [])
    shown = " ".join(f"{{{{{label}}}}}" for label in legend)
    return _Drawn(metric, name, _title(help_), ",".join([CHOSEN, *chosen]), shown, tuple(labels))


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
