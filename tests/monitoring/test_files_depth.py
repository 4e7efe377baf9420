"""The depth `files` by the role itself, into a directory of this machine, and its removal."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from programs import HERE, PATH, ROOT, run


def play(playbook: str, directory: Path, **variables: object) -> str:
    given = {
        "monitoring_depth": "files", "monitoring_directory": str(directory), "ansible_connection": "local",
        "ansible_become": False,
        "ansible_python_interpreter": sys.executable, **variables,
    }  # fmt: skip
    done = run(
        "ansible-playbook", f"--inventory={HERE / 'inventory.yml'}", "--limit=monitoring",
        f"--extra-vars={json.dumps(given)}", ROOT / "playbooks" / playbook,
        env={**os.environ, "PATH": PATH, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def names(directory: Path) -> list[str]:
    return sorted(str(file.relative_to(directory)) for file in directory.rglob("*") if file.is_file())


def test_files_come_stay_and_go(tmp_path: Path) -> None:
    own = tmp_path / "own.yml"
    own.write_text("groups: []\n")
    directory = tmp_path / "files"
    directory.mkdir()
    (directory / "theirs.yml").write_text("groups: []\n")
    play("monitoring.yml", directory, monitoring_rule_files=[str(own)])
    with_own = names(directory)
    assert {"alerts.yml", "own.yml", "recording.yml", "targets.yml", "theirs.yml"} <= set(with_own)
    assert "changed=0 " in play("monitoring.yml", directory, monitoring_rule_files=[str(own)])
    play("monitoring.yml", directory)
    assert names(directory) == [name for name in with_own if name != "own.yml"]
    play("uninstall.yml", directory)
    assert names(directory) == ["theirs.yml"]
