"""Whose a `.prom` file is: a collector's own begins with a line that only xmlprom writes for it.

A file without this mark is another program's, and never replaced or removed; also not by root.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat

from xmlprom import reasons
from xmlprom.errors import RunError

_MAX_OLD = 64 << 10  # bytes of a status file of release 0.1, which wrote no mark
_OLD_STATUS = (
    "# HELP xmlprom_last_run_success Whether the last run replaced the data file\n"
    "# TYPE xmlprom_last_run_success gauge\n"
    'xmlprom_last_run_success{{collector="{}"}} '
)
_OLD_VERSION = 'xmlprom_build_info{{collector="{}",version="0.1.'
_OLD_SUCCESS = r'^xmlprom_last_success_timestamp_seconds\{{collector="{}"\}} ([0-9]+(?:\.[0-9]+)?)$'
_LONGEST_RUN = 600.0  # seconds between the start of a run and its data file
_CLOCK = 2.0  # seconds by which a file's time may differ from the program's


def mark(collector: str) -> str:
    """What each file of a collector begins with."""
    return f"# Written by xmlprom for the collector {collector}; changes are overwritten.\n"


def check_owner(file: str, other: str, collector: str) -> None:
    """Make sure that a file of a collector may be written.

    :param other: the collector's other file
    :raises RunError: with reason "conflict", if it is another program's
    """
    if os.path.lexists(file) and not is_own(file, other, collector):
        raise RunError(
            reasons.CONFLICT,
            f"{file} is another program's, it does not begin with xmlprom's mark: give the collector another name, or"
            " remove the file",
        )


def is_own(file: str, other: str, collector: str) -> bool:
    """Whether xmlprom wrote `file` for the collector. An empty file is anybody's: it holds nothing to lose."""
    own = mark(collector).encode()
    start = read_start(file, len(own))
    if start is None:
        return False
    return start in (b"", own) or _is_of_first_release(file, other, collector)


def read_start(file: str, size: int) -> bytes | None:
    """The first bytes of a regular file, None of anything else."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC | os.O_NOFOLLOW)
        with os.fdopen(descriptor, "rb", buffering=0) as stream:
            return stream.read(size) if stat.S_ISREG(os.fstat(descriptor).st_mode) else None
    except OSError:
        return None


def _is_of_first_release(file: str, other: str, collector: str) -> bool:
    """Whether release 0.1 wrote it.

    Its status file is known by its first lines and its version. Its data file is known by the status file beside it,
    if that records a success, the data file is as old as that, and each series has a path.
    """
    is_status = file.endswith(".status.prom")
    status = (read_start(file if is_status else other, _MAX_OLD) or b"").decode("utf-8", "replace")
    if not status.startswith(_OLD_STATUS.format(collector)) or _OLD_VERSION.format(collector) not in status:
        return False
    if is_status:
        return True
    success = re.search(_OLD_SUCCESS.format(collector), status, re.M)
    with contextlib.suppress(OSError):
        age = os.lstat(file).st_mtime - float(success[1]) if success else -_LONGEST_RUN
        return -_CLOCK <= age <= _LONGEST_RUN and _has_paths(file)
    return False


def _has_paths(file: str) -> bool:
    with open(file, "rb") as stream:
        return all(line.startswith(b"#") or b'path="' in line for line in stream)
