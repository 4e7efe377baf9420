"""The written forms of numbers: which mark groups digits, and which is the decimal one."""

from __future__ import annotations

import re

PLAIN = "1234.5"
HEXADECIMAL = "0x1F"
SPACES = " \u00a0\u202f\u2009"  # what people and locales put between groups of digits
_APOSTROPHES = "'\u2019"
# The example that stands for the form -> (marks that group digits, decimal mark).
_MARKS = {
    PLAIN: ("", "."),
    "1,234.5": (",", "."),
    "1.234,5": (".", ","),
    "1 234,5": (SPACES, ","),
    "1 234.5": (SPACES, "."),
    "1'234.5": (_APOSTROPHES, "."),
    "1234,5": ("", ","),
}
FORMS = (*_MARKS, HEXADECIMAL)
_MAX_DIGITS = 300  # hexadecimal ones of numbers that a float can hold
_HEXADECIMAL = re.compile(r"[+-]?(?:0[xX])?[0-9A-Fa-f]+")


class NumberForm:
    """Reads numbers of one form."""

    def __init__(self, form: str) -> None:
        self._grouping, self._decimal = _MARKS.get(form, ("", "."))
        self._is_hexadecimal = form == HEXADECIMAL
        self._pattern = _HEXADECIMAL if self._is_hexadecimal else re.compile(_pattern(self._grouping, self._decimal))

    def split(self, text: str) -> tuple[str, str] | None:
        """A number at the text's start, as Python writes it, and what follows it; None if there is none."""
        match = self._pattern.match(text)
        if not match:
            return None
        number = match[0]
        if self._is_hexadecimal:
            return (str(int(number, 16)) if len(number) < _MAX_DIGITS else "inf"), text[match.end() :]
        for mark in self._grouping:
            number = number.replace(mark, "")
        return number.replace(self._decimal, "."), text[match.end() :]

    def plain(self, text: str) -> str | None:
        """The text as Python writes the number, None if it is none of the form."""
        found = self.split(text)
        return found[0] if found and not found[1] else None


def _pattern(grouping: str, decimal: str) -> str:
    whole = f"[1-9][0-9]{{0,2}}(?:[{grouping}][0-9]{{3}})+(?![0-9])|[0-9]+" if grouping else "[0-9]+"
    decimal = re.escape(decimal)
    return rf"[+-]?(?:(?:{whole})(?:{decimal}[0-9]*)?|{decimal}[0-9]+)(?:[eE][+-]?[0-9]+)?"
