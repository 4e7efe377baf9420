#!/usr/bin/env python3
"""Measure what Prometheus pays for a fleet: start, memory and the evaluation of all rules over 100 to 10,000 hosts.

A fake exporter serves the status series of hosts with two collectors each, of which every hundredth fails. One
Prometheus (Debian's, from `tools/setup.sh tools`) scrapes them and evaluates release 0.1's rules, over the series of
0.1 and of this tree, and this tree's; then a fresh one starts on the same data. Also what Ansible takes to render the
targets. All but the start is CPU time: a machine is never quite idle.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
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
sys.path.insert(0, str(ROOT / "scripts"))

from xmlprom.reasons import REASONS  # noqa: E402 - the tree's own

WORK = ROOT / ".cache" / "monitoring"
PROMETHEUS = ROOT / ".cache" / "tools" / "trixie" / "prometheus"
OLD = Path(__file__).parent / "scale" / "release-0.1-alerts.yml"
PORT, EXPORTER = 19190, 19200
URL = f"http://127.0.0.1:{PORT}"
COLLECTORS = ("store", "batch")
PER_PAGE = 500
AGES = (20, 40, 600)
# Seconds. Scrapes are rare beside evaluations, and within what Prometheus looks back.
SCRAPE, EVALUATION = 120, 15


class Exporter(BaseHTTPRequestHandler):
    """The series of PER_PAGE hosts a page, each with its own `instance`, as honor_labels takes them."""

    pages: tuple[bytes, ...] = ()

    def do_GET(self) -> None:
        page = self.pages[int(self.path.rpartition("/")[2])]
        now = time.time()
        for age in AGES:  # all else stays as it is, and is made once
            page = page.replace(b" @%d\n" % age, b" %.3f\n" % (now - age))
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


def pages(hosts: int, zeros: bool) -> tuple[bytes, ...]:
    starts = range(0, hosts, PER_PAGE)
    return tuple("".join(series(start, min(start + PER_PAGE, hosts), zeros)).encode() for start in starts)


def series(first: int, last: int, zeros: bool) -> Iterator[str]:
    """The series of hosts; `@N` is the time N seconds ago. `zeros`: also the reasons that don't hold, as in 0.1."""
    for host in range(first, last):
        target = f'instance="host{host}.example.com",job="node",group="xmlprom"'
        yield f"up{{{target}}} 1\nnode_textfile_scrape_error{{{target}}} 0\n"
        for collector in COLLECTORS:
            labels = f'{target},collector="{collector}"'
            fails = host % 100 == 0 and collector == "store"
            yield f"xmlprom_last_run_success{{{labels}}} {int(not fails)}\n"
            for reason in REASONS:
                failed = int(fails and reason == "malformed")
                if failed or zeros:
                    yield f'xmlprom_last_run_failure{{{labels},reason="{reason}"}} {failed}\n'
            for name, value in (
                ("last_run_timestamp_seconds", "@20"),
                ("last_success_timestamp_seconds", "@600" if fails else "@20"),
                ("last_run_duration_seconds", 0.1),
                ("source_modified_timestamp_seconds", "@40"),
                ("source_max_age_seconds", 3600),
                ("source_size_bytes", 1e6),
                ("rows", 1000),
                ("series", 100),
                ("series_limit", 10_000),
                ("folded_rows", 0),
                ("invalid_rows", 0),
                ("empty_metrics", 0),
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


def cpu(process: subprocess.Popen[bytes]) -> float:
    fields = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def evaluations() -> int:
    """How often all groups of rules were evaluated."""
    with urllib.request.urlopen(f"{URL}/metrics", timeout=60) as answer:
        lines = answer.read().decode().splitlines()
    done, missed = (
        [float(line.split()[-1]) for line in lines if line.startswith(f"prometheus_rule_group_{name}_total")]
        for name in ("iterations", "iterations_missed")
    )
    return round(min((a - b for a, b in zip(done, missed)), default=0))


def cost(process: subprocess.Popen[bytes], hosts: int, rules: list[str], seconds: float) -> tuple[float, float]:
    """CPU seconds of Prometheus with these rules over so many seconds, and evaluations of them."""
    configure(process, hosts, rules)
    time.sleep(EVALUATION + 5)
    before, evaluated = cpu(process), evaluations()
    time.sleep(seconds)
    return cpu(process) - before, evaluations() - evaluated


def configure(process: subprocess.Popen[bytes], hosts: int, rules: list[str]) -> None:
    (WORK / "prometheus.yml").write_text(json.dumps(configuration(hosts, rules)), encoding="utf-8")
    process.send_signal(signal.SIGHUP)


def measure(hosts: int, seconds: float) -> dict[str, float]:
    """CPU seconds per evaluation of each set of rules, beyond what scrapes cost, and what else a fleet takes."""
    Exporter.pages = pages(hosts, zeros=True)
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    old, new = [str(WORK / "old-inventory.json"), str(OLD)], []
    (WORK / "old-inventory.json").write_text(json.dumps(old_inventory_rules(hosts)), encoding="utf-8")
    new = [str(ROOT / "monitoring" / f"{name}.yml") for name in ("alerts", "recording")]
    (WORK / "prometheus.yml").write_text(json.dumps(configuration(hosts, [])), encoding="utf-8")
    found: dict[str, float] = {}
    with prometheus(WORK / "data") as (process, _):
        await_scrape(hosts, len(REASONS))
        for name, rules, zeros in (("old, its own series", old, True), ("old", old, False), ("new", new, False)):
            if not zeros and Exporter.pages[0].count(b"_failure{") > hosts:
                Exporter.pages = pages(hosts, zeros=False)
                await_scrape(hosts, 0)
            idle, _ = cost(process, hosts, [], seconds)
            spent, evaluated = cost(process, hosts, rules, seconds)
            check(hosts)
            found[name] = (spent - idle) / evaluated
            print(hosts, name, f"{spent:.2f} - {idle:.2f} s, {evaluated} times", file=sys.stderr, flush=True)
        found["memory"] = memory(process)
        found["series"] = count("count({__name__=~'.+'})")
    with prometheus(WORK / "data") as (_, seconds_to_start):
        found["start"] = seconds_to_start
    return found


def await_scrape(hosts: int, zeros: int) -> None:
    """Wait until all hosts are scraped, each collector with so many reasons that don't hold, or with none."""
    while count("count(up{instance=~'host.*'})") < hosts or (
        count("count(xmlprom_last_run_failure)") > hosts * len(COLLECTORS)
    ) != bool(zeros):
        time.sleep(1)


def check(hosts: int) -> None:
    """Both sets of rules find the same: nothing fast and wrong is measured."""
    firing = count('count(ALERTS{alertname="XmlpromRunFailed",alertstate="firing",instance=~"host.*"})')
    if firing != -(-hosts // 100):
        sys.exit(f"{firing} alerts fire, not {-(-hosts // 100)}")


def render(hosts: int) -> float:
    """The CPU seconds that Ansible takes to render the targets, beyond a play that has none."""
    inventory = WORK / "inventory.json"
    names = {f"host{host}.example.com": {"ansible_host": f"192.0.2.{host % 250}"} for host in range(hosts)}
    own = {"xmlprom_collectors": [{"name": name} for name in COLLECTORS]}
    local = {"hosts": {"localhost": {"ansible_connection": "local"}}}
    content = {"xmlprom": {"hosts": names, "vars": own}, "monitoring": local}
    inventory.write_text(json.dumps(content), encoding="utf-8")
    times = []
    given: tuple[str | list[str], ...] = ("{{ groups['xmlprom'] }}", [])
    for targets in given:
        variables = json.dumps({"out": str(WORK), "monitoring_targets": targets})
        before = os.times()
        subprocess.run(
            [
                "ansible-playbook", f"--inventory={inventory}", "-e", variables,
                str(Path(__file__).parent / "scale" / "targets.yml"),
            ],
            check=True, stdout=subprocess.DEVNULL, cwd=ROOT,
        )  # fmt: skip
        after = os.times()
        times.append(after.children_user + after.children_system - before.children_user - before.children_system)
    return times[0] - times[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--seconds", type=float, default=SCRAPE, help="of evaluations to look at: whole scrape intervals"
    )
    parser.add_argument("hosts", type=int, nargs="*", default=[100, 1_000, 10_000])
    options = parser.parse_args()
    server = ThreadingHTTPServer(("127.0.0.1", EXPORTER), Exporter)
    Thread(target=server.serve_forever, daemon=True).start()
    print("| hosts | series | 0.1's rules | on new series | new rules | share | start | memory | targets |")
    print("|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    for hosts in options.hosts:
        found = measure(hosts, options.seconds)
        print(
            f"| {hosts:,} | {found['series']:,} | {found['old, its own series']:.3f} s | {found['old']:.3f} s "
            f"| {found['new']:.3f} s | {found['new'] / found['old, its own series']:.2f}, "
            f"{found['new'] / found['old']:.2f} | {found['start']:.1f} s | {found['memory']:.0f} MiB "
            f"| {render(hosts):.1f} s |",
            flush=True,
        )


if __name__ == "__main__":
    main()
