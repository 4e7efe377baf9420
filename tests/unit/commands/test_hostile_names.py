"""What a source or a file's name holds can forge no line of a journal or terminal, whichever command shows it."""

import io
import os
import re

import pytest
from command import run
from xmlprom.commands import collector_run, terminal
from xmlprom.mapping.loader import load
from xmlprom.textfile.collector_files import CollectorFiles

HOSTILE = {
    "a line": ("a\nxmlprom: forged", "a&#10;xmlprom: forged"),
    "a sequence": ("a\x1b[31m\x07", "a\u009b31m&#9;\u2028"),
    "a direction": ("a\u202e\u2066", "a\u202e\u2066"),
    "a long one": ("n" * 200, "n" * 120_000),
}
MAPPING = """\
limits: {label_length: 1000000}
rows: /s/*
metrics:
  - {name: m, help: h, labels: {x: '@x'}}
  - {name: d, help: h, labels: {x: {from: '@x', values: [a, never], other: '?', default: never}}}
  - {name: v, help: h, value: {from: '@x', aggregate: last, invalid: skip}}
  - {name: gone, help: h, labels: {y: '@y'}}
"""


@pytest.fixture(params=HOSTILE)
def hostile(request, tmp_path):
    """(a mapping that fits, one that fails, a source), in a directory of a hostile name."""
    name, text = HOSTILE[request.param]
    there = tmp_path / name
    there.mkdir()
    source, good, bad = there / f"{name[:40]}.xml", there / "good.yml", there / "bad.yml"
    source.write_text(f'<s><a x="{text}"/><a x="{text}2"/></s>', encoding="utf-8")
    os.utime(source, (0, 0))
    good.write_text(MAPPING)
    bad.write_text("rows: /s/*\nmetrics:\n  - {name: m, help: h, value: {from: '@x', aggregate: sum}}\n")
    return good, bad, source


def is_clean(text):
    lines = text.split("\n")
    assert all(line.isprintable() for line in lines)
    assert not [line for line in lines if line.startswith("xmlprom: forged")]
    assert max(map(len, lines)) < 1500
    return bool(text)


def test_every_commands_messages_are_clean(hostile):
    good, bad, source = hostile
    assert is_clean("".join(check_of(good, source)))
    for mapping in (good, bad, source):
        for command in ("check", "explain", "collect"):
            options = ["--dry-run", "--only", "x=none"] if command == "collect" and mapping == good else []
            result = run(command, mapping, "--source", source, *options)
            assert result.status in (0, 1, 2)
            is_clean(result.err)
            if command != "collect":
                is_clean(result.out)
    assert is_clean(run("draft", source, f"{source}.gone").err)
    assert is_clean(run("dashboard", source, good).err)
    assert is_clean(run("check", good, source).err)  # an argument too many


def check_of(mapping, source):
    result = run("check", mapping, "--source", source)
    assert result.status == 0
    return result.out, result.err


def test_a_terminals_tables_are_clean(hostile, tmp_path):
    good, _, source = hostile

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    mapping = load(str(good))
    output = collector_run.read(collector_run.Job(mapping, (str(source),), {}, CollectorFiles("a", str(tmp_path))))
    screen = Terminal()
    terminal.show_tables(output.extractions, {}, screen)
    shown = re.sub("\x1b\\[[01]m", "", screen.getvalue())  # rich's own, for the name of a metric
    assert "forged" in shown or "31m" in shown or "202e" in shown or "nnn" in shown
    assert shown.replace("\n", "").isprintable()
    assert not [line for line in shown.split("\n") if line.startswith("xmlprom: forged")]
