"""Guard against start tags of an unreasonable length.

libxml2 before 2.12, Debian's too, compares each attribute of an element with all before it: 100,000 of them take
5 seconds, a million take minutes. It parses a start tag only once it has all of it, which is the time to refuse it.
"""

from __future__ import annotations

import codecs
import re

from xmlprom import reasons
from xmlprom.errors import RunError

_MAX_LENGTH = 1 << 17  # bytes
_COMPLETE = rb"""<(?:[^'">]|'[^']*'|"[^"]*")*>"""
_ENDS = {b"<!--": b"-->", b"<![CDATA[": b"]]>", b"<?": b"?>"}
_WIDE = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"<\0": "utf-16-le", b"\0<": "utf-16-be"}


class StartTagGuard:
    """Is fed the source's bytes ahead of lxml. In well-formed XML no '<' is within a start tag.

    So one that seems to begin a comment inside a tag hides nothing: libxml2 stops at it.
    """

    def __init__(self) -> None:
        self._tail = b""  # from the last '<' on, as long as that may begin a start tag
        self._end = b""  # of the comment, CDATA section or instruction that the source is in
        self._decoder: codecs.IncrementalDecoder | None = None
        self._started = False

    def feed(self, chunk: bytes) -> None:
        """Look at the next bytes.

        :raises RunError: for a start tag that is too long
        """
        if not self._started and chunk:
            self._started = True
            wide = _WIDE.get(chunk[:2])
            self._decoder = codecs.getincrementaldecoder(wide)("replace") if wide else None
        text = self._tail + (self._decoder.decode(chunk).encode("utf-8", "replace") if self._decoder else chunk)
        at = self._content(text)
        if self._end:
            self._tail = text[-len(self._end) + 1 :]  # it may hold the end's first part
            return
        last = text.rfind(b"<", at)
        self._tail = text[last:] if last >= 0 else b""
        if len(self._tail) > _MAX_LENGTH:
            if self._tail[1:2] not in (b"!", b"?", b"/") and not re.match(_COMPLETE, self._tail):
                raise RunError(reasons.LIMIT, f"a start tag is longer than {_MAX_LENGTH} bytes")
            self._tail = b""  # a long text

    def _content(self, text: bytes) -> int:
        """Where the content behind the last comment, CDATA section or instruction begins; `_end` is set within one."""
        at = 0
        while True:
            if self._end:
                end = text.find(self._end, at)
                if end < 0:
                    return at
                at, self._end = end + len(self._end), b""
            start = min((found for mark in (b"<!", b"<?") if (found := text.find(mark, at)) >= 0), default=-1)
            if start < 0:
                return at
            opening = next((mark for mark in _ENDS if text.startswith(mark, start)), b"<!")
            self._end = _ENDS.get(opening, b"")
            at = start + (len(opening) if self._end else 1)
            if not self._end and len(text) - start < len(b"<![CDATA["):
                return start  # cut off: the next bytes say what it is
