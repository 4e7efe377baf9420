"""What to write instead of the parts of XPath that a mapping can't have."""

from __future__ import annotations

import re

ANCESTORS = "of an element around the row there is ../@name, ../name(), or a child of it, ../b"
DESCENDANTS = "below a row '//' is not supported: write the steps out, '*' stands for any element: b/*/c"
_AXES = {
    "preceding-sibling": "'preceding-sibling::' is not supported: make b the row: following-sibling::… goes forward",
    "parent": "'parent::' is written '../'",
    "ancestor": "'ancestor::' is not supported: '../' once per level",
    "ancestor-or-self": "'ancestor-or-self::' is not supported: '../' once per level",
    "child": "'child::' is left out: a/b",
    "attribute": "'attribute::' is written '@'",
    "self": "'self::' is left out: '.' is the row's text, name() its name",
    "descendant": DESCENDANTS,
    "descendant-or-self": DESCENDANTS,
}
_TEXT = "a path is the text already, without white space around it: b"
_PART = "a part of a text is a key beside 'from': part: 'before {} behind'"
_CONDITION = "conditions are in where: {'@a': {prefix: text}}, or contains, or a list of texts"
_NUMBER = "the number at a path is read as it is; 'scale' and 'offset' change it"
_ALL = "of all matches there are sum() and count(); for others make the elements rows, with 'aggregate'"
_CASE = "lower case is a key beside 'from': lower: true; other words are values: {text: word}"
_NAME = "name() is the row's name without its namespace; for any namespace write {*}b"
_PLACE = "a row doesn't know its place; b[2] is the second b, and the last one is 'aggregate: last' of rows"
_CONSTANT = "a text that is always the same is one of the 'labels' at the mapping's top"
_FUNCTIONS = {
    **dict.fromkeys(("string", "normalize-space", "data", "string-join"), _TEXT),
    **dict.fromkeys(("substring", "substring-before", "substring-after", "replace", "analyze-string"), _PART),
    **dict.fromkeys(("contains", "starts-with", "ends-with", "matches", "not", "boolean", "exists"), _CONDITION),
    **dict.fromkeys(("number", "round", "floor", "ceiling", "abs"), _NUMBER),
    **dict.fromkeys(("max", "min", "avg", "distinct-values"), _ALL),
    **dict.fromkeys(("translate", "lower-case", "upper-case"), _CASE),
    **dict.fromkeys(("local-name", "namespace-uri", "node-name"), _NAME),
    **dict.fromkeys(("position", "last"), _PLACE),
    "concat": "texts are not joined: write a label for each",
    "current": "a path starts at the row: leave 'current()/' out; it is for predicates",
}
_OPERATORS = {
    **dict.fromkeys(("*", "+", "-", "div", "mod"), "there is no arithmetic: 'scale' and 'offset' change a number"),
    **dict.fromkeys(("or", "and"), "of several places the first is a|b; conditions are lines of where"),
    **dict.fromkeys(("=", "!=", "<", ">", "<=", ">="), _CONDITION),
}
_SUPPORTED = (
    "paths have names, '*', '@name', text(), name(), '.', '../', '|', [1], [@name='text'], [child='text'],"
    " following-sibling::, tokenize(), and values sum() and count()"
)


def of_rest(rest: str) -> str:
    """The message for what can't be read as a path's continuation."""
    axis = re.match(r"([a-z-]+)::", rest)
    if rest.startswith(".."):
        return ANCESTORS
    if rest.startswith("."):
        return "'./' is left out: a/b starts at the row; '.' alone is the row's text"
    if not rest.strip():
        return "the path ends too early: an element's name, '@name' or text() is missing"
    if axis and axis[1] in _AXES:
        return _AXES[axis[1]]
    if rest.startswith(("sum(", "count(")):
        return f"{rest!r}: sum() and count() are written around the whole path: count(a/b)"
    instead = _instead(rest)
    return f"{rest!r} is not supported: {instead or _SUPPORTED}"


def of_predicate(rest: str) -> str | None:
    """What to write instead of a predicate that begins with a function."""
    if rest.startswith("local-name()"):
        return _NAME
    function = re.match(r"([a-z-]+)\(", rest)
    return _FUNCTIONS.get(function[1]) if function else None


def _instead(rest: str) -> str | None:
    function = re.match(r"([a-z-]+)\s*\(", rest)
    operator = re.match(r"\s*([-*+<>=!]+|[a-z]+)\s", rest)
    if rest[0] in "\"'":
        return _CONSTANT
    if rest[0] == "$" or rest.startswith("{{"):
        return "there are no variables: a path starts at the row, as @name or b/c, or at the root, as /a/b"
    if function and function[1] in _FUNCTIONS:
        return _FUNCTIONS[function[1]]
    return _OPERATORS.get(operator[1]) if operator else None
