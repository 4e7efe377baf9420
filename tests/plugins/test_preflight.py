"""What keeps a role from a host, by the host's facts."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.xmlprom.fleet.plugins.action import preflight

FINE: dict[str, Any] = {"os_family": "Debian", "service_mgr": "systemd", "systemd": {"version": "257"}}
WANTED: dict[str, Any] = {"families": ["Debian", "RedHat"], "systemd_version": 249}


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({}, ""),
        ({"systemd": {"version": "249"}}, ""),
        ({"systemd": {}}, ""),  # ansible-core before 2.18 does not know it
        (
            {"os_family": "Suse"},
            "not Suse with systemd: take the host out of the play, or add the family to vars/main.yml",
        ),
        ({"service_mgr": "openrc"}, "not Debian with openrc"),
        ({"systemd": {"version": "247"}}, "The host has systemd 247, and xmlprom.target needs 249 or newer"),
    ],
)
def test_what_is_wrong_with_a_host(facts: dict[str, Any], message: str) -> None:
    found = preflight.host_faults({**FINE, **facts}, WANTED)
    assert len(found) == bool(message)
    assert message in "".join(found)
