"""Prove on a host that its collectors' series reach node_exporter's /metrics.

Usage: verify.py [--run] URL TEXTFILE_DIRECTORY COLLECTOR...

With --run every collector runs once first. Prints a JSON list with one object per collector: its `problem`,
empty when all is well, and `lines` for a person, which in trouble end with the unit's journal. It does all of
this in one go on the host, because each step of its own would be one more round trip to a whole fleet.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

PATIENCE_SECONDS = 5
JOURNAL_LINES = "10"
Series = dict[tuple[str, frozenset], float]


def output_of(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603


def scrape(url: str) -> str:
    """Get the exporter's metrics, with patience: it may just have been restarted."""
    no_proxy = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with no_proxy.open(url, timeout=PATIENCE_SECONDS) as answer:
                return answer.read().decode()
        except OSError:  # noqa: PERF203
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def parse(text: str) -> Series:
    # Here, so that a host without the package gets a report rather than a traceback.
    from prometheus_client.parser import text_string_to_metric_families  # noqa: PLC0415

    return {
        # node_exporter pads labels that a series lacks with "".
        (sample.name, frozenset(label for label in sample.labels.items() if label[1])): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


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


def series_problem(data_file: Path, shown: Series) -> str:
    try:
        data = parse(data_file.read_text(encoding="utf-8"))
    except OSError as error:
        return f"{data_file}: {error.strerror}"
    missing = [metric for metric, labels in data if (metric, labels) not in shown]
    if missing:
        return f"/metrics lacks {len(missing)} of {len(data)} series of {data_file}, one of {missing[0]}"
    return "" if data else f"{data_file} has no series: does `rows` match the source?"


def failed(name: str, problem: str, journal: str = "") -> dict[str, object]:
    return {
        "collector": name,
        "problem": problem,
        "lines": [f"collector {name}: {problem}", *journal.splitlines()],
    }


def report(name: str, shown: Series, directory: Path) -> dict[str, object]:
    problem = unit_problem(name) or status_problem(name, shown) or series_problem(directory / f"{name}.prom", shown)
    if problem:
        unit = f"xmlprom-{name}.service"
        return failed(name, problem, output_of("journalctl", "-q", "--no-pager", "-n", JOURNAL_LINES, "-u", unit))
    rows, series, last_run = (
        int(shown.get((f"xmlprom_{metric}", frozenset([("collector", name)])), 0))
        for metric in ("rows", "series", "last_run_timestamp_seconds")
    )
    age = int(time.time()) - last_run
    line = f"collector {name}: success, {rows} rows, {series} series, {age} s ago"
    return {"collector": name, "problem": "", "lines": [line], "rows": rows, "series": series, "age": age}


def prove(url: str, directory: Path, names: list[str]) -> list[dict[str, object]]:
    try:
        shown = parse(scrape(url))
    except (ImportError, OSError) as error:
        return [failed(name, f"{url}: {error}") for name in names]
    return [report(name, shown, directory) for name in names]


def main() -> None:
    run = sys.argv[1] == "--run"
    url, directory, *names = sys.argv[1 + run :]
    if run and names:
        output_of("systemctl", "start", *(f"xmlprom-{name}.service" for name in names))
    reports = prove(url, Path(directory), names)
    if any(one["problem"] for one in reports):
        # A run by the timer may have replaced a file between the scrape and the look at it.
        reports = prove(url, Path(directory), names)
    print(json.dumps(reports))


if __name__ == "__main__":
    main()
