"""The real node_exporter of this machine, with nothing but its textfile collector, on a directory of its own."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PROGRAM = shutil.which("prometheus-node-exporter") or shutil.which("node_exporter")
REQUIRED = bool(os.environ.get("XMLPROM_REQUIRE_NODE_EXPORTER"))  # there its absence is a failure
_SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:[ \t]*\{(.*)\})?[ \t]+(\S+)")
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*"((?:[^"\\]|\\.)*)"[ \t]*(?:,|$)', re.S)
_OWN = ("node_", "go_", "process_", "promhttp_")

Series = tuple[str, frozenset[tuple[str, str]]]


@dataclass(frozen=True)
class Scrape:
    """What the textfile collector serves: `series` without empty labels, `error` is node_textfile_scrape_error."""

    series: dict[Series, float]
    error: float
    text: str


class Died(Exception):  # noqa: N818 - an event rather than an error
    """node_exporter ended while it was asked for its metrics."""


class Exporter:
    """One process of node_exporter. It reads `directory`; start it with `with`."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="textfile-"))

    def __enter__(self) -> Exporter:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self._process = subprocess.Popen(
            [
                str(PROGRAM),
                "--collector.disable-defaults",
                "--collector.textfile",
                f"--collector.textfile.directory={self.directory}",
                "--web.disable-exporter-metrics",
                f"--web.listen-address=127.0.0.1:{self._port}",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            self._await_start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _await_start(self) -> None:
        for _ in range(600):
            assert self._process.poll() is None, "node_exporter did not start"
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port), 1):
                return
            time.sleep(0.05)
        raise AssertionError("node_exporter does not listen")

    @property
    def runs(self) -> bool:
        return self._process.poll() is None

    def empty(self) -> None:
        """Remove all files of the directory."""
        for entry in self.directory.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()

    def scrape(self) -> Scrape:
        """Ask for the metrics.

        :raises Died: if that was the end of the process
        """
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            connection.request("GET", "/metrics")
            response = connection.getresponse()
            text = response.read().decode()
            assert response.status == 200, text
        except (OSError, http.client.HTTPException) as error:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(10)
            if self.runs:
                raise
            raise Died from error
        finally:
            connection.close()
        own: dict[Series, float] = {}
        textfile: dict[Series, float] = {}
        for series, value in samples_of(text):
            (own if series[0].startswith(_OWN) else textfile)[series] = value
        return Scrape(textfile, own["node_textfile_scrape_error", frozenset()], text)


def samples_of(text: str) -> Iterator[tuple[Series, float]]:
    """The samples of a text as (series, value), without empty labels. Lines end with a newline and nothing else."""
    for line in (line.lstrip(" \t") for line in text.split("\n")):
        if line and not line.startswith("#"):
            match = _SAMPLE.fullmatch(line)
            assert match, line
            labels = ((name, _unescaped(value)) for name, value in _LABEL.findall(match[2] or "") if value)
            yield (match[1], frozenset(map(_comparable, labels))), float(match[3])


def _unescaped(value: str) -> str:
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] == "n" else match[1], value)


def _comparable(label: tuple[str, str]) -> tuple[str, str]:
    """A bucket's bound can be written in several ways."""
    return (label[0], repr(float(label[1]))) if label[0] == "le" else label


def version() -> tuple[int, ...]:
    done = subprocess.run([str(PROGRAM), "--version"], capture_output=True, text=True, check=True)
    match = re.search(r"version (\d+)\.(\d+)", done.stdout + done.stderr)
    assert match
    return tuple(map(int, match.groups()))


def need_exporter() -> None:
    if not PROGRAM:
        assert not REQUIRED, "no node_exporter, and XMLPROM_REQUIRE_NODE_EXPORTER is set"
        pytest.skip("there is no prometheus-node-exporter on this machine")


@pytest.fixture(scope="session")
def running_exporter() -> Iterator[Exporter]:
    need_exporter()
    with Exporter() as exporter:
        yield exporter


@pytest.fixture
def exporter(running_exporter: Exporter) -> Exporter:
    """A node_exporter that runs, with an empty directory."""
    assert running_exporter.runs, "node_exporter died in a test before this one"
    running_exporter.empty()
    return running_exporter


@pytest.fixture
def fresh_exporter() -> Iterator[Exporter]:
    """A node_exporter that may die."""
    need_exporter()
    with Exporter() as exporter:
        yield exporter
