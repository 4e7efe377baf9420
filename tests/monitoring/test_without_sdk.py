"""Where Grafana's SDK is missing, a message says what to install."""

from __future__ import annotations

import subprocess
import sys

import pytest
from programs import ROOT

MAPPING = ROOT / "examples/store.yml"
WITHOUT = "import sys; sys.modules['grafana_foundation_sdk'] = None; sys.path[:0] = {paths!r}; "
COMMAND = "from xmlprom.cli import main; sys.exit(main(['dashboard', {mapping!r}]))"
LOOKUP = (
    "import dashboards; hosts = {{'h': {{'xmlprom_collectors': [{{'name': 'store', 'mapping': {mapping!r}}}]}}}}; "
    "print(dashboards.LookupModule(loader=__import__('ansible.parsing.dataloader').parsing.dataloader.DataLoader())"
    ".run(['h'], {{'hostvars': hosts}}))"
)


def run(code: str) -> subprocess.CompletedProcess[str]:
    paths = [str(ROOT / "scripts"), str(ROOT / "plugins/lookup")]
    whole = WITHOUT.format(paths=paths) + code.format(mapping=str(MAPPING))
    return subprocess.run([sys.executable, "-c", whole], capture_output=True, text=True, check=False, timeout=120)


def test_the_command_says_what_to_install() -> None:
    done = run(COMMAND)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"xmlprom: dashboard needs Grafana's SDK: {sys.executable} -m pip install grafana-foundation-sdk\n"
    )


@pytest.mark.parametrize(
    "wanted", [f"{sys.executable} -m pip install grafana-foundation-sdk", "monitoring_dashboard_hosts: []"]
)
def test_the_lookup_says_what_to_install_or_to_set(wanted: str) -> None:
    done = run(LOOKUP)
    assert done.returncode != 0
    assert "AnsibleError" in done.stderr
    assert wanted in done.stderr
