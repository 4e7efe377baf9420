"""Runs whose source another unit fetched: what it left is read, or why it left nothing fails the run."""

from __future__ import annotations

import os
import time

import pytest
from command import run, samples
from xmlprom import reasons
from xmlprom.commands.fetched import check_fetched
from xmlprom.errors import RunError

URL = "http://127.0.0.1:8053/xml/v3"
MAPPING = "rows: /s/*\nmetrics: [{name: m, help: h}]\n"
ANSWER = "\n200 \n"


@pytest.fixture
def collect(tmp_path):
    (tmp_path / "m.yml").write_text(MAPPING)
    (tmp_path / "out").mkdir()

    def collect_fetched(origin=URL, *options):
        common = ["--source", tmp_path / "xmlprom-m.xml", "--fetched", origin]
        return run("collect", tmp_path / "m.yml", "--output-dir", tmp_path / "out", *common, *options)

    return collect_fetched


def failure_of(tmp_path):
    status = samples((tmp_path / "out" / "m.status.prom").read_text())
    return [series.split('"')[3] for series, value in status.items() if "last_run_failure" in series and value]


def test_a_document_that_was_fetched_is_read(tmp_path, collect):
    (tmp_path / "xmlprom-m.xml").write_text("<s><a/><b/></s>")
    assert collect().status == 0
    assert f'm{{path="{URL}"}} 2\n' in (tmp_path / "out" / "m.prom").read_text()
    assert failure_of(tmp_path) == []
    modified = samples((tmp_path / "out" / "m.status.prom").read_text())
    assert abs(modified['xmlprom_source_modified_timestamp_seconds{collector="m"}'] - time.time()) < 60


def test_the_label_path_is_the_source_of_the_mapping_if_it_has_one(tmp_path, collect):
    (tmp_path / "m.yml").write_text("source: /hardware\n" + MAPPING)
    (tmp_path / "xmlprom-m.xml").write_text("<s><a/></s>")
    assert collect("lshw -xml").status == 0
    assert 'm{path="/hardware"} 1\n' in (tmp_path / "out" / "m.prom").read_text()


FAILURES = {
    "no connection": ("exit-code exited 7", "curl: (7) refused\n\n000 \n", URL, "it ended with exit status 7"),
    "HTTP status": ("success exited 0", "\n404 \n", URL, "the HTTP status is 404, not 200"),
    "redirect": (
        "success exited 0",
        "\n302 http://other/\n",
        URL,
        "the HTTP status is 302, not 200, a redirect to http://other/",
    ),
    "file of a URL": ("exit-code exited 243", "", URL, "a file that is set for the URL can't be read"),
    "exit status": ("exit-code exited 3", "no hardware\n", "lshw -xml", "it ended with exit status 3"),
    "no program": ("exit-code exited 203", "", "lshw -xml", "the program is missing, or can't be executed"),
    "timeout": ("timeout killed TERM", "", "lshw -xml", "it took longer than its timeout"),
    "size": ("signal killed XFSZ", "", "lshw -xml", "it wrote more than its size_max"),
    "size of an answer": ("signal killed XFSZ", "", URL, "it wrote more than its size_max"),
    "memory": ("oom-kill killed KILL", "", "lshw -xml", "it took more memory than its memory_max"),
    "signal": ("signal killed SEGV", "", "lshw -xml", "it was killed by SIGSEGV"),
    "core": ("core-dump dumped ABRT", "", "lshw -xml", "it was killed by SIGABRT"),
    "no resources": ("resources", "", "lshw -xml", "it ended with exit status resources"),
    "nothing at all": ("", "", "lshw -xml", "it ended with exit status "),
}


@pytest.mark.parametrize(("outcome", "stderr", "origin", "message"), FAILURES.values(), ids=FAILURES)
def test_a_failure_fails_the_run_and_keeps_the_data(outcome, stderr, origin, message, tmp_path, collect):
    document = tmp_path / "xmlprom-m.xml"
    document.write_text("<s><a/></s>")
    assert collect().status == 0
    before = (tmp_path / "out" / "m.prom").read_bytes()
    document.unlink()
    (tmp_path / "xmlprom-m.failure").write_text(f"{outcome}\n{stderr}")
    result = collect(origin)
    assert result.status == 1
    assert result.err.splitlines()[-1] == f"xmlprom: {origin}: {message}"
    assert failure_of(tmp_path) == ["fetch"]
    assert (tmp_path / "out" / "m.prom").read_bytes() == before


def test_the_last_lines_of_stderr_are_shown_without_control_characters(tmp_path, collect):
    lines = [f"line {number}\x1b[2J" for number in range(1, 13)]
    (tmp_path / "xmlprom-m.failure").write_bytes(
        b"exit-code exited 1\n\xff cut in the middle of a character\n" + "\n".join([*lines, ""]).encode()
    )
    shown = collect("lshw -xml").err.splitlines()
    assert shown[:-1] == [rf"xmlprom: stderr: line {number}\x1b[2J" for number in range(3, 13)]


def test_the_answer_s_status_is_no_line_of_stderr(tmp_path, collect):
    (tmp_path / "xmlprom-m.failure").write_text("exit-code exited 6\ncurl: (6) Could not resolve host\n\n000 \n")
    assert collect().err.splitlines()[:-1] == ["xmlprom: stderr: curl: (6) Could not resolve host"]


def test_no_document_fails_the_run(tmp_path, collect):
    result = collect()
    assert result.status == 1
    assert "xmlprom-m.fetch.service left no new document" in result.err
    assert failure_of(tmp_path) == ["fetch"]


def test_the_document_of_an_earlier_run_is_not_taken_for_this_one_s(tmp_path):
    document = tmp_path / "xmlprom-m.xml"
    document.write_text("<s/>")
    os.utime(document, (0, 0))  # whatever the command did to it
    check_fetched(str(document), URL, time.time())
    with pytest.raises(RunError, match="left no new document") as failure:
        check_fetched(str(document), URL, time.time() + 120)
    assert failure.value.reason == reasons.FETCH
