#!/usr/bin/python
"""Ansible module: look at a host once, before a rollout changes anything, and record how it was."""

from __future__ import annotations

import grp
import hashlib
import os
import pwd
import stat
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.xmlprom.fleet.plugins.module_utils import before, exporters
from ansible_collections.xmlprom.fleet.plugins.module_utils.installed import DIRECTORY, LINK, PYTHON, Installed

DOCUMENTATION = r"""
module: host_survey
short_description: Look at a host once, before a rollout changes anything
description:
  - One run of one module for all that the roles look at, because each is one more round trip to every host of a fleet.
    Tasks then run only for what differs.
  - Fails when it does not run as root, when the host lacks a user or group that a collector needs, when somebody else
    listens where the exporter is to, or when the textfile directory of an exporter that somebody else runs is not
    clear.
  - Changes nothing but the record, O(record), and that not in check mode.
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
  addresses:
    description: C(HOST:PORT) or C(:PORT), where an exporter is to listen.
    type: list
    elements: str
    default: []
  own:
    description: >-
      Of each unit that may listen at O(addresses) a text that its file has if it is the role's own; an empty one when
      any will do.
    type: dict
    default: {}
  directory:
    description: >-
      The textfile directory to prefer among those that the running exporters read, for an exporter that somebody
      else runs. The default looks for no exporter.
    type: str
    default: ''
  groups:
    description: Of each collector the groups that it reads its source as.
    type: dict
    default: {}
  commands:
    description: Of each collector with a command the user that it runs as.
    type: dict
    default: {}
  record:
    description:
      - What the rollout may change. How that was is recorded in /var/lib/xmlprom/before.json before the first change,
        so that a rollout that is interrupted at any task can be uninstalled.
      - A later rollout adds only what it is the first to name. Without the option nothing is recorded.
    type: dict
    suboptions:
      packages:
        description: The packages that it installs where they are missing.
        type: list
        elements: str
        default: []
      users:
        description: The users that it creates where they are missing.
        type: list
        elements: str
        default: []
      services:
        description: The services that it may enable or disable.
        type: list
        elements: str
        default: []
      files:
        description: The files that it changes, if they exist.
        type: list
        elements: path
        default: []
      directories:
        description: The directories that it creates, or whose owner and mode it changes.
        type: list
        elements: path
        default: []
"""

EXAMPLES = r"""
- name: Look at the exporter
  xmlprom.fleet.host_survey:
    packages: [prometheus-node-exporter]
    units: [prometheus-node-exporter.service]
  register: survey
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
directories:
  description: The textfile directories that the running exporters read, the one to write to first.
  type: list
  elements: str
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

    def program(self) -> str:
        installed = Installed(self.module, DIRECTORY, LINK, PYTHON)
        identity = installed.identity()
        return identity if identity and installed.is_compiled() else ""


def users(names: list[str]) -> dict[str, str]:
    return {user.pw_name: f"{user.pw_dir}:{user.pw_shell}" for user in pwd.getpwall() if user.pw_name in names}


def describe(path: str) -> dict[str, str]:
    found = os.stat(path)
    owner, group = before.name_of(pwd.getpwuid, found.st_uid), before.name_of(grp.getgrgid, found.st_gid)
    about = {
        "kind": "directory" if stat.S_ISDIR(found.st_mode) else "file",
        "access": f"{owner}:{group} {stat.S_IMODE(found.st_mode):04o}",
    }
    if stat.S_ISREG(found.st_mode):
        with open(path, "rb") as stream:
            about["sha256"] = hashlib.sha256(stream.read()).hexdigest()
    return about


def lacking_groups(groups: dict[str, list[str]]) -> str:
    known = {entry.gr_name for entry in grp.getgrall()}
    return "\n".join(
        f"collector {name}: the host has no group {group!r}: create it, or set read_groups to the group that may read "
        "the source, as `ls -l` shows it"
        for name, wanted in groups.items()
        for group in wanted
        if str(group) not in known and not str(group).isdecimal()
    )


def lacking_users(commands: dict[str, str]) -> str:
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "\n".join(
        f"collector {name}: the host has no user {user!r}: create it, or set user to the one that its command runs as"
        for name, user in commands.items()
        if user not in known
    )


def used_port(address: str, own: dict[str, str]) -> str:
    """Who listens where the role's exporter is to, and what to set."""
    strangers = [
        f"{command} of {unit or 'no unit'}"
        for command, unit in exporters.listeners(address)
        if not exporters.is_own(unit, own)
    ]
    if not strangers:
        return ""
    shown = f"Port {address[1:]}" if address.startswith(":") else address
    return (
        f"{shown} is used by {', '.join(strangers)}: set node_exporter_install to none to leave it as it is and let "
        "xmlprom write to the directory that it reads, or node_exporter_listen_address to another port."
    )


def unclear_directory(wanted: str, running: list[tuple[str, list[str]]], directories: list[str]) -> str:
    """Why it is not clear which textfile directory to write to, and what to set."""
    if not wanted or wanted in directories or len(directories) == 1:
        return ""
    return (
        f"The node_exporter that runs on the host reads {', '.join(directories) or 'no textfile directory'}: set "
        "xmlprom_textfile_directory to one of its directories, or start it with "
        f"--collector.textfile.directory={wanted}, or set node_exporter_install to package or release. Running are "
        f"{', '.join(command for command, _ in running) or 'none'}."
    )


def read_by_exporters(wanted: str) -> tuple[list[str], str]:
    """The directories that running exporters read, the wanted one first, and what is wrong with them."""
    running = exporters.exporters() if wanted else []
    directories = sorted({one for _, read in running for one in read}, key=lambda one: (one != wanted, one))
    return directories, unclear_directory(wanted, running, directories)


def save_record(module: AnsibleModule) -> None:
    record = before.record(module, module.params["record"])
    if record != before.load() and not module.check_mode:
        before.save(module, record)


def argument_spec() -> dict[str, Any]:
    strings = {"type": "list", "elements": "str", "default": []}
    paths = {"type": "list", "elements": "path", "default": []}
    record = {"packages": strings, "users": strings, "services": strings, "files": paths, "directories": paths}
    return {
        "packages": strings,
        "users": strings,
        "units": strings,
        "files": paths,
        "read": paths,
        "program": {"type": "bool", "default": False},
        "addresses": strings,
        "own": {"type": "dict", "default": {}},
        "directory": {"default": ""},
        "groups": {"type": "dict", "default": {}},
        "commands": {"type": "dict", "default": {}},
        "record": {"type": "dict", "options": record},
    }


def main() -> None:
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    params, look = module.params, Look(module)
    if os.geteuid() != 0:
        module.fail_json(msg="This needs root: set become to true in the play, or ansible_become for the host.")
    directories, unclear = read_by_exporters(params["directory"])
    lacking = lacking_users(params["commands"]) or lacking_groups(params["groups"])
    used = "\n".join(filter(None, (used_port(address, params["own"]) for address in params["addresses"])))
    fault = lacking or used or unclear
    if fault:
        module.fail_json(msg=fault)
    if params["record"] is not None:
        save_record(module)
    module.exit_json(
        changed=False,  # the record is no change of the host's: it goes with an uninstallation
        packages=look.packages(params["packages"]),
        users=users(params["users"]),
        units=look.units(params["units"]),
        files={path: describe(path) for path in params["files"] if os.path.exists(path)},
        contents={path: before.read(path) for path in params["read"] if os.path.isfile(path)},
        program=look.program() if params["program"] else "",
        directories=directories,
    )


if __name__ == "__main__":
    main()
