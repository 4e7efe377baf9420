"""Renders the role's files as a rollout would, and finds the tools that check them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
# Beside the interpreter that runs the tests, and where tools/setup.sh puts Debian's own tools.
PATH = os.pathsep.join([str(Path(sys.executable).parent), str(ROOT / ".cache/tools/usr/bin"), os.environ["PATH"]])

Render = Callable[..., Path]


def run(*command: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]


@pytest.fixture(scope="session")
def render(tmp_path_factory: pytest.TempPathFactory) -> Render:
    """The directory of the rendered files, with the variables given."""

    def render_(**variables: object) -> Path:
        out = tmp_path_factory.mktemp("rendered")
        shutil.copytree(ROOT / "roles/monitoring/files", out, dirs_exist_ok=True)
        done = run(
            "ansible-playbook",
            f"--inventory={HERE / 'inventory.yml'}",
            "--extra-vars",
            json.dumps({"out": str(out), **variables}),
            HERE / "render.yml",
            env={**os.environ, "PATH": PATH, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")},
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return out

    return render_


@pytest.fixture(scope="session")
def rendered(render: Render) -> Path:
    return render(monitoring_groups=["shop"])


def tool(name: str) -> str:
    found = shutil.which(name, path=PATH)
    if not found:
        pytest.skip(f"{name} is not on this machine: tools/setup.sh tools")
    return found


@pytest.fixture(scope="session")
def promtool() -> str:
    return tool("promtool")


@pytest.fixture(scope="session")
def amtool() -> str:
    return tool("amtool")
