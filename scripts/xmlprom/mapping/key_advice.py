"""What to write instead of keys and words that other tools have. Imported only for a faulty mapping."""

from __future__ import annotations

_EQUAL = "the text itself is the condition: '@a': text"
_GREATER, _LESS = "write greater: 5", "write less: 5"
_PART = "a part of a text is part: 'before {} behind'; conditions are prefix and contains"
_SCALE = "a factor is written scale: 1024"

KEYS = {
    **dict.fromkeys(("equals", "equal", "eq"), _EQUAL),
    **dict.fromkeys(("in", "one_of"), "a list of texts is the condition: '@a': [b, c]"),
    **dict.fromkeys(("ne", "not_equals", "exclude"), "write not: text"),
    **dict.fromkeys(("gt", "gte", "above"), _GREATER),
    **dict.fromkeys(("lt", "lte", "below"), _LESS),
    **dict.fromkeys(("startswith", "starts_with", "starts-with"), "write prefix: text"),
    **dict.fromkeys(("exists", "exist"), "write present: true"),
    **dict.fromkeys(("regex", "regexp", "matches", "pattern"), _PART),
    **dict.fromkeys(("multiplier", "factor", "multiply"), _SCALE),
    **dict.fromkeys(("replace", "rename", "replacement"), "other words for texts are values: {text: word}"),
}
AGGREGATES = {
    **dict.fromkeys(("avg", "mean", "average"), "have one metric of the sum and one that counts; Prometheus divides"),
    "count": "leave 'value' out, and rows are counted; count(b) is a path",
    "first": "rows become one number by sum, min, max or last; of one row's matches (b)[1] is the first",
}
