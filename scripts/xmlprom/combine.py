"""Combine numbers into the value of a series: a count, sum, minimum, maximum, last value or distribution."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import Union

from xmlprom.mapping import Metric

LabelValues = tuple[str, ...]


class Distribution:
    """What a histogram or summary holds: `buckets` are not cumulative, the last one is +Inf."""

    def __init__(self, buckets: list[int]) -> None:
        self.buckets = buckets
        self.count = 0
        self.sum = 0.0


Cell = Union[float, Distribution]
Add = Callable[[LabelValues, float, int], None]  # takes a series, a number, and how many rows have it


def combiner(series: dict[LabelValues, Cell], metric: Metric) -> Add:
    """A function that adds to the metric's series in place what rows give to one of them."""
    return _KINDS["count" if metric.value is None else metric.value.aggregate](series, metric)


def _count(series: dict[LabelValues, Cell], metric: Metric) -> Add:
    def add(key: LabelValues, _number: float, times: int) -> None:
        series[key] = series.get(key, 0) + times  # type: ignore[operator]

    def add_info(key: LabelValues, _number: float, _times: int) -> None:
        series[key] = 1.0

    return add_info if metric.type == "info" else add


def _sum(series: dict[LabelValues, Cell], _metric: Metric) -> Add:
    def add(key: LabelValues, number: float, times: int) -> None:
        series[key] = series.get(key, 0.0) + number * times  # type: ignore[operator]

    return add


def _min(series: dict[LabelValues, Cell], _metric: Metric) -> Add:
    def add(key: LabelValues, number: float, _times: int) -> None:
        series[key] = min(series.get(key, number), number)  # type: ignore[type-var]

    return add


def _max(series: dict[LabelValues, Cell], _metric: Metric) -> Add:
    def add(key: LabelValues, number: float, _times: int) -> None:
        series[key] = max(series.get(key, number), number)  # type: ignore[type-var]

    return add


def _last(series: dict[LabelValues, Cell], _metric: Metric) -> Add:
    def add(key: LabelValues, number: float, _times: int) -> None:
        series[key] = number

    return add


def _observe(series: dict[LabelValues, Cell], metric: Metric) -> Add:
    def add(key: LabelValues, number: float, times: int) -> None:
        cell = series.get(key)
        if not isinstance(cell, Distribution):
            cell = series[key] = Distribution([0] * (len(metric.buckets) + 1))
        cell.buckets[bisect_left(metric.buckets, number)] += times
        cell.count += times
        cell.sum += number * times

    return add


_KINDS: dict[str | None, Callable[[dict[LabelValues, Cell], Metric], Add]] = {
    "count": _count,
    "sum": _sum,
    "min": _min,
    "max": _max,
    "last": _last,
    None: _observe,
}
