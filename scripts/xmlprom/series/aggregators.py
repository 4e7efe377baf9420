"""Combine numbers into the value of a series: a count, sum, minimum, maximum, last value or distribution.

To add an `aggregate`: a class with its name here, its name in docs/mapping.schema.json and docs/mapping.md.
"""

from __future__ import annotations

from bisect import bisect_left
from math import inf
from typing import Union


class Aggregate:
    """Of the rows of one series so far; this kind is for an info, which any row makes 1.

    `needs_order`: it matters which row comes last. `has_zero`: no rows mean 0, so declared label values have series
    without a row.
    """

    __slots__ = ("value",)
    start = 1.0
    needs_order = False
    has_zero = False

    def __init__(self, _bounds: tuple[float, ...] = ()) -> None:
        self.value: float = self.start

    def add(self, number: float, times: int) -> None:
        """Take a number that so many rows have."""


class Count(Aggregate):
    """Counts the rows."""

    __slots__ = ()
    start = 0
    has_zero = True

    def add(self, _number: float, times: int) -> None:
        self.value += times


class _Sum(Aggregate):
    __slots__ = ()
    start = 0.0
    has_zero = True

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
    needs_order = True

    def add(self, number: float, _times: int) -> None:
        self.value = number


class Distribution:
    """What a histogram or summary holds: `buckets` are not cumulative, the last one is +Inf."""

    __slots__ = ("bounds", "buckets", "count", "sum")
    needs_order = False
    has_zero = True

    def __init__(self, bounds: tuple[float, ...] = ()) -> None:
        self.bounds = bounds
        self.buckets: list[float] = [0] * (len(bounds) + 1)
        self.count: float = 0
        self.sum = 0.0

    @property
    def value(self) -> Distribution:
        return self

    def add(self, number: float, times: int) -> None:
        """See Aggregate.add."""
        self.buckets[bisect_left(self.bounds, number)] += times
        self.count += times
        self.sum += number * times


SeriesValue = Union[float, Distribution]  # the value of a series
Aggregator = Union[type[Aggregate], type[Distribution]]
AGGREGATORS: dict[str, type[Aggregate]] = {"sum": _Sum, "min": _Min, "max": _Max, "last": _Last}


def aggregator_class(type_: str, has_value: bool, aggregate: str | None) -> Aggregator:
    """What combines the numbers of one of a metric's series; it is made with the bounds of its buckets.

    :param aggregate: a name in AGGREGATORS, None for a histogram, a summary, or a metric without a value
    """
    if not has_value:
        return Aggregate if type_ == "info" else Count
    return Distribution if aggregate is None else AGGREGATORS[aggregate]
