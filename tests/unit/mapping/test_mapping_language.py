"""What each feature of a mapping makes of a source, by small examples; test_against_xpath.py tries combinations."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest
from command import SCRIPT
from xmlprom.errors import RunError
from xmlprom.mapping.label_steps import STEPS
from xmlprom.mapping.loader import load
from xmlprom.mapping.metric_loader import STEP_KEYS
from xmlprom.mapping.model import Value
from xmlprom.mapping.path_parser import parse
from xmlprom.series.extraction import extract
from xmlprom.series.families import families
from xmlprom.series.numbers import InvalidValueError, converter


@pytest.fixture
def collect(write):
    """Gives a mapping's samples of a source, `name label=value,…` -> value, without the label `path`."""

    def extract_here(mapping, *contents):
        loaded = load(write("m.yml", mapping))
        sources = [write(f"source{number}.xml", content) for number, content in enumerate(contents)]
        extractions = [extract(loaded, str(source)) for source in sources]
        found = {}
        for family in families(loaded.labels, extractions, {}):
            for sample in family.samples:
                labels = ",".join(f"{name}={text}" for name, text in sample.labels.items() if name != "path")
                found[f"{sample.name} {labels}".strip()] = sample.value
        return found

    return extract_here


def one(rows, more="", top=""):
    """A mapping with one metric."""
    return f"{top}rows: {rows}\nmetrics:\n  - name: m\n    help: h\n" + "".join(
        f"    {line}\n" for line in more.split("\n")
    )


STORE = """<r e="1"><head><host>web1</host></head>
<s k="x"><a i="1" v="3">t<b c="7">u<d>w</d></b></a><a i="2" v="-1"/><z><a i="3" v="5"/></z></s>
<s k="y"><a i="4" v="4"/></s><tail host="web2"/></r>"""

CASES = {
    "rows by name": (one("/r/s/a"), {"m": 3}),
    "rows at any depth": (one("//a"), {"m": 4}),
    "rows below one element at any depth": (one("/r/s[@k='x']//a"), {"m": 3}),
    "rows by a predicate on an ancestor": (one("/r[@e]/s[@k!='x']/a"), {"m": 1}),
    "rows by a predicate that is false at the top": (one("//*[@e='0']//a"), {"m": 0}),
    "rows that are the root": (one("/r"), {"m": 1}),
    "rows of any name": (one("/r/*", "labels: {n: name()}"), {"m n=head": 1, "m n=s": 2, "m n=tail": 1}),
    "ancestors at any height": (
        one("//a", 'labels: {p: "../@k", q: "../../@k", r: "../../../@e", n: "../name()"}'),
        {"m p=,q=x,r=1,n=z": 1, "m p=x,q=,r=,n=s": 2, "m p=y,q=,r=,n=s": 1},
    ),
    "above the root": (one("/r", "labels: {a: '../@x', b: '../../name()'}"), {"m a=,b=": 1}),
    "the document, before the rows": (one("//s", "labels: {h: /r/head/host}"), {"m h=web1": 2}),
    "the document, behind the rows": (one("//s", 'labels: {h: "/r/tail/@host"}'), {"m h=web2": 2}),
    "the document, without rows": (one("/r/none", 'labels: {h: "//*/@host"}'), {"m h=web2": 0}),
    "the document, nothing there": (one("//s", "labels: {h: {from: /r/no, default: none}}"), {"m h=none": 2}),
    "the document, into the name": (
        one("//s", "labels: {h: {from: /r/head/host, values: [web1, web2]}}").replace("name: m", "name: m_{h}"),
        {"m_web1": 2},
    ),
    "text of descendants": (
        one("//a[@i='1']", "labels: {b: b, own: b/text(), d: b/d, c: b/@c}"),
        {"m b=uw,own=u,d=w,c=7": 1},
    ),
    "text of the row": (one("//a[@i='1']", "labels: {t: text()}"), {"m t=t": 1}),
    "sum": (one("//a", 'value: {from: "@v", aggregate: sum}'), {"m": 11}),
    "min": (one("//a", 'value: {from: "@v", aggregate: min}'), {"m": -1}),
    "max": (one("//a", 'value: {from: "@v", aggregate: max}'), {"m": 5}),
    "last": (one("//a", 'value: {from: "@v", aggregate: last}'), {"m": 4}),
    "sum of no rows": (one("//q", 'value: {from: "@v", aggregate: sum}'), {"m": 0}),
    "max of no rows": (one("//q", 'value: {from: "@v", aggregate: max}'), {}),
    "max, declared but without rows": (
        one("//a", 'labels: {i: {from: "@i", values: ["1", "9"], other: o}}\nvalue: {from: "@v", aggregate: max}'),
        {"m i=1": 3, "m i=o": 5},
    ),
    "sum, declared but without rows": (
        one("//a", 'labels: {i: {from: "@i", values: ["9", "1"], other: o}}\nvalue: {from: "@v", aggregate: sum}'),
        {"m i=9": 0, "m i=1": 3, "m i=o": 8},
    ),
    "where": (one("//a", 'where: {"@i": ["1", "2", "8"], "@v": {not: "3"}}'), {"m": 1}),
    "where there is nothing": (one("//a", 'where: {b/d: ""}'), {"m": 3}),
    "where the name is": (one("/r/*", "where: {name(): {not: [s, tail]}}"), {"m": 1}),
    "where an ancestor is": (one("//a", 'where: {"../@k": x}'), {"m": 2}),
    "where filters before a value is read": (
        one("//b", 'where: {"@c": "8"}\nvalue: {from: text(), aggregate: sum}'),
        {"m": 0},
    ),
    "constant labels": (
        one("//s", "labels: {k: '@k'}", "labels: {stage: live}\n"),
        {"m k=x,stage=live": 1, "m k=y,stage=live": 1},
    ),
    "default and other": (
        one("//a", "labels: {b: {from: b, values: [none, uw], default: none}}"),
        {"m b=none": 3, "m b=uw": 1},
    ),
    "other that is declared": (
        one("//a", 'labels: {i: {from: "@i", values: ["1", "2"], other: "2"}}'),
        {"m i=1": 1, "m i=2": 3},
    ),
    "one declared value": (one("//s", 'labels: {k: {from: "@k", values: x, other: ""}}'), {"m k=x": 1, "m k=": 1}),
    "info": (
        "rows: //s\nmetrics:\n  - {name: s_info, help: h, type: info, labels: {n: name()}}\n",
        {"s_info n=s": 1},
    ),
    "histogram by a label": (
        one("//a", 'type: histogram\nvalue: "@v"\nbuckets: [-1, 3]\nlabels: {k: "../@k"}\nwhere: {"../@k": {not: ""}}'),
        {
            "m_bucket k=x,le=-1.0": 1,
            "m_bucket k=x,le=3.0": 2,
            "m_bucket k=x,le=+Inf": 2,
            "m_sum k=x": 2,
            "m_count k=x": 2,
            "m_bucket k=y,le=-1.0": 0,
            "m_bucket k=y,le=3.0": 0,
            "m_bucket k=y,le=+Inf": 1,
            "m_sum k=y": 4,
            "m_count k=y": 1,
        },
    ),
    "histogram of no rows": (
        one("//q", 'type: histogram\nvalue: "@v"\nbuckets: [1]'),
        {"m_bucket le=1.0": 0, "m_bucket le=+Inf": 0, "m_sum": 0, "m_count": 0},
    ),
    "summary without a row": (one("//none", 'type: summary\nvalue: "@v"'), {"m_sum": 0, "m_count": 0}),
    "summary without a value": (one("//s", 'type: summary\nvalue: "@v"'), {}),
}


@pytest.mark.parametrize("name", CASES)
def test_case(name, collect):
    mapping, expected = CASES[name]
    assert list(collect(mapping, STORE).items()) == list(expected.items())


def test_sections_over_the_same_elements(collect):
    mapping = """sections:
  - {rows: //a, metrics: [{name: n, help: h}, {name: v, help: h, value: {from: "@v", aggregate: sum}}]}
  - {rows: /r/s/a, metrics: [{name: o, help: h}]}
  - {rows: "//*[@i]", metrics: [{name: p, help: h, labels: {b: b/@c}}]}
"""
    assert collect(mapping, STORE) == {"n": 4, "v": 11, "o": 3, "p b=": 3, "p b=7": 1}


def test_placeholders(write):
    mapping = """rows: //a
metrics:
  - name: "{k}_{i}_{k}"
    help: "{i} in {k} of {unknown}"
    labels:
      i: {from: "@i", values: ["1"], other: o}
      k: {from: ../@k, values: [x], other: y, default: y}
"""
    loaded = load(write("m.yml", mapping))
    found = families(loaded.labels, [extract(loaded, str(write("source.xml", STORE)))], {})
    assert [(family.name, family.help, family.samples[0].value) for family in found] == [
        ("x_1_x", "1 in x of {unknown}", 1),
        ("x_o_x", "o in x of {unknown}", 1),
        ("y_o_y", "o in y of {unknown}", 2),
    ]


NESTED = '<n i="1"><n i="2"><v>2</v><n i="3"><v>3</v></n></n><v>1</v></n>'


def test_rows_in_rows_have_their_own_texts(collect):
    mapping = one("//n", "labels: {i: '@i', up: '../@i'}\nvalue: {from: v, aggregate: sum}")
    assert collect(mapping, NESTED) == {"m i=1,up=": 1, "m i=2,up=1": 2, "m i=3,up=2": 3}


@pytest.mark.parametrize("path", ["@i", "v"])
def test_last_is_the_row_that_ends_last(path, collect):
    assert collect(one("//n", f"value: {{from: '{path}', aggregate: last}}"), NESTED) == {"m": 1}


def test_namespaces(collect):
    content = (
        '<f xmlns="urn:f" xmlns:z="urn:z"><e z:a="1" a="2"/><z:e xmlns:y="urn:f"><y:e xmlns=""><e/></y:e></z:e></f>'
    )
    top = "namespaces: {p: urn:f, q: urn:z}\n"
    label = "labels: {a: '@q:a', b: '@a', n: name()}"
    assert collect(one("/p:f/p:e", label, top), content) == {"m a=1,b=2,n=e": 1}
    assert collect(one("/*/q:*/p:e", label, top), content) == {"m a=,b=,n=e": 1}
    assert collect(one("//e", "", top), content) == {"m": 1}
    assert collect(one("//{*}e"), content) == {"m": 4}
    assert collect(one("//p:*[@q:a='1']", "", top), content) == {"m": 1}


def test_each_source_counts_by_itself(write):
    mapping = load(write("m.yml", one("/r/a", "labels: {x: {from: '@x', values: [y, z]}}")))
    sources = [str(write("1.xml", "<r/>")), str(write("2.xml", "<r><a x='y'/></r>"))]
    (family,) = families({}, [extract(mapping, source) for source in sources], {})
    found = [(sample.labels["path"], sample.labels["x"], sample.value) for sample in family.samples]
    assert found == [(sources[0], "y", 0), (sources[0], "z", 0), (sources[1], "y", 1), (sources[1], "z", 0)]


# Values


def number(text, **more):
    return converter(Value(parse("@v", {}), **more))(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0", 0), (" 12\n", 12), ("-1.5", -1.5), ("+.5", 0.5), ("5.", 5), ("1e3", 1000), ("2E-2", 0.02), ("007", 7)],
)
def test_number(text, expected):
    assert number(text) == expected


NO_NUMBERS = ["x", "1 2", "1,5", "1_000", "0x10", "NaN", "nan", "inf", "-Infinity", "1e", "--1", ".", "٣", "1e999", "½"]


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_no_number(text):
    with pytest.raises(InvalidValueError, match="at @v is"):
        number(text)


@pytest.mark.parametrize("text", [None, "", " \n"])
def test_missing(text):
    assert number(text) is None
    assert number(text, default=3) == 3
    assert number(text, missing=("x",)) is None
    assert number(text, map={"": 4}, default=3) == 4


def test_map_missing_and_scale():
    value = {"map": {"up": 1}, "missing": ("N/A", "0"), "scale": "1000", "default": 5}
    assert [number(text, **value) for text in ("up", " N/A ", "0", "2")] == [1, 5, 5, 2000]


def test_a_number_that_its_scale_makes_too_large():
    with pytest.raises(InvalidValueError, match="too large"):
        number("1e308", scale="10")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-02", 86400),
        ("19700102", 86400),
        ("1970-01-01T00:01", 60),
        ("1970-01-01 00:01:02", 62),
        ("1970-01-01T000102", 62),
        ("1970-01-01T00:00:00.25Z", 0.25),
        ("1970-01-01T00:00:00,123456789Z", 0.123456),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1970-01-01T01:00:00 +01", 0),
        ("1970-01-01T00:00-0130", 5400),
        ("2026-11-22T15:00:00+05:30", 1795339800),
        ("1969-12-31T23:59:59Z", -1),
    ],
)
def test_iso8601(text, expected):
    assert number(text, date="iso8601") == expected


@pytest.mark.parametrize(
    "text",
    ["1970", "1970-13-01", "1970-02-30", "1970-01-01T25:00", "1970-01-01T00:00+99", "x", "1970-W01", "١٩٧٠-01-01"],
)
def test_no_iso8601(text):
    with pytest.raises(InvalidValueError, match="is not a date of the form iso8601"):
        number(text, date="iso8601")


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        ("02/01/1970", "%d/%m/%Y", 86400),
        ("01.01.1970 01:00 +0100", "%d.%m.%Y %H:%M %z", 0),
        ("Thu Jan  1 00:00:05 1970", "%a %b %d %H:%M:%S %Y", 5),
        ("1970-01-01 00:00:00.5", "%Y-%m-%d %H:%M:%S.%f", 0.5),
    ],
)
def test_date_formats(text, form, expected):
    assert number(text, date=form) == expected
    with pytest.raises(InvalidValueError):
        number("x", date=form)


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2026-01-15T12:00", "UTC", 1768478400),
        ("2026-01-15T12:00", "Europe/Paris", 1768478400 - 3600),
        ("2026-07-15T12:00", "Europe/Paris", 1784116800 - 7200),
        ("2026-01-15T12:00", "local", 1768478400 - 9 * 3600),
        ("2026-01-15T12:00+05:00", "Europe/Paris", 1768478400 - 5 * 3600),
        ("2026-01-15T12:00Z", "local", 1768478400),
    ],
)
def test_dates_without_an_offset_are_in_the_zone(text, zone, expected, monkeypatch):
    monkeypatch.setenv("TZ", "JST-9")
    time.tzset()
    try:
        assert number(text, date="iso8601", zone=zone) == expected
        assert (
            number(text.replace("Z", "+0000"), date="%Y-%m-%dT%H:%M" + "%z" * (len(text) > 16), zone=zone) == expected
        )
    finally:
        monkeypatch.undo()
        time.tzset()


def test_scaled_date():
    assert number("1970-01-02", date="iso8601", scale="1000") == 86_400_000


# What fails, and what is counted instead


def failure(collect, mapping, content, reason):
    with pytest.raises(RunError) as failed:
        collect(mapping, content)
    assert failed.value.reason == reason
    return str(failed.value)


ROWS = "<r>{}</r>".format(
    "".join(f'<a i="{i}" v="{v}" t="{"x" * i}"/>' for i, v in enumerate(["1", "two", "3", "N/A"]))
)


def test_an_invalid_value_fails(collect):
    mapping = one("/r/a", 'value: {from: "@v", aggregate: sum, missing: N/A}')
    assert "source0.xml: metric m: 'two' at @v is not a number: add it to" in failure(collect, mapping, ROWS, "value")


def test_an_invalid_value_is_skipped_and_counted(write):
    mapping = load(write("m.yml", one("/r/a", 'value: {from: "@v", aggregate: sum, missing: N/A, invalid: skip}')))
    extraction = extract(mapping, str(write("a.xml", ROWS)))
    assert (extraction.rows, extraction.invalid, extraction.folded) == (4, 1, 0)
    assert extraction.tables[0].series == {(): 4}


def test_an_undeclared_value_fails(collect):
    mapping = one("/r/a", 'labels: {v: {from: "@v", values: ["1"]}}')
    assert "'two' at @v is no declared value of the label 'v'" in failure(collect, mapping, ROWS, "value")
    mapping = one("/r/a", 'labels: {w: {from: "@w", values: ["1"]}}')
    assert "'' at @w is no declared value" in failure(collect, mapping, ROWS, "value")


def test_a_sum_too_large_for_a_number(collect):
    content = '<r><a v="1e308"/><a v="1e308"/></r>'
    mapping = one("/r/a", 'value: {from: "@v", aggregate: sum}')
    assert "the sum is too large" in failure(collect, mapping, content, "value")


LABELS = 'labels: {i: "@i", k: {from: name(), values: [a, b]}}'


def test_series_limit(collect):
    mapping = one("/r/a", LABELS, "limits: {series: 3}\n")
    assert "has more than 3 series" in failure(collect, mapping, ROWS, "limit")
    assert len(collect(one("/r/a", LABELS, "limits: {series: 8}\n"), ROWS)) == 8


def test_series_limit_folds_what_is_not_declared(collect):
    mapping = one("/r/a", LABELS, "limits: {series: 2, overflow: fold}\n")
    assert collect(mapping, ROWS) == {"m i=0,k=a": 1, "m i=1,k=a": 1, "m i=other,k=a": 2}


def test_declared_values_are_never_folded(write):
    label = 'labels: {i: {from: "@i", values: ["0", "1", "2", "3"]}}'
    mapping = load(write("m.yml", one("/r/a", label, "limits: {series: 2, overflow: fold}\n")))
    extraction = extract(mapping, str(write("a.xml", ROWS)))
    assert extraction.folded == 0
    assert extraction.tables[0].series == {("0",): 1, ("1",): 1, ("2",): 1, ("3",): 1}


def test_series_limit_is_of_each_source(collect):
    mapping = one("/r/a", "labels: {i: '@i'}", "limits: {series: 4}\n")
    assert len(collect(mapping, ROWS, ROWS)) == 4


def test_label_length(collect, write):
    label = 'labels: {t: "@t"}'
    mapping = one("/r/a", label, "limits: {label_length: 1}\n")
    assert "the label 't' would be 2 characters long, 'xx'" in failure(collect, mapping, ROWS, "limit")
    folding = one("/r/a", label, "limits: {label_length: 1, overflow: fold}\n")
    assert collect(folding, ROWS) == {"m t=": 1, "m t=other": 2, "m t=x": 1}
    assert extract(load(write("m.yml", folding)), str(write("a.xml", ROWS))).folded == 2


def test_declared_values_may_be_longer(collect):
    mapping = one("/r", "labels: {n: {from: '@n', values: xxxxx, default: xxxxx}}", "limits: {label_length: 1}\n")
    assert collect(mapping, ROWS) == {"m n=xxxxx": 1}


@pytest.mark.parametrize("more", ["labels: {n: name()}", "labels: {b: b/c}"])
@pytest.mark.parametrize(("depth", "fails"), [(1, True), (2, True), (3, False)])
def test_depth(more, depth, fails, collect):
    mapping = one("/r/a", more, f"limits: {{depth: {depth}}}\n")
    content = "<r><a><b/></a></r>"
    if fails:
        assert "limits.depth" in failure(collect, mapping, content, "limit")
    else:
        assert sum(collect(mapping, content).values()) == 1


def test_source_size(collect):
    mapping = one("/r/a", "", f"limits: {{source_size: {len(ROWS)}}}\n")
    assert collect(mapping, ROWS) == {"m": 4}
    assert "limits.source_size" in failure(collect, mapping, ROWS + "\n", "too_large")


@pytest.mark.parametrize("more", ["labels: {b: b}", "labels: {b: text()}"])
def test_a_text_has_a_limit(more, collect):
    content = "<r><a>{0}<b>{0}</b></a></r>"
    assert collect(one("/r/a", more, "limits: {label_length: 65536}\n"), content.format("x" * 65536))
    assert "a text is longer" in failure(collect, one("/r/a", more), content.format("x" * 65537), "limit")


def test_a_root_that_no_rows_can_match(collect):
    for rows in ("/s/a", "/r[@x]/a", "/{*}s", "/s//a"):
        assert "the root element r can't match" in failure(collect, one(f'"{rows}"'), ROWS, "root")
    for rows in ("/r/none", "//none", "/*/none", "/r//none"):
        assert collect(one(f'"{rows}"'), ROWS) == {"m": 0}


# The whole


def test_limits_of_a_mapping(write):
    found = load(write("m.yml", one("/r", "", "limits: {source_size: 2 MiB, series: 7}\nmax_age: 2h\n")))
    assert (found.limits, found.max_age) == (found.limits._replace(source_size=2 << 20, series=7), 7200)


def test_the_same_bytes_every_time(write):
    labels = 'labels: {i: "@i", t: {from: "@t", values: ["", x, xx, xxx]}}'
    mapping = one("//a", labels, "labels: {b: b, a: a}\n")
    rows = "".join(f'<a i="{i * 7919 % 100}" t="{"x" * (i % 4)}"/>' for i in range(300))
    source = write("source.xml", f"<r>{rows}</r>")
    command = [sys.executable, SCRIPT, "collect", write("m.yml", mapping), "--source", source, "--dry-run"]
    outputs = {
        subprocess.run(command, capture_output=True, check=True, env={**os.environ, "PYTHONHASHSEED": seed}).stdout
        for seed in ("1", "2", "3")
    }
    assert len(outputs) == 1
    assert outputs.pop().count(b"\n") == 404


def test_equal_rows_far_apart_count_together(collect):
    """More distinct rows than are kept before they are handed on, in more than one chunk of the file."""
    rows = "".join(f'<a i="{i}"/><b/>' for i in range(25_000))
    mapping = (
        "sections:\n"
        '  - {rows: /r/a, metrics: [{name: ids, help: h, where: {"@i": ["1", "24999"]}, labels: {i: "@i"}}]}\n'
        "  - {rows: /r/*, metrics: [{name: all, help: h, labels: {n: name()}}]}\n"
    )
    assert collect(mapping, f"<r>{rows}</r>") == {"ids i=1": 1, "ids i=24999": 1, "all n=a": 25_000, "all n=b": 25_000}


def test_a_label_s_steps_are_known_to_the_loader_in_their_order():
    assert tuple(STEPS) == STEP_KEYS
