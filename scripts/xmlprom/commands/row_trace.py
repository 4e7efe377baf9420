"""Trace which rows made which series, for a person who asks where a number comes from."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from xmlprom.errors import RunError
from xmlprom.mapping.model import Mapping
from xmlprom.reading.fields import RawRow
from xmlprom.reading.open_row import Origin
from xmlprom.reading.patterns import Plan
from xmlprom.reading.plan_compiler import compile_plan
from xmlprom.reading.row_reader import RowReader
from xmlprom.reading.xml_parser import naming, stream
from xmlprom.series.aggregators import Distribution, SeriesValue
from xmlprom.series.families import printable_path
from xmlprom.series.labels import explanation
from xmlprom.series.metric_totals import LabelValues, MetricTotals
from xmlprom.series.numbers import InvalidValueError
from xmlprom.series.totals import Totals

_FIRST = 3  # rows that are named of each group


@dataclass
class Rows:
    """A group of rows: how many, and (number, line) of the first ones."""

    count: int = 0
    first: list[tuple[int, int]] = field(default_factory=list)

    def add(self, place: tuple[int, int]) -> None:
        self.count += 1
        if len(self.first) < _FIRST:
            self.first.append(place)


@dataclass
class MetricTrace:
    """What became of the rows of one metric.

    `notes`: why rows were counted differently than they stand, or not at all -> those rows.
    """

    totals: MetricTotals
    series: dict[LabelValues, Rows] = field(default_factory=dict)
    notes: dict[str, Rows] = field(default_factory=dict)

    def note(self, why: str, place: tuple[int, int]) -> None:
        self.notes.setdefault(why, Rows()).add(place)


@dataclass(frozen=True)
class SeriesExplained:
    """One series: its labels and value, and the rows behind it."""

    labels: dict[str, str]
    value: SeriesValue
    rows: Rows


@dataclass(frozen=True)
class MetricExplained:
    name: str
    series: tuple[SeriesExplained, ...]
    notes: dict[str, Rows]


@dataclass(frozen=True)
class Explanation:
    """`untaken` are rows in which no metric has a part; `failed` rows make `collect` fail, by message."""

    path: str
    rows: int
    metrics: tuple[MetricExplained, ...]
    untaken: Rows
    failed: dict[str, Rows]


def explain(mapping: Mapping, path: str, label: str | None = None) -> Explanation:
    """Read a source and trace its rows.

    :param label: the label `path`, if not the path

    :raises RunError: if the source fails; a row that fails is part of the explanation instead
    """
    plan = compile_plan(mapping, ordered=True)
    trace = _Trace(mapping, plan)
    with naming(path):
        _, reader = stream(path, plan, mapping.limits, trace, make=functools.partial(RowReader, locate=trace.locate))
        tables = trace.totals.finish(reader.documents)
    metrics = []
    for metric, table in zip(trace.metrics, tables):
        labels = [label.name for label in metric.totals.metric.labels]
        by_row = [number for number, label in enumerate(metric.totals.metric.labels) if not label.path.absolute]
        series = tuple(
            SeriesExplained(dict(zip(labels, key)), cell, metric.series.get(tuple(key[i] for i in by_row), Rows()))
            for key, cell in table.series.items()
        )
        metrics.append(MetricExplained(metric.totals.metric.name, series, metric.notes))
    return Explanation(printable_path(label or path), trace.totals.rows, tuple(metrics), trace.untaken, trace.failed)


class _Trace:
    """Takes rows with their places."""

    def __init__(self, mapping: Mapping, plan: Plan) -> None:
        self.totals = Totals(mapping, plan)
        self._origins: Sequence[Origin | None] = ()
        self.untaken = Rows()
        self.failed: dict[str, Rows] = {}
        self._sections = [[MetricTrace(totals) for totals in section] for section in self.totals.sections]
        self.metrics = [metric for section in self._sections for metric in section]

    def locate(self, origins: Sequence[Origin | None]) -> None:
        """Take the places of the rows that come next."""
        self._origins = origins

    def add(self, section: int, rows: Collection[tuple[RawRow, int]]) -> None:
        self.totals.rows += len(rows)
        for (row, _), origin in zip(rows, self._origins):
            place = (origin.row, origin.line) if origin else (0, 0)
            taken = False
            for metric in self._sections[section]:
                try:
                    taken = _trace(metric, row, place) or taken
                except RunError as error:
                    self.failed.setdefault(str(error), Rows()).add(place)
                    taken = True
            if not taken:
                self.untaken.add(place)


def _trace(metric: MetricTrace, row: RawRow, place: tuple[int, int]) -> bool:
    """Add a row to a metric's trace; returns whether it has a part in the metric."""
    totals = metric.totals
    if not totals.selects(row):
        return False
    try:
        number = totals.number(row)
    except InvalidValueError as error:
        totals.leave_out(row)
        metric.note(f"skipped: {error}", place)
        return True
    if number is None:
        totals.leave_out(row)
        path = totals.metric.value.path.text if totals.metric.value else ""
        metric.note(f"no sample: the value at {path} is missing", place)
        return False
    series = totals.series_of(row)
    series.aggregate.add(number, 1)
    metric.series.setdefault(series.values, Rows()).add(place)
    for reader, label_value in zip(totals.labels, series.values):
        why = explanation(reader.label, reader.text_of(row), reader.of_row(row), label_value)
        if why:
            metric.note(why, place)
    return True


def to_json(explanations: Iterable[Explanation]) -> list[object]:
    """What `explain --json` prints: lists, dicts, texts and numbers only."""
    return [
        {
            "path": explanation.path,
            "rows": explanation.rows,
            "metrics": [
                {
                    "name": metric.name,
                    "series": [
                        {"labels": series.labels, "value": _json_cell(series.value), **_json_rows(series.rows)}
                        for series in metric.series
                    ],
                    "notes": [{"why": why, **_json_rows(rows)} for why, rows in metric.notes.items()],
                }
                for metric in explanation.metrics
            ],
            "untaken": _json_rows(explanation.untaken),
            "failed": [{"why": why, **_json_rows(rows)} for why, rows in explanation.failed.items()],
        }
        for explanation in explanations
    ]


def _json_rows(rows: Rows) -> dict[str, object]:
    return {"rows": rows.count, "first": [{"row": number, "line": line} for number, line in rows.first]}


def _json_cell(cell: SeriesValue) -> object:
    return {"count": cell.count, "sum": cell.sum} if isinstance(cell, Distribution) else cell
