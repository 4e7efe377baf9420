"""Why a text is no number, and what to write in the mapping so that it is one.

Imported only when a text was refused.
"""

from __future__ import annotations

import re

from xmlprom.mapping.model import Unit, Value
from xmlprom.series.number_forms import FORMS, HEXADECIMAL, PLAIN, NumberForm

_MARK = {",": "','", ".": "'.'", " ": "a space", "'": '"\'"'}
_UNIT = re.compile(r"[^\W\d_]+(?:[ /][^\W\d_]+)?|[%\u00b0\u2103][^\W\d_]*")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])")
_PREFIXES = {"k": "1000", "K": "1024", "M": "1048576", "G": "1073741824", "T": "1099511627776"}


def message(text: str, value: Value, what: str = "") -> str:
    """The message of a refused text.

    :param what: what is wrong with it, where more is known than that it is no number
    """
    place = f"{shown(text)} at {value.path.text}"
    if what == "has no unit":
        return f"{place} {what}: say which in unit.default"
    if what == "has an unknown unit" and value.unit and _is_number_of(value.form, text):
        return f"{place}: {_unknown_unit(text, value, value.unit)}"
    what = "" if what == "has an unknown unit" else what
    if what == "does not fit the part":
        forms = ", ".join(repr(part.text) for part in value.parts)
        return f"{place} {what} {forms}: add a form to the list ('{{}}' takes any text)"
    if what:
        instead = "add it to 'missing' or 'map', or count such rows with 'invalid: skip'"
        return f"{place} {what}" if what.startswith("is not clear") else f"{place} {what}: {instead}"
    return f"{place} is not a number{_of_no_number(text, value)}"


def _of_no_number(text: str, value: Value) -> str:
    if _DATE.match(text) and not value.unit:
        return " but a date: write date: iso8601, or the format that it has"
    part = "take the number out of it with 'part', " if re.search("[0-9]", text) and not value.parts else ""
    return (
        _form_advice(text, value)
        or _unit_advice(text, value)
        or f": {part}add it to 'missing' or 'map' ('other' takes all other texts), or count such rows with"
        " 'invalid: skip'"
    )


def shown(text: str) -> str:
    """A text of a source in a message: quoted, and not too long."""
    return repr(text if len(text) <= 60 else f"{text[:57]}...")


def _form_advice(text: str, value: Value) -> str | None:
    """Another form of numbers, in which the text is one; maybe with a unit."""
    fitting = [form for form in FORMS if form != value.form and _is_number_of(form, text)]
    if _is_number_of(value.form, text):
        return None
    if fitting == [HEXADECIMAL]:
        return (
            f': for hexadecimal ones write number: "{HEXADECIMAL}"' if text[1:2] in "xX" and text[:1] == "0" else None
        )
    hints = []
    for form in fitting:
        grouping, decimal = form[1:2], form[-2]
        if form == PLAIN:
            hints.append("if '.' is the decimal mark, leave number out or write number: \"1234.5\"")
        elif not grouping.isdigit() and any(mark in text for mark in _variants(grouping)):
            hints.append(f'if {_MARK[grouping]} groups digits, write number: "{form}"')
        elif grouping.isdigit() and decimal in text:
            hints.append(f'if {_MARK[decimal]} is the decimal mark, write number: "{form}"')
    return f": {'; '.join(_one_of_each_mark(hints))}" if hints else None


def _one_of_each_mark(hints: list[str]) -> list[str]:
    """Of several forms that differ in a mark that the text lacks, the last."""
    return list({hint.partition(",")[0] if "groups" in hint else hint: hint for hint in hints}.values())


def _variants(mark: str) -> str:
    return {" ": " \u00a0\u202f\u2009", "'": "'\u2019"}.get(mark, mark)


def _is_number_of(form: str, text: str) -> bool:
    """Whether the text is a number of the form, or one with a unit behind it."""
    found = NumberForm(form).split(text)
    if not found or form == HEXADECIMAL:
        return bool(found and not found[1])
    rest = found[1].strip()
    return not rest or (
        len(rest) <= 20 and not any(c.isdigit() or c in ".,'\u2019:-_" for c in rest) and "=" not in rest
    )


def _unit_advice(text: str, value: Value) -> str | None:
    from xmlprom.series.durations import DurationError, seconds  # noqa: PLC0415 - see the module
    from xmlprom.series.units import factors, family_of  # noqa: PLC0415 - see the module

    unit = text_unit(text, value.form)
    if unit and value.unit is None and not _UNIT.fullmatch(unit):
        return ": take the number out of it, part: '{} *'"
    if unit and value.unit is None:
        write = _prefix_advice(unit) if unit in _PREFIXES else family_of(unit) or unit
        return f": it has the unit {unit!r}: write unit: {write}"
    try:
        is_duration = seconds(text, factors("seconds").get, None) is not None
    except DurationError:
        is_duration = True
    return " but a duration: write unit: seconds" if is_duration and value.unit is None else None


def _prefix_advice(prefix: str) -> str:
    """The unit of `1.5K`, which may be in bytes, and in thousands or not."""
    worth = _PREFIXES[prefix]
    thousands = "1000" if prefix in "kK" else {"M": "1000000", "G": "1000000000", "T": "1000000000000"}[prefix]
    other = "" if worth == thousands else f", or {thousands}"
    kelvin = "; unit: celsius if it is a temperature" if prefix == "K" else ""
    return f"{{family: bytes, names: {{{prefix}: {worth}}}}}{other}{kelvin}"


def text_unit(text: str, form: str) -> str:
    """What follows the number in a text, where that can be a unit."""
    if not _is_number_of(form, text) or form == HEXADECIMAL:
        return ""
    found = NumberForm(form).split(text)
    return " ".join(found[1].split()) if found else ""


def _unknown_unit(text: str, value: Value, unit: Unit) -> str:
    if unit.path:
        name = text.rpartition(" ")[2]
    else:
        found = NumberForm(value.form).split(text)
        name = " ".join(found[1].split()) if found else ""
    name = name if len(name) <= 30 else f"{name[:27]}..."
    if unit.family == "bytes" and name in _PREFIXES:
        return f"the unit {name!r} is not in the family bytes: write unit: {_prefix_advice(name)}"
    if unit.family:
        where = (
            f"in the family {unit.family}: add it to unit.names (unit: {{family: {unit.family}, names: {{{name}: …}}}})"
        )
        return f"the unit {name!r} is not {where}"
    from xmlprom.series.units import family_of  # noqa: PLC0415 - see the module

    known = ", ".join(map(repr, list(unit.factors)[:5]))
    family = family_of(name) if name not in _PREFIXES else None
    if family:
        return f"the unit {name!r} is none of {known}: write unit: {family}, which knows it"
    return f"the unit {name!r} is none of {known}: add it to unit.names (unit: {{names: {{{name}: …}}}})"
