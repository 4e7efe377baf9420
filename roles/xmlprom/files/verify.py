"""Prove on a host that its collectors' series reach node_exporter's /metrics.

The role sends this text to the host's Python, with a call of main() at its end. It prints a JSON list with one object
per collector: its `problem`, empty when all is well, what its status metrics tell, and in trouble the unit's last
journal lines. All of this happens in one go, because each step of its own is one more round trip to a whole fleet.
"""

from __future__ import annotations

import base64
import json
import re
import ssl
import subprocess
import time
import urllib.request
from pathlib import Path

PATIENCE_SECONDS = 5
JOURNAL_LINES = "10"
SAMPLE = re.compile(r"([a-zA-Z_:][\w:]*)\s*(?:\{(.*)\})?\s*(\S+)")
LABEL = re.compile(r'(\w+)\s*=\s*"((?:[^"\\]|\\.)*)"')
Series = dict[tuple[str, frozenset], float]


def output_of(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603


def scrape(url: str, ca_file: str, validate_certs: bool, username: str, password: str) -> str:
    """Get the exporter's metrics, with patience: it may just have been restarted."""
    context = ssl.create_default_context(cafile=ca_file or None)
    if not validate_certs:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    if username:
        credentials = base64.b64encode(f"{username}:{password}".encode()).decode()
        opener.addheaders.append(("Authorization", f"Basic {credentials}"))
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with opener.open(url, timeout=PATIENCE_SECONDS) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError:
            raise
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def parse(text: str) -> Series:
    """Read samples as what they are to node_exporter: a label without a value is none, 1.0 is 1."""
    shown = {}
    for line in text.splitlines():
        sample = SAMPLE.match(line)
        if sample:
            name, labels, value = sample.groups()
            pairs = [(key, text) for key, text in LABEL.findall(labels or "") if text]
            numbers = {"le", "quantile"}
            shown[name, frozenset((key, float(text) if key in numbers else text) for key, text in pairs)] = float(value)
    return shown


def unit_problem(name: str) -> str:
    """Say what keeps the collector's units from working, which a status file can't tell."""
    if output_of("systemctl", "is-active", f"xmlprom-{name}.timer").strip() != "active":
        return f"xmlprom-{name}.timer is not active"
    service = output_of("systemctl", "show", "-p", "Result,ExecMainStatus", f"xmlprom-{name}.service").split()
    # Exit status 1 is a source that failed: the status file has the reason.
    if not {"Result=success", "ExecMainStatus=1"} & set(service):
        return f"xmlprom-{name}.service failed: {' '.join(service)}"
    return ""


def status_problem(name: str, shown: Series) -> str:
    own = ("collector", name)
    success = shown.get(("xmlprom_last_run_success", frozenset([own])))
    if success is None:
        return f'/metrics has no xmlprom_last_run_success{{collector="{name}"}}'
    if success != 1:
        reasons = [
            dict(labels).get("reason", "")
            for (metric, labels), value in shown.items()
            if metric == "xmlprom_last_run_failure" and own in labels and value == 1
        ]
        return f"its last run failed: {', '.join(reasons) or 'no reason given'}"
    return ""


def series_problem(name: str, shown: Series) -> str:
    try:
        file = data_file(name)
        data = parse(file.read_text(encoding="utf-8"))
    except OSError as error:
        return f"{error.filename}: {error.strerror}"
    missing = [metric for metric, labels in data if (metric, labels) not in shown]
    if missing:
        return f"/metrics lacks {len(missing)} of {len(data)} series of {file}, one of {missing[0]}"
    return "" if data else f"{file} has no series: does `rows` match the source?"


def journal(name: str) -> list[str]:
    unit = f"xmlprom-{name}.service"
    return output_of("journalctl", "-q", "--no-pager", "-n", JOURNAL_LINES, "-u", unit).splitlines()


def data_file(name: str) -> Path:
    """Where the unit writes, which a rollout may have found out only on the host."""
    unit = Path(f"/etc/systemd/system/xmlprom-{name}.service").read_text(encoding="utf-8")
    written = re.search(r"^ExecStart=.* --output-dir (\S+)$", unit, re.MULTILINE)
    return Path(written[1] if written else "/var/lib/prometheus/node-exporter", f"{name}.prom")


def report(name: str, shown: Series) -> dict[str, object]:
    def status(metric: str) -> float | None:
        return shown.get((f"xmlprom_{metric}", frozenset([("collector", name)])))

    problem = unit_problem(name) or status_problem(name, shown) or series_problem(name, shown)
    last_success = status("last_success_timestamp_seconds")
    return {
        "collector": name,
        "problem": problem,
        "age": None if last_success is None else time.time() - last_success,
        "rows": status("rows"),
        "series": status("series"),
        "journal": journal(name) if problem else [],
    }


def prove(names: list[str], exporter: dict) -> list[dict[str, object]]:
    try:
        shown = parse(scrape(**exporter))
    except (OSError, ValueError) as error:
        problem = f"{exporter['url']}: {error}"
        return [{"collector": name, "problem": problem, "journal": []} for name in names]
    return [report(name, shown) for name in names]


def main(request: str) -> None:
    told = json.loads(request)
    names = told["collectors"]
    if told["run"] and names:
        output_of("systemctl", "start", *(f"xmlprom-{name}.service" for name in names))
    reports = prove(names, told["exporter"])
    if any(one["problem"] for one in reports):
        # A run by the timer may have replaced a file between the scrape and the look at it.
        reports = prove(names, told["exporter"])
    print(json.dumps(reports))
