"""Documentation of an action plugin: check a host, its variables and its collectors before anything changes."""

from __future__ import annotations

DOCUMENTATION = r"""
module: xmlprom_check
short_description: Check a host, its variables and its collectors before anything changes
description:
  - Runs on the controller, with the program's own loader of mappings. Only with O(families), and where a fact is
    missing, it asks the host for it, once.
  - Reports all that is wrong at once; each message names the variable and what to set it to.
author: The xmlprom authors
options:
  variables:
    description: Lists of collectors by the variable that has them.
    type: dict
    required: true
  unknown:
    description: Names of variables that look misspelt.
    type: list
    elements: str
    required: true
  defaults:
    description: C(interval), C(timeout), C(memory_max) and C(randomized_delay) of what has none of its own.
    type: dict
    required: true
  families:
    description: The families of operating systems that the role knows; without it the host is not looked at.
    type: list
    elements: str
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
- name: Check the collectors
  xmlprom.fleet.xmlprom_check:
    variables: {xmlprom_collectors: [{name: store, mapping: store.yml}]}
    unknown: []
    defaults: {interval: 1min, timeout: 1min, memory_max: 128M, randomized_delay: 5s}
"""

RETURN = r"""
collectors:
  description: >-
    Each collector with its C(state), its C(mapping) as text, the paths that its unit makes C(readable), and
    C(interval_seconds), the longest time between two runs.
  type: list
  elements: dict
  returned: success
ansible_facts:
  description: The facts that were missing.
  type: dict
  returned: where facts were missing
"""
