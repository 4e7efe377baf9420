"""Write `.prom` files so that a reader sees the old content or the new, never anything between."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import time

from xmlprom import reasons
from xmlprom.errors import RunError

_ABANDONED = 3600  # seconds after which a temporary file is one that a killed run left
_UNIQUE = 8  # bytes of a temporary file's name


def replace(file: str, content: bytes) -> None:
    """Put `content` in the place of `file`, mode 0644, or leave the file as it is.

    The temporary file is beside it under a name that node_exporter does not read. It is on the disk before
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
            _leave_to_owner(descriptor, file)
            os.fsync(descriptor)
        os.rename(temporary, file)
        temporary = None
        _sync_directory(_directory_of(file))
    except OSError as error:
        raise RunError(reasons.OUTPUT, f"{file}: can't be written: {error.strerror or error}") from None
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def remove_abandoned(*files: str) -> None:
    """Remove the temporary files that killed runs left of these files, of one directory."""
    directory = _directory_of(files[0])
    names = "|".join(re.escape(os.path.basename(file)) for file in files)
    temporary = re.compile(rf"\.(?:{names})\.[0-9a-f]{{{2 * _UNIQUE}}}\.tmp")
    with contextlib.suppress(OSError):
        for name in filter(temporary.fullmatch, os.listdir(directory)):
            path = os.path.join(directory, name)
            with contextlib.suppress(OSError):
                if time.time() - os.lstat(path).st_mtime > _ABANDONED:
                    os.unlink(path)


def _directory_of(file: str) -> str:
    """The directory that a file is in, as a path that can be opened."""
    return os.path.dirname(file) or "."


def _create(file: str) -> tuple[int, str]:
    """A new file beside `file`, open and its path. What tempfile does too, whose import is 3 ms of every run."""
    directory, name = os.path.split(file)
    path = os.path.join(directory, f".{name}.{os.urandom(_UNIQUE).hex()}.tmp")
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600), path


def _leave_to_owner(descriptor: int, file: str) -> None:
    """As root, give the file to the user whose timer has to replace it: in a sticky directory only the owner can.

    That is the file's owner. A file that is new, or was left to root, belongs to the user of the directory's group.
    """
    if os.geteuid() != 0:
        return
    with contextlib.suppress(FileNotFoundError):
        owner = os.lstat(file)
        if owner.st_uid != 0:
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
            return
    directory = os.stat(_directory_of(file))
    if directory.st_mode & stat.S_ISVTX and directory.st_mode & stat.S_IWGRP and directory.st_gid != 0:
        user = _user_of_group(directory.st_gid)
        if user is not None:
            os.fchown(descriptor, user, directory.st_gid)


def _user_of_group(group: int) -> int | None:
    """The user that has the group to itself, by its name."""
    import grp  # noqa: PLC0415 - only a run of root's pays for it
    import pwd  # noqa: PLC0415 - see above

    with contextlib.suppress(KeyError):
        user = pwd.getpwnam(grp.getgrgid(group).gr_name)
        if user.pw_gid == group:
            return user.pw_uid
    return None


def _sync_directory(directory: str) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
