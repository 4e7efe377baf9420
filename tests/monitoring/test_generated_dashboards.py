"""Dashboards of `xmlprom dashboard`: Grafana's SDK reads them, and every query has data in a real Prometheus."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from conftest import ROOT, free_port, run, tool
from grafana_foundation_sdk.models.dashboard import Dashboard

PROGRAM = ROOT / "scripts/xmlprom"
EXAMPLES = [
    (ROOT / "examples" / f"{name}.yml", ROOT / "examples" / f"{source}.xml")
    for name, source in [
        ("store", "store"), ("store-legacy", "store"), ("icecast", "icecast"), ("lshw", "lshw"), ("junit", "junit"),
    ]
]  # fmt: skip
ALL_TYPES = """
source: /every.xml
rows: /every/row
metrics:
  - {name: every_rows, help: Rows, labels: {host: "@host"}}
  - {name: every_size_bytes, help: Size, value: {from: "@n", aggregate: max}, labels: {host: "@host"}}
  - {name: every_read_bytes_total, help: Read, type: counter, value: {from: "@n", aggregate: sum}}
  - {name: every_state, help: State, value: {from: "@state", map: {up: 1, down: 0}, aggregate: last}}
  - {name: every_seen_timestamp_seconds, help: Seen, value: {from: "@seen", aggregate: max, date: iso8601}}
  - {name: every_version_info, help: Version, type: info, labels: {version: "@version"}}
  - {name: every_wait_seconds, help: Wait, type: histogram, value: "@n", buckets: [1, 10]}
  - {name: every_turn_seconds, help: Turn, type: summary, value: "@n"}
  - name: every_{state}_total
    help: Rows that are {state}
    type: counter
    value: {from: "@n", aggregate: sum}
    labels: {state: {from: "@state", values: [up, down]}}
"""
EVERY = (
    '<every><row host="a" n="3" state="up" seen="2026-11-25" version="1"/><row host="b" n="30" state="down"/></every>'
)


def dashboard(*mappings: Path) -> dict[str, object]:
    done = run(sys.executable, PROGRAM, "dashboard", *mappings)
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, object] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Path]]:
    """A directory in which NAME/metrics holds what each collector publishes, and their mappings."""
    directory = tmp_path_factory.mktemp("collected")
    (directory / "every.yml").write_text(ALL_TYPES)
    (directory / "every.xml").write_text(EVERY)
    pairs = [*EXAMPLES, (directory / "every.yml", directory / "every.xml")]
    for mapping, source in pairs:
        output = directory / mapping.stem
        output.mkdir()
        done = run(sys.executable, PROGRAM, "collect", mapping, "--source", source, "--output-dir", output)
        assert done.returncode == 0, done.stderr
        (output / "metrics").write_text("".join(file.read_text() for file in sorted(output.glob("*.prom"))))
    return directory, [mapping for mapping, _ in pairs]


@pytest.fixture(scope="module")
def prometheus(collected: tuple[Path, list[Path]], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Prometheus that scrapes them."""
    program = tool("prometheus")
    directory = tmp_path_factory.mktemp("prometheus")
    handler = partial(_Quiet, directory=str(collected[0]))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        target = {"targets": [f"127.0.0.1:{server.server_port}"]}
        jobs = [
            {"job_name": mapping.stem, "metrics_path": f"/{mapping.stem}/metrics", "static_configs": [target]}
            for mapping in collected[1]
        ]
        config = {"global": {"scrape_interval": "1s"}, "scrape_configs": jobs}
        (directory / "prometheus.yml").write_text(json.dumps(config))
        address = f"127.0.0.1:{free_port()}"
        process = subprocess.Popen(
            [
                program,
                f"--config.file={directory}/prometheus.yml",
                f"--storage.tsdb.path={directory}/data",
                f"--web.listen-address={address}",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield f"http://{address}"
        finally:
            process.kill()
            process.wait()
            server.shutdown()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nobody reads it."""

    def guess_type(self, _path: object) -> str:
        return "text/plain; version=0.0.4"


def without_data(prometheus: str, queries: list[str]) -> list[str]:
    """The queries that have no result, once Prometheus has started and scraped twice."""
    for _ in range(60):
        queries = [query for query in queries if not _result(prometheus, query)]
        if not queries:
            break
        time.sleep(0.5)
    return queries


def _result(prometheus: str, query: str) -> object:
    query = re.sub(r"\$\w+", ".*", query.replace("$__rate_interval", "30s"))
    address = f"{prometheus}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
    with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=10) as answer:
        return json.load(answer)["data"]["result"]
    return None


def test_every_query_has_data(prometheus: str, collected: tuple[Path, list[Path]]) -> None:
    board = dashboard(*collected[1])
    queries = [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]  # type: ignore[attr-defined]
    assert len(queries) > 60
    # The example has no series of it: all of its mounts are unlimited.
    queries = [query for query in queries if not query.startswith("icecast_listeners_max{")]
    assert without_data(prometheus, queries) == []


def test_grafana_reads_them(collected: tuple[Path, list[Path]]) -> None:
    for mapping in collected[1]:
        board = Dashboard.from_json(dashboard(mapping))
        assert board.uid == f"xmlprom-{mapping.stem}"
        lines: dict[int, int] = {}
        for panel in board.panels or []:
            assert panel.grid_pos is not None
            lines[panel.grid_pos.y] = lines.get(panel.grid_pos.y, 0) + panel.grid_pos.w
        assert set(lines.values()) == {24}  # no panel beyond the edge, no gap


def test_two_mappings_of_one_collector_are_refused(tmp_path: Path) -> None:
    other = tmp_path / "store.yml"
    other.write_text((ROOT / "examples/store.yml").read_text())
    done = run(sys.executable, PROGRAM, "dashboard", ROOT / "examples/store.yml", other)
    assert (done.returncode, done.stdout) == (2, "")
    assert "collector 'store'" in done.stderr
