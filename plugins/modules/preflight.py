"""Documentation of an action plugin: check a host and the roles' variables before anything changes."""

from __future__ import annotations

DOCUMENTATION = r"""
module: preflight
short_description: Check a host and the roles' variables before anything changes
description:
  - Runs on the controller. Only where a fact is missing it asks the host for it, once.
  - Reports all that is wrong at once; each message names the variable and what to set it to.
author: The xmlprom authors
options:
  families:
    description: The families of operating systems that the role knows.
    type: list
    elements: str
    required: true
  systemd_version:
    description: The version of systemd that the role needs.
    type: int
  faults:
    description: Further messages of what is wrong.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Check the host
  xmlprom.fleet.preflight:
    families: [Debian]
"""

RETURN = r"""
ansible_facts:
  description: The facts that were missing.
  type: dict
  returned: where facts were missing
"""
