"""Load the `unit` of a value: a family, a unit of its own, or the long form of both."""

from __future__ import annotations

from xmlprom.mapping.model import Unit
from xmlprom.mapping.value_loader import Context, load_factor, row_path
from xmlprom.mapping.yaml_nodes import Node, did_you_mean, read_optional


def load_unit(node: Node, context: Context) -> Unit | None:
    """The units that a value may have."""
    if not node.is_mapping:
        text = node.text()
        if text == "":
            node.problem("is empty: name a family, bytes, or a unit, RPM")
        return short_unit(text) if text else None
    fields = node.fields(("family", "names", "from", "default"))
    family = read_optional(fields, "family", _family, None)
    if "family" not in fields and "names" not in fields:
        node.problem("'family' or 'names' is needed: which units there are")
    names = _names(fields["names"]) if "names" in fields else {}
    unit = _of_family(family)._replace(
        path=row_path(fields["from"], context.namespaces, "unit") if "from" in fields else None,
        default=read_optional(fields, "default", Node.text, None),
    )
    unit = unit._replace(factors={**unit.factors, **names})
    if unit.default is not None and unit.worth(unit.default) is None and family != "":
        fields["default"].problem(f"the default {unit.default!r} is no unit of the family or of 'names'")
    return unit


def short_unit(text: str) -> Unit:
    """What `unit: text` means: a family, or this unit and no other."""
    from xmlprom.series.units import FAMILIES  # noqa: PLC0415 - few mappings have units

    if text in ("h:m", "m:s"):
        return _of_family("seconds")._replace(clock=text)
    return _of_family(text) if text in FAMILIES else Unit({text: ("1", "0")})


def _of_family(family: str | None) -> Unit:
    if not family:
        return Unit({})
    from xmlprom.series.units import factors, is_word  # noqa: PLC0415 - not for `unit: {names: …}`

    known = factors(family)
    return Unit(known, family, words=frozenset(filter(is_word, known)))


def _family(node: Node) -> str | None:
    from xmlprom.series.units import FAMILIES  # noqa: PLC0415 - not for `unit: {names: …}`

    text = node.text()
    if text is not None and text not in FAMILIES:
        hint = did_you_mean(text, FAMILIES) or f": it is one of {', '.join(FAMILIES)}"
        node.problem(f"{text!r} is no family of units{hint}")
        return ""
    return text


def _names(node: Node) -> dict[str, tuple[str, str]]:
    names = {}
    for key, name, value in node.entries():
        factor = load_factor(value)
        if name != " ".join(name.split()) or not name:
            key.problem(f"{name!r} is no unit: a text without white space around it")
        if factor is not None:
            names[name] = (factor, "0")
    return names
