#!/usr/bin/python
"""Ansible module: look which textfile directories the running node_exporters read."""

from __future__ import annotations

import glob
import os
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: node_exporter_info
short_description: Look which textfile directories the running node_exporters read
description:
  - Reads the flags of the host's node_exporter processes, whoever runs them. Changes nothing.
  - Of a process in a container those directories count that are the same directory on the host.
author: The xmlprom authors
options: {}
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
"""

FLAG = "--collector.textfile.directory"
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


def main() -> None:
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    module.exit_json(changed=False, exporters=exporters())


if __name__ == "__main__":
    main()
