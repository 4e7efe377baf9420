"""What a mapping says, as records; `load` makes them from YAML.

A mapping has sections (a kind of rows each), a section has metrics, a metric has labels and maybe a value.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator
from collections.abc import Mapping as Dict
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from xmlprom.mapping.paths import Path
from xmlprom.series.aggregators import Aggregator, CountedBuckets, CumulativeBuckets, aggregator_class

if TYPE_CHECKING:  # few mappings have any
    from xmlprom.mapping.conditions import Test
    from xmlprom.mapping.label_steps import Step
    from xmlprom.mapping.templates import Template

PLAIN_NUMBER = "1234.5"  # the form of numbers without marks that group digits
SOURCE_LABEL = "path"  # xmlprom sets it on every series: the source's path
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


class Limits(NamedTuple):
    """Bounds of a run. Past `series` or `label_length` it fails, or folds into "other" if `fold` is set."""

    source_size: int = 1 << 30  # bytes
    series: int = 10_000  # per metric and run
    label_length: int = 256  # characters
    depth: int = 100  # levels of nested elements
    held: int = 50_000  # rows and table entries at once, because a text around them is still to come
    fold: bool = False


class Label(NamedTuple):
    """A label of a metric. With `values`, no other value appears than these and `other`."""

    name: str
    path: Path
    steps: tuple[Step, ...] = ()  # what changes the text before it is looked up
    values: tuple[str, ...] = ()  # distinct, in the order in which they are exposed
    words: Dict[str, str] = MappingProxyType({})  # a declared text -> the value as which it is exposed
    other: str | None = None  # the value of texts that are not declared, or that fit no part
    default: str = ""  # the value of rows without a text at the path


class Unit(NamedTuple):
    """Which units a value may have, each with the (factor, offset) that makes the family's base unit of it.

    `path`: where the unit is, if not behind the number; `words`: the units that are known in any case; `clock`: what
    a duration like 12:30 means, see series.durations.
    """

    factors: Dict[str, tuple[str, str]]
    family: str | None = None
    path: Path | None = None
    default: str | None = None
    clock: str | None = None
    words: frozenset[str] = frozenset()

    def worth(self, name: str) -> tuple[str, str] | None:
        """The factor and offset of a unit, as decimal texts; None if it is not known."""
        found = self.factors.get(name)
        return self.factors.get(name.lower()) if found is None and name.lower() in self.words else found


class Value(NamedTuple):
    """Where a metric's numbers come from and how a text becomes one."""

    path: Path
    aggregate: str | None = None  # a name in series.aggregators; None for histogram and summary
    map: Dict[str, float] = MappingProxyType({})
    other: float | None = None  # the number of all texts that are neither in `map` nor missing
    missing: tuple[str, ...] = ("",)  # texts that mean: no value
    parts: tuple[Template, ...] = ()  # which piece of the text is read: of the first one that fits
    date: str | None = None  # "iso8601" or a strptime format: the number is Unix time in seconds
    zone: str = "UTC"  # of dates without an offset: "local" is the host's, or a name like "Europe/Paris"
    form: str = PLAIN_NUMBER  # an example of how numbers are written, see series.number_forms
    unit: Unit | None = None
    scale: str = "1"  # a decimal number as it was written: number × scale + offset is exact
    offset: str = "0"
    default: float | None = None  # for a missing value; None makes no sample
    skip_invalid: bool = False  # other texts are counted, not an error


class Bound(NamedTuple):
    """The upper bound of a bucket that the source has counted; `cumulative`: its count has the smaller ones in it."""

    value: Value
    cumulative: bool = False


class Condition(NamedTuple):
    """Selects rows whose text at `path` passes `test`; see mapping.conditions."""

    path: Path
    test: Test


class Metric(NamedTuple):
    """One metric. `name` and `help` may hold {label}: such a label goes into the name, not onto the series."""

    name: str
    help: str
    type: str = "gauge"
    labels: tuple[Label, ...] = ()
    value: Value | None = None  # None: rows are counted
    where: tuple[Condition, ...] = ()
    buckets: tuple[float, ...] = ()
    bound: Bound | None = None  # a row is a bucket of a histogram, and `value` how many it has

    def paths(self) -> Iterator[Path]:
        """Every path whose text the metric needs; only those of labels may be absolute."""
        yield from (label.path for label in self.labels)
        yield from (condition.path for condition in self.where)
        for value in (self.value, self.bound.value if self.bound else None):
            if value:
                yield value.path
                if value.unit and value.unit.path:
                    yield value.unit.path

    @property
    def aggregator(self) -> Aggregator:
        """What combines the numbers of a series."""
        if self.bound:
            return CumulativeBuckets if self.bound.cumulative else CountedBuckets
        return aggregator_class(self.type, self.value is not None, self.value.aggregate if self.value else None)

    @property
    def needs_order(self) -> bool:
        """Whether it matters which row comes last."""
        return self.aggregator.needs_order

    @property
    def in_name(self) -> tuple[str, ...]:
        """The names of the labels that the metric's name holds."""
        return tuple(PLACEHOLDER.findall(self.name))

    def names(self) -> Iterator[str]:
        """Every name that the metric can have."""
        alternatives = self._alternatives()
        for values in itertools.product(*alternatives.values()):
            yield fill(self.name, dict(zip(alternatives, values)))

    @property
    def name_count(self) -> int:
        """How many `names` there are."""
        return math.prod(map(len, self._alternatives().values()))

    def _alternatives(self) -> dict[str, tuple[str, ...]]:
        labels = [label for label in self.labels if label.name in self.in_name]
        return {label.name: label.values + (() if label.other is None else (label.other,)) for label in labels}


class Section(NamedTuple):
    """One kind of rows and their metrics."""

    rows: Path
    metrics: tuple[Metric, ...]


class Mapping(NamedTuple):
    """A whole mapping. `sources` are paths and globs; `labels` are put on every series; `max_age` is in seconds."""

    sources: tuple[str, ...]
    sections: tuple[Section, ...]
    labels: Dict[str, str] = MappingProxyType({})
    limits: Limits = Limits()
    max_age: float | None = None

    @property
    def metrics(self) -> Iterator[Metric]:
        return (metric for section in self.sections for metric in section.metrics)


def fill(template: str, labels: Dict[str, str]) -> str:
    """`template` with every {label} that `labels` knows replaced by its value."""
    return PLACEHOLDER.sub(lambda match: labels.get(match[1], match[0]), template)
