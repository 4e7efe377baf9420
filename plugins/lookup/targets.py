"""Lookup plugin: what Prometheus has to know of each host that it scrapes."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from ansible.plugins.lookup import LookupBase

DOCUMENTATION = r"""
name: targets
short_description: What Prometheus has to know of each host that it scrapes
description:
  - Reads the variables C(ansible_host), C(monitoring_labels), C(monitoring_port), C(monitoring_scrape_options),
    C(node_exporter_listen_address) and C(node_exporter_tls_cert) of hosts.
  - A template that asks C(hostvars[host].name) for them collects all of a host's variables for each name, which takes
    most of a minute for 10,000 hosts. This collects them once, and templates only what is a template.
author: The xmlprom authors
options:
  _terms:
    description: Names of hosts.
    required: true
  groups:
    description: Groups of which the first that has the host is its label C(group); else it is V(xmlprom).
    type: list
    elements: str
    default: []
  job:
    description: Name of the job.
    type: str
    default: node
  port:
    description: Port of exporters whose hosts name none.
    type: int
    default: 9100
  scrape_options:
    description: Options of the job for hosts that have no C(monitoring_scrape_options).
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Write the targets of a Prometheus
  ansible.builtin.copy:
    content: "{{ query('xmlprom.fleet.targets', *groups['xmlprom']) | map(attribute='target') | to_json }}"
    dest: /etc/prometheus/targets.d/xmlprom.json
    mode: "0644"
"""

RETURN = r"""
_raw:
  description: For each host its C(target), as in C(file_sd_configs), and C(options) and name of its C(job).
  type: list
  elements: dict
"""

READ = (
    "ansible_host",
    "monitoring_labels",
    "monitoring_port",
    "monitoring_scrape_options",
    "node_exporter_listen_address",
    "node_exporter_tls_cert",
)


def is_plain(value: Any) -> bool:
    """Whether Ansible gives the value as it is: it holds no template and no secret of a vault."""
    if isinstance(value, dict):
        return all(is_plain(key) and is_plain(of) for key, of in value.items())
    if isinstance(value, list):
        return all(map(is_plain, value))
    return value is None or isinstance(value, (bool, int, float)) or (isinstance(value, str) and "{" not in value)


class LookupModule(LookupBase):  # type: ignore[misc, unused-ignore] # Ansible has no types
    """Returns target and job of each host that a term names."""

    def run(self, terms: list[str], variables: Any = None, **kwargs: Any) -> list[dict[str, Any]]:
        self.set_options(var_options=variables, direct=kwargs)
        return [self.scraped(host, *self.read(host, variables["hostvars"])) for host in terms]

    def read(self, host: str, hosts: Any) -> tuple[dict[str, Any], list[str]]:
        """The host's variables of READ that it has, and its groups."""
        raw = hosts.raw_get(host)
        given = {name: raw[name] for name in READ if name in raw}
        return {name: of if is_plain(of) else hosts[host][name] for name, of in given.items()}, raw["group_names"]

    def scraped(self, host: str, has: dict[str, Any], groups: list[str]) -> dict[str, Any]:
        job, of_all = self.get_option("job"), self.get_option("scrape_options")
        options = has.get("monitoring_scrape_options", of_all)
        listens = str(has.get("node_exporter_listen_address", ""))
        port = has.get("monitoring_port", listens.rpartition(":")[2] or self.get_option("port"))
        name = job if options == of_all else f"{job}-{short_hash(options)}"
        labels = {
            "group": next((group for group in self.get_option("groups") if group in groups), "xmlprom"),
            **{name: str(value) for name, value in has.get("monitoring_labels", {}).items()},
            "instance": host,
            "job": job,
            "__tmp_job": name,
        }
        if has.get("node_exporter_tls_cert") and "scheme" not in options:
            labels["__scheme__"] = "https"
        return {
            "target": {"targets": [f"{has.get('ansible_host', host)}:{port}"], "labels": labels},
            "job": name,
            "options": options,
        }


def short_hash(options: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(options, sort_keys=True).encode()).hexdigest()[:8]
