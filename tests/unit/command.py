"""The real command line, in a process of its own, and what the tests read of what it writes."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

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


def run_as_nobody(*arguments: object) -> Result:
    """Run the command as an unprivileged user, also when the tests run as root.

    The modules are imported before the user changes, as that user may be unable to read them.
    """
    program = (
        "import encodings.utf_8_sig, locale, os, sys; sys.path.insert(0, sys.argv[1]);"
        "from xmlprom import cli;"
        "from xmlprom.commands import collect, collector_run, draft, explain, terminal;"
        "from xmlprom.textfile import atomic_write;"
        "from xmlprom.mapping import loader;"
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
