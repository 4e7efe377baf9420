"""What the fuzz tests share: how many cases to try, and runs of many collectors that one scrape verifies."""

from __future__ import annotations

import json
import math
import os
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from exporter import Exporter, Series, samples_of
from hypothesis import HealthCheck, Phase, settings
from test_against_xpath import naive
from xmlprom.commands import collector_run
from xmlprom.errors import MappingError, RunError
from xmlprom.mapping.loader import load
from xmlprom.textfile.collector_files import CollectorFiles
from xmlprom.textfile.ownership import mark

CASES = int(os.environ.get("XMLPROM_FUZZ_CASES", "1200"))  # in all tests together
BATCH = 25  # cases per scrape
tried: Counter[str] = Counter()

OLD = mark("c{0}") + 'c{0}_old{{path="/old.xml"}} 1\n'


def share(part: float) -> settings:
    """Hypothesis' settings for batches that make up `part` of all cases: the same ones in every run."""
    return settings(
        max_examples=max(1, round(CASES * part / BATCH)),
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def count(failure: RunError) -> None:
    assert failure.reason != "internal", failure
    tried[f"failed: {failure.reason}"] += 1


@dataclass(frozen=True, repr=False)
class Case:
    """A source and a mapping in the form of `test_against_xpath`; other cases may use the same metric names."""

    source: bytes
    mapping: dict


def serves_exactly_what_is_expected(cases: list[Case], exporter: Exporter, scratch: Path) -> None:
    """Each case either fails with a reason and its old data stay, or node_exporter serves just what is expected."""
    exporter.empty()
    expected: dict[Series, float] = {}
    success: dict[str, int] = {}
    for number, case in enumerate(cases):
        series, done = run_case(number, case, exporter.directory, scratch)
        expected.update(series)
        success.update({} if done is None else {f"c{number}": done})
    scrape = exporter.scrape()
    assert scrape.error == 0
    served = {series: value for series, value in scrape.series.items() if not series[0].startswith("xmlprom_")}
    wrong = sorted(map(str, served.keys() ^ expected.keys()))
    assert not wrong, (wrong, concerned(wrong[0], cases))
    for one, value in expected.items():
        assert equal(served[one], value), (one, concerned(one[0], cases))
    shown = {
        dict(labels)["collector"]: value
        for (name, labels), value in scrape.series.items()
        if name == "xmlprom_last_run_success"
    }
    assert shown == success
    assert not list(exporter.directory.glob("*.tmp"))


def equal(one: float, other: float) -> bool:
    unknown = math.isnan(one) and math.isnan(other)
    return unknown or math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)


def concerned(text: str, cases: list[Case]) -> tuple[bytes, dict]:
    """The case in whose metric's name `text` has its number."""
    case = cases[int(re.search(r"c(\d+)_", text)[1])]
    return case.source, case.mapping


def run_case(number: int, case: Case, directory: Path, scratch: Path) -> tuple[dict[Series, float], int | None]:
    """Run one collector: (the expected series, the status; None where the mapping is refused)."""
    source = scratch / f"c{number}.xml"
    source.write_bytes(case.source)
    os.utime(source, (1_700_000_000,) * 2)  # no source that is being written
    mapping = prefixed(case.mapping, f"c{number}_")
    file = scratch / f"c{number}.yml"
    file.write_text(as_yaml(mapping), encoding="utf-8")
    (directory / f"c{number}.prom").write_text(OLD.format(number))
    (directory / f"c{number}.status.prom").write_text("")
    old = dict(samples_of(OLD.format(number)))
    try:
        loaded = load(file)
    except MappingError:
        tried["mapping refused"] += 1
        return old, None
    job = collector_run.Job(loaded, (str(source),), {}, CollectorFiles(f"c{number}", str(directory)))
    try:
        collector_run.run(job)
    except RunError as error:
        count(error)
        return old, 0
    tried["published"] += 1
    return expected_series(case.source, mapping, str(source)), 1


def as_yaml(mapping: dict) -> str:
    """JSON, but for what YAML takes for the end of a line."""
    text = json.dumps(mapping, ensure_ascii=False)
    return re.sub("[\x85\u2028\u2029]", lambda match: f"\\u{ord(match[0]):04x}", text)


def prefixed(mapping: dict, prefix: str) -> dict:
    def section(one: dict) -> dict:
        return {**one, "metrics": [{**metric, "name": prefix + metric["name"]} for metric in one["metrics"]]}

    return {**mapping, "sections": [section(one) for one in mapping["sections"]]}


def expected_series(source: bytes, mapping: dict, path: str) -> dict[Series, float]:
    """What the whole-tree evaluation gives, as series."""
    evaluated = naive(source, mapping)
    assert evaluated is not None, "published, though the mapping does not fit"
    series: dict[Series, float] = {}
    for metric in (metric for section in mapping["sections"] for metric in section["metrics"]):
        for values, cell in evaluated[0][metric["name"]].items():
            labels = {**dict(zip(metric["labels"], values)), **mapping.get("labels", {}), "path": path}
            for suffix, more, value in samples(metric, cell):
                held = {name: text for name, text in {**labels, **more}.items() if text}
                series[metric["name"] + suffix, frozenset(held.items())] = value
    return series


def samples(metric: dict, cell: object) -> list[tuple[str, dict[str, str], float]]:
    if not isinstance(cell, list):
        return [("", {}, float(cell))]
    counts, count, total, inner = cell
    found = [("_count", {}, count), ("_sum", {}, float(total))]
    if metric["type"] == "histogram":
        found += [("_bucket", {"le": repr(float(bound))}, number) for bound, number in zip([*inner, math.inf], counts)]
    return found
