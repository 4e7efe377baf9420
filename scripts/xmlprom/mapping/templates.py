"""Templates of `part`: the piece of a text that is wanted, between what stands around it.

`*` stands for any text, `{}` for the part, both as short as can be; all else is literal, white space in it any white
space. `**`, `{{` and `}}` are a literal `*`, `{` and `}`. There is no backtracking: time is linear in the text.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_TOKEN = re.compile(r"\*\*|\{\{|\}\}|\{\}|\*|[{}]")


class TemplateError(ValueError):
    """The template is wrong, or a text fits it in several ways."""


class Template(NamedTuple):
    """`pieces` are the literal texts, `wildcards` ("*" or "{}") stand between them."""

    text: str
    pieces: tuple[str, ...]
    wildcards: tuple[str, ...]

    def part(self, text: str) -> str | None:
        """The part of a text, None if it does not fit.

        :raises TemplateError: if there are several parts that it could be
        """
        text = " ".join(text.split())
        if not text.startswith(self.pieces[0]):
            return None
        at, found = len(self.pieces[0]), ""
        for number, wildcard in enumerate(self.wildcards):
            literal, is_last = self.pieces[number + 1], number == len(self.wildcards) - 1
            if is_last:
                end = len(text) - len(literal)
                if end < at or not text.endswith(literal):
                    return None
            else:
                end = text.find(literal, at)
                if end < 0:
                    return None
                if self.wildcards[number + 1] == "{}" and text.find(literal, end + len(literal)) >= 0:
                    raise self._several(text, literal)
            if wildcard == "{}":
                found = text[at:end]
            at = end + len(literal)
        return found.strip()

    def _several(self, text: str, literal: str) -> TemplateError:
        shown = text if len(text) <= 60 else f"{text[:57]}..."
        message = (
            f"{shown!r} fits the part {self.text!r} in several ways: {literal!r} occurs more than once; write more of"
            " what stands before it"
        )
        if len(literal) == 1 and self.wildcards == ("*", "{}") and self.pieces == ("", literal, ""):
            message += f", or for the last part write the path …/tokenize(., {literal!r})[last()]"
        return TemplateError(message)


def parse(text: str) -> Template:
    """Read a template.

    :raises TemplateError: if it has no part or several, a single brace, or nothing that divides `*` from `{}`
    """
    pieces, wildcards, at = [""], [], 0
    for match in _TOKEN.finditer(text):
        pieces[-1] += text[at : match.start()]
        at = match.end()
        token = match[0]
        if token in ("{", "}"):
            raise TemplateError(f"{text!r}: a single brace in part: '{{}}' is the part, '{{{{' and '}}}}' are braces")
        if token in ("*", "{}"):
            wildcards.append(token)
            pieces.append("")
        else:
            pieces[-1] += token[0]
    pieces[-1] += text[at:]
    if wildcards.count("{}") != 1:
        raise TemplateError(f"{text!r}: a part is written '{{}}', once, with the text around it and '*' for any text")
    pieces = [re.sub(r"\s+", " ", piece) for piece in pieces]
    if not all(pieces[1:-1]):
        raise TemplateError("'*{}' in part: put the text between '*' and '{}' that divides them")
    return Template(text, (pieces[0].lstrip(), *pieces[1:-1], pieces[-1].rstrip()), tuple(wildcards))


def first_part(templates: tuple[Template, ...], text: str) -> str | None:
    """The part of the first template that fits.

    :raises TemplateError: see Template.part
    """
    for template in templates:
        part = template.part(text)
        if part is not None:
            return part
    return None
