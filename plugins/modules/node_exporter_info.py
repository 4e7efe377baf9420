#!/usr/bin/python
"""Ansible module: look which textfile directories the running node_exporters read."""

from __future__ import annotations

import glob
import os
import re
import socket
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: node_exporter_info
short_description: Look which textfile directories the running node_exporters read
description:
  - Reads the flags of the host's node_exporter processes, whoever runs them. Changes nothing.
  - Of a process in a container those directories count that are the same directory on the host.
  - Given an address, looks whose process listens there.
author: The xmlprom authors
options:
  address:
    description: C(HOST:PORT) where an exporter is to listen, or C(:PORT).
    type: str
    default: ''
  own:
    description: Of each unit that may listen there a text that its file has if it is the role's own, or nothing.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Look which directories the exporter reads
  xmlprom.fleet.node_exporter_info:
  register: running
"""

RETURN = r"""
exporters:
  description: The processes that run.
  type: list
  elements: dict
  returned: always
  contains:
    command:
      description: What the process was started as.
      type: str
      returned: always
    directories:
      description: The textfile directories that it reads.
      type: list
      elements: str
      returned: always
strangers:
  description: Who else listens at the address, as C(COMMAND of UNIT).
  type: list
  elements: str
  returned: always
"""

FLAG = "--collector.textfile.directory"
LISTEN = "0A"
NAMES = ("node_exporter", "prometheus-node-exporter")


def patterns(arguments: list[str]) -> list[str]:
    """Values of the flag, which kingpin takes with one dash or two, and with '=' or as the next argument."""
    found = []
    for argument, following in zip(arguments, [*arguments[1:], ""]):
        flag, equals, value = argument.partition("=")
        if "-" + flag.lstrip("-") == FLAG[1:]:
            found.append(value if equals else following)
    return found


def is_on_host(pid: str, directory: str) -> bool:
    try:
        return os.path.samefile(f"/proc/{pid}/root{directory}", directory)
    except PermissionError:  # even root may not look, when it is a container's
        return os.path.isdir(directory)
    except OSError:
        return False


def exporters() -> list[dict[str, Any]]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (process / "cmdline").read_bytes().decode(errors="replace").rstrip("\0").split("\0")
        except OSError:  # it has ended
            continue
        if os.path.basename(arguments[0]) in NAMES:
            directories = {
                os.path.normpath(directory)
                for pattern in patterns(arguments)
                for directory in glob.glob(pattern)
                if is_on_host(process.name, directory)
            }
            found.append({"command": arguments[0], "directories": sorted(directories)})
    return found


def inodes(address: str) -> dict[str, int]:
    """The sockets that listen where a new one could not, with their user's number."""
    host, _, port = address.rpartition(":")
    anywhere = ("0.0.0.0", "::", "")  # noqa: S104 - compared, not bound
    found = {}
    for table, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        path = Path("/proc/net", table)
        for line in path.read_text(encoding="ascii").splitlines()[1:] if path.exists() else []:
            local, state, user, inode = (line.split()[column] for column in (1, 3, 7, 9))
            words, its_port = local.split(":")
            packed = b"".join(bytes.fromhex(words[start : start + 8])[::-1] for start in range(0, len(words), 8))
            its_host = socket.inet_ntop(family, packed)
            clash = its_host in anywhere or host.strip("[]") in (*anywhere, its_host)
            if state == LISTEN and int(its_port, 16) == int(port) and clash:
                found[inode] = int(user)
    return found


def listeners(address: str) -> list[tuple[str, str]]:
    """Command and unit of each process that listens at the address."""
    sockets = {f"socket:[{inode}]": user for inode, user in inodes(address).items()}
    found = set()
    for descriptor in Path("/proc").glob("[0-9]*/fd/*") if sockets else ():
        try:
            target = os.readlink(descriptor)
            if target in sockets:
                found.add(command_and_unit(descriptor.parents[1]))
                del sockets[target]
        except OSError:  # it has ended, or is another user's and root may not look, as in a container
            continue
    for user in set(sockets.values()):
        found.update(exporters_of(user) or [(f"a process of the user {user}", "")])
    return sorted(found)


def command_and_unit(process: Path) -> tuple[str, str]:
    units = re.findall(r"([^/\n]+\.service)", (process / "cgroup").read_text(encoding="utf-8"))
    command = (process / "cmdline").read_bytes().decode(errors="replace").partition("\0")[0]
    return command, units[-1] if units else ""


def exporters_of(user: int) -> list[tuple[str, str]]:
    """Command and unit of each node_exporter that the user runs."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command, unit = command_and_unit(process)
            if process.stat().st_uid == user and os.path.basename(command) in NAMES:
                found.append((command, unit))
        except OSError:  # it has ended
            continue
    return found


def is_own(unit: str, own: dict[str, str]) -> bool:
    try:
        return unit in own and own[unit] in Path("/etc/systemd/system", unit).read_text(encoding="utf-8")
    except OSError:
        return not own[unit]


def main() -> None:
    module = AnsibleModule(
        argument_spec={"address": {"default": ""}, "own": {"type": "dict", "default": {}}}, supports_check_mode=True
    )
    address, own = module.params["address"], module.params["own"]
    strangers = [
        f"{command} of {unit or 'no unit'}"
        for command, unit in (listeners(address) if address else [])
        if not is_own(unit, own)
    ]
    module.exit_json(changed=False, exporters=exporters(), strangers=strangers)


if __name__ == "__main__":
    main()
