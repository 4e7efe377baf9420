#!/usr/bin/env python3
"""Measure what a play costs the controller over many hosts, beside another checkout of xmlprom.

All hosts are this machine by a local connection, and their facts are known: what is measured is the CPU time of the
controller for the checks before a rollout, for a run of other tags, and for `verify.yml`, which runs one module on each
host. The other checkout is of release 0.1, whose checks ran under every tag. A figure is the median of the rounds.
"""

from __future__ import annotations

import argparse
import http.server
import json
import os
import resource
import statistics
import subprocess
import sys
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / ".cache" / "controller"
FACTS = {
    "ansible_os_family": "Debian",
    "ansible_service_mgr": "systemd",
    "ansible_architecture": "x86_64",
    "ansible_systemd": {"version": 257},
}
TEXTFILE = {"node_exporter_textfile_directory": "{{ xmlprom_textfile_directory }}"}
# As the role has them in tasks/main.yml.
CHECKS: list[dict[str, object]] = [
    {
        "name": "Load the exporter's variables",
        "ansible.builtin.include_role": {
            "name": "xmlprom.fleet.node_exporter",
            "tasks_from": "variables",
            "public": True,
        },
    },
    {
        "name": "Check",
        "ansible.builtin.import_role": {"name": "xmlprom.fleet.xmlprom", "tasks_from": "check"},
        "vars": {**TEXTFILE, "__xmlprom_families": ["Debian"], "__xmlprom_faults": "{{ node_exporter_faults }}"},
    },
]
OTHER_CHECKS: list[dict[str, object]] = [
    {"name": "Check", "ansible.builtin.include_role": {"name": role, "tasks_from": "preflight"}, "vars": TEXTFILE}
    for role in ("xmlprom", "node_exporter")
]


class Metrics(http.server.BaseHTTPRequestHandler):
    """An exporter without series."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


def play_of(tasks: list[dict[str, object]]) -> str:
    return json.dumps([{"name": "Play", "hosts": "xmlprom", "gather_facts": False, "tasks": tasks}])


def write_plays(counts: list[int], port: int) -> None:
    mapping = {"source": "/tmp/a.xml", "rows": "/a/*", "metrics": [{"name": "a_rows", "help": "Rows"}]}
    for count in counts:
        variables = {
            "ansible_connection": "local",
            "ansible_python_interpreter": "/usr/bin/python3",
            "xmlprom_metrics_url": f"http://127.0.0.1:{port}/metrics",
            "xmlprom_rollout_batches": "100%",
        }
        hosts: dict[str, object] = {f"host{number:05}": {} for number in range(count)}
        inventory = {"xmlprom": {"hosts": hosts, "vars": variables}}
        (WORK / f"{count}.json").write_text(json.dumps(inventory), encoding="utf-8")
    (WORK / "facts.yml").write_text(
        play_of([{"name": "Facts", "ansible.builtin.set_fact": {"cacheable": True, **FACTS}}]), encoding="utf-8"
    )
    (WORK / "checks.yml").write_text(play_of(CHECKS), encoding="utf-8")
    (WORK / "other-checks.yml").write_text(play_of(OTHER_CHECKS), encoding="utf-8")
    (WORK / "one.json").write_text(json.dumps({"xmlprom_collectors": [{"name": "a", "mapping": mapping}]}))
    (WORK / "paused.json").write_text(
        json.dumps({"xmlprom_collectors": [{"name": "a", "mapping": mapping, "state": "paused"}]})
    )
    (WORK / "none.json").write_text(json.dumps({"xmlprom_collectors": []}))


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def play(checkout: Path, hosts: int, playbook: Path, *options: str) -> float:
    """Run a playbook and return the CPU seconds that it took; one that fails ends the benchmark."""
    command = ["ansible-playbook", "-i", str(WORK / f"{hosts}.json"), str(playbook), *options]
    settings = {
        "ANSIBLE_CONFIG": str(checkout / "ansible.cfg"),
        "ANSIBLE_CACHE_PLUGIN": "jsonfile",
        "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(WORK / "facts"),
    }
    start = cpu()
    done = subprocess.run(
        command, cwd=checkout, env={**os.environ, **settings}, capture_output=True, text=True, check=False
    )
    took = cpu() - start
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout[-6000:]}\n{done.stderr}")
    print(f"{took:6.1f} s  {checkout.name}: {playbook} {' '.join(options)}, {hosts} hosts", file=sys.stderr)
    return took


def ways(other: Path | None) -> dict[str, tuple[Path, Path, tuple[str, ...]]]:
    """Of each way the checkout, the playbook and its options."""
    site, verify = Path("playbooks", "site.yml"), Path("playbooks", "verify.yml")
    one, paused, none = (("-e", f"@{WORK / name}.json") for name in ("one", "paused", "none"))
    own = {
        "a run of other tags": (ROOT, site, (*one, "--tags", "other")),
        "the checks before a rollout": (ROOT, WORK / "checks.yml", one),
        "`verify.yml`": (ROOT, verify, paused),
    }
    if other is None:
        return own
    return own | {
        "0.1: a run of other tags": (other, site, (*one, "--tags", "other")),
        "0.1: the checks before a rollout": (other, WORK / "other-checks.yml", one),
        "0.1: `verify.yml`": (other, verify, none),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--other", type=Path, help="a checkout of release 0.1")
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Metrics)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    write_plays(options.hosts, server.server_port)
    play(ROOT, max(options.hosts), WORK / "facts.yml")
    measured = ways(options.other)
    took: dict[tuple[str, int], list[float]] = {}
    for _ in range(options.rounds):
        for way, (checkout, playbook, arguments) in measured.items():
            for hosts in options.hosts:
                took.setdefault((way, hosts), []).append(play(checkout, hosts, playbook, *arguments))
    print(f"| hosts | {' | '.join(map(str, options.hosts))} |")
    print("|---|" + "--:|" * len(options.hosts))
    for way in measured:
        print(f"| {way} | {' | '.join(f'{statistics.median(took[way, hosts]):.1f} s' for hosts in options.hosts)} |")


if __name__ == "__main__":
    main()
