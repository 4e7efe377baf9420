"""Turn the text of a source into a number, as a mapping's `value` says.

A text passes: `map` and `missing`, `part`, `date` or number and unit, `scale`, `offset`.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite, nan
from typing import Optional, Union

from xmlprom.mapping.model import PLAIN_NUMBER, Unit, Value
from xmlprom.reading.fields import Cell
from xmlprom.series.cells import text_of

# Takes the cell of the value's path or, if the unit has a path of its own, a tuple of both cells.
Cells = Union[Cell, tuple[Cell, Cell]]
Converter = Callable[[Cells], Optional[float]]
ONE = ("1", "0")


class InvalidValueError(ValueError):
    """The text is neither a number, nor mapped to one, nor declared as missing."""

    def __init__(self, text: str, value: Value, what: str = "") -> None:
        super().__init__(text)
        self._text = text
        self._value = value
        self._what = what

    def __str__(self) -> str:
        from xmlprom.series.number_advice import message  # noqa: PLC0415 - only a failed run, or explain, pays for it

        return message(self._text, self._value, self._what)


def converter(value: Value) -> Converter:
    """A function that gives the number of a row: None if it is missing and there is no default.

    It raises InvalidValueError for a text that is none.
    """
    if value.path.take in ("sum", "count"):
        from xmlprom.series.row_sums import RowSum  # noqa: PLC0415 - few values add up within a row

        return RowSum(value).number_of
    simple = not (value.date or value.unit or value.parts or value.path.words or value.other is not None)
    return _simple(value) if simple and value.form == PLAIN_NUMBER else NumberReader(value).number_of


def known_texts(value: Value) -> dict[str, float | None]:
    """The texts that are not read as numbers, with what they stand for."""
    default = None if value.default is None else float(value.default)
    return {
        **dict.fromkeys(("", *value.missing), default),
        **{text: float(number) for text, number in value.map.items()},
    }


def _simple(value: Value) -> Converter:
    """Of texts that are numbers alone."""
    known = known_texts(value)
    scaled = _scaling(ONE, value)
    strict: NumberReader | None = None

    def number_of(cell: Cells) -> float | None:
        nonlocal strict
        text = cell.strip() if type(cell) is str else text_of(cell, value.path) or ""  # type: ignore[arg-type]
        if text in known:
            return known[text]
        try:
            number = scaled(text)
        except ValueError:
            number = nan
        # float takes more than is a number here.
        if not isfinite(number) or "_" in text or not text.isascii():
            strict = strict or NumberReader(value)
            return strict.number_of(text)
        return number

    return number_of


def _scaling(worth: tuple[str, str], value: Value) -> Callable[[str], float]:
    """What makes the number of a text with a unit of that worth."""
    own = (value.scale, value.offset)
    if worth == own == ONE:
        return float
    from xmlprom.series.scaling import combined, linear  # noqa: PLC0415 - most numbers are taken as they are

    return linear(*combined(worth, own))


class NumberReader:
    """Converts the texts of one value, one by one."""

    def __init__(self, value: Value) -> None:
        from xmlprom.series.number_forms import NumberForm  # noqa: PLC0415 - plain numbers do without

        self.value = value
        self.known = known_texts(value)
        self.form = NumberForm(value.form)
        self._scaled: dict[tuple[str, str], Callable[[str], float]] = {}

    def number_of(self, cells: Cells) -> float | None:
        value = self.value
        cell, unit_cell = cells if value.unit and value.unit.path else (cells, None)  # type: ignore[misc, str-unpack]
        text = (text_of(cell, value.path) or "").strip()  # type: ignore[arg-type]
        if text in self.known:
            return self.known[text]
        if value.other is not None:
            return value.other
        if value.parts:
            text = self.part(text)
            if text in self.known:
                return self.known[text]
        number, worth = self.read(text, unit_cell)
        return self.scaled(number, worth, text)

    def scaled(self, number: str, worth: tuple[str, str], text: str) -> float:
        """The finite number that a text stands for."""
        scale = self._scaled.get(worth)
        if scale is None:
            scale = self._scaled[worth] = _scaling(worth, self.value)
        found = scale(number)
        if not isfinite(found):
            raise InvalidValueError(text, self.value, "is too large for a number")
        return found

    def part(self, text: str) -> str:
        from xmlprom.mapping.templates import TemplateError, first_part  # noqa: PLC0415 - the loader has it then

        try:
            part = first_part(self.value.parts, text)
        except TemplateError as error:
            raise InvalidValueError(text, self.value, str(error)) from None
        if part is None:
            raise InvalidValueError(text, self.value, "does not fit the part")
        return part

    def read(self, text: str, unit_cell: Cell = None) -> tuple[str, tuple[str, str]]:
        """The number that a text holds, as Python writes it, and the (factor, offset) of its unit."""
        if self.value.date:
            return _unix_time(text, self.value), ONE
        unit = self.value.unit
        if unit is None or unit.path:
            number = self.form.plain(text)
            if number is None:
                raise InvalidValueError(text, self.value)
            if unit is None or unit.path is None:
                return number, ONE
            name = (text_of(unit_cell, unit.path) or "").strip()
            return number, self._worth(unit, name, number, f"{text} {name}".strip())
        return self._with_unit(text, unit)

    def _with_unit(self, text: str, unit: Unit) -> tuple[str, tuple[str, str]]:
        number, rest = self.form.split(text) or (None, "")
        name = " ".join(rest.split())
        known = number is not None and (not name or unit.worth(name) is not None)
        if unit.family == "seconds" and not known:
            from xmlprom.series.durations import DurationError, seconds  # noqa: PLC0415 - few texts are durations

            try:
                duration = seconds(text, unit.worth, unit.clock)
            except DurationError as error:
                raise InvalidValueError(text, self.value, f"is not clear: {error}") from None
            if duration is not None:
                return duration, ONE
        if number is None:
            raise InvalidValueError(text, self.value)
        return number, self._worth(unit, name, number, text)

    def _worth(self, unit: Unit, name: str, number: str, text: str) -> tuple[str, str]:
        if not name and unit.default is None and unit.family != "celsius" and float(number) == 0:
            return ONE
        worth = unit.worth(name or unit.default or "")
        if worth is None:
            raise InvalidValueError(text, self.value, "has no unit" if not name else "has an unknown unit")
        return worth


def _unix_time(text: str, value: Value) -> str:
    from xmlprom.series.dates import unix_time  # noqa: PLC0415 - few mappings have dates; datetime takes 2 ms to import

    try:
        return repr(unix_time(text, value.date or "", value.zone))
    except (ValueError, OverflowError):
        raise InvalidValueError(text, value, f"is not a date of the form {value.date}") from None
