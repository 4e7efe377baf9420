"""Combine numbers into the value of a series: a count, sum, minimum, maximum, last value or distribution."""

from __future__ import annotations

from bisect import bisect_left
from math import inf
from typing import Union

from xmlprom.mapping.model import Metric


class Aggregate:
    """Of the rows of one series so far; this kind is for an info, which any row makes 1."""

    __slots__ = ("value",)
    start = 1.0

    def __init__(self, _metric: Metric) -> None:
        self.value: float = self.start

    def add(self, number: float, times: int) -> None:
        """Take a number that so many rows have."""


class _Count(Aggregate):
    __slots__ = ()
    start = 0

    def add(self, _number: float, times: int) -> None:
        self.value += times


class _Sum(Aggregate):
    __slots__ = ()
    start = 0.0

    def add(self, number: float, times: int) -> None:
        self.value += number * times


class _Min(Aggregate):
    __slots__ = ()
    start = inf

    def add(self, number: float, _times: int) -> None:
        self.value = min(self.value, number)


class _Max(Aggregate):
    __slots__ = ()
    start = -inf

    def add(self, number: float, _times: int) -> None:
        self.value = max(self.value, number)


class _Last(Aggregate):
    __slots__ = ()

    def add(self, number: float, _times: int) -> None:
        self.value = number


class Distribution:
    """What a histogram or summary holds: `buckets` are not cumulative, the last one is +Inf."""

    __slots__ = ("buckets", "count", "sum", "_bounds")

    def __init__(self, metric: Metric) -> None:
        self._bounds = metric.buckets
        self.buckets = [0] * (len(metric.buckets) + 1)
        self.count = 0
        self.sum = 0.0

    @property
    def value(self) -> Distribution:
        return self

    def add(self, number: float, times: int) -> None:
        """See Aggregate.add."""
        self.buckets[bisect_left(self._bounds, number)] += times
        self.count += times
        self.sum += number * times


SeriesValue = Union[float, Distribution]  # the value of a series
_KINDS: dict[str | None, type[Aggregate]] = {"sum": _Sum, "min": _Min, "max": _Max, "last": _Last}


def aggregator_class(metric: Metric) -> type[Aggregate | Distribution]:
    """What combines the numbers of one of the metric's series; it is made with the metric."""
    if metric.value is None:
        return Aggregate if metric.type == "info" else _Count
    return Distribution if metric.value.aggregate is None else _KINDS[metric.value.aggregate]
