"""Finds and runs the programs that check the files, and those that read them."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RULES = sorted((ROOT / "monitoring").glob("*.yml"))
SUITES = ("bookworm", "trixie", "forky")
# Beside the interpreter that runs the tests.
PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])


Render = Callable[..., Path]


def run(*command: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]


def tool(name: str, suite: str = "trixie") -> str:
    """A program of a Debian release, as tools/setup.sh unpacks it."""
    found = ROOT / ".cache/tools" / suite / name
    if not found.exists():
        pytest.skip(f"{name} of {suite} is not on this machine: tools/setup.sh tools")
    return str(found)


@contextlib.contextmanager
def serving(name: str, listen: str, *arguments: str, suite: str = "trixie") -> Iterator[str]:
    """Run a program's HTTP server, give its address; `listen`: its option for that."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{listening.getsockname()[1]}"
    quiet = subprocess.DEVNULL
    process = subprocess.Popen([tool(name, suite), f"{listen}={address}", *arguments], stdout=quiet, stderr=quiet)
    try:
        yield f"http://{address}"
    finally:
        process.kill()
        process.wait()
