"""A mapping or command line that is wrong: exit status 2, nothing touched, file, line, column and what to do."""

from __future__ import annotations

import pytest
from command import EXAMPLES, run

GOOD = "source: /tmp/a.xml\nrows: /a\nmetrics:\n  - name: m\n    help: h\n"

FAULTS = {
    "unknown key": (
        GOOD + "    labls: {}\n",
        "6:5: metrics[0]: unknown key 'labls' (did you mean 'labels'?)",
    ),
    "unknown key at the top": (GOOD + "row: /a\n", "6:1: unknown key 'row' (did you mean 'rows'?)"),
    "repeated key": (GOOD + "rows: /b\n", "6:1: duplicate key 'rows'"),
    "missing key": ("rows: /a\n", "1:1: the key 'metrics' is missing"),
    "missing help": ("rows: /a\nmetrics:\n  - name: m\n", "3:5: metrics[0]: the key 'help' is missing"),
    "no metrics": ("rows: /a\nmetrics: []\n", "2:10: metrics: at least one metric is needed"),
    "empty value": ("rows:\nmetrics:\n  - {name: m, help: h}\n", "1:6: rows: is empty"),
    "label with __": (
        GOOD + "    labels: {__x: name()}\n",
        "6:14: metrics[0].labels: the label '__x' starts",
    ),
    "label with a hyphen": (
        GOOD + "    labels: {a-b: name()}\n",
        "6:14: metrics[0].labels: 'a-b' is no label name",
    ),
    "reserved label path": (GOOD + "    labels: {path: name()}\n", "the label 'path' is the source's path"),
    "reserved label le": (GOOD + "    labels: {le: name()}\n", "the label 'le' belongs to histograms"),
    "metric name": (
        "rows: /a\nmetrics:\n  - {name: a-b, help: h}\n",
        "3:12: metrics[0].name: 'a-b' is no metric name",
    ),
    "colon in a metric name": ("rows: /a\nmetrics:\n  - {name: 'a:b', help: h}\n", "is no metric name"),
    "xmlprom's own name": (
        "rows: /a\nmetrics:\n  - {name: xmlprom_rows, help: h}\n",
        "'xmlprom_rows': names with 'xmlprom_' belong to node_exporter or xmlprom",
    ),
    "node_exporter's name": (
        "rows: /a\nmetrics:\n  - {name: node_load1, help: h}\n",
        "belong to node_exporter",
    ),
    "Prometheus' own name": (
        "rows: /a\nmetrics:\n  - {name: up, help: h}\n",
        "'up' is a name that Prometheus writes itself",
    ),
    "Prometheus' own prefix": (
        "rows: /a\nmetrics:\n  - {name: scrape_series, help: h}\n",
        "'scrape_series' is a name that Prometheus writes itself",
    ),
    "NUL in the source": (GOOD.replace("/tmp/a.xml", '"/srv/a\\0b.xml"'), "1:9: source: a path holds no NUL character"),
    "too many constant labels": (
        GOOD + "labels: {" + ", ".join(f"l{number}: x" for number in range(12_000)) + "}\n",
        "labels: more than 32 labels",
    ),
    "too many labels": (
        GOOD + "    labels: {" + ", ".join(f"l{number}: '@a'" for number in range(33)) + "}\n",
        "more than 32 labels",
    ),
    "name twice": (GOOD + "  - name: m\n    help: h\n", "6:11: metrics[1].name: the name 'm' is taken"),
    "unparsable path": (
        GOOD + "    labels: {x: 'a/b('}\n",
        "6:20: metrics[0].labels.x: 'a/b(': 'b(' is not supported",
    ),
    "XPath axis": (GOOD + "    labels: {x: 'parent::a'}\n", "'parent::' is written '../'"),
    "relative rows": (
        "rows: a/b\nmetrics:\n  - {name: m, help: h}\n",
        "1:7: rows: 'a/b': a path of rows starts",
    ),
    "rows of attributes": ("rows: /a/@b\nmetrics:\n  - {name: m, help: h}\n", "rows are elements"),
    "undeclared prefix": (GOOD + "    labels: {x: 'p:a'}\n", "the prefix 'p' is not declared"),
    "other without values": (GOOD + "    labels: {x: {from: name(), other: y}}\n", "'other' needs 'values' or 'part'"),
    "value twice": (
        GOOD + "    labels: {x: {from: name(), values: [a, a]}}\n",
        "duplicate value 'a'",
    ),
    "placeholder that is no label": (
        "rows: /a\nmetrics:\n  - {name: 'm_{x}', help: h}\n",
        "{x} in the name is no label of the metric",
    ),
    "placeholder without values": (
        "rows: /a\nmetrics:\n  - {name: 'm_{x}', help: h, labels: {x: name()}}\n",
        "{x} in the name needs the label's 'values' declared",
    ),
    "relative source": (
        "source: a.xml\nrows: /a\nmetrics:\n  - {name: m, help: h}\n",
        "1:9: source: the source is an",
    ),
    "no mapping": ("- a\n", "1:1: a mapping (`key: value` lines) is expected here"),
    "empty file": ("", "1:1: the mapping is empty"),
    "no YAML": ("a: [\n", "2:1: not YAML"),
    "unquoted @": (
        GOOD + "    labels: {x: @y}\n",
        "6:17: not YAML: found character that cannot start any token",
    ),
    "two documents": (GOOD + "---\na: b\n", "(a mapping is one document"),
    "unquoted *": (GOOD + "    labels:\n      x: *\n", "(a text that starts with '*' needs quotes)"),
    "unquoted */": (GOOD + "    labels:\n      x: */@a\n", "(a text that starts with '*' needs quotes)"),
    "unquoted {*}": (GOOD + "    labels:\n      x: {*}a/@a\n", "(a text that starts with '{' needs quotes)"),
    "unquoted colon": ("rows: a: b\n", "(a text with ': ' in it needs quotes)"),
    "source with ** in a name": (GOOD.replace("/tmp/a", "/tmp/a**"), "1:9: source: '**' is a directory of any depth"),
    "no source": (GOOD.replace("/tmp/a.xml", "[]"), "1:9: source: at least one path is needed"),
    "source in a list": (GOOD.replace("/tmp/a.xml", "[/tmp/a, b]"), "1:18: source[1]: the source is an absolute path"),
    "number beside date": (
        GOOD + "    value: {from: '@a', aggregate: max, date: iso8601, number: '1234,5'}\n",
        "6:64: metrics[0].value.number: 'number' and 'date' are mutually exclusive",
    ),
    "number: leading": (
        GOOD + "    value: {from: '@a', aggregate: max, number: leading}\n",
        "'leading' is no form of a number: name the unit that follows, unit: C, or take a part, part: '{} *'",
    ),
    "number: whole": (
        GOOD + "    value: {from: '@a', aggregate: max, number: whole}\n",
        "'whole' is no form of a number: leave it out",
    ),
    "unit beside date": (
        GOOD + "    value: {from: '@a', aggregate: max, date: iso8601, unit: s}\n",
        "metrics[0].value.unit: 'unit' and 'date' are mutually exclusive",
    ),
    "other without map": (
        GOOD + "    value: {from: '@a', aggregate: max, other: 0}\n",
        "'other' needs 'map': it is the number of all other texts",
    ),
    "other beside scale": (
        GOOD + "    value: {from: '@a', aggregate: max, map: {a: 1}, other: 0, scale: 2}\n",
        "'scale' and 'other' are mutually exclusive",
    ),
    "scale of 0": (
        GOOD + "    value: {from: '@a', aggregate: max, scale: 0}\n",
        "a factor of 0 makes every number 0",
    ),
    "unknown family": (
        GOOD + "    value: {from: '@a', aggregate: max, unit: {family: byte}}\n",
        "'byte' is no family of units (did you mean 'bytes'?)",
    ),
    "unit without family and names": (
        GOOD + "    value: {from: '@a', aggregate: max, unit: {from: '@u'}}\n",
        "'family' or 'names' is needed",
    ),
    "default that is no unit": (
        GOOD + "    value: {from: '@a', aggregate: max, unit: {family: bytes, default: K}}\n",
        "the default 'K' is no unit of the family or of 'names'",
    ),
    "part without a part": (
        GOOD + "    value: {from: '@a', aggregate: max, part: 'a*'}\n",
        "'a*': a part is written '{}', once",
    ),
    "part without what divides it": (
        GOOD + "    value: {from: '@a', aggregate: max, part: '*{}'}\n",
        "'*{}' in part: put the text between '*' and '{}' that divides them",
    ),
    "a zone's name": (
        GOOD + "    value: {from: '@a', aggregate: max, date: '%Y %Z'}\n",
        "'%Z' reads a zone's name and ignores it",
    ),
    "date format that is too long": (
        GOOD + "    value: {from: '@a', aggregate: max, date: '%Y" + " " * 300 + "'}\n",
        "is no date format",
    ),
    "no missing texts": (GOOD + "missing: []\n", "6:10: missing: at least one text is needed"),
    "cut beside values": (
        GOOD + "    labels: {x: {from: name(), cut: 3, values: [a]}}\n",
        "'cut' and 'values' are mutually exclusive: declared values are never too long",
    ),
    "cut of 0": (
        GOOD + "    labels: {x: {from: name(), cut: 0}}\n",
        "'0' is no number of characters from 1 to limits.label_length, 256",
    ),
    "cut beyond the limit": (
        GOOD + "    labels: {x: {from: name(), cut: 300}}\n",
        "'300' is no number of characters from 1 to limits.label_length, 256",
    ),
    "no other words": (GOOD + "    labels: {x: {from: name(), values: {}}}\n", "at least one text is needed"),
    "unknown operator": (
        GOOD + "    where: {'@x': {contain: a}}\n",
        "unknown key 'contain' (did you mean 'contains'?)",
    ),
    "no operator": (GOOD + "    where: {'@x': {}}\n", "a condition is needed: a text, a list of texts, or one of not,"),
    "empty prefix": (GOOD + "    where: {'@x': {prefix: ''}}\n", "every text begins with and contains the empty text"),
    "greater than a word": (GOOD + "    where: {'@x': {greater: b}}\n", "'b' is not a number"),
    "bound beside buckets": (
        GOOD + "    type: histogram\n    value: '@v'\n    buckets: [1]\n    bound: '@b'\n",
        "'buckets' and 'bound' are mutually exclusive",
    ),
    "bound of a gauge": (GOOD + "    bound: '@b'\n", "'bound' belongs to type histogram, this is a gauge"),
    "bound with an aggregate": (
        GOOD + "    type: histogram\n    value: '@v'\n    bound: {from: '@b', aggregate: sum}\n",
        "unknown key 'aggregate'",
    ),
    "name in two sections with other labels": (
        (
            "sections:\n  - {rows: /a, metrics: [{name: m, help: h, labels: {x: '@x'}}]}\n"
            "  - {rows: /b, metrics: [{name: m, help: h, labels: {y: '@x'}}]}\n"
        ),
        "the name 'm' is taken by a metric of another section: to be one metric, both need the same help",
    ),
    "name in two sections with declared values": (
        (
            "sections:\n  - {rows: /a, metrics: [{name: m, help: h, labels: {x: {from: '@x', values: [a]}}}]}\n"
            "  - {rows: /b, metrics: [{name: m, help: h, labels: {x: '@x'}}]}\n"
        ),
        "no label may have 'values'",
    ),
    "not UTF-8": (b"\xff", "1:1: can't read the mapping: it is not UTF-8"),
    "unhashable key": ("? [a]\n: b\n", "a text is expected here"),
    "nested too deeply": ("[" * 60 + "]" * 60, "1:51: not YAML: nested too deeply"),
    "nested without end": ("[" * 100_000, ": not YAML: "),  # libyaml 0.2.6 has a limit of its own and looks ahead
    "no number": (
        GOOD + "    type: summary\n    value: {from: '@v', scale: 1__0}\n",
        "7:32: metrics[0].value.scale: '1__0' is",
    ),
    "number too large": (
        GOOD + "    type: histogram\n    value: '@v'\n    buckets: [1" + "0" * 400 + "]\n",
        "8:15: metrics[0].buckets[0]: '1000",
    ),
    "quantity too large": (GOOD + "max_age: 1" + "0" * 5000 + "d\n", "is not a duration like 15m"),
    "absolute value": (
        GOOD + "    value: {from: /a/@v, aggregate: sum}\n",
        "6:19: metrics[0].value.from: '/a/@v': only a label can come from an absolute path",
    ),
    "absolute condition": (GOOD + "    where: {/a/@v: x}\n", "6:13: metrics[0].where: '/a/@v': only a label can"),
    "// before an attribute": (GOOD + "    labels: {x: //a//@b}\n", "'//' needs an element after it"),
    "date format that strptime lacks": (
        GOOD + "    value: {from: '@v', aggregate: max, date: '%Y-%Q'}\n",
        "'%Y-%Q' is no date format",
    ),
    "date format without a year": (
        GOOD + "    value: {from: '@v', aggregate: max, date: '%H:%M'}\n",
        "'%H:%M' has no year, so that dates would be of 1900",
    ),
    "date format without the half of the day": (
        GOOD + "    value: {from: '@v', aggregate: max, date: '%Y-%m-%d %I:%M'}\n",
        "'%Y-%m-%d %I:%M' has hours without their half of the day: add '%p'",
    ),
    "date format with a directive twice": (
        GOOD + "    value: {from: '@v', aggregate: max, date: '%Y %Y'}\n",
        "'%Y %Y' is no date format",
    ),
    "placeholder in the help alone": (
        "rows: /a\nmetrics:\n  - {name: m, help: 'h {x}', labels: {x: name()}}\n",
        "3:12: metrics[0].name: the help has {x}, which is not in the name",
    ),
    "too many names": (
        "rows: /a\nmetrics:\n  - name: 'm_{a}{b}{c}'\n    help: h\n    labels:\n"
        + "".join(f"      {label}: {{from: '@x', values: [{','.join(map(str, range(300)))}]}}\n" for label in "abc"),
        "3:11: metrics[0].name: makes 27000000 names, more than 1000",
    ),
    "default that is no declared value": (
        GOOD + "    labels: {x: {from: '@x', values: [a], default: b}}\n",
        "6:52: metrics[0].labels.x.default: the default 'b' is none of 'values'",
    ),
    "no values": (GOOD + "    labels: {x: {from: '@x', values: []}}\n", "at least one text is needed"),
    "no texts of a condition": (GOOD + "    where: {'@x': {not: []}}\n", "at least one text is needed"),
    "default namespace": (GOOD + "namespaces: {'': 'urn:x'}\n", "6:14: namespaces: '' is no prefix: choose a name"),
    "namespace without URI": (GOOD + "namespaces: {x: ''}\n", "6:17: namespaces.x: a namespace's URI is missing"),
    "unknown time zone": (
        GOOD + "    value: {from: a, aggregate: last, date: iso8601, zone: Mars/Base}\n",
        "'Mars/Base' is no time zone that this host knows",
    ),
    "zone without date": (GOOD + "    value: {from: a, aggregate: last, zone: UTC}\n", "'zone' needs 'date'"),
    "aliases that multiply": (
        "rows: /a\nmetrics: &a [" + "{}, " * 200 + "]\nx0: &x0 [*a, *a, *a, *a]\n",
        "unknown key 'x0'",
    ),
}


@pytest.mark.parametrize(("content", "message"), FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("command", ["check", "collect"])
def test_fault(command, content, message, write, tmp_path):
    mapping = write("m.yml", content)
    output = tmp_path / "textfile"
    output.mkdir()
    more = ["--output-dir", output] if command == "collect" else []
    result = run(command, mapping, *more)
    assert result.status == 2
    assert result.out == ""
    assert "Traceback" not in result.err
    assert all(line.startswith(f"xmlprom: {mapping}:") for line in result.err.splitlines())
    assert f"{mapping}:" in result.err
    assert message in result.err
    assert not list(output.iterdir())


@pytest.mark.parametrize("text", ["!n/a", "!!python/object:os.system x"])
def test_a_tag_is_refused(text, write):
    result = run("check", write("m.yml", GOOD + f"    labels:\n      x: {text}\n"))
    assert result.status == 2
    assert "a text that starts with '!' needs quotes" in result.err


def test_all_faults_are_reported_at_once_in_the_files_order(write):
    mapping = write("m.yml", "row: /a\nmetrics:\n  - name: 1\n    hlep: h\n    type: gage\n")
    lines = run("check", mapping).err.splitlines()
    assert [line.split(":")[2] for line in lines] == ["1", "1", "3", "3", "4", "5"]


def test_a_value_like_on_is_a_text_not_a_boolean(write):
    mapping = write("m.yml", GOOD + "    labels: {x: {from: '@x', values: [on, off, 1]}}\n")
    source = write("a.xml", '<a x="on"/>')
    result = run("collect", mapping, "--source", source, "--dry-run")
    assert [line.partition('x="')[2][:3] for line in result.out.splitlines()[4:]] == ['on"', "off", '1"}']


@pytest.mark.parametrize("mapping", sorted(EXAMPLES.glob("*.yml")), ids=lambda path: path.name)
def test_examples_are_valid(mapping):
    assert run("check", mapping).status == 0
    assert run("check", mapping).err == ""


USAGE = {
    "no command": ([], "the following arguments are required: COMMAND"),
    "unknown command": (["colect"], "invalid choice: 'colect'"),
    "no mapping": (["collect"], "the following arguments are required: MAPPING"),
    "mapping that is missing": (
        ["collect", "./none.yml"],
        "none.yml:1:1: can't read the mapping: No such file",
    ),
    "collector that is missing": (["collect", "none"], "/etc/xmlprom/none.yml:1:1: can't read the mapping"),
    "dot in the collector's name": (["collect", "a.status.yml"], "the collector's name 'a.status'"),
    "--only without =": (
        ["collect", EXAMPLES / "store.yml", "--only", "item"],
        "--only item: write LABEL=VALUE",
    ),
    "--only with an unknown label": (
        ["collect", EXAMPLES / "store.yml", "--only", "itm=a"],
        "no metric has the label 'itm' (did you mean 'item'?)",
    ),
}


@pytest.mark.parametrize(("arguments", "message"), USAGE.values(), ids=USAGE)
def test_usage(arguments, message):
    result = run(*arguments)
    assert (result.status, result.out) == (2, "")
    assert message in result.err
    assert "Traceback" not in result.err


def test_no_source(write):
    mapping = write("m.yml", "rows: /a\nmetrics:\n  - {name: m, help: h}\n")
    result = run("collect", mapping, "--dry-run")
    assert result.status == 2
    assert result.err == (
        f"xmlprom: {mapping}: the mapping names no source: add 'source: /path/to/file.xml', or use --source\n"
    )
