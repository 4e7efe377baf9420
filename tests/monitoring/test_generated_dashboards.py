"""Dashboards of `xmlprom dashboard`: Grafana's SDK reads them, and every query has data in a real Prometheus."""

from __future__ import annotations

import contextlib
import json
import re
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from grafana_foundation_sdk.models.dashboard import Dashboard
from programs import HERE, ROOT, run, serving

PROGRAM = ROOT / "scripts/xmlprom"
EXAMPLES = ROOT / "examples"
PAIRS = [
    *((EXAMPLES / f"{name}.yml", EXAMPLES / f"{name}.xml") for name in ("store", "icecast", "lshw", "junit")),
    (EXAMPLES / "store-legacy.yml", EXAMPLES / "store.xml"),
    (HERE / "every.yml", HERE / "every.xml"),
]
DRAFTED = ("icecast", "lshw", "junit")

Json = dict[str, Any]


def xmlprom(*arguments: str | Path) -> str:
    done = run(sys.executable, PROGRAM, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def dashboard(*mappings: Path) -> Json:
    found: Json = json.loads(xmlprom("dashboard", *mappings))
    return found


def panels(board: Json) -> list[Json]:
    """All panels, also those of closed rows."""
    return [*board["panels"], *(inner for row in board["panels"] for inner in row.get("panels") or [])]


def queries(board: Json) -> list[str]:
    return [target["expr"] for panel in panels(board) for target in panel.get("targets") or []]


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Path]]:
    """A directory in which NAME/metrics holds what each collector publishes, and their mappings."""
    directory = tmp_path_factory.mktemp("collected")
    drafts = []
    for name in DRAFTED:
        draft = directory / f"{name}-draft.yml"
        draft.write_text(xmlprom("draft", EXAMPLES / f"{name}.xml"))
        drafts.append((draft, EXAMPLES / f"{name}.xml"))
    pairs = [*PAIRS, *drafts]
    for mapping, source in pairs:
        output = directory / mapping.stem
        output.mkdir()
        xmlprom("collect", mapping, "--source", source, "--output-dir", output)
        (output / "metrics").write_text("".join(file.read_text() for file in sorted(output.glob("*.prom"))))
    return directory, [mapping for mapping, _ in pairs]


@pytest.fixture(scope="module")
def prometheus(collected: tuple[Path, list[Path]], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Prometheus that scrapes them."""
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
        files = f"--config.file={directory}/prometheus.yml", f"--storage.tsdb.path={directory}/data"
        with serving("prometheus", "--web.listen-address", *files) as address:
            yield address
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
    asked = [query for mapping in collected[1] for query in queries(dashboard(mapping))]
    assert len(asked) > 150
    assert without_data(prometheus, asked) == []


def test_grafana_reads_them(collected: tuple[Path, list[Path]]) -> None:
    for mapping in collected[1]:
        found = dashboard(mapping)
        board = Dashboard.from_json(found)
        assert board.uid == f"xmlprom-{mapping.stem}"
        assert board.templating is not None
        variables = [variable.name for variable in board.templating.list_val or []]
        assert variables[:3] == ["datasource", "group", "host"]
        assert set(re.findall(r"\$(\w+)", " ".join(queries(found)))) - {"__rate_interval"} <= set(variables)
        for row in (board.panels, *(row.panels for row in board.panels or [] if getattr(row, "panels", None))):
            assert set(widths(row or [])) == {24}  # no panel beyond the edge, no gap


def widths(placed: list[Any]) -> list[int]:
    """How much each line of panels takes of the columns."""
    lines: dict[int, int] = {}
    for panel in placed:
        lines[panel.grid_pos.y] = lines.get(panel.grid_pos.y, 0) + panel.grid_pos.w
    return list(lines.values())


def test_the_store_has_what_the_original_demo_drew() -> None:
    """A pie for each item, with a query for each operation; and the same by labels."""
    pies = [
        [target["expr"] for target in panel["targets"]]
        for mapping in ("store-legacy", "store")
        for panel in panels(dashboard(EXAMPLES / f"{mapping}.yml"))
        if panel["type"] == "piechart"
    ]
    hosts = 'group=~"$group",instance=~"$host"'
    for item in ("orange", "strawberry", "apple"):
        operations = ("create", "update", "delete")
        assert [f"sum(store_{item}_{operation}_rows{{{hosts}}})" for operation in operations] in pies
    for label in ("item", "operation"):
        assert [f'sum by ({label}) (store_rows{{{hosts},item=~"$item",operation=~"$operation"}})'] in pies


def test_two_mappings_of_one_collector_are_refused(tmp_path: Path) -> None:
    other = tmp_path / "store.yml"
    other.write_text((ROOT / "examples/store.yml").read_text())
    done = run(sys.executable, PROGRAM, "dashboard", ROOT / "examples/store.yml", other)
    assert (done.returncode, done.stdout) == (2, "")
    assert "collector 'store'" in done.stderr
