"""Write lxml's names as steps of a mapping's paths."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Mapping as Dict

from xmlprom.drafting.pairs import pair_path
from xmlprom.mapping.path_parser import parse
from xmlprom.mapping.paths import PathError

_XML = "http://www.w3.org/XML/1998/namespace"
_RELEASE = re.compile(r"\d")  # in a URI that the next release writes differently
_LASTING = re.compile(r"https?://(?:www\.)?w3\.org/")


class PathSteps:
    """Knows the namespaces of a sample; `prefixes`: namespace -> the document's prefix for it."""

    def __init__(self, prefixes: Dict[str, str]) -> None:
        self._prefixes = {_XML: "xml"}
        made_up = (f"ns{number or ''}" for number in itertools.count())
        for uri, prefix in prefixes.items():
            free = (candidate for candidate in itertools.chain([prefix], made_up) if candidate)
            self._prefixes[uri] = next(prefix for prefix in free if prefix not in self._prefixes.values())
        self._prefixes = {uri: prefix for uri, prefix in self._prefixes.items() if uri.isprintable()}
        self.namespaces = {prefix: uri for uri, prefix in self._prefixes.items()}

    def step(self, name: str) -> str:
        """An element's name as a step, "" if a path can't hold it."""
        return self._written(name, "")

    def attribute(self, name: str) -> str:
        """An attribute's name as a step, with its `@`, or the path of a value beside its name."""
        pair = pair_path(name)
        if pair:
            return pair if self.holds(pair) else ""
        return self._written(name, "@")

    def _written(self, name: str, mark: str) -> str:
        uri, _, local = name[1:].rpartition("}") if name.startswith("{") else ("", "", name)
        steps = [f"{mark}{local}"]
        if uri:
            steps = [f"{mark}{self._prefixes[uri]}:{local}"] if uri in self._prefixes else []
            if _RELEASE.search(uri) and not _LASTING.match(uri):
                steps.insert(0, f"{mark}{{*}}{local}")
        return next((step for step in steps if self.holds(step)), "")

    def holds(self, path: str) -> bool:
        """Whether a mapping may have this path."""
        try:
            parse(path, self.namespaces)
        except PathError:
            return False
        return True

    def used(self, text: str) -> dict[str, str]:
        """The namespaces whose prefixes are in the text: prefix -> URI."""
        return {
            prefix: uri
            for prefix, uri in self.namespaces.items()
            if prefix != "xml" and re.search(rf"(?<![\w.-]){re.escape(prefix)}:(?!:)", text)
        }


def snake(name: str) -> str:
    """An XML name in snake case, in ASCII."""
    local = name.rpartition("}")[2]
    plain = unicodedata.normalize("NFKD", local).encode("ascii", "ignore").decode()
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", plain)
    words = re.sub(r"[^A-Za-z0-9]+", "_", parted).strip("_").lower()
    return (f"n{words}" if words[:1].isdigit() else words) or "element"
