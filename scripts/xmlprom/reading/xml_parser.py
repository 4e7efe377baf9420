"""Stream a source through lxml and the guards, and hand its rows on, in constant memory.

Nothing counts before the document has closed cleanly: a truncated source shows only there.
"""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

from lxml import etree

from xmlprom import reasons
from xmlprom.errors import RunError, path_text
from xmlprom.mapping.model import Limits
from xmlprom.reading.decompression import decompressed
from xmlprom.reading.doctype_guard import DoctypeGuard
from xmlprom.reading.files import SourceFile, open_source
from xmlprom.reading.patterns import Plan
from xmlprom.reading.row_counter import RowSink
from xmlprom.reading.row_reader import RowReader, Target
from xmlprom.reading.start_tag_guard import StartTagGuard

_MAX_HELD = 16 << 20  # bytes of the source, of which rows are kept before they are aggregated
_MAX_DECLARATION = 256  # bytes
_DECLARATION = re.compile(rb"""\s*<\?xml\s+version\s*=\s*['"]([0-9.]+)['"](?:\s+encoding\s*=\s*['"]([\w.-]+)['"])?""")
OnBytes = Callable[[int, int], None]
MakeTarget = Callable[[Plan, RowSink, int, Callable[..., None]], Target]


@contextlib.contextmanager
def naming(path: str) -> Iterator[None]:
    """Let every RunError begin with the source's path."""
    try:
        yield
    except RunError as error:
        raise RunError(error.reason, f"{path_text(path)}: {error}") from None


def stream(
    path: str,
    plan: Plan,
    limits: Limits,
    sink: RowSink,
    on_bytes: OnBytes | None = None,
    make: MakeTarget = RowReader,
) -> tuple[SourceFile, Target]:
    """Read one source to its end and hand every row to `sink`; all of its faults are RunErrors.

    :param make: makes the parser's target
    """
    source = open_source(path, limits.source_size)
    with source.stream:
        guard = DoctypeGuard()
        reader = make(plan, sink, limits.depth, guard.on_lxml_doctype)
        try:
            _parse(source, limits.source_size, reader, guard, on_bytes)
        except RunError as error:
            if error.reason != reasons.CHANGED and source.has_changed():  # then the fault is none of the file's
                raise RunError(reasons.CHANGED, f"the file changed while it was read: {error}") from None
            raise
    return source, reader


def _parse(source: SourceFile, max_size: int, reader: Target, guard: DoctypeGuard, on_bytes: OnBytes | None) -> None:
    # The stubs want data() and comment() of a target, and know resolve_entities only of old releases.
    target: Any = reader
    entities: Any = "internal"
    # resolve_entities=False would give the '&' of an attribute as '&#38;'; there are no entities that one could
    # resolve, since DoctypeGuard refuses their declarations.
    parser = etree.XMLParser(
        target=target, resolve_entities=entities, no_network=True, load_dtd=False, huge_tree=False, recover=False
    )
    start_tags = StartTagGuard()
    read = 0
    head = b""
    try:
        with _all_raised():
            for chunk in decompressed(source.chunks(), max_size):
                read += len(chunk)
                head = head or chunk[:_MAX_DECLARATION]
                guard.feed(chunk)
                start_tags.feed(chunk)
                for piece in reader.pieces(chunk):
                    parser.feed(piece)
                reader.count()
                if read % _MAX_HELD < len(chunk):
                    reader.flush()
                if on_bytes:
                    on_bytes(read, max(read, source.size))  # a compressed source holds more than its size
            guard.feed(b"", last=True)
            parser.close()
            reader.check_whole()
            guard.close()
    except etree.XMLSyntaxError as error:
        if getattr(error, "code", 0) == etree.ErrorTypes.ERR_NO_MEMORY:  # the stubs lack it
            raise MemoryError from None
        message = _declaration_fault(head, error) or _fault(error.msg or "", read)
        raise RunError(reasons.MALFORMED, message) from None


@contextlib.contextmanager
def _all_raised() -> Iterator[None]:
    """Raise what lxml can't out of a call of libxml2's when memory is short: else an element were lost in silence."""
    lost = [False]

    def note(_unraisable: object) -> None:
        lost[0] = True

    hook, sys.unraisablehook = sys.unraisablehook, note
    try:
        yield
    finally:
        sys.unraisablehook = hook
    if lost[0]:
        raise MemoryError


def _fault(message: str, size: int) -> str:
    if size == 0:
        return "the file is empty"
    if message.startswith(("Document is empty", "Start tag expected")):
        return "this is no XML: an element's start is expected at its beginning"
    return f"not well-formed XML: {' '.join(message.split())}"


def _declaration_fault(head: bytes, error: etree.XMLSyntaxError) -> str | None:
    """What the XML declaration says that is not so, or that the parser can't do."""
    declared = _DECLARATION.match(head.lstrip(b"\xef\xbb\xbf"))
    if not declared:  # also where the declaration is in UTF-16 or UTF-32, as it says
        return None
    encoding = (declared[2] or b"").decode("ascii", "replace").lower()
    if encoding.startswith(("utf-16", "utf16", "utf-32", "ucs-2", "ucs-4")):
        return (
            f"the XML declaration says {encoding}, the bytes are not: have the program write what it declares, or"
            " convert the file first"
        )
    if declared[1] == b"1.1" and "Char" in (error.msg or ""):
        return (
            f"XML 1.1 (of the declaration) allows what this parser doesn't, at line {error.lineno}: control characters;"
            " have the program write XML 1.0"
        )
    return None
