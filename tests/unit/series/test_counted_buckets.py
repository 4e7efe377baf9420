"""Histograms that the source has counted, and metrics of several sections."""

from __future__ import annotations

import math

import pytest
from command import run, samples
from xmlprom.errors import RunError
from xmlprom.mapping.loader import load
from xmlprom.series.extraction import extract
from xmlprom.series.families import families

MAPPING = """rows: /r/b
metrics:
  - name: m
    help: h
    type: histogram
    labels: {{v: "@v"}}
    value: "@n"
    bound: {bound}
"""


@pytest.fixture
def buckets(write):
    """Gives le -> count, _count and _sum of the series v=a that a source's rows make."""

    def read(bound, rows):
        mapping = load(write("m.yml", MAPPING.format(bound=bound)))
        extraction = extract(mapping, str(write("s.xml", f"<r>{rows}</r>")))
        (family,) = families({}, [extraction], {})
        found = {
            sample.labels.get("le", sample.name): sample.value for sample in family.samples if sample.labels["v"] == "a"
        }
        assert math.isnan(found.pop("m_sum"))
        return found

    return read


def test_counts_are_added_up_in_the_order_of_the_bounds(buckets):
    rows = '<b v="a" le="+Inf" n="1"/><b v="a" le="5" n="2"/><b v="a" le="0.5" n="4"/><b v="a" le="5" n="1"/>'
    assert buckets('"@le"', rows) == {"0.5": 4, "5.0": 7, "+Inf": 8, "m_count": 8}


def test_without_the_last_bucket_it_has_all(buckets):
    assert buckets('"@le"', '<b v="a" le="1" n="3"/>') == {"1.0": 3, "+Inf": 3, "m_count": 3}


def test_cumulative_counts_stay(buckets):
    rows = '<b v="a" le="1" n="3"/><b v="a" le="2" n="3"/><b v="a" le="inf" n="9"/><b v="b" le="1" n="1"/>'
    bound = '{from: "@le", cumulative: true}'
    assert buckets(bound, rows) == {"1.0": 3, "2.0": 3, "+Inf": 9, "m_count": 9}
    assert buckets(bound, '<b v="a" le="1" n="3"/>') == {"1.0": 3, "+Inf": 3, "m_count": 3}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ('<b v="a" le="1" n="3"/><b v="a" le="2" n="2"/>', "metric m: cumulative counts fall at the bound 2.0"),
        ('<b v="a" le="1" n="-3"/>', "-3.0 at @n is no count"),
        ('<b v="a" le="1" n="1.5"/>', "1.5 at @n is no count"),
        ('<b v="a" le="1"/>', "a bucket has no count at @n"),
        ('<b v="a" n="1"/>', "a bucket has no bound at @le"),
        ('<b v="a" le="x" n="1"/>', "'x' at @le is not a number"),
    ],
)
def test_what_is_no_bucket_fails(rows, message, buckets):
    with pytest.raises(RunError) as failed:
        buckets('{from: "@le", cumulative: true}', rows)
    assert message in str(failed.value)


SECTIONS = """limits: {series: 2}
sections:
  - {rows: /r/a, metrics: [{name: m, help: h, labels: {x: "@x", y: "@y"}, value: {from: "@v", aggregate: last}}]}
  - {rows: /r/b, metrics: [{name: m, help: h, labels: {y: "@y", x: "@x"}, value: {from: "@w", aggregate: last}}]}
"""


def test_a_metric_of_two_sections(write):
    mapping = write("m.yml", SECTIONS)
    source = write("s.xml", '<r><a x="1" y="2" v="3"/><b x="2" y="1" w="4"/></r>')
    out = run("collect", mapping, "--source", source, "--dry-run").out
    assert out.count("# TYPE m gauge\n") == 1
    assert samples(out) == {f'm{{path="{source}",x="1",y="2"}}': 3, f'm{{path="{source}",x="2",y="1"}}': 4}


def test_a_series_of_two_sections_fails(write):
    mapping = load(write("m.yml", SECTIONS))
    with pytest.raises(RunError, match="comes from two sections: nothing says how to combine them"):
        extract(mapping, str(write("s.xml", '<r><a x="1" y="2" v="3"/><b x="1" y="2" w="4"/></r>')))


def test_the_limit_is_of_all_sections(write):
    mapping = load(write("m.yml", SECTIONS))
    rows = '<a x="1" y="2" v="3"/><a x="2" y="2" v="3"/><b x="1" y="3" w="4"/>'
    with pytest.raises(RunError, match="metric m has more than 2 series in all sections"):
        extract(mapping, str(write("s.xml", f"<r>{rows}</r>")))
