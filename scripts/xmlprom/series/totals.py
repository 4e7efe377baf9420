"""Aggregate the rows of a source into the series of all metrics."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from operator import itemgetter

from xmlprom import reasons
from xmlprom.errors import RunError
from xmlprom.mapping.model import Limits, Mapping
from xmlprom.reading.fields import Cell, RawRow
from xmlprom.reading.patterns import Plan
from xmlprom.series.metric_totals import MetricTotals, Table


class Totals:
    """Takes the rows of one source and holds the series that they make, per section and metric."""

    def __init__(self, mapping: Mapping, plan: Plan) -> None:
        self.rows = 0
        self.sections = [
            [MetricTotals(metric, fields.paths, mapping.limits) for metric in section.metrics]
            for section, fields in zip(mapping.sections, plan.sections)
        ]
        self._documents = plan.documents
        self._limits = mapping.limits

    @property
    def folded(self) -> int:
        """Rows counted under another label value than their own, for each metric that did so."""
        return sum(metric.folded for section in self.sections for metric in section)

    @property
    def invalid(self) -> int:
        """Rows whose value was skipped, for each metric that did so."""
        return sum(metric.invalid for section in self.sections for metric in section)

    @property
    def empty(self) -> tuple[str, ...]:
        """The names of the metrics that have rows but not one value; known once it is finished."""
        return tuple(metric.metric.name for section in self.sections for metric in section if metric.is_empty)

    def add(self, section: int, rows: Collection[tuple[RawRow, int]]) -> None:
        """Take rows of a section, each with the number of times that it came.

        :raises RunError: for a value that is no number, an undeclared label value, a limit passed
        """
        self.rows += sum(map(itemgetter(1), rows))
        for metric in self.sections[section]:
            metric.add(rows)

    def finish(self, documents: list[Cell]) -> tuple[Table, ...]:
        """All series, those without a row that are known in advance too; `documents` are the document's texts.

        :raises RunError: see `add`
        """
        texts = dict(zip(self._documents, documents))
        tables = tuple(metric.table(texts) for section in self.sections for metric in section)
        if len({table.metric.name for table in tables}) < len(tables):
            _check_together(tables, self._limits)
        return tables


def _check_together(tables: Iterable[Table], limits: Limits) -> None:
    """Check the metrics that several sections have: no series is in two, and all together are within the limit."""
    together: dict[str, set[frozenset[tuple[str, str]]]] = {}
    for metric, series in tables:
        found = together.setdefault(metric.name, set())
        names = [label.name for label in metric.labels]
        for values in series:
            one = frozenset(zip(names, values))
            if one in found:
                shown = ", ".join(f"{name}={value!r}" for name, value in zip(names, values))
                message = f"series {metric.name}{{{shown}}} comes from two sections: nothing says how to combine them"
                raise RunError(reasons.VALUE, message)
            found.add(one)
        if len(found) > limits.series:
            raise RunError(reasons.LIMIT, f"metric {metric.name} has more than {limits.series} series in all sections")
