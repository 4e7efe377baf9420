"""Find and open sources: regular files of bounded size, whose bytes did not change while they were read."""

from __future__ import annotations

import errno
import glob
import os
import stat
import time
from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple

from xmlprom import reasons
from xmlprom.errors import RunError, path_text

STANDARD_INPUT = "-"
_MAX_SOURCES = 10_000
_CHUNK = 1 << 16  # bytes
# A time stamp shows a change only if the clock has ticked since the last one, and a write through mmap shows late or
# never. So a source is read twice and compared, where memory allows it; a larger one must have rested for a tick.
_MAX_COMPARED = 16 << 20  # bytes
_RECENT = 60.0  # seconds since its last change in which a source may be in the middle of another
_APART = 0.1  # seconds between both readings of such a source: longer than a writer waits for a busy processor
_TICK = 0.05  # seconds
_HOST_MOUNTS = "/host-mounts"  # in a collector's sandbox alone
_received: list[int] = []  # the descriptor of what standard input gave
_COARSE_TICK = 2.05  # seconds; of file systems that keep whole seconds, or every other


class SourceFile(NamedTuple):
    """An open source; `size` in bytes and `modified` in Unix seconds are those at opening."""

    path: str
    stream: BinaryIO
    size: int
    modified: float
    identity: tuple[int, ...]
    is_recent: bool = False  # whether it was changed in the last minute, also in ways that `modified` hides

    def chunks(self) -> Iterator[bytes]:
        """The file's bytes, in order.

        :raises RunError: on an I/O error, or if the file is another than at opening once it was read
        """
        try:
            yield from self._compared() if self.size <= _MAX_COMPARED else self._streamed()
        except OSError as error:
            raise _unreadable(error) from None
        if self.has_changed():
            raise _changed()

    def has_changed(self) -> bool:
        """Whether what is at the path is no longer the file as it was opened."""
        try:
            return _identity(os.stat(self.path)) != self.identity
        except OSError:
            return True

    def _streamed(self) -> Iterator[bytes]:
        read = 0
        while chunk := self.stream.read(_CHUNK):
            read += len(chunk)
            if read > self.size:
                break
            yield chunk
        if read != self.size:
            raise _changed()

    def _compared(self) -> Iterator[bytes]:
        first = b"".join(self._pieces())
        read_at = time.monotonic()
        for start in range(0, len(first), _CHUNK):
            yield first[start : start + _CHUNK]
        wait = read_at + _APART - time.monotonic()
        if self.is_recent and wait > 0:
            time.sleep(wait)
        self.stream.seek(0)
        at = 0
        for piece in self._pieces():
            if piece != first[at : at + len(piece)]:
                raise _changed()
            at += len(piece)
        if not len(first) == at == self.size:
            raise _changed()

    def _pieces(self) -> Iterator[bytes]:
        """The file as it is now, up to a byte more than it had."""
        left = self.size + 1
        while left and (piece := self.stream.read(min(left, 1 << 20))):
            left -= len(piece)
            yield piece


class _Received(SourceFile):
    """Standard input, which was received whole and can't change."""

    def has_changed(self) -> bool:
        return False


def find_sources(patterns: Sequence[str]) -> list[str]:
    """The paths that sources stand for, each once: themselves, or what their globs match, sorted.

    :raises RunError: if a glob matches nothing, or all match too much
    """
    found: dict[str, None] = {}
    for pattern in patterns:
        found.update(dict.fromkeys(_matches(pattern)))
        if len(found) > _MAX_SOURCES:
            raise RunError(reasons.LIMIT, f"{path_text(pattern)}: more than {_MAX_SOURCES} files match")
    return list(found)


def _matches(pattern: str) -> list[str]:
    if os.path.lexists(pattern) or not glob.has_magic(pattern):
        return [pattern]
    if "**" in pattern:
        from xmlprom.reading.directory_walk import expanded  # noqa: PLC0415 - few sources are of any depth

        found = sorted(expanded(pattern))
    else:
        found = sorted(glob.glob(pattern))
    matches = [path for path in found if not os.path.isdir(path)]
    if not matches:
        raise RunError(reasons.MISSING, f"{path_text(pattern)}: no file matches")
    return matches


def open_source(path: str, max_size: int) -> SourceFile:
    """Open one source; the caller closes its stream.

    :param max_size: bytes
    :raises RunError: if there is none, it can't be read, is no regular file, is larger, or large and just written
    """
    if path == STANDARD_INPUT:
        return _open_standard_input(max_size)
    descriptor: int | None = None
    try:
        # O_NONBLOCK: opening a FIFO must not wait for its writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise RunError(reasons.NOT_REGULAR, f"is {_kind(status.st_mode)}, not a regular file")
        if os.path.lexists(_HOST_MOUNTS):
            from xmlprom.reading.sandbox import check_place  # noqa: PLC0415 - only a service's runs need it

            check_place(path, _HOST_MOUNTS)
        if status.st_size > max_size:
            raise RunError(reasons.TOO_LARGE, f"has {status.st_size} bytes, more than limits.source_size, {max_size}")
        age = abs(time.time() - max(status.st_mtime, status.st_ctime))
        if status.st_size > _MAX_COMPARED and age < _tick(status):
            raise RunError(reasons.CHANGED, "written so shortly before that a change could not be seen")
        stream = os.fdopen(descriptor, "rb", buffering=0)
        descriptor = None
        return SourceFile(path, stream, status.st_size, status.st_mtime, _identity(status), age < _RECENT)
    except FileNotFoundError:
        raise RunError(reasons.MISSING, "the file does not exist") from None
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise RunError(reasons.NOT_REGULAR, "is a socket or device, not a regular file") from None
        raise _unreadable(error) from None
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _open_standard_input(max_size: int) -> SourceFile:
    """Standard input as a file; it is read once, also when a run reads its source again."""
    import tempfile  # noqa: PLC0415 - the timer's runs read files

    if not _received:
        with tempfile.TemporaryFile() as spool:
            left = max_size + 1
            while left and (piece := os.read(0, min(left, 1 << 20))):
                spool.write(piece)
                left -= len(piece)
            if not left:
                raise RunError(reasons.TOO_LARGE, f"has more bytes than limits.source_size, {max_size}")
            spool.flush()
            _received.append(os.dup(spool.fileno()))
    stream = os.fdopen(os.dup(_received[0]), "rb", buffering=0)
    stream.seek(0)
    status = os.fstat(stream.fileno())
    return _Received(STANDARD_INPUT, stream, status.st_size, status.st_mtime, _identity(status))


def _identity(status: os.stat_result) -> tuple[int, ...]:
    # A writer can set the modification time back; the change time shows that.
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _tick(status: os.stat_result) -> float:
    return _COARSE_TICK if status.st_ctime_ns % 1_000_000_000 == 0 else _TICK


def _changed() -> RunError:
    return RunError(reasons.CHANGED, "the file changed while it was read")


def _kind(mode: int) -> str:
    kinds = {
        stat.S_IFDIR: "a directory",
        stat.S_IFIFO: "a FIFO",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
    }
    return kinds.get(stat.S_IFMT(mode), "something else")


def _unreadable(error: OSError) -> RunError:
    advice = _access(error.filename) if isinstance(error, PermissionError) and error.filename else ""
    return RunError(reasons.UNREADABLE, f"can't be read: {error.strerror or error}{advice}")


def _access(path: str) -> str:
    """Whose the file is, by numbers since the collector's sandbox hides names, and what to do about it."""
    try:
        status = os.stat(path)
    except OSError:  # a directory above it is closed
        return ""
    return (
        f" (uid {status.st_uid}, gid {status.st_gid}, mode {stat.S_IMODE(status.st_mode):04o}): let a group read it, "
        "as with mode 0640, and add that group to the collector's read_groups"
    )
