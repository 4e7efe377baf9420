#!/usr/bin/python
"""Ansible module: look at a host, so that tasks run only for what differs."""

from __future__ import annotations

import grp
import hashlib
import os
import pwd
import stat
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.xmlprom.fleet.plugins.module_utils.installed import DIRECTORY, LINK, PYTHON, Installed

DOCUMENTATION = r"""
module: host_info
short_description: Look at a host, so that tasks run only for what differs
description:
  - One run of one module for all that a role looks at, because each is one more round trip to every host of a fleet.
  - Changes nothing.
author: The xmlprom authors
options:
  packages:
    description: Names of packages, of dpkg or rpm.
    type: list
    elements: str
    default: []
  users:
    description: Names of users.
    type: list
    elements: str
    default: []
  units:
    description: Names of systemd's units.
    type: list
    elements: str
    default: []
  files:
    description: Paths of files and directories.
    type: list
    elements: path
    default: []
  read:
    description: Paths of text files whose content to return.
    type: list
    elements: path
    default: []
  program:
    description: Whether to look at the installed program.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Look at the exporter
  xmlprom.fleet.host_info:
    packages: [prometheus-node-exporter]
    units: [prometheus-node-exporter.service]
  register: look
"""

RETURN = r"""
packages:
  description: Those of the packages that are installed.
  type: list
  elements: str
  returned: always
users:
  description: Home and shell of those of the users that exist, as C(home:shell).
  type: dict
  returned: always
units:
  description: Those of the units that are enabled and active.
  type: list
  elements: str
  returned: always
files:
  description: >-
    Of those of the files that exist C(kind), which is C(file) or C(directory), C(access), such as
    C(root:root 0644), and of files C(sha256).
  type: dict
  returned: always
contents:
  description: The contents of those of the files to read that exist.
  type: dict
  returned: always
program:
  description: The identity of the installed program; empty when there is none, or none that is compiled.
  type: str
  returned: always
"""


class Look:
    """What a host has of what is asked for."""

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module

    def lines(self, *command: str) -> list[str]:
        _, out, _ = self.module.run_command(list(command), environ_update={"LC_ALL": "C"})
        return str(out).splitlines()

    def packages(self, names: list[str]) -> list[str]:
        if not names:
            return []
        if self.module.get_bin_path("dpkg-query"):
            found = self.lines("dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *names)
            return [line.split()[0] for line in found if line.endswith(" installed")]
        return [line for line in self.lines("rpm", "-q", "--queryformat", "%{NAME}\n", *names) if line in names]

    def units(self, names: list[str]) -> list[str]:
        if not names:
            return []
        shown = "\n".join(self.lines("systemctl", "show", "-p", "Id,ActiveState,UnitFileState", *names)).split("\n\n")
        states = [dict(line.split("=", 1) for line in unit.splitlines()) for unit in shown]
        return [
            state["Id"]
            for state in states
            if state.get("ActiveState") == "active" and state.get("UnitFileState") == "enabled"
        ]


def users(names: list[str]) -> dict[str, str]:
    return {user.pw_name: f"{user.pw_dir}:{user.pw_shell}" for user in pwd.getpwall() if user.pw_name in names}


def name_of(table: Any, number: int) -> str:
    try:
        return str(table(number)[0])
    except KeyError:
        return str(number)


def describe(path: str) -> dict[str, str]:
    found = os.stat(path)
    owner, group = name_of(pwd.getpwuid, found.st_uid), name_of(grp.getgrgid, found.st_gid)
    about = {
        "kind": "directory" if stat.S_ISDIR(found.st_mode) else "file",
        "access": f"{owner}:{group} {stat.S_IMODE(found.st_mode):04o}",
    }
    if stat.S_ISREG(found.st_mode):
        with open(path, "rb") as stream:
            about["sha256"] = hashlib.sha256(stream.read()).hexdigest()
    return about


def read(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as stream:
        return stream.read()


def program(module: AnsibleModule) -> str:
    installed = Installed(module, DIRECTORY, LINK, PYTHON)
    identity = installed.identity()
    return identity if identity and installed.is_compiled() else ""


def main() -> None:
    lists = {name: {"type": "list", "elements": "str", "default": []} for name in ("packages", "users", "units")}
    paths = {name: {"type": "list", "elements": "path", "default": []} for name in ("files", "read")}
    module = AnsibleModule(
        argument_spec={**lists, **paths, "program": {"type": "bool", "default": False}}, supports_check_mode=True
    )
    params = module.params
    look = Look(module)
    module.exit_json(
        changed=False,
        packages=look.packages(params["packages"]),
        users=users(params["users"]),
        units=look.units(params["units"]),
        files={path: describe(path) for path in params["files"] if os.path.exists(path)},
        contents={path: read(path) for path in params["read"] if os.path.isfile(path)},
        program=program(module) if params["program"] else "",
    )


if __name__ == "__main__":
    main()
