#!/usr/bin/python
"""Ansible module: install the program, compiled by the host's own Python."""

from __future__ import annotations

import base64
import os
import zlib

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.xmlprom.fleet.plugins.module_utils.installed import Installed
from ansible_collections.xmlprom.fleet.plugins.module_utils.program import unpack, write_tree

DOCUMENTATION = r"""
module: xmlprom_program
short_description: Install the program, compiled by the host's own Python
description:
  - Puts the program's sources into a directory of their own below O(directory), lets the host's Python compile them,
    and renames a symbolic link to the new launcher over O(link). A run that starts meanwhile gets the old program or
    the new one, whole.
  - The version that was replaced stays, for the runs that have started with it; those before it go.
author: The xmlprom authors
options:
  hash:
    description: What identifies the program, from the lookup P(xmlprom.fleet.program#lookup).
    type: str
    required: true
  archive:
    description: Its archive, from the same lookup.
    type: str
    required: true
  directory:
    description: Where the versions are.
    type: path
    default: /usr/local/lib/xmlprom
  link:
    description: The command.
    type: path
    default: /usr/local/bin/xmlprom
  python:
    description: The interpreter that runs the program.
    type: path
    default: /usr/bin/python3
"""

EXAMPLES = r"""
- name: Install the program
  xmlprom.fleet.xmlprom_program:
    hash: "{{ lookup('xmlprom.fleet.program', 'hash') }}"
    archive: "{{ lookup('xmlprom.fleet.program', 'archive') }}"
"""

RETURN = r"""
before:
  description: The identity of the program that was there; empty without one.
  type: str
  returned: always
"""


def install(program: Installed, files: dict[str, bytes], identity: str) -> None:
    replaced = program.version()
    os.makedirs(program.directory, exist_ok=True)
    version = program.free_directory(identity)
    write_tree(files, version)
    program.compile(version)
    program.switch(version)
    program.remove_all_but({version, replaced})


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "hash": {"required": True},
            "archive": {"required": True, "no_log": True},  # too long for a log
            "directory": {"type": "path", "default": "/usr/local/lib/xmlprom"},
            "link": {"type": "path", "default": "/usr/local/bin/xmlprom"},
            "python": {"type": "path", "default": "/usr/bin/python3"},
        },
        supports_check_mode=True,
    )
    program = Installed(module, *(module.params[name] for name in ("directory", "link", "python")))
    os.umask(0o022)  # everybody may run it
    identity, before = module.params["hash"], program.identity()
    changed = before != identity
    recompiled = not changed and not program.is_compiled()
    if not module.check_mode:
        if changed:
            install(program, unpack(zlib.decompress(base64.b64decode(module.params["archive"]))), identity)
        elif recompiled:
            program.compile(program.version())
    diff = {"before": f"{before}\n" if before else "", "after": f"{identity}\n"}
    module.exit_json(changed=changed or recompiled, before=before, diff={"before_header": program.link, **diff})


if __name__ == "__main__":
    main()
