"""What value a label gets for a row's text, and why: `collect`, `check` and `explain` all ask here."""

from __future__ import annotations

from typing import NamedTuple

from xmlprom import reasons
from xmlprom.errors import RunError, quoted
from xmlprom.mapping.model import Label, Limits
from xmlprom.reading.fields import Cell, RawRow
from xmlprom.series.cells import text_of

FOLDED = "other"  # the value of a label without an `other` of its own, past a limit
_MAX_CACHED = 10_000  # texts of one label whose value is kept


class Exposed(NamedTuple):
    """A label's value for a text. `why`: "" for the text itself, else what was done, for people.

    `folded`: the row is counted under another value than its own.
    """

    value: str
    why: str = ""
    folded: bool = False


class LabelReader:
    """Gives the values of one label of a metric."""

    def __init__(self, label: Label, column: int, metric: str, limits: Limits) -> None:
        self.label = label
        self.ranks = {value: rank for rank, value in enumerate(label.values)}
        self.column = column
        self._metric = metric
        self._limits = limits
        self._cache: dict[Cell, Exposed] = {}

    def of_row(self, row: RawRow) -> Exposed:
        """The label's value in a row.

        :raises RunError: see `exposed`
        """
        return self.exposed(row[self.column])

    def text_of(self, row: RawRow) -> str | None:
        """The text that the row has at the label's path."""
        return text_of(row[self.column], self.label.path)

    def exposed(self, cell: Cell) -> Exposed:
        """The label's value for what was read at its path.

        :raises RunError: if the value is not declared, too long, fits no part, or there is no one text
        """
        found = self._cache.get(cell)
        if found is None:
            try:
                text = text_of(cell, self.label.path)
            except RunError as error:
                raise self._failed(error.reason, f"label {self.label.name!r}: {error}") from None
            found = self._expose(text)
            if len(self._cache) < _MAX_CACHED:
                self._cache[cell] = found
        return found

    def _expose(self, text: str | None) -> Exposed:
        label = self.label
        value, why = text or "", ""
        for step in label.steps if value else ():
            try:
                changed = step.apply(value)
            except ValueError as error:
                raise self._failed(reasons.VALUE, str(error)) from None
            if changed is None:
                return self._undeclared(
                    text or "", f"does not fit the part of the label {label.name!r}: add a form to it"
                )
            value, why = changed, why if changed == value else step.why
        if not value and (label.default or "" not in label.words):
            value, why = label.default, "default" if label.default else ""
            if value in self.ranks or not label.values:
                return Exposed(value, why)
        elif value in label.words:
            word = label.words[value]
            return Exposed(word, why if word == value else "declared as")
        if label.values:
            return self._undeclared(value, f"is no declared value of the label {label.name!r}: add it to its 'values'")
        if len(value) > self._limits.label_length:
            return self._too_long(value)
        return Exposed(value, why)

    def _undeclared(self, text: str, what: str) -> Exposed:
        if self.label.other is not None:
            return Exposed(self.label.other, "no declared value", folded=True)
        message = f"{quoted(text)} at {self.label.path.text} {what}, or say with 'other' where to count it"
        raise self._failed(reasons.VALUE, message)

    def _too_long(self, text: str) -> Exposed:
        if self._limits.fold:
            return Exposed(FOLDED, "past a limit", folded=True)
        raise self._failed(
            reasons.LIMIT,
            f"the label {self.label.name!r} would be {len(text)} characters long, {quoted(text)};"
            f" limits.label_length is {self._limits.label_length}: 'cut: 64' keeps the first 64",
        )

    def _failed(self, reason: reasons.Reason, message: str) -> RunError:
        return RunError(reason, f"metric {self._metric}: {message}")


def explanation(label: Label, text: str | None, exposed: Exposed, value: str) -> str | None:
    """Why a label has `value`, which a limit may have made of `exposed`; None if it is the text itself."""
    place = f"at {label.path.text}"
    if exposed.value != value:
        return f"folded: {text or ''!r} {place} is past a limit, so {label.name} is {value!r}"
    if exposed.folded:
        return f"folded: {text or ''!r} {place} is {exposed.why}, so {label.name} is {value!r}"
    if exposed.why == "default":
        return f"default: nothing {place}, so {label.name} is {value!r}"
    return f"{exposed.why}: {text or ''!r} {place}, so {label.name} is {value!r}" if exposed.why else None
