"""`--source -` reads standard input."""

from __future__ import annotations

import gzip
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
    assert found == [line.replace(str(EXAMPLES / "store.xml"), "-") for line in expected]
    assert done.stderr == b""


def test_goes_into_the_data_file(tmp_path):
    assert piped("collect", SOURCE, "--output-dir", tmp_path).returncode == 0
    assert 'store_total_rows{path="-"} 6\n' in (tmp_path / "store.prom").read_text()


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
