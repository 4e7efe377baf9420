"""Fixtures of the script's tests."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from command import Result, run
from exporter import exporter, fresh_exporter, running_exporter  # noqa: F401 - fixtures
from xmlprom.commands import collector_run
from xmlprom.reading import files


@pytest.fixture(autouse=True)
def _no_waiting_for_writers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sources of tests are fresh, and a run would wait for whoever may be writing them; where that matters, it does."""
    if request.module.__name__ != "test_collector_run":
        monkeypatch.setattr(files, "_APART", 0)
        monkeypatch.setattr(collector_run, "_PAUSES", ())


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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Report how many cases the fuzz tests tried, if they ran."""
    tried = getattr(sys.modules.get("fuzzing"), "tried", {})
    if tried:
        terminalreporter.write_line(f"fuzz cases: {sum(tried.values())}, of which {dict(sorted(tried.items()))}")
