"""What node_exporter drops, loses in silence or dies of: tried on this machine's own, and refused by xmlprom.

Each fact is a set of files. Where versions of the exporter differ, the expected outcome is given per version. What
xmlprom does when it is to publish `a.prom` beside the others is the same everywhere.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Union

import pytest
from exporter import Died, need_exporter, samples_of, version
from xmlprom.errors import RunError
from xmlprom.mapping.naming import metric_name_fault
from xmlprom.textfile.collector_files import CollectorFiles
from xmlprom.textfile.conflicts import check_publishable

SERVED = "served"  # all of it, scrape_error 0
LOST = "lost"  # at least one whole file, scrape_error 1
SILENT = "lost in silence"  # something, though scrape_error is 0
PARTLY = "partly lost"  # something, and scrape_error is 1
DIES = "dies"
Outcome = Union[str, dict[tuple[int, int], str]]  # a dict: from which version on


@dataclass(frozen=True)
class Fact:
    """Files by name, what node_exporter does with them, and the reason for which xmlprom refuses `a.prom`."""

    files: dict[str, bytes]
    outcome: Outcome
    refused: str | None


def one(content: bytes, outcome: Outcome, refused: str | None = "invalid") -> Fact:
    return Fact({"a.prom": content}, outcome, refused)


def two(own: bytes, other: bytes, outcome: Outcome, refused: str | None = "conflict") -> Fact:
    return Fact({"a.prom": own, "b.prom": other}, outcome, refused)


GAUGE = b"# HELP m h\n# TYPE m gauge\n"
ONE = GAUGE + b'm{x="1"} 1\n'

FACTS = {
    # Accepted.
    "space before the labels": one(b'm {x="v"} 6\n', SERVED, None),
    "trailing comma": one(b'm{x="v",} 6\n', SERVED, None),
    "NaN": one(b"m NaN\n", SERVED, None),
    "+Inf": one(b"m +Inf\n", SERVED, None),
    "UTF-8 label value": one('m{x="été 日本 \u2028 \U0001f34a"} 1\n'.encode(), SERVED, None),
    "carriage return in a label value": one(b'm{x="a\rb"} 1\n', SERVED, None),
    "escapes in a label value": one(rb'm{x="a\\b\"c\nd"} 1' + b"\n", SERVED, None),
    "gauge called _total": one(b"# HELP m_total h\n# TYPE m_total gauge\nm_total 1\n", SERVED, None),
    "empty file": one(b"", SERVED, None),
    "comments and empty lines": one(b"\n# a comment\n#\n\nm 1\n", SERVED, None),
    "histogram": one(
        b'# HELP m h\n# TYPE m histogram\nm_bucket{le="1"} 1\nm_bucket{le="+Inf"} 2\nm_sum 3\nm_count 2\n', SERVED, None
    ),
    "summary": one(b"# HELP m h\n# TYPE m summary\nm_sum 3\nm_count 2\n", SERVED, None),
    "hidden file": Fact({"a.prom": b"", ".b.prom": ONE}, SERVED, None),
    "same family in two files, other series": two(ONE, GAUGE + b'm{x="2"} 1\n', SERVED, None),
    "same family with other labels in two files": two(ONE, GAUGE + b'm{y="2"} 1\n', SERVED, None),
    # The whole file is lost.
    "no newline at the end": one(b"m 1", LOST),
    "bad line": one(b"m 1\n}\n", LOST),
    "no number": one(b"m one\n", LOST),
    "no value": one(b"m\n", LOST),
    "name and number in one": one(b"m6\n", LOST),
    "blank at the end of the line": one(b"m 6 \n", LOST),
    "hexadecimal number": one(b"m 0x10\n", LOST),
    "number with underscore": one(b"m 1_0\n", LOST),
    "CRLF": one(b"m 1\r\n", LOST),
    "BOM": one(b"\xef\xbb\xbfm 1\n", LOST),
    "invalid UTF-8": one(b'm{x="\xff"} 1\n', LOST),
    "bad escape": one(rb'm{x="a\t"} 1' + b"\n", LOST),
    "newline in a label value": one(b'm{x="a\nb"} 1\n', LOST),
    "same label twice": one(b'm{x="1",x="2"} 1\n', LOST),
    "label without quotes": one(b"m{x=1} 1\n", LOST),
    "second TYPE": one(b"# TYPE m gauge\n# TYPE m gauge\nm 1\n", LOST),
    "second HELP": one(b"# HELP m h\n# HELP m h\nm 1\n", LOST),
    "TYPE after the samples": one(b"m 1\n# TYPE m gauge\n", LOST),
    "bad escape in HELP": one(rb"# HELP m a\tb" + b"\nm 1\n", LOST),
    "timestamp": one(b"m 1 1700000000000\n", LOST),
    "hyphen in a name": one(b"a-b 1\n", LOST),
    "dot in a name": one(b"a.b 1\n", LOST),
    "hyphen in a label": one(b'm{a-b="1"} 1\n', LOST),
    "type info": one(b"# TYPE m_info info\nm_info 1\n", LOST),
    "type unknown": one(b"# TYPE m unknown\nm 1\n", LOST),
    "exemplar": one(b'# TYPE m_total counter\nm_total 1 # {t="1"} 1\n', LOST),
    "dangling link": Fact({"a.prom": ONE, "b.prom": b"-> nowhere"}, LOST, None),
    "unreadable file": Fact({"a.prom": ONE, "b.prom": b"unreadable"}, LOST, None),
    # Something is lost in silence.
    "bucket without a bound": one(
        b'# HELP m h\n# TYPE m histogram\nm_bucket{x="1"} 1\nm_sum 1\nm_count 1\n', SILENT
    ),
    "series twice in one file": one(GAUGE + b"m 1\nm 2\n", SILENT),
    "series twice by an empty label": one(GAUGE + b'm{x=""} 1\nm 2\n', SILENT),
    "series in two files": two(ONE, GAUGE + b'm{x="1"} 2\n', SILENT),
    "series in two files by an empty label": two(GAUGE + b"m 1\n", GAUGE + b'm{x=""} 2\n', SILENT),
    "other TYPE in another file": two(ONE, b'# HELP m h\n# TYPE m counter\nm{x="2"} 1\n', SILENT),
    "no TYPE in another file": two(ONE, b'# HELP m h\nm{x="2"} 1\n', SILENT),
    "no HELP in another file": two(ONE, b'# TYPE m gauge\nm{x="2"} 1\n', SILENT),
    "empty HELP in another file": two(ONE, b'# HELP m\n# TYPE m gauge\nm{x="2"} 1\n', SILENT),
    "other HELP in another file": two(
        ONE, b'# HELP m other\n# TYPE m gauge\nm{x="2"} 1\n', {(1, 0): SILENT, (1, 8): PARTLY}
    ),
    "HELP with another blank at the end": two(
        ONE, b'# HELP m h \n# TYPE m gauge\nm{x="2"} 1\n', {(1, 0): SILENT, (1, 8): PARTLY}
    ),
    "other TYPE, written with tabs and capitals": two(
        ONE, b'#\tHELP\tm\th\n#\tTYPE\tm\tCOUNTER\nm\t{ x = "2" , }\t1e0\n', SILENT
    ),
    "other TYPE beside a duplicate series": two(
        ONE, b'# HELP m h\n# TYPE m counter\nm{x="2"} 1\nm{x="2"} 1\n', SILENT
    ),
    "gauge m_count, summary m in another file": two(
        b"# HELP m_count h\n# TYPE m_count gauge\nm_count 1\n",
        b"# HELP m h\n# TYPE m summary\nm_sum 1\nm_count 1\n",
        SILENT,
    ),
    "histogram m, gauge m_bucket in another file": two(
        b'# HELP m h\n# TYPE m histogram\nm_bucket{le="+Inf"} 1\nm_sum 1\nm_count 1\n',
        b"# HELP m_bucket h\n# TYPE m_bucket gauge\nm_bucket 1\n",
        SILENT,
    ),
    "histogram m, m without TYPE in another file": two(
        b'# HELP m h\n# TYPE m histogram\nm_bucket{le="+Inf"} 1\nm_sum 1\nm_count 1\n', b"m 1\n", SILENT
    ),
    "gauge m_sum, summary m without a sum in another file": two(
        b"# HELP m_sum h\n# TYPE m_sum gauge\nm_sum 1\n",
        b'# HELP m h\n# TYPE m summary\nm{quantile="0.5"} 1\n',
        SILENT,
    ),
    "gauge m_count, histogram m without a count in another file": two(
        b"# HELP m_count h\n# TYPE m_count gauge\nm_count 1\n",
        b'# HELP m h\n# TYPE m histogram\nm_bucket{le="+Inf"} 1\n',
        SILENT,
    ),
    "the same series in the quoted syntax": two(
        ONE, b'# HELP "m" h\n# TYPE "m" gauge\n{"m",x="1"} 2\n', {(1, 0): LOST, (1, 9): SILENT}
    ),
    # Kills the whole process.
    "label that starts with __": one(b'm{__x="1"} 1\n', DIES),
    "quoted name": one(b'{"a.b"} 1\n', {(1, 0): LOST, (1, 9): DIES, (1, 11): LOST}),
    "quoted label": one(b'm{"a.b"="1"} 1\n', {(1, 0): LOST, (1, 9): DIES, (1, 11): LOST}),
    "sample without a name after a TYPE": one(b'# TYPE m gauge\n{x="1"} 1\n', {(1, 0): LOST, (1, 9): DIES}),
    "type gaugehistogram": one(b"# TYPE m gaugehistogram\nm 1\n", {(1, 0): LOST, (1, 11): DIES}),
    "other HELP in the second file, none in the third": Fact(
        {
            "a.prom": ONE,
            "b.prom": b'# HELP m other\n# TYPE m gauge\nm{x="2"} 1\n',
            "c.prom": b'# TYPE m gauge\nm{x="3"} 1\n',
        },
        {(1, 0): SILENT, (1, 9): DIES},
        "conflict",
    ),
}  # fmt: skip


def put(files, directory):
    for name, content in files.items():
        if content.startswith(b"-> "):
            (directory / name).symlink_to(content[3:].decode())
        else:
            (directory / name).write_bytes(content)
        if content == b"unreadable":
            (directory / name).chmod(0)


def outcome_of(fact, exporter):
    """What node_exporter makes of the files."""
    put(fact.files, exporter.directory)
    try:
        scrape = exporter.scrape()
    except Died:
        return DIES
    wanted, unread = [], False
    for content in fact.files.values():
        try:
            wanted += samples_of(content.decode())
        except (UnicodeDecodeError, AssertionError, ValueError):
            unread = True
    whole = (
        not unread
        and len(wanted) == len(scrape.series)
        and all(series in scrape.series and repr(scrape.series[series]) == repr(value) for series, value in wanted)
    )
    if scrape.error == 0:
        return SERVED if whole else SILENT
    return LOST if len(scrape.series) in (0, len(wanted) if len(fact.files) > 1 else 0) else PARTLY


@pytest.mark.parametrize("fact", FACTS.values(), ids=FACTS)
def test_what_node_exporter_does(fact, request):
    need_exporter()
    if b"unreadable" in fact.files.values() and os.geteuid() == 0:
        pytest.skip("root reads every file")
    outcome = fact.outcome
    if isinstance(outcome, dict):
        outcome = outcome[max(since for since in outcome if since <= version())]
    exporter = request.getfixturevalue("fresh_exporter" if outcome == DIES else "exporter")
    assert outcome_of(fact, exporter) == outcome


@pytest.mark.parametrize("fact", FACTS.values(), ids=FACTS)
def test_what_xmlprom_publishes(fact, tmp_path):
    """It refuses each file that would be lost or do harm, and no other."""
    others = {name: content for name, content in fact.files.items() if name != "a.prom"}
    put(others, tmp_path)
    arguments = fact.files["a.prom"], CollectorFiles("a", str(tmp_path))
    if fact.refused is None:
        check_publishable(*arguments)
        return
    with pytest.raises(RunError) as failure:
        check_publishable(*arguments)
    assert failure.value.reason == fact.refused
    assert "b.prom" in str(failure.value) or len(fact.files) == 1


def test_which_names_are_read(exporter):
    for name in ("a.prom", ".b.prom", "c.prom.123", "d.prom~", "e.txt", ".f.prom.x1y2.tmp"):
        (exporter.directory / name).write_bytes(f"from_{name.strip('.')[0]} 1\n".encode())
    scrape = exporter.scrape()
    assert {name for name, _ in scrape.series} == {"from_a", "from_b"}
    assert scrape.error == 0


def test_one_of_two_is_lost_where_a_file_holds_a_family_of_node_exporter_itself(exporter):
    name = "node_scrape_collector_success"
    (exporter.directory / "a.prom").write_text(f'# HELP {name} h\n# TYPE {name} gauge\n{name}{{collector="mine"}} 1\n')
    scrape = exporter.scrape()
    assert scrape.error == 0
    assert len([series for series, _ in samples_of(scrape.text) if series[0] == name]) == 1
    assert "belong to node_exporter" in str(metric_name_fault(name, "gauge"))


def test_its_modification_time_is_that_of_the_prom_file(exporter):
    file = exporter.directory / "a.prom"
    file.write_bytes(ONE)
    os.utime(file, (1_700_000_000,) * 2)
    named = file.name if version() < (1, 2) else file
    assert f'node_textfile_mtime_seconds{{file="{named}"}} 1.7e+09\n' in exporter.scrape().text
