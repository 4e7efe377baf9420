"""`explain`: which rows made which series, and what became of the others."""

from __future__ import annotations

import json

from command import EXAMPLES, run, samples

MAPPING = """\
rows: /store/*
metrics:
  - name: store_rows
    help: Rows
    where: {"name()": [orange, apple]}
    labels:
      item: name()
      operation: {from: "@operation", values: [create, none], other: other, default: none}
  - name: store_price
    help: Prices
    where: {"name()": [orange, apple]}
    labels: {host: /store/@host}
    value: {from: "@price", aggregate: sum, invalid: skip}
"""
SOURCE = """\
<store host="h">
  <orange operation="create" price="1.5"/>
  <orange operation="burn"
          price="x"/>

  <apple price=""/><apple operation="create" price="2"/>
  <kiwi operation="create" price="9"/>
</store>
"""


def explained(mapping, source):
    result = run("explain", mapping, "--source", source, "--json")
    assert "Traceback" not in result.err
    return result.status, json.loads(result.out)


def place(rows):
    return [(row["row"], row["line"]) for row in rows["first"]]


def test_rows_of_each_series_with_their_lines(write):
    status, (explanation,) = explained(write("m.yml", MAPPING), write("s.xml", SOURCE))
    assert status == 0
    assert explanation["rows"] == 5
    rows, price = explanation["metrics"]
    series = {tuple(item["labels"].values()): (item["value"], place(item)) for item in rows["series"]}
    assert series == {
        ("orange", "create"): (1, [(1, 2)]),
        ("orange", "none"): (0, []),
        ("orange", "other"): (1, [(2, 4)]),
        ("apple", "create"): (1, [(4, 6)]),
        ("apple", "none"): (1, [(3, 6)]),
    }
    assert [(item["labels"], item["value"], item["rows"]) for item in price["series"]] == [({"host": "h"}, 3.5, 2)]


def test_rows_that_count_differently_than_they_stand_and_why(write):
    _, (explanation,) = explained(write("m.yml", MAPPING), write("s.xml", SOURCE))
    notes = [{note["why"].partition(":")[0]: place(note) for note in m["notes"]} for m in explanation["metrics"]]
    assert notes == [
        {"folded": [(2, 4)], "default": [(3, 6)]},
        {"skipped": [(2, 4)], "no sample": [(3, 6)]},
    ]
    assert place(explanation["untaken"]) == [(5, 7)]


def test_values_are_those_that_collect_publishes(write):
    source = EXAMPLES / "store.xml"
    _, (explanation,) = explained(EXAMPLES / "store.yml", source)
    lines = [
        f'{metric["name"]}{{{labels}{comma}path="{source}"}} {series["value"]}'
        for metric in explanation["metrics"]
        for series in metric["series"]
        for labels in [",".join(f'{name}="{value}"' for name, value in series["labels"].items())]
        for comma in ["," if labels else ""]
    ]
    collected = run("collect", EXAMPLES / "store.yml", "--source", source, "--dry-run").out
    assert lines == [line for line in collected.splitlines() if not line.startswith("#")]


def test_first_rows_are_three_and_counted_on(write):
    source = write("s.xml", "<a>\n" + "<b/>\n" * 5 + "</a>")
    mapping = write("m.yml", "rows: /a/b\nmetrics:\n  - {name: m, help: h}\n")
    _, (explanation,) = explained(mapping, source)
    (series,) = explanation["metrics"][0]["series"]
    assert (series["rows"], place(series)) == (5, [(1, 2), (2, 3), (3, 4)])


def test_a_row_that_makes_collect_fail_is_named(write):
    mapping = write("m.yml", "rows: /a/b\nmetrics:\n  - {name: m, help: h, value: {from: '@v', aggregate: sum}}\n")
    status, (explanation,) = explained(mapping, write("s.xml", '<a>\n<b v="1"/>\n<b v="x"/>\n</a>'))
    assert status == 1
    (failed,) = explanation["failed"]
    assert "'x' at @v is not a number" in failed["why"]
    assert place(failed) == [(2, 3)]


def test_a_person_sees_tables(write):
    result = run("explain", write("m.yml", MAPPING), "--source", write("s.xml", SOURCE))
    assert (result.status, result.err) == (0, "")
    assert ["orange", "other", "1", "1", "2", "(line", "4)"] in [line.split() for line in result.out.splitlines()]
    assert "folded: 'burn' at @operation is no declared value, so operation is 'other': 1 row, 2 (line 4)" in result.out
    assert "no metric took 1 row, 5 (line 7)" in result.out


def test_a_source_that_fails(write, tmp_path):
    result = run("explain", EXAMPLES / "store.yml", "--source", write("s.xml", "<store>"))
    assert (result.status, result.out) == (1, "")
    assert "not well-formed" in result.err


def test_the_same_rows_are_folded_as_in_collect(write):
    # One section has both elements, the other b alone: `collect` counts them in different ways, in the source's order.
    mapping = write(
        "m.yml",
        "limits: {series: 1, overflow: fold}\nsections:\n"
        "  - {rows: /r/*, metrics: [{name: m, help: h, labels: {x: '@x'}}]}\n"
        "  - {rows: /r/b, metrics: [{name: n, help: h, labels: {x: '@x'}}]}\n",
    )
    source = write("s.xml", "<r><b x='1'/><a x='2'/><b x='3'/><a x='1'/></r>")
    _, (explanation,) = explained(mapping, source)
    told = {
        f'{metric["name"]}{{path="{source}",x="{item["labels"]["x"]}"}}': item["value"]
        for metric in explanation["metrics"]
        for item in metric["series"]
    }
    assert told == {f'm{{path="{source}",x="{x}"}}': 2 for x in ("1", "other")} | {
        f'n{{path="{source}",x="{x}"}}': 1 for x in ("1", "other")
    }
    assert samples(run("collect", mapping, "--source", source, "--dry-run").out) == told
