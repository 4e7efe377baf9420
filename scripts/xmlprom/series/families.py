"""Make Prometheus' metric families out of the series, and filter them."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Dict
from typing import TYPE_CHECKING, NamedTuple

from xmlprom.mapping.model import SOURCE_LABEL, Metric, fill
from xmlprom.series.aggregators import Distribution, SeriesValue

if TYPE_CHECKING:  # the status file of a run that fails for want of lxml is made of families too
    from xmlprom.series.extraction import Extraction
    from xmlprom.series.metric_totals import Table

Selection = Dict[str, frozenset[str]]  # label -> the values to keep


class Sample(NamedTuple):
    name: str
    labels: Dict[str, str]
    value: float


class Family(NamedTuple):
    """A metric family: `type` is gauge, counter, histogram or summary; `samples` are added as they are found."""

    name: str
    help: str
    type: str
    samples: list[Sample]


def families(constant: Dict[str, str], extractions: Sequence[Extraction], only: Selection) -> list[Family]:
    """All families of a run, in the mapping's order.

    :param constant: labels of every series
    :param only: series with such a label and another value are left out; those without the label stay
    """
    found: dict[str, Family] = {}
    for tables in zip(*(extraction.tables for extraction in extractions)):  # one metric's, of all sources
        for extraction, table in zip(extractions, tables):
            fixed = {**constant, SOURCE_LABEL: printable_path(extraction.path)}
            for labels, cell in selected(table, only):
                _add(found, table.metric, {**labels, **fixed}, labels, cell)
    return list(found.values())


def selected(table: Table, only: Selection) -> Iterable[tuple[dict[str, str], SeriesValue]]:
    """The series of a table that `only` keeps, as (labels, cell)."""
    names = [label.name for label in table.metric.labels]
    for values, cell in table.series.items():
        labels = dict(zip(names, values))
        if all(labels[name] in kept for name, kept in only.items() if name in labels):
            yield labels, cell


def unmatched(extractions: Iterable[Extraction], only: Selection) -> list[tuple[str, str, list[str]]]:
    """The (label, value, values that there are) of `only` that occur in no series."""
    values: dict[str, set[str]] = {name: set() for name in only}
    for table in itertools.chain.from_iterable(extraction.tables for extraction in extractions):
        for position, label in enumerate(table.metric.labels):
            if label.name in values:
                values[label.name].update(series[position] for series in table.series)
    return [
        (name, value, sorted(values[name]))
        for name in only
        for value in sorted(only[name])
        if value not in values[name]
    ]


def printable_path(path: str) -> str:
    """A path as a label's value: UTF-8, other bytes as \\xNN."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _add(
    found: dict[str, Family], metric: Metric, labels: dict[str, str], own: dict[str, str], cell: SeriesValue
) -> None:
    name = fill(metric.name, own)
    if name not in found:
        # The text format has no type info.
        found[name] = Family(name, fill(metric.help, own), "gauge" if metric.type == "info" else metric.type, [])
    labels = {label: value for label, value in labels.items() if label not in metric.in_name}
    samples = found[name].samples
    if isinstance(cell, Distribution):
        if metric.type == "histogram":
            bounds = [*map(_bound, cell.bounds), "+Inf"]
            for bound, count in zip(bounds, itertools.accumulate(cell.buckets)):
                samples.append(Sample(f"{name}_bucket", {**labels, "le": bound}, count))
        samples.append(Sample(f"{name}_sum", labels, cell.sum))
        samples.append(Sample(f"{name}_count", labels, cell.count))
    else:
        samples.append(Sample(name, labels, cell))


def _bound(bound: float) -> str:
    """A bound as Prometheus 3 writes it on a scrape, so that it is the same label in Prometheus 2: `1.0`, `1e+06`."""
    bound = float(bound)
    if not bound or 1e-4 <= abs(bound) < 1e6:
        return repr(bound)
    return next(text for text in (f"{bound:.{digits}e}" for digits in range(17)) if float(text) == bound)
