"""Random documents and paths of each kind: each cell of each row is what XPath gives on the whole tree.

Here rows are compared as the reader hands them on, so that a fault in one cell hides no other.
"""

from __future__ import annotations

import json
import random
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from lxml import etree
from whole_tree import NAMESPACES, FaultError, rows_of, text_of, texts_of
from xmlprom.errors import Fault, RunError
from xmlprom.mapping.loader import load
from xmlprom.mapping.path_parser import parse
from xmlprom.reading import files, row_counter
from xmlprom.reading.plan_compiler import compile_plan
from xmlprom.reading.xml_parser import stream

FAULT = "a fault"

# Documents of few names and texts, so that paths match, and match often


TEXTS = ["1", "1", "1", "2", "2", " 1 2", "2,1", ""]


def an_element(draw, depth=1, more=""):
    tag = draw.choice(["a", "a", "b", "b", "c", "n:a"])
    attributes = "".join(
        f' {name}="{draw.choice(["1", "2", "1 2", "2,1,"])}"' for name in ("x", "y", "n:x") if draw.random() < 0.4
    )
    content = [draw.choice(TEXTS)]
    if depth < 5 and draw.random() < 0.6:
        content = [an_element(draw, depth + 1) if draw.random() < 0.9 else "1" for _ in range(draw.randint(1, 5))]
    return f"<{tag}{more}{attributes}>{''.join(content)}</{tag}>"


def a_document(draw):
    declared = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
    return f"<r{declared}>{''.join(an_element(draw) for _ in range(draw.randint(1, 4)))}</r>"


# Paths by kind


def name(draw):
    return draw.choice(["a", "b", "{*}a", "*", "*", "*", "n:a"])


def leaf(draw):
    return draw.choice(["", "", "", "", "/@x", "/@{*}x", "/text()", "/name()"])


def step(draw):
    return name(draw) + draw.choice(["", "", "", "[@x]", "[@{*}x='1']", "[1]", "[2]", "[@x='1'][1]", "[2][@x!='1']"])


def steps(draw, most=2):
    return "/".join(step(draw) for _ in range(draw.randint(1, most)))


def key(draw):
    return draw.choice(["[.='1']", "[.='2']", "[b='1']", "[{*}a='2']", "[*='1']", "[*='2']", "[@x='1'][*='2']"])


def join(draw):
    own = draw.choice(["@x", ".", "b", "a/@y", "@{*}x"])
    return draw.choice([f"[@x=current()/{own}]", f"[b=current()/{own}]", f"[.=current()/{own}]"])


def words(draw):
    return draw.choice(["tokenize(.)", "tokenize(., ',')"]) + draw.choice(["[1]", "[2]", "[last()]"])


def up(draw):
    return "../" * draw.randint(1, 3)


KINDS = {
    "below": lambda draw: steps(draw, 3) + leaf(draw),
    "first": lambda draw: f"({steps(draw)}{leaf(draw)})[1]",
    "own": lambda draw: draw.choice([".", "text()", "@x", "@{*}x", "name()", "../@{*}x", "../@x", "(../@{*}x)[1]"]),
    "union": lambda draw: f"({steps(draw)}{leaf(draw)})[1]|{steps(draw, 1)}{leaf(draw)} | .",
    "around": lambda draw: up(draw) + steps(draw) + leaf(draw),
    "first around": lambda draw: f"({up(draw)}{steps(draw)}{leaf(draw)})[1]",
    "union around": lambda draw: f"(../{steps(draw)}{leaf(draw)})[1]|../{steps(draw)}|(../{steps(draw)})[1]",
    "key": lambda draw: f"{draw.choice(['', '*[1]/'])}{name(draw)}{key(draw)}{draw.choice(['', '/*[1]'])}{leaf(draw)}",
    "first key": lambda draw: f"({name(draw)}{key(draw)}{draw.choice(['', '/b'])}{leaf(draw)})[1]",
    "key around": lambda draw: f"({up(draw)}{name(draw)}{key(draw)}{draw.choice(['', '/b'])}{leaf(draw)})[1]",
    "union of keys": lambda draw: f"({name(draw)}{key(draw)}/*)[1]|({name(draw)}{key(draw)}/@x)[1]",
    "sibling": lambda draw: (
        f"{name(draw)}{key(draw)}/following-sibling::{name(draw)}[{draw.randint(1, 2)}]{leaf(draw)}"
    ),
    "siblings": lambda draw: f"({name(draw)}{key(draw)}/following-sibling::{name(draw)}{leaf(draw)})[1]",
    "sibling around": lambda draw: f"(../{name(draw)}{key(draw)}/following-sibling::{name(draw)}[1]{leaf(draw)})[1]",
    "join": lambda draw: f"{up(draw)}{name(draw)}{join(draw)}{draw.choice(['', '/b[1]'])}{leaf(draw)}",
    "sibling of a join": lambda draw: f"{up(draw)}{name(draw)}{join(draw)}/following-sibling::*[1]{leaf(draw)}",
    "beside": lambda draw: f"following-sibling::{name(draw)}{draw.choice(['[1]', '[2]', ''])}{leaf(draw)}",
    "words": lambda draw: f"{draw.choice(['', step(draw) + '/', '@x/', 'b/text()/', '../@x/', '../b/'])}{words(draw)}",
}
TAKEN = {
    "sum": lambda draw: f"sum({steps(draw)}{draw.choice(['', '/@x', '/text()', '|a', '|*', '|@x'])})",
    "count": lambda draw: f"count({steps(draw)}{draw.choice(['', '/@x', '|a', '|*'])})",
}
ROWS = ["//a", "//b", "//*", "/r/a", "/r/*/b", "/r//a/b", "//a//b", "//a[@x='1']/b", "/r/*/*[2]", "//{*}a"]


def a_mapping(draw, kinds, rows):
    last = {"value": {"from": ".", "aggregate": "last", "invalid": "skip"}} if draw.random() < 0.4 else {}
    labels = {f"l{number}": kind(draw) for number, kind in enumerate(kinds)}
    metrics = [{"name": "m", "help": "h", "labels": labels, **last}]
    return {"namespaces": NAMESPACES, "rows": rows, "metrics": metrics}


class Cells:
    """Takes rows as they are."""

    def __init__(self):
        self.rows = []

    def add(self, section, rows):
        self.rows += [row for row, times in rows for _ in range(times)]


def read(source, mapping):
    """(the plan, its rows), or why the source fails."""
    plan, cells = compile_plan(mapping), Cells()
    try:
        stream(str(source), plan, mapping.limits, cells)
    except RunError as error:
        return error.reason
    return plan, cells.rows


def expected_cell(row, path, rows):
    try:
        return text_of(row, path, rows)
    except FaultError:
        return FAULT


def plain(cell, path):
    """A cell as the oracle has it; the reader leaves most words to others."""
    if isinstance(cell, Fault):
        return FAULT
    if path.words and path.words.position and isinstance(cell, str):
        found = path.words.split(cell)
        index = path.words.position - (path.words.position > 0)
        return found[index] if -len(found) <= index < len(found) else None
    return cell


def compare(draw, kinds, seen, rows=None):
    """Compare all cells of a few documents."""
    mapping = a_mapping(draw, kinds, rows or draw.choice(ROWS))
    with tempfile.TemporaryDirectory() as directory:
        file, source = Path(directory, "m.yml"), Path(directory, "source.xml")
        file.write_text(json.dumps(mapping), encoding="utf-8")
        loaded = load(file)
        for _ in range(5):
            content = a_document(draw)
            source.write_text(content, encoding="utf-8")
            compare_one(content, mapping, read(source, loaded), seen)


def compare_one(content, mapping, found, seen):
    rows = rows_of(etree.fromstring(content), mapping["rows"])
    paths = mapping["metrics"][0]["labels"].values()
    expected = [tuple(expected_cell(row, path, rows) for path in paths) for row in rows]
    if isinstance(found, str):
        # A second match behind rows that have the first is a fault at once, even if its row is not the first's.
        assert found == "several"
        assert any(FAULT in row for row in expected)
        seen["refused"] += 1
        return
    plan, cells = found
    by_text = {path.text: (column, path) for column, path in enumerate(plan.sections[0].paths)}
    loaded = [by_text[path] for path in paths]
    by_path = {path: words for path in paths for words in [split_position(path)]}
    actual = [
        tuple(plain(row[column], path._replace(words=by_path[path.text])) for column, path in loaded) for row in cells
    ]
    if plan.sections[0].ordered:
        assert actual == expected, (content, mapping)
    else:
        assert Counter(actual) == Counter(expected), (content, mapping)
    for row in expected:
        for cell in row:
            seen["fault" if cell == FAULT else "none" if cell is None else "text"] += 1


def split_position(path):
    return parse(path, NAMESPACES).words


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_path(kind, monkeypatch):
    draw = random.Random(kind)
    seen = Counter()
    for _ in range(50):
        with monkeypatch.context() as patch:
            patch.setattr(files, "_CHUNK", draw.choice([7, 1 << 16]))
            patch.setattr(row_counter, "MAX_DISTINCT", draw.choice([2, 10_000]))
            compare(draw, [KINDS[kind]], seen)
    assert seen["text"] > 20, seen
    assert seen["refused"] < 125, seen


@pytest.mark.parametrize("seed", range(20))
def test_several_kinds_at_once(seed):
    draw = random.Random(seed)
    seen = Counter()
    for _ in range(6):
        compare(draw, [draw.choice(list(KINDS.values())) for _ in range(3)], seen)
    assert seen["text"] > 20, seen


@pytest.mark.parametrize("kind", TAKEN)
def test_all_matches_in_a_row(kind):
    draw = random.Random(kind)
    found = 0
    for _ in range(50):
        rows, path = draw.choice(ROWS), TAKEN[kind](draw)
        metric = {"name": "m", "help": "h", "value": {"from": path, "aggregate": "sum"}}
        content = a_document(draw)
        with tempfile.TemporaryDirectory() as directory:
            file, source = Path(directory, "m.yml"), Path(directory, "source.xml")
            file.write_text(json.dumps({"namespaces": NAMESPACES, "rows": rows, "metrics": [metric]}), "utf-8")
            source.write_text(content, "utf-8")
            _, cells = read(source, load(file))
        expected = [texts_of(row, path) for row in rows_of(etree.fromstring(content), rows)]
        if kind == "count":
            assert Counter(row[0] for row in cells) == Counter(map(len, expected)), (content, path)
        else:
            assert Counter(tuple(sorted(row[0])) for row in cells) == Counter(tuple(sorted(t)) for t in expected)
        found += sum(map(bool, expected))
    assert found > 50


@pytest.mark.parametrize("seed", range(5))
def test_rows_of_words(seed):
    draw = random.Random(seed)
    seen = Counter()
    paths = [".", "@x", "../@y", "../*[1]/tokenize(.)[current()/position()]", "@x/tokenize(.)[current()/position()]"]
    rows_paths = [f"{rows}/tokenize({of})" for rows in ROWS for of in (".", "., ','")]
    for _ in range(20):
        chosen = draw.sample(paths, 3)
        compare(draw, [lambda _draw, path=path: path for path in chosen], seen, draw.choice(rows_paths))
    assert seen["text"] > 50, seen
