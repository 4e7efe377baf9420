"""What `check` reports about a valid mapping, without and with a source."""

from __future__ import annotations

import pytest
from command import EXAMPLES, run

ONE_METRIC = "rows: /store/*\nmetrics:\n  - name: {name}\n    help: h\n"


def checked(mapping, *more):
    result = run("check", mapping, *more)
    return result.status, result.out, result.err


def test_an_example_that_fits_its_source_gets_no_advice():
    assert checked(EXAMPLES / "store.yml", "--source", EXAMPLES / "store.xml") == (0, "", "")


@pytest.mark.parametrize(
    ("metric", "advice"),
    [
        ("{name: run_ms, help: h}", "'ms' is no base unit: use 'seconds' and 'scale'"),
        ("{name: rows_total, help: h}", "'_total' is the suffix of counters, this is a gauge"),
        (
            "{name: a_total_b_total, help: h, type: counter, value: {from: '@n', aggregate: sum}}",
            "rename it: use 'a_b_total'",
        ),
        ("{name: rows_count, help: h}", "the suffix '_count' is reserved"),
        ("{name: storeRows, help: h}", "names are lower case"),
        ("{name: rows, help: h, labels: {job: name()}}", "would rename it 'exported_job'"),
    ],
)
def test_naming_advice_is_no_fault(write, metric, advice):
    mapping = write("m.yml", f"rows: /a\nmetrics:\n  - {metric}\n")
    status, out, err = checked(mapping)
    assert (status, err) == (0, "")
    assert out.startswith(f"{mapping}: metric ")
    assert advice in out


MAPPING = """\
rows: /store/*
metrics:
  - name: store_rows
    help: Rows
    labels:
      operation: {from: "@operation", values: [create, burn], other: other}
      id: "@id"
      size: size
      host: /store/@host
      first: (tag)[1]
"""


def test_advice_on_a_source(write):
    rows = "".join(f'<a id="{number}" operation="create"><tag/><tag/></a>' for number in range(10))
    source = write("store.xml", f"<store>{rows}</store>")
    status, out, err = checked(write("m.yml", MAPPING), "--source", source)
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        f"{source}: size matches nothing in 10 rows of /store/*",
        f"{source}: metric store_rows: the declared operation 'burn' does not occur",
        (
            f"{source}: metric store_rows: the label id has 10 values in 10 rows: it looks like an identifier, which"
            " makes a series of every row; leave it out, or declare 'values' and 'other'"
        ),
        f"{source}: /store/@host matches nothing",
    ]


def test_rows_that_never_match(write):
    source = write("store.xml", "<store/>")
    assert checked(write("m.yml", ONE_METRIC.format(name="m")), "--source", source) == (
        0,
        f"{source}: /store/* matches no element\n",
        "",
    )


def test_an_ancestor_above_the_root_matches_nothing(write):
    mapping = write("m.yml", ONE_METRIC.format(name="m") + "    labels: {around: ../name(), above: ../../name()}\n")
    source = write("store.xml", "<store><a/></store>")
    assert checked(mapping, "--source", source) == (
        0,
        f"{source}: ../../name() matches nothing in 1 rows of /store/*\n",
        "",
    )


def test_every_row_that_would_fail_is_reported_at_once(write):
    mapping = write("m.yml", ONE_METRIC.format(name="m") + "    value: {from: '@v', aggregate: sum}\n")
    source = write("store.xml", '<store><a v="1"/><a v="x"/><a v="y"/></store>')
    status, out, err = checked(mapping, "--source", source)
    assert (status, out) == (1, "")
    assert [line.split("'")[1] for line in err.splitlines()] == ["x", "y"]
    assert err.startswith(f"xmlprom: {source}: metric m: 'x' at @v is not a number")


def test_a_source_that_fails(write, tmp_path):
    mapping = write("m.yml", ONE_METRIC.format(name="m"))
    assert checked(mapping, "--source", tmp_path / "none.xml") == (
        1,
        "",
        f"xmlprom: {tmp_path}/none.xml: the file does not exist\n",
    )


@pytest.mark.parametrize(
    ("names", "metric", "advised"),
    [
        ("17 18 19 20 21 22", "", True),
        ("0a1b2c3d4e 1a1b2c3d4e 2a1b2c3d4e 3a1b2c3d4e 4a1b2c3d4e", "value: {from: '@v', aggregate: sum}", True),
        ("2026-11-24 2026-11-25 2026-11-26 2026-11-27 2026-11-28", "", True),
        ("22 80 443 3306 10250 179", "", False),
        ("5357 9100 8080 10250 49152", "", False),
        ("100017 212345 300042 451234 523456", "", True),
        ("mail print fax scan copy", "value: {from: '@v', aggregate: sum}", False),
        ("17 18 19 20 21 22", "value: {from: '@v', aggregate: last}", False),
        ("17 18 19 20 21 22", "where: {'@n': ['17', '18']}", False),
    ],
)
def test_a_label_that_looks_like_an_identifier(names, metric, advised, write):
    rows = "".join(f'<a n="{name}" v="1"/>' for name in names.split())
    mapping = write("m.yml", ONE_METRIC.format(name="m") + f"    labels: {{n: '@n'}}\n    {metric}\n")
    status, out, _ = checked(mapping, "--source", write("s.xml", f"<store>{rows}</store>"))
    assert (status, "looks like an identifier" in out) == (0, advised)


def test_rows_that_last_leaves_out(write):
    mapping = write(
        "m.yml", ONE_METRIC.format(name="m") + "    labels: {n: '@n'}\n    value: {from: '@v', aggregate: last}\n"
    )
    source = write("s.xml", '<store><a n="x" v="1"/><a n="x" v="2"/><a n="y" v="3"/></store>')
    assert checked(mapping, "--source", source)[1] == (
        f"{source}: metric m: 1 series has several rows, of which only the last counts: add a label that divides them,"
        " or take sum, min or max\n"
    )
