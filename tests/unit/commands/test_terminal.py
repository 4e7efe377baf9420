"""What a person sees: on a terminal alone, on stderr alone."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
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
    assert out.splitlines()[4].endswith("} 6")
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


COMMANDS = {
    "collect": ["collect", EXAMPLES / "store.yml", "--source", EXAMPLES / "store.xml", "--dry-run"],
    "check": ["check", EXAMPLES / "store.yml", "--source", "empty.xml"],  # which has an advice
    "explain": ["explain", EXAMPLES / "store.yml", "--source", EXAMPLES / "store.xml", "--json"],
}


@pytest.mark.parametrize("arguments", COMMANDS.values(), ids=COMMANDS)
def test_a_full_disk_behind_stdout_is_reported(arguments, tmp_path):
    (tmp_path / "empty.xml").write_text("<store/>")
    command = [sys.executable, SCRIPT, *arguments]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, b"xmlprom: stdout can't be written: No space left on device\n")


def test_a_terminal_that_lacks_a_character_gets_it_escaped(tmp_path):
    source = tmp_path / "store.xml"
    source.write_text("<store><caf\u00e9 operation='create'/></store>", "utf-8")
    done = subprocess.run(
        [sys.executable, SCRIPT, "explain", EXAMPLES / "store.yml", "--source", source, "--json"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0
    assert b"caf\\xe9" in done.stdout


@pytest.mark.parametrize("package", ["lxml", "yaml"])
def test_a_package_that_is_missing_is_named(package):
    program = (
        "import runpy, sys; sys.modules[sys.argv.pop(1)] = None; sys.argv.pop(0);"
        "runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    command = [sys.executable, "-c", program, package, str(SCRIPT), *map(str, COMMANDS["collect"])]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 1
    assert done.stderr.decode() == f"xmlprom: the Python package {package} is missing: install python3-{package}\n"


@pytest.mark.parametrize("command", ["check", "explain"])
def test_a_file_that_fails_hides_no_other(command, tmp_path):
    for name, content in {"a": "<store>", "b": "<store><kiwi/></store>", "c": "<store/"}.items():
        (tmp_path / f"{name}.xml").write_text(content)
    done = subprocess.run(
        [sys.executable, SCRIPT, command, EXAMPLES / "store.yml", "--source", tmp_path / "*.xml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert [line.split(":")[1].strip() for line in done.stderr.splitlines()] == [f"{tmp_path}/{n}.xml" for n in "ac"]
    assert f"{tmp_path}/b.xml" in done.stdout


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
