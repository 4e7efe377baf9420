"""The bounds of a histogram are the same labels in Prometheus 2 and 3, which writes bounds anew."""

from __future__ import annotations

import json
import sys
import time
import urllib.request
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from programs import ROOT, SUITES, run, serving

BOUNDS = {
    "0.00001": "1e-05", "0.0001": "0.0001", "0.5": "0.5", "1": "1.0", "10": "10.0", "123456": "123456.0",
    "1000000": "1e+06", "1234567.5": "1.2345675e+06", "1e16": "1e+16", "1.5e300": "1.5e+300",
}  # fmt: skip
MAPPING = f"""
source: /every.xml
rows: /every/row
metrics:
  - {{name: every_wait_seconds, help: Wait, type: histogram, value: "@n", buckets: [{", ".join(BOUNDS)}]}}
"""


class Files(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nobody reads it."""

    def guess_type(self, _path: object) -> str:
        return "text/plain; version=0.0.4"


def labels(address: str) -> list[str]:
    for _ in range(300):
        try:
            with urllib.request.urlopen(
                f"{address}/api/v1/query?query=every_wait_seconds_bucket", timeout=10
            ) as answer:
                found = [series["metric"]["le"] for series in json.load(answer)["data"]["result"]]
        except OSError:
            found = []
        if found:
            return found
        time.sleep(0.1)
    pytest.fail("Prometheus scraped nothing")


@pytest.mark.parametrize("suite", SUITES)
def test_bounds_stay_as_they_are_written(tmp_path: Path, suite: str) -> None:
    (tmp_path / "every.yml").write_text(MAPPING)
    (tmp_path / "every.xml").write_text('<every><row n="3"/></every>')
    command = ["collect", tmp_path / "every.yml", "--source", tmp_path / "every.xml", "--output-dir", tmp_path]
    done = run(sys.executable, ROOT / "scripts/xmlprom", *command)
    assert done.returncode == 0, done.stderr
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, directory=str(tmp_path)))
    Thread(target=server.serve_forever, daemon=True).start()
    job = {
        "job_name": "files",
        "metrics_path": "/every.prom",
        "static_configs": [{"targets": [f"127.0.0.1:{server.server_port}"]}],
    }
    config = tmp_path / "prometheus.yml"
    config.write_text(json.dumps({"global": {"scrape_interval": "1s"}, "scrape_configs": [job]}))
    options = [f"--config.file={config}", f"--storage.tsdb.path={tmp_path}/data"]
    try:
        with serving("prometheus", "--web.listen-address", *options, suite=suite) as address:
            assert sorted(labels(address)) == sorted([*BOUNDS.values(), "+Inf"])
    finally:
        server.shutdown()
        server.server_close()
