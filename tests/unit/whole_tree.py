"""Paths of a mapping evaluated on the whole tree, by lxml's XPath 1.0, without regard to memory or speed.

Where the mapping's paths are not XPath 1.0, they are written in it: `{*}a` by local-name(), current() as a variable,
a comparison with the string value by one that removes white space around it. tokenize() is str.split.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from lxml import etree

NAMESPACES = {"n": "urn:n", "m": "urn:m"}
_WORDS = re.compile(r"(?:^|/)tokenize\(\.(?:, ?'([^']*)')?\)(?:\[(\d+|last\(\)|current\(\)/position\(\))\])?$")
_KEY = re.compile(r"\[(\.|@?[\w:*{}]+)=(?:'([^']*)'|current\(\)/([^\]]+))\]")
etree.FunctionNamespace(None)["strip"] = lambda _context, text: text.strip()


class FaultError(Exception):
    """A path that has no one text."""


class Row(NamedTuple):
    """A row: an element, or the word with this number (from 0) of `count` words of its text."""

    element: etree._Element
    word: str | None = None
    number: int = 0
    count: int = 0


def rows_of(tree, path):
    """Rows in the order in which they end, which matters to `last`."""
    path, words = split_words(path)
    ends = {element: number for number, (_, element) in enumerate(etree.iterwalk(tree, events=("end",)))}
    elements = sorted(tree.xpath(_xpath(path), namespaces=NAMESPACES), key=ends.__getitem__)
    if words is None:
        return [Row(element) for element in elements]
    rows = []
    for element in elements:
        parts = _split(element.xpath("string()").strip(), words[0])
        rows += [Row(element, part, number, len(parts)) for number, part in enumerate(parts)]
    return rows


def split_words(path):
    """(the path, None or (separator, position)); "." for the text of the row itself."""
    match = _WORDS.search(path)
    return (path[: match.start()] or ".", (match[1], match[2])) if match else (path, None)


def _split(text, separator):
    return text.split() if separator is None else text.split(separator) if text else []


def text_of(row, path, rows=()):
    """The text at a path of a label, a value or a condition; `rows` are all of the section.

    :raises FaultError: if it has several, or no partner
    """
    found = []
    for number, branch in enumerate(re.split(r"\s*\|\s*", path.strip())):
        first = re.fullmatch(r"\((.*)\)\[1\]", branch)
        plain, words = split_words(first[1] if first else branch)
        matches = matches_of(row, plain, rows, bool(first))
        if not first and len(matches) > 1:
            raise FaultError(branch)
        found += [(place, number, _worded(row, text, words)) for place, text in matches]
    return min(found)[2] if found else None


def _worded(row, text, words):
    if words is None:
        return text
    separator, position = words
    parts = _split(text, separator)
    if position == "current()/position()":
        if len(parts) != row.count:
            raise FaultError("words")
        return parts[row.number]
    index = -1 if position == "last()" else int(position) - 1
    return parts[index] if -len(parts) <= index < len(parts) else None


def texts_of(row, path):
    """All texts of sum() or count()."""
    inner = re.fullmatch(r"(?:sum|count)\((.*)\)", path)[1]
    found = {}
    for branch in inner.split("|"):
        plain, words = split_words(branch.strip())
        for place, text in matches_of(row, plain):
            for number, part in enumerate(_split(text, words[0]) if words else [text]):
                found[place, number] = part
    return list(found.values())


def matches_of(row, path, rows=(), first=False):
    """[(place in the document, text)] of all that match one branch of a path, in that order."""
    node = row.element if isinstance(row, Row) else row
    if path == "." and isinstance(row, Row) and row.word is not None:
        return [((0,), row.word)]
    match = re.search(r"(?:^|/)(@[^/\]]+|text\(\)|name\(\))$", path)
    steps, leaf = (path[: match.start()], match[1]) if match else (path, "string()")
    levels = len(re.match(r"(?:\.\./)*", path)[0]) // 3
    if levels and levels > len(list(node.iterancestors())):  # beyond the root element, where XPath has the document
        found = []
    elif path.startswith("following-sibling::"):
        found = before_the_next_row(node, _evaluate(row, node, steps), rows)
    else:
        found = _evaluate(row, node, steps) if steps else [node]
    if "current()" in path:
        key_step = path[: path.index("]", path.index("current()")) + 1]
        beyond = levels > len(list(node.iterancestors()))
        partners = found if "following" in path or beyond else _evaluate(row, node, key_step)
        if not partners or (len(partners) > 1 and not first):
            raise FaultError("no partner, or several")
    order = {element: number for number, element in enumerate(node.getroottree().iter())}
    return [((order[element], rank, number), text) for element in found for rank, number, text in _texts(element, leaf)]


def _evaluate(row, node, steps):
    """The elements at the steps of a path."""
    variables = {}

    def key(match):
        of, text, current = match.groups()
        if current:
            variables["c"] = text_of(row, current)
            if variables["c"] is None:
                raise FaultError("no key")
        wanted = "$c" if current else f"'{text}'"
        if of[0] == "@":
            return f"[{of}={wanted}]"
        return f"[strip(string({of}))={wanted}]" if of == "." else f"[{of}[strip(string(.))={wanted}]]"

    return node.xpath(_xpath(_KEY.sub(key, steps)), namespaces=NAMESPACES, **variables)


def before_the_next_row(node, found, rows):
    """Those of a row's following siblings that are before the next row."""
    others = [one.element for one in rows if one.element.getparent() is node.getparent()]
    behind = [one for one in node.itersiblings() if one in others]
    return [one for one in found if not behind or one in list(behind[0].itersiblings(preceding=True))]


def _texts(element, leaf):
    """(rank in XPath's order, number, text) of what a path ends with at an element."""
    if leaf.startswith("@"):
        for number, text in enumerate(element.xpath(_xpath(leaf), namespaces=NAMESPACES)):
            yield 1, number, str(text)
    elif leaf == "name()":
        yield 0, 0, etree.QName(element).localname
    elif leaf == "text()":  # all of it, not the first of several text nodes; and none is ""
        yield 2, 0, "".join(element.xpath("text()")).strip()
    else:
        yield 0, 0, element.xpath("string()").strip()


def _xpath(path):
    path = re.sub(r"@\{\*\}(\w+)", r"@*[local-name()='\1']", path)
    return re.sub(r"\{\*\}([\w*]+)", lambda m: "*" if m[1] == "*" else f"*[local-name()='{m[1]}']", path)
