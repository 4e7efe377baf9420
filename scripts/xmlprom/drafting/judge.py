"""Decide what of a survey is worth a metric: rows, labels, values; and say what is left out, and why."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Dict
from dataclasses import dataclass, replace

from xmlprom.drafting.names import MetricNames, label_name
from xmlprom.drafting.roles import MAX_DECLARED, WORD, Role, is_category, is_like_identifier, key_of, role
from xmlprom.drafting.rows import Field, Paths, Rows, candidates, snake, together
from xmlprom.drafting.survey import ANY, Place, Survey, Texts
from xmlprom.drafting.values import reading
from xmlprom.mapping.model import Label, Metric, Value
from xmlprom.mapping.paths import parse
from xmlprom.mapping.value_loader import short_unit
from xmlprom.series.units import family_of

MAX_SECTIONS = 20
_MAX_METRICS = 20  # of a section
_MAX_SERIES = 1000  # that the labels of a metric may make
_MAX_FACTS = 8  # labels of an info metric

_NOT_ADDED = frozenset(["average", "avg", "celsius", "max", "mean", "min", "peak", "percent", "ratio", "temperature"])


@dataclass(frozen=True)
class Remarked:
    """A metric, and why it is as it is."""

    metric: Metric
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Section:
    """Rows with their metrics; `left_out` tells what has none."""

    rows: str
    remark: str
    metrics: tuple[Remarked, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class Draft:
    """What a drafted mapping holds. `namespaces`: prefix -> URI, of those that are used."""

    sections: tuple[Section, ...]
    namespaces: dict[str, str]
    left_out: tuple[str, ...]


def judge(survey: Survey) -> Draft:
    """Draft the sections of a mapping."""
    prefixes = _prefixes(survey.prefixes)
    judge_ = _Judge(prefixes)
    found = [judge_.section(rows) for rows in candidates(survey, Paths(prefixes))]
    sections = [section for section in found if section]
    left_out = [f"{section.rows}: more than {MAX_SECTIONS} kinds of rows" for section in sections[MAX_SECTIONS:]]
    sections = sections[:MAX_SECTIONS] or [judge_.bare(survey.root)]
    text = " ".join(
        path
        for section in sections
        for path in (section.rows, *(path for remarked in section.metrics for path in _paths_of(remarked.metric)))
    )
    used = {prefix: uri for uri, prefix in prefixes.items() if prefix != "xml" and f"{prefix}:" in text}
    return Draft(tuple(sections), used, tuple(left_out[:MAX_SECTIONS]))


def _paths_of(metric: Metric) -> Iterator[str]:
    yield from (label.path.text for label in metric.labels)
    if metric.value:
        yield metric.value.path.text


def _prefixes(declared: Dict[str, str]) -> dict[str, str]:
    """Namespace -> prefix: the document's, made up for its default namespace; each only once."""
    prefixes: dict[str, str] = {"http://www.w3.org/XML/1998/namespace": "xml"}
    made_up = (f"ns{number or ''}" for number in itertools.count())
    for uri, prefix in declared.items():
        free = (candidate for candidate in itertools.chain([prefix], made_up) if candidate)
        prefixes[uri] = next(candidate for candidate in free if candidate not in prefixes.values())
    return {uri: prefix for uri, prefix in prefixes.items() if uri.isprintable()}


class _Judge:
    """Makes sections; knows the names that are taken."""

    def __init__(self, prefixes: Dict[str, str]) -> None:
        self._namespaces = {prefix: uri for uri, prefix in prefixes.items()}
        self._paths = Paths(prefixes)
        self._names = MetricNames()

    def bare(self, root: Place) -> Section:
        """The section of a sample that holds nothing to measure."""
        step = self._paths.step(root.tag)
        metric = Metric(self._names.choose((snake(root.tag), "rows")), "Documents")
        return Section(f"/{step or ANY}", "nothing found to count or measure", (Remarked(metric),), ())

    def section(self, rows: Rows) -> Section | None:
        fields = list(self._paths.fields(rows.place, deep=rows.repeated))
        left_out = [
            f"{self._paths.step(child.tag) or ascii(child.tag)}: {reason}"
            for child in rows.place.children
            if (reason := self._reason(child, bool(together(rows.place))))
        ]
        sorted_ = _Sorted([(field, role(field, rows)) for field in fields])
        left_out += sorted_.reasons("left out")
        metrics = self._repeated(rows, sorted_, left_out) if rows.repeated else self._single(rows, sorted_)
        if not metrics:
            return None
        left_out += [f"{len(metrics) - _MAX_METRICS} more values"] if len(metrics) > _MAX_METRICS else []
        kinds = f" with {len(rows.names)} names" if rows.names else ""
        noun = "element" if rows.place.count == 1 else "elements"
        remark = f"{rows.place.count} {noun}{kinds}"
        told: set[str] = set()
        for number, remarked in enumerate(metrics):
            metrics[number] = replace(remarked, remarks=tuple(text for text in remarked.remarks if text not in told))
            told.update(remarked.remarks)
        return Section(rows.path, remark, tuple(metrics[:_MAX_METRICS]), tuple(dict.fromkeys(left_out)))

    def _reason(self, child: Place, together: bool) -> str:
        if child.tag == ANY and not together:
            return f"{child.count} elements of too many different names"
        return "" if child.tag == ANY or self._paths.step(child.tag) else "a name that a path can't hold"

    def _single(self, rows: Rows, fields: _Sorted) -> list[Remarked]:
        metrics = [self._value(rows, field, (), True) for field in fields.of("value")]
        facts = fields.of("fact")[:_MAX_FACTS]
        if facts:
            metrics.append(
                Remarked(
                    Metric(
                        self._names.choose((*rows.words, "info"), "info"),
                        f"Texts of {rows.path}",
                        "info",
                        self._labels([Label("", parse(field.path, self._namespaces)) for field in facts], facts, rows),
                    ),
                    ("keep what seldom changes: every new text is a new series",),
                )
            )
        return metrics

    def _repeated(self, rows: Rows, fields: _Sorted, left_out: list[str]) -> list[Remarked]:
        found = fields.of("label") + [field for field in rows.above if role(field, rows, above=True).name == "label"]
        found.sort(key=is_category, reverse=True)
        if len(rows.names) > 1 and ANY not in rows.names:
            found.insert(0, Field("name()", ("item",), Texts(rows.place.count, values=_local(rows.names))))
        elif rows.names:
            left_out.append("name() has too many values for a label")
        unlike = [field for field in found if not (field in rows.above and is_like_identifier(field, rows))]
        left_out += [f"{field.path} has too many values for so few rows" for field in found if field not in unlike]
        kept, too_many = _affordable(unlike)
        left_out += [f"{field.path} would make too many series beside the other labels" for field in too_many]
        labels = self._labels([self._label(field, rows) for field in kept], kept, rows)
        by = f" by {' and '.join(label.name for label in labels)}" if labels else ""
        count = Metric(self._names.choose((*rows.words, "rows")), f"Rows of {rows.path}{by}", labels=labels)
        values, unique = fields.of("value"), fields.of("unique")
        key = key_of(unique, rows) if values else None
        left_out += [text for text in fields.reasons("unique") if not key or not text.startswith(f"{key.path} ")]
        if key:
            keyed = [key, *(field for field in kept if field.path == "name()")]
            labels = self._labels([self._label(field, rows) for field in keyed], keyed, rows)
        return [Remarked(count), *(self._value(rows, field, labels, key is not None) for field in values)]

    def _label(self, field: Field, rows: Rows) -> Label:
        texts = field.texts
        stable = (
            1 < len(texts.values) <= MAX_DECLARED
            and texts.count == rows.place.count
            and field.path != "name()"
            and not field.path.startswith("../")
            and not texts.many
            and all(WORD.fullmatch(value) for value in texts.values)
            and (len(texts.values) * 2 <= texts.count)
        )
        declared = stable or is_like_identifier(field, rows)  # which `check` wants to be declared
        path = parse(field.path, self._namespaces)
        return Label("", path, texts.values, "other") if declared else Label("", path)

    def _labels(self, labels: list[Label], fields: list[Field], rows: Rows) -> tuple[Label, ...]:
        """The labels with names."""
        taken: dict[str, Label] = {}
        for label, field in zip(labels, fields):
            words = field.words or (rows.words[-1],)
            name = label_name(words, rows.words[-1], taken)
            taken[name] = label._replace(name=name)
        return tuple(taken.values())

    def _value(self, rows: Rows, field: Field, labels: tuple[Label, ...], alone: bool) -> Remarked:
        """The metric of a number; `alone`: each of its series has one row."""
        read = reading(field, rows)
        assert read  # noqa: S101 - it has the role of a value
        path = parse(field.path, self._namespaces)
        tokens = {token for word in read.words for token in word.split("_")}
        not_added = tokens & _NOT_ADDED or not math.isfinite(field.texts.size * read.scale * 2)
        if read.time:
            aggregate, remark = ("last" if alone else "max"), ""
        elif alone:
            aggregate, remark = "last", "last: here each series has one row"
        elif not_added:
            aggregate, remark = ("min" if "min" in tokens else "max"), "adding these up would say nothing"
        else:
            aggregate, remark = "sum", "sum: a series has several rows; min, max or last if adding up says nothing"
        remarks = [remark] if remark and rows.repeated else []
        if read.date and read.date != "iso8601" and not read.date.endswith(("z", "GMT", "UTC %Y")):
            remarks.append("dates without an offset: name their 'zone' unless it is UTC")
        if read.skipped:
            remarks.append(f"skip: xmlprom_invalid_rows counts texts like {', '.join(map(ascii, read.skipped))}")
        family = family_of(field.texts.units[0]) if read.leading else None
        value = Value(
            path,
            aggregate,
            date=read.date,
            unit=short_unit(family or field.texts.units[0]) if read.leading else None,
            scale="1" if family else f"{read.scale:g}" if isinstance(read.scale, float) else str(read.scale),
            missing=read.missing,
            skip_invalid=bool(read.skipped),
        )
        help_ = f"{field.path} of {rows.path}" + (f", in {read.unit}" if read.unit else "")
        name = self._names.choose((*rows.words, *read.words))
        return Remarked(Metric(name, help_, labels=labels, value=value), tuple(remarks))


class _Sorted:
    """Fields by their role."""

    def __init__(self, fields: list[tuple[Field, Role]]) -> None:
        self._fields = fields

    def of(self, name: str) -> list[Field]:
        return [field for field, role in self._fields if role.name == name]

    def reasons(self, name: str) -> list[str]:
        return [f"{field.path} {role.reason}" for field, role in self._fields if role.name == name and role.reason]


def _local(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.rpartition("}")[2] for name in names))


def _affordable(fields: list[Field]) -> tuple[list[Field], list[Field]]:
    """Fields that together make a bearable number of series as labels, and the others."""
    size, kept, others = 1, [], []
    for field in fields:
        factor = len(field.texts.values) + 2  # "" and `other`
        if size * factor > _MAX_SERIES:
            others.append(field)
        else:
            size *= factor
            kept.append(field)
    return kept, others
