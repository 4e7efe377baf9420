"""The examples: each mapping with its source gives exactly the expected file, which Prometheus' parser reads."""

from __future__ import annotations

import re

import pytest
from command import EXAMPLES, Result, run, samples
from prometheus_client.parser import text_string_to_metric_families

MAPPINGS = sorted(EXAMPLES.glob("*.yml"))
SOURCES = {"store-legacy": "store"}  # mapping -> source, where they differ in name
ORIGINS = {  # of what is no file on a host
    "bind": "http://127.0.0.1:8053/xml/v3",
    "icecast": "http://127.0.0.1:8000/admin/stats",
    "lshw": "lshw -xml",
}


def source_of(mapping):
    return EXAMPLES / f"{SOURCES.get(mapping.stem, mapping.stem)}.xml"


@pytest.fixture(scope="module", params=MAPPINGS, ids=lambda mapping: mapping.stem)
def example(request):
    """(mapping, its output with the path that a host has)."""
    mapping = request.param
    source = source_of(mapping)
    result = run("collect", mapping, "--source", source, "--dry-run")
    assert (result.status, result.err) == (0, "")
    on_host = ORIGINS.get(mapping.stem) or re.search(r"^source: (\S+)$", mapping.read_text(), re.M)[1]
    behind_own_lines = "".join(result.out.splitlines(keepends=True)[2:])
    return mapping, behind_own_lines.replace(f'path="{source}"', f'path="{on_host}"')


def test_gives_the_expected_file(example):
    mapping, output = example
    assert output == mapping.with_suffix(".prom").read_text()


def test_is_read_by_prometheus_parser(example):
    _, output = example
    read = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(output)
        for sample in family.samples
    }
    assert len(read) == len(samples(output)) > 0
    assert sorted(read.values()) == sorted(samples(output).values())


@pytest.mark.parametrize("mapping", MAPPINGS, ids=lambda mapping: mapping.stem)
def test_check_finds_no_fault(mapping):
    assert run("check", mapping) == Result(0, "", "")
    fit = run("check", mapping, "--source", source_of(mapping))
    assert fit.status == 0
    assert "matches nothing" not in fit.out + fit.err


def test_every_example_is_complete_and_explained():
    explained = (EXAMPLES / "README.md").read_text()
    for mapping in MAPPINGS:
        assert source_of(mapping).exists()
        assert f"--source examples/{source_of(mapping).name}" in explained
        assert f"collect examples/{mapping.name} " in explained
    assert {path.stem for path in EXAMPLES.glob("*.prom")} == {mapping.stem for mapping in MAPPINGS}
    assert set(EXAMPLES.glob("*.xml")) == {source_of(mapping) for mapping in MAPPINGS}
