"""Load the `value` of a metric: where its numbers come from, and how a text becomes one."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, NamedTuple

from xmlprom.mapping import path_parser, paths
from xmlprom.mapping.model import PLAIN_NUMBER, Bound, Unit, Value
from xmlprom.mapping.yaml_nodes import Node, read_optional
from xmlprom.series.aggregators import AGGREGATORS

if TYPE_CHECKING:
    from xmlprom.mapping.templates import Template

NO_PATH = paths.Path("", False, 0, (), "element")  # stands for a path with a problem, until `finish` raises
_KEYS = (
    "from", "aggregate", "map", "other", "missing", "part", "date", "zone", "number", "unit", "scale", "offset",
    "default", "invalid",
)  # fmt: skip
_MAX_DATE_FORMAT = 200  # characters; strptime takes time in the square of it
_BOUND_KEYS = ("from", "map", "number", "unit", "part", "scale", "offset", "cumulative")
_INFINITE = {"+Inf": inf, "Inf": inf, "inf": inf}  # the last bucket's bound, in every source
_WITH_COUNT = ("from", "aggregate", "scale", "offset")
_BESIDE_DATE = ("number", "unit")
_BESIDE_OTHER = ("date", "number", "unit", "part", "scale", "offset", "invalid")


class Context(NamedTuple):
    """What the whole mapping says of its values and labels."""

    namespaces: dict[str, str]
    constant: dict[str, str] = {}  # noqa: RUF012 - nobody writes to it
    missing: tuple[str, ...] = ()
    label_length: int = 256


def path_of(node: Node, namespaces: dict[str, str], use: str = "label") -> paths.Path | None:
    """A path; for `use` see path_parser.parse, and "rows"."""
    text = node.text()
    if text is None:
        return None
    try:
        if use == "rows":
            return path_parser.parse_rows(text, namespaces)
        return path_parser.parse(text, namespaces, use=use)
    except paths.PathError as error:
        node.problem(f"{text!r}: {error}" if text else str(error), error.offset)
        return None


def row_path(node: Node, namespaces: dict[str, str], use: str) -> paths.Path | None:
    """A path of a value or a condition."""
    path = path_of(node, namespaces, use)
    if path and path.absolute:
        node.problem(
            f"{path.text!r}: only a label can come from an absolute path; this one starts at the row: ../b as often"
            " as needed, or put it in a label"
        )
        return None
    return path


def load_value(node: Node, context: Context, type_: str) -> Value | None:
    """The `value` of a metric of that type."""
    observed = type_ in ("histogram", "summary")
    missing = ("", *context.missing)
    if not node.is_mapping:
        path = row_path(node, context.namespaces, "value")
        if not observed:
            node.problem("say how rows of one series become one number: {from: …, aggregate: sum}")
        return Value(path or NO_PATH, missing=missing)
    fields = node.fields(_KEYS, required=("from",) if observed else ("from", "aggregate"))
    if observed and "aggregate" in fields:
        fields["aggregate"].problem(f"a {type_} observes every value: leave 'aggregate' out")
    return _value_of(fields, context)


def _value_of(fields: dict[str, Node], context: Context) -> Value:
    path = row_path(fields["from"], context.namespaces, "value") if "from" in fields else None
    _check_together(fields, path)
    own = tuple(fields["missing"].texts()) if "missing" in fields else ()
    return Value(
        path=path or NO_PATH,
        aggregate=read_optional(fields, "aggregate", lambda n: n.choice(AGGREGATORS, "aggregate"), None),
        map=load_map(fields["map"]) if "map" in fields else {},
        other=read_optional(fields, "other", Node.number, None),
        missing=("", *own, *context.missing),
        parts=load_parts(fields["part"]) if "part" in fields else (),
        date=read_optional(fields, "date", _date, None),
        zone=read_optional(fields, "zone", _zone, "UTC"),
        form=read_optional(fields, "number", _form, PLAIN_NUMBER),
        unit=_unit(fields["unit"], context) if "unit" in fields else None,
        scale=read_optional(fields, "scale", load_factor, "1"),
        offset=read_optional(fields, "offset", Node.decimal, "0"),
        default=read_optional(fields, "default", Node.number, None),
        skip_invalid=read_optional(fields, "invalid", lambda n: n.choice(("fail", "skip"), "treatment"), "") == "skip",
    )


def _check_together(fields: dict[str, Node], path: paths.Path | None) -> None:
    if "zone" in fields and "date" not in fields:
        fields["zone"].problem("'zone' needs 'date'")
    if "other" in fields and "map" not in fields:
        fields["other"].problem("'other' needs 'map': it is the number of all other texts")
    _exclude(fields, "date", _BESIDE_DATE, "a text is read as one of both")
    _exclude(fields, "other", _BESIDE_OTHER, "with 'other' no text is read as a number")
    if path and path.take == "sum" and "date" in fields:
        fields["date"].problem("dates can't be added up: 'date' and sum() are mutually exclusive")
    if path and path.take == "count":
        for key, node in fields.items():
            if key not in _WITH_COUNT:
                node.problem(f"{key!r} and count() are mutually exclusive: how many there are is a number already")
    if "unit" in fields and "number" in fields and fields["number"].is_scalar and fields["number"].text() == "0x1F":
        fields["unit"].problem("hexadecimal numbers have no unit")


def _exclude(fields: dict[str, Node], key: str, others: tuple[str, ...], why: str) -> None:
    for other in others:
        if key in fields and other in fields:
            fields[other].problem(f"{other!r} and {key!r} are mutually exclusive: {why}")


def load_bound(node: Node, context: Context) -> Bound:
    """The bound of buckets that the source has counted."""
    if not node.is_mapping:
        return Bound(Value(row_path(node, context.namespaces, "unit") or NO_PATH, map=_INFINITE))
    fields = node.fields(_BOUND_KEYS, required=("from",))
    cumulative = fields.pop("cumulative", None)
    own = load_map(fields["map"], infinite=True) if "map" in fields else {}
    value = _value_of({key: field for key, field in fields.items() if key != "map"}, context._replace(missing=()))
    return Bound(
        value._replace(map={**_INFINITE, **own}),
        cumulative is not None and cumulative.choice(("true", "false"), "choice") == "true",
    )


def load_map(node: Node, infinite: bool = False) -> dict[str, float]:
    """The numbers that texts stand for; `infinite`: +Inf is one of them."""
    numbers = {}
    for _, text, value in node.entries():
        if infinite and value.is_scalar and value.text() in (*_INFINITE, ".inf", "+.inf", ".Inf"):
            numbers[text] = inf
        elif (number := value.number()) is not None:
            numbers[text] = number
    return numbers


def load_parts(node: Node) -> tuple[Template, ...]:
    """The templates of a `part`."""
    from xmlprom.mapping.templates import TemplateError, parse  # noqa: PLC0415 - few mappings have any

    templates = []
    for item in [node] if node.is_scalar else node.items():
        text = item.text()
        if text is None:
            continue
        try:
            templates.append(parse(text))
        except TemplateError as error:
            item.problem(str(error))
    if node.is_sequence and not list(node.items()):
        node.problem("at least one text is needed")
    return tuple(templates)


def _form(node: Node) -> str | None:
    from xmlprom.series.number_forms import FORMS  # noqa: PLC0415 - few mappings have a form

    text = node.text()
    if text is None or text in FORMS:
        return text
    instead = {
        "leading": "name the unit that follows, unit: C, or take a part, part: '{} *'",
        "whole": "leave it out",
    }
    node.problem(f"{text!r} is no form of a number: {instead.get(text) or 'write one of ' + ', '.join(FORMS)}")
    return None


def _unit(node: Node, context: Context) -> Unit | None:
    from xmlprom.mapping.unit_loader import load_unit  # noqa: PLC0415 - few mappings have units

    return load_unit(node, context)


def load_factor(node: Node) -> str | None:
    """A number other than 0, as it was written."""
    text = node.decimal()
    if text is not None and float(text) == 0:
        node.problem("a factor of 0 makes every number 0")
        return None
    return text


def _date(node: Node) -> str | None:
    from xmlprom.series.dates import date_format_fault  # noqa: PLC0415 - few mappings have dates

    text = node.text()
    if text is None:
        return None
    if "%Z" in text.replace("%%", ""):
        node.problem(
            "'%Z' reads a zone's name and ignores it: write the name out, '%H:%M:%S EST', and the zone in 'zone'"
        )
    elif len(text) > _MAX_DATE_FORMAT:
        node.problem(f"is no date format: it has more than {_MAX_DATE_FORMAT} characters")
    elif fault := date_format_fault(text):
        node.problem(f"{text!r} {fault}")
    return text


def _zone(node: Node) -> str | None:
    from xmlprom.series.dates import LOCAL, time_zone  # noqa: PLC0415 - see above

    text = node.text()
    if text is not None and text != LOCAL:
        try:
            time_zone(text)
        except ValueError:
            node.problem(f"{text!r} is no time zone that this host knows: UTC, local, or a name like Europe/Paris")
    return text
