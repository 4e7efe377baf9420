"""Write a dashboard with Grafana's SDK, so that a key which Grafana does not know can't get in.

https://grafana.github.io/grafana-foundation-sdk/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from grafana_foundation_sdk.builders import (
    common,
    dashboard,
    heatmap,
    piechart,
    prometheus,
    statetimeline,
    table,
    timeseries,
)
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import VisibilityMode
from grafana_foundation_sdk.models.dashboard import (
    DashboardLinkType,
    DataSourceRef,
    DataTransformerConfig,
    ValueMap,
    ValueMappingResult,
    VariableRefresh,
)
from grafana_foundation_sdk.models.piechart import PieChartLabels, PieChartType
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from xmlprom.dashboard.model import Board, Group, Panel, Variable

_SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
_KINDS: dict[str, Any] = {
    "lines": timeseries,
    "pie": piechart,
    "states": statetimeline,
    "table": table,
    "heatmap": heatmap,
}
_COLUMNS = 24
_INSTANT = ("pie", "table")
_FORMATS = {"table": PromQueryFormat.TABLE, "heatmap": PromQueryFormat.HEATMAP}


def render(board: Board) -> str:
    """The dashboard as Grafana's JSON; the same board gives the same text."""
    made = (
        dashboard.Dashboard(board.title)
        .uid(board.uid)
        .description(board.description)
        .tags(["xmlprom"])
        .refresh("1m")
        .time("now-6h", "now")
        .with_variable(dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
        .link(_others())
    )
    for variable in board.variables:
        made = made.with_variable(_variable(variable))
    for group in board.groups:
        made = _with_group(made, group)
    return JSONEncoder(sort_keys=True, indent=2).encode(made.build()) + "\n"


def _others() -> dashboard.DashboardLink:
    """The way to the other dashboards of xmlprom, for the same hosts and time."""
    link = dashboard.DashboardLink("xmlprom").type(DashboardLinkType.DASHBOARDS).tags(["xmlprom"])
    return link.as_dropdown(True).include_vars(True).keep_time(True)


def _with_group(made: dashboard.Dashboard, group: Group) -> dashboard.Dashboard:
    row = dashboard.Row(group.title)
    filled = [_panel(panel) for panel in _filled_lines(group.panels)]
    if group.closed:  # Grafana keeps the panels of a closed row in the row
        for panel in filled:
            row = row.with_panel(panel)
        return made.with_row(row.collapsed(True))
    made = made.with_row(row)
    for panel in filled:
        made = made.with_panel(panel)
    return made


def _variable(variable: Variable) -> dashboard.QueryVariable:
    return (
        dashboard.QueryVariable(variable.name)
        .label(variable.title)
        .datasource(_SOURCE)
        .query(f"label_values({variable.of}, {variable.label})")
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .multi(True)
        .include_all(True)
        .all_value(".*")
    )


def _filled_lines(panels: Iterable[Panel]) -> Iterator[Panel]:
    """The panels, the last of each line as wide as the line has room: the SDK starts a new line only at a full one."""
    line: list[Panel] = []
    for panel in [*panels, None]:
        used = sum(placed.width for placed in line)
        if line and (panel is None or used + panel.width > _COLUMNS):
            yield from line[:-1]
            yield line[-1]._replace(width=line[-1].width + _COLUMNS - used)
            line = []
        if panel is not None:
            line.append(panel)


def _panel(panel: Panel) -> Any:
    made = _KINDS[panel.kind].Panel().title(panel.title).datasource(_SOURCE).span(panel.width).height(8)
    for number, query in enumerate(panel.queries):
        asked = prometheus.Dataquery().expr(query.expression).legend_format(query.legend).ref_id(f"Q{number}")
        asked = asked.instant() if panel.kind in _INSTANT else asked.range()
        if panel.kind in _FORMATS:
            asked = asked.format(_FORMATS[panel.kind])
        made = made.with_target(asked)
    if panel.kind == "pie":
        reduce = common.ReduceDataOptions().calcs(["lastNotNull"]).values(False).fields("")
        labels = [PieChartLabels.NAME, PieChartLabels.VALUE]
        return made.pie_type(PieChartType.PIE).reduce_options(reduce).display_labels(labels)
    if panel.kind == "states":
        return made.mappings([_states(panel.states)]).show_value(VisibilityMode.AUTO)
    if panel.hidden:
        hidden = dict.fromkeys(panel.hidden, True)
        made = made.with_transformation(DataTransformerConfig("organize", options={"excludeByName": hidden}))
    return made.unit(panel.unit)


def _states(states: tuple[tuple[float, str], ...]) -> ValueMap:
    """0 is red and 1 is green; other numbers have the colours that Grafana gives them."""
    colours: dict[float, str] = {0: "red", 1: "green"} if {number for number, _ in states} <= {0, 1} else {}
    return ValueMap(
        {
            f"{number:g}": ValueMappingResult(text=text, color=colours.get(number), index=index)
            for index, (number, text) in enumerate(states)
        }
    )
