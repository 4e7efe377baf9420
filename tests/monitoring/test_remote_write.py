"""Remote write into VictoriaMetrics: the dashboards' queries have data there, and what a cut link held back arrives."""

from __future__ import annotations

import json
import re
import socket
import socketserver
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import pytest
from programs import ROOT, run, serving
from test_bounds import Files

STORE = ROOT / "examples/store"


class Link(socketserver.ThreadingTCPServer):
    """Carries connections to an address, except while it is cut."""

    daemon_threads = True

    def __init__(self, address: str) -> None:
        self.there = address.removeprefix("http://").split(":")
        self.cut = Event()
        super().__init__(("127.0.0.1", 0), Carried)
        Thread(target=self.serve_forever, daemon=True).start()


class Carried(socketserver.BaseRequestHandler):
    server: Link

    def handle(self) -> None:
        host, port = self.server.there
        with socket.create_connection((host, int(port))) as there:
            back = Thread(target=self.pump, args=(there, self.request), daemon=True)
            back.start()
            self.pump(self.request, there)
            back.join()

    def pump(self, one: socket.socket, other: socket.socket) -> None:
        try:
            while (data := one.recv(65536)) and not self.server.cut.is_set():
                other.sendall(data)
        except OSError:
            pass
        for end in (one, other):
            end_of(end)


def end_of(end: socket.socket) -> None:
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


def ask(address: str, query: str, at: float | None = None) -> list[dict[str, Any]]:
    options = {"query": query, "latency_offset": "1ms", "nocache": "1", **({"time": at} if at else {})}
    try:
        with urllib.request.urlopen(f"{address}/api/v1/query?{urllib.parse.urlencode(options)}", timeout=10) as answer:
            found: list[dict[str, Any]] = json.load(answer)["data"]["result"]
            return found
    except OSError:
        return []


def awaited(condition: Callable[[], bool], what: str, seconds: int = 60) -> None:
    for _ in range(seconds * 5):
        if condition():
            return
        time.sleep(0.2)
    pytest.fail(what)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, Link]]:
    """The addresses of a store for all sites and of a site's Prometheus, and the link between the two."""
    directory = tmp_path_factory.mktemp("site")
    command = ["collect", f"{STORE}.yml", "--source", f"{STORE}.xml", "--output-dir", directory]
    assert run(sys.executable, ROOT / "scripts/xmlprom", *command).returncode == 0
    schedule = 'xmlprom_collector_interval_seconds{collector="store"} 65\nnode_textfile_scrape_error 0\n'
    (directory / "metrics").write_text("".join(file.read_text() for file in directory.glob("*.prom")) + schedule)
    exporter = ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, directory=str(directory)))
    Thread(target=exporter.serve_forever, daemon=True).start()
    with serving("victoria-metrics", "-httpListenAddr", f"-storageDataPath={directory}/store") as store:
        link = Link(store)
        target = {"targets": [f"127.0.0.1:{exporter.server_port}"], "labels": {"group": "shop"}}
        config = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s", "external_labels": {"site": "north"}},
            "rule_files": [str(ROOT / "monitoring" / f"{name}.yml") for name in ("alerts", "recording")],
            "scrape_configs": [{"job_name": "node", "static_configs": [target]}],
            "remote_write": [
                {
                    "url": f"http://127.0.0.1:{link.server_address[1]}/api/v1/write",
                    "remote_timeout": "2s",
                    "queue_config": {"batch_send_deadline": "1s"},
                }
            ],
        }
        (directory / "prometheus.yml").write_text(json.dumps(config))
        files = f"--config.file={directory}/prometheus.yml", f"--storage.tsdb.path={directory}/data"
        with serving("prometheus", "--web.listen-address", *files) as prometheus:
            yield store, prometheus, link
        link.shutdown()
    exporter.shutdown()


def dashboards() -> Iterator[str]:
    store = run(sys.executable, ROOT / "scripts/xmlprom", "dashboard", f"{STORE}.yml").stdout
    for board in ((ROOT / "monitoring/dashboards/fleet.json").read_text(), store):
        panels = json.loads(board)["panels"]
        for panel in [*panels, *(inner for row in panels for inner in row.get("panels") or [])]:
            for target in panel.get("targets") or []:
                yield re.sub(r"\$\w+", ".*", target["expr"].replace("$__rate_interval", "30s"))


def test_the_dashboards_queries_answer_from_the_store(site: tuple[str, str, Link]) -> None:
    store, _, _ = site
    queries = list(dashboards())
    assert len(queries) > 20
    for query in queries:
        awaited(lambda query=query: bool(ask(store, query)), f"no data for {query}")
    assert {one["metric"]["site"] for one in ask(store, "store_rows")} == {"north"}


def test_what_a_cut_link_held_back_arrives(site: tuple[str, str, Link]) -> None:
    store, prometheus, link = site
    scraped = "count_over_time(xmlprom_build_info[5s])"
    awaited(lambda: bool(ask(store, scraped)), "nothing is written")
    link.cut.set()
    time.sleep(10)  # the five seconds that are asked for begin after the cut
    cut = time.time() - 1
    assert ask(prometheus, scraped, cut)
    assert ask(store, scraped, cut) == []
    link.cut.clear()
    [held] = ask(prometheus, scraped, cut)
    awaited(
        lambda: [one["value"][1] for one in ask(store, scraped, cut)] == [held["value"][1]],
        "what was scraped while the link was cut has not arrived",
    )
