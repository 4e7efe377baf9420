"""Lookup plugin: the program that hosts get."""

from __future__ import annotations

import base64
import functools
import os
import zlib
from typing import Any

from ansible.plugins.lookup import LookupBase
from ansible_collections.xmlprom.fleet.plugins.module_utils import program

DOCUMENTATION = r"""
name: program
short_description: The program that hosts get
description:
  - Builds the program from the collection's sources, in memory; nothing is written on the controller.
author: The xmlprom authors
options:
  _terms:
    description: V(hash) for what identifies it, V(archive) for its compressed archive in Base64.
    required: true
"""

EXAMPLES = r"""
- name: Show what hosts would get
  ansible.builtin.debug:
    msg: "{{ lookup('xmlprom.fleet.program', 'hash') }}"
"""

RETURN = r"""
_raw:
  description: What the terms ask for.
  type: list
  elements: str
"""


@functools.lru_cache(maxsize=1)
def sources() -> dict[str, bytes]:
    return program.sources(os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", ".."))


def archive() -> str:
    return base64.b64encode(zlib.compress(program.archive(sources()))).decode()


class LookupModule(LookupBase):
    """Returns a string for each term."""

    def run(self, terms: list[str], variables: Any = None, **kwargs: Any) -> list[str]:  # noqa: ARG002 - Ansible's names
        answers = {"hash": lambda: program.hash_of(sources()), "archive": archive}
        return [answers[term]() for term in terms]
