"""What the script's tests share: the real command line in a process of its own, and files to feed it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from exporter import exporter, fresh_exporter, running_exporter  # noqa: F401 - fixtures

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "xmlprom"
EXAMPLES = ROOT / "examples"
sys.path.insert(0, str(SCRIPT.parent))


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    status: int
    out: str
    err: str


def run(*arguments: object, umask: int = 0o022) -> Result:
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=120, preexec_fn=lambda: os.umask(umask))
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture
def xmlprom() -> Callable[..., Result]:
    return run


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, object], Path]:
    """Write a file of the test's directory, return its path."""

    def write_file(name: str, content: object) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else str(content).encode())
        return path

    return write_file


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """A directory that every user can enter, unlike pytest's own."""
    directory = Path(tempfile.mkdtemp())
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


def run_as_nobody(*arguments: object) -> Result:
    """Run the command as an unprivileged user, also when the tests run as root.

    The modules are imported before the user changes, as that user may be unable to read them.
    """
    program = (
        "import encodings.utf_8_sig, locale, os, sys; sys.path.insert(0, sys.argv[1]);"
        "from xmlprom import cli, collect, people, publish;"
        "os.getuid() or (os.setgroups([]), os.setgid(65534), os.setuid(65534));"
        "sys.exit(cli.main(sys.argv[2:]))"
    )
    command = [sys.executable, "-c", program, str(SCRIPT.parent), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=120)
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode())


def samples(text: str) -> dict[str, float]:
    """The samples of a text in Prometheus' format: series as written -> value."""
    lines = [line for line in text.split("\n") if line and not line.startswith("#")]
    return {series: float(value) for series, _, value in (line.rpartition(" ") for line in lines)}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell how many cases the fuzz tests tried, if they ran."""
    tried = getattr(sys.modules.get("fuzzing"), "tried", {})
    if tried:
        terminalreporter.write_line(f"fuzz cases: {sum(tried.values())}, of which {dict(sorted(tried.items()))}")
