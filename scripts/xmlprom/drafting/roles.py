"""Tell from a field's texts and its name what it is good for."""

from __future__ import annotations

import re
from dataclasses import dataclass

from xmlprom.commands.source_fit import looks_like_identifier
from xmlprom.drafting.rows import Field, Rows
from xmlprom.drafting.survey import MAX_VALUES
from xmlprom.drafting.values import mixed_units, reading

MAX_DECLARED = 8  # values of a label
WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,31}")
_FEW_ROWS = 20  # of which hardly two are alike by chance

_IDENTIFIERS = {"guid", "handle", "hash", "id", "index", "key", "nr", "no", "number", "pid", "serial", "uid", "uuid"}
_NO_IDENTIFIERS = {"fluid", "grid", "humid", "invalid", "liquid", "paid", "rapid", "solid", "valid", "void"}
_NO_QUANTITIES = {"code", "port", "version"}  # numbers that measure nothing
_CATEGORIES = _NO_QUANTITIES | {"action", "category", "class", "kind", "level", "operation", "outcome", "priority"}
_CATEGORIES |= {"currency", "result", "role", "severity", "stage", "state", "status", "type", "unit"}
_KEYS = ("name", "mount", "device", "title", "label", "path", "file", "host")  # what tells rows apart, best first


@dataclass(frozen=True)
class Role:
    """`name` is "label", "value", "unique" (tells rows apart), "fact" (of a single row) or "left out", and why."""

    name: str
    reason: str = ""


@dataclass(frozen=True)
class _View:
    """A field's texts in figures; `above`: it belongs to an ancestor of the row."""

    field: Field
    rows: Rows
    above: bool

    @property
    def filled(self) -> int:
        return self.field.texts.count - self.field.texts.empty

    @property
    def distinct(self) -> int:
        return sum(1 for value in self.field.texts.values if value.strip())

    @property
    def few(self) -> bool:
        return not self.field.texts.many and self.distinct < MAX_VALUES

    @property
    def shared(self) -> bool:
        return self.few and (self.above or self.distinct * 2 <= self.filled)

    @property
    def enumerates(self) -> bool:
        """Whether the texts of few rows are words, some of them the same."""
        words = self.few and all(WORD.fullmatch(value) for value in self.field.texts.values if value.strip())
        repeated = self.distinct < self.filled and not is_like_identifier(self.field, self.rows)
        return self.rows.place.count < _FEW_ROWS and words and repeated

    @property
    def constant(self) -> bool:
        everywhere = self.filled == self.rows.place.count or "/" in self.field.path
        return self.distinct == 1 and everywhere and not self.above and self.rows.place.count > 1

    @property
    def tokens(self) -> set[str]:
        return set(self.field.words[-1].split("_")) if self.field.words else set()

    @property
    def identifies(self) -> bool:
        """Whether the name says so: id, or userid."""
        return any(token in _IDENTIFIERS or token.endswith("id") for token in self.tokens - _NO_IDENTIFIERS)

    @property
    def figures(self) -> str:
        more = "more than " if self.field.texts.many else ""
        rows = self.rows.place.count
        several = "s" if more or self.distinct > 1 else ""
        return f"({more}{self.distinct} value{several} in {rows} row{'s' if rows > 1 else ''})"


def role(field: Field, rows: Rows, above: bool = False) -> Role:
    """What a field of a row is good for; `above`: it belongs to an ancestor of the row."""
    view = _View(field, rows, above)
    unusable = _unusable(view)
    if unusable is not None:
        return Role("left out", unusable)
    read = reading(field, rows)
    category = view.shared and (view.identifies or is_category(field))
    if read and (read.time or not (category or view.tokens & _NO_QUANTITIES)):
        return Role("value")
    if field.texts.dates:  # as a label, each would be a new series
        return Role("left out", "holds dates of several forms, of an unknown one, or among other texts")
    if units := mixed_units(field.texts):
        return Role("left out", f"has numbers of mixed units: {units}")
    if rows.repeated:
        return _label(view)
    return Role("fact") if view.few else Role("left out", "is a long text")


def is_category(field: Field) -> bool:
    """Whether the name is one that sorts things."""
    return bool(field.words and _CATEGORIES.intersection(field.words[-1].split("_")))


def is_like_identifier(field: Field, rows: Rows) -> bool:
    """Whether `check` would say so of a label."""
    seen = rows.place.count if field in rows.above else field.texts.count
    return looks_like_identifier(len(field.texts.values), seen)


def key_of(fields: list[Field], rows: Rows) -> Field | None:
    """The field that tells rows apart, where all of them have it."""

    def rank(field: Field) -> int:
        last = field.words[-1] if field.words else ""
        return _KEYS.index(last) if last in _KEYS else len(_KEYS)

    complete = [field for field in fields if field.texts.count - field.texts.empty == rows.place.count]
    keys = [field for field in complete if rank(field) < len(_KEYS) or not is_like_identifier(field, rows)]
    return min(keys, key=rank, default=None)


def _unusable(view: _View) -> str | None:
    """Why a field can't be used, "" where that goes without saying; None if it can."""
    texts = view.field.texts
    if not view.filled:
        return ""
    if texts.long:
        return "holds long texts"
    if view.identifies and (view.above or not view.shared):
        return f"looks like an identifier {view.figures}"
    if texts.rising and view.filled > 2:
        return f"counts the rows {view.figures}"
    return None


def _label(view: _View) -> Role:
    if not view.few:
        return Role("left out", f"has too many or too long values for a label {view.figures}")
    if view.constant:
        return Role("left out", f"is always {view.field.texts.values[0]!a} here")
    if (
        view.shared
        or view.enumerates
        or (is_category(view.field) and (view.distinct < view.filled or view.distinct <= MAX_DECLARED))
    ):
        return Role("label")
    if view.distinct < view.filled:
        return Role("left out", f"has too many values for so few rows {view.figures}")
    return Role("unique", f"has another value in every row {view.figures}")
