#!/usr/bin/env python3
"""Measure what Prometheus pays for a fleet: start, memory and the evaluation of all rules over 100 to 10,000 hosts.

A fake exporter serves the status series of hosts with two collectors each, of which every hundredth fails. One
Prometheus (Debian's, from `tools/setup.sh tools`) scrapes them and evaluates this tree's rules and release 0.1's over
the same series; then a fresh one starts on the same data. Also the time that Ansible takes to render the targets.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / ".cache" / "monitoring"
PROMETHEUS = ROOT / ".cache" / "tools" / "trixie" / "prometheus"
OLD = Path(__file__).parent / "scale" / "release-0.1-alerts.yml"
PORT, EXPORTER = 19090, 19100
URL = f"http://127.0.0.1:{PORT}"
COLLECTORS = ("store", "batch")
PER_PAGE = 500
# A scrape that is not the rules' rhythm, and an evaluation that waits for the one before.
SCRAPE, EVALUATION = 60, 20


class Exporter(BaseHTTPRequestHandler):
    """The series of PER_PAGE hosts a page, each with its own `instance`, as honor_labels takes them."""

    hosts = 0

    def do_GET(self) -> None:
        page = int(self.path.rpartition("/")[2])
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write("".join(series(page * PER_PAGE, min((page + 1) * PER_PAGE, self.hosts))).encode())

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


def series(first: int, last: int) -> Iterator[str]:
    now = time.time()
    for host in range(first, last):
        target = f'instance="host{host}.example.com",job="node",group="xmlprom"'
        yield f"up{{{target}}} 1\nnode_textfile_scrape_error{{{target}}} 0\n"
        for collector in COLLECTORS:
            labels = f'{target},collector="{collector}"'
            fails = host % 100 == 0 and collector == "store"
            success = now - (600 if fails else 20)
            yield f"xmlprom_last_run_success{{{labels}}} {int(not fails)}\n"
            if fails:
                yield f'xmlprom_last_run_failure{{{labels},reason="malformed"}} 1\n'
            for name, value in (
                ("last_run_timestamp_seconds", now - 20),
                ("last_success_timestamp_seconds", success),
                ("last_run_duration_seconds", 0.1),
                ("source_modified_timestamp_seconds", now - 40),
                ("source_max_age_seconds", 3600),
                ("source_size_bytes", 1e6),
                ("rows", 1000),
                ("series", 100),
                ("series_limit", 10_000),
                ("folded_rows", 0),
                ("invalid_rows", 0),
                ("collector_interval_seconds", 65),
            ):
                yield f"xmlprom_{name}{{{labels}}} {value}\n"
            yield f'xmlprom_build_info{{{labels},version="0.2.0"}} 1\n'


def old_inventory_rules(hosts: int) -> dict[str, Any]:
    """What release 0.1 rendered of an inventory in which all hosts have the same collectors."""
    pattern = "|".join(re.escape(f"host{host}.example.com") for host in range(hosts))
    rules = [
        {
            "record": record,
            "expr": f'up{{job="node",instance=~`{pattern}`}} * 0 + {value}',
            "labels": {"collector": collector},
        }
        for record, value in (
            ("xmlprom:interval:seconds", 65),
            ("xmlprom:source_max_age:seconds", 3600),
            ("xmlprom:series:limit", 10_000),
        )
        for collector in COLLECTORS
    ]
    return {"groups": [{"name": "xmlprom-inventory", "rules": rules}]}


def configuration(hosts: int, rules: list[str]) -> dict[str, Any]:
    pages = range(-(-hosts // PER_PAGE))
    jobs = [
        {
            "job_name": f"page{page}",
            "metrics_path": f"/{page}",
            "honor_labels": True,
            "static_configs": [{"targets": [f"127.0.0.1:{EXPORTER}"], "labels": {"job": "fake"}}],
        }
        for page in pages
    ]
    times = {"scrape_interval": f"{SCRAPE}s", "scrape_timeout": f"{SCRAPE}s", "evaluation_interval": f"{EVALUATION}s"}
    return {"global": times, "rule_files": rules, "scrape_configs": jobs}


@contextmanager
def prometheus(data: Path) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    """A running Prometheus, and the seconds until it was ready."""
    command = [
        str(PROMETHEUS), f"--config.file={WORK}/prometheus.yml", f"--storage.tsdb.path={data}",
        f"--web.listen-address=127.0.0.1:{PORT}",
    ]  # fmt: skip
    with (WORK / "prometheus.log").open("wb") as log:
        started = time.monotonic()
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            while not ready():
                if process.poll() is not None:
                    sys.exit(f"Prometheus ended: see {WORK}/prometheus.log")
                time.sleep(0.05)
            yield process, time.monotonic() - started
        finally:
            process.terminate()
            process.wait()


def ready() -> bool:
    try:
        with urllib.request.urlopen(f"{URL}/-/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def ask(path: str) -> Any:
    with urllib.request.urlopen(f"{URL}/api/v1/{path}", timeout=120) as answer:
        return json.load(answer)["data"]


def count(expression: str) -> int:
    result = ask(f"query?{urllib.parse.urlencode({'query': expression})}")["result"]
    return int(float(result[0]["value"][1])) if result else 0


def memory(process: subprocess.Popen[bytes]) -> float:
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    found = re.search(r"VmHWM:\s+(\d+)", status)
    return int(found[1]) / 1024 if found else 0.0


def evaluations(seconds: float) -> dict[str, float]:
    """The median evaluation of each group of rules over so many seconds."""
    times: dict[str, dict[str, float]] = {}
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        for group in ask("rules")["groups"]:
            name = ("old " if "/old-" in group["file"] else "new ") + group["name"]
            times.setdefault(name, {})[group["lastEvaluation"]] = group["evaluationTime"]
        time.sleep(2)
    return {name: statistics.median(list(found.values())[1:] or found.values()) for name, found in times.items()}


def measure(hosts: int, seconds: float) -> dict[str, float]:
    Exporter.hosts = hosts
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    old, new = [str(WORK / "old-inventory.json"), str(WORK / "old-alerts.yml")], []
    (WORK / "old-inventory.json").write_text(json.dumps(old_inventory_rules(hosts)), encoding="utf-8")
    shutil.copy(OLD, WORK / "old-alerts.yml")
    for name in ("alerts", "recording"):
        shutil.copy(ROOT / "monitoring" / f"{name}.yml", WORK)
        new.append(str(WORK / f"{name}.yml"))
    config = WORK / "prometheus.yml"
    config.write_text(json.dumps(configuration(hosts, [])), encoding="utf-8")
    with prometheus(WORK / "data") as (process, _):
        while count("count(up{instance=~'host.*'})") < hosts:
            time.sleep(1)
        found: dict[str, float] = {}
        # One after the other: they would slow each other down.
        for rules in (old, new):
            config.write_text(json.dumps(configuration(hosts, rules)), encoding="utf-8")
            process.send_signal(signal.SIGHUP)
            time.sleep(2 * EVALUATION)
            found.update(evaluations(seconds))
            check(hosts)
        found["memory"] = memory(process)
        found["series"] = count("prometheus_tsdb_head_series or count({__name__=~'.+'})")
    with prometheus(WORK / "data") as (_, seconds_to_start):
        found["start"] = seconds_to_start
    return found


def check(hosts: int) -> None:
    """Both sets of rules find the same: nothing fast and wrong is measured."""
    firing = count('count(ALERTS{alertname="XmlpromRunFailed",alertstate="firing",instance=~"host.*"})')
    if firing != -(-hosts // 100):
        sys.exit(f"{firing} alerts fire, not {-(-hosts // 100)}")


def render(hosts: int) -> float:
    """The seconds that Ansible takes to render the targets, beyond a play that does nothing."""
    inventory = WORK / "inventory.json"
    names = {f"host{host}.example.com": {"ansible_host": f"192.0.2.{host % 250}"} for host in range(hosts)}
    inventory.write_text(
        json.dumps(
            {
                "xmlprom": {"hosts": names, "vars": {"xmlprom_collectors": [{"name": name} for name in COLLECTORS]}},
                "monitoring": {"hosts": {"localhost": {"ansible_connection": "local"}}},
            }
        ),
        encoding="utf-8",
    )
    times = []
    for targets in ("{{ groups['xmlprom'] }}", "[]"):
        variables = {"out": str(WORK), "monitoring_targets": targets}
        started = time.monotonic()
        subprocess.run(
            [
                "ansible-playbook", f"--inventory={inventory}", "-e", json.dumps(variables),
                str(Path(__file__).parent / "scale" / "targets.yml"),
            ],
            check=True, stdout=subprocess.DEVNULL, cwd=ROOT, env={**os.environ},
        )  # fmt: skip
        times.append(time.monotonic() - started)
    return times[0] - times[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="of evaluations to look at")
    parser.add_argument("hosts", type=int, nargs="*", default=[100, 1_000, 10_000])
    options = parser.parse_args()
    server = ThreadingHTTPServer(("127.0.0.1", EXPORTER), Exporter)
    Thread(target=server.serve_forever, daemon=True).start()
    print("| hosts | series | rules of 0.1 | these rules | part | start | memory | targets rendered |")
    print("|--:|--:|--:|--:|--:|--:|--:|--:|")
    for hosts in options.hosts:
        found = measure(hosts, options.seconds)
        old, new = (sum(took for name, took in found.items() if name.startswith(kind)) for kind in ("old ", "new "))
        print(
            f"| {hosts:,} | {found['series']:,} | {old:.3f} s | {new:.3f} s | {new / old:.2f} | {found['start']:.1f} s "
            f"| {found['memory']:.0f} MiB | {render(hosts):.1f} s |",
            flush=True,
        )
        print({name: round(took, 3) for name, took in found.items()}, file=sys.stderr)


if __name__ == "__main__":
    main()
