"""Guard against attacks by a DOCTYPE, about which lxml's parser target learns too little.

A DOCTYPE itself is harmless and common; the attacks need its internal subset, `[...]`, which declares entities.
Python's own expat reports one before it reads it. Also, after a DOCTYPE with an external identifier libxml2 drops an
undefined entity from the text without an error; expat reports it, in content and attributes.
"""

from __future__ import annotations

import math
import re
from xml.parsers import expat

from xmlprom import reasons
from xmlprom.errors import RunError

_ENTITY = r"&(?!(?:lt|gt|amp|apos|quot);)([^#;][^;]*);"
_MAX_PROLOGUE = 1 << 20  # bytes; with each chunk expat starts a long comment again
# Encodings that Python, iconv and ICU decode alike. In others one parser may see a '-' or '[' where another does not:
# glibc's hp-roman8 has a second '-', which ends a comment for libxml2 and not for expat.
_COMMON_ENCODINGS = r"utf-?(8|16|16le|16be)|(us-)?ascii|iso-8859-\d+|windows-125\d|koi8-[ru]"


class DoctypeGuard:
    """Feed it the source's bytes before lxml; `active` until nothing in the rest of the document matters."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate()
        self._defer(False)  # it must be ahead of lxml until the root element
        self._parser.XmlDeclHandler = self._on_declaration
        self._parser.StartDoctypeDeclHandler = self._on_doctype
        self._parser.StartElementHandler = self._on_root
        self._encoding = "utf-8"
        self._doctype: tuple[str, ...] | None = None
        self._external = False
        self._prologue: float = _MAX_PROLOGUE  # bytes that may come before the root
        self._failed = False
        self.active = True

    def feed(self, chunk: bytes, last: bool = False) -> None:
        """Look at the next bytes.

        :raises RunError: for an internal subset, or an entity that is not defined
        """
        if not self.active:
            return
        self._prologue -= len(chunk)
        if self._prologue < 0:
            raise RunError(reasons.LIMIT, f"no element starts within the first {_MAX_PROLOGUE} bytes")
        try:
            self._parser.Parse(chunk, last)
        except (expat.ExpatError, ValueError, LookupError):  # the last two: encodings that expat lacks
            self.active = False
            self._failed = True

    def on_lxml_doctype(self, name: str, public: str | None, system: str | None) -> None:
        """lxml saw a DOCTYPE.

        :raises RunError: if expat did not see the same DOCTYPE, so that its content is unknown
        """
        if self._doctype != _identity(name, public, system) or not re.fullmatch(
            _COMMON_ENCODINGS, self._encoding, re.I
        ):
            raise RunError(reasons.DOCTYPE, "a DOCTYPE in an encoding in which it can't be checked is refused")

    def close(self) -> None:
        """lxml found the whole document well-formed.

        :raises RunError: if expat did not, so that undefined entities may have been lost
        """
        if self._external and self._failed:
            raise RunError(
                reasons.DOCTYPE, "a DOCTYPE in a document that can't be checked for undefined entities is refused"
            )

    def _defer(self, enabled: bool) -> None:
        """Whether expat may wait for more of a long token before it looks at it again."""
        if hasattr(self._parser, "SetReparseDeferralEnabled"):
            self._parser.SetReparseDeferralEnabled(enabled)

    def _on_declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        self._encoding = encoding or self._encoding

    def _on_doctype(self, name: str, system: str | None, public: str | None, has_subset: bool) -> None:
        if has_subset:
            line = self._parser.CurrentLineNumber
            raise RunError(
                reasons.DOCTYPE,
                f"line {line}: a DOCTYPE with an internal subset (it can define entities) is refused",
            )
        self._doctype = _identity(name, public, system)
        self._external = bool(system or public)

    def _on_root(self, _name: str, _attributes: object) -> None:
        self.active = self._external
        self._prologue = math.inf
        self._parser.StartElementHandler = None
        if self._external:
            self._defer(True)
            self._parser.SkippedEntityHandler = self._refuse_entity
            # Start tags go to the default handler as written; text has its own handler only to keep it out of there.
            self._parser.DefaultHandler = self._on_markup
            self._parser.CharacterDataHandler = lambda _text: None

    def _on_markup(self, markup: str) -> None:
        is_start_tag = markup[:1] == "<" and markup[1:2] not in ("!", "?", "/")
        match = re.search(_ENTITY, markup) if is_start_tag and "&" in markup else None
        if match:
            self._refuse_entity(match[1], False)

    def _refuse_entity(self, name: str, is_parameter: bool) -> None:
        if not is_parameter:
            line = self._parser.CurrentLineNumber
            raise RunError(
                reasons.DOCTYPE, f"line {line}: the entity &{name}; is not defined, so its text would be lost"
            )


def _identity(*parts: str | None) -> tuple[str, ...]:
    """A DOCTYPE's name and identifiers; only expat normalizes their white space."""
    return tuple(" ".join((part or "").split()) for part in parts)
