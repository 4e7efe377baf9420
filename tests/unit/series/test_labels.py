"""What value a label gets for a text, and which rows a condition selects."""

from __future__ import annotations

import json

import pytest
from command import run
from xmlprom.errors import RunError
from xmlprom.mapping.loader import load
from xmlprom.series.extraction import extract

MAPPING = "{top}rows: /r/a\nmetrics:\n  - name: m\n    help: h\n    {more}\n"


@pytest.fixture
def rows(write):
    """Gives the series that a metric makes of rows with such texts in their attribute v; None is a row without it."""

    def count(more, texts, top=""):
        mapping = load(write("m.yml", MAPPING.format(top=top, more=more)))
        found = "".join("<a/>" if text is None else f'<a v="{text}"/>' for text in texts)
        (table,) = extract(mapping, str(write("s.xml", f"<r>{found}</r>"))).tables
        return {values[0] if values else "": value for values, value in table.series.items()}

    return count


LABELS = {
    "part": ('part: "*,keyspace={},*"', ["a,keyspace=k,b=c"], {"k": 1}),
    "parts": ('part: ["*,keyspace={},*", "*,keyspace={}"]', ["a,keyspace=k,b=c", "a,keyspace=k"], {"k": 2}),
    "part, lower, cut": ('part: "online {}", lower: true, cut: 3', ["online ABCD", "online  abce"], {"abc": 2}),
    "other of a part": ('part: "a{}", other: none', ["ab", "x"], {"b": 1, "none": 1}),
    "empty part": ('part: "a{}", default: d', ["a", "ab"], {"d": 1, "b": 1}),
    "empty part without default": ('part: "a{}"', ["a"], {"": 1}),
    "other words": ("values: {UP: up, OK: up, DOWN: down}", ["UP", "OK", "OK"], {"up": 3, "down": 0}),
    "other words, in order": ("values: {b: z, a: y}", [], {"z": 0, "y": 0}),
    "other words and other": ("values: {UP: up}, other: '?'", ["UP", "up"], {"up": 1, "?": 1}),
    "other words and default": ("values: {UP: up}, default: up", ["UP", None], {"up": 2}),
    "the empty text declared": ("values: {'': none, a: b}", [None, "a"], {"none": 1, "b": 1}),
    "lower before values": ("lower: true, values: [up]", ["UP", "up"], {"up": 2}),
    "part before values": (
        'part: ["{} *", "{}"], values: [online, dead]',
        ["online 5s", "dead"],
        {"online": 1, "dead": 1},
    ),
    "cut": ("cut: 2", ["abc", "abd", "x"], {"ab": 2, "x": 1}),
}


@pytest.mark.parametrize("name", LABELS)
def test_label(name, rows):
    options, texts, expected = LABELS[name]
    found = rows(f'labels: {{l: {{from: "@v", {options}}}}}', texts)
    assert found == expected
    if "order" in name:
        assert list(found) == list(expected)


def test_a_text_that_fits_no_part_fails(rows):
    with pytest.raises(RunError, match="'x' at @v does not fit the part of the label 'l': add a form to it, or say"):
        rows('labels: {l: {from: "@v", part: "a{}"}}', ["x"])


def test_a_text_that_fits_in_several_ways_fails(rows):
    with pytest.raises(RunError, match=r"metric m: 'n=a,n=b,' fits the part .* in several ways"):
        rows('labels: {l: {from: "@v", part: "*n={},*"}}', ["n=a,n=b,"])


CONDITIONS = {
    "{prefix: QryRTT}": {"QryRTT10"},
    "{prefix: [Qry, 1]}": {"QryRTT10", "10", "1e3"},
    "{contains: RTT}": {"QryRTT10"},
    "{not: {contains: [R, e]}}": {"10", "-2", "", "N/A", None},
    "{greater: 5, not: '10'}": {"1e3"},
    "{less: 5}": {"-2"},
    "{greater: -3, less: 11}": {"10", "-2"},
    "{present: true}": {"QryRTT10", "10", "1e3", "-2", "", "N/A"},
    "{present: false}": {None},
    "{not: {present: true}}": {None},
    "{not: ''}": {"QryRTT10", "10", "1e3", "-2", "N/A"},
    "['', '10']": {"", None, "10"},
}


@pytest.mark.parametrize("condition", CONDITIONS)
def test_condition(condition, rows):
    texts = ["QryRTT10", "10", "1e3", "-2", "", "N/A", None]
    if "greater" in condition or "less" in condition:
        texts.remove("QryRTT10")
    where = f'labels: {{l: {{from: "@v", default: none}}}}\n    where: {{"@v": {condition}}}'
    expected = {text or "none" for text in CONDITIONS[condition]}
    assert set(rows(where, texts, "missing: N/A\n")) == expected


def test_a_word_can_not_be_compared(rows):
    with pytest.raises(RunError, match="where: 'x' at @v is not a number, which 'greater' and 'less' compare"):
        rows('where: {"@v": {greater: 1}}', ["2", "x"])


def test_collect_check_and_explain_agree(write):
    label = 'labels: {l: {from: "@v", lower: true, values: {up: UP, down: DOWN, off: OFF}, other: other}}'
    mapping = write("m.yml", MAPPING.format(top="", more=label))
    source = write("s.xml", '<r><a v="Up"/><a v="DOWN"/><a v="x"/></r>')
    checked = run("check", mapping, "--source", source).out
    assert checked == f"{source}: metric m: the declared l 'OFF' does not occur\n"
    (explained,) = json.loads(run("explain", mapping, "--source", source, "--json").out)[0]["metrics"]
    assert {series["labels"]["l"]: series["value"] for series in explained["series"]} == {
        "UP": 1, "DOWN": 1, "OFF": 0, "other": 1,
    }  # fmt: skip
    assert [note["why"] for note in explained["notes"]] == [
        "declared as: 'Up' at @v, so l is 'UP'",
        "declared as: 'DOWN' at @v, so l is 'DOWN'",
        "folded: 'x' at @v is no declared value, so l is 'other'",
    ]


def test_many_declared_values_take_time_in_their_number(write):
    values = ", ".join(f"v{number}" for number in range(40_000))
    mapping = MAPPING.format(top="limits: {series: 50000}\n", more=f'labels: {{l: {{from: "@v", values: [{values}]}}}}')
    loaded = load(write("m.yml", mapping))
    source = write("s.xml", "<r>" + "".join(f'<a v="v{number}"/>' for number in range(0, 40_000, 3)) + "</r>")
    (table,) = extract(loaded, str(source)).tables  # a minute where each value is looked for among all
    assert len(table.series) == 40_000
