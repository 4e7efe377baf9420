"""Where a source really is that systemd put into a collector's sandbox.

systemd does that as root and follows symbolic links. So whoever controls the source's path could put a link in its
place, and show the service a file in a directory that is closed to it.
"""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from xmlprom import reasons
from xmlprom.errors import RunError

OWN_MOUNTS = "/proc/self/mountinfo"


class _Mount(NamedTuple):
    """A line of mountinfo: `root` is the place in the file system on `device` that is seen at `point`."""

    device: str
    root: str
    point: str


def check_place(path: str, host_mounts: str) -> None:
    """Make sure that a source in the sandbox is the host's file at its path, or one beside it.

    :param host_mounts: where the host's /proc/1/mountinfo is
    :raises RunError: if a link led elsewhere
    """
    own = _mount_of(path, OWN_MOUNTS)
    if own.point == "/":
        return
    wanted = re.sub("^/var(?=/run/)", "", own.point)  # Debian's own link
    host = _mount_of(wanted, host_mounts)
    place = f"{host.root.rstrip('/')}{wanted[len(host.point.rstrip('/')) :]}" or "/"
    real = own.root[:-9] if own.root.endswith("//deleted") else own.root
    # A writer may have renamed it since; a link to a file beside it opens no other directory.
    is_beside = own.point == path and os.path.dirname(real) == os.path.dirname(place)
    if own.device == host.device and (real == place or is_beside):
        return
    raise RunError(
        reasons.NOT_REGULAR,
        f"a symbolic link in {own.point} leads elsewhere, which could show a file that is closed to xmlprom: name the"
        " real path as the mapping's source",
    )


def _mount_of(path: str, table: str) -> _Mount:
    """The mount that `path` is in; of several at one point the last hides the others."""
    found = _Mount("", "/", "/")
    with open(table, "rb") as stream:
        for line in stream:
            device, root, point = (_unescaped(field) for field in line.split(b" ", 5)[2:5])
            if len(point) >= len(found.point) and f"{path}/".startswith(f"{point.rstrip('/')}/"):
                found = _Mount(device, root, point)
    return found


def _unescaped(field: bytes) -> str:
    return os.fsdecode(re.sub(rb"\\([0-7]{3})", lambda match: bytes([int(match[1], 8)]), field))
