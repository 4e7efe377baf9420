"""Read the buckets of a histogram that the source has counted: a row is a bucket, with its bound and its count."""

from __future__ import annotations

from collections.abc import Callable

from xmlprom import reasons
from xmlprom.errors import RunError
from xmlprom.mapping.model import Value
from xmlprom.reading.fields import RawRow
from xmlprom.series.aggregators import Bucket
from xmlprom.series.numbers import Cells, converter

CellsOf = Callable[[RawRow], Cells]


def bucket_reader(count: Value, count_cells: CellsOf, bound: Value, bound_cells: CellsOf) -> Callable[[RawRow], Bucket]:
    """A function that gives the bucket of a row.

    It raises an InvalidValueError for a text that is no number, a RunError for a number that is no count.
    """
    count_of, bound_of = converter(count), converter(bound)

    def bucket(row: RawRow) -> Bucket:
        number, upper = count_of(count_cells(row)), bound_of(bound_cells(row))
        if number is None or upper is None:
            what, path = ("count", count.path) if number is None else ("bound", bound.path)
            raise RunError(reasons.VALUE, f"a bucket has no {what} at {path.text}")
        if number < 0 or number % 1:
            raise RunError(reasons.VALUE, f"{number!r} at {count.path.text} is no count: a whole number from 0 on")
        return Bucket(upper, number)

    return bucket
