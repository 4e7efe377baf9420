"""What compose.yml mounts is what the program and the role make. `make containers` starts it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CONTAINERS = ROOT / "containers"
COMPOSE = yaml.safe_load((CONTAINERS / "compose.yml").read_text())


def test_the_dashboard_is_that_of_the_mapping():
    """Renew it by `xmlprom dashboard examples/store.yml`."""
    command = [sys.executable, ROOT / "scripts/xmlprom", "dashboard", ROOT / "examples/store.yml"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (CONTAINERS / "grafana/store.json").read_text() == done.stdout


@pytest.mark.parametrize("service", COMPOSE["services"])
def test_what_it_mounts_is_there(service):
    for volume in COMPOSE["services"][service]["volumes"]:
        source = volume.split(":")[0]
        assert source in COMPOSE["volumes"] or (CONTAINERS / source).is_file(), volume


def test_the_inhibitions_are_those_of_the_manual():
    alertmanager = yaml.safe_load((CONTAINERS / "alertmanager.yml").read_text())
    manual = (ROOT / "docs/monitoring.md").read_text().partition("```yaml\ninhibit_rules:")[2].partition("```")[0]
    assert alertmanager["inhibit_rules"] == yaml.safe_load(f"inhibit_rules:{manual}")["inhibit_rules"]
