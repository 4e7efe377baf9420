"""Write `.prom` files so that a reader sees the old content or the new, never anything between."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from xmlprom.errors import RunError

DEFAULT_DIRECTORY = Path("/var/lib/prometheus/node-exporter")
_ABANDONED = 3600  # seconds after which a temporary file is one that a killed run left


def data_file(directory: Path, collector: str) -> Path:
    return directory / f"{collector}.prom"


def status_file(directory: Path, collector: str) -> Path:
    return directory / f"{collector}.status.prom"


def replace(file: Path, content: bytes) -> None:
    """Put `content` in the place of `file`, mode 0644, or leave the file as it is.

    The temporary file stands beside it under a name that node_exporter does not read. It is on the disk before
    the rename, so that a power loss leaves the old file or the new.

    :raises RunError: if the directory can't be written
    """
    temporary = None
    try:
        descriptor, temporary = _create(file)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fchmod(descriptor, 0o644)
            _keep_owner(descriptor, file)
            os.fsync(descriptor)
        os.rename(temporary, file)
        temporary = None
        _sync_directory(file.parent)
    except OSError as error:
        raise RunError("output", f"{file}: can't be written: {error.strerror or error}") from None
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
    _remove_abandoned(file)


def _create(file: Path) -> tuple[int, str]:
    """A new file beside `file`, open and its path. What tempfile does too, whose import is 3 ms of every run."""
    path = f"{file.parent}/.{file.name}.{os.urandom(8).hex()}.tmp"
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600), path


def _keep_owner(descriptor: int, file: Path) -> None:
    """As root, leave the file to the user whose timer has to replace it again in a sticky directory."""
    if os.geteuid() == 0:
        with contextlib.suppress(FileNotFoundError):
            owner = file.lstat()
            os.fchown(descriptor, owner.st_uid, owner.st_gid)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_abandoned(file: Path) -> None:
    for temporary in file.parent.glob(f".{file.name}.*.tmp"):
        with contextlib.suppress(OSError):
            if time.time() - temporary.stat().st_mtime > _ABANDONED:
                temporary.unlink()
