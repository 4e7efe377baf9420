#!/usr/bin/python
"""Ansible module: purge packages that nothing else on the host needs."""

from __future__ import annotations

import os
import pwd
import re

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: xmlprom_purge
short_description: Purge packages that nothing else on the host needs
description:
  - Marks the packages as installed automatically and purges those that apt's autoremove would remove, with those that
    they need and that were not there before.
  - With Debian's node_exporter goes the user that all of Prometheus' packages share, when none is left.
  - In check mode it reports the packages that are installed, and asks apt nothing more.
author: The xmlprom authors
options:
  packages:
    description: Names of the packages.
    type: list
    elements: str
    required: true
  installed:
    description: All packages that were installed before; when empty, what the packages need stays.
    type: list
    elements: str
    default: []
  shared_user:
    description: Whether the user of Prometheus' packages goes with Debian's node_exporter.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Remove what a rollout installed, unless something else needs it
  xmlprom.fleet.xmlprom_purge:
    packages: [python3-lxml, prometheus-node-exporter]
"""

RETURN = r"""
purged:
  description: The packages that went.
  type: list
  elements: str
  returned: always
"""

ENVIRONMENT = {"LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}


class Packages:
    """The host's packages, by the distribution's own programs."""

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module

    def run(self, *command: str) -> str:
        _, out, _ = self.module.run_command(list(command), check_rc=True, environ_update=ENVIRONMENT)
        return str(out)

    def installed(self) -> set[str]:
        listed = self.run("dpkg-query", "-W", "-f", "${binary:Package} ${db:Status-Status}\n")
        return {line.split()[0].partition(":")[0] for line in listed.splitlines() if line.endswith(" installed")}

    def unneeded(self, names: set[str], needed: set[str]) -> list[str]:
        """Those of both that apt's autoremove would remove when `names` are marked as installed automatically."""
        self.run("apt-mark", "auto", *sorted(names))
        simulated = self.run("apt-get", "-s", "-o", "APT::AutoRemove::SuggestsImportant=false", "--purge", "autoremove")
        return sorted((names | needed) & set(re.findall(r"^(?:Purg|Remv) (\S+)", simulated, re.MULTILINE)))

    def needed(self, names: set[str]) -> set[str]:
        """The packages with all that they need, directly or not."""
        silent = [f"--no-{kind}" for kind in ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")]
        listed = self.run("apt-cache", "depends", "--recurse", "--installed", *silent, *sorted(names))
        return {line.partition(":")[0] for line in listed.splitlines() if line and line[0] not in " |<"}

    def remove_shared_user(self) -> None:
        """Remove the user that Prometheus' packages share and leave behind, when none of them is left."""
        left = self.run("dpkg-query", "-W", "-f", "${binary:Package}\n").split()
        users = {user.pw_name for user in pwd.getpwall()}
        if "prometheus" in users and not any(name.startswith("prometheus") for name in left):
            self.run("deluser", "--quiet", "--system", "prometheus")
            if os.path.isdir("/var/lib/prometheus") and not os.listdir("/var/lib/prometheus"):
                os.rmdir("/var/lib/prometheus")


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "packages": {"type": "list", "elements": "str", "required": True},
            "installed": {"type": "list", "elements": "str", "default": []},
            "shared_user": {"type": "bool", "default": True},
        },
        supports_check_mode=True,
    )
    packages = Packages(module)
    names = {*module.params["packages"]}
    installed = {*module.params["installed"]}
    if not module.check_mode:
        packages.run("dpkg", "--configure", "-a")  # an installation may have been interrupted
    purged = sorted(names & packages.installed())
    if not module.check_mode:
        if purged:
            purged = packages.unneeded({*purged}, (packages.needed({*purged}) - installed) if installed else set())
        if purged:
            packages.run("apt-get", "-qy", "purge", *purged)
        if "prometheus-node-exporter" in names and module.params["shared_user"]:
            packages.remove_shared_user()
    module.exit_json(changed=bool(purged), purged=purged)


if __name__ == "__main__":
    main()
