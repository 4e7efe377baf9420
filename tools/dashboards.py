#!/usr/bin/env python3
"""Writes Grafana's dashboard of the fleet, monitoring/dashboards/fleet.json; `xmlprom dashboard` makes all others.

Built by Grafana's own SDK, so that a key which Grafana does not know can't get in. Change this file, run it, and
commit both: tests hold them equal.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from grafana_foundation_sdk.builders import dashboard, prometheus, stat, table, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import DataSourceRef, VariableRefresh
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

DIRECTORY = Path(__file__).parents[1] / "monitoring/dashboards"
SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
COLLECTOR = 'collector=~"$collector",group=~"$group",instance=~"$host"'
HOST = 'group=~"$group",instance=~"$host"'
NAMED = "{{collector}} {{instance}}"

Targets = list[tuple[str, str]]


def variable(name: str, series: str, label: str, title: str) -> dashboard.QueryVariable:
    query = f"label_values({series}, {label})"
    return (
        dashboard.QueryVariable(name)
        .label(title)
        .datasource(SOURCE)
        .query(query)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .multi(True)
        .include_all(True)
        .all_value(".*")
    )


def board(uid: str, title: str, description: str) -> dashboard.Dashboard:
    of_collector = 'xmlprom_last_run_success{collector=~"$collector"'
    return (
        dashboard.Dashboard(title)
        .uid(uid)
        .description(description)
        .tags(["xmlprom"])
        .refresh("1m")
        .time("now-6h", "now")
        .with_variable(dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
        .with_variable(variable("collector", "xmlprom_last_run_success", "collector", "Collector"))
        .with_variable(variable("group", of_collector + "}", "group", "Host group"))
        .with_variable(variable("host", of_collector + ',group=~"$group"}', "instance", "Host"))
    )


def panel(kind: Any, title: str, targets: Targets, instant: bool = False, width: int = 8, height: int = 8) -> Any:
    """A panel; each target is an expression and what its series are called."""
    made = kind.Panel().title(title).datasource(SOURCE).span(width).height(height)
    for number, (expression, legend) in enumerate(targets):
        query = prometheus.Dataquery().expr(expression).legend_format(legend).ref_id(chr(ord("A") + number))
        made = made.with_target(query.instant() if instant else query.range())
    return made


def lines(title: str, expression: str, legend: str, unit: str = "short", width: int = 8) -> Any:
    return panel(timeseries, title, [(expression, legend)], width=width).unit(unit)


def number(title: str, expression: str) -> Any:
    return panel(stat, title, [(expression, "")], instant=True, width=6, height=4)


def listing(title: str, targets: Targets, width: int = 24) -> Any:
    made = panel(table, title, [], width=width)
    for index, (expression, legend) in enumerate(targets):
        query = prometheus.Dataquery().expr(expression).legend_format(legend).ref_id(chr(ord("A") + index))
        made = made.with_target(query.instant().format(PromQueryFormat.TABLE))
    return made


def fleet() -> dashboard.Dashboard:
    age = f"time() - xmlprom_last_success_timestamp_seconds{{{COLLECTOR}}}"
    failing = f"({age}) * ignoring (reason) group_right () (xmlprom_last_run_failure == 1)"
    return (
        board("xmlprom-fleet", "xmlprom: fleet", "How the collectors do: latency, traffic, errors, saturation")
        .with_panel(number("Collectors", f"count(xmlprom_last_run_success{{{COLLECTOR}}})"))
        .with_panel(number("Failing", f"count(xmlprom_last_run_success{{{COLLECTOR}}} == 0) or vector(0)"))
        .with_panel(number("Hosts", f"count(xmlprom:target:info{{{HOST}}})"))
        .with_panel(number("Hosts down", f"count(xmlprom:target:info{{{HOST}}} and up == 0) or vector(0)"))
        .with_row(dashboard.Row("Errors: what fails, why, on which hosts, since when"))
        .with_panel(
            listing(
                "Failing now: seconds since the last success",
                [(f"{failing} or vector(0)", "")],
                width=12,
            )
        )
        .with_panel(
            lines(
                "Failing, by reason",
                f"sum by (collector, reason) (xmlprom_last_run_failure{{{COLLECTOR}}})"
                f" or 0 * sum by (collector) (xmlprom_last_run_success{{{COLLECTOR}}})",
                "{{collector}} {{reason}}",
                width=12,
            )
        )
        .with_panel(
            lines(
                "Alerts", f'count by (alertname) (ALERTS{{alertstate="firing",{HOST}}}) or vector(0)', "{{alertname}}"
            )
        )
        .with_panel(
            lines("Rows folded or left out", f"xmlprom_folded_rows{{{COLLECTOR}}} + xmlprom_invalid_rows", NAMED)
        )
        .with_panel(
            lines(
                "Files that node_exporter drops",
                f"node_textfile_scrape_error{{{HOST}}} and xmlprom:target:info",
                "{{instance}}",
            )
        )
        .with_row(dashboard.Row("Latency"))
        .with_panel(lines("Duration of a run", f"xmlprom_last_run_duration_seconds{{{COLLECTOR}}}", NAMED, "s"))
        .with_panel(lines("Since the last success", age, NAMED, "s"))
        .with_panel(
            lines("Age of the source", f"time() - xmlprom_source_modified_timestamp_seconds{{{COLLECTOR}}}", NAMED, "s")
        )
        .with_row(dashboard.Row("Traffic"))
        .with_panel(lines("Rows", f"xmlprom_rows{{{COLLECTOR}}}", NAMED))
        .with_panel(lines("Size of the sources", f"xmlprom_source_size_bytes{{{COLLECTOR}}}", NAMED, "bytes"))
        .with_panel(lines("Series", f"xmlprom_series{{{COLLECTOR}}}", NAMED))
        .with_row(dashboard.Row("Saturation"))
        .with_panel(
            lines(
                "Duration of a run, part of its interval",
                f"xmlprom_last_run_duration_seconds{{{COLLECTOR}}} / xmlprom_collector_interval_seconds",
                NAMED,
                "percentunit",
            )
        )
        .with_panel(
            lines(
                "Series, part of one metric's limit",
                f"xmlprom_series{{{COLLECTOR}}} / xmlprom_series_limit",
                NAMED,
                "percentunit",
            )
        )
        .with_panel(
            lines(
                "Duration of the host's scrape",
                f"scrape_duration_seconds{{{HOST}}} and xmlprom:target:info",
                "{{instance}}",
                "s",
            )
        )
    )


def main() -> None:
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    text = JSONEncoder(sort_keys=True, indent=2).encode(fleet().build())
    (DIRECTORY / "fleet.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
