"""What a person sees: on a terminal alone, on stderr alone."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

from command import EXAMPLES, SCRIPT


def on_terminal(*arguments):
    """Run with stderr on a terminal; returns (status, stdout, stderr)."""
    terminal, stderr = pty.openpty()
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    environment = {**os.environ, "COLUMNS": "100", "TERM": "xterm"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, env=environment)
    os.close(stderr)
    seen = b""
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError:  # Linux' way to say that the other end is closed
            break
        if not part:
            break
        seen += part
    out = process.communicate(timeout=120)[0]
    os.close(terminal)
    return process.returncode, out.decode(), seen.decode()


def test_a_dry_run_shows_items_by_operations_and_keeps_stdout_clean():
    arguments = ["collect", EXAMPLES / "store.yml", "--source", EXAMPLES / "store.xml", "--dry-run"]
    status, out, seen = on_terminal(*arguments)
    assert status == 0
    assert out.splitlines()[2].endswith("} 6")
    assert not any(line.startswith(("store_rows ", " ")) for line in out.splitlines())
    words = [line.replace("│", " ").replace("┃", " ").split() for line in seen.splitlines()]
    assert ["item", "create", "update", "delete"] in words
    assert ["orange", "2", "1", "0"] in words


def test_a_run_that_writes_says_nothing(tmp_path):
    arguments = [
        "collect",
        EXAMPLES / "store.yml",
        "--source",
        EXAMPLES / "store.xml",
        "--output-dir",
        tmp_path,
    ]
    assert on_terminal(*arguments) == (0, "", "")


def test_a_long_read_shows_progress(tmp_path):
    source = tmp_path / "big.xml"
    row = b'<orange id="1" operation="create"/>'
    with source.open("wb") as stream:
        stream.write(b"<store>")
        for _ in range(200):
            stream.write(row * 20_000)
        stream.write(b"</store>")
    status, _, seen = on_terminal("collect", EXAMPLES / "store.yml", "--source", source, "--output-dir", tmp_path)
    assert status == 0
    assert "reading" in seen
