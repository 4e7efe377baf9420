"""Print the state of each collector as a table at the end of a run, one line per host and collector."""

from __future__ import annotations

from typing import Any

from ansible import constants
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: xmlprom_table
author: The xmlprom authors
type: aggregate
short_description: the fleet's collectors as a table
description:
  - Shows the reports that the role's verification leaves in the statistics, and the hosts that have none.
  - The collection's own playbooks load it. For a playbook of your own, add it to C(callbacks_enabled).
"""

Report = dict[str, Any]
Line = tuple[str, ...]

HEADER = ("HOST", "COLLECTOR", "SUCCESS", "AGE", "ROWS", "SERIES", "")
ROLES = ("xmlprom", "node_exporter")  # a host that fails in another role has no collector that failed
JSON = ("json", "jsonl")  # for a program: the table goes to stderr
UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (0, "s"))


def span(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    limit, unit = next((limit, unit) for limit, unit in UNITS if seconds >= 2 * limit)
    return f"{seconds / (limit or 1):.0f} {unit}"


def number(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


def first_line(result: dict[str, Any]) -> str:
    """The reason of a failure; of a loop that of its first item that failed."""
    result = next((item for item in result.get("results", ()) if item.get("failed")), result)
    return str(result.get("msg") or "failed").removeprefix("Task failed: ").splitlines()[0]


def of(result: Any, name: str) -> Any:
    """The result's `host`, `task` or `result`, which had an underscore before ansible-core 2.19."""
    return getattr(result, name) if hasattr(result, name) else getattr(result, f"_{name}")


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "xmlprom_table"

    def __init__(self) -> None:
        super().__init__()
        self.lost: dict[str, str] = {}

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self.lost[of(result, "host").name] = f"unreachable: {first_line(of(result, 'result'))}"

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        task = of(result, "task")
        role = task._role
        if not ignore_errors and role and role._role_name in ROLES:
            self.lost[of(result, "host").name] = f"{task.name}: {first_line(of(result, 'result'))}"

    def v2_playbook_on_stats(self, stats: Any) -> None:
        reports = {host: custom["xmlprom"] for host, custom in stats.custom.items() if "xmlprom" in custom}
        # The collection's playbooks load it by its path; the configuration may load it by its name too.
        printed = getattr(stats, self.CALLBACK_NAME, False)
        if printed or not (reports or self.lost):
            return
        setattr(stats, self.CALLBACK_NAME, True)
        lines: list[tuple[Line, str | None]] = [(HEADER, None)]
        for host in sorted(reports.keys() | self.lost.keys()):
            lines += [(line, "red" if line[2] == "no" else None) for line in self.lines_of(host, reports.get(host))]
        widths = [max(len(line[column]) for line, _ in lines) for column in range(6)]
        stderr = str(constants.DEFAULT_STDOUT_CALLBACK).rpartition(".")[2] in JSON
        self._display.display("", stderr=stderr)
        for line, color in lines:
            left = (f"{text:<{width}}" for text, width in zip(line[:3], widths[:3]))
            right = (f"{text:>{width}}" for text, width in zip(line[3:6], widths[3:]))
            self._display.display("  ".join([*left, *right, line[6]]).rstrip(), color=color, stderr=stderr)

    def lines_of(self, host: str, reports: list[Report] | None) -> list[Line]:
        if reports is None:
            return [(host, "-", "no", "-", "-", "-", self.lost[host])]
        return [
            (
                host,
                report["collector"],
                "no" if report["problem"] else "yes",
                span(report.get("age")),
                number(report.get("rows")),
                number(report.get("series")),
                report["problem"],
            )
            for report in reports
        ] or [(host, "-", "yes", "-", "-", "-", "has no collectors")]
