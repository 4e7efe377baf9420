"""Combine numbers into the value of a series: a count, sum, minimum, maximum, last value or distribution.

To add an `aggregate`: a class with its name here, its name in docs/mapping.schema.json and docs/mapping.md.
"""

from __future__ import annotations

from bisect import bisect_left
from math import inf, nan
from typing import NamedTuple, Union

from xmlprom import reasons
from xmlprom.errors import RunError


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


class Bucket(NamedTuple):
    """One bucket of a histogram that the source has counted."""

    bound: float
    number: float  # of observations


class CountedBuckets:
    """Gathers the buckets of a histogram that the source has counted, each row's on its own."""

    __slots__ = ("_counts",)
    needs_order = False
    has_zero = False
    cumulative = False

    def __init__(self, _bounds: tuple[float, ...] = ()) -> None:
        self._counts: dict[float, float] = {}

    def add(self, bucket: Bucket, times: int) -> None:
        """Take a bucket that so many rows have."""
        self._counts[bucket.bound] = self._counts.get(bucket.bound, 0) + bucket.number * times

    @property
    def value(self) -> Distribution:
        """The buckets in their order; the sum of what was observed is not known.

        :raises RunError: if cumulative counts fall
        """
        bounds = tuple(sorted(bound for bound in self._counts if bound != inf))
        counts = [self._counts[bound] for bound in bounds]
        if self.cumulative:
            last = self._counts.get(inf, counts[-1] if counts else 0)
            own = [high - low for low, high in zip([0, *counts], [*counts, last])]
        else:
            own = [*counts, self._counts.get(inf, 0)]
        for bound, count in zip((*bounds, inf), own):
            if count < 0:
                raise RunError(reasons.VALUE, f"cumulative counts fall at the bound {bound}")
        found = Distribution(bounds)
        found.buckets, found.count, found.sum = own, sum(own), nan
        return found


class CumulativeBuckets(CountedBuckets):
    """The same where each count has those of all smaller bounds in it."""

    __slots__ = ()
    cumulative = True


SeriesValue = Union[float, Distribution]  # the value of a series
AnyAggregate = Union[Aggregate, Distribution, CountedBuckets]
Aggregator = type[AnyAggregate]
AGGREGATORS: dict[str, type[Aggregate]] = {"sum": _Sum, "min": _Min, "max": _Max, "last": _Last}


def aggregator_class(type_: str, has_value: bool, aggregate: str | None) -> Aggregator:
    """What combines the numbers of one of a metric's series; it is made with the bounds of its buckets.

    :param aggregate: a name in AGGREGATORS, None for a histogram, a summary, or a metric without a value
    """
    if not has_value:
        return Aggregate if type_ == "info" else Count
    return Distribution if aggregate is None else AGGREGATORS[aggregate]
