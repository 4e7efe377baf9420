"""What xmlprom publishes survives OTLP: a real receiver shows the same series and values."""

from __future__ import annotations

import json
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1 import metrics_pb2 as otlp
from programs import ROOT, run, serving
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

EXAMPLES = ROOT / "examples"
OTHER_TYPES = """
source: /every.xml
rows: /every/row
metrics:
  - {name: every_read_bytes_total, help: Read, type: counter, value: {from: "@n", aggregate: sum}}
  - {name: every_version_info, help: Version, type: info, labels: {version: "@version"}}
  - {name: every_wait_seconds, help: Wait, type: histogram, value: "@n", buckets: [0.5, 1, 10], labels: {host: "@host"}}
  - {name: every_turn_seconds, help: Turn, type: summary, value: "@n", labels: {host: "@host"}}
  - {name: every_total_rows_total, help: Advised against, type: counter, value: {from: "@n", aggregate: sum}}
"""
EVERY = '<every><row host="a" n="3" version="1"/><row host="b" n="30" version="2"/></every>'
RENAMED = {"every_total_rows_total": "every_rows_total_total"}  # others drop the second too


@pytest.fixture(scope="module")
def families(tmp_path_factory: pytest.TempPathFactory) -> list[Metric]:
    """All that the examples' collectors publish, data and status, and one collector with the other types."""
    directory = tmp_path_factory.mktemp("metrics")
    (directory / "every.yml").write_text(OTHER_TYPES)
    (directory / "every.xml").write_text(EVERY)
    collectors = [
        (EXAMPLES / f"{name}.yml", EXAMPLES / f"{name}.xml") for name in ("store", "junit", "lshw", "icecast")
    ]
    for mapping, source in [*collectors, (directory / "every.yml", directory / "every.xml")]:
        command = ["collect", mapping, "--source", source, "--output-dir", directory]
        done = run(sys.executable, ROOT / "scripts/xmlprom", *command)
        assert done.returncode == 0, done.stderr
    files = sorted(directory.glob("*.prom"))
    return [family for file in files for family in text_string_to_metric_families(file.read_text())]


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a VictoriaMetrics with Prometheus' naming."""
    data = f"-storageDataPath={tmp_path_factory.mktemp('victoria')}"
    with serving("victoria-metrics", "-httpListenAddr", data, "-opentelemetry.usePrometheusNaming") as address:
        yield address


def attributes(labels: dict[str, str], *but: str) -> list[KeyValue]:
    return [KeyValue(key=k, value=AnyValue(string_value=v)) for k, v in labels.items() if k not in but]


def converted(family: Metric, now: int) -> otlp.Metric:
    """A family as the Collector's Prometheus receiver makes it: a counter keeps its name."""
    if family.type == "histogram":
        points = [_histogram(group, now) for group in _groups(family, "le")]
        data = otlp.Histogram(aggregation_temporality=otlp.AGGREGATION_TEMPORALITY_CUMULATIVE, data_points=points)
        return otlp.Metric(name=family.name, histogram=data)
    if family.type == "summary":
        groups = _groups(family, "quantile")
        return otlp.Metric(
            name=family.name, summary=otlp.Summary(data_points=[_summary(group, now) for group in groups])
        )
    numbers = [
        otlp.NumberDataPoint(attributes=attributes(sample.labels), time_unix_nano=now, as_double=sample.value)
        for sample in family.samples
    ]
    name = family.samples[0].name
    if family.type == "counter":
        temporality = otlp.AGGREGATION_TEMPORALITY_CUMULATIVE
        counter = otlp.Sum(aggregation_temporality=temporality, is_monotonic=True, data_points=numbers)
        return otlp.Metric(name=name, sum=counter)
    return otlp.Metric(name=name, gauge=otlp.Gauge(data_points=numbers))


def _groups(family: Metric, own: str) -> list[list[Sample]]:
    groups: dict[frozenset[tuple[str, str]], list[Sample]] = {}
    for sample in family.samples:
        groups.setdefault(frozenset((k, v) for k, v in sample.labels.items() if k != own), []).append(sample)
    return list(groups.values())


def _ending(samples: list[Sample], suffix: str) -> float:
    return float(next(sample.value for sample in samples if sample.name.endswith(suffix)))


def _histogram(samples: list[Sample], now: int) -> otlp.HistogramDataPoint:
    buckets = [sample for sample in samples if sample.name.endswith("_bucket")]
    counts = [int(sample.value) for sample in buckets]
    return otlp.HistogramDataPoint(
        attributes=attributes(samples[0].labels, "le"),
        time_unix_nano=now,
        count=int(_ending(samples, "_count")),
        sum=_ending(samples, "_sum"),
        explicit_bounds=[float(sample.labels["le"]) for sample in buckets[:-1]],
        bucket_counts=[count - before for before, count in zip([0, *counts], counts)],
    )


def _summary(samples: list[Sample], now: int) -> otlp.SummaryDataPoint:
    return otlp.SummaryDataPoint(
        attributes=attributes(samples[0].labels, "quantile"),
        time_unix_nano=now,
        count=int(_ending(samples, "_count")),
        sum=_ending(samples, "_sum"),
    )


Series = tuple[str, frozenset[tuple[str, str]]]


def _series(name: str, labels: dict[str, str]) -> Series:
    """A series, whose bound is compared as a number: `1` and `1.0` are one bound, and empty labels are none."""
    same = {key: str(float(value)) if key == "le" else value for key, value in labels.items() if value}
    return RENAMED.get(name, name), frozenset(same.items())


def published(families: list[Metric]) -> dict[Series, float]:
    return {_series(sample.name, sample.labels): sample.value for family in families for sample in family.samples}


def send(receiver: str, body: bytes) -> None:
    request = urllib.request.Request(
        f"{receiver}/opentelemetry/v1/metrics", body, {"Content-Type": "application/x-protobuf"}
    )
    for _ in range(100):
        try:
            with urllib.request.urlopen(request, timeout=10):
                return
        except ConnectionError:
            pass
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionError):
                raise
        time.sleep(0.1)
    pytest.fail("VictoriaMetrics did not start")


def arrived(receiver: str) -> dict[Series, float]:
    with urllib.request.urlopen(f"{receiver}/internal/force_flush", timeout=10):
        pass
    with urllib.request.urlopen(f"{receiver}/api/v1/export?match[]={{__name__!=%22%22}}", timeout=10) as answer:
        lines = [json.loads(line) for line in answer.read().splitlines()]
    found = {}
    for line in lines:
        name = line["metric"].pop("__name__")
        found[_series(name, line["metric"])] = line["values"][-1]
    return found


def test_every_series_arrives_with_its_value(receiver: str, families: list[Metric]) -> None:
    assert {family.type for family in families} >= {"gauge", "counter", "histogram", "summary"}
    now = time.time_ns()
    metrics = [converted(family, now) for family in families]
    resource = otlp.ResourceMetrics(scope_metrics=[otlp.ScopeMetrics(metrics=metrics)])
    send(receiver, ExportMetricsServiceRequest(resource_metrics=[resource]).SerializeToString())
    expected = published(families)
    assert len(expected) > 150
    for _ in range(20):  # what was received can be read a little later
        found = arrived(receiver)
        if found.keys() == expected.keys():
            break
        time.sleep(0.5)
    assert {*found} ^ {*expected} == set()
    assert found == pytest.approx(expected)
