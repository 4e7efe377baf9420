"""Find and open sources: regular files of bounded size, whose bytes did not change while they were read."""

from __future__ import annotations

import errno
import glob
import os
import stat
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from xmlprom import reasons
from xmlprom.errors import RunError

_CHUNK = 1 << 16  # bytes


class SourceFile(NamedTuple):
    """An open source; `size` in bytes and `modified` in Unix seconds are those at opening."""

    path: str
    stream: BinaryIO
    size: int
    modified: float
    identity: tuple[int, ...]

    def chunks(self) -> Iterator[bytes]:
        """The file's bytes, in order.

        :raises RunError: on an I/O error, or if the file is another than at opening once it was read
        """
        read = 0
        try:
            while chunk := self.stream.read(_CHUNK):
                read += len(chunk)
                if read > self.size:
                    break
                yield chunk
            changed = read != self.size or _identity(os.stat(self.path)) != self.identity
        except FileNotFoundError:
            changed = True
        except OSError as error:
            raise _unreadable(error) from None
        if changed:
            raise RunError(reasons.CHANGED, "the file changed while it was read")


def find_sources(pattern: str) -> list[str]:
    """The paths that a source stands for: itself, or what its glob matches, sorted.

    :raises RunError: if a glob matches nothing
    """
    if os.path.lexists(pattern) or not glob.has_magic(pattern):
        return [pattern]
    found = sorted(path for path in glob.glob(pattern) if not os.path.isdir(path))
    if not found:
        raise RunError(reasons.MISSING, f"{pattern}: no file matches")
    return found


def open_source(path: str, max_size: int) -> SourceFile:
    """Open one source; the caller closes its stream.

    :param max_size: bytes
    :raises RunError: if there is none, it can't be read, is no regular file, or is larger
    """
    descriptor: int | None = None
    try:
        # O_NONBLOCK: opening a FIFO must not wait for its writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise RunError(reasons.NOT_REGULAR, f"is {_kind(status.st_mode)}, not a regular file")
        if status.st_size > max_size:
            raise RunError(reasons.TOO_LARGE, f"has {status.st_size} bytes, more than limits.source_size, {max_size}")
        stream = os.fdopen(descriptor, "rb", buffering=0)
        descriptor = None
        return SourceFile(path, stream, status.st_size, status.st_mtime, _identity(status))
    except FileNotFoundError:
        raise RunError(reasons.MISSING, "the file does not exist") from None
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise RunError(reasons.NOT_REGULAR, "is a socket or device, not a regular file") from None
        raise _unreadable(error) from None
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def _kind(mode: int) -> str:
    kinds = {
        stat.S_IFDIR: "a directory",
        stat.S_IFIFO: "a FIFO",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
    }
    return kinds.get(stat.S_IFMT(mode), "something else")


def _unreadable(error: OSError) -> RunError:
    return RunError(reasons.UNREADABLE, f"can't be read: {error.strerror or error}")
