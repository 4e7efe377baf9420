"""What a `value` makes of a text: forms of numbers, units, durations, parts, and messages that lead to the mapping."""

from __future__ import annotations

import math
import time

import pytest
import yaml
from xmlprom.errors import RunError
from xmlprom.mapping.loader import load
from xmlprom.series.extraction import extract
from xmlprom.series.numbers import InvalidValueError, converter


@pytest.fixture
def read(write):
    """Gives the number that a value, as YAML without `from` and `aggregate`, makes of a text."""

    def number(options, text, top=""):
        mapping = (
            f"{top}rows: /a\nmetrics:\n  - name: m\n    help: h\n    value: {{from: '@v', aggregate: max, {options}}}\n"
        )
        (metric,) = load(write("m.yml", mapping)).metrics
        return converter(metric.value)(text)

    return number


FORMS = [
    ("number: '1,234.5'", "1,024.12", 1024.12),
    ("number: '1,234.5'", "1024.5", 1024.5),
    ("number: '1,234.5'", "-12,345,678", -12345678),
    ("number: '1.234,5'", "1.024,12", 1024.12),
    ("number: '1 234,5'", "1\u202f234\u00a0567,5", 1234567.5),
    ("number: '1 234.5'", "1 234", 1234),
    ('number: "1\'234.5"', "1\u2019234.5", 1234.5),
    ("number: '1234,5'", "0,160", 0.16),
    ("number: '0x1F'", "0x1F", 31),
    ("number: '0x1F'", "ff", 255),
    ("scale: 1e6", "2051.3", 2051300000),
    ("scale: 0.1", "3", 0.3),
    ("scale: 1e6", "2.0513e3", 2051300000),
    ("scale: 3, offset: 0.1", "0.1", 0.4),
    ("scale: 86400, offset: -2209161600", "45292.25", 1704088800),
    ("unit: bytes", "2051.3 MB", 2051300000),
    ("unit: bytes", "2.1 GB", 2100000000),
    ("unit: bytes", "1KiB", 1024),
    ("unit: bytes", "0", 0),
    ("unit: bytes, number: '1,234.5'", "1,024.5\u00a0kB", 1024500),
    ("unit: bytes", "3 Megabytes", 3000000),
    ("unit: bytes/s", "1.5 MB/s", 1500000),
    ("unit: bits/s", "10 Mbps", 10000000),
    ("unit: celsius", "45 C", 45),
    ("unit: celsius", "98.6 °F", 37),
    ("unit: celsius", "300 K", 26.85),
    ("unit: ratio", "12%", 0.12),
    ("unit: hertz", "1.2 GHz", 1200000000),
    ("unit: watts", "350 mW", 0.35),
    ("unit: RPM", "4200 RPM", 4200),
    ("unit: {family: bytes, names: {MB: 1048576}}", "2 MB", 2097152),
    ("unit: {family: bytes, default: KiB}", "2", 2048),
    ("unit: {names: {pages: 4096}}", "3 pages", 12288),
    ("unit: bytes, scale: 2, offset: 1", "2 kB", 4001),
    ("unit: seconds", "PT1H51M40S", 6700),
    ("unit: seconds", "P1DT2H", 93600),
    ("unit: seconds", "P2W", 1209600),
    ("unit: seconds", "5m 26s", 326),
    ("unit: seconds", "2m52.84s", 172.84),
    ("unit: seconds", "80.803us", 80.803e-6),
    ("unit: seconds", "3 MICROSECONDS", 3e-6),
    ("unit: seconds", "1 day, 2 hours, 3 minutes, 4 seconds", 93784),
    ("unit: seconds", "1 hour and 5 minutes", 3900),
    ("unit: seconds", "3d 2h 11m 9s", 267069),
    ("unit: seconds", "93784 secs", 93784),
    ("unit: seconds", "1 Day, 2 Hours", 93600),
    ("unit: seconds", "1.02:03:04", 93784),
    ("unit: bytes", "2 GigaBytes", 2e9),
    ("unit: seconds", "12:30:05", 45005),
    ("unit: seconds", "1 day, 2:03:04", 93784),
    ("unit: seconds", "1-02:03:04", 93784),
    ("unit: seconds", "1 day, 2:03", 93780),
    ("unit: 'h:m'", "12:30", 45000),
    ("unit: 'm:s'", "90:05", 5405),
    ("unit: 'm:s'", "1:02:03", 3723),
    ("unit: seconds, scale: 1000", "1m 1s", 61000),
    ("unit: {family: seconds, names: {Tage: 86400, Std: 3600}}", "2 Tage 3 Std", 183600),
    ("map: {OK: 1}, other: 0", "on fire", 0),
    ("map: {OK: 1}, other: 0", "OK", 1),
    ("map: {OK: 1}, other: 0", "", None),
    ("part: 'online {}', unit: seconds", "online 1234s", 1234),
    ("part: '*offset={},*'", "a, offset=1.847, b", 1.847),
    ("part: ['{} of *', '{}']", "3 of 7", 3),
    ("part: ['{} of *', '{}']", "5", 5),
    ("part: '*({}/*)', missing: '-'", "66% (-/3)", None),
    ("part: '{} *', map: {none: 0}", "none left", 0),
]


@pytest.mark.parametrize(("options", "text", "expected"), FORMS)
def test_number(options, text, expected, read):
    found = read(options, text)
    assert found == expected if options.startswith("scale") else found is expected or math.isclose(found, expected)


def test_a_factor_leaves_no_dust(read):
    assert read("scale: 1e6", "2051.3") == 2051300000.0 != 2051.3 * 1e6
    assert read("unit: bytes", "2051.3 MB") == 2051300000.0


NO_NUMBERS = [
    ("", "1,024.12", """is not a number: if ',' groups digits, write number: "1,234.5\""""),
    ("", "0,160", """is not a number: if ',' is the decimal mark, write number: "1234,5\""""),
    ("", "41,94", """is not a number: if ',' is the decimal mark, write number: "1234,5\""""),
    ("", "1 234", """write number: "1 234.5\""""),
    ("", "1'234.5", """write number: "1'234.5\""""),
    ("", "1.234,5", """if '.' groups digits, write number: "1.234,5\""""),
    ("", "0x1F", """is not a number: for hexadecimal ones write number: "0x1F\""""),
    ("", "2.1 GB", "is not a number: it has the unit 'GB': write unit: bytes"),
    ("", "45 C", "it has the unit 'C': write unit: celsius"),
    ("", "12 rpm", "it has the unit 'rpm': write unit: rpm"),
    ("", "1.5K", "write unit: {family: bytes, names: {K: 1024}}, or 1000; unit: celsius if it is a temperature"),
    ("unit: bytes", "2 G", "write unit: {family: bytes, names: {G: 1073741824}}, or 1000000000"),
    ("unit: percent", "45 %", "write unit: ratio, which knows it"),
    ("", "2026-01-02T03:04:05Z", "is not a number but a date: write date: iso8601"),
    ("", "12M", "write unit: {family: bytes, names: {M: 1048576}}, or 1000000"),
    ("", "5m 26s", "is not a number but a duration: write unit: seconds"),
    ("", "PT1H", "is not a number but a duration: write unit: seconds"),
    ("", "12:30:05", "is not a number but a duration: write unit: seconds"),
    (
        "unit: bytes",
        "2.1 XB",
        "the unit 'XB' is not in the family bytes: add it to unit.names (unit: {family: bytes, names: {XB: …}})",
    ),
    ("unit: bytes", "1,024 MB", """if ',' groups digits, write number: "1,234.5\""""),
    ("unit: bytes", "2048", "has no unit: say which in unit.default"),
    ("unit: celsius", "0", "has no unit"),
    ("unit: bytes", "1 mb", "the unit 'mb' is not in the family bytes"),
    ("unit: seconds", "12:30", 'hours and minutes, or minutes and seconds? Write unit: "h:m" or unit: "m:s"'),
    ("unit: seconds", "12:60:00", "is not a number"),
    ("unit: seconds", "5 m 3 h", "is not"),
    ("unit: seconds", "5M 3s", "is not"),
    ("unit: seconds", "P1Y", "years and months have no fixed length"),
    ("unit: RPM", "4200 rpm", "the unit 'rpm' is none of 'RPM'"),
    ("part: '*name={},*'", "x", "does not fit the part '*name={},*': add a form to the list ('{}' takes any text)"),
    ("part: '*name={},*'", "keyspacename=x,name=y,", "in several ways: 'name=' occurs more than once"),
    ("part: '*/{}'", "/a/b", "for the last part write the path …/tokenize(., '/')[last()]"),
    ("number: '1,234.5'", "1,02,4", "is not a number"),
    ("number: '1,234.5'", "0,123.4", "is not a number"),
    ("number: '0x1F'", "f" * 400, "is too large for a number"),
    ("scale: 1e300", "1e300", "is too large for a number"),
    ("offset: 1", "1e99999999999999999999", "is too large for a number"),
    ("", "5 (ok)", "is not a number: take the number out of it, part: '{} *'"),
    ("", "offset=1.8 ms", "is not a number: take the number out of it with 'part', add it to 'missing' or 'map'"),
    ("unit: bits/s", "1 KBPS", "the unit 'KBPS' is not in the family bits/s"),
    ("", "what", "is not a number: add it to 'missing' or 'map' ('other' takes all other texts)"),
]


@pytest.mark.parametrize(("options", "text", "message"), NO_NUMBERS)
def test_message(options, text, message, read):
    with pytest.raises(InvalidValueError) as refused:
        read(options, text)
    assert message in str(refused.value)
    assert str(refused.value).startswith(repr(text[:57])[:-1])


def test_every_suggested_form_reads_the_text(read):
    for options, text, message in NO_NUMBERS:
        if "write number: " in message and not options:
            form = message.split("write number: ")[1]
            assert read(f"number: {form}", text) is not None


def test_missing_of_the_whole_mapping(read):
    top = "missing: [N/A, '[N/A]']\n"
    assert read("missing: '-'", "-", top) is None
    assert read("missing: '-'", " N/A ", top) is None
    assert read("default: 7", "[N/A]", top) == 7


UNITS = """rows: /r/d
metrics:
  - name: m
    help: h
    labels: {n: "@n"}
    value: {from: memory, aggregate: last, unit: {family: bytes, from: memory/@unit, default: KiB, names: {k: 1024}}}
"""


def test_a_unit_of_its_own_path(write):
    mapping = load(write("m.yml", UNITS))
    source = write(
        "s.xml",
        "<r><d n='a'><memory unit='MiB'>2</memory></d><d n='b'><memory>3</memory></d>"
        "<d n='c'><memory unit='k'>4</memory></d></r>",
    )
    (table,) = extract(mapping, str(source)).tables
    assert table.series == {("a",): 2 << 20, ("b",): 3 << 10, ("c",): 4 << 10}
    bad = write("s.xml", "<r><d n='a'><memory unit='X'>2</memory></d></r>")
    with pytest.raises(RunError, match="the unit 'X' is not in the family bytes"):
        extract(mapping, str(bad))


@pytest.mark.parametrize(
    "options",
    ["", "number: '1,234.5'", "unit: seconds", "part: '*a{}b*c*'", "unit: bytes, number: '1 234,5'", "number: '0x1F'"],
)
@pytest.mark.parametrize("piece", ["1", "1,111", "1 ", "1m ", "a", "1:", "P1", " "])
def test_time_is_linear_in_the_text(options, piece, read):
    def tries(count):
        began = time.process_time()
        try:
            read(options, piece * count)
        except InvalidValueError as error:
            str(error)
        return time.process_time() - began

    assert min(tries(8000) for _ in range(3)) < 40 * max(min(tries(1000) for _ in range(3)), 0.003)


def test_the_forms_of_the_schema_are_those_of_the_loader():
    import json  # noqa: PLC0415

    from command import ROOT  # noqa: PLC0415
    from xmlprom.series.number_forms import FORMS as known  # noqa: PLC0415, N811
    from xmlprom.series.units import FAMILIES  # noqa: PLC0415

    definitions = json.loads((ROOT / "docs" / "mapping.schema.json").read_text(encoding="utf-8"))["$defs"]
    listed = definitions["aggregatedValue"]["properties"]["number"]["enum"]
    assert {str(form) for form in listed} == {*known, "31"}
    assert yaml.safe_load("0x1F") == 31
    assert definitions["unit"]["anyOf"][1]["properties"]["family"]["enum"] == list(FAMILIES)
