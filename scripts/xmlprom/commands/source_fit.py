"""How a valid mapping fits a source."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from xmlprom.errors import RunError, path_text
from xmlprom.mapping.model import Label, Mapping
from xmlprom.reading.fields import Fields, RawRow
from xmlprom.reading.patterns import Plan
from xmlprom.reading.plan_compiler import compile_plan
from xmlprom.reading.xml_parser import naming, stream
from xmlprom.series.identifiers import MAX_KEPT, look_machine_made, looks_like_identifier
from xmlprom.series.metric_totals import MetricTotals
from xmlprom.series.totals import Totals

_MAX_FAULTS = 10


def source_advice(mapping: Mapping, path: str) -> tuple[list[str], list[str]]:
    """How the mapping fits a source: (advice, faults of rows that would make `collect` fail).

    Advice names paths that never match, declared values that don't occur, labels that look like identifiers, and rows
    that are left out.

    :raises RunError: if the source fails as a whole
    """
    plan = compile_plan(mapping)
    survey = _Survey(mapping, plan)
    with naming(path):
        _, reader = stream(path, plan, mapping.limits, survey)
        advice: list[str] = []
        for fields, seen, metrics in zip(plan.sections, survey.sections, survey.metrics):
            advice.extend(_section_advice(fields, seen, metrics))
        for document_path, text in zip(plan.documents, reader.documents):
            if text is None:
                advice.append(f"{document_path.text} matches nothing")
        if not survey.faults:
            survey.totals.finish(reader.documents)
    shown = path_text(path)
    return [f"{shown}: {text}" for text in advice], [f"{shown}: {text}" for text in survey.faults]


@dataclass
class _Seen:
    """What the rows of one section hold, per column."""

    matched: list[int]
    rows: int = 0


@dataclass
class _MetricSeen:
    """What the rows hold that `where` selects for one metric: values of its labels, and rows of its series."""

    totals: MetricTotals
    values: list[dict[str, int]]
    series: dict[object, int] = field(default_factory=dict)
    rows: int = 0

    def add(self, row: RawRow, times: int) -> None:
        if not self.totals.selects(row):
            return
        self.rows += times
        exposed = tuple(reader.of_row(row).value for reader in self.totals.labels)
        for values, value in zip(self.values, exposed):
            _count(values, value, times)
        _count(self.series, exposed, times)


def _count(counts: dict[Any, int], key: object, times: int) -> None:
    if key in counts or len(counts) < MAX_KEPT:
        counts[key] = counts.get(key, 0) + times


class _Survey:
    """Takes rows, and keeps what they hold beside what they add up to."""

    def __init__(self, mapping: Mapping, plan: Plan) -> None:
        self.totals = Totals(mapping, plan)
        self.faults: dict[str, None] = {}
        self.sections = [_Seen([0] * len(fields.paths)) for fields in plan.sections]
        self.metrics = [
            [_MetricSeen(totals, [{} for _ in totals.labels]) for totals in section] for section in self.totals.sections
        ]

    def add(self, section: int, rows: Collection[tuple[RawRow, int]]) -> None:
        seen = self.sections[section]
        for row, times in rows:
            seen.rows += times
            for column, cell in enumerate(row[: len(seen.matched)]):
                if cell not in (None, 0, ()):
                    seen.matched[column] += times
            try:
                self.totals.add(section, [(row, times)])
                for metric in self.metrics[section]:
                    metric.add(row, times)
            except RunError as error:
                if len(self.faults) < _MAX_FAULTS:
                    self.faults[str(error)] = None


def _section_advice(fields: Fields, seen: _Seen, metrics: list[_MetricSeen]) -> Iterator[str]:
    if not seen.rows:
        yield f"{fields.rows.text} matches no element"
        return
    for path, matched in zip(fields.paths, seen.matched):
        if not matched:
            yield f"{path.text} matches nothing in {seen.rows} rows of {fields.rows.text}"
    for metric in metrics:
        for reader, values in zip(metric.totals.labels, metric.values):
            yield from _label_advice(metric, reader.label, values)
        yield from _order_advice(metric)


def _label_advice(metric: _MetricSeen, label: Label, values: dict[str, int]) -> Iterator[str]:
    name = metric.totals.metric.name
    never = [value for value in label.values if value not in values and value != label.default]
    if metric.rows and never:
        yield f"metric {name}: the declared {label.name} {', '.join(map(repr, never))} does not occur"
    if label.values or not looks_like_identifier(len(values), metric.rows):
        return
    # Rows that are counted or added up may be any; where each row is a thing with a name, its series is wanted.
    if metric.totals.metric.aggregator.has_zero and look_machine_made(values):
        yield (
            f"metric {name}: the label {label.name} has {len(values)} values in {metric.rows} rows: it looks like"
            " an identifier, which makes a series of every row; leave it out, or declare 'values' and 'other'"
        )


def _order_advice(metric: _MetricSeen) -> Iterator[str]:
    """Rows that `last` leaves out."""
    several = sum(rows > 1 for rows in metric.series.values())
    if several and metric.totals.metric.needs_order:
        yield (
            f"metric {metric.totals.metric.name}: {several} series {'have' if several > 1 else 'has'} several rows, of"
            " which only the last counts: add a label that divides them, or take sum, min or max"
        )
