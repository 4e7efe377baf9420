"""A source that fails: exit status 1, one line that says why, the data file as it was, the reason in the status."""

from __future__ import annotations

import gzip
import os
import socket
import time

import pytest
from command import EXAMPLES, run, run_as_nobody, samples
from xmlprom.errors import RunError
from xmlprom.reading import directory_walk, files

GOOD = (EXAMPLES / "store.xml").read_bytes()
MAPPING = EXAMPLES / "store.yml"
COUNT = "rows: /s\nmetrics:\n  - {name: m, help: h}\n"


def failing_run(source, directory, command=run):
    """Collect a good source first, then `source`; check what holds for every failure, return (reason, message)."""
    good = directory / "good.xml"
    good.write_bytes(GOOD)
    mapping = directory / "store.yml"
    mapping.write_bytes(MAPPING.read_bytes())
    output = directory / "textfile"
    output.mkdir()
    output.chmod(0o777)
    assert command("collect", mapping, "--source", good, "--output-dir", output).status == 0
    before = (output / "store.prom").read_bytes()
    if os.path.isfile(source) and os.access(source, os.W_OK):
        os.utime(source, (time.time() - 3600,) * 2)  # a source that is being written is read again

    result = command("collect", mapping, "--source", source, "--output-dir", output)

    assert result.status == 1
    assert result.out == ""
    assert result.err.count("\n") == 1, result.err
    assert "Traceback" not in result.err
    assert str(source) in result.err
    assert (output / "store.prom").read_bytes() == before
    assert sorted(path.name for path in output.iterdir()) == ["store.prom", "store.status.prom"]
    status = samples((output / "store.status.prom").read_text())
    assert status['xmlprom_last_run_success{collector="store"}'] == 0
    reasons = [series.split('"')[3] for series, value in status.items() if "failure" in series and value == 1]
    assert len(reasons) == 1
    assert status['xmlprom_last_success_timestamp_seconds{collector="store"}'] > 0
    return reasons[0], result.err


CONTENTS = {
    "empty": (b"", "malformed", "the file is empty"),
    "truncated in a tag": (GOOD[:200], "malformed", "line 6"),
    "truncated between rows": (GOOD[: GOOD.index(b"</store>")], "malformed", "not well-formed"),
    "no XML": (b"hello, world\n", "malformed", "this is no XML"),
    "gzip, truncated": (gzip.compress(GOOD)[:-9], "malformed", "gzip compression is cut off"),
    "NUL bytes": (b"<store>\0</store>", "malformed", "not well-formed"),
    "UTF-8 that says UTF-16": (
        b"<?xml version='1.0' encoding='utf-16'?><store/>",
        "malformed",
        "the XML declaration says utf-16, the bytes are not",
    ),
    "XML 1.1 with a control character": (
        b"<?xml version='1.1'?>\n<store>&#27;</store>",
        "malformed",
        "XML 1.1 (of the declaration) allows what this parser doesn't, at line 2",
    ),
    "XML 1.1 that is cut off": (b"<?xml version='1.1'?><store>", "malformed", "not well-formed"),
    "a second root": (b"<store/><store/>", "malformed", "Extra content"),
    "invalid UTF-8": (b"<store><orange operation='\xe9t\xe9'/></store>", "malformed", "not well-formed"),
    "wrong root": (
        b"<shop><orange/></shop>",
        "root",
        "the root element shop can't match the rows' path /store/*",
    ),
    "root in a namespace": (b"<store xmlns='urn:s'/>", "root", "write {*}store"),
    "internal subset": (b"<!DOCTYPE store [<!ENTITY a 'b'>]><store/>", "doctype", "internal subset"),
    "empty internal subset": (b"<!DOCTYPE store []><store/>", "doctype", "internal subset"),
    "external identifier and internal subset": (
        b"<!DOCTYPE store SYSTEM 'x.dtd' [<!ENTITY % p SYSTEM 'y'> %p;]><store/>",
        "doctype",
        "internal subset",
    ),
    "undefined entity in text": (
        b"<!DOCTYPE store SYSTEM 'x.dtd'><store><orange>v&foo;w</orange></store>",
        "doctype",
        "&foo;",
    ),
    "undefined entity in an attribute": (
        b"<!DOCTYPE store PUBLIC 'a' 'b'><store><orange operation='v&foo;w'/></store>",
        "doctype",
        "&foo;",
    ),
    "undefined entity, plain DOCTYPE": (b"<!DOCTYPE store><store>&foo;</store>", "malformed", "foo"),
    "DOCTYPE that expat can't decode": (
        b"<?xml version='1.0' encoding='EUC-JP'?><!DOCTYPE store SYSTEM 'x'><store/>",
        "doctype",
        "can't be checked",
    ),
    "deep nesting": (b"<store>" + b"<a>" * 150 + b"</a>" * 150 + b"</store>", "limit", "limits.depth"),
}


@pytest.mark.parametrize(("content", "reason", "message"), CONTENTS.values(), ids=CONTENTS)
def test_content(content, reason, message, tmp_path):
    source = tmp_path / "source.xml"
    source.write_bytes(content)
    found, text = failing_run(source, tmp_path)
    assert found == reason
    assert message in text


def test_missing_file(tmp_path):
    assert failing_run(tmp_path / "none.xml", tmp_path)[0] == "missing"


def test_glob_without_a_match(tmp_path):
    assert failing_run(tmp_path / "none-*.xml", tmp_path)[0] == "missing"


@pytest.mark.parametrize("entry", ["none.xml", "none-*.xml", "**/none.xml", "none/**"])
def test_each_source_of_a_list_has_to_be_there(entry, tmp_path, write):
    write("a.xml", "<s/>")
    mapping = write("m.yml", f"source: ['{tmp_path}/a.xml', '{tmp_path}/{entry}']\n{COUNT}")
    result = run("collect", mapping, "--dry-run")
    assert (result.status, result.out) == (1, "")
    assert result.err.startswith(f"xmlprom: {tmp_path}/{entry}: ")


def test_a_directory_that_no_one_may_list_is_not_passed_by(open_directory):
    (open_directory / "closed").mkdir(mode=0)
    (open_directory / "a.xml").write_bytes(GOOD)
    reason, message = failing_run(f"{open_directory}/**/a.xml", open_directory, command=run_as_nobody)
    (open_directory / "closed").chmod(0o700)  # or an ordinary user could not remove it
    assert reason == "unreadable"
    assert f"{open_directory}/closed can't be listed" in message


def test_too_many_files_and_directories(tmp_path, monkeypatch):
    for name in "abc":
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.xml").write_bytes(GOOD)
    assert len(files.find_sources([f"{tmp_path}/**/a.xml"])) == 3
    monkeypatch.setattr(directory_walk, "_MAX_DIRECTORIES", 3)
    with pytest.raises(RunError, match="more than 3 directories: begin with a longer path"):
        files.find_sources([f"{tmp_path}/**/a.xml"])
    monkeypatch.setattr(files, "_MAX_SOURCES", 2)
    with pytest.raises(RunError, match="more than 2 files match"):
        files.find_sources([f"{tmp_path}/*/a.xml"])


def test_unreadable_file(open_directory):
    source = open_directory / "secret.xml"
    source.write_bytes(GOOD)
    source.chmod(0)
    reason, message = failing_run(source, open_directory, command=run_as_nobody)
    assert reason == "unreadable"
    assert "mode 0000): let a group read it" in message


def test_io_error(tmp_path):
    reason, message = failing_run("/proc/self/mem", tmp_path)
    assert reason == "unreadable"
    assert "Input/output error" in message


def test_directory(tmp_path):
    assert failing_run(tmp_path, tmp_path)[0] == "not_regular"


def test_fifo_does_not_wait_for_a_writer(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    assert failing_run(tmp_path / "fifo", tmp_path)[0] == "not_regular"


def test_socket(tmp_path):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        assert failing_run(tmp_path / "socket", tmp_path)[0] == "not_regular"


def test_device(tmp_path):
    assert failing_run("/dev/zero", tmp_path)[0] == "not_regular"


def test_dangling_link(tmp_path):
    (tmp_path / "link.xml").symlink_to(tmp_path / "none.xml")
    assert failing_run(tmp_path / "link.xml", tmp_path)[0] == "missing"


def test_too_large_file(tmp_path):
    source = tmp_path / "sparse.xml"
    with source.open("wb") as stream:
        stream.truncate((1 << 30) + 1)
    assert failing_run(source, tmp_path)[0] == "too_large"


def test_dry_run_of_a_failing_source_prints_nothing_and_writes_nothing(tmp_path):
    output = tmp_path / "textfile"
    output.mkdir()
    result = run("collect", MAPPING, "--source", tmp_path / "none.xml", "--output-dir", output, "--dry-run")
    assert (result.status, result.out) == (1, "")
    assert not list(output.iterdir())


@pytest.mark.parametrize("rows", [MAPPING, "rows: /store\nmetrics:\n  - {name: m, help: h, labels: {x: text()}}\n"])
@pytest.mark.parametrize("encoding", ["windows-1252", "EUC-JP", "ISO-2022-JP", "us-ascii", "UTF-8"])
@pytest.mark.parametrize("place", ["before the root", "in the root", "in the last row"])
def test_bytes_that_are_wrong_in_the_encoding(place, encoding, rows, tmp_path, write):
    """Some releases of libxml2 end the document there, without an error."""
    wrong = b"\x1b$Bzz\xff\x81\x8d"
    row = b'<orange operation="create"/>'
    parts = {
        "before the root": b"<?p " + wrong + b"?><store>" + row * 3 + b"</store>",
        "in the root": b"<store>" + row + b"<!--" + wrong + b"-->" + row * 2 + b"</store>",
        "in the last row": b"<store>" + row * 2 + b'<orange operation="create' + wrong + b'"/></store>',
    }
    source = write("source.xml", b'<?xml version="1.0" encoding="' + encoding.encode() + b'"?>' + parts[place])
    os.utime(source, (0, 0))
    mapping = write("m.yml", rows.read_text() if rows is MAPPING else rows)
    result = run("collect", mapping, "--source", source, "--dry-run")
    assert (result.status, result.out) == (1, "")
    assert "not well-formed XML" in result.err


HOSTILE_TEXTS = {
    "namespace": "<store xmlns='urn:{}'/>",
    "root": "<{}/>",
    "name": "<store><{}></store>",
    "text": "<store><orange operation='{}'/></store>",
}


@pytest.mark.parametrize("place", HOSTILE_TEXTS)
@pytest.mark.parametrize(
    "text", ["x" * 100_000, "&#10;xmlprom: forged", "&#x9b;31m&#x85;&#x2028;&#x202e;", "\U000e0041"], ids=range(4)
)
def test_a_message_is_one_short_line_without_control_characters(place, text, tmp_path):
    """What a source holds could forge a line of the journal, rule a terminal, or fill the disk a little each minute."""
    mapping = tmp_path / "m.yml"
    mapping.write_text(
        "rows: /store/*\nmetrics:\n"
        "  - {name: m, help: h, labels: {operation: {from: '@operation', values: [create]}}}\n"
    )
    source = tmp_path / "source.xml"
    source.write_text(HOSTILE_TEXTS[place].format(text), encoding="utf-8")
    os.utime(source, (0, 0))
    result = run("collect", mapping, "--source", source, "--dry-run")
    assert (result.status, result.out) == (1, "")
    assert result.err.endswith("\n")
    assert result.err[:-1].isprintable()
    assert len(result.err) < 1200


@pytest.mark.parametrize("name", ["a\nxmlprom: forged.xml", "a\x1b[31m.xml", "a\u202e.xml"], ids=range(3))
def test_a_files_name_is_quoted_where_it_holds_what_can_not_be_printed(name, tmp_path):
    (tmp_path / name).write_bytes(b"<store>")
    os.utime(tmp_path / name, (0, 0))
    result = run("collect", MAPPING, "--source", f"{tmp_path}/a*", "--dry-run")
    assert result.status == 1
    assert result.err[:-1].isprintable()
    assert result.err.startswith("xmlprom: '/")
