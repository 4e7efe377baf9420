"""What the tests of this directory share: the podman that test.sh names, and waiting."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable

PROJECT = os.environ["XMLPROM_PROJECT"]


def podman(*arguments: str, ok: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a command of podman, which has to succeed if `ok`."""
    done = subprocess.run([os.environ["XMLPROM_PODMAN"], *arguments], capture_output=True, text=True, check=False)
    assert not ok or done.returncode == 0, done.stderr
    return done


def until(holds: Callable[[], object]) -> None:
    """Wait until something holds; servers that are starting refuse connections, and files may be missing."""
    for _ in range(90):
        try:
            if holds():
                return
        except OSError:
            pass
        time.sleep(1)
    assert holds()
