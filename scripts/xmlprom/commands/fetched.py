"""Whether the unit that fetches a collector's XML left a document for this run, and why not.

It runs before the collector's own, and leaves either DOCUMENT.xml or DOCUMENT.failure: a line with systemd's
SERVICE_RESULT, EXIT_CODE and EXIT_STATUS, then the last of what it wrote to stderr.
"""

from __future__ import annotations

import contextlib
import os

from xmlprom import reasons
from xmlprom.commands.options import report
from xmlprom.errors import RunError

_LINES = 10  # of stderr
_FRESH = 60.0  # seconds from the fetch to the run that reads it; systemd starts one after the other
_STATUSES = {  # systemd's own
    "203": "the program is missing, or can't be executed",
    "243": "a file that is set for the URL can't be read",
}


def check_fetched(document: str, origin: str, now: float) -> None:
    """Make sure that the document at that path was fetched for this run.

    :param origin: the URL or the command, for the message
    :raises RunError: if it was not
    """
    failure = f"{document.rpartition('.')[0]}.failure"
    with contextlib.suppress(FileNotFoundError):
        with open(failure, encoding="utf-8", errors="replace") as stream:
            outcome, *lines = stream.read().splitlines() or [""]
        raise RunError(reasons.FETCH, f"{origin}: {_why(outcome, lines, origin)}")
    with contextlib.suppress(FileNotFoundError):
        if abs(now - os.stat(document).st_ctime) <= _FRESH:
            return
    unit = os.path.basename(failure).replace(".failure", ".fetch.service")
    raise RunError(reasons.FETCH, f"{origin}: {unit} left no new document: see journalctl --unit={unit}")


def _why(outcome: str, lines: list[str], origin: str) -> str:
    result, _, status = (*outcome.split(), "", "", "")[:3]
    answer = lines.pop() if lines and origin.startswith(("http://", "https://")) and "XFSZ" not in status else ""
    for line in [line for line in lines if line.strip()][-_LINES:]:
        report(f"stderr: {line}")
    if result == "success":
        http_status, _, redirect = answer.partition(" ")
        return f"the HTTP status is {http_status}, not 200{redirect and f', a redirect to {redirect}'}"
    if result == "timeout":
        return "it took longer than its timeout"
    if result == "oom-kill":
        return "it took more memory than its memory_max"
    if status == "XFSZ":
        return "it wrote more than its size_max"
    if result in ("signal", "core-dump"):
        return f"it was killed by SIG{status}"
    return _STATUSES.get(status, f"it ended with exit status {status or result}")
