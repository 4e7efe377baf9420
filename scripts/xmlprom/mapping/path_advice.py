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
    "descendant": DESCENDANTS,
    "descendant-or-self": DESCENDANTS,
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
    return f"{rest!r} is not supported: {_SUPPORTED}"
