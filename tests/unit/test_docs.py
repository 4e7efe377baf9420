"""Every example of docs/mapping.md is run by the real command line.

The words after the language say what a fenced block is:

- `xml source [NAME]`: a file below /srv/app, state.xml by default; blocks one behind the other are files of one run
- `yaml mapping`: the mapping of the runs that follow
- `text output`: all that `collect --dry-run` prints behind xmlprom's own two lines; `text samples`: without comments
- `text error`: what it prints when the source fails
- `yaml refused`, then `text message`: what `check` prints of a mapping that is wrong
- `sh`, `text`: not run
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path, PurePath

import pytest
from command import ROOT, run

DOCUMENT = ROOT / "docs" / "mapping.md"
_FENCE = re.compile(r"^```(?P<info>\S[^\n]*)\n(?P<content>.*?)^```$", re.M | re.S)
_RUN = {"xml source", "yaml mapping", "text output", "text samples", "text error", "yaml refused", "text message"}
_NOT_RUN = {"sh", "text"}


@dataclass(frozen=True)
class Example:
    """A mapping, its sources by name, and what is printed of them."""

    line: int
    mapping: str
    kind: str
    printed: str
    sources: dict[str, str] = field(default_factory=dict)


def blocks(text):
    """(line, info string, content) of each fenced block."""
    for match in _FENCE.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match["info"], match["content"]


def examples(text):
    sources, mapping, before = {}, None, ""
    for line, info, content in blocks(text):
        kind = " ".join(info.split()[:2])
        if kind == "xml source":
            sources = {**(sources if before == kind else {}), (info.split()[2:] or ["state.xml"])[0]: content}
        elif kind in ("yaml mapping", "yaml refused"):
            mapping = content
        elif kind in _RUN:
            yield Example(line, mapping, kind, content, sources)
        before = kind


EXAMPLES = list(examples(DOCUMENT.read_text(encoding="utf-8")))


def printed(example: Example, directory: Path) -> str:
    """What xmlprom prints of an example, with the paths that the document shows."""
    mapping = directory / "app.yml"
    several = example.mapping.startswith("source: [")
    mapping.write_text(example.mapping.replace("/srv/app", str(directory) if several else "/srv/app"), encoding="utf-8")
    for name, content in example.sources.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(content, encoding="utf-8")
    if example.kind == "text message":
        result = run("check", mapping)
        assert (result.status, result.out) == (2, "")
        return result.err.replace(str(mapping), "app.yml")
    source = PurePath(re.search(r"(?m)^source: *\[?([^\s,]+)", example.mapping)[1])
    given = [] if several else ["--source", directory / source.name]
    result = run("collect", mapping, *given, "--dry-run")
    failed = example.kind == "text error"
    assert (result.status, result.out if failed else result.err) == (int(failed), "")
    text = (result.err if failed else result.out).replace(str(directory), str(source.parent))
    if not failed:
        text = re.sub(r"\A# Written by xmlprom .*\n# Source modified: .*\n", "", text)
    return re.sub(r"(?m)^#.*\n", "", text) if example.kind == "text samples" else text


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"line{example.line}")
def test_example(example, tmp_path):
    assert printed(example, tmp_path) == example.printed


def test_no_block_is_left_out():
    before = ""
    for line, info, _ in blocks(DOCUMENT.read_text(encoding="utf-8")):
        kind = " ".join(info.split()[:2])
        assert kind in _RUN | _NOT_RUN, f"line {line}: {info}"
        if before == "yaml mapping":
            assert kind in ("xml source", "text output", "text samples", "text error"), f"line {line}"
        if before == "yaml refused":
            assert kind == "text message", f"line {line}"
        before = kind
    assert len(EXAMPLES) > 20
