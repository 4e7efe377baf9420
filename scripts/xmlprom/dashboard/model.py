"""What a dashboard holds, whoever draws it."""

from __future__ import annotations

from typing import NamedTuple


class Query(NamedTuple):
    """`legend`: what its series are called, with labels as `{{label}}`."""

    expression: str
    legend: str


class Panel(NamedTuple):
    """A panel: `kind` is lines, pie, states, table or heatmap; `states` are (number, text) of a state timeline.

    `hidden`: columns of a table that nobody reads.
    """

    kind: str
    title: str
    queries: tuple[Query, ...]
    unit: str = "short"
    states: tuple[tuple[float, str], ...] = ()
    width: int = 12  # of Grafana's 24 columns
    hidden: tuple[str, ...] = ()


class Variable(NamedTuple):
    """A choice at the dashboard's top, called `title`: the values of `label` that the series `of` have."""

    name: str
    title: str
    label: str
    of: str


class Group(NamedTuple):
    """Panels below one heading; `closed`: until somebody opens it."""

    title: str
    panels: tuple[Panel, ...]
    closed: bool = False


class Board(NamedTuple):
    """A dashboard, as Grafana knows it by `uid`."""

    uid: str
    title: str
    description: str
    variables: tuple[Variable, ...]
    groups: tuple[Group, ...]
