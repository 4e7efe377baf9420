"""How a valid mapping fits a source."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from xmlprom.errors import RunError
from xmlprom.mapping.model import Label, Mapping, Metric, Section
from xmlprom.reading.patterns import Cell, Fields, FieldTarget, Plan, RawRow, compile_plan
from xmlprom.reading.xml_parser import naming, stream
from xmlprom.series.builder import Totals

_MAX_KEPT = 1000  # distinct values per label
_MAX_FAULTS = 10
_IDENTIFIER_ROWS = 5  # fewer rows tell nothing
_IDENTIFIER_SHARE = 0.8  # of the rows have a value of their own


def source_advice(mapping: Mapping, path: str) -> tuple[list[str], list[str]]:
    """How the mapping fits a source: (advice, faults of rows that would make `collect` fail).

    Advice tells paths that never match, declared values that never come, labels that look like identifiers.

    :raises RunError: if the source fails as a whole
    """
    plan = compile_plan(mapping)
    survey = _Survey(mapping, plan)
    with naming(path):
        _, reader = stream(path, plan, mapping.limits, survey)
        advice: list[str] = []
        for fields, section, seen in zip(plan.sections, mapping.sections, survey.sections):
            advice.extend(_section_advice(fields, section, seen))
        for document_path, text in zip(plan.documents, reader.documents):
            if text is None:
                advice.append(f"{document_path.text} matches nothing")
        for target in reader.repeated:
            if isinstance(target, FieldTarget):
                fields = target.fields
                several = fields.paths[target.column]
                if not several.others:  # who writes `a|b` expects both
                    advice.append(
                        f"{several.text} matches several times in a row of {fields.rows.text}; only the first counts"
                    )
        if not survey.faults:
            survey.totals.finish(reader.documents)
    return [f"{path}: {text}" for text in advice], [f"{path}: {text}" for text in survey.faults]


@dataclass
class _Seen:
    """What the rows of one section hold, per column."""

    matched: list[int]
    values: list[dict[Cell, int]]
    rows: int = 0


class _Survey:
    """Takes rows, and keeps what they hold beside what they add up to."""

    def __init__(self, mapping: Mapping, plan: Plan) -> None:
        self.totals = Totals(mapping, plan)
        self.faults: dict[str, None] = {}
        self.sections = [_Seen([0] * len(fields.paths), [{} for _ in fields.paths]) for fields in plan.sections]

    def add(self, section: int, rows: Collection[tuple[RawRow, int]]) -> None:
        seen = self.sections[section]
        for row, times in rows:
            seen.rows += times
            for column, text in enumerate(row):
                if text is not None:
                    seen.matched[column] += times
                    values = seen.values[column]
                    if text in values or len(values) < _MAX_KEPT:
                        values[text] = values.get(text, 0) + times
            try:
                self.totals.add(section, [(row, times)])
            except RunError as error:
                if len(self.faults) < _MAX_FAULTS:
                    self.faults[str(error)] = None


def _section_advice(fields: Fields, section: Section, seen: _Seen) -> Iterator[str]:
    if not seen.rows:
        yield f"{fields.rows.text} matches no element"
        return
    for path, matched in zip(fields.paths, seen.matched):
        if not matched:
            yield f"{path.text} matches nothing in {seen.rows} rows of {fields.rows.text}"
    for metric in section.metrics:
        for label in metric.labels:
            if not label.path.absolute:
                column = fields.paths.index(label.path.without_words)
                yield from _label_advice(metric, label, seen.values[column], seen.matched[column])


def _label_advice(metric: Metric, label: Label, values: dict[Cell, int], matched: int) -> Iterator[str]:
    never = [value for value in label.values if value not in values and value != label.default]
    if matched and never:
        yield f"metric {metric.name}: the declared {label.name} {', '.join(map(repr, never))} never came"
    if looks_like_identifier(len(values), matched) and not label.values:
        yield (
            f"metric {metric.name}: the label {label.name} has {len(values)} values in {matched} rows: it looks like"
            " an identifier, which makes a series of every row; leave it out, or declare 'values' and 'other'"
        )


def looks_like_identifier(values: int, rows: int) -> bool:
    """Whether a label with so many values in so many rows would make a series of nearly every row."""
    return values >= _MAX_KEPT or (values >= _IDENTIFIER_ROWS and values > _IDENTIFIER_SHARE * rows)
