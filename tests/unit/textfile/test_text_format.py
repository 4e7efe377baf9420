"""What is written reads back as what was meant, to prometheus_client too."""

from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from xmlprom.series.families import Family, Sample
from xmlprom.textfile.text_format import number, render
from xmlprom.textfile.text_parser import parse_strictly

LABELS = st.dictionaries(st.from_regex(r"[a-z][a-z0-9_]{0,5}", fullmatch=True), st.text(max_size=8), max_size=3)
VALUES = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(VALUES)
def test_a_number_reads_back(value):
    assert float(number(value)) == value
    assert not number(value).endswith(".0")


def test_whole_numbers_are_written_out():
    assert [number(value) for value in (6, 6.0, 0.5, 17179869184, 1795359466.25)] == [
        "6",
        "6",
        "0.5",
        "17179869184",
        "1795359466.25",
    ]


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.lists(st.tuples(LABELS, VALUES), max_size=5), st.text(max_size=20))
def test_samples_read_back(samples, help_):
    # Line ends other than \n, and a parser that takes the text apart at all of them, are exposition's tests.
    samples = [(labels, value) for labels, value in samples if not _splits(labels)]
    help_ = "".join(character for character in help_ if character.isprintable()).strip()
    family = Family("m", help_, "gauge", [Sample("m", labels, value) for labels, value in samples])
    (found,) = text_string_to_metric_families(render([family]).decode())
    assert (found.name, found.type, found.documentation) == ("m", "gauge", help_)
    assert [(sample.labels, sample.value) for sample in found.samples] == samples


def _splits(labels):
    return any(len(f"x{value}x".replace("\n", "").splitlines()) > 1 for value in labels.values())


def test_text_that_a_label_may_hold_is_escaped():
    family = Family("m", "a\\b\nc", "gauge", [Sample("m", {"b": 'q"\\\n', "a": "é"}, 1)])
    assert render([family]) == '# HELP m a\\\\b\\nc\n# TYPE m gauge\nm{a="é",b="q\\"\\\\\\n"} 1\n'.encode()
    assert parse_strictly(render([family]))


def test_no_families_are_no_bytes():
    assert render([]) == b""
    assert not math.isnan(float(number(0)))
