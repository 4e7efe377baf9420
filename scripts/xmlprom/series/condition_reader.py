"""Which rows pass a condition of `where`."""

from __future__ import annotations

from collections.abc import Mapping as Dict

from xmlprom import reasons
from xmlprom.errors import RunError
from xmlprom.mapping.model import Condition
from xmlprom.mapping.paths import Path
from xmlprom.reading.fields import Cell, RawRow
from xmlprom.series.cells import text_of

_MAX_CACHED = 10_000  # texts whose answer is kept


class ConditionReader:
    """Asks one condition of rows."""

    def __init__(self, condition: Condition, columns: Dict[Path, int], metric: str) -> None:
        self._path = condition.path
        self._test = condition.test
        self._column = columns[condition.path.without_words]
        self._metric = metric
        self._cache: dict[Cell, bool] = {}

    def holds(self, row: RawRow) -> bool:
        """Whether a row passes.

        :raises RunError: if a text has to be compared as a number and is none, or there are several texts
        """
        cell = row[self._column]
        found = self._cache.get(cell)
        if found is None:
            found = self._ask(cell)
            if len(self._cache) < _MAX_CACHED:
                self._cache[cell] = found
        return found

    def _ask(self, cell: Cell) -> bool:
        try:
            text = text_of(cell, self._path)
        except RunError as error:
            hint = "; where only its presence matters, write {present: true}" if error.reason == "several" else ""
            raise RunError(error.reason, f"metric {self._metric}: where: {error}{hint}") from None
        try:
            return self._test(text)
        except ValueError:
            shown = repr(text if len(text or "") <= 60 else f"{(text or '')[:57]}...")
            raise RunError(
                reasons.VALUE,
                f"metric {self._metric}: where: {shown} at {self._path.text} is not a number, which 'greater' and"
                " 'less' compare: add it to 'missing' at the mapping's top, or select other rows",
            ) from None
