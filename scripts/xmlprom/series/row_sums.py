"""Turn the texts that a row has at a path with sum() or count() into one number."""

from __future__ import annotations

from xmlprom.mapping.model import Value
from xmlprom.series.cells import texts_of
from xmlprom.series.numbers import ONE, Cells, NumberReader
from xmlprom.series.scaling import total


class RowSum:
    """Converts the texts of sum() and count()."""

    def __init__(self, value: Value) -> None:
        self._one = NumberReader(value)
        self._missing = {"", *value.missing} - set(value.map)

    def number_of(self, cells: Cells) -> float | None:
        one, value = self._one, self._one.value
        cell, unit_cell = cells if value.unit and value.unit.path else (cells, None)  # type: ignore[misc, str-unpack]
        if value.path.take == "count":
            count = cell if isinstance(cell, int) else len(texts_of(cell, value.path))  # type: ignore[arg-type]
            return one.scaled(str(count), ONE, str(count))
        texts = texts_of(cell, value.path)  # type: ignore[arg-type]
        numbers, mapped = [], []
        for text in map(str.strip, texts):
            if text in self._missing:
                continue
            part = one.part(text) if value.parts and text not in value.map else text
            if part in value.map:
                mapped.append(float(value.map[part]))
            elif value.other is not None:
                mapped.append(value.other)
            elif part not in self._missing:
                numbers.append(self._in_base_unit(*one.read(part, unit_cell)))
        if texts and not numbers and not mapped:
            return None if value.default is None else float(value.default)
        if mapped and not numbers:
            return sum(mapped)
        return one.scaled(total(numbers or ["0"]), ONE, "the sum") + sum(mapped)

    def _in_base_unit(self, number: str, worth: tuple[str, str]) -> str:
        if worth == ONE:
            return number
        from decimal import Decimal  # noqa: PLC0415 - see scaling

        try:
            return str(Decimal(number) * Decimal(worth[0]) + Decimal(worth[1]))
        except ArithmeticError:
            return "inf"
