"""Aggregate rows into series: each metric's labels, values, folding and limits."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Collection, Iterable
from collections.abc import Mapping as Dict
from operator import itemgetter
from typing import NamedTuple

from xmlprom import reasons
from xmlprom.errors import RunError
from xmlprom.mapping.model import Label, Limits, Mapping, Metric, Value
from xmlprom.mapping.paths import Path
from xmlprom.reading.patterns import Plan, RawRow
from xmlprom.series.aggregators import Aggregate, Distribution, SeriesValue
from xmlprom.series.cells import text_of
from xmlprom.series.numbers import Cells, InvalidValueError, converter

FOLDED = "other"  # the value of a label without an `other` of its own, past a limit
LabelValues = tuple[str, ...]


class Table(NamedTuple):
    """The series of one metric out of one source, by the values of its labels."""

    metric: Metric
    series: dict[LabelValues, SeriesValue]


class Series(NamedTuple):
    """Where a row belongs; `folded`: under another label value than its own."""

    values: LabelValues
    aggregate: Aggregate | Distribution
    folded: bool


class Totals:
    """Takes the rows of one source and holds the series that they make, per section and metric."""

    def __init__(self, mapping: Mapping, plan: Plan) -> None:
        self.rows = 0
        self.sections = [
            [MetricTotals(metric, fields.paths, mapping.limits) for metric in section.metrics]
            for section, fields in zip(mapping.sections, plan.sections)
        ]
        self._documents = plan.documents

    @property
    def folded(self) -> int:
        """Rows counted under another label value than their own, for each metric that did so."""
        return sum(metric.folded for section in self.sections for metric in section)

    @property
    def invalid(self) -> int:
        """Rows whose value was skipped, for each metric that did so."""
        return sum(metric.invalid for section in self.sections for metric in section)

    def add(self, section: int, rows: Collection[tuple[RawRow, int]]) -> None:
        """Take rows of a section, each with the number of times that it came.

        :raises RunError: for a value that is no number, an undeclared label value, a limit passed
        """
        self.rows += sum(map(itemgetter(1), rows))
        for metric in self.sections[section]:
            metric.add(rows)

    def finish(self, documents: list[str | None]) -> tuple[Table, ...]:
        """All series, those without a row that are known in advance too; `documents` are the document's texts.

        :raises RunError: see `add`
        """
        texts = dict(zip(self._documents, documents))
        return tuple(metric.table(texts) for section in self.sections for metric in section)


class MetricTotals:
    """The series of one metric."""

    def __init__(self, metric: Metric, paths: tuple[Path, ...], limits: Limits) -> None:
        columns = {path: column for column, path in enumerate(paths)}
        self.metric = metric
        self.labels = [(label, columns[label.path.without_words]) for label in metric.labels if not label.path.absolute]
        self.folded = 0
        self.invalid = 0
        self._limits = limits
        self._where = [(condition, columns[condition.path.without_words]) for condition in metric.where]
        self._cells = _cells(metric.value, columns) if metric.value else None
        self._number = converter(metric.value) if metric.value else None
        self._kind = metric.aggregator
        self._aggregates: dict[LabelValues, Aggregate | Distribution] = {}
        self._series: dict[object, Series] = {}  # by texts that came before
        self._texts = _getter([column for _, column in self.labels])

    def add(self, rows: Iterable[tuple[RawRow, int]]) -> None:
        """Take rows, each with the number of times that it came.

        :raises RunError: see Totals.add
        """
        number_of, cells_of = self._number, self._cells
        series, texts_of = self._series, self._texts
        for row, times in rows:
            if self._where and not self.selects(row):
                continue
            try:
                number = number_of(cells_of(row)) if number_of and cells_of else 1.0
            except InvalidValueError as error:
                self._refuse(error)
                self.invalid += times
                continue
            if number is None:
                continue
            _, aggregate, folded = series.get(texts_of(row)) or self._series_of(row)
            aggregate.add(number, times)
            if folded:
                self.folded += times

    def selects(self, row: RawRow) -> bool:
        """Whether `where` lets the row through."""
        return all(condition.holds(text_of(row[column], condition.path)) for condition, column in self._where)

    def number(self, row: RawRow) -> float | None:
        """What the row gives to its series, None if its value is missing.

        :raises InvalidValueError: if its value is no number and the mapping says that such rows are skipped
        :raises RunError: if the mapping does not say so
        """
        try:
            return self._number(self._cells(row)) if self._number and self._cells else 1.0
        except InvalidValueError as error:
            self._refuse(error)
            raise

    def _refuse(self, error: InvalidValueError) -> None:
        if not (self.metric.value and self.metric.value.skip_invalid):
            raise RunError(reasons.VALUE, f"metric {self.metric.name}: {error}") from None

    def series_of(self, row: RawRow) -> Series:
        """The series to which the row belongs.

        :raises RunError: see Totals.add
        """
        return self._series.get(self._texts(row)) or self._series_of(row)

    def _series_of(self, row: RawRow) -> Series:
        folded = False
        values = []
        for label, column in self.labels:
            value, changed = label_value(label, text_of(row[column], label.path), self.metric, self._limits)
            values.append(value)
            folded = folded or changed
        key = tuple(values)
        if key not in self._aggregates and len(self._aggregates) >= self._limits.series:
            if not self._limits.fold:
                raise self._too_many()
            key = tuple(value if label.values else FOLDED for (label, _), value in zip(self.labels, values))
            folded = folded or key != tuple(values)
        series = Series(key, self._aggregate(key), folded)
        if len(self._series) < self._limits.series:
            self._series[self._texts(row)] = series
        return series

    def _aggregate(self, key: LabelValues) -> Aggregate | Distribution:
        aggregate = self._aggregates.get(key)
        if aggregate is None:
            aggregate = self._aggregates[key] = self._kind(self.metric.buckets)
        return aggregate

    def table(self, documents: dict[Path, str | None]) -> Table:
        self._fill_zeros()
        own = [label for label, _ in self.labels]
        fixed = {
            label.name: label_value(label, documents[label.path.without_words], self.metric, self._limits)[0]
            for label in self.metric.labels
            if label.path.absolute
        }
        series = {}
        for key, aggregate in sorted(self._aggregates.items(), key=self._rank):
            _check_finite(aggregate.value, self.metric)
            values = {**fixed, **{label.name: value for label, value in zip(own, key)}}
            series[tuple(values[label.name] for label in self.metric.labels)] = aggregate.value
        return Table(self.metric, series)

    def _fill_zeros(self) -> None:
        """Add what is known in advance: each declared value beside each combination of the others that was seen."""
        if not self._kind.has_zero:
            return
        seen = {
            tuple(None if label.values else value for (label, _), value in zip(self.labels, key))
            for key in self._aggregates
        }
        if all(label.values for label, _ in self.labels):
            seen.add(tuple(None for _ in self.labels))
        size = math.prod(len(label.values) for label, _ in self.labels if label.values)
        if len(seen) * size > self._limits.series:
            if not self._limits.fold:
                raise self._too_many()
            return
        for combination in seen:
            choices = [
                label.values if value is None else (value,) for (label, _), value in zip(self.labels, combination)
            ]
            for key in itertools.product(*choices):
                self._aggregate(key)

    def _rank(self, item: tuple[LabelValues, object]) -> list[tuple[int, str]]:
        """Declared values in their order, others behind them by name."""
        return [
            (label.values.index(value) if value in label.values else len(label.values), value)
            for (label, _), value in zip(self.labels, item[0])
        ]

    def _too_many(self) -> RunError:
        return RunError(
            reasons.LIMIT,
            f"metric {self.metric.name} has more than {self._limits.series} series: is a label an identifier?"
            " Leave it out, declare its values, or raise limits.series",
        )


def _cells(value: Value, columns: Dict[Path, int]) -> Callable[[RawRow], Cells]:
    """A function that gives what the value's converter takes of a row."""
    path, unit = value.path.without_words, value.unit.path if value.unit else None
    return itemgetter(columns[path], columns[unit.without_words]) if unit else itemgetter(columns[path])


def _getter(columns: list[int]) -> Callable[[RawRow], object]:
    """A function that gives the texts of some columns, to tell rows apart."""
    return itemgetter(*columns) if columns else lambda _row: ()


def label_value(label: Label, text: str | None, metric: Metric, limits: Limits) -> tuple[str, bool]:
    """The label's value for a text, and whether it was folded."""
    value = text or label.default
    if label.values:
        if value in label.values:
            return value, False
        if label.other is not None:
            return label.other, True
        raise RunError(
            reasons.VALUE,
            f"metric {metric.name}: {_shown(value)} at {label.path.text} is no declared value of the label"
            f" {label.name!r}: add it to its 'values', or say with 'other' where to count it",
        )
    if len(value) > limits.label_length:
        if limits.fold:
            return FOLDED, True
        raise RunError(
            reasons.LIMIT,
            f"metric {metric.name}: the label {label.name!r} would be {len(value)} characters long, {_shown(value)};"
            f" limits.label_length is {limits.label_length}",
        )
    return value, False


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}...")


def _check_finite(cell: SeriesValue, metric: Metric) -> None:
    if not math.isfinite(cell.sum if isinstance(cell, Distribution) else cell):
        raise RunError(reasons.VALUE, f"metric {metric.name}: the sum is too large for a number")
