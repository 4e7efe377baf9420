#!/usr/bin/python
"""Ansible module: verify that collectors' series reach node_exporter's metrics."""

from __future__ import annotations

import base64
import re
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.xmlprom.fleet.plugins.module_utils import output

DOCUMENTATION = r"""
module: xmlprom_verify
short_description: Verify that collectors' series reach node_exporter's metrics
description:
  - Compares each collector's data file and status with what node_exporter serves on the host itself.
  - Changes nothing, unless O(run=true) starts the collectors first. In check mode none is started.
  - One run of one module for all collectors, because each is one more round trip to every host of a fleet.
  - The reports are also in the run's statistics, as C(xmlprom) of each host.
author: The xmlprom authors
options:
  collectors:
    description: Of each collector to verify the seconds from one of its runs to the next.
    type: dict
    required: true
  run:
    description: Whether to run each collector first.
    type: bool
    default: false
  url:
    description: Where the host finds its own metrics.
    type: str
    default: http://127.0.0.1:9100/metrics
  ca_file:
    description: The CA that signed the exporter's certificate. The default is those that the system trusts.
    type: str
    default: ''
  validate_certs:
    description: Whether the exporter's certificate has to be valid.
    type: bool
    default: true
  username:
    description: The user for an exporter that asks for a password.
    type: str
    default: ''
  password:
    description: The password of O(username).
    type: str
    default: ''
"""

EXAMPLES = r"""
- name: Run the collector store, and look for its series
  xmlprom.fleet.xmlprom_verify:
    collectors: {store: 65}
    run: true
"""

RETURN = r"""
reports:
  description: One report for each collector.
  type: list
  elements: dict
  returned: always
  contains:
    collector:
      description: The collector's name.
      type: str
      returned: always
    problem:
      description: What is wrong; empty when nothing is.
      type: str
      returned: always
    age:
      description: Seconds since the last run that succeeded.
      type: float
      returned: when there was one
    rows:
      description: Rows that the last run read.
      type: float
      returned: when the metrics have it
    series:
      description: Series that the last run wrote.
      type: float
      returned: when the metrics have it
    journal:
      description: What the last run wrote to the journal; empty when nothing is wrong.
      type: list
      elements: str
      returned: always
"""

PATIENCE_SECONDS = 5
JOURNAL_LINES = "10"
MISSED_RUNS = 3  # as the alert XmlpromNoSuccess has it
GRACE = 60  # seconds, for a host that is busy
CLOCK_STEP = 2  # seconds
SAMPLE = re.compile(r"([a-zA-Z_:][\w:]*)\s*(?:\{(.*)\})?\s*(\S+)")
LABEL = re.compile(r'(\w+)\s*=\s*"((?:[^"\\]|\\.)*)"')
Series = dict[tuple[str, frozenset[tuple[str, Any]]], float]


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
                return str(answer.read(), "utf-8")
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


def properties(unit: str, *names: str) -> dict[str, str]:
    shown = output_of("systemctl", "show", "-p", ",".join(names), unit)
    return dict(line.partition("=")[::2] for line in shown.splitlines())


def unit_problem(name: str, last_run: float | None, succeeded: bool) -> str:
    """Why the collector's units don't work, which a status file can't show."""
    if output_of("systemctl", "is-active", f"xmlprom-{name}.timer").strip() != "active":
        return f"xmlprom-{name}.timer is not active"
    names = ("Result", "ExecMainStatus", "ExecMainStartTimestampMonotonic")
    service = properties(f"xmlprom-{name}.service", *names)
    if service.get("Result") == "success":
        return ""
    # Exit status 1 is a source that failed: the status file has the reason, if it is of that run.
    started = time.time() - time.monotonic() + int(service.get(names[2]) or 0) / 1_000_000
    ended = f"Result={service.get('Result')} ExecMainStatus={service.get('ExecMainStatus')}"
    if service.get("ExecMainStatus") != "1":
        return f"xmlprom-{name}.service failed: {ended}"
    if succeeded or last_run is None or last_run < started - CLOCK_STEP:
        return f"xmlprom-{name}.service failed, and {name}.status.prom is of an earlier run: {ended}"
    return ""


def age_problem(interval: float, last_run: float | None) -> str:
    age = time.time() - (last_run or 0)
    if last_run is None or age <= MISSED_RUNS * interval + GRACE:
        return ""
    return f"its last run was {age:.0f} s ago, more than {MISSED_RUNS} times the interval of {interval:.0f} s"


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
        file = output.file_of(name)
        data = parse(file.read_text(encoding="utf-8"))
    except OSError as error:
        return f"{error.filename}: {error.strerror}"
    missing = [metric for metric, labels in data if (metric, labels) not in shown]
    if missing:
        return f"/metrics lacks {len(missing)} of {len(data)} series of {file}, one of {missing[0]}"
    return "" if data else f"{file} has no series: does `rows` match the source?"


def journal(name: str) -> list[str]:
    """What the last run said; if it said nothing, what systemd says of it."""
    run = properties(f"xmlprom-{name}.service", "InvocationID").get("InvocationID")
    if not run:
        return []
    read = ("journalctl", "-q", "--no-pager", "-o", "cat", "-n", JOURNAL_LINES)
    said = output_of(*read, f"_SYSTEMD_INVOCATION_ID={run}") or output_of(*read, f"INVOCATION_ID={run}")
    return said.splitlines()


def report(name: str, interval: float, shown: Series) -> dict[str, Any]:
    def status(metric: str) -> float | None:
        return shown.get((f"xmlprom_{metric}", frozenset([("collector", name)])))

    last_run = status("last_run_timestamp_seconds")
    problem = (
        unit_problem(name, last_run, status("last_run_success") == 1)
        or status_problem(name, shown)
        or age_problem(interval, last_run)
        or series_problem(name, shown)
    )
    last_success = status("last_success_timestamp_seconds")
    return {
        "collector": name,
        "problem": problem,
        "age": None if last_success is None else time.time() - last_success,
        "rows": status("rows"),
        "series": status("series"),
        "journal": journal(name) if problem else [],
    }


def verify(intervals: dict[str, Any], exporter: dict[str, Any]) -> list[dict[str, Any]]:
    try:
        shown = parse(scrape(**exporter))
    except (OSError, ValueError) as error:
        problem = f"{exporter['url']}: {error}"
        return [{"collector": name, "problem": problem, "journal": []} for name in intervals]
    return [report(name, float(interval), shown) for name, interval in intervals.items()]


def start(names: list[str]) -> None:
    """Run collectors, and wait until they have ended."""
    if names:
        output_of("systemctl", "start", *(f"xmlprom-{name}.service" for name in names))


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "collectors": {"type": "dict", "required": True},
            "run": {"type": "bool", "default": False},
            "url": {"default": "http://127.0.0.1:9100/metrics"},
            "ca_file": {"default": ""},
            "validate_certs": {"type": "bool", "default": True},
            "username": {"default": ""},
            "password": {"default": "", "no_log": True},
        },
        supports_check_mode=True,
    )
    exporter = {**module.params}
    intervals, run = exporter.pop("collectors"), exporter.pop("run")
    run = run and not module.check_mode
    if run:
        start(list(intervals))
    reports = verify(intervals, exporter)
    failed = [one["collector"] for one in reports if one["problem"]]
    if failed:
        # A run by the timer may have replaced a file between the scrape and the look at it, or have been under way,
        # as the service was before the rollout, when it was to start. While one is under way systemd has no result
        # of it: so wait for a whole one.
        if run:
            start(failed)
        reports = verify(intervals, exporter)
    # For the callback xmlprom.fleet.xmlprom_table, and for whoever else reads a run's statistics.
    statistics = {"data": {"xmlprom": reports}, "per_host": True, "aggregate": False}
    module.exit_json(changed=False, reports=reports, ansible_stats=statistics)


if __name__ == "__main__":
    main()
