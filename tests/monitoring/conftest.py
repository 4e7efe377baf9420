"""Renders the role's files as a rollout would, and finds the tools that check them."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RULES = sorted((ROOT / "monitoring").glob("*.yml"))
SUITES = ("bookworm", "trixie", "forky")
# Beside the interpreter that runs the tests.
PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])

Render = Callable[..., Path]


def run(*command: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]


def tool(name: str, suite: str = "trixie") -> str:
    """A program of a Debian release, as tools/setup.sh unpacks it."""
    found = ROOT / ".cache/tools" / suite / name
    if not found.exists():
        pytest.skip(f"{name} of {suite} is not on this machine: tools/setup.sh tools")
    return str(found)


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


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
    return render(monitoring_groups=["shop"], monitoring_site_sums=["store_rows"])


@pytest.fixture(params=SUITES)
def promtool(request: pytest.FixtureRequest) -> str:
    return tool("promtool", request.param)


@pytest.fixture(params=SUITES)
def amtool(request: pytest.FixtureRequest) -> str:
    return tool("amtool", request.param)
