"""`--source -` reads standard input."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys

import pytest
from command import EXAMPLES, SCRIPT, run

SOURCE = (EXAMPLES / "store.xml").read_bytes()


def piped(command, content, *more, mapping=EXAMPLES / "store.yml"):
    arguments = [sys.executable, SCRIPT, command, mapping, "--source", "-", *more]
    return subprocess.run(arguments, input=content, capture_output=True, check=False, timeout=120)


@pytest.mark.parametrize("content", [SOURCE, gzip.compress(SOURCE)], ids=["plain", "gzip"])
def test_gives_what_the_file_gives(content):
    done = piped("collect", content, "--dry-run")
    file = run("collect", EXAMPLES / "store.yml", "--source", EXAMPLES / "store.xml", "--dry-run").out
    expected = [line for line in file.splitlines() if not line.startswith("# Source modified")]
    found = [line for line in done.stdout.decode().splitlines() if not line.startswith("# Source modified")]
    assert found == [line.replace(str(EXAMPLES / "store.xml"), "/tmp/store.xml") for line in expected]
    assert done.stderr == b""


def test_goes_into_the_data_file(tmp_path):
    assert piped("collect", SOURCE, "--output-dir", tmp_path).returncode == 0
    assert 'store_total_rows{path="/tmp/store.xml"} 6\n' in (tmp_path / "store.prom").read_text()


@pytest.mark.parametrize(
    ("source", "path"),
    [("", "-"), ("source: /s\n", "/s"), ("source: /s/**/*.xml\n", "/s/**/*.xml"), ("source: [/s, /t]\n", "-")],
)
def test_its_path_is_the_mappings_source(source, path, write):
    mapping = write("m.yml", f"{source}rows: /s\nmetrics:\n  - {{name: m, help: h}}\n")
    assert f'm{{path="{path}"}} 1\n'.encode() in piped("collect", b"<s/>", "--dry-run", mapping=mapping).stdout
    assert json.loads(piped("explain", b"<s/>", "--json", mapping=mapping).stdout)[0]["path"] == path


def test_memory_does_not_grow_with_it(write):
    """120 MB in a process that may hold 36 MiB."""
    mapping = write("m.yml", "rows: /s/a\nmetrics: [{name: m, help: h}]\n")
    reader = subprocess.Popen(
        ["prlimit", "--data=37748736", sys.executable, SCRIPT, "collect", mapping, "--source", "-", "--dry-run"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    reader.stdin.write(b"<s>")
    for _ in range(120):
        reader.stdin.write(b"<a/>" * 25_000 + b" " * 900_000)
    reader.stdin.write(b"</s>")
    assert reader.communicate()[0].endswith(b"} 3000000\n")
    assert reader.returncode == 0


def test_a_writer_that_dies_is_malformed(tmp_path, write):
    """A pipe that is cut off: what it gave before does not count, and the data of the run before stay."""
    mapping = write("m.yml", "source: /s\nrows: /s/a\nmetrics: [{name: m, help: h}]\n")
    assert piped("collect", b"<s><a/></s>", "--output-dir", tmp_path, mapping=mapping).returncode == 0
    before = (tmp_path / "m.prom").read_bytes()
    for program in ("sh -c 'printf \"<s><a/><a/>\"; kill -9 $$'", "gzip -c | head -c 20", ":"):
        pipeline = f"echo '<s><a/></s>' | ({program}) | {sys.executable} {SCRIPT} collect {mapping} --source - "
        done = subprocess.run(["bash", "-c", f"{pipeline} --output-dir {tmp_path}"], capture_output=True, check=False)
        assert done.returncode == 1
        assert 'reason="malformed"} 1\n' in (tmp_path / "m.status.prom").read_text()
        assert (tmp_path / "m.prom").read_bytes() == before


@pytest.mark.parametrize("command", ["check", "explain"])
def test_other_commands_read_it(command):
    done = piped(command, SOURCE)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_truncated_one_fails_with_its_own_fault():
    done = piped("collect", SOURCE[:100], "--dry-run")
    assert done.returncode == 1
    assert done.stderr.startswith(b"xmlprom: -: not well-formed XML: ")


def test_a_large_one_is_refused(write):
    mapping = write("m.yml", "rows: /s\nlimits: {source_size: 10}\nmetrics:\n  - {name: m, help: h}\n")
    done = piped("collect", b"<s>" + b" " * 100 + b"</s>", "--dry-run", mapping=mapping)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr == b"xmlprom: -: has more bytes than limits.source_size, 10\n"
