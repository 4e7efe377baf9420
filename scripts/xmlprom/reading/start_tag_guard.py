"""Guard against start tags of an unreasonable length.

libxml2 before 2.12, Debian's too, compares each attribute of an element with all before it: 100,000 of them take
5 seconds, a million take minutes. It parses a start tag only once it has all of it, which is the time to refuse it.
"""

from __future__ import annotations

import re

from xmlprom import reasons
from xmlprom.errors import RunError

_MAX_LENGTH = 1 << 17  # bytes
_COMPLETE = rb"""<(?:[^'">]|'[^']*'|"[^"]*")*>"""


class StartTagGuard:
    """Feed it the source's bytes before lxml. In well-formed XML a start tag has no second '<'."""

    def __init__(self) -> None:
        self._tail = b""  # from the last '<' on, as long as that may begin a start tag

    def feed(self, chunk: bytes) -> None:
        """Look at the next bytes.

        :raises RunError: for a start tag that is too long
        """
        last = chunk.rfind(b"<")
        if last >= 0:
            self._tail = chunk[last:]
        elif self._tail:
            self._tail += chunk
            if len(self._tail) > _MAX_LENGTH:
                if self._tail[1:2] not in (b"!", b"?", b"/") and not re.match(_COMPLETE, self._tail):
                    raise RunError(reasons.LIMIT, f"a start tag is longer than {_MAX_LENGTH} bytes")
                self._tail = b""  # a comment or a long text
