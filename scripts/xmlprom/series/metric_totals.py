"""Aggregate rows into the series of one metric: its labels, values, folding and limits."""

from __future__ import annotations

import contextlib
import itertools
import math
from collections.abc import Callable, Iterable
from collections.abc import Mapping as Dict
from operator import itemgetter
from typing import Any, NamedTuple

from xmlprom import reasons
from xmlprom.errors import RunError
from xmlprom.mapping.model import Limits, Metric, Value
from xmlprom.mapping.paths import Path
from xmlprom.reading.fields import Cell, RawRow
from xmlprom.series.aggregators import AnyAggregate, Distribution, SeriesValue
from xmlprom.series.condition_reader import ConditionReader
from xmlprom.series.labels import FOLDED, LabelReader
from xmlprom.series.numbers import Cells, InvalidValueError, converter

LabelValues = tuple[str, ...]


class Table(NamedTuple):
    """The series of one metric out of one source, by the values of its labels."""

    metric: Metric
    series: dict[LabelValues, SeriesValue]


class Series(NamedTuple):
    """Where a row belongs; `folded`: under another label value than its own."""

    values: LabelValues
    aggregate: AnyAggregate
    folded: bool


class MetricTotals:
    """The series of one metric."""

    def __init__(self, metric: Metric, paths: tuple[Path, ...], limits: Limits) -> None:
        columns = {path: column for column, path in enumerate(paths)}
        self.metric = metric
        self.labels = [
            LabelReader(label, columns[label.path.without_words], metric.name, limits)
            for label in metric.labels
            if not label.path.absolute
        ]
        self.folded = 0
        self.invalid = 0
        self.is_empty = False  # with rows, but not one value; known once there is a table
        self._has_left_out = False
        self._limits = limits
        self._where = [ConditionReader(condition, columns, metric.name) for condition in metric.where]
        self._cells, self._number = _reading(metric, columns)
        self._kind = metric.aggregator
        self._aggregates: dict[LabelValues, AnyAggregate] = {}
        self._unknown: set[LabelValues] = set()  # series with rows that have no value
        self._series: dict[object, Series] = {}  # by texts that came before
        self._texts = _getter([reader.column for reader in self.labels])

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
                number: Any = number_of(cells_of(row)) if number_of and cells_of else 1.0
            except InvalidValueError as error:
                self._refuse(error)
                self.invalid += times
                number = None
            except RunError as error:
                raise RunError(error.reason, f"metric {self.metric.name}: {error}") from None
            if number is None:
                self.leave_out(row)
                continue
            _, aggregate, folded = series.get(texts_of(row)) or self._series_of(row)
            aggregate.add(number, times)
            if folded:
                self.folded += times

    def selects(self, row: RawRow) -> bool:
        """Whether `where` lets the row through."""
        return all(condition.holds(row) for condition in self._where)

    def number(self, row: RawRow) -> Any:
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

    def leave_out(self, row: RawRow) -> None:
        """Take a row without a value: a series that has only such rows is unknown, not 0."""
        self._has_left_out = True
        if self._kind.has_zero and len(self._unknown) <= self._limits.series:
            with contextlib.suppress(RunError):  # it has no part in the metric, so its labels may be any
                self._unknown.add(tuple(reader.of_row(row).value for reader in self.labels))

    def series_of(self, row: RawRow) -> Series:
        """The series to which the row belongs.

        :raises RunError: see Totals.add
        """
        return self._series.get(self._texts(row)) or self._series_of(row)

    def _series_of(self, row: RawRow) -> Series:
        exposed = [reader.of_row(row) for reader in self.labels]
        values = key = tuple(one.value for one in exposed)
        folded = any(one.folded for one in exposed)
        if key not in self._aggregates and len(self._aggregates) >= self._limits.series:
            if not self._limits.fold:
                raise self._too_many()
            key = tuple(value if reader.ranks else FOLDED for reader, value in zip(self.labels, values))
            folded = folded or key != values
        series = Series(key, self._aggregate(key), folded)
        if len(self._series) < self._limits.series:
            self._series[self._texts(row)] = series
        return series

    def _aggregate(self, key: LabelValues) -> AnyAggregate:
        aggregate = self._aggregates.get(key)
        if aggregate is None:
            aggregate = self._aggregates[key] = self._kind(self.metric.buckets)
        return aggregate

    def table(self, documents: dict[Path, Cell]) -> Table:
        self.is_empty = not self._aggregates and self._has_left_out
        self._fill_zeros()
        own = [reader.label.name for reader in self.labels]
        fixed = {
            label.name: LabelReader(label, 0, self.metric.name, self._limits)
            .exposed(documents[label.path.without_words])
            .value
            for label in self.metric.labels
            if label.path.absolute
        }
        series = {}
        for key, aggregate in sorted(self._aggregates.items(), key=self._rank):
            value = self._value(aggregate)
            values = {**fixed, **dict(zip(own, key))}
            series[tuple(values[label.name] for label in self.metric.labels)] = value
        return Table(self.metric, series)

    def _value(self, aggregate: AnyAggregate) -> SeriesValue:
        try:
            value = aggregate.value
        except RunError as error:
            raise RunError(error.reason, f"metric {self.metric.name}: {error}") from None
        _check_finite(value, self.metric)
        return value

    def _fill_zeros(self) -> None:
        """Add what is known in advance: each declared value beside each combination of the others that was seen."""
        if not self._kind.has_zero or len(self._unknown) > self._limits.series:
            return
        seen = {
            tuple(None if reader.ranks else value for reader, value in zip(self.labels, key))
            for key in self._aggregates
        }
        if all(reader.ranks for reader in self.labels):
            seen.add(tuple(None for _ in self.labels))
        size = math.prod(len(reader.ranks) for reader in self.labels if reader.ranks)
        if len(seen) * size > self._limits.series:
            if not self._limits.fold:
                raise self._too_many()
            return
        for combination in seen:
            choices = [
                reader.label.values if value is None else (value,) for reader, value in zip(self.labels, combination)
            ]
            for key in itertools.product(*choices):
                if key not in self._unknown:
                    self._aggregate(key)

    def _rank(self, item: tuple[LabelValues, object]) -> list[tuple[int, str]]:
        """Declared values in their order, others behind them by name."""
        return [(reader.ranks.get(value, len(reader.ranks)), value) for reader, value in zip(self.labels, item[0])]

    def _too_many(self) -> RunError:
        return RunError(
            reasons.LIMIT,
            f"metric {self.metric.name} has more than {self._limits.series} series: is a label an identifier?"
            " Leave it out, declare its values, or raise limits.series",
        )


def _reading(metric: Metric, columns: Dict[Path, int]) -> tuple[Any, Any]:
    """What takes of a row what its number is made of, and what makes it; None for both if rows are counted."""
    if metric.value is None:
        return None, None
    if metric.bound is None:
        return _cells(metric.value, columns), converter(metric.value)
    from xmlprom.series.counted_buckets import bucket_reader  # noqa: PLC0415 - few histograms are counted already

    value, bound = metric.value, metric.bound.value
    return (lambda row: row), bucket_reader(value, _cells(value, columns), bound, _cells(bound, columns))


def _cells(value: Value, columns: Dict[Path, int]) -> Callable[[RawRow], Cells]:
    """A function that gives what the value's converter takes of a row."""
    path, unit = value.path.without_words, value.unit.path if value.unit else None
    return itemgetter(columns[path], columns[unit.without_words]) if unit else itemgetter(columns[path])


def _getter(columns: list[int]) -> Callable[[RawRow], object]:
    """A function that gives the texts of some columns, to distinguish rows."""
    return itemgetter(*columns) if columns else lambda _row: ()


def _check_finite(cell: SeriesValue, metric: Metric) -> None:
    if isinstance(cell, Distribution) and math.isnan(cell.sum):
        return  # it isn't known
    if not math.isfinite(cell.sum if isinstance(cell, Distribution) else cell):
        raise RunError(reasons.VALUE, f"metric {metric.name}: the sum is too large for a number")
