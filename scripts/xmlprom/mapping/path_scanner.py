"""The text of a path and how far it is read; names, attributes and literals."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NoReturn

from xmlprom.mapping.path_advice import of_rest
from xmlprom.mapping.paths import PathError, Step

# Patterns are compiled when they are first needed: a run pays for each.
_NAME = r"[^\W\d][\w.\-]*"
_NAME_TEST = rf"(?:(?P<any>\{{\*\}})|(?P<prefix>{_NAME}):)?(?P<local>{_NAME}|\*)"
_ATTRIBUTE = rf"@(?:(?P<any>\{{\*\}})|(?P<prefix>{_NAME}):)?(?P<local>{_NAME})"
_LITERAL = r"""'([^']*)'|"([^"]*)\""""
NUMBER = r"[0-9]+"


class Scanner:
    """The text and how far it is read."""

    def __init__(self, text: str, namespaces: Mapping[str, str]) -> None:
        self.text = text
        self.namespaces = namespaces
        self.at = 0

    def sees(self, token: str) -> bool:
        return self.text.startswith(token, self.at)

    def take(self, token: str) -> bool:
        """Whether `token` comes next; it is read then."""
        if self.sees(token):
            self.at += len(token)
            return True
        return False

    def match(self, pattern: str) -> re.Match[str] | None:
        match = re.compile(pattern).match(self.text, self.at)
        if match:
            self.at = match.end()
        return match

    def blanks(self) -> None:
        while self.text[self.at : self.at + 1].isspace():
            self.at += 1

    def literal(self) -> str | None:
        match = self.match(_LITERAL)
        return None if not match else match[1] if match[1] is not None else match[2]

    def namespace(self, prefix: str, at: int) -> str:
        if prefix not in self.namespaces:
            raise PathError(
                f"the prefix {prefix!r} is not declared: add it to `namespaces`, or write {{*}} for any", at
            )
        return self.namespaces[prefix]

    def attribute(self) -> str:
        """`@name` in lxml's notation."""
        start = self.at
        if self.sees("@*"):
            raise PathError("'@*' is not supported: write the attribute's name; @{*}a is a in any namespace", start)
        match = self.match(_ATTRIBUTE)
        if not match:
            raise PathError("expected an attribute name after '@'", start)
        if match["any"]:
            return f"@{{*}}{match['local']}"
        prefix = match["prefix"]
        return f"@{{{self.namespace(prefix, start)}}}{match['local']}" if prefix else f"@{match['local']}"

    def name_test(self) -> Step | None:
        """A step without predicates, None if there is no name."""
        start = self.at
        match = re.compile(_NAME_TEST).match(self.text, start)
        if not match or self.text[match.end() : match.end() + 1] == "(" or self.text.startswith("::", match.end()):
            return None
        self.at = match.end()
        namespace = None if match["any"] or (match["local"] == "*" and not match["prefix"]) else ""
        if match["prefix"]:
            namespace = self.namespace(match["prefix"], start)
        return Step(namespace, match["local"])

    def at_end(self) -> bool:
        before = self.at
        self.blanks()
        following, self.at = self.text[self.at : self.at + 1], before
        return following in ("", "|", ")")

    def refuse_rest(self) -> NoReturn:
        """Say why what comes next is not supported."""
        raise PathError(of_rest(self.text[self.at :]), self.at)


def position_of(number: str, at: int) -> int:
    """The position that a number in brackets says."""
    if number[0] == "0" or len(number) > 9:
        raise PathError("positions count from 1", at)
    return int(number)
