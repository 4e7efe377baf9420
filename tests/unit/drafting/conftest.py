"""Fixtures of the drafts' tests."""

from __future__ import annotations

import contextlib
import io

import pytest
import yaml
from command import Result, samples
from xmlprom.cli import main
from xmlprom.drafting.draft import draft
from xmlprom.drafting.draft_yaml import draft_yaml
from xmlprom.drafting.sample_scan import scan


def in_process(*arguments: object) -> Result:
    """As `run`, without a process of its own: for many runs."""
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8", newline=""), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main([str(argument) for argument in arguments])
    return Result(status, out.buffer.getvalue().decode(), err.getvalue())


class Drafted:
    """A draft of documents. `metrics`: name -> the mapping's keys; `found`: series -> value."""

    def __init__(self, text: str, out: str) -> None:
        self.text = text
        self.mapping = yaml.safe_load(text)
        self.metrics = {metric["name"]: metric for section in self.mapping["sections"] for metric in section["metrics"]}
        self.found = samples(out)

    def labels(self, name: str) -> dict[str, str]:
        return self.metrics[name].get("labels", {})

    def values(self, name: str) -> list[float]:
        return [value for series, value in self.found.items() if series.startswith(f"{name}{{")]

    def rows(self, name: str) -> str:
        sections = self.mapping["sections"]
        return next(s["rows"] for s in sections if name in [metric["name"] for metric in s["metrics"]])


@pytest.fixture
def drafted(write):
    """Draft a mapping of documents; it has to pass `check` and `collect` on each of them."""

    def draft_and_try(*contents, name="sample.xml"):
        sources = [write(f"{number or ''}{name}", content) for number, content in enumerate(contents)]
        text = draft_yaml(draft(scan([str(source) for source in sources])), str(sources[0]))
        file = write("draft.yml", text)
        assert in_process("check", file).err == ""
        for source in sources:
            assert in_process("check", file, "--source", source).status == 0
            result = in_process("collect", file, "--source", source, "--dry-run")
            assert (result.status, result.err) == (0, "")
        return Drafted(text, in_process("collect", file, "--dry-run").out)

    return draft_and_try


@pytest.fixture
def next_host(write, tmp_path):
    """What `collect` gives of another host's document, by the draft just made."""

    def collect(content):
        result = in_process("collect", tmp_path / "draft.yml", "--source", write("next.xml", content), "--dry-run")
        assert (result.status, result.err) == (0, "")
        return samples(result.out)

    return collect
