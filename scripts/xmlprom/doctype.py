"""Guard against what a DOCTYPE can do, which lxml's parser target is not told of.

A DOCTYPE itself is harmless and common; the attacks need its internal subset, `[...]`, which declares entities.
Python's own expat tells of one before it reads it. And below a DOCTYPE with an external identifier an undefined
entity in the content is no error to libxml2, which drops it from the text in silence; expat tells of that, too.
"""

from __future__ import annotations

from typing import Optional
from xml.parsers import expat  # noqa: S406 - only to refuse: it stops before any entity is expanded

from xmlprom.errors import RunError


class DoctypeGuard:
    """Is fed the source's bytes ahead of lxml; `active` until nothing in the rest of the document matters."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate()
        self._parser.StartDoctypeDeclHandler = self._on_doctype
        self._parser.StartElementHandler = self._on_root
        self._external = False
        self._blind = False
        self.active = True

    def feed(self, chunk: bytes, last: bool = False) -> None:
        """Look at the next bytes.

        :raises RunError: for an internal subset, or an entity that is not defined
        """
        if not self.active:
            return
        try:
            self._parser.Parse(chunk, last)
        except expat.ExpatError:
            # lxml tells of malformed input; what matters here is that the guard can't see further.
            self._blind = True
            self.active = False

    def on_lxml_doctype(self) -> None:
        """lxml saw a DOCTYPE.

        :raises RunError: if expat did not read that far, so that nobody knows what the DOCTYPE holds
        """
        if self._blind:
            raise RunError("doctype", "a DOCTYPE in an encoding in which it can't be checked is refused")

    def _on_doctype(self, _name: str, system: Optional[str], public: Optional[str], has_subset: bool) -> None:
        if has_subset:
            raise RunError(
                "doctype",
                f"line {self._parser.CurrentLineNumber}: a DOCTYPE with an internal subset"
                " (it can define entities) is refused",
            )
        if system or public:
            self._external = True
            self._parser.SkippedEntityHandler = self._on_skipped_entity

    def _on_root(self, _name: str, _attributes: object) -> None:
        self._parser.StartElementHandler = None
        self.active = self._external

    def _on_skipped_entity(self, name: str, is_parameter: bool) -> None:
        if not is_parameter:
            raise RunError(
                "doctype",
                f"line {self._parser.CurrentLineNumber}: the entity &{name}; is not defined in the"
                " document, so its text would be lost",
            )
