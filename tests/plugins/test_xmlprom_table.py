"""The table at the end of a run: a role that fails in a loop on one host, and another role that fails on another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLAY = """
- hosts: all
  gather_facts: false
  roles: [other, xmlprom]
"""
ROLES = {
    "xmlprom": "- fail: {msg: 'the reason of {{ item }}'}\n  loop: [one, two]\n",
    "other": "- fail: {msg: of their own}\n  when: inventory_hostname == 'theirs'\n",
}


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("table")
    (directory / "play.yml").write_text(PLAY)
    for role, tasks in ROLES.items():
        (directory / "roles" / role / "tasks").mkdir(parents=True)
        (directory / "roles" / role / "tasks" / "main.yml").write_text(tasks)
    (directory / "hosts").write_text("ours\ntheirs\n")
    return directory


def play(directory: Path, callback: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "ANSIBLE_CALLBACK_PLUGINS": str(ROOT / "plugins/callback"),
        "ANSIBLE_CALLBACKS_ENABLED": "xmlprom_table",
        "ANSIBLE_STDOUT_CALLBACK": callback,
    }
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "hosts", "play.yml"]
    return subprocess.run(
        command, cwd=directory, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


def test_the_reason_is_the_item_s_and_other_roles_failures_are_not_ours(directory: Path) -> None:
    table = play(directory, "default").stdout.partition("HOST ")[2].splitlines()
    assert [line.split()[0] for line in table[1:]] == ["ours"]
    assert "the reason of one" in table[1]


def test_json_stays_whole(directory: Path) -> None:
    run = play(directory, "ansible.posix.json")
    assert json.loads(run.stdout)["stats"].keys() == {"ours", "theirs"}
    assert "the reason of one" in run.stderr.partition("HOST ")[2]
