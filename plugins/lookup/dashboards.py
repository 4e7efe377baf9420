"""Lookup plugin: a Grafana dashboard for each collector of hosts."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from collections.abc import Mapping as Dict
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.filter.core import to_nice_yaml
from ansible.plugins.lookup import LookupBase

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from xmlprom.dashboard.board import board
from xmlprom.errors import MappingError
from xmlprom.mapping.loader import load
from xmlprom.mapping.model import Mapping

DOCUMENTATION = r"""
name: dashboards
short_description: A Grafana dashboard for each collector of hosts
description:
  - Makes them of the mappings in the hosts' variables C(xmlprom_collectors) and C(xmlprom_collectors_ANYTHING).
  - Hosts whose collectors of one name have different mappings share a dashboard with the metrics of all.
  - The controller's Python needs the package grafana-foundation-sdk.
author: The xmlprom authors
options:
  _terms:
    description: Names of hosts.
    required: true
"""

EXAMPLES = r"""
- name: Write the dashboards of all collectors
  ansible.builtin.template:
    src: collector.json.j2 # {{ item.json }}
    dest: /srv/dashboards/{{ item.name }}.json
    mode: "0644"
  loop: "{{ query('xmlprom.fleet.dashboards', *groups['xmlprom']) }}"
"""

RETURN = r"""
_raw:
  description: For each collector C(name), what its file may be called, and C(json), the dashboard.
  type: list
  elements: dict
"""


def merged(first: Mapping, second: Mapping) -> Mapping:
    """A mapping with the metrics of both."""
    names = {metric.name for metric in first.metrics}
    sections = [
        section._replace(metrics=tuple(metric for metric in section.metrics if metric.name not in names))
        for section in second.sections
    ]
    return first._replace(sections=(*first.sections, *(section for section in sections if section.metrics)))


class LookupModule(LookupBase):  # type: ignore[misc, unused-ignore] # Ansible has no types
    """Returns a dashboard for each collector of the hosts that the terms name."""

    def run(self, terms: list[str], variables: Any = None, **kwargs: Any) -> list[dict[str, str]]:  # noqa: ARG002 - Ansible's names
        found: dict[str, dict[str, Mapping]] = {}  # by collector, then by what is in its variable
        for host in terms:
            for collector in self.collectors(variables["hostvars"][host]):
                mappings = found.setdefault(str(collector["name"]), {})
                given = collector["mapping"]
                key = given if isinstance(given, str) else to_nice_yaml(given)
                if key not in mappings:
                    mappings[key] = self.mapping(str(collector["name"]), given, variables)
        return [self.made(name, list(mappings.values())) for name, mappings in sorted(found.items())]

    def collectors(self, variables: Dict[str, Any]) -> Iterator[Dict[str, Any]]:
        for name in sorted(variables):
            if name == "xmlprom_collectors" or name.startswith("xmlprom_collectors_"):
                yield from (one for one in variables[name] if one.get("state", "present") != "absent")

    def mapping(self, name: str, given: Any, variables: Any) -> Mapping:
        """The mapping of a variable: itself, or the path of its file on the controller."""
        try:
            if isinstance(given, str):
                return load(self.find_file_in_search_path(variables, "files", given) or given)
            with tempfile.TemporaryDirectory() as directory:
                file = os.path.join(directory, f"{name}.yml")
                Path(file).write_text(to_nice_yaml(given, indent=2, sort_keys=False), encoding="utf-8")
                return load(file)
        except MappingError as error:
            raise AnsibleError(f"collector {name}: {error}") from None

    def made(self, name: str, mappings: list[Mapping]) -> dict[str, str]:
        try:
            from xmlprom.dashboard.grafana import render  # noqa: PLC0415 - only this needs Grafana's SDK
        except ModuleNotFoundError as error:
            raise AnsibleError(
                f"dashboards of collectors need Grafana's SDK: {sys.executable} -m pip install grafana-foundation-sdk, "
                f"or set monitoring_dashboard_hosts: [] to have none ({error})"
            ) from None
        whole = mappings[0]
        for mapping in mappings[1:]:
            whole = merged(whole, mapping)
        drawn = board([(name, whole)])
        return {"name": drawn.uid.removeprefix("xmlprom-"), "json": render(drawn)}
