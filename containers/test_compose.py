"""What test.sh has started: from the application's file to an alert, and back. The tests build on each other."""

from __future__ import annotations

import json
import re
import subprocess
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from podman import PROJECT, podman, until

EXPECTED = Path(__file__).parents[1] / "examples/store.prom"
STATUS = "/var/lib/prometheus/node-exporter/store.status.prom"
PORTS = {"node_exporter": 9100, "prometheus": 9090, "alertmanager": 9093}


def container(service: str) -> str:
    return f"{PROJECT}_{service}_1"


def execute(service: str, *command: str, ok: bool = True) -> subprocess.CompletedProcess[str]:
    return podman("exec", container(service), *command, ok=ok)


def inspect(what: str) -> Any:
    return json.loads(podman("inspect", container("xmlprom"), "--format", f"{{{{json {what}}}}}").stdout)


def get(service: str, path: str) -> str:
    address = podman("port", container(service), f"{PORTS[service]}/tcp").stdout.strip()
    with urllib.request.urlopen(f"http://{address}{path}", timeout=10) as answer:
        text: str = answer.read().decode()
        return text


def query(expression: str) -> dict[str, str]:
    """The values of the series of the collector, by their label `reason` or "" without it."""
    answer = json.loads(get("prometheus", f"/api/v1/query?{urllib.parse.urlencode({'query': expression})}"))
    return {one["metric"].get("reason", ""): one["value"][1] for one in answer["data"]["result"]}


def run_failed() -> dict[str, Any] | None:
    """Prometheus' alert that runs fail, if there is one."""
    alerts = json.loads(get("prometheus", "/api/v1/alerts"))["data"]["alerts"]
    return next((one for one in alerts if one["labels"]["alertname"] == "XmlpromRunFailed"), None)


def series(text: str) -> dict[str, str]:
    lines = [line.rpartition(" ") for line in text.splitlines() if line.startswith("store_")]
    return {re.sub('path="[^"]*"', "", name): value for name, _, value in lines}


def healthy() -> bool:
    return podman("healthcheck", "run", container("xmlprom"), ok=False).returncode == 0


def test_the_series_are_on_metrics() -> None:
    expected = series(EXPECTED.read_text())
    assert expected
    until(lambda: series(get("node_exporter", "/metrics")) == expected)
    until(lambda: query("xmlprom_last_run_success") == {"": "1"})
    assert query("node_textfile_scrape_error") == {"": "0"}
    assert run_failed() is None


def test_the_main_process_is_the_program_without_privileges() -> None:
    command = execute("xmlprom", "cat", "/proc/1/cmdline").stdout.split("\0")
    assert command[-7:-1] == ["collect", "store", "--every", "2s", "--source", "/data/store.xml"]
    status = execute("xmlprom", "cat", "/proc/1/status").stdout
    assert re.search(r"^Uid:\t65532\t65532\t65532\t65532$", status, re.MULTILINE)
    assert re.search(r"^CapBnd:\t0+$", status, re.MULTILINE)
    assert re.search(r"^NoNewPrivs:\t1$", status, re.MULTILINE)
    assert execute("xmlprom", "ls", "/sys/class/net").stdout.split() == ["lo"]


def test_the_root_file_system_is_read_only() -> None:
    assert re.search(r"^\S+ / \S+ ro,", execute("xmlprom", "cat", "/proc/mounts").stdout, re.MULTILINE)


def test_kubernetes_sees_that_the_image_is_not_roots() -> None:
    """It knows that of a number only."""
    assert inspect(".Config.User") == "65532:65532"


def test_the_other_commands_are_there() -> None:
    for command in ("check", "explain"):
        execute("xmlprom", "sh", "-c", f"cat /data/store.xml | xmlprom {command} store --source -")


def test_a_broken_file_fires_an_alert_and_its_repair_ends_it() -> None:
    execute("application", "touch", "/data/broken")
    until(lambda: query("xmlprom_last_run_success") == {"": "0"})
    until(lambda: query("xmlprom_last_run_failure == 1") == {"malformed": "1"})
    until(run_failed)
    until(lambda: "XmlpromRunFailed" in get("alertmanager", "/api/v2/alerts?active=true"))
    assert series(get("node_exporter", "/metrics")) == series(EXPECTED.read_text())
    alert = run_failed()
    assert alert
    assert alert["state"] == "firing"
    assert "keepFiringSince" not in alert

    execute("application", "rm", "/data/broken")
    until(lambda: query("xmlprom_last_run_success") == {"": "1"})
    # The rule's expression holds no longer; the rule itself has the alert fire for five more minutes.
    until(lambda: "keepFiringSince" in (run_failed() or {}))


def test_health_is_the_age_of_the_status() -> None:
    assert healthy()
    podman("kill", "--signal", "STOP", container("xmlprom"))  # no run may follow
    until(lambda: execute("xmlprom", "sh", "-c", "grep -h State: /proc/[0-9]*/status").stdout.count("T (stopped)"))
    time.sleep(1)  # for the end of a run that was under way
    execute("xmlprom", "touch", "-d", "10 minutes ago", STATUS)
    assert not healthy()
    podman("kill", "--signal", "CONT", container("xmlprom"))
    until(healthy)


def test_it_ends_at_sigterm() -> None:
    """It would be killed after a minute, and its status be 137."""
    podman("stop", "--time", "60", container("xmlprom"))
    assert inspect(".State.ExitCode") == 0
