"""Decompress a source as it streams by: gzip, xz or zstd, known by the first bytes.

The format's name in the file's name does not count. Members that follow each other are read as one text, as the
formats' own programs do. Each piece that comes out is small, whatever a bomb holds.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from xmlprom import reasons
from xmlprom.errors import RunError

_PIECE = 1 << 16  # bytes that come out at once
_MAX_MEMORY = 64 << 20  # bytes that xz may ask for; `xz -9` needs as much


class _Format(NamedTuple):
    """A compressed format: its name, its first bytes, and whether zeros may fill the room between members."""

    name: str
    magic: bytes
    padded: bool


_FORMATS = (
    _Format("gzip", b"\x1f\x8b", True),  # RFC 1952
    _Format("xz", b"\xfd7zXZ\0", True),  # https://tukaani.org/xz/xz-file-format.txt
    _Format("zstd", b"\x28\xb5\x2f\xfd", False),  # RFC 8878
)
_MAGIC_LENGTH = max(len(format_.magic) for format_ in _FORMATS)


def decompressed(chunks: Iterable[bytes], max_size: int) -> Iterator[bytes]:
    """The bytes of `chunks`, decompressed if they are compressed.

    :param max_size: bytes that may come out
    :raises RunError: if more come out, or the compressed bytes are damaged, cut off or of a format that this Python
        can't read
    """
    pieces = iter(chunks)
    beginning = b""
    for piece in pieces:
        beginning += piece
        if len(beginning) >= _MAGIC_LENGTH:
            break
    everything = itertools.chain([beginning] if beginning else [], pieces)
    for format_ in _FORMATS:
        if beginning.startswith(format_.magic):
            return _bounded(_members(format_, everything), format_, max_size)
    return everything


def _bounded(pieces: Iterable[bytes], format_: _Format, max_size: int) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > max_size:
            raise RunError(
                reasons.TOO_LARGE,
                f"holds more than {max_size} bytes behind its {format_.name} compression, limits.source_size",
            )
        yield piece


def _members(format_: _Format, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The text of all members, one after the other."""
    member: Any = None  # that has begun, and not ended
    for chunk in chunks:
        rest = chunk
        while rest:
            if member is None:
                rest = rest.lstrip(b"\0") if format_.padded else rest
                if not rest:
                    break
                member = _decompressor(format_)
            data, rest = rest, b""
            while True:
                piece = _step(format_, member, data)
                data = b""  # the member keeps what it has not read yet
                if piece:
                    yield piece
                if member.eof:
                    rest, member = member.unused_data, None
                    break
                if not piece and member.needs_input:
                    break
    if member is not None:
        raise RunError(reasons.MALFORMED, f"the {format_.name} compression is cut off")


class _Gzip:
    """zlib's decompressor with the interface of lzma's."""

    def __init__(self) -> None:
        import zlib  # noqa: PLC0415 - few sources are compressed

        self._member = zlib.decompressobj(wbits=31)  # with gzip's header and checksum

    @property
    def eof(self) -> bool:
        return self._member.eof

    @property
    def needs_input(self) -> bool:
        return not self._member.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._member.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._member.decompress(data or self._member.unconsumed_tail, max_length)


def _decompressor(format_: _Format) -> Any:
    if format_.name == "gzip":
        return _Gzip()
    if format_.name == "xz":
        import lzma  # noqa: PLC0415 - few sources are compressed

        return lzma.LZMADecompressor(lzma.FORMAT_XZ, _MAX_MEMORY)
    try:
        from compression import zstd  # type: ignore[import-not-found] # noqa: PLC0415 - of Python 3.14
    except ImportError:
        message = "is compressed by zstd, which Python reads from 3.14 on: compress it by gzip or xz"
        raise RunError(reasons.UNREADABLE, message) from None
    return zstd.ZstdDecompressor()


def _step(format_: _Format, member: Any, data: bytes) -> bytes:
    """The next piece of a member's text; empty if it needs more data."""
    try:
        piece: bytes = member.decompress(data, _PIECE)
    except MemoryError:
        raise
    except Exception as error:  # zlib.error, lzma.LZMAError, zstd.ZstdError: each module has its own
        raise RunError(reasons.MALFORMED, f"the {format_.name} compression is damaged: {error}") from None
    return piece
