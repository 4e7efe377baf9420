"""Make the dashboard of collectors: their metrics by section, how their runs do, and all of their series as a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from xmlprom.dashboard.metric_panels import CHOSEN, dividing, panels
from xmlprom.dashboard.model import Board, Group, Panel, Query, Variable
from xmlprom.mapping.model import Mapping, Metric
from xmlprom.textfile.status import LAST_SUCCESS

_TAKEN = ("datasource", "group", "host")  # variables that every dashboard has
_OTHERS = ("xmlprom-fleet",)  # uids of dashboards that are no collector's
_LONGEST_UID = 40  # characters that Grafana allows


def board(mappings: Iterable[tuple[str, Mapping]]) -> Board:
    """The dashboard of some collectors, given as (name, mapping)."""
    collectors = dict(mappings)
    found = {variable.label: variable for mapping in collectors.values() for variable in _variables(mapping)}
    chosen = {label: variable.name for label, variable in found.items()}
    groups: list[Group] = []
    for name, mapping in collectors.items():
        for section in mapping.sections:
            drawn = [panel for metric in section.metrics for panel in panels(metric, mapping, chosen)]
            groups.append(Group(f"{name}: {section.rows.text}", tuple(drawn)))
    names = ", ".join(collectors)
    return Board(
        _uid(list(collectors)),
        f"xmlprom: {names}",
        f"Made of the mapping of {names} by xmlprom dashboard: change the mapping, and make it again",
        (*_hosts(list(collectors)), *found.values()),
        (*groups, _health(list(collectors)), _table(collectors.values())),
    )


def _uid(collectors: list[str]) -> str:
    """The same for the same collectors."""
    uid = "-".join(["xmlprom", *collectors])
    if len(uid) > _LONGEST_UID or uid in _OTHERS:
        import hashlib  # noqa: PLC0415 - few dashboards need it

        uid = f"xmlprom-{hashlib.sha256(uid.encode()).hexdigest()[:32]}"
    return uid


def _of(collectors: list[str]) -> str:
    return f'collector=~"{"|".join(collectors)}"'


def _hosts(collectors: list[str]) -> Iterator[Variable]:
    """The choice of hosts: by a label `group` of theirs, if they have one, and by their names."""
    series = f"xmlprom_last_run_success{{{_of(collectors)}"
    yield Variable("group", "Host group", "group", f"{series}}}")
    yield Variable("host", "Host", "instance", f'{series},group=~"$group"}}')


def _variables(mapping: Mapping) -> Iterator[Variable]:
    seen = set()
    for metric in sorted(mapping.metrics, key=lambda metric: bool(metric.in_name)):
        for label in dividing(metric) if metric.type != "info" else ():
            if label.name not in seen:
                seen.add(label.name)
                name = f"label_{label.name}" if label.name in _TAKEN else label.name
                series = next(_series(metric))
                yield Variable(name, label.name, label.name, f"{series}{{{CHOSEN}}}")


def _series(metric: Metric) -> Iterator[str]:
    """The names of a metric's series, of a histogram without its buckets."""
    suffixes = ("_count", "_sum") if metric.type in ("histogram", "summary") else ("",)
    yield from (f"{name}{suffix}" for name in metric.names() for suffix in suffixes)


def _health(collectors: list[str]) -> Group:
    of = f"{{{_of(collectors)},{CHOSEN}}}"
    legend = "{{collector}} {{instance}}"

    def lines(title: str, expression: str, unit: str = "s") -> Panel:
        return Panel("lines", title, (Query(expression + of, legend),), unit, width=6)

    success = Query(f"xmlprom_last_run_success{of}", legend)
    none = f"0 * sum by (collector) (xmlprom_last_run_success{of})"  # a reason is absent unless it holds
    reasons = Query(f"sum by (collector, reason) (xmlprom_last_run_failure{of}) or {none}", "{{collector}} {{reason}}")
    return Group(
        "Health of the collector",
        (
            Panel("states", "Last run", (success,), states=((0, "failed"), (1, "succeeded"))),
            Panel("lines", "Failing hosts by reason", (reasons,)),
            lines("Time since the last success", f"time() - {LAST_SUCCESS}"),
            lines("Age of the source", "time() - xmlprom_source_modified_timestamp_seconds"),
            lines("Duration of a run", "xmlprom_last_run_duration_seconds"),
            lines("Series", "xmlprom_series", "short"),
        ),
    )


def _table(mappings: Iterable[Mapping]) -> Group:
    """All series as they are, for a closer look."""
    names = dict.fromkeys(name for mapping in mappings for metric in mapping.metrics for name in _series(metric))
    query = Query(f'{{__name__=~"{"|".join(names)}",{CHOSEN}}}', "")
    return Group("Data", (Panel("table", "All series", (query,), width=24, hidden=("Time", "job")),), closed=True)
